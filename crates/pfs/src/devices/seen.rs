//! What has been seen in the swarm: groups of this account, and messages (spec 07 §8.1, D2, D11).

use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::{blake2b, x25519};

use super::GROUP_TTL;
use crate::GroupId;

/// Groups that are remembered: each takes a holder of the recovery password to make.
pub(super) const MAX_GROUPS: usize = 16;

/// Link keys of a group that are remembered so as not to come back.
pub(super) const MAX_SUPERSEDED: usize = 64;

/// Messages that are remembered.
pub(super) const MAX_MESSAGES: usize = 1024;

/// Two different link keys within this time are a sign of somebody who relays requests.
const CONFLICT: Duration = Duration::from_secs(600);

/// A group of which a message was seen.
pub(super) struct SeenGroup {
    pub(super) id: GroupId,
    /// What link requests are encrypted to.
    pub(super) link: x25519::PublicKey,
    /// When the newest message was stored.
    pub(super) seen_at: UnixMillis,
    /// When the last message expires.
    pub(super) expires_at: UnixMillis,
    /// The user does not want to hear of it.
    pub(super) dismissed: bool,
    /// Until when it is not clear which link key is the group's.
    pub(super) conflict_until: UnixMillis,
    /// Former link keys, oldest first.
    pub(super) superseded: Vec<x25519::PublicKey>,
}

#[derive(Default)]
pub(super) struct SeenGroups(pub(super) Vec<SeenGroup>);

impl SeenGroups {
    pub(super) fn get(&self, id: &GroupId) -> Option<&SeenGroup> {
        self.0.iter().find(|group| group.id == *id)
    }

    /// A message of the group `id` with this link key. `keep` is never forgotten for another.
    /// Whether the group is new.
    pub(super) fn upsert(
        &mut self,
        id: GroupId,
        link: x25519::PublicKey,
        stored_at: UnixMillis,
        expires_at: UnixMillis,
        keep: Option<&GroupId>,
    ) -> bool {
        if let Some(group) = self.0.iter_mut().find(|group| group.id == id) {
            if group.link != link {
                // One that was superseded never comes back: somebody has made the one or the other.
                let back = group.superseded.contains(&link);
                if back || stored_at.abs_diff(group.seen_at) <= CONFLICT {
                    let until = stored_at.max(group.seen_at).saturating_add(CONFLICT);
                    group.conflict_until = group.conflict_until.max(until);
                }
                if stored_at >= group.seen_at && !back {
                    let old = core::mem::replace(&mut group.link, link);
                    group.superseded.push(old);
                    if group.superseded.len() > MAX_SUPERSEDED {
                        group.superseded.remove(0);
                    }
                }
            }
            group.seen_at = group.seen_at.max(stored_at);
            group.expires_at = group.expires_at.max(expires_at);
            return false;
        }
        if self.0.len() >= MAX_GROUPS {
            let oldest = self.0.iter().enumerate();
            let oldest = oldest
                .filter(|(_, group)| Some(&group.id) != keep)
                .min_by_key(|(_, group)| group.expires_at);
            if let Some((index, _)) = oldest {
                self.0.swap_remove(index);
            }
        }
        self.0.push(SeenGroup {
            id,
            link,
            seen_at: stored_at,
            expires_at,
            dismissed: false,
            conflict_until: UnixMillis::default(),
            superseded: Vec::new(),
        });
        true
    }

    /// The clock was ahead: nothing was seen later than now.
    pub(super) fn clock_went_back(&mut self, now: UnixMillis) {
        for group in &mut self.0 {
            group.seen_at = group.seen_at.min(now);
            group.expires_at = group.expires_at.min(now.saturating_add(GROUP_TTL));
            let conflict_until = now.saturating_add(CONFLICT);
            group.conflict_until = group.conflict_until.min(conflict_until);
        }
    }

    pub(super) fn prune(&mut self, now: UnixMillis, keep: Option<&GroupId>) {
        self.0
            .retain(|group| group.expires_at > now || Some(&group.id) == keep);
    }
}

/// A group message that has been looked at.
pub(super) struct SeenMessage {
    pub(super) id: MessageId,
    pub(super) until: UnixMillis,
    /// It is the own group's, written or merged here: the swarm need not keep it.
    pub(super) merged: bool,
}

/// A hash of a message's bytes. Its ephemeral key would not do: whoever holds the account's key can
/// sign another message with the same one, and have the true message passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MessageId(pub(super) [u8; 32]);

impl MessageId {
    pub(super) fn of(message: &[u8]) -> Self {
        Self(blake2b::hash(&[message]))
    }
}

#[derive(Default)]
pub(super) struct SeenMessages(pub(super) Vec<SeenMessage>);

impl SeenMessages {
    pub(super) fn get(&self, id: &MessageId) -> Option<&SeenMessage> {
        self.0.iter().find(|seen| seen.id == *id)
    }

    pub(super) fn insert(&mut self, id: MessageId, until: UnixMillis, merged: bool) {
        if self.0.len() >= MAX_MESSAGES {
            let oldest = self.0.iter().enumerate().min_by_key(|(_, seen)| seen.until);
            if let Some((index, _)) = oldest {
                self.0.swap_remove(index);
            }
        }
        self.0.push(SeenMessage { id, until, merged });
    }

    /// The clock was ahead: nothing was seen later than now.
    pub(super) fn clock_went_back(&mut self, now: UnixMillis) {
        let latest = now.saturating_add(GROUP_TTL);
        for seen in &mut self.0 {
            seen.until = seen.until.min(latest);
        }
    }

    pub(super) fn prune(&mut self, now: UnixMillis) {
        self.0.retain(|seen| seen.until > now);
    }
}
