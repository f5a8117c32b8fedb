//! Every method, asked in every way: what the members do, and what the client hears. Refusals are
//! in `refusals.rs`.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::fmt::Debug;

use network::{HOME, HOUR, Network, START, Way};
use session_core::{NetworkId, UnixMillis, base64};
use session_crypto::ed25519::SigningKey;
use session_node::ExpiryMode;
use session_storage::{
    ActiveNodes, Delete, DeleteAll, DeleteBefore, Deleted, Expire, ExpireAll, Expired,
    ExpiriesReply, GetExpiries, GetRevoked, MessageHash, Namespace, NewExpiry, Recursive, Retrieve,
    RetrieveReply, Revoke, Revoked, RevokedReply, Signable, Signed, Store, Stored, Token, Touched,
    Unrevoke, Unrevoked, Updated,
};
use session_swarm::parse_active_nodes;

const SWARM: [usize; 3] = [0, 2, 4];
const PROFILE: Namespace = Namespace::USER_PROFILE;

/// A network, and an account with three direct messages and one in a private mailbox.
struct Fixture {
    network: Network,
    key: SigningKey,
    account: NetworkId,
    hashes: [MessageHash; 4],
}

fn later(hours: u32) -> UnixMillis {
    START.saturating_add(HOUR * hours)
}

impl Fixture {
    fn new(way: Way) -> Self {
        let mut network = Network::new();
        let (key, account) = network.account(HOME);
        let members = network.members(&SWARM);
        let mut hashes = [MessageHash::of(&account, PROFILE, b"unknown"); 4];
        for index in 0..4 {
            // The first is the oldest, and all were made in the past.
            let made = START.saturating_sub(HOUR * (4 - index));
            let namespace = if index < 3 {
                Namespace::DIRECT
            } else {
                PROFILE
            };
            let data = format!("message {index}").into_bytes();
            let store = Store::new(account, namespace, data, made, HOUR * 10).unwrap();
            let store = store.sign(&key, START).unwrap();
            let index = usize::try_from(index).unwrap();
            // Whichever member is asked.
            let (status, body) = network.request(SWARM[index % 3], way, &store);
            let reply = store.read_reply(&body, &members).unwrap();
            let (hash, expiry) = (store.hash(), store.expiry);
            let stored = Stored {
                hash,
                expiry,
                already: false,
            };
            assert_eq!(status, 200);
            assert!(reply.done().all(|(_, done)| *done == stored));
            assert_eq!(reply.done().count(), 3);
            hashes[index] = hash;
        }
        Self {
            network,
            key,
            account,
            hashes,
        }
    }

    fn signed<R: Signable>(&self, request: R) -> Signed<R> {
        request.sign(&self.key).unwrap()
    }

    /// Asks node 2: every member has signed that it has done this, and holds the same afterwards.
    fn all_do<R>(&mut self, way: Way, request: R, expected: &R::Done) -> String
    where
        R: Recursive + Signable,
        R::Done: Debug + PartialEq,
    {
        let request = self.signed(request);
        let (status, body) = self.network.request(2, way, &request);
        assert_eq!(status, 200);
        let members = self.network.members(&SWARM);
        let reply = request.read_reply(&body, &members).unwrap();
        assert_eq!((reply.done().count(), reply.nodes.len()), (3, 3));
        for (_, done) in reply.done() {
            assert_eq!(done, expected, "{way:?}");
        }
        assert_eq!(reply.now, Some(START));
        self.held();
        String::from_utf8_lossy(&body).into_owned()
    }

    /// The hashes that every member holds, and that nobody else does.
    fn held(&self) -> Vec<MessageHash> {
        let held = self.network.held(0);
        assert_eq!(held, self.network.held(2));
        assert_eq!(held, self.network.held(4));
        for stranger in [1, 3, 5] {
            assert_eq!(self.network.held(stranger), []);
        }
        let mut hashes: Vec<_> = held.into_iter().map(|(_, _, hash, ..)| hash).collect();
        hashes.sort();
        hashes
    }
}

fn sorted<const N: usize>(mut hashes: [MessageHash; N]) -> Vec<MessageHash> {
    hashes.sort();
    hashes.to_vec()
}

