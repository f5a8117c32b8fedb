//! Which servers can be named, what a last node is told of them, and which it may reach.

#![allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used)]

mod nodes;

use nodes::{End, TYPES, carry_to_server, rng, unframe};
use session_core::hex;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_onion::{
    Endpoint, Error, Layer, MAX_REQUEST_LEN, Protocol, Route, Server, build, is_public_address,
    peel_at_server, size,
};

#[test]
fn low_order_client_keys_are_a_bad_ciphertext() {
    let server = SecretKey::from_bytes(&[3; 32]);
    for point in LOW_ORDER {
        let metadata = format!(r#"{{"ephemeral_key":"{point}"}}"#);
        let mut body = nodes::frame(&[0; 40], &metadata);
        let layer = Layer::parse_at_server(&mut body).unwrap();
        assert_eq!(peel_at_server(&server, layer).err(), Some(Error::Decrypt));
    }
}

/// 0, 1, the two of order 8, p - 1, and p and p + 1, which are not canonical.
const LOW_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

fn low_order_key(point: &str, high_bit: bool) -> PublicKey {
    let mut bytes = hex::decode_array("point", point).unwrap();
    bytes[31] |= u8::from(high_bit) << 7;
    PublicKey::from_bytes(bytes)
}

#[test]
fn servers_with_keys_of_low_order_are_refused() {
    let (_, hops) = nodes::nodes(3, &mut rng(10));
    let mut rng = rng(11);
    for point in LOW_ORDER {
        for high_bit in [false, true] {
            let key = low_order_key(point, high_bit);
            let server = Server::new(key, Protocol::Https, "a.example").unwrap();
            for path in [&hops[..0], &hops[..]] {
                let mut route = Route::new(path);
                let built = route.build(&server, b"secret", &mut rng);
                assert_eq!(built.err(), Some(Error::InvalidKey));
                let mut out = b"kept".to_vec();
                let built = route.append(&server, b"secret", &mut out, &mut rng);
                assert_eq!(built.err(), Some(Error::InvalidKey));
                assert_eq!(out, b"kept");
            }
        }
    }
}

#[test]
fn the_limit_is_exact() {
    let (_, hops) = nodes::nodes(2, &mut rng(12));
    // Such a key is refused only once the length is accepted, and nothing need be encrypted.
    let key = low_order_key(LOW_ORDER[0], false);
    let server = Server::new(key, Protocol::Https, "a.example").unwrap();
    let mut rng = rng(13);
    for enc_type in TYPES {
        let mut route = Route::new(&hops).with_enc_type(enc_type);
        let room = MAX_REQUEST_LEN - size::to_server(2, &server, 0, enc_type);
        let mut payload = vec![0; room];
        let fits = route.build(&server, &payload, &mut rng);
        assert_eq!(fits.err(), Some(Error::InvalidKey));
        payload.push(0);
        let mut out = b"kept".to_vec();
        out.shrink_to_fit();
        let too_long = route.append(&server, &payload, &mut out, &mut rng);
        let expected = Error::TooLong {
            len: MAX_REQUEST_LEN + 1,
            max: MAX_REQUEST_LEN,
        };
        assert_eq!(too_long.err(), Some(expected));
        assert_eq!(out, b"kept");
        assert!(out.capacity() < 64, "nothing reserved");

        payload.resize(MAX_REQUEST_LEN - size::to_node(2, 0, enc_type) + 1, 0);
        let too_long = route.build(&hops[0], &payload, &mut rng);
        assert_eq!(too_long.err(), Some(expected));
    }
}

#[test]
fn the_last_node_is_told_exactly_this() {
    let mut rng = rng(15);
    let (secrets, hops) = nodes::nodes(2, &mut rng);
    let key = *SecretKey::generate(&mut rng).public();
    let ways = [
        (Protocol::Https, None, 443, ""),
        (Protocol::Http, None, 80, ""),
        (Protocol::Http, Some(443), 443, ":443"),
        (Protocol::Https, Some(80), 80, ":80"),
        (Protocol::Https, Some(443), 443, ""),
        (Protocol::Http, Some(0), 0, ":0"),
        (Protocol::Https, Some(22_023), 22_023, ":22023"),
        (Protocol::Http, Some(65_535), 65_535, ":65535"),
    ];
    for (protocol, port, expected_port, in_url) in ways {
        for endpoint in [Endpoint::V4, Endpoint::V3, Endpoint::LokiV3] {
            for host in [
                "chat.example.org",
                "192.0.2.1",
                "[2001:db8::1]",
                "a_b.example.",
            ] {
                let mut server = Server::new(key, protocol, host).unwrap();
                if let Some(port) = port {
                    server = server.with_port(port);
                }
                let server = server.with_endpoint(endpoint);
                let enc_type = TYPES[usize::from(host.len() % 2 == 0)];
                let request = build(&hops, &server, b"x", enc_type, &mut rng).unwrap();
                let (body, arrival) = carry_to_server(&secrets, request.body);
                let (_, metadata) = unframe(&body);
                let ephemeral = metadata.split('"').nth(7).unwrap();
                assert!(hex::decode_array::<32>("key", ephemeral).is_ok());
                let (enc, scheme, path) = (enc_type.name(), protocol.name(), endpoint.target());
                assert_eq!(
                    metadata,
                    format!(
                        r#"{{"enc_type":"{enc}","ephemeral_key":"{ephemeral}","host":"{host}","method":"POST","port":{expected_port},"protocol":"{scheme}","target":"{path}"}}"#
                    )
                );
                let End::Server {
                    target: Some(target),
                    ..
                } = arrival.end
                else {
                    panic!("no target");
                };
                let url = format!("{scheme}://{host}{in_url}{path}");
                assert_eq!(target.url(), Ok(url));
                assert!(!format!("{server:?}{target:?}").contains(host));
            }
        }
    }
}

#[test]
fn hosts_are_names_or_addresses() {
    let key = PublicKey::from_bytes([9; 32]);
    let server = |host: &str| Server::new(key, Protocol::Https, host).map(|_| ());
    let label = "a".repeat(63);
    let longest = [&label, &label, &label, &"a".repeat(61)]
        .map(String::as_str)
        .join(".");
    assert_eq!(longest.len(), 253);
    for host in [
        "localhost",
        "a",
        "A.b-C.example",
        "x_1.example",
        "1.2.3.4",
        "[::]",
        "[2001:db8::1]",
        "[::ffff:1.2.3.4]",
        &label,
        &longest,
        "example.org.",
    ] {
        assert_eq!(server(host), Ok(()), "{host}");
    }
    for host in [
        "",
        ".",
        "..",
        ".a",
        "a..b",
        "a.b..",
        " a",
        "a ",
        "a\0",
        "a\r\n",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a@b",
        "a:1",
        "a%2eb",
        "a\"b",
        "a,b",
        "é.example",
        "a。b",
        "2001:db8::1",
        "::1",
        "[",
        "]",
        "[]",
        "[::1",
        "::1]",
        "[::1]:80",
        "[::1].",
        "[[::1]]",
        "[fe80::1%1]",
        "[1.2.3.4]",
        "[::1/]",
        &format!("{label}a"),
        &format!("{longest}a"),
        &format!("{longest}."),
    ] {
        assert_eq!(server(host), Err(Error::ProxyTarget), "{host}");
    }
}

#[test]
fn public_addresses_end_where_the_registries_say() {
    let is_public = |text: &str| is_public_address(text.parse().unwrap());
    // The first and the last of each special block, and their neighbours.
    for (before, first, last, behind) in [
        (None, "0.0.0.0", "0.255.255.255", Some("1.0.0.0")),
        (
            Some("9.255.255.255"),
            "10.0.0.0",
            "10.255.255.255",
            Some("11.0.0.0"),
        ),
        (
            Some("100.63.255.255"),
            "100.64.0.0",
            "100.127.255.255",
            Some("100.128.0.0"),
        ),
        (
            Some("126.255.255.255"),
            "127.0.0.0",
            "127.255.255.255",
            Some("128.0.0.0"),
        ),
        (
            Some("169.253.255.255"),
            "169.254.0.0",
            "169.254.255.255",
            Some("169.255.0.0"),
        ),
        (
            Some("172.15.255.255"),
            "172.16.0.0",
            "172.31.255.255",
            Some("172.32.0.0"),
        ),
        (
            Some("191.255.255.255"),
            "192.0.0.0",
            "192.0.0.255",
            Some("192.0.1.0"),
        ),
        (
            Some("192.0.1.255"),
            "192.0.2.0",
            "192.0.2.255",
            Some("192.0.3.0"),
        ),
        (
            Some("192.167.255.255"),
            "192.168.0.0",
            "192.168.255.255",
            Some("192.169.0.0"),
        ),
        (
            Some("198.17.255.255"),
            "198.18.0.0",
            "198.19.255.255",
            Some("198.20.0.0"),
        ),
        (
            Some("198.51.99.255"),
            "198.51.100.0",
            "198.51.100.255",
            Some("198.51.101.0"),
        ),
        (
            Some("203.0.112.255"),
            "203.0.113.0",
            "203.0.113.255",
            Some("203.0.114.0"),
        ),
        (
            Some("223.255.255.255"),
            "224.0.0.0",
            "255.255.255.255",
            None,
        ),
        (None, "::", "1fff:ffff::", Some("2000::")),
        (
            Some("2000:ffff::"),
            "2001::",
            "2001:1ff:ffff::",
            Some("2001:200::"),
        ),
        (
            Some("2001:db7:ffff::"),
            "2001:db8::",
            "2001:db8:ffff::",
            Some("2001:db9::"),
        ),
        (Some("2001:ffff::"), "2002::", "2002:ffff::", Some("2003::")),
        (
            Some("3ffe:ffff::"),
            "3fff::",
            "3fff:fff:ffff::",
            Some("3fff:1000::"),
        ),
        (Some("3fff:ffff::"), "4000::", "ffff::", None),
    ] {
        assert!(!is_public(first) && !is_public(last), "{first} to {last}");
        for outside in [before, behind].into_iter().flatten() {
            assert!(is_public(outside), "{outside}");
        }
    }
    // IPv4 in the clothes of IPv6.
    for address in [
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::",
    ] {
        assert!(!is_public(address), "{address}");
    }
}
