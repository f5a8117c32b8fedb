//! Messages that move to the nodes that are to have them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod network;

use core::time::Duration;

use network::{AWAY, HOME, HOUR, Network, START, Way, at};
use session_core::NetworkId;
use session_crypto::ed25519::SigningKey;
use session_node::{Config, PeerReply, PeerRequest, Transmit, TransportFailure};
use session_storage::{DeleteAll, Namespace, Retrieve, RetrieveReply, Signable, Store};
use session_swarm::{Pool, SwarmId};

const DIRECT: Namespace = Namespace::DIRECT;
/// No swarm yet.
const NEW: SwarmId = SwarmId::new(1 << 62);

/// Nodes 0 and 1 are HOME, 2 and 3 AWAY, and 4 is in none.
fn network() -> Network {
    let swarms = [HOME, HOME, AWAY, AWAY, SwarmId::INVALID];
    Network::of(&swarms, Config::default(), usize::MAX)
}

fn store(network: &mut Network, account: NetworkId, namespace: Namespace, data: Vec<u8>) {
    let store = Store::new(account, namespace, data, network.now.unix, HOUR).unwrap();
    let status = network.request(0, Way::Direct, &store).0;
    assert_eq!(status, 200);
}

/// `count` accounts of HOME, each with a message of so many bytes.
fn filled(network: &mut Network, count: usize, bytes: usize) -> Vec<(SigningKey, NetworkId)> {
    (0..count)
        .map(|_| {
            let (key, account) = network.account(HOME);
            store(network, account, DIRECT, vec![7; bytes]);
            (key, account)
        })
        .collect()
}

fn join(network: &mut Network, node: usize, swarm: SwarmId) {
    network.records[node].swarm_id = swarm;
    network.spread_list();
}

/// Nodes that were sent messages, since the start.
fn pushes(network: &Network) -> Vec<(usize, usize, usize)> {
    let sent = network.sent.iter();
    sent.filter_map(|(from, to, request)| match request {
        PeerRequest::Data(data) => Some((*from, *to, data.len())),
        _ => None,
    })
    .collect()
}

#[test]
fn a_node_that_joins_gets_everything_from_every_member() {
    let mut network = network();
    filled(&mut network, 5, 100);
    join(&mut network, 4, HOME);
    network.settle();
    assert_eq!(pushes(&network), [], "not before its time");
    network.run_to(1);
    assert_eq!(network.held(4), network.held(0));
    assert_eq!(network.held(4).len(), 5);
    let from: Vec<_> = pushes(&network)
        .iter()
        .map(|push| (push.0, push.1))
        .collect();
    assert_eq!(from, [(0, 4), (1, 4)]);
}

#[test]
fn the_moved_accounts_are_served_by_the_new_swarm() {
    let mut network = network();
    let accounts = filled(&mut network, 20, 10);
    // The new swarm lies a quarter away from either.
    join(&mut network, 4, NEW);
    network.run_to(1);
    let pool = Pool::new(network.records.clone());
    let moved = |account: &NetworkId| pool.swarm_of(account).unwrap().id() == NEW;
    let mut count = 0;
    for (key, account) in &accounts {
        let retrieve = Retrieve::new(*account, DIRECT);
        let retrieve = retrieve.sign(key, network.now.unix).unwrap();
        let (there, body) = network.request(4, Way::Direct, &retrieve);
        let (here, _) = network.request(1, Way::Direct, &retrieve);
        if moved(account) {
            count += 1;
            let reply = RetrieveReply::parse(&body).unwrap();
            assert_eq!((there, here, reply.messages.len()), (200, 421, 1));
        } else {
            assert_eq!((there, here), (421, 200));
        }
    }
    assert!((1..20).contains(&count), "{count}");
    assert_eq!(network.held(4).len(), count);
}

#[test]
fn a_swarm_that_dissolves_leaves_its_messages_to_the_others() {
    let mut network = network();
    filled(&mut network, 5, 10);
    network.records[0].swarm_id = AWAY;
    network.records[1].swarm_id = SwarmId::INVALID;
    network.spread_list();
    network.run_to(1);
    assert_eq!(network.held(2).len(), 5);
    assert_eq!(network.held(3).len(), 5);
}

