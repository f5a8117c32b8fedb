//! Members of a group, who act for it with keys of their own.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use network::{HOME, HOUR, Network, START, Way};
use session_core::{AccountId, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::{Signature, SigningKey};
use session_node::{ExpiryMode, MAX_REVOKED};
use session_storage::{
    Access, DeleteAll, Deleted, Endpoint, Expire, GetExpiries, GetRevoked, MemberAuth, Namespace,
    Recursive, Retrieve, RetrieveReply, Revoke, RevokedReply, Signable, Store, SubaccountKey,
    Token, Touched, Unrevoke,
};

const READ_WRITE: Access = Access::READ.and(Access::WRITE);
const MESSAGES: Namespace = Namespace::GROUP_MESSAGES;
const REMOVED: Namespace = Namespace::REMOVED_MEMBERS;
const SWARM: [usize; 3] = [0, 2, 4];

struct Group {
    network: Network,
    key: SigningKey,
    account: NetworkId,
}

impl Group {
    fn new() -> Self {
        let mut network = Network::new();
        let (key, account) = network.group(HOME);
        Self {
            network,
            key,
            account,
        }
    }

    fn member(&self, seed: u8, access: Access) -> SubaccountKey {
        let member = SigningKey::from_seed(&[seed; 32]);
        let id = AccountId::new(Prefix::Standard, *member.to_x25519().public().as_bytes());
        let auth = MemberAuth::issue(&self.key, &id, access).unwrap();
        // As the member gets it.
        let auth = MemberAuth::from_slice(&*auth.expose_bytes()).unwrap();
        SubaccountKey::of_member(&member, self.key.public(), &auth)
    }

    /// The status of a request to one of the members of the swarm.
    fn ask(&mut self, way: Way, request: &dyn Endpoint) -> u16 {
        self.network.request(2, way, request).0
    }

    fn text(&self, namespace: Namespace, text: &str) -> Store<'static> {
        let (data, now) = (text.as_bytes().to_vec(), self.network.now.unix);
        Store::new(self.account, namespace, data, now, HOUR).unwrap()
    }

    /// The status of a store that a member signs.
    fn store(&mut self, way: Way, member: &SubaccountKey, text: &str) -> u16 {
        let store = self.text(MESSAGES, text);
        let store = store.sign(member, self.network.now.unix).unwrap();
        self.ask(way, &store)
    }

    /// The texts of a mailbox that a member reads, or the status.
    fn read(
        &mut self,
        way: Way,
        member: &SubaccountKey,
        namespace: Namespace,
    ) -> Result<Vec<String>, u16> {
        let retrieve = Retrieve::new(self.account, namespace);
        let retrieve = retrieve.sign(member, self.network.now.unix).unwrap();
        let (status, body) = self.network.request(4, way, &retrieve);
        if status != 200 {
            return Err(status);
        }
        let reply = RetrieveReply::parse(&body).unwrap();
        let texts = reply.messages.iter().map(|message| message.data.to_vec());
        Ok(texts.map(|text| String::from_utf8(text).unwrap()).collect())
    }

    fn revoke(&mut self, way: Way, tokens: &[Token]) {
        let revoke = Revoke::new(self.account, tokens.to_vec(), self.network.now.unix);
        let revoke = revoke.unwrap().sign(&self.key).unwrap();
        let (status, body) = self.network.request(0, way, &revoke);
        let reply = revoke.read_reply(&body, &self.network.members(&SWARM));
        assert_eq!((status, reply.unwrap().done().count()), (200, 3));
    }

    fn revoked(&mut self, node: usize) -> Vec<Token> {
        let ask = GetRevoked::new(self.account, self.network.now.unix);
        let ask = ask.sign(&self.key).unwrap();
        let (status, body) = self.network.request(node, Way::Direct, &ask);
        assert_eq!(status, 200);
        RevokedReply::parse(&body).unwrap().tokens
    }
}

