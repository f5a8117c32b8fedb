//! How often building and peeling allocate.

#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used)]
// The tables, and with them the prepared ways, come with the feature.
#![cfg(feature = "precomputed-tables")]

use allocation_counter::{AllocationInfo, measure};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session_crypto::ed25519::SigningKey;
use session_crypto::x25519::SecretKey;
use session_onion::{
    Action, Destination, EncType, EphemeralPool, Hop, Layer, PreparedHop, PreparedPath, Protocol,
    Route, Server, peel,
};

const TYPES: [EncType; 2] = [EncType::XChaCha20, EncType::AesGcm];
const SIZES: [usize; 3] = [0, 200, 5_000];

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([5; 32])
}

fn keys(count: usize) -> (Vec<SigningKey>, Vec<Hop>) {
    let mut rng = rng();
    let keys: Vec<_> = (0..count).map(|_| SigningKey::generate(&mut rng)).collect();
    let hops = keys.iter().map(|key| Hop::new(key.public()).unwrap());
    let hops = hops.collect();
    (keys, hops)
}

fn assert_one(counted: AllocationInfo, len: usize, how: &str) {
    assert_eq!(counted.count_total, 1, "{how}");
    assert_eq!(counted.bytes_total, u64::try_from(len).unwrap(), "{how}");
}

#[test]
fn a_request_is_one_allocation_of_its_exact_size() {
    let (_, hops) = keys(5);
    let (path, end) = (&hops[..4], &hops[4]);
    let (tables, end_table) = (PreparedPath::new(path), PreparedHop::new(end));
    let key = *end.x25519();
    let server = Server::new(key, Protocol::Https, "open.getsession.org").unwrap();
    let mut rng = rng();
    for enc_type in TYPES {
        for size in SIZES {
            let payload = vec![7; size];
            let mut pool = EphemeralPool::new(15);
            pool.fill(&mut rng);
            let destinations = [
                Destination::from(end),
                Destination::from(&end_table),
                Destination::from(&server),
            ];
            for destination in destinations {
                let mut count = |route: Route<'_>, how: &str| {
                    let mut route = route.with_enc_type(enc_type);
                    let mut built = None;
                    let counted = measure(|| {
                        built = Some(route.build(destination, &payload, &mut rng).unwrap());
                    });
                    let len = destination.request_len(4, size, enc_type);
                    assert_eq!(built.unwrap().body.len(), len);
                    assert_one(counted, len, how);
                };
                count(Route::new(path), "plain");
                count(Route::prepared(&tables), "prepared");
                let pooled = Route::prepared(&tables).with_pool(&mut pool);
                count(pooled, "prepared, pooled");
            }
            assert!(pool.is_empty(), "one key a layer");
        }
    }
}

#[test]
fn a_request_in_a_buffer_that_is_large_enough_allocates_nothing() {
    let (_, hops) = keys(4);
    let mut out = Vec::with_capacity(4096);
    out.push(b'x');
    let mut rng = rng();
    let counted = measure(|| {
        let mut route = Route::new(&hops[..3]);
        route.append(&hops[3], b"{}", &mut out, &mut rng).unwrap();
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!(out.first(), Some(&b'x'));
}

#[test]
fn peeling_allocates_nothing() {
    let (keys, hops) = keys(2);
    let secrets: Vec<SecretKey> = keys.iter().map(SigningKey::to_x25519).collect();
    for enc_type in TYPES {
        let mut route = Route::new(&hops[..1]).with_enc_type(enc_type);
        let mut request = route.build(&hops[1], &[7; 5000], &mut rng()).unwrap();
        let mut relayed = None;
        let counted = measure(|| {
            let layer = Layer::parse_outer(&mut request.body).unwrap();
            let Action::Relay(relay) = peel(&secrets[0], layer).unwrap().action else {
                return;
            };
            relayed = Some(relay);
        });
        assert_eq!(counted.count_total, 0, "relay");
        let mut message = relayed.unwrap().encode();
        let mut served = false;
        let counted = measure(|| {
            let layer = Layer::parse_relay(&mut message).unwrap();
            let action = peel(&secrets[1], layer).unwrap().action;
            served = matches!(action, Action::Final(request) if request.payload == [7; 5000]);
        });
        assert!(served);
        assert_eq!(counted.count_total, 0, "destination");
    }
}
