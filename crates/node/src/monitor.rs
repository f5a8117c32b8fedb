//! Clients that want to be told of new messages (spec 04 §11).

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use session_core::{NetworkId, Now};
use session_storage::monitor::{self, Ended, LIFETIME, Notification, Subscription};

use crate::message::{ConnectionId, Notify, NotifyCommand, Output};
use crate::store::NewMessage;
use crate::{MessageStore, Node};

/// All subscriptions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitors {
    by_account: BTreeMap<(NetworkId, ConnectionId), Monitor>,
    /// The same by connection, for when it closes.
    by_connection: BTreeSet<(ConnectionId, NetworkId)>,
    /// The same by the time at which they end.
    by_end: BTreeSet<(Duration, NetworkId, ConnectionId)>,
}

#[derive(Clone, Debug)]
struct Monitor {
    subscription: Subscription,
    end: Duration,
}

impl Monitors {
    /// Takes a subscription, which adds to the one of the same account and connection.
    fn subscribe(
        &mut self,
        connection: ConnectionId,
        subscription: Subscription,
        now: Duration,
        (max, max_each): (usize, usize),
    ) {
        let account = subscription.pubkey;
        let subscription = match self.remove(account, connection) {
            Some(mut earlier) => {
                earlier.subscription.merge(subscription);
                earlier.subscription
            }
            None => subscription,
        };
        // A connection that asks for too much ends its own subscriptions, not those of others.
        let own: Vec<_> = self.of_connection(connection).collect();
        if own.len() >= max_each {
            let end_of = |account: &NetworkId| {
                let monitor = self.by_account.get(&(*account, connection));
                monitor.map(|monitor| monitor.end)
            };
            if let Some(oldest) = own.into_iter().min_by_key(end_of) {
                self.remove(oldest, connection);
            }
        }
        while self.by_account.len() >= max
            && let Some(&(_, account, connection)) = self.by_end.first()
        {
            self.remove(account, connection);
        }
        let end = now.saturating_add(LIFETIME);
        let monitor = Monitor { subscription, end };
        self.by_account.insert((account, connection), monitor);
        self.by_connection.insert((connection, account));
        self.by_end.insert((end, account, connection));
    }

    fn remove(&mut self, account: NetworkId, connection: ConnectionId) -> Option<Monitor> {
        let monitor = self.by_account.remove(&(account, connection))?;
        self.by_connection.remove(&(connection, account));
        self.by_end.remove(&(monitor.end, account, connection));
        Some(monitor)
    }

    /// The accounts that a connection has subscribed to.
    fn of_connection(&self, connection: ConnectionId) -> impl Iterator<Item = NetworkId> + '_ {
        let first = (connection, NetworkId::from([0; 33]));
        self.by_connection
            .range(first..)
            .take_while(move |(other, _)| *other == connection)
            .map(|(_, account)| *account)
    }

    fn disconnect(&mut self, connection: ConnectionId) {
        let accounts: Vec<_> = self.of_connection(connection).collect();
        for account in accounts {
            self.remove(account, connection);
        }
    }

    /// Forgets subscriptions whose time is over.
    pub(crate) fn end_old(&mut self, now: Duration) {
        while let Some(&(end, account, connection)) = self.by_end.first()
            && end <= now
        {
            self.remove(account, connection);
        }
    }

    /// Tells everybody who has subscribed to a mailbox of its new message.
    pub(crate) fn announce(
        &self,
        message: &NewMessage<'_>,
        now: Duration,
        outputs: &mut VecDeque<Output>,
    ) {
        let first = (message.account, ConnectionId(0));
        let monitors = self
            .by_account
            .range(first..)
            .take_while(|((account, _), _)| *account == message.account)
            .filter(|(_, monitor)| {
                monitor.end > now && monitor.subscription.covers(message.namespace)
            });
        for ((account, connection), monitor) in monitors {
            let mut body = Vec::new();
            let want_data = monitor.subscription.want_data;
            Notification {
                pubkey: *account,
                hash: message.message.hash,
                namespace: message.namespace,
                timestamp: message.message.timestamp,
                expiry: message.message.expiry,
                data: want_data.then_some(&*message.message.data),
            }
            .write_bt(&mut body);
            outputs.push_back(Output::Notify(Notify {
                connection: *connection,
                command: NotifyCommand::Message,
                body,
            }));
        }
    }
}