#[test]
fn a_member_stores_and_another_reads() {
    for way in Way::ALL {
        let mut group = Group::new();
        let alice = group.member(1, READ_WRITE);
        let bob = group.member(2, Access::READ);
        assert_eq!(group.store(way, &alice, "hello"), 200);
        assert_eq!(group.read(way, &bob, MESSAGES), Ok(vec!["hello".into()]));
        for node in SWARM {
            assert_eq!(group.network.held(node).len(), 1, "the copies are checked");
        }
        let hash = group.text(MESSAGES, "hello").hash();
        let ask = GetExpiries::new(group.account, &[hash], START).unwrap();
        assert_eq!(group.ask(way, &ask.sign(&bob).unwrap()), 200);
    }
}

/// A member that claims more than its token says makes a token that the group has not signed.
#[test]
fn a_token_that_was_widened_opens_nothing() {
    let mut group = Group::new();
    let reader = SigningKey::from_seed(&[1; 32]);
    let id = AccountId::new(Prefix::Standard, *reader.to_x25519().public().as_bytes());
    let auth = MemberAuth::issue(&group.key, &id, Access::READ).unwrap();
    let mut widened = *auth.expose_bytes();
    widened[1] |= Access::WRITE.bits();
    let widened = MemberAuth::from_slice(&widened).unwrap();
    let widened = SubaccountKey::of_member(&reader, group.key.public(), &widened);
    assert_eq!(group.store(Way::Direct, &widened, "hello"), 401);
    assert_eq!(group.read(Way::Direct, &widened, MESSAGES), Err(401));
    assert_eq!(group.network.sent.len(), 0);
}

/// Spec 04 §6.9: deployed nodes forget such a revocation.
#[test]
fn a_revocation_holds_before_any_message_and_after_the_last_one() {
    for way in Way::ALL {
        let mut group = Group::new();
        let alice = group.member(1, READ_WRITE);
        let bob = group.member(2, READ_WRITE);
        group.revoke(way, &[*alice.token()]);
        assert_eq!(group.store(way, &alice, "too late"), 401);
        assert_eq!(group.read(way, &alice, MESSAGES), Err(401));
        assert_eq!(group.store(way, &bob, "hello"), 200);

        let delete = DeleteAll::new(group.account, None, START);
        let delete = delete.sign(&group.key).unwrap();
        assert_eq!(group.ask(way, &delete), 200);
        assert_eq!(group.store(way, &alice, "again"), 401, "nothing is left");
        group.store(way, &bob, "hello");
        group.network.run_to(2 * 3600);
        assert_eq!(group.network.held(2), [], "expired and cleaned away");
        assert_eq!(group.store(way, &alice, "and again"), 401);
        for node in SWARM {
            assert_eq!(group.revoked(node), [*alice.token()]);
        }
        let unrevoke = Unrevoke::new(group.account, vec![*alice.token()], group.network.now.unix);
        assert_eq!(group.ask(way, &unrevoke.sign(&group.key).unwrap()), 200);
        assert_eq!(group.store(way, &alice, "back"), 200);
    }
}

#[test]
fn who_is_removed_can_still_read_that_it_is() {
    for way in Way::ALL {
        let mut group = Group::new();
        let alice = group.member(1, READ_WRITE);
        group.revoke(way, &[*alice.token()]);
        let notice = group.text(REMOVED, "you are out");
        let notice = notice.sign(&group.key, START).unwrap();
        assert_eq!(group.ask(way, &notice), 200);
        let read = group.read(way, &alice, REMOVED);
        assert_eq!(read, Ok(vec!["you are out".into()]));
        // Reading only.
        let store = group.text(REMOVED, "am I?").sign(&alice, START).unwrap();
        assert_eq!(group.ask(way, &store), 401);
    }
}

