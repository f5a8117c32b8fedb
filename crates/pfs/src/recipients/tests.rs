use alloc::format;
use alloc::vec;
use core::time::Duration;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use session_crypto::rand_core::SeedableRng;
use session_identity::{Account, Seed};

use super::*;
use crate::{KeyPair, KeySeed, PublicKeys, write_publication};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = HOUR.saturating_mul(24);

fn account(number: u8) -> Account {
    Account::from_seed(&Seed::from([number; 32]))
}

/// The contact that most tests write to.
fn bob() -> AccountId {
    account(1).id()
}

fn keys(number: u8) -> PublicKeys {
    KeyPair::of_account_key(&KeySeed::from_bytes([number; 32])).public()
}

fn v2(number: u8) -> Protocol {
    Protocol::V2(keys(number))
}

/// What a member of the swarm says.
#[derive(Clone, Copy)]
enum Says {
    /// These keys are published.
    Keys(u8),
    /// Nothing is.
    Nothing,
    /// Something that is not signed by the contact.
    Forgery,
    /// No answer.
    Fails,
}

/// The machine, a clock, and a record of what came out.
struct Harness {
    machine: RecipientKeys,
    now: UnixMillis,
    /// Fetches that wait for an answer.
    fetches: VecDeque<(FetchId, AccountId, Vec<Member>)>,
    sent: Vec<(u64, Protocol)>,
    events: Vec<Event>,
    saves: usize,
    wait: Option<UnixMillis>,
}

impl Harness {
    fn new(config: Config) -> Self {
        Self {
            machine: RecipientKeys::new(config),
            now: UnixMillis::from_secs(1_800_000_000),
            fetches: VecDeque::new(),
            sent: Vec::new(),
            events: Vec::new(),
            saves: 0,
            wait: None,
        }
    }

    /// One that has Bob's first keys, fetched now.
    fn with_keys(config: Config) -> Self {
        let mut it = Self::new(config);
        it.machine.prefetch(bob(), it.now).unwrap();
        it.poll();
        it.answer(1, Says::Keys(1));
        assert_eq!(it.take_events(), [Event::NewKeys]);
        assert_eq!(it.state(), KeyState::Fresh);
        it
    }

    fn state(&self) -> KeyState {
        self.machine.state(&bob(), self.now)
    }

    fn poll(&mut self) {
        loop {
            match self.machine.poll_output(self.now) {
                Output::Fetch { id, account, avoid } => {
                    self.fetches.push_back((id, account, avoid));
                }
                Output::Send { message, to, how } => {
                    assert_eq!(to, bob());
                    self.sent.push((message, how));
                }
                Output::Event { account, event } => {
                    assert_eq!(account, bob());
                    self.events.push(event);
                }
                Output::Save => self.saves += 1,
                Output::Wait(wait) => {
                    self.wait = wait;
                    return;
                }
            }
        }
    }

    fn send(&mut self, message: u64) {
        self.machine.send(message, bob(), self.now).unwrap();
        self.poll();
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.saturating_add(time);
        self.machine.handle_timeout(self.now);
        self.poll();
    }

    fn answer_id(&mut self, id: FetchId, member: u8, says: Says) {
        let message = match says {
            Says::Keys(number) => Some((1, number)),
            Says::Forgery => Some((2, 9)),
            Says::Nothing | Says::Fails => None,
        };
        let message = message.map(|(signer, number)| {
            let mut rng = ChaCha20Rng::from_seed([3; 32]);
            write_publication(&account(signer), &keys(number), &mut rng).unwrap()
        });
        let messages: Vec<_> = message.iter().map(|it| (it.as_slice(), self.now)).collect();
        let fetched = match says {
            Says::Fails => Fetched::Failed,
            _ => Fetched::Messages(&messages),
        };
        let now = self.now;
        self.machine.handle_fetched(id, [member; 32], fetched, now);
        self.poll();
    }

    /// Answers the oldest fetch.
    fn answer(&mut self, member: u8, says: Says) {
        let (id, account, _) = self.fetches.pop_front().expect("a fetch");
        assert_eq!(account, bob());
        self.answer_id(id, member, says);
    }

    fn take_sent(&mut self) -> Vec<(u64, Protocol)> {
        core::mem::take(&mut self.sent)
    }

    fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    fn restart(&mut self, config: Config) {
        let bytes = self.machine.save();
        self.machine = RecipientKeys::restore(config, &bytes, self.now).unwrap();
        assert_eq!(self.machine.save(), bytes);
        self.fetches.clear();
        self.poll();
    }
}

// The rows of §8.2.

#[test]
fn fresh_keys_are_used() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(DAY - SECOND);
    it.send(1);
    assert_eq!(it.take_sent(), [(1, v2(1))]);
    assert!(it.fetches.is_empty());
    assert_eq!(it.wait, None);
}

#[test]
fn stale_keys_are_used_and_fetched() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(DAY);
    assert_eq!(it.state(), KeyState::Stale);
    it.send(1);
    it.send(2);
    assert_eq!(it.take_sent(), [(1, v2(1)), (2, v2(1))]);
    assert_eq!(it.fetches.len(), 1);
    it.answer(1, Says::Keys(2));
    assert_eq!(it.take_events(), [Event::NewKeys]);
    it.send(3);
    assert_eq!(it.take_sent(), [(3, v2(2))]);
    assert!(it.fetches.is_empty());
}

#[test]
fn unchanged_keys_are_no_news() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(DAY);
    it.machine.prefetch(bob(), it.now).unwrap();
    it.poll();
    let saves = it.saves;
    it.answer(1, Says::Keys(1));
    assert_eq!(it.take_events(), []);
    assert_eq!(it.state(), KeyState::Fresh);
    assert_eq!(it.saves, saves + 1);
}

#[test]
fn expired_keys_wait_for_new_ones() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(2 * DAY + SECOND);
    it.send(1);
    it.send(2);
    assert_eq!(it.take_sent(), []);
    assert_eq!(it.fetches.len(), 1);
    it.answer(1, Says::Keys(2));
    assert_eq!(it.take_sent(), [(1, v2(2)), (2, v2(2))]);
    assert_eq!(it.take_events(), [Event::NewKeys]);
}

#[test]
fn without_keys_the_answer_decides() {
    for (says, transition, how, state) in [
        (Says::Keys(1), true, v2(1), KeyState::Fresh),
        (Says::Nothing, true, Protocol::V1, KeyState::Nak),
        (Says::Nothing, false, Protocol::V2WithoutPfs, KeyState::Nak),
        (Says::Forgery, true, Protocol::V1, KeyState::Nak),
        // Never recorded as absence (R10a).
        (Says::Fails, true, Protocol::V1, KeyState::Unknown),
        (
            Says::Fails,
            false,
            Protocol::V2WithoutPfs,
            KeyState::Unknown,
        ),
    ] {
        let mut it = Harness::new(Config::default().with_transition(transition));
        it.send(1);
        it.send(2);
        assert_eq!((it.take_sent(), it.fetches.len()), (vec![], 1));
        it.answer(1, says);
        assert_eq!(it.take_sent(), [(1, how.clone()), (2, how)]);
        assert_eq!(it.state(), state);
        assert!(!it.events.contains(&Event::Downgraded));
    }
}

#[test]
fn absence_is_believed_for_an_hour() {
    let mut it = Harness::new(Config::default());
    it.send(1);
    it.answer(1, Says::Nothing);
    it.take_sent();
    it.pass(HOUR - SECOND);
    it.machine.prefetch(bob(), it.now).unwrap();
    it.send(2);
    assert_eq!(it.take_sent(), [(2, Protocol::V1)]);
    assert!(it.fetches.is_empty());
    it.pass(SECOND);
    it.send(3);
    assert_eq!((it.take_sent(), it.fetches.len()), (vec![], 1));
}

#[test]
fn the_next_message_after_a_failure_asks_again() {
    let mut it = Harness::new(Config::default());
    it.send(1);
    it.answer(1, Says::Fails);
    it.send(2);
    it.answer(1, Says::Keys(1));
    assert_eq!(it.take_sent(), [(1, Protocol::V1), (2, v2(1))]);
}

// R10: downgrade.

#[test]
fn absence_needs_a_second_opinion() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(3 * DAY);
    it.send(1);
    it.answer(7, Says::Nothing);
    assert_eq!(it.take_sent(), []);
    assert_eq!(it.fetches[0].2, [[7; 32]]);
    it.answer(8, Says::Keys(2));
    assert_eq!(it.take_sent(), [(1, v2(2))]);
    assert_eq!(it.take_events(), [Event::NewKeys]);
}

