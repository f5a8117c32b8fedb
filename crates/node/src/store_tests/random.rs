//! Runs of random calls, compared with the model.

use alloc::vec;
use alloc::vec::Vec;

use session_core::{NetworkId, UnixMillis};
use session_storage::{Message, MessageHash, Namespace, RetrieveLimits, Token};

use super::model::Model;
use super::names::{accounts, other_case};
use super::{clean, everything, hash, time};
use crate::{Expiry, ExpiryMode, MessageStore, NewMessage, REVOCATION_LIFE, Selection, Stored};

const HASHES: u8 = 16;
/// More than an account may have revoked.
const TOKENS: u64 = 70;
const NAMESPACES: [i16; 6] = [0, 2, -1, -21, 11, i16::MIN];

/// Makes `steps` random calls, which `seed` decides, and compares every answer, and what is in the
/// store afterwards, with a model. Before some of the calls the store goes through `reopen`: one
/// that is durable can be closed and opened again there.
pub fn random<S: MessageStore>(
    seed: u64,
    steps: usize,
    mut store: S,
    mut reopen: impl FnMut(S) -> S,
) {
    let mut dice = Dice(seed);
    let mut model = Model::default();
    for step in 0..steps {
        if dice.below(10) == 0 {
            store = reopen(store);
        }
        let call = Call::random(&mut dice);
        let answer = call.make(&mut store);
        let expected = call.make(&mut model);
        assert_eq!(answer, expected, "seed {seed}, step {step}: {call:?}");
        let (look, limits) = (Look::random(&mut dice), (step, seed));
        let (seen, expected) = (look.at(&store), look.at(&model));
        assert_eq!(
            seen, expected,
            "(step, seed) {limits:?}: after {call:?}, {look:?}"
        );
    }
}

/// Two and two differ in the case of letters only.
fn similar_hash(number: u8) -> MessageHash {
    let hash = hash(number / 2);
    match number % 2 {
        0 => hash,
        _ => other_case(&hash),
    }
}

/// Two and two differ in the last byte only.
fn similar_token(number: u8) -> Token {
    let mut bytes = [number / 2; Token::LEN];
    bytes[Token::LEN - 1] = number;
    Token::from_bytes(bytes)
}

/// SplitMix64: enough for tests, and no dependency.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn byte(&mut self, end: u64) -> u8 {
        u8::try_from(self.below(end)).expect("a small end")
    }

    fn account(&mut self) -> NetworkId {
        accounts()[usize::from(self.byte(3))]
    }

    fn namespace(&mut self) -> Namespace {
        Namespace::new(NAMESPACES[usize::from(self.byte(6))])
    }

    fn one_or_all(&mut self) -> Option<Namespace> {
        (self.below(3) > 0).then(|| self.namespace())
    }

    fn hash(&mut self) -> MessageHash {
        similar_hash(self.byte(HASHES.into()))
    }

    /// One of few times, so that many are equal.
    fn time(&mut self) -> UnixMillis {
        time(self.below(20))
    }

    fn some<T>(&mut self, max: u64, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(max)).map(|_| one(self)).collect()
    }

    fn message(&mut self) -> NewMessage<'static> {
        let data = vec![self.byte(256); usize::from(self.byte(50))];
        NewMessage {
            account: self.account(),
            namespace: self.namespace(),
            message: Message::new(self.hash(), self.time(), self.time(), data),
        }
    }

    fn tokens(&mut self) -> Vec<Token> {
        self.some(20, |dice| similar_token(dice.byte(TOKENS)))
    }
}

