//! Session Pro: proofs, claims, and what the backend says.

use std::sync::LazyLock;

use session_core::UnixMillis;
use session_crypto::ed25519::{Signature, SigningKey};
use session_crypto::x25519::SecretKey;
use session_envelope::hazmat::{ProSignature, seal_one_to_one_with};
use session_envelope::pro::backend::{
    AccountReply, BackendInfo, Payment, PaymentsReply, Plan, ProofReply, Reply, legacy,
};
use session_envelope::pro::{
    Backend, Claim, Evaluation, Format, ProfileFeatures, Proof, Revocation, RevocationReply,
    Revocations, Status, Verifier,
};
use session_envelope::proto::{Content, Message, ProMessage};
use session_envelope::{Error, open_one_to_one};

use crate::bytes::Bytes;
use crate::network::ACCOUNTS;

/// How many proofs an input can have: each costs some verifications.
const MAX_STEPS: usize = 8;

/// Two backends, and two rotating keys.
static KEYS: LazyLock<[SigningKey; 4]> =
    LazyLock::new(|| [11, 12, 13, 14].map(|byte| SigningKey::from_seed(&[byte; 32])));

/// A proof that the harness issues and then damages, and a message that it signs.
struct Step {
    issuer: usize,
    format: Format,
    proof: Proof,
    /// Whether the proof is as it was issued, but for its version.
    is_whole: bool,
    is_absent: bool,
    is_signed: bool,
    at: UnixMillis,
    profile: u64,
    message: u64,
    signed: Vec<u8>,
    signature: Signature,
}

impl Step {
    fn read(bytes: &mut Bytes<'_>) -> Self {
        let issuer = usize::from(bytes.byte() % 2);
        let format = format(bytes.flag());
        let expiry = u64::from(bytes.u16());
        let rotating = *KEYS[2].public().as_bytes();
        let tag = [bytes.byte() % 4; 32];
        let mut proof = Proof::issue(&KEYS[issuer], format, tag, rotating, expiry);
        let issued = proof;
        let bit = bytes.byte();
        let (index, bit) = (usize::from(bit / 8), 1 << (bit % 8));
        match bytes.byte() % 8 {
            0 => proof.revocation_tag[index] ^= bit,
            1 => proof.rotating_key[index] ^= bit,
            2 => proof.expiry ^= 1 << (2 * index),
            3 => proof.signature = flipped(&proof.signature, index, bit),
            4 => proof.signature = flipped(&proof.signature, index + 32, bit),
            _ => {}
        }
        let is_whole = proof == issued;
        proof.version = match bytes.byte() % 4 {
            0 => None,
            1 => Some(bytes.byte().into()),
            _ => proof.version,
        };

        let signed = bytes.take(usize::from(bytes.0.len() > 40) * 20).to_vec();
        let (signer, damage) = (bytes.byte(), bytes.byte());
        let is_signed = signer % 4 != 0 && damage % 4 != 0;
        let mut signature = KEYS[if signer % 4 == 0 { 3 } else { 2 }].sign(&signed);
        if damage % 4 == 0 {
            signature = flipped(&signature, usize::from(damage / 4), 1);
        }
        Self {
            issuer,
            format,
            proof,
            is_whole,
            is_absent: bytes.byte() % 8 == 1,
            is_signed,
            at: format.time(bytes.u16().into()),
            profile: bytes.byte().into(),
            message: bytes.byte().into(),
            signed,
            signature,
        }
    }