#[test]
fn two_that_agree_are_believed_and_the_user_is_told_once() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(3 * DAY);
    for message in 1..3 {
        it.send(message);
        it.answer(7, Says::Nothing);
        it.answer(8, Says::Nothing);
        assert_eq!(it.take_sent(), [(message, Protocol::V1)]);
        let told: &[Event] = match message {
            1 => &[Event::KeysLost, Event::Downgraded],
            _ => &[],
        };
        assert_eq!(it.take_events(), told);
        // There are keys still, so absence does not keep from asking.
        assert_eq!(it.state(), KeyState::Expired);
        it.restart(Config::default());
    }
    it.send(3);
    it.answer(7, Says::Keys(1));
    assert_eq!(
        (it.take_sent(), it.take_events()),
        (vec![(3, v2(1))], vec![])
    );
    it.pass(3 * DAY);
    it.send(4);
    it.answer(7, Says::Nothing);
    it.answer(8, Says::Nothing);
    assert_eq!(it.take_events(), [Event::KeysLost, Event::Downgraded]);
}

#[test]
fn the_same_member_twice_is_no_second_opinion() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(3 * DAY);
    it.send(1);
    it.answer(7, Says::Nothing);
    it.answer(7, Says::Nothing);
    it.answer(7, Says::Nothing);
    // Three are asked at most; that there are none is not established.
    assert!(it.fetches.is_empty());
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
    assert_eq!(it.take_events(), [Event::Downgraded]);
}

#[test]
fn failures_are_no_opinion() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(3 * DAY);
    it.send(1);
    it.answer(7, Says::Fails);
    it.answer(8, Says::Nothing);
    assert_eq!(it.fetches[0].2, [[7; 32], [8; 32]]);
    it.answer(9, Says::Nothing);
    assert_eq!(it.take_events(), [Event::KeysLost, Event::Downgraded]);

    let mut it = Harness::with_keys(Config::default());
    it.pass(3 * DAY);
    it.send(1);
    for member in 7..10 {
        it.answer(member, Says::Fails);
    }
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
    assert_eq!(it.take_events(), [Event::Downgraded]);
}

#[test]
fn lost_keys_are_used_while_they_are_not_expired() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(DAY);
    it.send(1);
    it.answer(7, Says::Nothing);
    it.answer(8, Says::Nothing);
    it.send(2);
    assert_eq!(it.take_sent(), [(1, v2(1)), (2, v2(1))]);
    assert_eq!(it.take_events(), [Event::KeysLost]);
    assert_eq!(it.state(), KeyState::Stale);
}

#[test]
fn after_30_days_there_is_nothing_to_protect() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(30 * DAY);
    assert_eq!(it.state(), KeyState::Expired);
    it.pass(Duration::from_millis(1));
    assert_eq!(it.state(), KeyState::Unknown);
    assert_eq!(it.machine.save(), [1, 0, 0]);
    it.send(1);
    it.answer(7, Says::Nothing);
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
    assert_eq!(it.take_events(), []);
}

#[test]
fn never_below_pfs() {
    let config = Config::default().with_never_below_pfs(true);
    let mut it = Harness::with_keys(config);
    it.pass(3 * DAY);
    it.send(1);
    for member in 7..10 {
        it.answer(member, Says::Fails);
    }
    assert_eq!(it.take_events(), [Event::Held]);
    assert_eq!(it.wait, it.now.checked_add(config.retry));
    // Another message asks at once, and stands behind the first; then time does.
    it.send(2);
    it.answer(7, Says::Nothing);
    it.answer(8, Says::Nothing);
    assert_eq!(it.take_events(), [Event::KeysLost]);
    it.pass(config.retry);
    it.answer(7, Says::Nothing);
    it.answer(8, Says::Nothing);
    // Not even after 30 days.
    for _ in 0..31 {
        it.pass(DAY);
        it.answer(7, Says::Nothing);
        it.answer(8, Says::Nothing);
    }
    assert_eq!((it.take_events(), it.take_sent()), (vec![], vec![]));
    it.pass(config.retry);
    it.answer(9, Says::Keys(2));
    assert_eq!(it.take_sent(), [(1, v2(2)), (2, v2(2))]);
    assert_eq!((it.take_events(), it.wait), (vec![Event::NewKeys], None));

    // Who never had keys is written to as ever.
    let mut it = Harness::new(config);
    it.send(1);
    it.answer(7, Says::Nothing);
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
}

