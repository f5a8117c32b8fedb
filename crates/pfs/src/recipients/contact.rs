//! What is known of one contact, and how it is learned.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::blake2b;

use super::{Encryption, Event, FetchId, FetchOutcome, KeyState, Member, Protocol};
use crate::PublicKeys;

/// How long keys are remembered, used or not: absence and older keys are suspicious that long
/// (spec 06 R10, R11). Published keys live as long.
pub(super) const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Most older keys that are remembered. At two rotations a day that is more than 30 days.
pub(super) const MAX_OLDER: usize = 64;

/// Most members that are asked before an inquiry ends without agreement.
const MAX_ASKED: u8 = 3;

/// A contact. Empty ones are not kept.
#[derive(Default)]
pub(super) struct Contact {
    /// Keys, if there were any within [`REMEMBERED`].
    pub(super) known: Option<Known>,
    /// When the swarm last said that there are none, since there were keys.
    pub(super) nak_at: Option<UnixMillis>,
    /// Whether [`Event::Downgraded`] was said since there were keys.
    pub(super) downgraded: bool,
    /// Messages that wait, in order.
    pub(super) held: VecDeque<u64>,
    /// The swarm is being asked.
    pub(super) inquiry: Option<Inquiry>,
    /// When to ask again for messages that wait although an inquiry has ended.
    pub(super) retry_at: Option<UnixMillis>,
}

impl Contact {
    pub(super) fn state(&self, now: UnixMillis) -> KeyState {
        let fetched_at = self.known.as_ref().map(|known| known.fetched_at);
        KeyState::at(fetched_at, self.nak_at, now)
    }

    /// How to encrypt now; `None` when it is not time yet.
    pub(super) fn protocol(&self, encryption: Encryption) -> Option<Protocol> {
        match encryption {
            Encryption::Pfs => {
                let known = self.known.as_ref()?;
                Some(Protocol::V2(known.keys.clone()))
            }
            Encryption::WithoutPfs => Some(Protocol::V2WithoutPfs),
            Encryption::V1 => Some(Protocol::V1),
            Encryption::Wait => None,
        }
    }

    /// When something has to be done.
    pub(super) fn deadline(&self) -> Option<UnixMillis> {
        let inquiry = self.inquiry.as_ref();
        inquiry.map_or(self.retry_at, |inquiry| Some(inquiry.deadline))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.inquiry.is_some() || !self.held.is_empty()
    }

    /// Whether nothing is known that would have to be saved.
    pub(super) const fn is_blank(&self) -> bool {
        self.known.is_none() && self.nak_at.is_none()
    }

    /// Forgets what is too old to matter; whether there was anything. Not while messages wait: what
    /// they were promised must not lapse.
    pub(super) fn prune(&mut self, now: UnixMillis) -> bool {
        if self.is_busy() {
            return false;
        }
        if let Some(known) = &mut self.known {
            let oldest = now.saturating_sub(REMEMBERED);
            if known.fetched_at >= oldest {
                return known.prune(oldest);
            }
            *self = Self::default();
            return true;
        }
        let over = self.nak_at.is_some() && self.state(now) != KeyState::Nak;
        if over {
            self.nak_at = None;
        }
        over
    }

    /// Takes an answer to the inquiry, of `member` unless there was none. Says how the inquiry
    /// ends, or `None` when another member has to be asked; and what happened.
    pub(super) fn judge(
        &mut self,
        member: Option<Member>,
        answer: Answer,
        now: UnixMillis,
    ) -> (Option<FetchOutcome>, Option<Event>) {
        let (Some(known), Some(inquiry)) = (&mut self.known, &mut self.inquiry) else {
            // Nothing speaks against what the first member says.
            return match answer {
                Answer::Keys(keys) => {
                    self.nak_at = None;
                    self.known = Some(Known::new(keys, now));
                    (Some(FetchOutcome::Keys), Some(Event::NewKeys))
                }
                Answer::Absent => {
                    self.nak_at = Some(now);
                    (Some(FetchOutcome::NotFound), None)
                }
                Answer::Failed => (Some(FetchOutcome::Failed), None),
            };
        };
        match answer {
            Answer::Keys(keys) => {
                if let Some(hash) = known.seen_before(&keys, now) {
                    let first = !inquiry.has_older();
                    if !inquiry.vote(member, Vote::Older(hash)) {
                        return (inquiry.end(), first.then_some(Event::RolledBack));
                    }
                }
                self.downgraded = false;
                self.nak_at = None;
                let changed = known.accept(keys, now);
                (Some(FetchOutcome::Keys), changed.then_some(Event::NewKeys))
            }
            Answer::Absent => {
                if !inquiry.vote(member, Vote::Absent) {
                    return (inquiry.end(), None);
                }
                let first = self.nak_at.replace(now).is_none();
                (
                    Some(FetchOutcome::NotFound),
                    first.then_some(Event::KeysLost),
                )
            }
            Answer::Failed => {
                inquiry.vote(member, Vote::None);
                (inquiry.end(), None)
            }
        }
    }
}