    /// What every verifier with these backends has to say.
    fn predicted(&self, list: &[(usize, Format)]) -> Result<Status, Error> {
        let missing = |message, field| Err(Error::Missing { message, field });
        let is_a_only = !list.is_empty() && list.iter().all(|(_, format)| *format == Format::A);
        if self.is_absent {
            return if is_a_only {
                missing("ProMessage", "proof")
            } else {
                Ok(Status::NoProof)
            };
        }
        if is_a_only && self.proof.version != Some(0) {
            return missing("ProProof", "version");
        }
        let version_fits = self.format == Format::B || self.proof.version == Some(0);
        let is_known = list.contains(&(self.issuer, self.format));
        Ok(if !(is_known && self.is_whole && version_fits) {
            Status::InvalidBackendSignature
        } else if !self.is_signed {
            Status::InvalidUserSignature
        } else if self.format.count(self.at) > self.proof.expiry {
            Status::Expired
        } else {
            Status::Valid
        })
    }

    fn pro_message(&self) -> ProMessage {
        ProMessage {
            proof: (!self.is_absent).then(|| self.proof.to_proto()),
            profile_bitset: Some(self.profile),
            msg_bitset: Some(self.message),
        }
    }

    fn claim(&self) -> Claim {
        Claim::new(&self.pro_message(), self.signature, &self.signed).expect("whole fields")
    }

    /// The same in a sealed message, where the sealed box is what is signed.
    fn sealed(&self, verifier: &mut Verifier) -> Result<Option<Evaluation>, Error> {
        let content = Content {
            sig_timestamp: Some(self.at.as_millis()),
            pro_message: Some(self.pro_message()),
            ..Default::default()
        };
        let [from, me, _] = &*ACCOUNTS;
        let signature = ProSignature::By(&KEYS[if self.is_signed { 2 } else { 3 }]);
        let ephemeral = SecretKey::from_bytes(&[3; 32]);
        let content = content.to_wire();
        let wire = seal_one_to_one_with(from, &me.id(), &content, self.at, &ephemeral, &signature)?;
        open_one_to_one(me, &wire)?.pro(verifier)
    }
}

fn format(is_b: bool) -> Format {
    if is_b { Format::B } else { Format::A }
}

fn flipped(signature: &Signature, index: usize, bit: u8) -> Signature {
    let mut bytes = *signature.as_bytes();
    bytes[index] ^= bit;
    Signature::from_bytes(bytes)
}

/// Proofs and claims whose worth the harness knows: verifiers say just that, with any cache.
pub fn pro_proof(data: &[u8]) {
    let mut bytes = Bytes(data);
    let (count, cache_len) = (bytes.byte() % 4, bytes.byte() % 4);
    let list: Vec<_> = (0..count)
        .map(|_| (usize::from(bytes.byte() % 2), format(bytes.flag())))
        .collect();
    let backends = list.iter().map(|(issuer, format)| {
        Backend::new(*format, KEYS[*issuer].public().as_bytes()).expect("a good key")
    });
    let backends: Vec<_> = backends.collect();
    let mut verifier = Verifier::with_cache_len(backends.clone(), cache_len.into());

    for _ in 0..MAX_STEPS {
        if bytes.is_empty() {
            break;
        }
        let step = Step::read(&mut bytes);
        let expected = step.predicted(&list);
        let evaluated = verifier.evaluate(&step.claim(), step.at);
        let fresh = Verifier::with_cache_len(backends.clone(), 0).evaluate(&step.claim(), step.at);
        assert_eq!(evaluated, fresh, "the cache changes nothing");
        assert_eq!(evaluated.map(|found| found.status()), expected);
        if let Ok(evaluation) = evaluated {
            check_features(&step, &evaluation);
        }
        if bytes.flag() {
            let sealed = step.sealed(&mut verifier);
            match (step.at.as_millis(), sealed) {
                (0, sealed) => assert_eq!(sealed.err(), Some(Error::Timestamp)),
                (_, Ok(sealed)) => assert_eq!(sealed.map(|found| found.status()), expected.ok()),
                (_, Err(error)) => assert_eq!(Err(error), expected),
            }
        }
    }
}

