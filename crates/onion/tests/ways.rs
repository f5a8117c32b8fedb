//! The ways to build a request differ in speed only: same randomness, same bytes.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod nodes;

use core::convert::Infallible;
use std::collections::BTreeSet;

use nodes::{TYPES, carry_to_node, carry_to_server, rng};
use rand_chacha::rand_core::{Rng, TryCryptoRng, TryRng};
use session_crypto::x25519::SecretKey;
use session_onion::{
    Destination, EncType, EphemeralPool, Hop, Layer, Protocol, ReplyBody, ReplyFormat, Request,
    Route, Server, build, peel_at_server,
};
#[cfg(feature = "precomputed-tables")]
use session_onion::{PreparedHop, PreparedPath};

/// Gives these bytes, in this order, and no others.
struct Replay(std::collections::VecDeque<u8>);

impl Replay {
    fn new(parts: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(parts.into_iter().flatten().collect())
    }
}

impl TryRng for Replay {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only whole keys and nonces are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only whole keys and nonces are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for byte in out {
            *byte = self.0.pop_front().expect("no more than is documented");
        }
        Ok(())
    }
}

impl TryCryptoRng for Replay {}

/// The secret and the nonce of each layer, destination's first.
struct Randomness(Vec<(Vec<u8>, Vec<u8>)>);

impl Randomness {
    fn new(layers: usize, enc_type: EncType) -> Self {
        let mut rng = rng(77);
        let nonce_len = enc_type.overhead() - 16;
        let mut draw = |len| {
            let mut bytes = vec![0; len];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        Self((0..layers).map(|_| (draw(32), draw(nonce_len))).collect())
    }

    /// A pool with the first `count` of the secrets.
    fn pool(&self, count: usize) -> EphemeralPool {
        let mut pool = EphemeralPool::new(count);
        pool.fill(&mut Replay::new(self.secrets(count)));
        assert_eq!(pool.len(), count);
        pool
    }

    fn secrets(&self, count: usize) -> impl Iterator<Item = Vec<u8>> {
        self.0.iter().take(count).map(|(secret, _)| secret.clone())
    }

    /// What is left to draw when the first `pooled` secrets are in a pool.
    fn rest(&self, pooled: usize) -> Replay {
        let drawn = self.0.iter().enumerate().flat_map(|(layer, draws)| {
            let (secret, nonce) = draws.clone();
            [if layer < pooled { Vec::new() } else { secret }, nonce]
        });
        Replay::new(drawn)
    }
}

#[test]
fn all_ways_give_the_same_bytes() {
    let (secrets, hops) = nodes::nodes(4, &mut rng(1));
    let end = &hops[3];
    let key = *secrets[3].public();
    let server = Server::new(key, Protocol::Https, "open.getsession.org").unwrap();
    let payload = b"l2:{}3:\0\xff\0e";
    #[cfg(feature = "precomputed-tables")]
    let end_table = PreparedHop::new(end);

    for enc_type in TYPES {
        for hops in [&hops[..0], &hops[..1], &hops[..3]] {
            let layers = hops.len() + 1;
            let randomness = Randomness::new(layers, enc_type);
            let plain = |destination: Destination<'_>| {
                let mut replay = randomness.rest(0);
                let request = build(hops, destination, payload, enc_type, &mut replay).unwrap();
                assert!(replay.0.is_empty(), "drew less than is documented");
                request.body
            };
            let (to_node, to_server) = (plain(end.into()), plain((&server).into()));
            assert_ne!(to_node, to_server);

            #[cfg(feature = "precomputed-tables")]
            let tables = PreparedPath::new(hops);
            let routes: &[fn(&_) -> Route<'_>] = &[
                |all: &Ways<'_>| Route::new(all.hops),
                #[cfg(feature = "precomputed-tables")]
                |all: &Ways<'_>| Route::prepared(all.tables),
            ];
            let ways = Ways {
                hops,
                #[cfg(feature = "precomputed-tables")]
                tables: &tables,
            };
            let destinations = [
                (Destination::from(end), &to_node),
                #[cfg(feature = "precomputed-tables")]
                (Destination::from(&end_table), &to_node),
                (Destination::from(&server), &to_server),
            ];
            for route in routes {
                for (destination, expected) in destinations {
                    // No pool, an empty one, one that gives out half-way, and one that lasts.
                    let mut replay = randomness.rest(0);
                    let mut unpooled = route(&ways).with_enc_type(enc_type);
                    let request = unpooled.build(destination, payload, &mut replay).unwrap();
                    assert_eq!(&request.body, expected);
                    for pooled in 0..=layers {
                        let mut pool = randomness.pool(pooled);
                        let mut replay = randomness.rest(pooled);
                        let mut route = route(&ways).with_enc_type(enc_type).with_pool(&mut pool);
                        let request = route.build(destination, payload, &mut replay).unwrap();
                        assert_eq!(&request.body, expected, "{pooled} of {layers} from a pool");
                        assert!(replay.0.is_empty());
                        assert!(pool.is_empty());
                    }
                }
            }
        }
    }
}

