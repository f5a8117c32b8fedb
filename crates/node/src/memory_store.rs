//! A store for tests, simulations and small nodes.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use session_core::{NetworkId, UnixMillis};
use session_storage::{
    Authorized, Class, Message, MessageHash, Namespace, Retrieve, RetrieveLimits, Store,
};

use crate::{MessageStore, Retrieved, Stored};

/// Messages in memory, up to a number of bytes.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    /// In order of arrival within each mailbox.
    mailboxes: BTreeMap<(NetworkId, Namespace), Vec<Message<'static>>>,
    bytes: usize,
    max_bytes: usize,
}

/// The store holds as many bytes as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message store is full")]
#[non_exhaustive]
pub struct Full;

/// Bytes that a message is counted with beside its data.
const MESSAGE_OVERHEAD: usize = 128;

/// 256 MiB.
impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_capacity(256 * 1024 * 1024)
    }
}

impl MemoryStore {
    /// A store that refuses messages beyond `max_bytes`; each counts its data and 128 bytes.
    #[must_use]
    pub const fn with_capacity(max_bytes: usize) -> Self {
        Self {
            mailboxes: BTreeMap::new(),
            bytes: 0,
            max_bytes,
        }
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mailboxes.values().map(Vec::len).sum()
    }

    /// Whether there are no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn cost(data: &[u8]) -> usize {
    data.len().saturating_add(MESSAGE_OVERHEAD)
}

impl MessageStore for MemoryStore {
    type Error = Full;

    fn put(&mut self, request: &Authorized<Store<'_>>, hash: MessageHash) -> Result<Stored, Full> {
        let mailbox_key = (request.pubkey, request.namespace);
        let outbox = request.namespace.class() == Class::PublicOutbox;
        if let Some(mailbox) = self.mailboxes.get_mut(&mailbox_key) {
            if let Some(known) = mailbox.iter_mut().find(|message| message.hash == hash) {
                known.expiry = known.expiry.max(request.expiry);
                return Ok(Stored {
                    expiry: known.expiry,
                    already: true,
                });
            }
            if outbox
                && mailbox
                    .iter()
                    .any(|message| message.timestamp >= request.timestamp)
            {
                return Ok(Stored {
                    expiry: UnixMillis::default(),
                    already: true,
                });
            }
        }
        let replaced = match self.mailboxes.get(&mailbox_key) {
            Some(mailbox) if outbox => mailbox.iter().map(|message| cost(&message.data)).sum(),
            _ => 0,
        };
        let bytes = self
            .bytes
            .saturating_sub(replaced)
            .saturating_add(cost(&request.data));
        if bytes > self.max_bytes {
            return Err(Full);
        }
        let mailbox = self.mailboxes.entry(mailbox_key).or_default();
        if outbox {
            mailbox.clear();
        }
        mailbox.push(Message::new(
            hash,
            request.timestamp,
            request.expiry,
            request.data.clone().into_owned(),
        ));
        self.bytes = bytes;
        Ok(Stored {
            expiry: request.expiry,
            already: false,
        })
    }

