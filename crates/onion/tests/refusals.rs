//! What nodes say in plain, to the letter: clients match these texts (spec 02 §5, §8.7).

use session_onion::{Error, Layer, Refusal, relayed_status};

#[test]
fn refusals_to_the_letter() {
    let key = [0xab; 32];
    let hex = "ab".repeat(32);
    let text = |refusal: Refusal| (refusal.status, refusal.text.into_owned());
    for (refusal, status, expected) in [
        (Refusal::of_layer(), 400, "Invalid ciphertext".to_owned()),
        (
            Refusal::of_relayed(&Error::TooManyHops),
            400,
            "onion request max path length exceeded".to_owned(),
        ),
        (
            Refusal::next_node_not_found(&key),
            502,
            format!("Next node not found: {hex}"),
        ),
        (
            Refusal::next_node_unreachable(&key),
            502,
            format!("Next node is currently unreachable: {hex}"),
        ),
        (Refusal::timed_out(), 504, "Request time out".to_owned()),
        (
            Refusal::invalid_response(),
            500,
            "Invalid response from snode".to_owned(),
        ),
        (
            Refusal::not_ready(&key),
            503,
            format!("Snode not ready: {hex}"),
        ),
        (
            Refusal::entry_not_ready("syncing; no swarm"),
            503,
            "Service node is not ready: syncing; no swarm\n".to_owned(),
        ),
        (
            Refusal::busy(),
            503,
            "Server busy, try again later".to_owned(),
        ),
        (
            Refusal::of_request(&Error::TooLong { len: 2, max: 1 }),
            413,
            "Request body too large".to_owned(),
        ),
    ] {
        assert_eq!(text(refusal), (status, expected));
    }
}

#[test]
fn parse_errors_become_refusals_that_start_as_the_network_knows_them() {
    let mut secret = *b"\x06\0\0\0secret{\"ephemeral_key\":\"secret\"}";
    let mut relayed = *b"d4:data6:secrete";
    for len in 0..secret.len() {
        let Some(Err(error)) = secret.get_mut(..len).map(Layer::parse_outer) else {
            continue;
        };
        let refusal = Refusal::of_request(&error);
        assert_eq!(refusal.status, 400);
        assert!(refusal.text.starts_with("Error parsing onion request: "));
        assert!(!refusal.text.contains("secret"), "{}", refusal.text);
    }
    for len in 0..=relayed.len() {
        let Some(Err(error)) = relayed.get_mut(..len).map(Layer::parse_relay) else {
            continue;
        };
        let refusal = Refusal::of_relayed(&error);
        assert_eq!(refusal.status, 400);
        assert!(refusal.text.starts_with("Invalid internal onion request: "));
        assert!(!refusal.text.contains("secret"), "{}", refusal.text);
    }
}

#[test]
fn other_statuses_cross_a_hop_as_500() {
    let passed = [
        200, 400, 401, 403, 404, 406, 410, 413, 421, 429, 502, 503, 504,
    ];
    for status in 0..=u16::MAX {
        let expected = if passed.contains(&status) {
            status
        } else {
            500
        };
        assert_eq!(relayed_status(status), expected);
    }
}
