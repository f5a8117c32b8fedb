//! Published keys, and senders that are told of them by swarms which lie.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;
use std::time::Duration;

use session_core::{AccountId, UnixMillis};
use session_crypto::{ed25519, xed25519};
use session_pfs::recipients::{Config, Event, FetchId, Fetched, KeyState, Output, Protocol};
use session_pfs::{
    Error, KeyPair, KeySeed, PUBLICATION_LEN, PublicKeys, RecipientKeys, newest_publication,
    read_publication, write_publication,
};

use crate::bytes::Bytes;
use crate::network::{ACCOUNTS, rng, start};

/// Keys, and the message with which each account publishes them.
struct Published {
    keys: PublicKeys,
    messages: [Vec<u8>; 3],
}

static PUBLISHED: LazyLock<[Published; 3]> = LazyLock::new(|| {
    [11, 12, 13].map(|byte| {
        let seed = KeySeed::from_bytes([byte; 32]);
        let keys = KeyPair::of_account_key(&seed).public();
        let message = |index: usize| {
            write_publication(&ACCOUNTS[index], &keys, &mut rng()).expect("infallible")
        };
        let messages = [0, 1, 2].map(message);
        Published { keys, messages }
    })
});

/// Publications as they come, publications whose dict the harness signs, and senders that are
/// answered by them.
pub fn account_pubkey(data: &[u8]) {
    let mut bytes = Bytes(data);
    match bytes.byte() % 4 {
        0 => check(bytes.rest()),
        // Any dict.
        1 => check(&signed([b"d", bytes.rest()].concat())),
        // The dict as it is written, with a byte changed, other entries around it, and bytes after.
        2 => {
            let (before, after) = (bytes.piece(), bytes.piece());
            let (at, mask) = (usize::from(bytes.u16()), bytes.byte());
            let body = &PUBLISHED[0].messages[0][1..PUBLICATION_LEN - 71];
            let mut body = [b"d", before, body, after].concat();
            let at = at % body.len();
            body[at] ^= mask;
            let mut message = signed(body);
            message.extend(bytes.rest());
            check(&message);
        }
        _ => senders(bytes),
    }
}

/// A dict that is not closed yet, with the signature of the first account and the end.
fn signed(mut dict: Vec<u8>) -> Vec<u8> {
    let signature = xed25519::sign(ACCOUNTS[0].x25519_key(), &dict, &mut rng());
    dict.extend(b"1:~64:");
    dict.extend(signature.as_bytes());
    dict.push(b'e');
    dict
}

fn check(message: &[u8]) {
    let [account, other, _] = &*ACCOUNTS;
    let read = read_publication(&account.id(), message);
    let time = UnixMillis::default();
    let newest = newest_publication(&account.id(), [(message, time)]);
    assert_eq!(newest, read.clone().ok());
    let Ok(keys) = read else {
        return;
    };
    // They can be encrypted to, and published again.
    assert!(!keys.x25519().is_low_order());
    let again = write_publication(account, &keys, &mut rng()).expect("infallible");
    assert_eq!(again.len(), PUBLICATION_LEN);
    assert_eq!(read_publication(&account.id(), &again), Ok(keys));

    let refused = Err(Error::Signature {
        what: "publication",
    });
    assert_eq!(read_publication(&other.id(), message), refused);
    // The last entry of that name: a dict has one, and what it signs comes before it.
    let name = b"1:~64:";
    let at = message.windows(name.len()).rposition(|it| it == name);
    let at = at.expect("it was found") + name.len();
    for byte in [0, 31, 32, ed25519::Signature::LEN - 1] {
        let mut changed = message.to_vec();
        changed[at + byte] ^= 0x10;
        assert_eq!(read_publication(&account.id(), &changed), refused);
    }
}

/// Any sequence of messages, answers, times and restarts.
fn senders(mut bytes: Bytes<'_>) {
    let choices = bytes.byte();
    let config = Config::default()
        .with_transition(choices & 1 == 0)
        .with_never_below_pfs(choices & 2 != 0)
        .with_max_contacts((choices >> 2 & 3).into())
        .with_max_waiting(8);
    let mut world = World {
        config,
        machine: RecipientKeys::new(config),
        now: start().unix,
        fetches: BTreeMap::new(),
        waiting: Default::default(),
    };
    let mut next = 0;
    while !bytes.is_empty() {
        world.step(&mut bytes, &mut next);
        world.poll();
    }
}

