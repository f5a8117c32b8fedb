//! Whatever the seed: on a bad network every message arrives, and arrives once.
//!
//! Cases are drawn from numbers that never change, so a failure repeats; shrinking would not help,
//! as any smaller network is another one.

use std::collections::BTreeSet;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use session_client::Event;
use session_swarm::SwarmId;
use simnet::{Endpoint, Fate, Simulation};

const CASES: u64 = 12;
const SWARMS: usize = 3;
const MINUTE: Duration = Duration::from_secs(60);

/// A network, what happens to it, and what is said in it.
struct Case {
    sim: Simulation,
    rng: ChaCha20Rng,
    /// The numbers that made it, for messages of failures.
    name: String,
}

impl Case {
    fn new(number: u64, loss: u32) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(number);
        let per_swarm = 5 + below(&mut rng, 4);
        let seed = rng.next_u64();
        let name = format!("case {number}: {per_swarm} nodes a swarm, seed {seed}, loss {loss}");
        let sim = Simulation::new(per_swarm * SWARMS, SWARMS, seed).with_loss(loss);
        Self { sim, rng, name }
    }

    fn node_of_each_swarm(&mut self) -> Vec<usize> {
        let records = self.sim.records();
        let swarms: BTreeSet<SwarmId> = records.iter().map(|node| node.swarm_id).collect();
        swarms
            .into_iter()
            .map(|id| {
                let members: Vec<_> = (0..records.len())
                    .filter(|node| records[*node].swarm_id == id)
                    .collect();
                members[below(&mut self.rng, members.len())]
            })
            .collect()
    }

    /// Two people write to each other, a few words every few seconds, while `disturb` happens.
    fn converse(mut self, mut disturb: impl FnMut(&mut Self, usize)) {
        let config = self.sim.client_config();
        let people = [self.sim.add_client(config), self.sim.add_client(config)];
        let mut said = [Vec::new(), Vec::new()];
        for turn in 0..8 {
            disturb(&mut self, turn);
            let who = below(&mut self.rng, 2);
            let text = format!("{turn}");
            self.sim
                .send(people[who], self.sim.account(people[1 - who]), &text);
            said[who].push(text);
            let pause = Duration::from_millis(self.rng.next_u64() % 5000);
            self.sim.run_for(pause);
        }
        let all = |sim: &Simulation| {
            [0, 1].iter().all(|&who| {
                sim.received(people[1 - who]).len() >= said[who].len()
                    && sim.sent(people[who]) >= said[who].len()
            })
        };
        let done = self.sim.run_until(20 * MINUTE, all);
        // Long enough for every member to be asked again, also those that missed something.
        self.sim.run_for(3 * MINUTE);
        for who in [0, 1] {
            let from = self.sim.account(people[who]);
            let mut received: Vec<_> = self.sim.received(people[1 - who]);
            received.sort_by(|a, b| a.1.cmp(&b.1));
            let expected: Vec<_> = said[who].iter().map(|text| (from, text.clone())).collect();
            assert_eq!(received, expected, "{}", self.name);
            let sent = self.sim.sent(people[who]);
            assert_eq!(sent, said[who].len(), "confirmed once each, {}", self.name);
            let bad = |event: &&Event| {
                matches!(event, Event::SendFailed { .. } | Event::Unreadable { .. })
            };
            let bad: Vec<_> = self.sim.events(people[who]).iter().filter(bad).collect();
            assert!(bad.is_empty(), "{bad:?}, {}", self.name);
        }
        assert!(done, "{}", self.name);
    }
}

/// A number below `bound`, which is not 0.
fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    usize::try_from(rng.next_u32()).expect("32 bits fit") % bound
}

#[test]
fn all_messages_arrive_exactly_once_on_a_lossy_network() {
    for number in 0..CASES {
        let loss = u32::try_from(number * 5 % 51).expect("a small number");
        Case::new(number, loss).converse(|_, _| ());
    }
}

#[test]
fn all_messages_arrive_exactly_once_while_a_node_of_each_swarm_dies() {
    for number in 100..100 + CASES {
        let mut case = Case::new(number, 0);
        let victims = case.node_of_each_swarm();
        let turns: Vec<_> = victims.iter().map(|_| below(&mut case.rng, 8)).collect();
        case.converse(|case, now| {
            for (victim, turn) in victims.iter().zip(&turns) {
                if *turn == now {
                    case.sim.kill(*victim);
                }
            }
        });
    }
}

#[test]
fn all_messages_arrive_exactly_once_with_losses_and_deaths() {
    for number in 200..200 + CASES {
        let mut case = Case::new(number, 20);
        let victims = case.node_of_each_swarm();
        case.converse(|case, turn| {
            if let Some(victim) = victims.get(turn) {
                case.sim.kill(*victim);
            }
        });
    }
}

/// Any message may be repeated; those between clients and nodes may also be damaged. Between nodes
/// the transport is authenticated, so nobody on the way can change a copy.
#[test]
fn all_messages_arrive_exactly_once_when_some_are_repeated_or_damaged() {
    for number in 300..300 + CASES {
        let mut case = Case::new(number, 0);
        let mut rng = ChaCha20Rng::seed_from_u64(number);
        case.sim.set_adversary(move |link, bytes| {
            let has_client = |end| matches!(end, Endpoint::Client(_));
            let from_seed = link.from == Endpoint::Seed;
            let damageable = !from_seed && (has_client(link.from) || has_client(link.to));
            match below(&mut rng, 40) {
                0..5 => Fate::Duplicate,
                5..7 if damageable && !bytes.is_empty() => {
                    let at = below(&mut rng, bytes.len());
                    bytes[at] ^= 1 << below(&mut rng, 8);
                    Fate::Deliver
                }
                _ => Fate::Deliver,
            }
        });
        case.converse(|_, _| ());
    }
}
