//! The networks as data: where a client gets its first node list (spec 03 §8, §13).
//!
//! These are facts of today and no part of the protocol. Start from them, and let people replace
//! them without a new release of the app.

use core::net::Ipv4Addr;

use session_core::Network;

use crate::{NodeKey, NodeRecord};

/// The public network.
pub const MAINNET: Defaults = Defaults {
    network: Network::Mainnet,
    seeds: &[
        Seed::pinned(
            "https://seed1.getsession.org:4443/json_rpc",
            "9a56135ef92620461ca6cc00353a67070973f42b308b4a72fd140a91b7503994",
            "36ea0b253537988551ee856e4fd20d55011e9c8b27eaa2f34b8f32a0bdf04f2d",
        ),
        Seed::pinned(
            "https://seed2.getsession.org:4443/json_rpc",
            "66e5317b8c28a4147cdd8cb97de3cf357d1cd340679100aeff8f686a91690749",
            "c5908dd4139acd96aedd1e45576597650809c8a5ea02af556d4853d45396e0e7",
        ),
        Seed::pinned(
            "https://seed3.getsession.org:4443/json_rpc",
            "e317bef24d4d8f17ab5538d4b1695924d2addcf03b637d69525b36b47622a690",
            "8a0af2c712342f22ce00e53c1601410ef8d84156aee0a9809c32f6f7efbe556e",
        ),
    ],
    seed_nodes: &[
        node(
            "1f000f09a7b07828dcb72af7cd16857050c10c02bd58afb0e38111fb6cda1fef",
            [95, 216, 33, 113],
            22100,
            20200,
        ),
        node(
            "1f101f0acee4db6f31aaa8b4df134e85ca8a4878efaef7f971e88ab144c1a7ce",
            [37, 27, 236, 229],
            22101,
            20201,
        ),
        node(
            "1f202f00f4d2d4acc01e20773999a291cf3e3136c325474d159814e06199919f",
            [172, 96, 140, 124],
            22102,
            20202,
        ),
        node(
            "1f303f1d7523c46fa5398826740d13282d26b5de90fbae5749442f66afb6d78b",
            [208, 73, 207, 54],
            22103,
            20203,
        ),
        node(
            "1f604f1c858a121a681d8f9b470ef72e6946ee1b9c5ad15a35e16b50c28db7b0",
            [104, 194, 8, 115],
            22104,
            20204,
        ),
    ],
    min_online: 100,
};

/// The public test network. Its seeds speak plain HTTP: whoever is on the way can answer.
pub const TESTNET: Defaults = Defaults {
    network: Network::Testnet,
    seeds: &[
        Seed::unpinned("http://seed2.getsession.org:38157/json_rpc"),
        Seed::unpinned("http://public.loki.foundation:38157/json_rpc"),
    ],
    seed_nodes: &[node(
        "decaf20025ca6389d8225bda6a32d7fc4ee5176d21e3b2e9e08c3505a48a811a",
        [23, 88, 6, 250],
        35520,
        35520,
    )],
    min_online: 10,
};

/// Development networks, which everybody sets up for themselves. The seed is a name of the local
/// network that the Android app looks for; most configurations must name another.
pub const DEVNET: Defaults = Defaults {
    network: Network::Testnet,
    seeds: &[Seed::unpinned("http://sesh-net.local:1280/json_rpc")],
    seed_nodes: &[],
    min_online: 10,
};

/// What is known of a network in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Defaults {
    /// How identifiers are read there.
    pub network: Network,
    /// Servers that are sent [`SEED_REQUEST`]. The answer of one is enough.
    pub seeds: &'static [Seed],
    /// Nodes to ask like any other, over QUIC, where the key is the pin. They are in no swarm
    /// until a list says so.
    pub seed_nodes: &'static [NodeRecord],
    /// Fewest nodes that must be online for nodes to test one another.
    pub min_online: usize,
}

/// A server that knows all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seed {
    /// Where to POST.
    pub url: &'static str,
    /// Whom to believe there: no certificate authority has a say. `None` for plain HTTP.
    pub pins: Option<Pins>,
}

impl Seed {
    const fn pinned(url: &'static str, public_key_sha256: &str, certificate_sha256: &str) -> Self {
        Self {
            url,
            pins: Some(Pins {
                public_key_sha256: bytes(public_key_sha256),
                certificate_sha256: bytes(certificate_sha256),
            }),
        }
    }

    const fn unpinned(url: &'static str) -> Self {
        Self { url, pins: None }
    }
}

/// What a server's self-signed certificate must be. The ones known are valid until 2033-04-05.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pins {
    /// SHA-256 of the `SubjectPublicKeyInfo`, DER.
    pub public_key_sha256: [u8; 32],
    /// SHA-256 of the certificate, DER.
    pub certificate_sha256: [u8; 32],
}