#[test]
fn namespaces_times_and_data_arrive_unchanged() {
    let mut network = network();
    let (key, account) = network.account(HOME);
    for namespace in [-21, -11, 0, 2, i16::MIN, i16::MAX] {
        let namespace = Namespace::new(namespace);
        for data in [&b""[..], &[0xff; 300]] {
            let made = START.saturating_sub(HOUR);
            let store = Store::new(account, namespace, data, made, HOUR * 9).unwrap();
            let store = store.sign(&key, START).unwrap();
            assert_eq!(network.request(0, Way::Bt, &store).0, 200);
        }
    }
    join(&mut network, 4, HOME);
    network.run_to(1);
    assert_eq!(network.held(4), network.held(0));
    // The outbox holds one.
    assert_eq!(network.held(4).len(), 11);
}

#[test]
fn many_messages_go_in_pieces_and_each_waits_for_the_last_one() {
    let mut network = network();
    filled(&mut network, 30, 70_000);
    join(&mut network, 4, HOME);
    let mut pieces = 0;
    loop {
        network.nodes[0].handle_timeout(at(1), &mut network.rng);
        let drained = network.drain(0);
        let Some(transmit) = drained.transmits.into_iter().next() else {
            break;
        };
        pieces += 1;
        let PeerRequest::Data(data) = &transmit.request else {
            panic!("no push");
        };
        assert!(data.len() <= 600 * 1024, "{} bytes", data.len());
        // Until it is answered nothing more is sent.
        network.nodes[0].handle_timeout(at(1), &mut network.rng);
        assert!(network.drain(0).transmits.is_empty());
        let reply = network.carry(0, transmit.to, transmit.request);
        assert_eq!((reply.status, &*reply.body), (200, &b""[..]));
        network.nodes[0].handle_reply(transmit.id, Ok(reply), at(1), &mut network.rng);
    }
    assert!(pieces >= 4, "{pieces}");
    assert_eq!(network.held(4), network.held(0));
}

/// The nodes that are `down` come back after this many seconds.
fn join_while_down(down: &[usize], seconds: u64) -> Network {
    let mut network = network();
    filled(&mut network, 20, 70_000);
    network.down = down.iter().copied().collect();
    join(&mut network, 4, HOME);
    network.run_to(seconds);
    network.down.clear();
    network.run_to(seconds + 700);
    network
}

/// A node that has just begun may not answer at first.
#[test]
fn who_is_away_for_a_while_gets_everything_later() {
    for seconds in [1, 30, 600] {
        let network = join_while_down(&[4], seconds);
        assert_eq!(network.held(4), network.held(0), "{seconds}");
        assert_eq!(network.held(4).len(), 20);
    }
}

/// What it is sent at first it does not take.
#[test]
fn who_hears_of_its_swarm_later_gets_everything_later() {
    let mut network = network();
    filled(&mut network, 20, 70_000);
    network.records[4].swarm_id = HOME;
    let pool = Pool::new(network.records.clone());
    for node in [0, 1] {
        network.nodes[node].handle_node_list(pool.clone(), network.now);
    }
    network.run_to(3);
    assert_eq!(network.held(4).len(), 0);
    let now = network.now;
    network.nodes[4].handle_node_list(pool, now);
    network.run_to(60);
    assert_eq!(network.held(4), network.held(0));
    assert_eq!(network.held(4).len(), 20);
}

#[test]
fn who_never_answers_is_given_up_and_holds_nobody_up() {
    let mut network = network();
    filled(&mut network, 20, 70_000);
    network.down = [4].into();
    network.records[3].swarm_id = HOME;
    join(&mut network, 4, HOME);
    network.run_to(1500);
    let to = |node: usize| {
        let sent = pushes(&network);
        sent.iter()
            .filter(|push| push.0 == 0 && push.1 == node)
            .count()
    };
    assert_eq!(to(4), 9, "one piece, again and again");
    assert!(to(3) >= 3, "every piece");
    assert_eq!(network.held(3), network.held(0));
}

