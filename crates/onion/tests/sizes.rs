//! The size formulas against requests that were built, and against spec 02 §7.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

mod nodes;

use nodes::{TYPES, rng};
use session_crypto::x25519::SecretKey;
#[cfg(feature = "precomputed-tables")]
use session_onion::PreparedHop;
use session_onion::{
    Destination, EncType, Endpoint, MAX_REQUEST_LEN, Protocol, Server, build, size,
};

/// The spec's E and e.
fn constants(enc_type: EncType) -> (usize, usize) {
    match enc_type {
        EncType::XChaCha20 => (40, 9),
        EncType::AesGcm => (28, 7),
    }
}

#[test]
fn requests_to_nodes_have_the_known_length() {
    let (_, hops) = nodes::nodes(10, &mut rng(1));
    let end = &hops[9];
    for enc_type in TYPES {
        let (overhead, name) = constants(enc_type);
        assert_eq!(size::per_hop(enc_type), 183 + name + overhead);
        for passed in 0..10 {
            for payload in [0, 1, 700] {
                let expected = payload + 120 + overhead + name + passed * (183 + name + overhead);
                assert_eq!(size::to_node(passed, payload, enc_type), expected);
                let destination = Destination::from(end);
                assert_eq!(destination.request_len(passed, payload, enc_type), expected);
                let path = &hops[..passed];
                let request = build(path, end, &vec![7; payload], enc_type, &mut rng(2));
                assert_eq!(request.unwrap().body.len(), expected);
            }
        }
        // As in the spec's table.
        let three = if overhead == 40 { 865 } else { 809 };
        assert_eq!(size::to_node(3, 0, enc_type), three);
    }
}

#[cfg(feature = "precomputed-tables")]
#[test]
fn a_table_changes_no_length() {
    let (_, hops) = nodes::nodes(1, &mut rng(3));
    let prepared = PreparedHop::new(&hops[0]);
    let destination = Destination::from(&prepared);
    for passed in [0, 1, 9] {
        let len = destination.request_len(passed, 5, EncType::AesGcm);
        assert_eq!(len, size::to_node(passed, 5, EncType::AesGcm));
    }
}

#[test]
fn requests_to_servers_have_the_known_length() {
    let (_, hops) = nodes::nodes(9, &mut rng(4));
    let key = *SecretKey::generate(&mut rng(5)).public();
    let endpoints = [Endpoint::V4, Endpoint::V3, Endpoint::LokiV3];
    let ports = [0, 9, 10, 99, 100, 999, 1000, 9999, 10_000, 65_535];
    for (place, port) in ports.into_iter().enumerate() {
        let digits = port.to_string().len();
        assert_eq!(digits, place / 2 + 1);
        let protocol = [Protocol::Https, Protocol::Http][place % 2];
        let host = ["a", "[2001:db8::1]", "open.getsession.org"][place % 3];
        let endpoint = endpoints[place % 3];
        let server = Server::new(key, protocol, host)
            .unwrap()
            .with_port(port)
            .with_endpoint(endpoint);
        for enc_type in TYPES {
            let (overhead, name) = constants(enc_type);
            let to_server =
                158 + name + host.len() + digits + protocol.name().len() + endpoint.target().len();
            for passed in 0..10 {
                let payload = 3 * passed;
                let hops_len = match passed {
                    0 => 0,
                    _ => 4 + to_server + overhead + (passed - 1) * (183 + name + overhead),
                };
                let expected = payload + overhead + hops_len + 4 + 98 + name;
                assert_eq!(
                    size::to_server(passed, &server, payload, enc_type),
                    expected
                );
                let destination = Destination::from(&server);
                assert_eq!(destination.request_len(passed, payload, enc_type), expected);
                let path = &hops[..passed];
                let request = build(path, &server, &vec![0; payload], enc_type, &mut rng(6));
                assert_eq!(request.unwrap().body.len(), expected);
            }
        }
    }
    // As in the spec's table.
    let official = Server::new(key, Protocol::Https, "open.getsession.org").unwrap();
    assert_eq!(size::to_server(3, &official, 0, EncType::XChaCha20), 867);
    assert_eq!(size::to_server(3, &official, 0, EncType::AesGcm), 811);
}

#[test]
fn absurd_lengths_saturate_and_are_too_long() {
    let key = *SecretKey::generate(&mut rng(7)).public();
    let server = Server::new(key, Protocol::Http, "a").unwrap();
    for enc_type in TYPES {
        for (hops, payload) in [(usize::MAX, 0), (0, usize::MAX), (usize::MAX, usize::MAX)] {
            assert_eq!(size::to_node(hops, payload, enc_type), usize::MAX);
            assert_eq!(
                size::to_server(hops, &server, payload, enc_type),
                usize::MAX
            );
        }
        assert_eq!(size::node_reply(usize::MAX, enc_type), usize::MAX);
    }
    assert!(size::to_node(0, MAX_REQUEST_LEN, EncType::AesGcm) > MAX_REQUEST_LEN);
}
