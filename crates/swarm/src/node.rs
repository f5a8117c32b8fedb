//! What is known of one service node.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;
use core::time::Duration;

use session_core::hex;

use crate::{Error, SwarmId};

/// The Ed25519 key that names a service node: 32 opaque bytes.
///
/// Nothing here checks that it is a point on the curve; whoever encrypts to it converts it into
/// a typed key first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeKey([u8; 32]);

impl NodeKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lowercase hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl From<[u8; 32]> for NodeKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl FromStr for NodeKey {
    type Err = Error;

    /// Exactly 64 hex digits of either case.
    fn from_str(text: &str) -> Result<Self, Error> {
        const WHAT: &str = "node key";
        hex::decode_array(WHAT, text)
            .map(Self)
            .map_err(|_| Error::Malformed { what: WHAT })
    }
}

impl fmt::Display for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Shortened: full keys make logs unreadable.
impl fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, .., before_last, last] = self.0;
        write!(
            f,
            "NodeKey({first:02x}{second:02x}…{before_last:02x}{last:02x})"
        )
    }
}

/// A service node as a node list describes it (spec 03 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeRecord {
    /// The Ed25519 key, by which records are told apart.
    pub key: NodeKey,
    /// The swarm that the node is in, or [`SwarmId::INVALID`] if none or unknown.
    pub swarm_id: SwarmId,
    /// The public address.
    pub ip: Ipv4Addr,
    /// Port for HTTPS requests; 0 if the node cannot be reached that way.
    pub https_port: u16,
    /// Port that OMQ over TCP and QUIC over UDP share; not 0 in a record that was read.
    pub quic_port: u16,
    /// Version of the storage server; 0.0.0 if unknown.
    pub version: [u16; 3],
    /// The X25519 key, if the list had it. From hard fork 21 it follows from the Ed25519 key.
    pub x25519: Option<[u8; 32]>,
    /// The block height at which the node's stake is unlocked and the node leaves; 0 if it stays,
    /// or the list does not say.
    pub unlock_height: u64,
}

impl NodeRecord {
    /// A node of which only the key and the address are known.
    #[must_use]
    pub const fn new(key: NodeKey, ip: Ipv4Addr, https_port: u16, quic_port: u16) -> Self {
        Self {
            key,
            swarm_id: SwarmId::INVALID,
            ip,
            https_port,
            quic_port,
            version: [0; 3],
            x25519: None,
            unlock_height: 0,
        }
    }

    /// Whether the address can be that of a node on the public networks.
    ///
    /// Except on local test networks, clients refuse nodes with any other address (spec 03 §15).
    #[must_use]
    pub const fn has_public_address(&self) -> bool {
        let [first, ..] = self.ip.octets();
        // 0/8 is "this network", 240/4 is reserved and holds broadcast.
        !(first == 0
            || first >= 240
            || self.ip.is_private()
            || self.ip.is_loopback()
            || self.ip.is_link_local()
            || self.ip.is_multicast())
    }
}

/// The records of one answer, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeList {
    /// The records that could be read.
    pub nodes: Vec<NodeRecord>,
    /// How many records were malformed or unusable, and left out.
    pub skipped: usize,
    /// The block height that the list is of, if it says so.
    pub height: Option<u64>,
}

impl NodeList {
    /// Leaves out the nodes that will have left the network by now: for a list that is `age` old,
    /// such as one that comes with an app (spec 03 §9).
    ///
    /// A block takes two minutes. If the height of the list is unknown, every node that is going
    /// to leave is left out. Then hand the list to [`Pool::agree`](crate::Pool::agree), which
    /// tells whether enough nodes remain.
    pub fn remove_unlocked(&mut self, age: Duration) {
        const SECONDS_PER_BLOCK: u64 = 120;

        let blocks = age.as_secs() / SECONDS_PER_BLOCK;
        let now = self
            .height
            .map_or(u64::MAX, |height| height.saturating_add(blocks));
        self.nodes
            .retain(|node| node.unlock_height == 0 || node.unlock_height > now);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use proptest::prelude::*;

    prop_compose! {
        /// A record that every form of node list can carry.
        pub(crate) fn any_record()(
            key: [u8; 32], swarm in 0..u64::MAX, ip in 1..u32::MAX, https_port: u16, quic_port in 1u16..,
            version: [u8; 3], x25519: Option<[u8; 32]>, unlock_height: u64,
        ) -> NodeRecord {
            NodeRecord {
                swarm_id: SwarmId::new(swarm),
                version: version.map(u16::from),
                x25519,
                unlock_height,
                ..NodeRecord::new(key.into(), ip.into(), https_port, quic_port)
            }
        }
    }

    proptest! {
        #[test]
        fn key_text_round_trips(bytes: [u8; 32]) {
            let key = NodeKey::from(bytes);
            prop_assert_eq!(key.to_string(), key.to_hex());
            prop_assert_eq!(key.to_hex().parse(), Ok(key));
            prop_assert_eq!(key.to_hex().to_uppercase().parse(), Ok(key));
        }
    }

    #[test]
    fn keys_have_64_digits_and_a_short_debug_form() {
        for length in [0, 63, 65, 66] {
            let key = "a".repeat(length).parse::<NodeKey>();
            assert_eq!(key, Err(Error::Malformed { what: "node key" }));
        }
        assert_eq!(
            format!("{:?}", NodeKey::from([0xab; 32])),
            "NodeKey(abab…abab)"
        );
    }

    #[test]
    fn public_addresses() {
        let public = |ip: &str| {
            NodeRecord::new([1; 32].into(), ip.parse().unwrap(), 1, 1).has_public_address()
        };
        for ip in ["193.37.204.45", "1.1.1.1", "223.255.255.255", "172.15.0.1"] {
            assert!(public(ip), "{ip}");
        }
        for ip in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "172.16.0.1",
            "192.168.1.1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!public(ip), "{ip}");
        }
    }

    #[test]
    fn nodes_that_have_left_by_now_are_removed() {
        let left = |height, age: u64| {
            let mut list = NodeList {
                height,
                ..NodeList::default()
            };
            for unlock_height in [0, 1000, 1001] {
                list.nodes.push(NodeRecord {
                    unlock_height,
                    ..NodeRecord::new([1; 32].into(), [9, 9, 9, 9].into(), 1, 1)
                });
            }
            list.remove_unlocked(Duration::from_secs(age));
            let left: Vec<_> = list.nodes.iter().map(|node| node.unlock_height).collect();
            left
        };
        assert_eq!(left(Some(999), 119), [0, 1000, 1001]);
        assert_eq!(left(Some(999), 120), [0, 1001]);
        assert_eq!(left(Some(1001), 0), [0]);
        assert_eq!(left(None, 0), [0]);
        assert_eq!(left(Some(u64::MAX), u64::MAX), [0]);
    }
}
