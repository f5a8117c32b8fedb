//! Messages that other nodes are to keep, because swarms have changed (spec 03 §11).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use session_bt::{Error as BtError, ListReader, ListWriter};
use session_core::{NetworkId, Now, UnixMillis};
use session_storage::{Expire, MAX_DATA_LEN, Message, MessageHash, Namespace, status};
use session_swarm::{NodeKey, Pool, Ring, SwarmId, position};

use crate::node::PACE;
use crate::pending::Pending;
use crate::replication::{Missed, Retry};
use crate::store::{NewMessage, Place};
use crate::{MessageStore, Node};

/// First byte of a push.
const VERSION: u8 = 1;
/// Most messages that are taken from one push. Honest pieces have far fewer.
const MAX_RECORDS: usize = 10_000;
/// How much data is read from the store and pushed at once.
const PIECE: usize = 512 * 1024;
/// How far pushed messages may be dated ahead: as far as the clocks of nodes may differ. One from
/// a far future would keep its place in an outbox against all that the account stores.
const MAX_AHEAD: Duration = Duration::from_secs(60);

/// A walk through all messages, for those who are to have them.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    /// Nodes that have come to this node's swarm and have nothing yet.
    joined: BTreeSet<NodeKey>,
    /// The swarms of the list before, and which of them was this node's. Whom others served then
    /// is not pushed: what these have deleted since must not come back. `None` if there were
    /// several lists.
    before: Option<(Ring, SwarmId)>,
    /// Nodes that have not answered for so long that nothing is pushed to them any more.
    given_up: BTreeSet<NodeKey>,
    place: Option<Place>,
    /// When to go on, unless a push is not acknowledged yet.
    due: Duration,
}

impl Handover {
    /// Whether this node served the account before.
    fn was_own(&self, account: &NetworkId) -> bool {
        let own = |(ring, own): &(Ring, SwarmId)| ring.nearest(position(account)) == Some(*own);
        self.before.as_ref().is_none_or(own)
    }
}

impl<S: MessageStore> Node<S> {
    /// Takes a new node list from the network's daemon. When the list changes this node's swarm or
    /// its neighbours, messages are pushed to those who have to keep them now, a piece at a time,
    /// and subscriptions to accounts that have moved end. May queue output, and changes the
    /// deadline.
    pub fn handle_node_list(&mut self, pool: Pool, now: Now) {
        let members = |pool: &Pool, own: &NodeKey| -> BTreeSet<NodeKey> {
            let own = pool.get(own).and_then(|node| pool.swarm(node.swarm_id));
            own.iter()
                .flat_map(|swarm| swarm.members())
                .map(|member| member.key)
                .collect()
        };
        let own = self.own_key();
        let old_members = members(&self.pool, &own);
        let new_members = members(&pool, &own);
        let ring_changed = pool.ring() != self.pool.ring();
        let mut before = self
            .own_swarm()
            .map(|swarm| (self.pool.ring().clone(), swarm.id()));
        self.pool = pool;
        // Whoever was in no swarm has nothing to hand over.
        if old_members.is_empty() {
            return;
        }
        let mut joined: BTreeSet<_> = new_members.difference(&old_members).copied().collect();
        if new_members.is_empty() {
            // Nobody takes anything from this node any more.
            self.handover = None;
            return self.end_monitors_of_others();
        }
        if !ring_changed && joined.is_empty() {
            return;
        }
        self.end_monitors_of_others();
        // A walk that is under way begins again, also for those who joined before.
        if let Some(earlier) = self.handover.take() {
            joined.extend(earlier.joined);
            before = None;
        }
        self.handover = Some(Handover {
            joined,
            before,
            given_up: BTreeSet::new(),
            place: None,
            due: now.monotonic,
        });
    }

    /// When the walk wants to go on; `None` while it waits for acknowledgements.
    pub(crate) fn handover_due(&self) -> Option<Duration> {
        let handover = self.handover.as_ref()?;
        let under_way = self.pending.pushes().saturating_add(self.retries.pushes());
        (under_way == 0).then_some(handover.due)
    }

    /// Pushes the next piece, if it is time.
    pub(crate) fn hand_over(&mut self, now: Now) {
        if self.handover_due().is_none_or(|due| due > now.monotonic) {
            return;
        }
        let own = self.own_key();
        let own_swarm = self.own_swarm().map(|swarm| swarm.id());
        let Some(handover) = &mut self.handover else {
            return;
        };
        let Ok(piece) = self.store.scan(handover.place, PIECE) else {
            // The store has failed: perhaps not for long.
            handover.due = now.monotonic.saturating_add(self.config.clean_interval);
            return;
        };
        let mut pushes: BTreeMap<NodeKey, Vec<&NewMessage<'_>>> = BTreeMap::new();
        for message in &piece.messages {
            let Some(swarm) = self.pool.swarm_of(&message.account) else {
                continue;
            };
            if message.message.expiry <= now.unix {
                continue;
            }
            let is_own = Some(swarm.id()) == own_swarm;
            if !is_own && !handover.was_own(&message.account) {
                continue;
            }
            for member in swarm.members() {
                let is_target = !is_own || handover.joined.contains(&member.key);
                let is_there = member.key != own && !handover.given_up.contains(&member.key);
                if is_target && is_there {
                    pushes.entry(member.key).or_default().push(message);
                }
            }
        }
        let pushes: Vec<_> = pushes
            .into_iter()
            .map(|(node, messages)| (node, write_push(messages)))
            .collect();
        match piece.next {
            Some(next) => {
                handover.place = Some(next);
                handover.due = now.monotonic.saturating_add(PACE);
            }
            None => self.handover = None,
        }
        for (node, messages) in pushes {
            let deadline = now.monotonic.saturating_add(self.config.retry_timeout);
            let retry = Retry::new(node, Missed::Push(messages));
            let request = retry.request();
            self.transmit_anyway(node, request, deadline, Pending::Retry(retry));
        }
    }

