use alloc::string::ToString;
use alloc::{format, vec};

use core::time::Duration;

use proptest::prelude::*;
use session_crypto::ed25519::{Signature, SigningKey};

use super::*;
use crate::pro::{
    Credential, MessageFeatures, ProfileFeatures, Revocation, RevocationReply, Revocations,
};
use crate::proto::ProMessage;

const TAG: [u8; 32] = [7; 32];
const EXPIRY: u64 = 1_800_000_000;
const BODY: &[u8] = b"what the rotating key signs";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn backend(seed: u8, format: Format) -> Backend {
    Backend::new(format, key(seed).public().as_bytes()).unwrap()
}

fn rotating() -> SigningKey {
    key(99)
}

/// A proof by the backend of seed 1, which expires in the same second in both formats.
fn proof(format: Format) -> Proof {
    let expiry = format.count(UnixMillis::from_secs(EXPIRY));
    let rotating = *rotating().public().as_bytes();
    Proof::issue(&key(1), format, TAG, rotating, expiry)
}

#[test]
fn caches_have_a_limit() {
    let mut verifier = Verifier::with_cache_len([backend(1, Format::B)], usize::MAX);
    let at = UnixMillis::from_secs(EXPIRY);
    assert_eq!(
        verifier.status(&proof(Format::B), None, at),
        Ok(Status::Valid)
    );
}

#[test]
fn debug_does_not_tell_proofs_apart() {
    let shown = format!("{:?}", proof(Format::B));
    assert!(shown.starts_with("Proof {") && !shown.contains("tag") && !shown.contains("key"));
}

fn claim(proof: Option<Proof>, signature: Signature) -> Claim {
    let message = ProMessage {
        proof: proof.map(|proof| proof.to_proto()),
        profile_bitset: Some(0b11),
        msg_bitset: Some(1 | 1 << 40),
    };
    Claim::new(&message, signature, BODY).unwrap()
}

fn signed(proof: Proof) -> Claim {
    claim(Some(proof), rotating().sign(BODY))
}

fn at(seconds: u64) -> UnixMillis {
    UnixMillis::from_secs(seconds)
}

fn flip(signature: &Signature) -> Signature {
    let mut bytes = *signature.as_bytes();
    bytes[40] ^= 1;
    Signature::from_bytes(bytes)
}

#[test]
fn the_first_step_that_fails_decides() {
    for format in [Format::A, Format::B] {
        let good = proof(format);
        let bad = Proof {
            signature: flip(&good.signature),
            ..good
        };
        let (by_user, by_other) = (rotating().sign(BODY), key(98).sign(BODY));
        let mut verifier = Verifier::new([backend(1, format)]);
        let mut status = |proof, signature, time| {
            let evaluation = verifier.evaluate(&claim(Some(proof), signature), time);
            evaluation.unwrap().status()
        };
        let late = at(EXPIRY + 1);
        assert_eq!(status(good, by_user, at(EXPIRY)), Status::Valid);
        assert_eq!(status(good, by_user, late), Status::Expired);
        assert_eq!(status(good, by_other, late), Status::InvalidUserSignature);
        let no_backend = Status::InvalidBackendSignature;
        assert_eq!(status(bad, by_user, at(0)), no_backend);
        assert_eq!(status(bad, by_other, late), no_backend);
    }
}

#[test]
fn without_a_user_signature_only_proof_and_time_count() {
    let mut verifier = Verifier::new([backend(1, Format::B)]);
    let proof = proof(Format::B);
    assert_eq!(verifier.status(&proof, None, at(EXPIRY)), Ok(Status::Valid));
    let late = verifier.status(&proof, None, at(EXPIRY + 1));
    assert_eq!(late, Ok(Status::Expired));
}

#[test]
fn seconds_in_format_b_milliseconds_in_format_a() {
    let just_after = UnixMillis::from_millis(EXPIRY * 1000 + 1);
    for (format, expected) in [(Format::A, Status::Expired), (Format::B, Status::Valid)] {
        let mut verifier = Verifier::new([backend(1, format)]);
        let evaluation = verifier.evaluate(&signed(proof(format)), just_after);
        assert_eq!(evaluation.unwrap().status(), expected);
    }
}