#[test]
fn the_user_may_accept_that_there_are_no_keys() {
    let mut it = Harness::with_keys(Config::default().with_never_below_pfs(true));
    it.pass(3 * DAY);
    it.send(1);
    it.send(2);
    for member in 7..10 {
        it.answer(member, Says::Fails);
    }
    assert!(it.machine.cancel(1, &bob()));
    assert!(!it.machine.cancel(1, &bob()));
    it.machine.forget(&bob(), it.now);
    it.poll();
    it.answer(7, Says::Nothing);
    assert_eq!(it.take_sent(), [(2, Protocol::V1)]);
    assert_eq!(it.take_events(), [Event::Held]);

    // Or that the message is not sent.
    let mut it = Harness::with_keys(Config::default().with_never_below_pfs(true));
    it.pass(3 * DAY);
    it.send(1);
    for member in 7..10 {
        it.answer(member, Says::Fails);
    }
    assert!(it.wait.is_some());
    it.machine.cancel(1, &bob());
    it.poll();
    assert_eq!(it.wait, None);
}

// R11: rollback.

/// Has Bob's keys 1, then 2, then 3; they are stale.
fn with_three_keys() -> Harness {
    let mut it = Harness::with_keys(Config::default());
    for number in [2, 3] {
        it.pass(DAY);
        it.send(0);
        it.answer(7, Says::Keys(number));
    }
    it.pass(DAY);
    it.take_events();
    it.take_sent();
    it
}

#[test]
fn one_member_cannot_roll_back() {
    let mut it = with_three_keys();
    it.send(1);
    it.answer(7, Says::Keys(1));
    assert_eq!(it.take_events(), [Event::RolledBack]);
    assert_eq!(it.fetches[0].2, [[7; 32]]);
    it.answer(8, Says::Keys(3));
    it.send(2);
    assert_eq!(it.take_sent(), [(1, v2(3)), (2, v2(3))]);
    assert_eq!(it.take_events(), []);
    assert_eq!(it.state(), KeyState::Fresh);
}

#[test]
fn members_that_disagree_on_older_keys_are_not_believed() {
    let mut it = with_three_keys();
    it.restart(Config::default());
    it.pass(DAY + SECOND);
    it.send(1);
    it.answer(7, Says::Keys(1));
    it.answer(8, Says::Keys(2));
    it.answer(9, Says::Nothing);
    assert!(it.fetches.is_empty());
    // Expired, and no new ones: not the older ones, whatever that means for the message.
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
    assert_eq!(it.take_events(), [Event::RolledBack, Event::Downgraded]);
}

#[test]
fn two_members_can_roll_back() {
    let mut it = with_three_keys();
    it.send(0);
    it.answer(7, Says::Keys(2));
    it.answer(7, Says::Keys(2));
    it.answer(8, Says::Keys(2));
    assert_eq!(it.take_events(), [Event::RolledBack, Event::NewKeys]);
    it.take_sent();
    it.send(1);
    assert_eq!(it.take_sent(), [(1, v2(2))]);
    // They are the present ones; those that came after are new again; those from before are still
    // older.
    it.pass(DAY);
    it.send(0);
    it.answer(7, Says::Keys(2));
    assert_eq!(it.take_events(), []);
    it.pass(DAY);
    it.send(2);
    it.answer(7, Says::Keys(1));
    assert_eq!(it.take_events(), [Event::RolledBack]);
    it.answer(8, Says::Keys(3));
    assert_eq!(it.take_events(), [Event::NewKeys]);
}

#[test]
fn older_keys_are_forgotten_after_30_days() {
    let mut it = with_three_keys();
    // The first were seen last 3 days ago, the second 2 days.
    for _ in 0..2 {
        it.pass(DAY * 27 / 2);
        it.send(1);
        it.answer(7, Says::Keys(3));
    }
    it.pass(DAY);
    it.send(1);
    it.answer(7, Says::Keys(2));
    assert_eq!(it.take_events(), [Event::RolledBack]);
    it.answer(7, Says::Keys(1));
    assert_eq!(it.take_events(), [Event::NewKeys]);
    // That the second ones were shown again counts.
    it.pass(DAY * 27);
    it.send(1);
    it.answer(7, Says::Keys(2));
    assert_eq!(it.take_events(), [Event::RolledBack]);
}