struct Ways<'a> {
    hops: &'a [Hop],
    #[cfg(feature = "precomputed-tables")]
    tables: &'a PreparedPath,
}

#[test]
fn the_default_hop_type_is_xchacha20() {
    let (_, hops) = nodes::nodes(2, &mut rng(2));
    let mut route = Route::new(&hops[..1]);
    let by_default = route.build(&hops[1], b"{}", &mut rng(3)).unwrap();
    let explicit = build(&hops[..1], &hops[1], b"{}", EncType::XChaCha20, &mut rng(3)).unwrap();
    assert_eq!(by_default.body, explicit.body);
    let other = build(&hops[..1], &hops[1], b"{}", EncType::AesGcm, &mut rng(3)).unwrap();
    assert_ne!(other.body, explicit.body);
}

/// The client's keys in all layers of a request, after a check that it arrives and that the
/// answer comes back.
fn keys_of(secrets: &[SecretKey], request: Request) -> Vec<[u8; 32]> {
    let (payload, arrival) = carry_to_node(secrets, request.body);
    assert_eq!(payload, b"{}");
    let sealer = arrival.sealers.last().unwrap();
    let answer = sealer.seal(
        200,
        ReplyBody::Text("here"),
        ReplyFormat::default(),
        &mut rng(9),
    );
    let reply = request.reply.open(&answer.unwrap()).unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, "here"));
    let keys = arrival.ephemeral_keys.iter();
    keys.map(|key| *key.as_bytes()).collect()
}

#[test]
fn every_pooled_key_is_used_once() {
    let (secrets, hops) = nodes::nodes(3, &mut rng(4));
    let mut rng = rng(5);
    let mut pool = EphemeralPool::new(7);
    pool.fill(&mut rng);
    let mut seen = BTreeSet::new();
    // The third request runs out after its first layer, the fourth finds nothing.
    for (requests, left) in [4, 1, 0, 0].into_iter().enumerate() {
        let mut route = Route::new(&hops[..2]).with_pool(&mut pool);
        let request = route.build(&hops[2], b"{}", &mut rng).unwrap();
        seen.extend(keys_of(&secrets, request));
        assert_eq!(seen.len(), 3 * (requests + 1), "all keys differ");
        assert_eq!(pool.len(), left);
    }
    // One route, several requests, and a pool that was filled again in between.
    pool.fill(&mut rng);
    let mut route = Route::new(&hops[..2]).with_pool(&mut pool);
    for _ in 0..3 {
        let request = route.build(&hops[2], b"{}", &mut rng).unwrap();
        seen.extend(keys_of(&secrets, request));
    }
    assert_eq!(seen.len(), 7 * 3);
    assert!(pool.is_empty());
}

#[test]
fn requests_to_servers_take_pooled_keys_too() {
    let (secrets, hops) = nodes::nodes(2, &mut rng(6));
    let at_server = SecretKey::generate(&mut rng(7));
    let server = Server::new(*at_server.public(), Protocol::Http, "127.0.0.1").unwrap();
    let mut rng = rng(8);
    for pooled in 0..=3 {
        let mut pool = EphemeralPool::new(pooled);
        pool.fill(&mut rng);
        let mut route = Route::new(&hops).with_pool(&mut pool);
        let request = route.build(&server, b"\0payload\xff", &mut rng).unwrap();
        assert!(pool.is_empty());
        let (mut body, _) = carry_to_server(&secrets, request.body);
        let layer = Layer::parse_at_server(&mut body).unwrap();
        let served = peel_at_server(&at_server, layer).unwrap();
        assert_eq!(served.payload, b"\0payload\xff");
    }
}

#[test]
fn pools_hold_what_they_may_and_no_more() {
    let mut rng = rng(10);
    let mut none = EphemeralPool::new(0);
    assert!(!none.add_one(&mut rng));
    none.fill(&mut rng);
    assert!(none.is_empty());

    let mut pool = EphemeralPool::new(3);
    assert!(pool.is_empty());
    assert!(pool.add_one(&mut rng) && pool.add_one(&mut rng));
    assert!(!pool.add_one(&mut rng), "full now");
    assert!(!pool.add_one(&mut rng));
    pool.fill(&mut rng);
    assert_eq!(pool.len(), 3);
    assert_eq!(format!("{pool:?}"), "EphemeralPool(3 of 3)");

    // A full pool draws nothing.
    assert!(!pool.add_one(&mut Replay::new([])));
    pool.fill(&mut Replay::new([]));
}
