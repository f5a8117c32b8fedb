//! The account's own mailbox: what was seen, and where each node's reading stands.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use session_core::NetworkId;
use session_envelope::open_one_to_one;
use session_identity::Account;
use session_storage::{MessageHash, Namespace, RetrieveReply};
use session_swarm::NodeKey;

use crate::{Event, Received};

/// Namespace, hashes and positions of one account's direct messages.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    /// Nodes keep their own order, so each has its own position (spec 03 §10.2).
    last_hashes: BTreeMap<NodeKey, MessageHash>,
    seen: BTreeSet<MessageHash>,
    /// The same in order, so that the oldest can be forgotten.
    seen_in_order: VecDeque<MessageHash>,
    max_seen: usize,
}

impl Mailbox {
    pub(crate) const NAMESPACE: Namespace = Namespace::DIRECT;

    pub(crate) const fn new(max_seen: usize) -> Self {
        Self {
            last_hashes: BTreeMap::new(),
            seen: BTreeSet::new(),
            seen_in_order: VecDeque::new(),
            max_seen,
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
            if !self.remember(hash) {
                continue;
            }
            let opened = open_one_to_one(account, &message.data)
                .and_then(|opened| opened.check(&account.id()).map(|()| opened));
            events.push(match opened {
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

    /// Whether the hash is new.
    fn remember(&mut self, hash: MessageHash) -> bool {
        if !self.seen.insert(hash) {
            return false;
        }
        self.seen_in_order.push_back(hash);
        if self.seen_in_order.len() > self.max_seen
            && let Some(oldest) = self.seen_in_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}