struct World {
    config: Config,
    machine: RecipientKeys,
    now: UnixMillis,
    /// The request to the swarm of each account that counts.
    fetches: BTreeMap<AccountId, FetchId>,
    /// The messages to each account that have not come out.
    waiting: [VecDeque<u64>; 3],
}

impl World {
    fn step(&mut self, bytes: &mut Bytes<'_>, next: &mut u64) {
        let index = usize::from(bytes.byte() % 3);
        let account = ACCOUNTS[index].id();
        match bytes.byte() % 12 {
            0..=2 => {
                *next += 1;
                match self.machine.send(*next, account, self.now) {
                    Ok(()) => self.waiting[index].push_back(*next),
                    Err(error) => self.check_full(error),
                }
            }
            3 => {
                if let Err(error) = self.machine.prefetch(account, self.now) {
                    self.check_full(error);
                }
            }
            4..=7 => self.answer(index, bytes),
            8 => {
                let by = Duration::from_secs(60 * u64::from(bytes.u16()));
                self.now = if bytes.flag() {
                    self.now.saturating_sub(by)
                } else {
                    self.now.saturating_add(by)
                };
            }
            9 => {
                self.machine.handle_timeout(self.now);
                self.poll();
                if let Output::Wait(Some(at)) = self.machine.poll_output(self.now) {
                    assert!(at > self.now, "a deadline that is over");
                    let longest = self.config.fetch_timeout.max(self.config.retry);
                    assert!(at.abs_diff(self.now) <= longest);
                }
            }
            10 => {
                let message = self.waiting[index].get(usize::from(bytes.byte() & 7));
                match message.copied() {
                    Some(message) if bytes.flag() => {
                        assert!(self.machine.cancel(message, &account));
                        self.waiting[index].retain(|it| *it != message);
                        assert!(!self.machine.cancel(message, &account));
                    }
                    _ => {
                        self.machine.forget(&account, self.now);
                        self.fetches.remove(&account);
                    }
                }
            }
            _ => self.restart(bytes.piece()),
        }
    }

    fn check_full(&self, error: Error) {
        let waiting: usize = self.waiting.iter().map(VecDeque::len).sum();
        match error {
            Error::Full { what: "messages" } => assert_eq!(waiting, self.config.max_waiting),
            Error::Full { what: "contacts" } => assert!(self.config.max_contacts < 3),
            other => panic!("{other}"),
        }
    }

    fn answer(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let account = ACCOUNTS[index].id();
        let Some(id) = self.fetches.remove(&account) else {
            return;
        };
        let member = [bytes.byte() % 4; 32];
        let from = |message| (message, UnixMillis::from_millis(7));
        let published = |number: u8| PUBLISHED[usize::from(number % 3)].messages[index].as_slice();
        let messages = match bytes.byte() % 8 {
            number @ 0..=2 => vec![from(published(number))],
            // Of equal times the last.
            number @ 3..=4 => vec![from(published(number)), from(bytes.piece())],
            5 => vec![from(PUBLISHED[0].messages[(index + 1) % 3].as_slice())],
            6 => Vec::new(),
            _ => return self.handle(id, member, Fetched::Failed),
        };
        self.handle(id, member, Fetched::Messages(&messages));
    }

    fn handle(&mut self, id: FetchId, member: [u8; 32], fetched: Fetched<'_>) {
        self.machine.handle_fetched(id, member, fetched, self.now);
        // Once is enough.
        let saved = self.machine.save();
        self.machine
            .handle_fetched(id, member, Fetched::Messages(&[]), self.now);
        assert_eq!(self.machine.save(), saved);
    }

    /// Messages that wait are sent again, as after a crash.
    fn restart(&mut self, foreign: &[u8]) {
        if let Ok(machine) = RecipientKeys::restore(self.config, foreign, self.now) {
            assert!(machine.save().len() <= foreign.len());
        }
        let restore = |bytes: &[u8]| {
            RecipientKeys::restore(self.config, bytes, self.now).expect("just saved")
        };
        let restored = restore(&self.machine.save());
        let saved = restored.save();
        assert_eq!(restore(&saved).save(), saved);
        for account in ACCOUNTS.iter() {
            let state = |machine: &RecipientKeys| machine.state(&account.id(), self.now);
            let (before, after) = (state(&self.machine), state(&restored));
            // What is older than 30 days stays only while messages wait.
            assert!(before == after || (before, after) == (KeyState::Expired, KeyState::Unknown));
        }
        self.machine = restored;
        self.fetches.clear();
        for (account, waiting) in ACCOUNTS.iter().zip(&mut self.waiting) {
            for message in core::mem::take(waiting) {
                if self.machine.send(message, account.id(), self.now).is_ok() {
                    waiting.push_back(message);
                }
            }
        }
    }