    /// Another node has taken a piece, or has not for a long time: the walk goes on.
    pub(crate) fn push_ended(&mut self, to: NodeKey, taken: bool, now: Duration) {
        if let Some(handover) = &mut self.handover {
            handover.due = now;
            if !taken {
                handover.given_up.insert(to);
            }
        }
    }

    /// Keeps what another node has pushed, as far as it belongs here.
    pub(crate) fn take_push(&mut self, body: &[u8], now: Now) -> (u16, Vec<u8>) {
        let messages = match read_push(body) {
            Ok(messages) => messages,
            Err(_) => return (status::BAD_REQUEST, Vec::from(*b"malformed push")),
        };
        let latest = now.unix.saturating_add(Expire::MAX_AHEAD);
        let count = messages.len();
        let own: Vec<_> = messages
            .into_iter()
            .filter(|message| self.serves(&message.account))
            .collect();
        if own.is_empty() && count > 0 {
            // Perhaps the sender knows already what this node has not heard yet.
            return (status::WRONG_SWARM, Vec::from(*b"not of this swarm"));
        }
        let sound: Vec<_> = own
            .into_iter()
            .filter(|message| is_sound(message, now.unix, latest))
            .collect();
        // A store that is full takes what it can: the sender cannot help it.
        let _ = self.store.put_all(&sound);
        (status::OK, Vec::new())
    }
}

/// Whether a pushed message is one that this node could have taken from a client. The hash tells
/// the namespace, too.
fn is_sound(message: &NewMessage<'_>, now: UnixMillis, latest: UnixMillis) -> bool {
    let NewMessage {
        account,
        namespace,
        message,
    } = message;
    message.timestamp <= now.saturating_add(MAX_AHEAD)
        && message.expiry > now
        && message.expiry <= latest
        && message.data.len() <= MAX_DATA_LEN
        && message.hash == MessageHash::of(account, *namespace, &message.data)
}

fn write_push<'m>(messages: impl IntoIterator<Item = &'m NewMessage<'m>>) -> Vec<u8> {
    let mut out = alloc::vec![VERSION];
    let mut list = ListWriter::new(&mut out);
    for NewMessage {
        account,
        namespace,
        message,
    } in messages
    {
        list.list()
            .bytes(account.as_bytes())
            .bytes(message.hash.as_str().as_bytes())
            .int(message.timestamp.as_millis())
            .int(message.expiry.as_millis())
            .bytes(&message.data)
            .int(namespace.number());
    }
    drop(list);
    out
}

/// Reads a push. A record that is malformed spoils it; one with an impossible account or hash is
/// left out.
fn read_push(body: &[u8]) -> Result<Vec<NewMessage<'_>>, BtError> {
    let (version, list) = body.split_first().ok_or(BtError::ListEnd)?;
    if *version != VERSION {
        return Err(BtError::ListEnd);
    }
    let mut list = ListReader::new(list)?;
    let mut messages = Vec::new();
    let mut count: usize = 0;
    while let Some(record) = list.raw_opt()? {
        count = count.saturating_add(1);
        if count > MAX_RECORDS {
            return Err(BtError::ListEnd);
        }
        messages.extend(read_record(record)?);
    }
    list.finish()?;
    Ok(messages)
}

fn read_record(record: &[u8]) -> Result<Option<NewMessage<'_>>, BtError> {
    let mut record = ListReader::new(record)?;
    let account: Option<[u8; 33]> = record.bytes()?.try_into().ok();
    let hash = core::str::from_utf8(record.bytes()?)
        .ok()
        .and_then(|text| text.parse().ok());
    let timestamp = UnixMillis::from_millis(record.int()?);
    let expiry = UnixMillis::from_millis(record.int()?);
    let data = record.bytes()?;
    // Older nodes leave the namespace out.
    let namespace = record.int_opt()?.unwrap_or_default();
    Ok(account.zip(hash).map(|(account, hash)| NewMessage {
        account: NetworkId::from(account),
        namespace: Namespace::new(namespace),
        message: Message::new(hash, timestamp, expiry, data),
    }))
}