    fn retrieve(&self, request: &Authorized<Retrieve>) -> Result<Retrieved<'_>, Full> {
        let mailbox = self
            .mailboxes
            .get(&(request.pubkey, request.namespace))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let start = request
            .last_hash
            .and_then(|last| mailbox.iter().position(|message| message.hash == last))
            .map_or(0, |index| index.saturating_add(1));
        let rest = mailbox.get(start..).unwrap_or_default();
        let limits = RetrieveLimits::new(request.max_count, request.max_size);
        let page = limits.page(rest.iter().map(|message| message.data.len()));
        Ok(Retrieved {
            messages: rest
                .iter()
                .take(page.count)
                .map(|message| {
                    let data = Cow::Borrowed(&*message.data);
                    Message::new(message.hash, message.timestamp, message.expiry, data)
                })
                .collect(),
            more: page.more,
        })
    }

    fn remove_expired(&mut self, now: UnixMillis) -> Result<(), Full> {
        let bytes = &mut self.bytes;
        self.mailboxes.retain(|_, mailbox| {
            mailbox.retain(|message| {
                let keep = message.expiry > now;
                if !keep {
                    *bytes = bytes.saturating_sub(cost(&message.data));
                }
                keep
            });
            !mailbox.is_empty()
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use session_crypto::ed25519::SigningKey;
    use session_storage::Context;

    const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);
    const OUTBOX: Namespace = Namespace::new(-21);

    fn key() -> SigningKey {
        SigningKey::from_seed(&[1; 32])
    }

    fn account() -> NetworkId {
        let mut id = [3; 33];
        id[1..].copy_from_slice(key().public().as_bytes());
        id.into()
    }

    fn after(seconds: u64) -> UnixMillis {
        NOW.saturating_add(Duration::from_secs(seconds))
    }

    /// Stores `data`, made at `made` and kept until `expiry`.
    fn put(
        store: &mut MemoryStore,
        namespace: Namespace,
        data: &[u8],
        (made, expiry): (UnixMillis, UnixMillis),
    ) -> Result<Stored, Full> {
        let mut request =
            Store::new(account(), namespace, data, NOW, Duration::from_secs(60)).unwrap();
        (request.timestamp, request.expiry) = (made, expiry);
        let request = request.sign(&key(), made).unwrap();
        let hash = request.hash();
        let request = request.authorize(&Context::new(made, true)).unwrap();
        store.put(&request, hash)
    }

    fn put_now(store: &mut MemoryStore, data: &[u8]) -> Result<Stored, Full> {
        put(store, Namespace::DIRECT, data, (NOW, after(60)))
    }

    /// Data of the messages on a page, and whether there are more.
    fn page(
        store: &MemoryStore,
        namespace: Namespace,
        change: impl FnOnce(&mut Retrieve),
    ) -> (Vec<Vec<u8>>, bool) {
        let mut request = Retrieve::new(account(), namespace);
        change(&mut request);
        let request = request.sign(&key(), NOW).unwrap();
        let request = request.authorize(&Context::new(NOW, true)).unwrap();
        let retrieved = store.retrieve(&request).unwrap();
        let data = |message: &Message<'_>| message.data.to_vec();
        (
            retrieved.messages.iter().map(data).collect(),
            retrieved.more,
        )
    }

    fn hash(data: &[u8]) -> MessageHash {
        MessageHash::of(&account(), Namespace::DIRECT, data)
    }

    #[test]
    fn a_full_store_refuses_and_has_room_again_after_expiry() {
        let mut store = MemoryStore::with_capacity(2 * (1 + MESSAGE_OVERHEAD));
        assert!(store.is_empty());
        put_now(&mut store, b"a").unwrap();
        assert_eq!(put_now(&mut store, b"bb"), Err(Full), "one byte too long");
        put(&mut store, Namespace::DIRECT, b"b", (NOW, after(90))).unwrap();
        assert_eq!(put_now(&mut store, b""), Err(Full));
        let again = put_now(&mut store, b"a").unwrap();
        assert!(again.already, "a duplicate needs no room");
        store.remove_expired(after(60)).unwrap();
        assert_eq!(store.len(), 1, "what expires now has expired");
        put_now(&mut store, b"c").unwrap();
        assert_eq!(put_now(&mut store, b"d"), Err(Full));
    }

    #[test]
    fn a_duplicate_keeps_its_place_and_only_gains_time() {
        let mut store = MemoryStore::default();
        put_now(&mut store, b"a").unwrap();
        put_now(&mut store, b"b").unwrap();
        for (seconds, expiry) in [(90, 90), (30, 90), (91, 91)] {
            let times = (NOW, after(seconds));
            let stored = put(&mut store, Namespace::DIRECT, b"a", times).unwrap();
            let expiry = after(expiry);
            assert_eq!(
                stored,
                Stored {
                    expiry,
                    already: true
                }
            );
        }
        let (messages, _) = page(&store, Namespace::DIRECT, |_| ());
        assert_eq!(messages, [b"a", b"b"]);
        store.remove_expired(after(90)).unwrap();
        let (messages, _) = page(&store, Namespace::DIRECT, |_| ());
        assert_eq!(messages, [b"a"]);
    }

    /// Spec 04 §3.2.
    #[test]
    fn an_outbox_holds_the_newest_message_only() {
        let mut store = MemoryStore::with_capacity(1 + MESSAGE_OVERHEAD);
        let mut put = |data, at| put(&mut store, OUTBOX, data, (after(at), after(at + 60)));
        let stored = |expiry, already| Ok(Stored { expiry, already });
        let kept = stored(UnixMillis::default(), true);
        assert_eq!(put(b"b", 5), stored(after(65), false));
        assert_eq!(put(b"a", 4), kept, "older");
        assert_eq!(put(b"c", 5), kept, "as old");
        assert_eq!(put(b"b", 4), stored(after(65), true), "the same again");
        assert_eq!(
            put(b"b", 7),
            stored(after(67), true),
            "the same, for longer"
        );
        assert_eq!(
            put(b"d", 6),
            stored(after(66), false),
            "newer, in a full store"
        );
        assert_eq!(
            page(&store, OUTBOX, |_| ()),
            (alloc::vec![b"d".to_vec()], false)
        );
        assert_eq!(store.len(), 1);
    }

    #[test]
    fn mailboxes_are_apart() {
        let mut store = MemoryStore::default();
        put_now(&mut store, b"a").unwrap();
        put(&mut store, Namespace::new(2), b"b", (NOW, after(60))).unwrap();
        assert_eq!(page(&store, Namespace::DIRECT, |_| ()).0, [b"a"]);
        assert_eq!(page(&store, Namespace::new(2), |_| ()).0, [b"b"]);
        assert!(page(&store, Namespace::new(3), |_| ()).0.is_empty());
    }

    #[test]
    fn pages_follow_the_last_hash_in_order_of_arrival() {
        let mut store = MemoryStore::default();
        // Arrival counts, not the time of the message.
        for (data, made) in [(b"a", 3), (b"b", 1), (b"c", 2)] {
            let times = (after(made), after(90));
            put(&mut store, Namespace::DIRECT, data, times).unwrap();
        }
        let direct = |change: &dyn Fn(&mut Retrieve)| page(&store, Namespace::DIRECT, change);
        assert_eq!(direct(&|_| ()).0, [b"a", b"b", b"c"]);
        let (first, more) = direct(&|request| request.max_count = Some(2));
        assert_eq!(
            (first, more),
            (alloc::vec![b"a".to_vec(), b"b".to_vec()], true)
        );
        let (rest, more) = direct(&|request| {
            request.max_count = Some(2);
            request.last_hash = Some(hash(b"b"));
        });
        assert_eq!((rest, more), (alloc::vec![b"c".to_vec()], false));
        let (none, more) = direct(&|request| request.last_hash = Some(hash(b"c")));
        assert!(none.is_empty() && !more);
        let (all, _) = direct(&|request| request.last_hash = Some(hash(b"unknown")));
        assert_eq!(all, [b"a", b"b", b"c"], "from the beginning");
        let (one, more) = direct(&|request| request.max_size = Some(1));
        assert_eq!((one, more), (alloc::vec![b"a".to_vec()], true));
    }
}