    fn poll(&mut self) {
        loop {
            match self.machine.poll_output(self.now) {
                Output::Fetch { id, account, avoid } => {
                    assert!(avoid.len() <= 2);
                    self.fetches.insert(account, id);
                }
                Output::Send { message, to, how } => self.sent(message, to, how),
                Output::Event { event, .. } => match event {
                    Event::Held => assert!(self.config.never_below_pfs),
                    Event::Downgraded => assert!(!self.config.never_below_pfs),
                    _ => {}
                },
                Output::Save => {
                    assert!(self.machine.save().len() < 3 + 3 * 4096);
                }
                Output::Wait(wait) => {
                    assert_eq!(self.machine.poll_output(self.now), Output::Wait(wait));
                    let held = self.waiting.iter().any(|waiting| !waiting.is_empty());
                    assert!(!held || wait.is_some(), "messages that nothing releases");
                    return;
                }
                other => panic!("unknown output {other:?}"),
            }
        }
    }

    /// Messages to an account come out once and in order, to keys that it published, and not below
    /// what is known.
    fn sent(&mut self, message: u64, to: AccountId, how: Protocol) {
        let index = ACCOUNTS.iter().position(|account| account.id() == to);
        let index = index.expect("one of them");
        assert_eq!(self.waiting[index].pop_front(), Some(message));
        if let Protocol::V2(keys) = &how {
            assert!(PUBLISHED.iter().any(|it| it.keys == *keys));
            return;
        }
        let transition = self.config.transition;
        assert_eq!(how == Protocol::V1, transition);
        let state = self.machine.state(&to, self.now);
        assert!(!matches!(state, KeyState::Fresh | KeyState::Stale));
        assert!(state != KeyState::Expired || !self.config.never_below_pfs);
    }
}

/// Seeds: publications, dicts to sign, and sequences.
pub fn account_pubkey_seeds() -> Vec<Vec<u8>> {
    let message = &PUBLISHED[1].messages[0];
    let body = &message[1..PUBLICATION_LEN - 71];
    let between = |before: &[u8], after: &[u8], rest: &[u8]| {
        let piece =
            |bytes: &[u8]| [&[0, u8::try_from(bytes.len()).expect("short")], bytes].concat();
        [&[2], &*piece(before), &*piece(after), rest].concat()
    };
    // One step each: message, answer, hours, timeout, restart.
    let send = [0, 0];
    let answer = |member, says| [0, 4, member, says];
    let hours = |hours: u16| {
        let [high, low] = (hours * 60).to_be_bytes();
        [0, 8, high, low, 0]
    };
    let timeout = [0, 9];
    let restart = [0, 11, 0, 0];
    let lost = [
        &[3, 0b1100][..],
        &send,
        &answer(1, 0),
        &hours(49),
        &send,
        &answer(1, 6),
        &answer(2, 6),
        &restart,
        &send,
        &answer(1, 2),
    ];
    let rolled_back = [
        &[3, 0b1101][..],
        &send,
        &answer(1, 0),
        &hours(25),
        &send,
        &answer(1, 1),
        &hours(25),
        &send,
        &answer(1, 0),
        &answer(2, 3),
        &answer(3, 7),
    ];
    let held = [
        &[3, 0b1110][..],
        &send,
        &answer(1, 0),
        &hours(72),
        &send,
        &answer(1, 7),
        &answer(2, 5),
        &answer(3, 6),
        &hours(1),
        &timeout,
        &restart,
        &answer(1, 1),
        &[0, 10, 0, 0],
    ];
    let timeouts = [
        &[3, 0b0101][..],
        &send,
        &[1, 3],
        &hours(1),
        &timeout,
        &[0, 8, 0, 9, 1],
    ];
    vec![
        [&[0], message.as_slice()].concat(),
        [&[1], body].concat(),
        between(b"", b"", &[0, 0, 0]),
        between(b"1:A1:a", b"1:Yle", &[0, 0, 0]),
        between(b"", b"", &[0, 9, 0xff]),
        between(b"", b"", &[0, 0, 0, b'e']),
        lost.concat(),
        rolled_back.concat(),
        held.concat(),
        timeouts.concat(),
    ]
}