#[test]
fn no_more_than_64_older_keys_are_remembered() {
    let mut it = Harness::with_keys(Config::default());
    let older = contact::MAX_OLDER + 2;
    for number in 2..=u8::try_from(older).unwrap() {
        it.pass(DAY / 4);
        it.machine.ask(bob(), it.now);
        it.poll();
        it.answer(7, Says::Keys(number));
    }
    let known = it.machine.contacts[&bob()].known.as_ref().unwrap();
    assert_eq!(known.older.len(), contact::MAX_OLDER);
    it.restart(Config::default());
}

// R18: clocks.

#[test]
fn a_clock_that_is_moved_back() {
    let mut it = Harness::with_keys(Config::default());
    it.now = it.now.saturating_sub(400 * DAY);
    assert_eq!(it.state(), KeyState::Stale);
    it.send(1);
    assert_eq!(it.take_sent(), [(1, v2(1))]);
    it.answer(7, Says::Keys(1));
    assert_eq!(it.state(), KeyState::Fresh);
}

#[test]
fn deadlines_move_back_with_the_clock() {
    let config = Config::default().with_never_below_pfs(true);
    let mut it = Harness::with_keys(config);
    it.pass(3 * DAY);
    it.send(1);
    it.now = it.now.saturating_sub(HOUR * 12);
    it.poll();
    assert_eq!(it.wait, it.now.checked_add(config.fetch_timeout));
    for member in 7..10 {
        it.answer(member, Says::Fails);
    }
    it.now = it.now.saturating_sub(HOUR);
    it.poll();
    assert_eq!(it.wait, it.now.checked_add(config.retry));
}

// Time, queues, restarts.

#[test]
fn a_fetch_that_is_not_answered_times_out() {
    let config = Config::default();
    let mut it = Harness::new(config);
    it.send(1);
    assert_eq!(it.wait, it.now.checked_add(config.fetch_timeout));
    it.pass(config.fetch_timeout - SECOND);
    assert_eq!(it.take_sent(), []);
    it.pass(SECOND);
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
    assert_eq!((it.state(), it.wait), (KeyState::Unknown, None));
    // Too late, and unknown ids: nothing happens.
    it.answer(1, Says::Keys(1));
    assert_eq!((it.state(), it.saves), (KeyState::Unknown, 0));

    // Where there were keys, others are asked first.
    let mut it = Harness::with_keys(config);
    it.pass(3 * DAY);
    it.send(1);
    for _ in 0..3 {
        assert_eq!(it.take_sent(), []);
        it.pass(config.fetch_timeout);
    }
    assert_eq!(it.take_sent(), [(1, Protocol::V1)]);
    assert_eq!(it.fetches.len(), 3);
}

#[test]
fn at_most_one_fetch_for_each_contact() {
    let mut it = Harness::new(Config::default());
    for message in 0..5 {
        it.machine.prefetch(bob(), it.now).unwrap();
        it.send(message);
    }
    assert_eq!(it.fetches.len(), 1);
    it.answer(1, Says::Nothing);
    assert_eq!(it.take_sent().len(), 5);
}

#[test]
fn queues_are_bounded() {
    let full = |what| Err(Error::Full { what });
    let mut it = Harness::new(Config::default().with_max_waiting(3));
    for message in 0..3 {
        it.send(message);
    }
    assert_eq!(it.machine.send(3, bob(), it.now), full("messages"));
    assert_eq!(it.machine.prefetch(bob(), it.now), full("messages"));
    it.answer(1, Says::Keys(1));
    for message in 3..6 {
        it.machine.send(message, bob(), it.now).unwrap();
    }
    // Not polled.
    assert_eq!(it.machine.send(6, bob(), it.now), full("messages"));
    it.poll();
    assert_eq!(it.take_sent().len(), 6);

    let to = |number| AccountId::new(Prefix::Standard, [number; 32]);
    let mut machine = RecipientKeys::new(Config::default().with_max_contacts(2));
    machine.prefetch(to(1), it.now).unwrap();
    machine.prefetch(to(2), it.now).unwrap();
    assert_eq!(machine.prefetch(to(3), it.now), full("contacts"));
    assert_eq!(machine.send(0, to(3), it.now), full("contacts"));
    machine.send(0, to(1), it.now).unwrap();
}

