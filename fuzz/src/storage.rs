//! Requests to store and retrieve, and the replies.

use session_core::{Network, NetworkId, UnixMillis};
use session_storage::{
    Context, InfoReply, MAX_DATA_LEN, Message, MessageHash, Namespace, NodeState, Rejection,
    Request, Retrieve, RetrieveReply, Store, StoreItem, StoreReply, Verdict, parse_bt,
    parse_forwarded, parse_json, write_store_reply,
};

use crate::bytes::Bytes;
use crate::network::MEMBERS;

/// Requests in JSON, in bt and from peers; what is read is written and read the same. Each is
/// decided on at the time that it names, so that its signature is looked at.
pub fn storage_request(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let network = if choices & 1 == 0 {
        Network::Mainnet
    } else {
        Network::Testnet
    };
    let in_swarm = choices & 2 == 0;
    let body = bytes.rest();

    match parse_json(body, network) {
        Ok(request) => {
            if let Request::Retrieve(retrieve) = &request {
                let mut json = String::new();
                retrieve.write_json(&mut json);
                assert_eq!(parse_json(json.as_bytes(), network).as_ref(), Ok(&request));
            }
            decide(request, network, in_swarm);
        }
        Err(rejection) => assert!(matches!(rejection.status(), 400 | 413)),
    }
    for method in [Store::METHOD, Retrieve::METHOD, "get_swarm", "info"] {
        let request = parse_bt(method, body, network);
        let forwarded = parse_forwarded(method, body, network);
        if let Ok(request) = request {
            assert_eq!(forwarded.is_ok(), request.is_recursive());
            decide(request, network, in_swarm);
        } else {
            assert_eq!(forwarded, request);
        }
    }
}

fn decide(request: Request<'_>, network: Network, in_swarm: bool) {
    match request {
        Request::Store(store) => {
            assert!(store.data.len() <= MAX_DATA_LEN);
            let mut dict = Vec::new();
            store.write_bt(&mut dict);
            assert_eq!(
                parse_forwarded(Store::METHOD, &dict, network),
                Ok(Request::Store(store.clone()))
            );
            let now = store.signed.map_or(store.timestamp, |signed| signed.at);
            let expected = (store.namespace, store.signed.is_some());
            match store.authorize(&Context::new(now, in_swarm)) {
                Ok(_) => assert!(in_swarm && (expected.1 || !expected.0.store_needs_signature())),
                Err(rejection) => assert_eq!(rejection == Rejection::WrongSwarm, !in_swarm),
            }
        }
        Request::Retrieve(retrieve) => {
            let now = retrieve
                .signed
                .map_or(UnixMillis::default(), |signed| signed.at);
            match retrieve.authorize(&Context::new(now, in_swarm)) {
                Ok(retrieve) => assert!(
                    in_swarm
                        && (retrieve.signed.is_some()
                            || !retrieve.namespace.retrieve_needs_signature())
                ),
                Err(rejection) => assert_eq!(rejection == Rejection::WrongSwarm, !in_swarm),
            }
        }
        _ => {}
    }
}

/// Replies to store, retrieve and info, and a peer's answer to a forwarded store: what is read is
/// written and read the same, and only members count.
pub fn storage_reply(data: &[u8]) {
    let state = NodeState::new(UnixMillis::from_secs(1_800_000_000), [21, 0]);
    let members: Vec<[u8; 32]> = MEMBERS
        .iter()
        .map(|member| *member.record.key.as_bytes())
        .collect();
    let expected = expected_hash();
    if let Ok(reply) = StoreReply::parse(data, &members, &expected) {
        for (node, verdict) in &reply.nodes {
            assert_eq!(*verdict == Verdict::NotAMember, !members.contains(node));
            if let Verdict::Stored(item) = verdict {
                assert!(item.hash == expected && item.verifies(node));
            }
        }
        assert!(reply.stored() <= members.len());
    }
    if let Ok(reply) = RetrieveReply::parse(data) {
        assert!(
            reply
                .messages
                .iter()
                .all(|message| message.data.len() <= MAX_DATA_LEN)
        );
        let mut json = String::new();
        RetrieveReply::write_json(&mut json, &reply.messages, reply.more, &state);
        let again = RetrieveReply::parse(json.as_bytes()).expect("as written");
        assert_eq!((again.messages, again.unreadable), (reply.messages, 0));
        assert_eq!((again.more, again.now), (reply.more, Some(state.now)));
    }
    if let Ok(reply) = InfoReply::parse(data)
        && let Some(version) = reply.version
    {
        let mut json = String::new();
        InfoReply::write_json(
            &mut json,
            version,
            &NodeState::new(reply.timestamp, [21, 0]),
        );
        let again = InfoReply::parse(json.as_bytes()).expect("as written");
        assert_eq!(
            (again.timestamp, again.version),
            (reply.timestamp, reply.version)
        );
    }
    let outcome = StoreItem::read_bt(data);
    let mut dict = Vec::new();
    StoreItem::write_bt(&outcome, &mut dict);
    assert_eq!(StoreItem::read_bt(&dict), outcome);
    let mut json = String::new();
    write_store_reply(
        &mut json,
        &members[0],
        &[(members[0], outcome.clone())],
        &state,
    );
    let reply = StoreReply::parse(json.as_bytes(), &members, &expected).expect("as written");
    assert_eq!(reply.nodes.len(), 1);
    if let Err(failure) = outcome {
        assert_eq!(
            reply.nodes.get(&members[0]),
            Some(&Verdict::Failed(failure))
        );
    }
}

/// The hash of the message that is said to have been stored. Seeds are made for it.
fn expected_hash() -> MessageHash {
    MessageHash::of(&NetworkId::from([5; 33]), Namespace::DIRECT, b"message")
}

/// Replies of the members, as seeds for [`storage_reply`].
pub fn reply_seeds() -> Vec<Vec<u8>> {
    let state = NodeState::new(UnixMillis::from_secs(1_800_000_000), [21, 0]);
    let hash = expected_hash();
    let outcomes: Vec<_> = MEMBERS[..3]
        .iter()
        .map(|member| {
            let item = StoreItem::sign(hash, state.now, false, &member.key);
            (*member.record.key.as_bytes(), Ok(item))
        })
        .collect();
    let mut store = String::new();
    write_store_reply(&mut store, &outcomes[0].0, &outcomes, &state);
    let mut item = Vec::new();
    StoreItem::write_bt(&outcomes[0].1, &mut item);
    let mut info = String::new();
    InfoReply::write_json(&mut info, [2, 11, 3], &state);
    let mut retrieve = String::new();
    let message = Message::new(hash, state.now, state.now, b"message".as_slice());
    RetrieveReply::write_json(&mut retrieve, &[message], true, &state);
    vec![store.into(), item, info.into(), retrieve.into()]
}