#[test]
fn expiries_are_changed_by_every_member() {
    for way in Way::ALL {
        let mut fixture = Fixture::new(way);
        let (account, [first, second, third, profile]) = (fixture.account, fixture.hashes);
        let unknown = MessageHash::of(&account, PROFILE, b"unknown");
        let expire = |hashes: &[MessageHash], times: &[u32], mode| {
            let times = times.iter().map(|hours| later(*hours)).collect();
            Expire::new(account, hashes.to_vec(), times, mode).unwrap()
        };
        // They expire 6, 7, 8 and 9 hours from now.
        let extend = expire(&[third, unknown, first], &[7], ExpiryMode::Extend);
        let expired = Expired {
            updated: vec![first],
            expiry: NewExpiry::One(later(7)),
            unchanged: Some(vec![(third, later(8))]),
        };
        fixture.all_do(way, extend, &expired);
        let shorten = expire(&[first, profile], &[8], ExpiryMode::Shorten);
        let expired = Expired {
            updated: vec![profile],
            expiry: NewExpiry::One(later(8)),
            unchanged: Some(vec![(first, later(7))]),
        };
        fixture.all_do(way, shorten, &expired);
        let each = expire(&[first, second], &[1, 2], ExpiryMode::Set);
        let order = sorted([first, second]);
        let times = order
            .iter()
            .map(|hash| later(1 + u32::from(*hash == second)));
        let expired = Expired {
            expiry: NewExpiry::Each(times.collect()),
            updated: order,
            unchanged: None,
        };
        fixture.all_do(way, each, &expired);
        // Ten years: nodes keep a month.
        let month = START.saturating_add(Expire::MAX_AHEAD);
        let far = expire(&[third], &[87_600], ExpiryMode::Set);
        let expired = Expired {
            updated: vec![third],
            expiry: NewExpiry::One(month),
            unchanged: None,
        };
        fixture.all_do(way, far, &expired);

        let ask = GetExpiries::new(account, &[unknown, third, second, first], START).unwrap();
        let ask = fixture.signed(ask);
        let mut expected = [(first, later(1)), (second, later(2)), (third, month)];
        expected.sort();
        for member in SWARM {
            let (status, body) = fixture.network.request(member, way, &ask);
            let reply = ExpiriesReply::parse(&body).unwrap();
            assert_eq!((status, &reply.expiries[..]), (200, &expected[..]));
        }

        let all = ExpireAll::new(account, Some(Namespace::DIRECT), later(2));
        fixture.all_do(way, all, &Updated(Touched::Hashes(vec![third])));
        let all = ExpireAll::new(account, None, later(1));
        let touched = [
            (Namespace::DIRECT, sorted([second, third])),
            (PROFILE, vec![profile]),
        ];
        fixture.all_do(
            way,
            all,
            &Updated(Touched::ByNamespace(touched.into_iter().collect())),
        );
        // All of them are gone at the same time.
        fixture.network.run_to(3599);
        assert_eq!(fixture.held().len(), 4);
        fixture.network.run_to(3610);
        assert_eq!(fixture.held(), []);
    }
}

#[test]
fn messages_are_deleted_by_every_member() {
    for way in Way::ALL {
        let mut fixture = Fixture::new(way);
        let (account, [first, second, third, profile]) = (fixture.account, fixture.hashes);
        let unknown = MessageHash::of(&account, PROFILE, b"unknown");
        let hashes = |hashes: &[MessageHash]| Deleted(Touched::Hashes(hashes.to_vec()));

        let delete = Delete::new(account, vec![second, unknown]).unwrap();
        fixture.all_do(way, delete.clone(), &hashes(&[second]));
        fixture.all_do(way, delete, &hashes(&[]));
        // The third was made two hours ago.
        let before = START.saturating_sub(HOUR * 2);
        let just_before = UnixMillis::from_millis(before.as_millis() - 1);
        let delete = |time| DeleteBefore::new(account, Some(Namespace::DIRECT), time);
        fixture.all_do(way, delete(just_before), &hashes(&[first]));
        fixture.all_do(way, delete(before), &hashes(&[third]));
        assert_eq!(fixture.held(), [profile]);

        let all = |namespace| DeleteAll::new(account, namespace, START);
        fixture.all_do(way, all(Some(Namespace::DIRECT)), &hashes(&[]));
        let touched = [(PROFILE, vec![profile])].into_iter().collect();
        fixture.all_do(way, all(None), &Deleted(Touched::ByNamespace(touched)));
        assert_eq!(fixture.held(), []);
        let nothing = Deleted(Touched::ByNamespace(Default::default()));
        fixture.all_do(way, all(None), &nothing);
    }
}

/// Spec 04 §6.5: deployed nodes fail here.
#[test]
fn messages_of_all_namespaces_are_deleted_by_their_time() {
    for way in Way::ALL {
        let mut fixture = Fixture::new(way);
        let (account, [first, second, third, profile]) = (fixture.account, fixture.hashes);
        let delete = DeleteBefore::new(account, None, START);
        let touched = [
            (Namespace::DIRECT, sorted([first, second, third])),
            (PROFILE, vec![profile]),
        ];
        let touched = Touched::ByNamespace(touched.into_iter().collect());
        fixture.all_do(way, delete, &Deleted(touched));
        assert_eq!(fixture.held(), []);
    }
}

#[test]
fn a_required_deletion_of_nothing_is_a_404_with_the_same_body() {
    for way in Way::ALL {
        let mut fixture = Fixture::new(way);
        let (account, [first, ..]) = (fixture.account, fixture.hashes);
        let mut delete = Delete::new(account, vec![first]).unwrap();
        delete.required = true;
        fixture.all_do(way, delete.clone(), &Deleted(Touched::Hashes(vec![first])));
        let delete = fixture.signed(delete);
        let (status, body) = fixture.network.request(0, way, &delete);
        let members = fixture.network.members(&SWARM);
        let reply = delete.read_reply(&body, &members).unwrap();
        assert_eq!((status, reply.done().count()), (404, 3));
    }
}