/// What one member of the swarm says.
pub(super) enum Answer {
    Keys(PublicKeys),
    Absent,
    Failed,
}

/// Keys of a contact.
pub(super) struct Known {
    pub(super) keys: PublicKeys,
    pub(super) fetched_at: UnixMillis,
    /// Keys that were seen before the present ones, in the order of their first sight, which a
    /// clock that jumps does not change; and when each was seen last.
    pub(super) older: Vec<(KeyHash, UnixMillis)>,
}

impl Known {
    const fn new(keys: PublicKeys, now: UnixMillis) -> Self {
        Self {
            keys,
            fetched_at: now,
            older: Vec::new(),
        }
    }

    /// The hash of `keys` if they are older than the present ones. They were seen again then.
    fn seen_before(&mut self, keys: &PublicKeys, now: UnixMillis) -> Option<KeyHash> {
        let hash = KeyHash::of(keys);
        let older = self.older.iter_mut().find(|(known, _)| *known == hash);
        older.map(|(_, seen)| {
            *seen = now;
            hash
        })
    }

    /// Takes keys; whether they are others than before.
    fn accept(&mut self, keys: PublicKeys, now: UnixMillis) -> bool {
        let changed = keys != self.keys;
        if changed {
            let hash = KeyHash::of(&keys);
            match self.older.iter().position(|(known, _)| *known == hash) {
                // What came after them counts as new when it comes again.
                Some(place) => self.older.truncate(place),
                None => {
                    self.older.push((KeyHash::of(&self.keys), self.fetched_at));
                    if self.older.len() > MAX_OLDER {
                        self.older.remove(0);
                    }
                }
            }
            self.keys = keys;
        }
        self.fetched_at = now;
        changed
    }

    /// Forgets older keys that were seen before `oldest` only; whether there were any.
    fn prune(&mut self, oldest: UnixMillis) -> bool {
        let before = self.older.len();
        self.older.retain(|(_, seen)| *seen >= oldest);
        self.older.len() != before
    }
}

/// Names published keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyHash(pub(super) [u8; Self::LEN]);

impl KeyHash {
    pub(super) const LEN: usize = 32;

    pub(super) fn of(keys: &PublicKeys) -> Self {
        Self(blake2b::hash(&[
            keys.mlkem().as_bytes(),
            keys.x25519().as_bytes(),
        ]))
    }
}

/// The swarm being asked: one member, or several of which two must agree on anything that is worse
/// than what is known.
pub(super) struct Inquiry {
    /// The request that is under way, and when it is given up.
    pub(super) id: FetchId,
    pub(super) deadline: UnixMillis,
    asked: u8,
    votes: Vec<(Member, Vote)>,
}

#[derive(PartialEq, Eq)]
enum Vote {
    None,
    Absent,
    Older(KeyHash),
}

impl Inquiry {
    pub(super) const fn new(id: FetchId, deadline: UnixMillis) -> Self {
        Self {
            id,
            deadline,
            asked: 1,
            votes: Vec::new(),
        }
    }

    /// Goes on with another request.
    pub(super) const fn ask_another(&mut self, id: FetchId, deadline: UnixMillis) {
        self.id = id;
        self.deadline = deadline;
        self.asked = self.asked.saturating_add(1);
    }

    /// The members that have answered.
    pub(super) fn members(&self) -> Vec<Member> {
        self.votes.iter().map(|(member, _)| *member).collect()
    }

    /// How an inquiry ends that has brought no agreement yet; `None` when another member has to be
    /// asked.
    fn end(&self) -> Option<FetchOutcome> {
        (self.asked >= MAX_ASKED).then_some(FetchOutcome::Failed)
    }

    fn has_older(&self) -> bool {
        let older = |vote: &Vote| matches!(vote, Vote::Older(_));
        self.votes.iter().any(|(_, vote)| older(vote))
    }

    /// Counts a vote; whether another member has said the same.
    fn vote(&mut self, member: Option<Member>, vote: Vote) -> bool {
        let Some(member) = member else {
            return false;
        };
        let agrees = |(other, said): &(Member, Vote)| *other != member && *said == vote;
        let agreed = vote != Vote::None && self.votes.iter().any(agrees);
        self.votes.push((member, vote));
        agreed
    }
}
