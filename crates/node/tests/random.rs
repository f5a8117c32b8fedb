//! Any requests at all, at a swarm whose links lose nothing: its members end with the same
//! messages, and everybody who asked is answered.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{HOME, Network, START, Way, at};
use proptest::collection::vec;
use proptest::prelude::*;
use session_core::{NetworkId, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_node::{Config, ConnectionId, ExpiryMode, MessageStore as _};
use session_storage::monitor::Subscription;
use session_storage::{
    Batch, Condition, DaemonEndpoint, DaemonRequest, Delete, DeleteAll, DeleteBefore, Expire,
    ExpireAll, GetExpiries, GetRevoked, GetSwarm, IfElse, Info, MessageHash, Namespace, Order,
    Request, Retrieve, Revoke, Signable, Store, Token, Unrevoke,
};

const NAMESPACES: [i16; 6] = [0, 2, 11, -10, -11, -21];

/// What is asked; names and times in numbers.
#[derive(Clone, Debug)]
enum Ask {
    Store {
        namespace: usize,
        data: u8,
        made: i64,
        ttl: u64,
    },
    Retrieve(usize, i32),
    Delete(Vec<(usize, u8)>, bool),
    DeleteAll(Option<usize>),
    DeleteBefore(Option<usize>, i64),
    Expire(Vec<(usize, u8)>, i64, u8),
    ExpireAll(Option<usize>, i64),
    Expiries(Vec<(usize, u8)>),
    Revoke(Vec<u8>),
    Unrevoke(Vec<u8>),
    Revoked,
    Swarm,
    Info,
    Daemon,
}

#[derive(Clone, Debug)]
enum Whole {
    One(Ask),
    Batch(Vec<Ask>, bool),
    IfElse(Ask, bool),
}

/// One step: at which node, in which way, for which of two accounts, after so many seconds.
type Step = (usize, usize, bool, u64, Whole);

fn ask() -> impl Strategy<Value = Ask> {
    let namespace = || 0..NAMESPACES.len();
    let names = || vec((namespace(), 0..6u8), 1..4);
    // Around now in milliseconds: near the edges of all windows, and far off.
    let time = || prop_oneof![-80_000i64..80_000, -4_000_000i64..4_000_000_000];
    let some = move || prop::option::of(namespace());
    prop_oneof![
        6 => (namespace(), 0..6u8, -20_000i64..20_000, 9_000u64..100_000)
            .prop_map(|(namespace, data, made, ttl)| Ask::Store { namespace, data, made, ttl }),
        2 => (namespace(), -2..3i32).prop_map(|(n, count)| Ask::Retrieve(n, count)),
        2 => (names(), any::<bool>()).prop_map(|(names, required)| Ask::Delete(names, required)),
        1 => some().prop_map(Ask::DeleteAll),
        1 => (some(), time()).prop_map(|(n, time)| Ask::DeleteBefore(n, time)),
        3 => (names(), time(), 0..3u8).prop_map(|(names, time, mode)| Ask::Expire(names, time, mode)),
        1 => (some(), time()).prop_map(|(n, time)| Ask::ExpireAll(n, time)),
        1 => names().prop_map(Ask::Expiries),
        1 => vec(0..60u8, 0..50).prop_map(Ask::Revoke),
        1 => vec(0..60u8, 0..50).prop_map(Ask::Unrevoke),
        1 => Just(Ask::Revoked),
        1 => Just(Ask::Swarm),
        1 => Just(Ask::Info),
        1 => Just(Ask::Daemon),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let whole = prop_oneof![
        4 => ask().prop_map(Whole::One),
        1 => (vec(ask(), 1..5), any::<bool>()).prop_map(|(asks, order)| Whole::Batch(asks, order)),
        1 => (ask(), any::<bool>()).prop_map(|(ask, then)| Whole::IfElse(ask, then)),
    ];
    (0..3usize, 0..4usize, any::<bool>(), 0..15u64, whole)
}

struct Owner {
    key: SigningKey,
    account: NetworkId,
    now: UnixMillis,
}

impl Owner {
    fn at(&self, offset: i64) -> UnixMillis {
        UnixMillis::from_millis(self.now.as_millis().saturating_add_signed(offset))
    }

    fn hashes(&self, names: &[(usize, u8)]) -> Vec<MessageHash> {
        let hash = |(namespace, data): &(usize, u8)| {
            let namespace = Namespace::new(NAMESPACES[*namespace]);
            MessageHash::of(&self.account, namespace, &[*data; 40])
        };
        names.iter().map(hash).collect()
    }

    fn request(&self, ask: &Ask) -> Request<'static> {
        let (key, account, now) = (&self.key, self.account, self.now);
        let namespace = |index: &usize| Namespace::new(NAMESPACES[*index]);
        let tokens = |tokens: &[u8]| tokens.iter().map(|n| Token::from_bytes([*n; 36])).collect();
        match ask {
            Ask::Store {
                namespace: index,
                data,
                made,
                ttl,
            } => {
                let ttl = Duration::from_millis(*ttl);
                let (namespace, data) = (namespace(index), vec![*data; 40]);
                match Store::new(account, namespace, data, self.at(*made), ttl) {
                    Ok(store) => store.sign(key, now).unwrap().into(),
                    Err(_) => Info.into(),
                }
            }
            Ask::Retrieve(index, count) => {
                let mut retrieve = Retrieve::new(account, namespace(index));
                retrieve.max_count = Some(*count);
                retrieve.sign(key, now).unwrap().into()
            }
            Ask::Delete(names, required) => {
                let mut delete = Delete::new(account, self.hashes(names)).unwrap();
                delete.required = *required;
                delete.sign(key).unwrap().into()
            }
            Ask::DeleteAll(index) => {
                let delete = DeleteAll::new(account, index.as_ref().map(namespace), now);
                delete.sign(key).unwrap().into()
            }
            Ask::DeleteBefore(index, time) => {
                let index = index.as_ref().map(namespace);
                let delete = DeleteBefore::new(account, index, self.at(*time));
                delete.sign(key).unwrap().into()
            }
            Ask::Expire(names, time, mode) => {
                let modes = [ExpiryMode::Set, ExpiryMode::Extend, ExpiryMode::Shorten];
                let (hashes, mode) = (self.hashes(names), modes[usize::from(*mode)]);
                let expire = Expire::new(account, hashes, vec![self.at(*time)], mode);
                expire.unwrap().sign(key).unwrap().into()
            }
            Ask::ExpireAll(index, time) => {
                let index = index.as_ref().map(namespace);
                let expire = ExpireAll::new(account, index, self.at(*time));
                expire.sign(key).unwrap().into()
            }
            Ask::Expiries(names) => {
                let ask = GetExpiries::new(account, &self.hashes(names), now).unwrap();
                ask.sign(key).unwrap().into()
            }
            Ask::Revoke(numbers) => {
                let revoke = Revoke::new(account, tokens(numbers), now).unwrap();
                revoke.sign(key).unwrap().into()
            }
            Ask::Unrevoke(numbers) => {
                let unrevoke = Unrevoke::new(account, tokens(numbers), now);
                unrevoke.sign(key).unwrap().into()
            }
            Ask::Revoked => GetRevoked::new(account, now).sign(key).unwrap().into(),
            Ask::Swarm => GetSwarm::new(account).into(),
            Ask::Info => Info.into(),
            Ask::Daemon => DaemonRequest::new(DaemonEndpoint::OnsResolve, None)
                .unwrap()
                .into(),
        }
    }

    fn whole(&self, whole: &Whole) -> Request<'static> {
        match whole {
            Whole::One(ask) => self.request(ask),
            Whole::Batch(asks, in_order) => {
                let order = if *in_order {
                    Order::Sequence
                } else {
                    Order::Any
                };
                let requests = asks.iter().map(|ask| self.request(ask)).collect();
                Batch::new(order, requests).unwrap().into()
            }
            Whole::IfElse(ask, then) => {
                let mut condition = Condition::default();
                condition.height_at_least = Some(i64::from(!then));
                let branch = Some(self.request(ask));
                IfElse::new(condition, branch, None).unwrap().into()
            }
        }
    }
}

