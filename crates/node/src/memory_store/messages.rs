//! Messages and their indices.

use alloc::collections::{BTreeMap, BTreeSet};
use core::ops::{Bound, RangeInclusive};

use session_core::{NetworkId, UnixMillis};
use session_storage::{Message, MessageHash, Namespace};

use crate::NewMessage;

/// Messages by number: they are numbered in order of arrival, from 1.
#[derive(Clone)]
pub(super) struct Messages {
    by_number: BTreeMap<u64, NewMessage<'static>>,
    hashes: BTreeMap<(NetworkId, MessageHash, Namespace), u64>,
    mailboxes: BTreeSet<(NetworkId, Namespace, u64)>,
    expiries: BTreeSet<(UnixMillis, u64)>,
    last_number: u64,
    /// What they cost together.
    bytes: usize,
}

/// Bytes that a message is counted with beside its data: about what it takes with its places in
/// the indices, in tree nodes that are half full.
pub(super) const MESSAGE_OVERHEAD: usize = 640;

pub(super) fn cost(message: &Message<'_>) -> usize {
    message.data.len().saturating_add(MESSAGE_OVERHEAD)
}

const ALL_NAMESPACES: RangeInclusive<Namespace> =
    Namespace::new(i16::MIN)..=Namespace::new(i16::MAX);

impl Messages {
    pub(super) const fn new() -> Self {
        Self {
            by_number: BTreeMap::new(),
            hashes: BTreeMap::new(),
            mailboxes: BTreeSet::new(),
            expiries: BTreeSet::new(),
            last_number: 0,
            bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn get(&self, number: u64) -> Option<&Message<'static>> {
        self.by_number.get(&number).map(|known| &known.message)
    }

    /// The messages with greater numbers.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = (u64, &NewMessage<'static>)> {
        self.by_number
            .range((Bound::Excluded(number), Bound::Unbounded))
            .map(|(number, message)| (*number, message))
    }

    /// The number of the message with this hash.
    pub(super) fn find(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        hash: &MessageHash,
    ) -> Option<u64> {
        self.hashes.get(&(*account, *hash, namespace)).copied()
    }

    /// Numbers of the messages with this hash in any namespace.
    pub(super) fn find_all(
        &self,
        account: &NetworkId,
        hash: &MessageHash,
    ) -> impl Iterator<Item = u64> {
        let first = (*account, *hash, *ALL_NAMESPACES.start());
        let last = (*account, *hash, *ALL_NAMESPACES.end());
        self.hashes.range(first..=last).map(|(_, number)| *number)
    }

    /// The messages of a mailbox with greater numbers.
    pub(super) fn mailbox_after(
        &self,
        account: &NetworkId,
        namespace: Namespace,
        number: u64,
    ) -> impl Iterator<Item = &NewMessage<'static>> + Clone {
        let after = Bound::Excluded((*account, namespace, number));
        let end = Bound::Included((*account, namespace, u64::MAX));
        self.mailboxes
            .range((after, end))
            .filter_map(|(_, _, number)| self.by_number.get(number))
    }

    /// Numbers and messages of one mailbox, or of all of an account.
    pub(super) fn in_mailboxes(
        &self,
        account: &NetworkId,
        namespace: Option<Namespace>,
    ) -> impl Iterator<Item = (u64, &Message<'static>)> {
        let namespaces = namespace.map_or(ALL_NAMESPACES, |namespace| namespace..=namespace);
        let first = (*account, *namespaces.start(), 0);
        let last = (*account, *namespaces.end(), u64::MAX);
        self.mailboxes
            .range(first..=last)
            .filter_map(|(_, _, number)| Some((*number, self.get(*number)?)))
    }

    /// The message that expires first, if it has expired.
    pub(super) fn expired(&self, now: UnixMillis) -> Option<u64> {
        let (expiry, number) = self.expiries.first()?;
        (*expiry <= now).then_some(*number)
    }

    /// Adds a message whose hash is not in its mailbox.
    pub(super) fn insert(&mut self, new: &NewMessage<'_>) {
        let NewMessage {
            account,
            namespace,
            ref message,
        } = *new;
        let number = self.last_number.saturating_add(1);
        self.last_number = number;
        self.bytes = self.bytes.saturating_add(cost(message));
        let hash = (account, message.hash, namespace);
        self.hashes.insert(hash, number);
        self.mailboxes.insert((account, namespace, number));
        self.expiries.insert((message.expiry, number));
        let data = message.data.to_vec();
        let kept = NewMessage {
            account,
            namespace,
            message: Message::new(message.hash, message.timestamp, message.expiry, data),
        };
        self.by_number.insert(number, kept);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<(Namespace, MessageHash)> {
        let NewMessage {
            account,
            namespace,
            message,
        } = self.by_number.remove(&number)?;
        self.bytes = self.bytes.saturating_sub(cost(&message));
        self.hashes.remove(&(account, message.hash, namespace));
        self.mailboxes.remove(&(account, namespace, number));
        self.expiries.remove(&(message.expiry, number));
        Some((namespace, message.hash))
    }

    pub(super) fn set_expiry(
        &mut self,
        number: u64,
        expiry: UnixMillis,
    ) -> Option<(Namespace, MessageHash)> {
        let known = self.by_number.get_mut(&number)?;
        self.expiries.remove(&(known.message.expiry, number));
        self.expiries.insert((expiry, number));
        known.message.expiry = expiry;
        Some((known.namespace, known.message.hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_goes_from_every_index() {
        let account = NetworkId::from([1; 33]);
        let time = UnixMillis::from_secs;
        let mut messages = Messages::new();
        for (number, data) in (1..).zip([b"a", b"b", b"c"]) {
            let hash = MessageHash::of(&account, Namespace::DIRECT, data);
            messages.insert(&NewMessage {
                account,
                namespace: Namespace::DIRECT,
                message: Message::new(hash, time(0), time(number), &data[..]),
            });
            assert_eq!(
                messages.find(&account, Namespace::DIRECT, &hash),
                Some(number)
            );
        }
        assert_eq!(messages.bytes(), 3 * (1 + MESSAGE_OVERHEAD));
        messages.set_expiry(3, time(0));
        assert_eq!(messages.expired(time(0)), Some(3));
        assert!(messages.set_expiry(4, time(9)).is_none());
        for number in 1..=3 {
            assert!(messages.remove(number).is_some());
            assert!(messages.remove(number).is_none());
        }
        assert!(messages.hashes.is_empty() && messages.mailboxes.is_empty());
        assert!(messages.expiries.is_empty());
        assert_eq!((messages.len(), messages.bytes()), (0, 0));
    }
}
