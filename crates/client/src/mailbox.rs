//! The account's own mailbox: what was seen, and where each node's reading stands.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use session_core::NetworkId;
use session_envelope::open_one_to_one;
use session_envelope::rules::MessageKey;
use session_identity::Account;
use session_storage::{MessageHash, Namespace, RetrieveReply};
use session_swarm::NodeKey;

use crate::{Event, Received};

/// Namespace, hashes and positions of one account's direct messages.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    /// Nodes keep their own order, so each has its own position (spec 03 §10.2).
    last_hashes: BTreeMap<NodeKey, MessageHash>,
    hashes: Seen<MessageHash>,
    /// Sender and time of messages: what stands around a sealed message can be changed by any
    /// node, which gives the same message another hash (spec 05 §11.2).
    messages: Seen<MessageKey>,
}

impl Mailbox {
    pub(crate) const NAMESPACE: Namespace = Namespace::DIRECT;

    pub(crate) const fn new(max_seen: usize) -> Self {
        Self {
            last_hashes: BTreeMap::new(),
            hashes: Seen::new(max_seen),
            messages: Seen::new(max_seen),
        }
    }

    pub(crate) fn last_hash(&self, node: &NodeKey) -> Option<MessageHash> {
        self.last_hashes.get(node).copied()
    }

    /// Forgets the positions at nodes that are in no list any more.
    pub(crate) fn retain_nodes(&mut self, keep: impl Fn(&NodeKey) -> bool) {
        self.last_hashes.retain(|node, _| keep(node));
    }

    /// Opens what is new in a page of messages from `node`. Replies are unsigned, so a message
    /// counts only if its hash is that of its data.
    pub(crate) fn take(
        &mut self,
        account: &Account,
        node: NodeKey,
        page: RetrieveReply,
    ) -> Vec<Event> {
        let address = NetworkId::from(account.id());
        let mut events = Vec::new();
        for message in page.messages {
            let hash = message.hash;
            if MessageHash::of(&address, Self::NAMESPACE, &message.data) != hash {
                continue;
            }
            self.last_hashes.insert(node, hash);
            if !self.hashes.insert(hash) {
                continue;
            }
            let opened = open_one_to_one(account, &message.data)
                .and_then(|opened| opened.check().map(|()| opened));
            events.push(match opened {
                Ok(opened) if !self.messages.insert(opened.message_key()) => {
                    continue;
                }
                Ok(opened) => Event::Received(Box::new(Received {
                    sender: opened.sender(),
                    sent: opened.timestamp(),
                    content: opened.into_content(),
                    hash,
                })),
                Err(reason) => Event::Unreadable { hash, reason },
            });
        }
        events
    }
}

/// Remembers the latest of what was seen.
#[derive(Clone, Debug)]
struct Seen<T> {
    all: BTreeSet<T>,
    /// The same in order, so that the oldest can be forgotten.
    in_order: VecDeque<T>,
    limit: usize,
}

impl<T: Copy + Ord> Seen<T> {
    const fn new(limit: usize) -> Self {
        Self {
            all: BTreeSet::new(),
            in_order: VecDeque::new(),
            limit,
        }
    }

    /// Whether it is new.
    fn insert(&mut self, item: T) -> bool {
        if !self.all.insert(item) {
            return false;
        }
        self.in_order.push_back(item);
        if self.in_order.len() > self.limit
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.all.remove(&oldest);
        }
        true
    }
}