macro_rules! node_list_params {
    () => {
        concat!(
            r#"{"active_only":true,"fields":{"public_ip":true,"storage_port":true,"#,
            r#""storage_lmq_port":true,"pubkey_x25519":true,"pubkey_ed25519":true,"#,
            r#""requested_unlock_height":true,"height":true,"swarm":true,"#,
            r#""storage_server_version":true}}"#
        )
    };
}

/// The `params` of `get_service_nodes` for all active nodes, with the fields that
/// [`parse_node_list`](crate::parse_node_list) reads: for an `oxend_request` to a node.
pub const NODE_LIST_PARAMS: &str = node_list_params!();

/// The JSON-RPC body that asks a seed for the same.
pub const SEED_REQUEST: &str = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"get_n_service_nodes","params":"#,
    node_list_params!(),
    "}"
);

const fn node(key: &str, ip: [u8; 4], https_port: u16, quic_port: u16) -> NodeRecord {
    let [a, b, c, d] = ip;
    NodeRecord::new(
        NodeKey::new(bytes(key)),
        Ipv4Addr::new(a, b, c, d),
        https_port,
        quic_port,
    )
}

/// 64 lowercase hex digits of this file, when it is compiled: anything else fails to.
const fn bytes(hex: &str) -> [u8; 32] {
    const fn digit(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit.wrapping_sub(b'0'),
            _ => {
                assert!(matches!(digit, b'a'..=b'f'));
                digit.wrapping_sub(b'a').wrapping_add(10)
            }
        }
    }

    let mut bytes = [0; 32];
    let (mut digits, mut places) = (hex.as_bytes(), bytes.as_mut_slice());
    while let ([high, low, later_digits @ ..], [byte, later_places @ ..]) = (digits, places) {
        *byte = (digit(*high) << 4) | digit(*low);
        (digits, places) = (later_digits, later_places);
    }
    assert!(digits.is_empty() && hex.len() == 64);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use serde_json::value::RawValue;
    use session_core::{base64, hex};

    const ALL: [Defaults; 3] = [MAINNET, TESTNET, DEVNET];

    #[test]
    fn pins_are_those_published() {
        let published = [
            (
                "mlYTXvkmIEYcpswANTpnBwlz9Cswi0py/RQKkbdQOZQ=",
                "36:EA:0B:25:35:37:98:85:51:EE:85:6E:4F:D2:0D:55:01:1E:9C:8B:27:EA:A2:F3:4B:8F:32:A0:BD:F0:4F:2D",
            ),
            (
                "ZuUxe4wopBR83Yy5fePPNX0c00BnkQCu/49oapFpB0k=",
                "C5:90:8D:D4:13:9A:CD:96:AE:DD:1E:45:57:65:97:65:08:09:C8:A5:EA:02:AF:55:6D:48:53:D4:53:96:E0:E7",
            ),
            (
                "4xe+8k1NjxerVTjUsWlZJNKt3PA7Y31pUls2tHYippA=",
                "8A:0A:F2:C7:12:34:2F:22:CE:00:E5:3C:16:01:41:0E:F8:D8:41:56:AE:E0:A9:80:9C:32:F6:F7:EF:BE:55:6E",
            ),
        ];
        assert_eq!(MAINNET.seeds.len(), published.len());
        for (seed, (public_key, certificate)) in MAINNET.seeds.iter().zip(published) {
            let pins = seed.pins.unwrap();
            assert_eq!(base64::encode(&pins.public_key_sha256), public_key);
            let digits = certificate.replace(':', "").to_lowercase();
            assert_eq!(hex::encode(&pins.certificate_sha256), digits);
        }
    }

    #[test]
    fn only_pinned_seeds_are_reached_over_https() {
        for seed in ALL.iter().flat_map(|network| network.seeds) {
            assert_eq!(seed.url.starts_with("https://"), seed.pins.is_some());
            assert!(seed.url.ends_with("/json_rpc"));
        }
    }

    #[test]
    fn seed_nodes_are_usable_and_differ() {
        let nodes: Vec<_> = ALL.iter().flat_map(|network| network.seed_nodes).collect();
        for node in &nodes {
            assert!(node.has_public_address() && node.https_port > 0 && node.quic_port > 0);
            assert_eq!(
                nodes.iter().filter(|other| other.key == node.key).count(),
                1
            );
        }
        assert_eq!(nodes.len(), 6);
        let first = nodes[0].key.to_hex();
        assert_eq!(
            first,
            "1f000f09a7b07828dcb72af7cd16857050c10c02bd58afb0e38111fb6cda1fef"
        );
    }

    #[test]
    fn requests_are_json() {
        #[derive(serde::Deserialize)]
        struct Request<'a> {
            method: &'a str,
            #[serde(borrow)]
            params: &'a RawValue,
        }

        let request: Request<'_> = serde_json::from_str(SEED_REQUEST).unwrap();
        assert_eq!(request.method, "get_n_service_nodes");
        assert_eq!(request.params.get(), NODE_LIST_PARAMS);
    }
}