#[test]
fn the_newest_fifty_revocations_count() {
    let mut group = Group::new();
    let alice = group.member(1, READ_WRITE);
    let of = |n: u8| Token::from_bytes([n; 36]);
    group.revoke(Way::Direct, &[*alice.token()]);
    assert_eq!(MAX_REVOKED, 50);
    let others: Vec<_> = (100..149).map(of).collect();
    group.network.run_to(1);
    group.revoke(Way::Bt, &others);
    assert_eq!(group.store(Way::Direct, &alice, "hello"), 401);
    group.network.run_to(2);
    // A repetition makes nothing older go; one more does.
    group.revoke(Way::Onion, &others[..1]);
    assert_eq!(group.store(Way::Direct, &alice, "hello"), 401);
    group.revoke(Way::Json, &[of(149)]);
    for node in SWARM {
        let expected: Vec<_> = (100..150).map(of).collect();
        assert_eq!(group.revoked(node), expected);
    }
    assert_eq!(group.store(Way::Direct, &alice, "hello"), 200);

    // More in one request are refused.
    let tokens: Vec<_> = (0..51).map(of).collect();
    let revoke = Revoke::new(group.account, tokens[..50].to_vec(), START).unwrap();
    let mut json = String::new();
    revoke.sign(&group.key).unwrap().write_json(&mut json);
    let more = json.replace(r#""revoke":["#, r#""revoke":[""#);
    let token = session_core::base64::encode(tokens[50].as_bytes());
    let more = more.replace(r#""revoke":[""#, &format!(r#""revoke":["{token}","#));
    let (status, text) = group.network.ask(Way::Direct, more.as_bytes());
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("50"), "{text}");
}

#[test]
fn only_the_group_itself_revokes() {
    let mut group = Group::new();
    let admin = group.member(1, READ_WRITE | Access::DELETE);
    let revoke = Revoke::new(group.account, vec![], START).unwrap();
    assert!(revoke.clone().sign(&admin).is_err(), "not made by ours");
    let mut json = String::new();
    revoke.sign(&group.key).unwrap().write_json(&mut json);
    // Signed by a member with its token beside.
    let delete = DeleteAll::new(group.account, None, START).sign(&admin);
    let mut other = String::new();
    delete.unwrap().write_json(&mut other);
    let start = other.find(r#""signature""#).unwrap();
    let fields = &other[start..other.find(r#","timestamp""#).unwrap()];
    let start = json.find(r#""signature""#).unwrap();
    let end = json.find(r#","timestamp""#).unwrap();
    json.replace_range(start..end, fields);
    assert_eq!(group.network.ask(Way::Direct, json.as_bytes()).0, 401);
}

#[test]
fn who_may_only_write_extends_but_never_shortens() {
    for way in Way::ALL {
        let mut group = Group::new();
        let writer = group.member(1, Access::WRITE);
        let admin = group.member(2, READ_WRITE | Access::DELETE);
        assert_eq!(group.store(way, &writer, "hello"), 200);
        let hash = group.text(MESSAGES, "hello").hash();
        let account = group.account;
        let members = group.network.members(&SWARM);
        let mut expire = |signer: &SubaccountKey, hours, mode| {
            let time = START.saturating_add(HOUR * hours);
            let expire = Expire::new(account, vec![hash], vec![time], mode).unwrap();
            let expire = expire.sign(signer).unwrap();
            let (status, body) = group.network.request(0, way, &expire);
            if status != 200 {
                return Err((status, String::from_utf8(body).unwrap()));
            }
            let reply = expire.read_reply(&body, &members).unwrap();
            let updated = reply.done().filter(|(_, done)| !done.updated.is_empty());
            Ok((reply.done().count(), updated.count()))
        };
        assert_eq!(expire(&writer, 2, ExpiryMode::Set), Ok((3, 3)));
        assert_eq!(expire(&writer, 1, ExpiryMode::Set), Ok((3, 0)), "silently");
        assert_eq!(expire(&writer, 3, ExpiryMode::Extend), Ok((3, 3)));
        assert_eq!(expire(&admin, 2, ExpiryMode::Shorten), Ok((3, 3)));
        assert_eq!(expire(&admin, 1, ExpiryMode::Set), Ok((3, 3)));
        for node in SWARM {
            let [(.., expiry, _)] = group.network.held(node).try_into().unwrap();
            assert_eq!(expiry, START.saturating_add(HOUR));
        }
    }
}

/// Spec 04 §4.4: refused only after the signature was verified, with 400.
#[test]
fn shortening_is_refused_to_who_may_not_delete() {
    let mut group = Group::new();
    let writer = group.member(1, READ_WRITE);
    group.store(Way::Direct, &writer, "hello");
    let hash = group.text(MESSAGES, "hello").hash();
    let expire = |mode| Expire::new(group.account, vec![hash], vec![START], mode).unwrap();
    let shorten = expire(ExpiryMode::Shorten);
    assert!(shorten.clone().sign(&writer).is_err(), "not made by ours");
    let mut json = String::new();
    let extend = expire(ExpiryMode::Extend).sign(&writer).unwrap();
    extend.write_json(&mut json);
    let base64 = |signature: Signature| session_core::base64::encode(signature.as_bytes());
    let unsigned = json.replace(r#""extend":true"#, r#""shorten":true"#);
    assert_ne!(json, unsigned);
    assert_eq!(group.network.ask(Way::Direct, unsigned.as_bytes()).0, 401);
    let signed = unsigned.replace(
        &base64(extend.auth().signature),
        &base64(writer.sign(&shorten.payload())),
    );
    let (status, text) = group.network.ask(Way::Direct, signed.as_bytes());
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("missing delete access"), "{text}");
}

#[test]
fn deleting_needs_a_token_that_allows_it() {
    let mut group = Group::new();
    let writer = group.member(1, READ_WRITE);
    let admin = group.member(2, Access::DELETE);
    group.store(Way::Direct, &writer, "hello");
    let delete = DeleteAll::new(group.account, Some(MESSAGES), START);
    assert!(delete.sign(&writer).is_err(), "not made by ours");
    let delete = delete.sign(&admin).unwrap();
    let (status, body) = group.network.request(0, Way::Bt, &delete);
    let members = group.network.members(&SWARM);
    let reply = delete.read_reply(&body, &members).unwrap();
    let hash = group.text(MESSAGES, "hello").hash();
    let deleted = Deleted(Touched::Hashes(vec![hash]));
    assert_eq!(status, 200);
    assert!(reply.done().all(|(_, done)| *done == deleted));
    assert_eq!(reply.done().count(), 3);
}

/// Another group's member, and another account's key, with everything else in order.
#[test]
fn members_of_another_group_are_strangers() {
    let mut group = Group::new();
    let (other, _) = group.network.group(HOME);
    let own = core::mem::replace(&mut group.key, other);
    let stranger = group.member(1, READ_WRITE);
    group.key = own;
    // The library does not make it, so the text is changed afterwards.
    let alice = group.member(1, READ_WRITE);
    let at: UnixMillis = START;
    let good = Retrieve::new(group.account, MESSAGES)
        .sign(&alice, at)
        .unwrap();
    let mut json = String::new();
    good.write_json(&mut json);
    assert_eq!(group.network.ask(Way::Direct, json.as_bytes()).0, 200);
    let b64 = session_core::base64::encode;
    let (ours, theirs) = (alice.subaccount(), stranger.subaccount());
    let forged = json
        .replace(&b64(ours.token.as_bytes()), &b64(theirs.token.as_bytes()))
        .replace(
            &b64(ours.signature.as_bytes()),
            &b64(theirs.signature.as_bytes()),
        );
    assert_ne!(forged, json);
    assert_eq!(group.network.ask(Way::Direct, forged.as_bytes()).0, 401);
}