#[test]
fn keys_of_low_order_sign_nothing() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let proof = Proof::issue(&key(1), Format::B, TAG, identity, EXPIRY);
    // Fits any message, for those who let such keys through.
    let mut signature = [0; 64];
    signature[0] = 1;
    let claim = claim(Some(proof), Signature::from_bytes(signature));
    let mut verifier = Verifier::new([backend(1, Format::B)]);
    let evaluation = verifier.evaluate(&claim, at(0)).unwrap();
    assert_eq!(evaluation.status(), Status::InvalidUserSignature);
}

#[test]
fn any_backend_of_the_list_will_do() {
    let (a, b) = (proof(Format::A), proof(Format::B));
    let backends = [
        backend(2, Format::B),
        backend(1, Format::A),
        backend(1, Format::B),
    ];
    let mut verifier = Verifier::new(backends);
    assert_eq!(verifier.backends(), backends);
    let mut evaluate = |proof| verifier.evaluate(&signed(proof), at(EXPIRY)).unwrap();
    for (proof, format) in [(a, Format::A), (b, Format::B)] {
        let evaluation = evaluate(proof);
        assert_eq!(evaluation.status(), Status::Valid);
        assert_eq!(evaluation.format(), Some(format));
        assert_eq!(evaluation.proof(), Some(&proof));
    }
    let foreign = Proof::issue(&key(3), Format::B, TAG, [1; 32], EXPIRY);
    let evaluation = evaluate(foreign);
    assert_eq!(evaluation.status(), Status::InvalidBackendSignature);
    assert_eq!(evaluation.format(), None);
    assert_eq!(evaluation.proof(), Some(&foreign));
}

#[test]
fn without_backends_nothing_is_valid() {
    let mut verifier = Verifier::new([]);
    let mut status = |claim| verifier.evaluate(&claim, at(0)).map(|found| found.status());
    assert_eq!(
        status(signed(proof(Format::B))),
        Ok(Status::InvalidBackendSignature)
    );
    let none = claim(None, rotating().sign(BODY));
    assert_eq!(status(none), Ok(Status::NoProof));
}

#[test]
fn what_format_a_cannot_read_is_an_error_to_format_a_only() {
    let missing = |message, field| Err(Error::Missing { message, field });
    let none = claim(None, rotating().sign(BODY));
    let unversioned = signed(Proof {
        version: None,
        ..proof(Format::A)
    });
    let newer = signed(Proof {
        version: Some(1),
        ..proof(Format::A)
    });
    let lists = [
        (vec![backend(1, Format::A), backend(2, Format::A)], true),
        (vec![backend(1, Format::A), backend(2, Format::B)], false),
        (vec![backend(2, Format::B), backend(1, Format::A)], false),
        (vec![backend(1, Format::B)], false),
    ];
    for (backends, only_a) in lists {
        let mut verifier = Verifier::new(backends);
        let mut status = |claim| verifier.evaluate(claim, at(0)).map(|found| found.status());
        if only_a {
            assert_eq!(status(&none), missing("ProMessage", "proof"));
            assert_eq!(status(&unversioned), missing("ProProof", "version"));
            assert_eq!(status(&newer), missing("ProProof", "version"));
        } else {
            assert_eq!(status(&none), Ok(Status::NoProof));
            let invalid = Ok(Status::InvalidBackendSignature);
            assert_eq!(status(&unversioned), invalid);
            assert_eq!(status(&newer), invalid);
        }
    }
}

#[test]
fn claims_keep_what_was_said() {
    let mut verifier = Verifier::new([backend(1, Format::B)]);
    let claim = claim(None, rotating().sign(BODY));
    let evaluation = verifier.evaluate(&claim, at(0)).unwrap();
    let unknown = MessageFeatures::from_bits(1 | 1 << 40);
    assert_eq!(evaluation.claimed_message_features(), unknown);
    let profile = evaluation.claimed_profile_features();
    assert!(profile.contains(ProfileFeatures::BADGE));
    assert!(profile.contains(ProfileFeatures::ANIMATED_PICTURE));
    assert_eq!(evaluation.proof(), None);
}