#[test]
fn a_new_list_begins_the_walk_again_for_all_who_joined() {
    let mut network = network();
    filled(&mut network, 20, 70_000);
    join(&mut network, 4, HOME);
    network.nodes[0].handle_timeout(at(1), &mut network.rng);
    let first = network.drain(0).transmits;
    assert_eq!(first.len(), 1);
    // The first piece is under way when another node joins.
    network.records[3].swarm_id = HOME;
    network.spread_list();
    network.nodes[0].handle_timeout(at(2), &mut network.rng);
    assert!(
        network.drain(0).transmits.is_empty(),
        "still one piece at a time"
    );
    for transmit in first {
        let reply = network.carry(0, transmit.to, transmit.request);
        network.nodes[0].handle_reply(transmit.id, Ok(reply), at(2), &mut network.rng);
    }
    network.run_to(20);
    assert_eq!(network.held(3), network.held(0));
    assert_eq!(network.held(4), network.held(0));
}

/// Acknowledgements of an earlier walk do not hurry the next one.
#[test]
fn a_finished_walk_does_not_disturb_the_next() {
    let mut network = network();
    filled(&mut network, 20, 70_000);
    join(&mut network, 4, HOME);
    let mut late = Vec::new();
    for _ in 0..10 {
        network.nodes[0].handle_timeout(at(1), &mut network.rng);
        let transmits = network.drain(0).transmits;
        if let Some(last) = late.pop() {
            let Transmit { id, .. } = last;
            let (status, body) = (200, Vec::new());
            let reply = Ok(PeerReply { status, body });
            network.nodes[0].handle_reply(id, reply, at(1), &mut network.rng);
        }
        late.extend(transmits);
    }
    assert!(late.is_empty());
    // Nobody has anything to say any more.
    let wait = network.drain(0).wait.unwrap();
    assert_eq!(wait, Duration::from_secs(11), "the next cleaning");
}

/// Others take nothing from it any more.
#[test]
fn a_node_that_is_in_no_swarm_any_more_pushes_nothing() {
    let mut network = network();
    filled(&mut network, 20, 70_000);
    join(&mut network, 4, HOME);
    // In the middle of its walk, too.
    network.nodes[0].handle_timeout(at(1), &mut network.rng);
    network.down = [1].into();
    join(&mut network, 0, SwarmId::INVALID);
    network.run_to(20);
    let from_0 = pushes(&network).iter().filter(|push| push.0 == 0).count();
    assert_eq!(from_0, 1, "what was under way");
}

#[test]
fn expired_messages_are_not_pushed() {
    let mut network = network();
    let (_, account) = network.account(HOME);
    let store = Store::new(account, DIRECT, b"short", START, Duration::from_secs(10)).unwrap();
    network.request(0, Way::Direct, &store);
    network.now = at(10);
    join(&mut network, 4, HOME);
    for node in [0, 1] {
        // Cleaned away only after this.
        network.nodes[node].handle_timeout(at(10), &mut network.rng);
    }
    network.settle();
    assert_eq!(pushes(&network), []);
}

#[test]
fn nothing_is_pushed_when_nothing_changes() {
    let mut network = network();
    filled(&mut network, 5, 10);
    network.spread_list();
    // A member leaves the others alone.
    network.records[1].swarm_id = AWAY;
    network.spread_list();
    network.run_to(1);
    let to: Vec<_> = pushes(&network).iter().map(|push| push.1).collect();
    assert_eq!(to, [0], "by the one who left, as it holds others' messages");
}

/// An account that moves when node 4 founds [`NEW`].
fn moving(network: &mut Network) -> (SigningKey, NetworkId) {
    let mut records = network.records.clone();
    records[4].swarm_id = NEW;
    let pool = Pool::new(records);
    loop {
        let (key, account) = network.account(HOME);
        if pool.swarm_of(&account).unwrap().id() == NEW {
            return (key, account);
        }
    }
}