/// Asks one thing after another. The nodes' daemons answer when everybody has come to rest.
fn play(network: &mut Network, steps: &[Step]) {
    let mut owners: Vec<_> = (0..2)
        .map(|_| {
            // Groups: their keys sign everything there is.
            let (key, account) = network.group(HOME);
            let now = START;
            Owner { key, account, now }
        })
        .collect();
    for (index, owner) in owners.iter().enumerate() {
        let namespaces = NAMESPACES.map(Namespace::new);
        let subscription = Subscription::new(owner.account, namespaces, true).unwrap();
        let mut bt = Vec::new();
        let signed = subscription.sign(&owner.key, START).unwrap();
        signed.write_bt(&mut bt);
        let connection = ConnectionId(u64::try_from(index).unwrap());
        let _ = network.nodes[index].handle_monitor(connection, &bt, network.now);
    }
    let mut seconds = 0;
    for (node, way, first, wait, whole) in steps {
        seconds += wait;
        network.run_to(seconds);
        let owner = &mut owners[usize::from(*first)];
        owner.now = network.now.unix;
        let request = owner.whole(whole);
        let (ticket, _) = network.send(*node, Way::ALL[*way], &request);
        network.settle();
        while let Some((node, question)) = network.questions.pop() {
            let (now, rng) = (network.now, &mut network.rng);
            network.nodes[node].handle_daemon_reply(question.id, Ok("{}"), now, rng);
            network.settle();
        }
        let (status, body) = network.answer_of(*node, ticket).expect("an answer");
        assert!(status >= 200 && body.len() < 100_000, "{status}");
        assert_eq!(network.answers, [], "and no other");
    }
    assert!(network.notifies.len() <= 5 * steps.len());
    assert!(network.sent.len() <= 2 * 5 * steps.len());
    for owner in owners {
        let revoked: Vec<_> = (0..3)
            .map(|node| network.nodes[node].store().revoked(&owner.account))
            .collect();
        assert!(revoked.windows(2).all(|two| two[0] == two[1]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_members_of_a_swarm_end_with_the_same_messages(steps in vec(step(), 1..25)) {
        let mut network = Network::of(&[HOME; 3], Config::default(), usize::MAX);
        play(&mut network, &steps);
        prop_assert_eq!(network.held(0), network.held(1));
        prop_assert_eq!(network.held(0), network.held(2));
        // Nothing is left over: no message, and nobody who waits.
        network.now = at(60 * 86_400);
        network.run_to(60 * 86_400 + 1);
        prop_assert_eq!(network.held(0), []);
    }

    /// With members away, little room and a full store, nobody panics or waits for ever.
    #[test]
    fn a_swarm_in_trouble_answers_all_the_same(
        steps in vec(step(), 1..20), down in 1..3usize, max_pending in 0..4usize,
        bytes in 0..5000usize,
    ) {
        let config = Config::default().with_max_pending(max_pending);
        let mut network = Network::of(&[HOME; 3], config, bytes);
        network.down.insert(down);
        let steps: Vec<_> = steps
            .into_iter()
            .filter(|(node, ..)| *node != down)
            .collect();
        let mut owners = Vec::new();
        for _ in 0..2 {
            let (key, account) = network.group(HOME);
            owners.push(Owner { key, account, now: START });
        }
        for (node, way, first, _, whole) in &steps {
            let request = owners[usize::from(*first)].whole(whole);
            let (ticket, _) = network.send(*node, Way::ALL[*way], &request);
            network.settle();
            while let Some((node, question)) = network.questions.pop() {
                let (now, rng) = (network.now, &mut network.rng);
                network.nodes[node].handle_daemon_reply(question.id, Ok("{}"), now, rng);
                network.settle();
            }
            prop_assert!(network.answer_of(*node, ticket).is_some());
        }
        network.run_to(3000);
        prop_assert!(network.answers.is_empty());
    }
}
