//! What can be computed before a request exists: tables for the nodes of a path, and ephemeral
//! keys.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::fmt;

use session_crypto::rand_core::CryptoRng;
use session_crypto::x25519::SecretKey;

#[cfg(feature = "precomputed-tables")]
pub use self::tables::{PreparedHop, PreparedPath};

#[cfg(feature = "precomputed-tables")]
mod tables {
    use alloc::vec::Vec;
    use core::fmt;

    use session_crypto::peer::PeerTable;

    use crate::Hop;

    /// A [`Hop`] with a table of multiples of its key: 30 KiB that take about a millisecond to
    /// compute. Nothing in it is secret. Worth it for nodes that more than a few dozen requests
    /// go to.
    #[derive(Clone)]
    pub struct PreparedHop {
        ed25519: [u8; 32],
        table: PeerTable,
    }

    impl PreparedHop {
        /// Computes the table.
        #[must_use]
        pub fn new(hop: &Hop) -> Self {
            Self {
                ed25519: *hop.ed25519(),
                table: PeerTable::new(hop.peer()),
            }
        }

        /// The identity key's bytes, as a node list has them.
        #[must_use]
        pub const fn ed25519(&self) -> &[u8; 32] {
            &self.ed25519
        }

        pub(crate) const fn table(&self) -> &PeerTable {
            &self.table
        }
    }

    impl fmt::Debug for PreparedHop {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let [first, second, ..] = self.ed25519;
            write!(f, "PreparedHop({first:02x}{second:02x}…)")
        }
    }

    /// The nodes of a path, each with its table. Make one for each path, and keep it as long as
    /// the path.
    #[derive(Clone, Debug)]
    pub struct PreparedPath(Vec<PreparedHop>);

    impl PreparedPath {
        /// Computes the tables of all nodes, entry node first.
        #[must_use]
        pub fn new(path: &[Hop]) -> Self {
            Self(path.iter().map(PreparedHop::new).collect())
        }

        /// The nodes, entry node first.
        #[must_use]
        pub fn hops(&self) -> &[PreparedHop] {
            &self.0
        }
    }
}

/// Ephemeral key pairs made in advance, in idle time. Each is used once; when there are none
/// left, requests make theirs as without a pool.
///
/// A request takes a key for each of its layers: the nodes of its path and the destination. Keys
/// are zeroized when they are used or dropped.
pub struct EphemeralPool {
    // Boxed, so that the queue moves no secret around.
    keys: VecDeque<Box<SecretKey>>,
    capacity: usize,
}

impl EphemeralPool {
    /// An empty pool for up to `capacity` keys.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            keys: VecDeque::new(),
            capacity,
        }
    }

    /// Makes one key, which takes about a base point product, unless the pool is full. Draws 32
    /// bytes from `rng`. Returns whether there is room for more.
    pub fn add_one<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) -> bool {
        if self.keys.len() < self.capacity {
            self.keys.push_back(Box::new(SecretKey::generate(rng)));
        }
        self.keys.len() < self.capacity
    }

    /// Makes keys until the pool is full.
    pub fn fill<R: CryptoRng + ?Sized>(&mut self, rng: &mut R) {
        while self.add_one(rng) {}
    }

    /// How many keys are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The oldest key.
    pub(crate) fn take(&mut self) -> Option<Box<SecretKey>> {
        self.keys.pop_front()
    }
}

impl fmt::Debug for EphemeralPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EphemeralPool({} of {})", self.keys.len(), self.capacity)
    }
}
