//! What a user counts on, against a network that misbehaves.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use session_client::Event;
use session_path::Policy;
use session_swarm::{NodeRecord, SwarmId};
use simnet::{Endpoint, Fate, Simulation};

const MINUTE: Duration = Duration::from_secs(60);

fn two_clients(sim: &mut Simulation) -> (usize, usize) {
    let config = sim.client_config();
    (sim.add_client(config), sim.add_client(config))
}

fn texts(sim: &Simulation, client: usize) -> Vec<String> {
    sim.received(client)
        .into_iter()
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn a_message_is_delivered_to_every_member_of_the_swarm() {
    let mut sim = Simulation::new(15, 3, 1);
    let (alice, bob) = two_clients(&mut sim);
    sim.send(alice, sim.account(bob), "hello Bob");
    assert!(sim.run_until(MINUTE, |sim| !sim.received(bob).is_empty()));
    assert_eq!(
        sim.received(bob),
        [(sim.account(alice), "hello Bob".to_owned())]
    );
    assert!(sim.run_until(MINUTE, |sim| sim.sent(alice) == 1));
    for node in sim.swarm_of(sim.account(bob)) {
        assert_eq!(sim.node(node).store().len(), 1, "node {node} has a copy");
    }
    // Both ways, and the answer is not confused with the question.
    sim.send(bob, sim.account(alice), "hello Alice");
    assert!(sim.run_until(MINUTE, |sim| !sim.received(alice).is_empty()));
    assert_eq!(texts(&sim, alice), ["hello Alice"]);
}

#[test]
fn paths_have_three_nodes_of_three_networks_and_no_link_shows_the_text() {
    let mut sim = Simulation::new(15, 3, 2);
    let (alice, bob) = two_clients(&mut sim);
    let leaked = Rc::new(Cell::new(false));
    let seen = Rc::clone(&leaked);
    sim.set_adversary(move |_, bytes| {
        let holds_text = bytes.windows(9).any(|window| window == b"hello Bob");
        seen.set(seen.get() || holds_text);
        Fate::Deliver
    });
    sim.run_for(MINUTE);
    sim.send(alice, sim.account(bob), "hello Bob");
    assert!(sim.run_until(MINUTE, |sim| !sim.received(bob).is_empty()));
    assert!(!leaked.get());
    for path in sim.client(alice).paths().active() {
        let subnet = |node: &NodeRecord| {
            [
                node.ip.octets()[0],
                node.ip.octets()[1],
                node.ip.octets()[2],
            ]
        };
        let mut subnets: Vec<_> = path.nodes().iter().map(subnet).collect();
        subnets.sort();
        subnets.dedup();
        assert_eq!(subnets.len(), 3, "three nodes of three networks");
    }
}

#[test]
fn dead_nodes_are_replaced_and_messages_still_arrive() {
    let mut sim = Simulation::new(18, 3, 3);
    let (alice, bob) = two_clients(&mut sim);
    sim.send(alice, sim.account(bob), "before");
    assert!(sim.run_until(MINUTE, |sim| !sim.received(bob).is_empty()));

    // A member of Bob's swarm, and a node of each of Alice's paths.
    let victims: Vec<usize> = sim.swarm_of(sim.account(bob)).into_iter().take(1).collect();
    let on_paths: Vec<usize> = sim
        .client(alice)
        .paths()
        .active()
        .iter()
        .filter_map(|path| {
            let middle = path.nodes()[1].key;
            (0..18).find(|&node| sim.node(node).own_key() == middle)
        })
        .collect();
    for node in victims.iter().chain(&on_paths) {
        sim.kill(*node);
    }
    sim.send(alice, sim.account(bob), "after");
    assert!(sim.run_until(5 * MINUTE, |sim| sim.received(bob).len() == 2));
    assert_eq!(texts(&sim, bob), ["before", "after"]);
    assert!(sim.run_until(MINUTE, |sim| sim.sent(alice) == 2));
}

#[test]
fn a_dead_guard_is_replaced() {
    let mut sim = Simulation::new(18, 3, 4);
    let (alice, bob) = two_clients(&mut sim);
    sim.run_for(MINUTE);
    let guards: Vec<_> = sim
        .client(alice)
        .paths()
        .active()
        .iter()
        .map(|path| path.nodes()[0].key)
        .collect();
    assert!(!guards.is_empty());
    for node in 0..18 {
        if guards.contains(&sim.node(node).own_key()) {
            sim.kill(node);
        }
    }
    sim.send(alice, sim.account(bob), "hello");
    assert!(sim.run_until(5 * MINUTE, |sim| !sim.received(bob).is_empty()));
}

#[test]
fn a_lost_reply_is_survived_and_the_message_is_there_once() {
    let mut sim = Simulation::new(15, 3, 5);
    let (alice, bob) = two_clients(&mut sim);
    sim.run_for(Duration::from_secs(2));
    let lost = Rc::new(Cell::new(0));
    let count = Rc::clone(&lost);
    sim.set_adversary(move |link, _| {
        // The first two answers to Alice vanish: the stores were done all the same.
        if link.is_reply && link.to == Endpoint::Client(0) && count.get() < 2 {
            count.set(count.get() + 1);
            return Fate::Drop;
        }
        Fate::Deliver
    });
    sim.send(alice, sim.account(bob), "once");
    assert!(sim.run_until(2 * MINUTE, |sim| sim.sent(alice) == 1));
    sim.run_for(2 * MINUTE);
    assert_eq!(lost.get(), 2);
    assert_eq!(texts(&sim, bob), ["once"]);
    let failed = |event: &Event| matches!(event, Event::SendFailed { .. });
    assert!(!sim.events(alice).iter().any(failed));
}

#[test]
fn a_wrong_swarm_is_corrected_by_a_421() {
    let mut sim = Simulation::new(15, 3, 6);
    let (alice, bob) = two_clients(&mut sim);
    // The seed is behind: in truth, every swarm has moved on by one.
    let mut moved = sim.records();
    let mut ids: Vec<SwarmId> = moved.iter().map(|node| node.swarm_id).collect();
    ids.rotate_right(1);
    for (node, id) in moved.iter_mut().zip(ids) {
        node.swarm_id = id;
    }
    sim.set_node_lists(&moved);
    sim.send(alice, sim.account(bob), "found you");
    assert!(sim.run_until(2 * MINUTE, |sim| !sim.received(bob).is_empty()));
    assert_eq!(texts(&sim, bob), ["found you"]);
    for node in sim.swarm_of(sim.account(bob)) {
        assert!(sim.node(node).store().is_empty(), "the old swarm refused");
    }
}

/// Bob is away while his messages move from one swarm to the next, and to those who join it.
#[test]
fn messages_are_found_where_their_swarm_has_gone() {
    let mut sim = Simulation::new(18, 3, 12);
    let (alice, bob) = two_clients(&mut sim);
    sim.run_for(MINUTE);
    let is_away = Rc::new(Cell::new(true));
    let away = Rc::clone(&is_away);
    sim.set_adversary(move |link, _| {
        if away.get() && [link.from, link.to].contains(&Endpoint::Client(bob)) {
            Fate::Drop
        } else {
            Fate::Deliver
        }
    });
    for text in ["one", "two"] {
        sim.send(alice, sim.account(bob), text);
    }
    assert!(sim.run_until(MINUTE, |sim| sim.sent(alice) == 2));
    let old = sim.swarm_of(sim.account(bob));

    // Two nodes of other swarms found one where Bob is; later a third one joins them.
    let founders: Vec<_> = (0..18).filter(|node| !old.contains(node)).collect();
    let here = session_swarm::position(&sim.account(bob).into());
    let mut records = sim.records();
    for step in [&founders[..2], &founders[2..3]] {
        for node in step {
            records[*node].swarm_id = SwarmId::new(here);
        }
        sim.change_swarms(records.clone());
        sim.run_for(MINUTE);
    }
    assert_eq!(sim.swarm_of(sim.account(bob)), founders[..3]);
    for node in &founders[..3] {
        assert_eq!(sim.node(*node).store().len(), 2, "node {node}");
    }
    // What the old swarm still has is of no use to him.
    is_away.set(false);
    assert!(sim.run_until(10 * MINUTE, |sim| sim.received(bob).len() == 2));
    assert_eq!(texts(&sim, bob), ["one", "two"]);
    sim.send(alice, sim.account(bob), "three");
    assert!(sim.run_until(10 * MINUTE, |sim| sim.received(bob).len() == 3));
}

/// A member that is down for a while misses nothing in the end.
#[test]
fn a_member_that_was_cut_off_has_all_messages_in_the_end() {
    let mut sim = Simulation::new(15, 3, 13);
    let (alice, bob) = two_clients(&mut sim);
    sim.run_for(MINUTE);
    let cut = sim.swarm_of(sim.account(bob))[0];
    let is_cut = Rc::new(Cell::new(true));
    let cut_off = Rc::clone(&is_cut);
    sim.set_adversary(move |link, _| {
        if cut_off.get() && link.to == Endpoint::Node(cut) {
            Fate::Drop
        } else {
            Fate::Deliver
        }
    });
    sim.send(alice, sim.account(bob), "hello");
    assert!(sim.run_until(5 * MINUTE, |sim| sim.sent(alice) == 1));
    assert!(sim.node(cut).store().is_empty());
    is_cut.set(false);
    sim.run_for(10 * MINUTE);
    assert_eq!(sim.node(cut).store().len(), 1);
}

#[test]
fn duplicates_are_suppressed() {
    let mut sim = Simulation::new(15, 3, 7);
    let (alice, bob) = two_clients(&mut sim);
    sim.set_adversary(|_, _| Fate::Duplicate);
    for text in ["one", "two", "three"] {
        sim.send(alice, sim.account(bob), text);
    }
    assert!(sim.run_until(2 * MINUTE, |sim| sim.received(bob).len() == 3));
    // Long enough to poll every member of the swarm, each of which starts from its beginning.
    sim.run_for(5 * MINUTE);
    let mut received = texts(&sim, bob);
    received.sort();
    assert_eq!(received, ["one", "three", "two"]);
    assert_eq!(sim.sent(alice), 3);
}

#[test]
fn a_lossy_network_delivers_in_the_end() {
    let mut sim = Simulation::new(15, 3, 8).with_loss(30);
    let (alice, bob) = two_clients(&mut sim);
    for index in 0..10 {
        sim.send(alice, sim.account(bob), &index.to_string());
    }
    assert!(sim.run_until(10 * MINUTE, |sim| sim.received(bob).len() == 10));
}

#[test]
fn changed_bytes_never_become_a_message() {
    let mut sim = Simulation::new(15, 3, 9);
    let (alice, bob) = two_clients(&mut sim);
    sim.run_for(Duration::from_secs(2));
    let mut turn = 0_usize;
    sim.set_adversary(move |_, bytes| {
        turn += 1;
        // Every seventh message is damaged somewhere.
        if turn.is_multiple_of(7) && !bytes.is_empty() {
            let at = turn * 31 % bytes.len();
            bytes[at] ^= 0x20;
        }
        Fate::Deliver
    });
    sim.send(alice, sim.account(bob), "intact");
    assert!(sim.run_until(10 * MINUTE, |sim| !sim.received(bob).is_empty()));
    sim.run_for(2 * MINUTE);
    assert_eq!(texts(&sim, bob), ["intact"]);
}

#[test]
fn a_liar_on_the_path_costs_the_path_and_nothing_else() {
    let mut sim = Simulation::new(18, 3, 10);
    let (alice, bob) = two_clients(&mut sim);
    sim.run_for(Duration::from_secs(2));
    let guard = sim.client(alice).paths().active()[0].nodes()[0].key;
    let liar = (0..18)
        .find(|&node| sim.node(node).own_key() == guard)
        .unwrap();
    sim.set_adversary(move |link, bytes| {
        if link.is_reply && link.from == Endpoint::Node(liar) && link.to == Endpoint::Client(0) {
            bytes.clear();
            bytes.extend_from_slice(br#"{"snodes":[],"swarm":"0"}"#);
        }
        Fate::Deliver
    });
    for index in 0..5 {
        sim.send(alice, sim.account(bob), &index.to_string());
    }
    assert!(sim.run_until(10 * MINUTE, |sim| sim.sent(alice) == 5));
    let strikes = sim.client(alice).paths().strikes();
    let now = sim.now().unix;
    for node in 0..18 {
        let struck_out = strikes.is_struck_out(&sim.node(node).own_key(), now);
        assert!(
            node == liar || !struck_out,
            "honest node {node} was struck out"
        );
    }
}

#[test]
fn a_guard_that_garbles_what_it_relays_is_left() {
    let mut sim = Simulation::new(18, 3, 12);
    // Alice polls rarely, so that nothing but her messages uses the path.
    let quiet = sim.client_config().with_poll_interval(60 * MINUTE);
    let (alice, bob) = (sim.add_client(quiet), sim.add_client(sim.client_config()));
    sim.run_for(Duration::from_secs(2));
    let guard = sim.client(alice).paths().active()[0].nodes()[0].key;
    let liar = (0..18)
        .find(|&node| sim.node(node).own_key() == guard)
        .unwrap();
    sim.set_adversary(move |link, bytes| {
        let relayed = link.from == Endpoint::Node(liar) && !link.is_reply;
        if let (true, Some(byte)) = (relayed, bytes.get_mut(20)) {
            *byte ^= 1;
        }
        Fate::Deliver
    });
    for index in 0..10 {
        sim.send(alice, sim.account(bob), &index.to_string());
        sim.run_for(10 * MINUTE);
    }
    assert_eq!(sim.sent(alice), 10);
}

#[test]
fn a_network_without_enough_nodes_reports_nothing_false() {
    let mut sim = Simulation::new(3, 1, 11);
    let policy = Policy::default();
    let config = sim.client_config().with_policy(policy);
    let (alice, bob) = (sim.add_client(config), sim.add_client(config));
    sim.send(alice, sim.account(bob), "never");
    sim.run_for(10 * MINUTE);
    assert_eq!(
        sim.sent(alice),
        0,
        "three nodes are too few for a path and a destination"
    );
    let failed = |event: &Event| matches!(event, Event::SendFailed { .. });
    assert_eq!(
        sim.events(alice)
            .iter()
            .filter(|event| failed(event))
            .count(),
        1
    );
    assert!(sim.received(bob).is_empty());
}