/// Features are granted or not, all of them, and never if the status or a revocation forbids it.
fn check_features(step: &Step, evaluation: &Evaluation) {
    assert_eq!(evaluation.claimed_message_features().bits(), step.message);
    assert_eq!(evaluation.claimed_profile_features().bits(), step.profile);
    let status = evaluation.status();
    let revoked = Revocation {
        tag: step.proof.revocation_tag,
        effective: step.at,
        keep_until: step.at,
    };
    let none = Revocations::new();
    let revoked = Revocations::restore(1, [revoked]).expect("a short list");
    let granted = |revocations, at| {
        (
            evaluation.message_features(revocations, at).bits(),
            evaluation.profile_features(revocations, at).bits(),
        )
    };
    let (message, profile) = match status {
        Status::Valid => (step.message, step.profile),
        _ => (0, 0),
    };
    assert_eq!(granted(&none, step.at), (message, profile));
    assert_eq!(granted(&revoked, step.at), (0, 0));
    // Profiles also count by the time at which they are looked at.
    let is_good = matches!(status, Status::Valid | Status::Expired);
    let profile = if is_good { step.profile } else { 0 };
    let start = UnixMillis::default();
    assert_eq!(granted(&none, start), (message, profile));
    let end = UnixMillis::from_millis(u64::MAX);
    assert_eq!(granted(&none, end), (message, 0));
}

/// Bodies of the backend's answers.
pub fn pro_reply(data: &[u8]) {
    let now = UnixMillis::from_secs(1_800_000_000);
    let key = &KEYS[2];
    let of_format = |format| Backend::new(format, KEYS[0].public().as_bytes()).expect("a good key");
    if let Ok(Reply::Ok(reply)) = ProofReply::read(data) {
        assert!(reply.subscription().service_end().is_some());
        let made = reply.into_credential(
            &of_format(Format::B),
            key.clone(),
            ProfileFeatures::BADGE,
            now,
        );
        assert!(made.is_err(), "nobody has signed it");
    }
    if let Ok(Reply::Ok(reply)) = AccountReply::read(data) {
        reply.latest_payment.iter().for_each(check_payment);
    }
    if let Ok(Reply::Ok(reply)) = PaymentsReply::read(data) {
        reply.items.iter().for_each(check_payment);
    }
    if let Ok(Reply::Ok(reply)) = RevocationReply::read(data, now) {
        let (least, most) = RevocationReply::RETAIN_FOR;
        let retain_for = reply.retain_for().expect("format B has it");
        assert!((least..=most).contains(&retain_for));
        check_revocations(&reply, now);
    }
    let _ = BackendInfo::read(data);
    if let Ok(legacy::Reply::Ok(reply)) = legacy::ProofReply::read(data) {
        let made = reply.into_credential(
            &of_format(Format::A),
            key.clone(),
            ProfileFeatures::BADGE,
            now,
        );
        assert!(made.is_err(), "nobody has signed it");
    }
    if let Ok(legacy::Reply::Ok(reply)) = RevocationReply::read_legacy(data) {
        check_revocations(&reply, now);
    }
    let _ = legacy::AccountReply::read(data);
}

fn check_payment(payment: &Payment) {
    assert_eq!(Plan::parse(&payment.plan.to_string()), Ok(payment.plan));
}

fn check_revocations(reply: &RevocationReply, now: UnixMillis) {
    let (least, most) = RevocationReply::RETRY_IN;
    assert!((least..=most).contains(&reply.retry_in()));
    let mut list = Revocations::new();
    list.merge(reply).expect("a short list");
    assert_eq!(list.ticket(), reply.ticket());
    assert!(list.entries().is_sorted_by(|a, b| a.tag < b.tag));
    for item in reply.items() {
        let listed = reply.items().iter().filter(|other| other.tag == item.tag);
        let revoked = listed.map(|other| other.effective).min() <= Some(now);
        assert_eq!(list.is_revoked(&item.tag, now), revoked);
    }
    let once = list.clone();
    list.merge(reply).expect("as before");
    assert_eq!(list.entries(), once.entries());
    list.prune(now);
    assert!(list.entries().iter().all(|entry| now <= entry.keep_until));
}