#[test]
fn known_proofs_are_not_verified_again() {
    let mut verifier = Verifier::new([backend(2, Format::B), backend(1, Format::B)]);
    let good = signed(proof(Format::B));
    for (hits, misses) in [(0, 2), (2, 2), (4, 2)] {
        verifier.evaluate(&good, at(0)).unwrap();
        assert_eq!(
            (verifier.cache_hits(), verifier.cache_misses()),
            (hits, misses)
        );
    }
    // Whatever else was signed with that proof, and whenever.
    let other = claim(Some(proof(Format::B)), key(5).sign(BODY));
    let evaluation = verifier.evaluate(&other, at(EXPIRY + 1)).unwrap();
    assert_eq!(evaluation.status(), Status::InvalidUserSignature);
    assert_eq!((verifier.cache_hits(), verifier.cache_misses()), (6, 2));
}

#[test]
fn every_part_of_a_proof_makes_it_another() {
    let good = proof(Format::B);
    let mut verifier = Verifier::new([backend(1, Format::B)]);
    verifier.status(&good, None, at(0)).unwrap();
    let changed = [
        Proof {
            revocation_tag: [8; 32],
            ..good
        },
        Proof {
            rotating_key: [8; 32],
            ..good
        },
        Proof {
            expiry: EXPIRY + 1,
            ..good
        },
        Proof {
            signature: flip(&good.signature),
            ..good
        },
    ];
    for (index, proof) in changed.iter().enumerate() {
        let status = verifier.status(proof, None, at(0));
        assert_eq!(status, Ok(Status::InvalidBackendSignature));
        assert_eq!(verifier.cache_misses(), index as u64 + 2);
    }
}

#[test]
fn a_flood_of_bogus_proofs_pushes_no_good_one_out() {
    let good = proof(Format::B);
    let mut verifier = Verifier::with_cache_len([backend(1, Format::B)], 4);
    verifier.status(&good, None, at(0)).unwrap();
    let flood = |count: u64, verifier: &mut Verifier| {
        for expiry in 0..count {
            let bogus = Proof { expiry, ..good };
            verifier.status(&bogus, None, at(0)).unwrap();
        }
    };
    flood(20, &mut verifier);
    assert_eq!((verifier.cache_hits(), verifier.cache_misses()), (0, 21));
    verifier.status(&good, None, at(0)).unwrap();
    assert_eq!((verifier.cache_hits(), verifier.cache_misses()), (1, 21));

    // The latest of them are known, the others are not.
    for (expiry, known) in [(19, true), (16, true), (15, false)] {
        let before = verifier.cache_hits();
        let bogus = Proof { expiry, ..good };
        verifier.status(&bogus, None, at(0)).unwrap();
        assert_eq!(verifier.cache_hits() > before, known, "{expiry}");
    }
}

#[test]
fn a_flood_of_bogus_proofs_takes_no_memory() {
    let good = proof(Format::B);
    let mut verifier = Verifier::new([backend(1, Format::A), backend(1, Format::B)]);
    let memory = allocation_counter::measure(|| {
        for expiry in 0..600 {
            let bogus = Proof { expiry, ..good };
            verifier.status(&bogus, None, at(0)).unwrap();
        }
    });
    assert_eq!(memory.bytes_current, 0);
    assert!(memory.bytes_max < 1024, "{memory:?}");
}

