//! What an app decides.

use core::time::Duration;

use session_core::Network;
use session_onion::EncType;
use session_path::Policy;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Constants of a client. `Config::default()` is right for the public network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Which network. On mainnet, nodes with private or loopback addresses are not believed.
    pub network: Network,
    /// How many seeds the embedder knows; they are asked by number, 0 to `seeds` - 1.
    pub seeds: usize,
    /// How paths are built and blamed.
    pub policy: Policy,
    /// How layers are encrypted.
    pub enc_type: EncType,
    /// How long to wait for one request.
    pub request_timeout: Duration,
    /// How often the account's mailbox is looked at.
    pub poll_interval: Duration,
    /// How long sent messages live in the network, 14 days at most (spec 04 §1).
    pub message_ttl: Duration,
    /// Age at which the node list is renewed (spec 03 §9).
    pub pool_expiry: Duration,
    /// Fewest nodes that a node list must have (spec 03 §9).
    pub min_pool: usize,
    /// How often one message is tried before it counts as failed.
    pub max_attempts: u32,
    /// Most messages that may wait or be under way.
    pub max_queue: usize,
    /// How many received messages are remembered, so that none is reported twice.
    pub max_seen: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            network: Network::Mainnet,
            seeds: 3,
            policy: Policy::default(),
            enc_type: EncType::XChaCha20,
            request_timeout: Duration::from_secs(10),
            poll_interval: Duration::from_secs(5),
            message_ttl: DAY.saturating_mul(14),
            pool_expiry: Duration::from_secs(2 * 3600),
            min_pool: 12,
            max_attempts: 8,
            max_queue: 1000,
            max_seen: 10_000,
        }
    }
}

impl Config {
    /// For a private network of at least `min_pool` nodes that is reached through `seeds` seeds:
    /// local addresses are believed.
    #[must_use]
    pub fn testnet(seeds: usize, min_pool: usize) -> Self {
        Self {
            network: Network::Testnet,
            seeds,
            min_pool,
            ..Self::default()
        }
    }

    /// With another path policy.
    #[must_use]
    pub const fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// With another hop type.
    #[must_use]
    pub const fn with_enc_type(mut self, enc_type: EncType) -> Self {
        self.enc_type = enc_type;
        self
    }

    /// With another poll interval.
    #[must_use]
    pub const fn with_poll_interval(mut self, poll_interval: Duration) -> Self {
        self.poll_interval = poll_interval;
        self
    }

    /// With another request timeout.
    #[must_use]
    pub const fn with_request_timeout(mut self, request_timeout: Duration) -> Self {
        self.request_timeout = request_timeout;
        self
    }
}