/// It is enough when one of the members had it.
#[test]
fn a_required_deletion_succeeds_when_one_member_deletes() {
    let mut fixture = Fixture::new(Way::Direct);
    let store = Store::new(fixture.account, Namespace::DIRECT, b"late", START, HOUR).unwrap();
    fixture.network.down = [0, 2].into();
    fixture.network.request(4, Way::Direct, &store);
    fixture.network.down.clear();
    let mut delete = Delete::new(fixture.account, vec![store.hash()]).unwrap();
    delete.required = true;
    let delete = fixture.signed(delete);
    let (status, body) = fixture.network.request(0, Way::Direct, &delete);
    let members = fixture.network.members(&SWARM);
    let reply = delete.read_reply(&body, &members).unwrap();
    assert_eq!((status, reply.done().count()), (200, 3));
    let empty = |(_, done): &(_, &Deleted)| done.0.is_empty();
    assert_eq!(reply.done().filter(empty).count(), 2);
}

#[test]
fn revocations_are_made_and_taken_back_by_every_member() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (key, account) = network.group(HOME);
        let mut fixture = Fixture {
            hashes: [MessageHash::of(&account, PROFILE, b""); 4],
            network,
            key,
            account,
        };
        let tokens: Vec<_> = (0..3).map(|n| Token::from_bytes([n; 36])).collect();
        let revoke = Revoke::new(account, tokens.clone(), START).unwrap();
        fixture.all_do(way, revoke, &Revoked);
        let unknown = Token::from_bytes([9; 36]);
        let unrevoke = Unrevoke::new(account, vec![tokens[1], unknown], START);
        fixture.all_do(way, unrevoke, &Unrevoked { count: 1 });
        let ask = fixture.signed(GetRevoked::new(account, START));
        for member in SWARM {
            let (status, body) = fixture.network.request(member, way, &ask);
            let reply = RevokedReply::parse(&body).unwrap();
            assert_eq!((status, reply.tokens), (200, vec![tokens[0], tokens[2]]));
        }
    }
}

/// Spec 04 §6.1, §7.1.
#[test]
fn the_own_item_of_a_store_has_the_time_and_no_other_does() {
    let mut network = Network::new();
    let (key, account) = network.account(HOME);
    let store = Store::new(account, PROFILE, b"x", START, HOUR).unwrap();
    let store = store.sign(&key, START).unwrap();
    let count = |body: &[u8]| {
        let text = String::from_utf8_lossy(body).into_owned();
        text.matches(r#""t":"#).count()
    };
    let (_, body) = network.request(0, Way::Direct, &store);
    assert_eq!(count(&body), 2, "its item, and the reply itself");
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains(&format!(r#"{{"hash":"{}","hf":[21,0],"#, store.hash())));
    let delete = Delete::new(account, vec![store.hash()]).unwrap();
    let (_, body) = network.request(0, Way::Direct, &delete.sign(&key).unwrap());
    assert_eq!(count(&body), 1);
}

#[test]
fn messages_are_read_in_pages_in_the_order_of_their_arrival() {
    for way in Way::ALL {
        let mut fixture = Fixture::new(way);
        let hashes = fixture.hashes;
        let mut read = |last_hash, max_count| {
            let mut retrieve = Retrieve::new(fixture.account, Namespace::DIRECT);
            (retrieve.last_hash, retrieve.max_count) = (last_hash, max_count);
            let retrieve = retrieve.sign(&fixture.key, START).unwrap();
            let (status, body) = fixture.network.request(4, way, &retrieve);
            assert_eq!(status, 200);
            let reply = RetrieveReply::parse(&body).unwrap();
            let hashes = reply.messages.iter().map(|message| message.hash).collect();
            (hashes, reply.more)
        };
        let all: (Vec<_>, _) = (hashes[..3].to_vec(), false);
        assert_eq!(read(None, None), all);
        assert_eq!(read(Some(hashes[3]), None), all, "of another mailbox");
        assert_eq!(read(None, Some(2)), (hashes[..2].to_vec(), true));
        assert_eq!(read(Some(hashes[1]), None), (vec![hashes[2]], false));
        assert_eq!(read(Some(hashes[2]), None), (vec![], false));
    }
}

#[test]
fn the_list_of_all_nodes_is_bytes_or_base64_in_an_onion() {
    for way in Way::ALL {
        let mut network = Network::new();
        let (status, body) = network.request(0, way, &ActiveNodes);
        let list = match way {
            Way::Onion => base64::decode("list", core::str::from_utf8(&body).unwrap()).unwrap(),
            _ => body,
        };
        let list = parse_active_nodes(&list).unwrap();
        assert_eq!((status, list.nodes.len()), (200, 6));
    }
}