#[test]
fn contacts_are_forgotten_for_others() {
    let mut it = Harness::with_keys(Config::default().with_max_contacts(2));
    let to = |number| AccountId::new(Prefix::Standard, [number; 32]);
    for number in 20..25 {
        it.machine.prefetch(to(number), it.now).unwrap();
        let Output::Fetch { id, .. } = it.machine.poll_output(it.now) else {
            panic!("no fetch");
        };
        it.machine
            .handle_fetched(id, [1; 32], Fetched::Messages(&[]), it.now);
        it.poll();
        assert_eq!(it.machine.contacts.len(), 2);
    }
    // Those without keys first.
    assert_eq!(it.state(), KeyState::Fresh);
    assert_eq!(it.machine.state(&to(24), it.now), KeyState::Nak);
    assert_eq!(it.machine.state(&to(23), it.now), KeyState::Unknown);

    let saved = it.machine.save();
    let config = Config::default().with_max_contacts(1);
    let restored = RecipientKeys::restore(config, &saved, it.now).unwrap();
    assert_eq!(restored.state(&bob(), it.now), KeyState::Fresh);
    assert_eq!(restored.contacts.len(), 1);
}

#[test]
fn only_accounts_have_keys() {
    let mut it = Harness::new(Config::default());
    let group = AccountId::new(Prefix::Group, [1; 32]);
    assert_eq!(it.machine.send(1, group, it.now), Err(Error::Recipient));
    assert_eq!(it.machine.prefetch(group, it.now), Err(Error::Recipient));
}

#[test]
fn messages_that_were_decided_can_be_cancelled() {
    let mut it = Harness::with_keys(Config::default());
    it.machine.send(1, bob(), it.now).unwrap();
    it.machine.send(2, bob(), it.now).unwrap();
    assert!(it.machine.cancel(1, &bob()));
    assert!(!it.machine.cancel(2, &account(2).id()));
    it.poll();
    assert_eq!(it.take_sent(), [(2, v2(1))]);
}

#[test]
fn what_is_forgotten_is_not_saved() {
    let mut it = Harness::with_keys(Config::default());
    let saves = it.saves;
    it.machine.forget(&bob(), it.now);
    it.machine.forget(&bob(), it.now);
    it.poll();
    assert_eq!(it.saves, saves + 1);
    assert_eq!(it.machine.save(), [1, 0, 0]);
    assert!(it.fetches.is_empty());
}

#[test]
fn a_restart_in_the_middle_of_a_fetch() {
    let mut it = Harness::with_keys(Config::default());
    it.pass(3 * DAY);
    it.send(1);
    it.answer(7, Says::Nothing);
    it.restart(Config::default());
    // The message is the caller's to send again, and the opinions count anew.
    assert_eq!((it.take_sent(), it.wait), (vec![], None));
    it.send(1);
    it.answer(8, Says::Nothing);
    assert_eq!(it.take_sent(), []);
    it.answer(7, Says::Keys(1));
    assert_eq!(it.take_sent(), [(1, v2(1))]);
}

#[test]
fn saved_bytes_stay_readable() {
    let mut it = Harness::new(Config::default());
    it.now = UnixMillis::from_millis(0x0102_0304_0506);
    // Bob: keys 1, then 2; lost an hour later. Carol: none.
    for (number, after) in [(1, DAY), (2, HOUR)] {
        it.machine.prefetch(bob(), it.now).unwrap();
        it.poll();
        it.answer(1, Says::Keys(number));
        it.now = it.now.saturating_add(after);
    }
    it.machine.ask(bob(), it.now);
    it.poll();
    it.answer(1, Says::Nothing);
    it.answer(2, Says::Nothing);
    let carol = AccountId::new(Prefix::Standard, [0xee; 32]);
    it.machine.send(1, carol, it.now).unwrap();
    let Output::Fetch { id, .. } = it.machine.poll_output(it.now) else {
        panic!("no fetch");
    };
    it.machine
        .handle_fetched(id, [1; 32], Fetched::Messages(&[]), it.now);

    let hash = session_crypto::blake2b::hash::<32>(&[
        keys(1).mlkem().as_bytes(),
        keys(1).x25519().as_bytes(),
    ]);
    let expected = [
        &[1, 0, 2],
        &bob().key_bytes()[..],
        &[1 | 2],
        &[0, 0, 1, 2, 8, 0x61, 0x4f, 0x86],
        keys(2).x25519().as_bytes(),
        keys(2).mlkem().as_bytes(),
        &[0, 0, 1, 2, 8, 0x2a, 0x61, 0x06],
        &[1],
        &hash,
        &[0, 0, 1, 2, 3, 4, 5, 6],
        &[0xee; 32],
        &[1],
        &[0, 0, 1, 2, 8, 0x61, 0x4f, 0x86],
    ]
    .concat();
    let saved = it.machine.save();
    assert_eq!(saved, expected);
    let restored = RecipientKeys::restore(Config::default(), &saved, it.now).unwrap();
    assert_eq!(restored.save(), saved);
}