/// Before anything is pushed, a second list puts another swarm in the place of the first one's.
#[test]
fn what_moves_twice_arrives_in_the_end() {
    let mut network = network();
    let (_, account) = moving(&mut network);
    store(&mut network, account, DIRECT, b"hello".to_vec());
    join(&mut network, 4, NEW);
    network.records[4].swarm_id = SwarmId::INVALID;
    join(&mut network, 3, SwarmId::new(NEW.get() + 1));
    network.run_to(1);
    assert_eq!(network.held(3).len(), 1);
}

/// What is deleted where it lives now must not come back from where it lived before.
#[test]
fn messages_that_have_moved_are_not_pushed_again_by_the_next_change() {
    let mut network = network();
    let (key, account) = moving(&mut network);
    store(&mut network, account, DIRECT, b"hello".to_vec());
    join(&mut network, 4, NEW);
    network.run_to(1);
    assert_eq!(network.held(4).len(), 1);
    let delete = DeleteAll::new(account, None, network.now.unix);
    let delete = delete.sign(&key).unwrap();
    assert_eq!(network.request(4, Way::Direct, &delete).0, 200);
    assert_eq!(network.held(4), []);
    // Somewhere else a swarm is founded.
    join(&mut network, 3, SwarmId::new(3 << 62));
    network.run_to(5);
    assert_eq!(network.held(4), [], "deleted is deleted");
}

/// A full node still gives its messages away while clients keep it busy.
#[test]
fn a_busy_node_hands_over_all_the_same() {
    let swarms = [HOME, HOME, AWAY, AWAY, SwarmId::INVALID];
    let config = Config::default().with_max_pending(1);
    let mut network = Network::of(&swarms, config, usize::MAX);
    filled(&mut network, 3, 10);
    network.run_to(100);
    // One request that nobody answers.
    let (_, account) = network.account(HOME);
    let store = network::text(b"last", account, network.now);
    network.send(0, Way::Direct, &store);
    let under_way = network.drain(0).transmits;
    assert_eq!(under_way.len(), 1);
    network.down = [1].into();
    join(&mut network, 4, HOME);
    network.run_to(101);
    let failure = Err(TransportFailure::Timeout);
    network.nodes[0].handle_reply(under_way[0].id, failure, network.now, &mut network.rng);
    network.run_to(200);
    assert_eq!(network.held(4), network.held(0));
    assert_eq!(network.held(4).len(), 4);
}

/// Also where there is nothing to push, others get their turn after each piece.
#[test]
fn a_walk_rests_between_pieces() {
    let mut network = network();
    filled(&mut network, 30, 60_000);
    // The ring changes far away.
    network.records[3].swarm_id = SwarmId::new(AWAY.get() + 1);
    network.spread_list();
    network.nodes[0].handle_timeout(at(1), &mut network.rng);
    let next = at(1).monotonic + Duration::from_millis(10);
    for _ in 0..50 {
        let drained = network.drain(0);
        assert_eq!((drained.transmits.len(), drained.wait), (0, Some(next)));
        network.nodes[0].handle_timeout(at(1), &mut network.rng);
    }
    network.run_to(2);
    assert_eq!(network.drain(0).wait, Some(Duration::from_secs(11)));
}

#[test]
fn a_node_that_is_gone_is_sent_nothing_again() {
    let mut network = network();
    filled(&mut network, 3, 10);
    join(&mut network, 4, HOME);
    network.nodes[0].handle_timeout(at(1), &mut network.rng);
    let [push] = network.drain(0).transmits.try_into().unwrap();
    network.records.pop();
    network.spread_list();
    let failure = Err(TransportFailure::Timeout);
    network.nodes[0].handle_reply(push.id, failure, at(2), &mut network.rng);
    assert!(network.drain(0).transmits.is_empty());
}

/// However much there is, one call reads one piece.
#[test]
fn one_call_reads_one_piece() {
    let mut network = network();
    filled(&mut network, 40, 60_000);
    let all: usize = network.held(0).iter().map(|held| held.4.len()).sum();
    assert!(all > 4 * 512 * 1024);
    join(&mut network, 4, HOME);
    network.nodes[0].handle_timeout(at(1), &mut network.rng);
    let sent = network.drain(0).transmits;
    assert_eq!(sent.len(), 1);
}
