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