#[test]
fn what_is_too_old_is_not_restored() {
    let it = Harness::with_keys(Config::default());
    let saved = it.machine.save();
    let restore = |after| {
        let now = it.now.saturating_add(after);
        RecipientKeys::restore(Config::default(), &saved, now).unwrap()
    };
    assert_eq!(restore(30 * DAY).save(), saved);
    assert_eq!(restore(30 * DAY + SECOND).save(), [1, 0, 0]);
}

#[test]
fn bad_states_are_refused() {
    let it = Harness::with_keys(Config::default());
    let good = it.machine.save();
    let restore = |bytes: &[u8]| {
        let machine = RecipientKeys::restore(Config::default(), bytes, it.now);
        machine.map(|machine| machine.save())
    };
    let malformed = Err(Error::Malformed {
        what: "saved keys of contacts",
    });
    assert_eq!(restore(&good).as_deref(), Ok(good.as_slice()));
    for len in 0..good.len() {
        assert_eq!(restore(&good[..len]), malformed);
    }
    assert_eq!(restore(&[&*good, &[0]].concat()), malformed);
    let changed = |at: usize, byte| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        restore(&bytes)
    };
    let version = Err(Error::Version {
        what: "saved keys of contacts",
    });
    assert_eq!(changed(0, 2), version);
    assert_eq!(changed(0, 0), version);
    for flags in [0, 4, 8 | 2] {
        assert_eq!(changed(35, flags), malformed, "{flags}");
    }
    assert_eq!(changed(good.len() - 1, 65), malformed);
    // A key of low order, and coefficients beyond the modulus.
    let mut bytes = good.clone();
    bytes[36..68].fill(0);
    assert_eq!(restore(&bytes), malformed);
    let mut bytes = good.clone();
    bytes[68..70].fill(0xff);
    assert_eq!(restore(&bytes), malformed);
    // The same contact twice.
    let twice = [&[1, 0, 2], &good[3..], &good[3..]].concat();
    assert_eq!(restore(&twice), malformed);
}

#[test]
fn debug_shows_no_ids() {
    let mut it = Harness::with_keys(Config::default());
    it.machine.send(1, bob(), it.now).unwrap();
    let text = format!("{:?}", it.machine);
    assert_eq!(text, "RecipientKeys { contacts: 1, waiting: 1, .. }");
    let secret: &[(&[u8], UnixMillis)] = &[(b"bytes", it.now)];
    assert_eq!(format!("{:?}", Fetched::Messages(secret)), "Messages(1)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever swarms say and clocks show, every message comes out once and in order, and the
    /// machine never asks for more than three opinions.
    #[test]
    fn messages_come_out_once_and_in_order(
        steps in proptest::collection::vec((0u8..8, 0u8..4), 1..60),
        transition: bool,
    ) {
        let mut it = Harness::new(Config::default().with_transition(transition));
        let mut next = 0;
        for (step, choice) in steps {
            match step {
                0..=2 => {
                    it.send(next);
                    next += 1;
                }
                3 => it.pass([SECOND * 30, HOUR, DAY, 3 * DAY][usize::from(choice)]),
                4 => {
                    it.now = it.now.saturating_sub([SECOND, HOUR, DAY, 3 * DAY][usize::from(choice)]);
                    it.poll();
                }
                _ => {
                    let says = [Says::Keys(1), Says::Keys(2), Says::Nothing, Says::Fails];
                    if !it.fetches.is_empty() {
                        it.answer(step, says[usize::from(choice)]);
                    }
                }
            }
        }
        for member in 10..13 {
            while !it.fetches.is_empty() {
                it.answer(member, Says::Fails);
            }
            it.pass(SECOND * 30);
        }
        prop_assert_eq!(it.wait, None);
        let sent: Vec<u64> = it.sent.iter().map(|(message, _)| *message).collect();
        prop_assert_eq!(sent, (0..next).collect::<Vec<_>>());
    }
}
