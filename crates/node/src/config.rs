//! What an operator decides.

use core::time::Duration;

use session_core::Network;

/// Constants of a node, with the deployed network's values as defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Which network it serves; decides which account forms it accepts (spec 03 §2).
    pub network: Network,
    /// Version that `info` reports.
    pub version: [u16; 3],
    /// Hard fork that replies report, major and minor.
    pub hard_fork: [u16; 2],
    /// How long to wait for the next node of an onion request (spec 02 §5.3).
    pub relay_timeout: Duration,
    /// How long to wait for a member of the swarm (spec 04 §1).
    pub forward_timeout: Duration,
    /// How long to wait for a member that is asked again (spec 03 §11).
    pub retry_timeout: Duration,
    /// How long to wait for the daemon.
    pub daemon_timeout: Duration,
    /// How often expired messages are removed (spec 04 §10).
    pub clean_interval: Duration,
    /// Most requests that may wait for other nodes; more are refused as busy.
    pub max_pending: usize,
    /// Most bytes of changes that members have missed and are sent again.
    pub max_retry_bytes: usize,
    /// Most subscriptions to new messages; those that would end first make room for new ones.
    pub max_subscriptions: usize,
    /// Most subscriptions of one connection; beyond these it ends its own oldest ones.
    pub max_subscriptions_each: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            network: Network::Mainnet,
            version: [2, 11, 3],
            hard_fork: [21, 0],
            relay_timeout: Duration::from_secs(30),
            forward_timeout: Duration::from_secs(5),
            retry_timeout: Duration::from_secs(10),
            daemon_timeout: Duration::from_secs(10),
            clean_interval: Duration::from_secs(10),
            max_pending: 1000,
            max_retry_bytes: 16 * 1024 * 1024,
            max_subscriptions: 100_000,
            max_subscriptions_each: 1000,
        }
    }
}

impl Config {
    /// With another network.
    #[must_use]
    pub const fn with_network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// With another limit of waiting requests.
    #[must_use]
    pub const fn with_max_pending(mut self, max_pending: usize) -> Self {
        self.max_pending = max_pending;
        self
    }
}