impl<S: MessageStore> Node<S> {
    /// Takes the body of `monitor.messages` (OMQ) or `monitor` (QUIC), and gives the answer. The
    /// client is told of new messages by [`Output::Notify`], until the connection closes: say so
    /// by [`handle_disconnect`](Self::handle_disconnect).
    #[must_use]
    pub fn handle_monitor(
        &mut self,
        connection: ConnectionId,
        request: &[u8],
        now: Now,
    ) -> Vec<u8> {
        let mut accepted = Vec::new();
        let mut answer = Vec::new();
        monitor::answer(request, now.unix, &mut answer, |subscription| {
            if !self.serves(&subscription.pubkey) {
                return Err(Some(self.other_swarm(&subscription.pubkey)));
            }
            accepted.push(subscription);
            Ok(())
        });
        let max = (
            self.config.max_subscriptions,
            self.config.max_subscriptions_each,
        );
        for subscription in accepted {
            self.monitors
                .subscribe(connection, subscription, now.monotonic, max);
        }
        answer
    }

    /// Ends all subscriptions of a connection.
    pub fn handle_disconnect(&mut self, connection: ConnectionId) {
        self.monitors.disconnect(connection);
    }

    /// Ends the subscriptions to accounts that another swarm serves now.
    pub(crate) fn end_monitors_of_others(&mut self) {
        let moved: Vec<_> = self
            .monitors
            .by_account
            .keys()
            .filter(|(account, _)| !self.serves(account))
            .copied()
            .collect();
        for (account, connection) in moved {
            self.monitors.remove(account, connection);
            let mut body = Vec::new();
            Ended {
                pubkey: account,
                instead: Some(self.other_swarm(&account)),
            }
            .write_bt(&mut body);
            self.outputs.push_back(Output::Notify(Notify {
                connection,
                command: NotifyCommand::Ended,
                body,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use session_storage::Namespace;

    const MAX: usize = 6;
    const MAX_EACH: usize = 2;

    /// All indexes say the same, and no place is taken by what has ended.
    fn check(monitors: &Monitors) {
        let mut by_connection = BTreeSet::new();
        let mut by_end = BTreeSet::new();
        for ((account, connection), monitor) in &monitors.by_account {
            by_connection.insert((*connection, *account));
            by_end.insert((monitor.end, *account, *connection));
        }
        assert_eq!(monitors.by_connection, by_connection);
        assert_eq!(monitors.by_end, by_end);
        assert!(by_end.len() <= MAX);
        for connection in 0..4 {
            let own = monitors.of_connection(ConnectionId(connection));
            assert!(own.count() <= MAX_EACH);
        }
    }

    #[test]
    fn the_indexes_stay_in_line() {
        let mut monitors = Monitors::default();
        for step in 0..2000u32 {
            // Some order in which everything meets everything.
            let drawn = step.wrapping_mul(2_654_435_761).to_be_bytes();
            let now = Duration::from_secs(u64::from(step) * 100);
            let connection = ConnectionId(u64::from(drawn[0] % 4));
            match drawn[1] % 8 {
                0 => monitors.disconnect(connection),
                1 => monitors.end_old(now),
                _ => {
                    let account = NetworkId::from([drawn[2] % 4; 33]);
                    let wanted = Subscription::new(account, [Namespace::DIRECT], false).unwrap();
                    monitors.subscribe(connection, wanted, now, (MAX, MAX_EACH));
                    assert!(monitors.by_account.contains_key(&(account, connection)));
                }
            }
            check(&monitors);
        }
        monitors.end_old(Duration::MAX);
        check(&monitors);
        assert!(monitors.by_account.is_empty());
    }
}