/// A call that may change the store.
#[derive(Debug)]
enum Call {
    Put(NewMessage<'static>),
    PutAll(Vec<NewMessage<'static>>),
    DeleteHashes(NetworkId, Vec<MessageHash>),
    Delete(NetworkId, Selection<'static>),
    Expire(NetworkId, Vec<(MessageHash, UnixMillis)>, ExpiryMode),
    ExpireAll(NetworkId, Option<Namespace>, UnixMillis),
    Revoke(NetworkId, Vec<Token>, UnixMillis),
    Unrevoke(NetworkId, Vec<Token>, UnixMillis),
    Clean(UnixMillis),
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Stored(Stored),
    Messages(Vec<(Namespace, MessageHash)>),
    Expiries(Vec<Expiry>),
    Count(usize),
    Done,
}

impl Call {
    fn random(dice: &mut Dice) -> Self {
        match dice.below(40) {
            0..18 => Self::Put(dice.message()),
            18..20 => Self::PutAll(dice.some(8, Dice::message)),
            20..24 => Self::DeleteHashes(dice.account(), dice.some(5, Dice::hash)),
            24..26 => {
                let which = Selection::Before(dice.one_or_all(), dice.time());
                Self::Delete(dice.account(), which)
            }
            26 => Self::Delete(dice.account(), Selection::All(dice.one_or_all())),
            27..31 => {
                let mode = match dice.below(3) {
                    0 => ExpiryMode::Set,
                    1 => ExpiryMode::Extend,
                    _ => ExpiryMode::Shorten,
                };
                let changes = dice.some(8, |dice| (dice.hash(), dice.time()));
                Self::Expire(dice.account(), changes, mode)
            }
            31 => Self::ExpireAll(dice.account(), dice.one_or_all(), dice.time()),
            32..37 => Self::Revoke(dice.account(), dice.tokens(), dice.time()),
            37 => Self::Unrevoke(dice.account(), dice.tokens(), dice.time()),
            38 => Self::Clean(dice.time()),
            _ => Self::Clean(dice.time().saturating_add(REVOCATION_LIFE)),
        }
    }

    fn make<S: MessageStore>(&self, store: &mut S) -> Answer {
        const DONE: &str = "the store can be changed";
        match self {
            Self::Put(message) => Answer::Stored(store.put(message).expect(DONE)),
            Self::PutAll(messages) => Answer::Count(store.put_all(messages).expect(DONE)),
            Self::DeleteHashes(account, hashes) => {
                let which = Selection::Hashes(hashes);
                Answer::Messages(store.delete(account, which).expect(DONE))
            }
            Self::Delete(account, which) => {
                Answer::Messages(store.delete(account, *which).expect(DONE))
            }
            Self::Expire(account, changes, mode) => {
                Answer::Expiries(store.expire(account, changes, *mode).expect(DONE))
            }
            Self::ExpireAll(account, namespace, expiry) => {
                let changed = store.expire_all(account, *namespace, *expiry);
                Answer::Messages(changed.expect(DONE))
            }
            Self::Revoke(account, tokens, at) => {
                store.revoke(account, tokens, *at).expect(DONE);
                Answer::Done
            }
            Self::Unrevoke(account, tokens, at) => {
                Answer::Count(store.unrevoke(account, tokens, *at).expect(DONE))
            }
            Self::Clean(now) => {
                clean(store, *now);
                Answer::Done
            }
        }
    }
}

/// What is looked at after every call; the rest of it, everything there is.
#[derive(Debug)]
struct Look {
    piece: usize,
    last: MessageHash,
    max_count: i32,
    token: Token,
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Sorted, as a scan may go in any order.
    everything: Vec<NewMessage<'static>>,
    /// Of every mailbox what there is, and a page after some hash.
    mailboxes: Vec<(Vec<MessageHash>, bool)>,
    expiries: Vec<(MessageHash, UnixMillis)>,
    revoked: Vec<(Vec<Token>, bool)>,
}

impl Look {
    fn random(dice: &mut Dice) -> Self {
        Self {
            piece: usize::from(dice.byte(200)) * 10,
            last: dice.hash(),
            max_count: dice.byte(5).into(),
            token: similar_token(dice.byte(TOKENS)),
        }
    }

    fn at<S: MessageStore>(&self, store: &S) -> Seen {
        const READ: &str = "the store can be read";
        let all_hashes: Vec<MessageHash> = (0..HASHES).map(similar_hash).collect();
        let mut everything = everything(store, self.piece);
        everything.sort_by_key(|m| (m.account, m.namespace, m.message.hash));
        let mut mailboxes = Vec::new();
        for owner in accounts() {
            for namespace in NAMESPACES.map(Namespace::new) {
                for (last, max_count) in [(None, 0), (Some(&self.last), self.max_count)] {
                    let limits = RetrieveLimits::new(Some(max_count), None);
                    let page = store.retrieve(&owner, namespace, last, &limits);
                    let page = page.expect(READ);
                    let hashes = page.messages.iter().map(|message| message.hash);
                    mailboxes.push((hashes.collect(), page.more));
                }
            }
        }
        Seen {
            everything,
            mailboxes,
            expiries: accounts()
                .into_iter()
                .flat_map(|owner| store.expiries(&owner, &all_hashes).expect(READ))
                .collect(),
            revoked: accounts()
                .into_iter()
                .map(|owner| {
                    let is_revoked = store.is_revoked(&owner, &self.token).expect(READ);
                    (store.revoked(&owner).expect(READ), is_revoked)
                })
                .collect(),
        }
    }
}