#[test]
fn a_cache_of_no_length_remembers_nothing() {
    let mut verifier = Verifier::with_cache_len([backend(1, Format::B)], 0);
    for misses in 1..4 {
        let status = verifier.status(&proof(Format::B), None, at(0));
        assert_eq!(status, Ok(Status::Valid));
        assert_eq!(
            (verifier.cache_hits(), verifier.cache_misses()),
            (0, misses)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_cache_changes_no_result(
        steps in proptest::collection::vec((0..3u8, 0..3u8, 0..3u8, any::<bool>()), 1..24),
        len in 0..4usize,
    ) {
        let backends = [backend(1, Format::B), backend(2, Format::A)];
        let mut cached = Verifier::with_cache_len(backends, len);
        for (issuer, tag, change, is_b) in steps {
            let format = if is_b { Format::B } else { Format::A };
            let rotating = *rotating().public().as_bytes();
            let mut proof = Proof::issue(&key(issuer), format, [tag; 32], rotating, 5);
            match change {
                0 => proof.expiry = 6,
                1 => proof.version = Some(1),
                _ => {}
            }
            let fresh = Verifier::with_cache_len(backends, 0).status(&proof, None, at(0));
            prop_assert_eq!(cached.status(&proof, None, at(0)), fresh);
        }
    }
}

fn revoked(effective: u64) -> Revocations {
    let entry = Revocation {
        tag: TAG,
        effective: at(effective),
        keep_until: at(u64::MAX),
    };
    let mut revocations = Revocations::new();
    let reply = RevocationReply::of_format_a(1, Duration::ZERO, vec![entry]);
    revocations.merge(&reply).unwrap();
    revocations
}

#[test]
fn features_are_granted_as_recommended() {
    let mut verifier = Verifier::new([backend(1, Format::B)]);
    let mut evaluate = |time| {
        verifier
            .evaluate(&signed(proof(Format::B)), at(time))
            .unwrap()
    };
    let (in_time, late) = (evaluate(EXPIRY), evaluate(EXPIRY + 1));
    let none = Revocations::new();

    // A message keeps what it had.
    let long = MessageFeatures::from_bits(1 | 1 << 40);
    assert_eq!(in_time.message_features(&none, at(EXPIRY + 9)), long);
    let nothing = MessageFeatures::default();
    assert_eq!(late.message_features(&none, at(0)), nothing);

    // A profile does not, whenever the message is from.
    let all = ProfileFeatures::from_bits(3);
    for evaluation in [in_time, late] {
        assert_eq!(evaluation.profile_features(&none, at(EXPIRY)), all);
        let after = evaluation.profile_features(&none, at(EXPIRY + 1));
        assert!(after.is_empty());
    }

    // Both end with a revocation, when it is effective.
    let revoked = revoked(EXPIRY - 5);
    for (now, is_revoked) in [(EXPIRY - 6, false), (EXPIRY - 5, true), (EXPIRY, true)] {
        let message = in_time.message_features(&revoked, at(now));
        assert_eq!(message.is_empty(), is_revoked);
        let profile = in_time.profile_features(&revoked, at(now));
        assert_eq!(profile.is_empty(), is_revoked);
    }
}

#[test]
fn unverified_claims_grant_nothing() {
    let mut verifier = Verifier::new([backend(1, Format::B)]);
    let foreign = Proof::issue(
        &key(2),
        Format::B,
        TAG,
        *rotating().public().as_bytes(),
        EXPIRY,
    );
    let none = Revocations::new();
    for claim in [
        signed(foreign),
        claim(Some(proof(Format::B)), key(5).sign(BODY)),
        claim(None, rotating().sign(BODY)),
    ] {
        let evaluation = verifier.evaluate(&claim, at(0)).unwrap();
        assert!(evaluation.message_features(&none, at(0)).is_empty());
        assert!(evaluation.profile_features(&none, at(0)).is_empty());
    }
}

#[test]
fn credentials_are_of_good_proofs() {
    let check = |proof, backend: &Backend, key, time| {
        Credential::verified(proof, backend, key, ProfileFeatures::BADGE, at(time)).err()
    };
    for format in [Format::A, Format::B] {
        let (good, known) = (proof(format), backend(1, format));
        assert_eq!(check(good, &known, rotating(), EXPIRY), None);
        let expired = Some(Error::Proof(Status::Expired));
        assert_eq!(check(good, &known, rotating(), EXPIRY + 1), expired);
        let other = Some(Error::RotatingKey);
        assert_eq!(check(good, &known, key(5), EXPIRY), other);
        let foreign = Some(Error::Proof(Status::InvalidBackendSignature));
        assert_eq!(check(good, &backend(2, format), rotating(), 0), foreign);
    }
    let text = Error::Proof(Status::Expired).to_string();
    assert_eq!(text, "Pro proof: expired");
}
