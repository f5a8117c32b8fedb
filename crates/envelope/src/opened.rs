//! What comes out of an envelope whose sender is certain (spec 05 §4, §11.2).

use session_core::{AccountId, UnixMillis};
use session_crypto::ed25519;

use crate::content::Member;
use crate::envelope::Outside;
use crate::pro::{Claim, Evaluation, Verifier};
use crate::rules::{self, MessageKey};
use crate::{Content, Error};

/// What decryption and verification have given.
pub(crate) struct Inside {
    pub(crate) sender: AccountId,
    pub(crate) sender_key: ed25519::PublicKey,
    pub(crate) content: Content,
}

/// A message whose sender is certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    sender: AccountId,
    from_self: bool,
    sender_key: ed25519::PublicKey,
    content: Content,
    outside: Outside,
    pro_claim: Option<Claim>,
    key_index: Option<usize>,
}

impl Opened {
    /// Puts the layers together. The rotating key signs `signed`, or the content itself.
    pub(crate) fn new(
        me: &AccountId,
        inside: Inside,
        outside: Outside,
        signed: Option<&[u8]>,
    ) -> Result<Self, Error> {
        let Inside {
            sender,
            sender_key,
            content,
        } = inside;
        let pro_message = content.proto().pro_message.as_ref();
        let pro_claim = match outside.pro_signature.zip(pro_message) {
            // Without a signed time there is nothing to hold the proof against (spec 12 §4.2).
            Some(_) if content.sig_timestamp().is_none() => return Err(Error::Timestamp),
            Some((signature, message)) => {
                let signed = signed.unwrap_or(content.as_bytes());
                Some(Claim::new(message, signature, signed)?)
            }
            None => None,
        };
        Ok(Self {
            from_self: sender == *me,
            sender,
            sender_key,
            content,
            outside,
            pro_claim,
            key_index: None,
        })
    }

    /// Notes with which of several keys the message was opened.
    pub(crate) const fn with_key_index(mut self, index: usize) -> Self {
        self.key_index = Some(index);
        self
    }

    /// Who sealed the message: authenticated.
    #[must_use]
    pub const fn sender(&self) -> AccountId {
        self.sender
    }

    /// The sender's Ed25519 key, which converts to the key in [`sender`](Self::sender).
    #[must_use]
    pub const fn sender_key(&self) -> &ed25519::PublicKey {
        &self.sender_key
    }

    /// What the sender said, and signed.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// As [`content`](Self::content), given away.
    #[must_use]
    pub fn into_content(self) -> Content {
        self.content
    }

    /// The time of the message. Authenticated once [`check`](Self::check) has passed, except from
    /// old clients, which sign no time.
    #[must_use]
    pub const fn timestamp(&self) -> UnixMillis {
        self.outside.timestamp
    }

    /// All that the message says, as [`Content::members`]. Signatures of group updates are held
    /// against the time of the message also where old clients signed none.
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let signed = self.content.sig_timestamp();
        self.content.members_at(signed.or(Some(self.timestamp())))
    }

    /// Tells the message from all others of its sender.
    #[must_use]
    pub const fn message_key(&self) -> MessageKey {
        MessageKey::new(self.sender, self.timestamp())
    }

    /// Whether oneself sent the message, from this or another device.
    #[must_use]
    pub const fn is_from_self(&self) -> bool {
        self.from_self
    }

    /// What stood around the sealed message.
    #[must_use]
    pub const fn outside(&self) -> &Outside {
        &self.outside
    }

    /// The Session Pro features that the sender claims: see [`pro`](Self::pro).
    #[must_use]
    pub const fn pro_claim(&self) -> Option<&Claim> {
        self.pro_claim.as_ref()
    }

    /// Which of the keys that were offered opened the message of a group; `None` for other
    /// messages. It proves nothing: who has two keys can make what both of them open.
    #[must_use]
    pub const fn key_index(&self) -> Option<usize> {
        self.key_index
    }

    /// What the [claim](Self::pro_claim) is worth at the signed time. `None` without a claim.
    ///
    /// # Errors
    /// As [`Verifier::evaluate`]: drop the message.
    pub fn pro(&self, verifier: &mut Verifier) -> Result<Option<Evaluation>, Error> {
        let Some(claim) = &self.pro_claim else {
            return Ok(None);
        };
        let signed_time = self.content.sig_timestamp().ok_or(Error::Timestamp)?;
        verifier.evaluate(claim, signed_time).map(Some)
    }

    /// The checks that receivers owe (spec 05 §11.2, 1 to 4): drop the message when they fail.
    ///
    /// # Errors
    /// [`Error::Timestamp`] for a time of zero, or one that is not the signed time;
    /// [`Error::NotFromSelf`] for somebody else's sync copy; [`Error::FromSelf`] for control
    /// messages from oneself that only others may send.
    pub fn check(&self) -> Result<(), Error> {
        rules::check_swarm_message(&self.content, self.timestamp(), self.from_self)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use session_crypto::rand_core::SeedableRng;
    use session_identity::{Account, Seed};

    use crate::pro::{
        Backend, Credential, Format, MessageFeatures, ProfileFeatures, Proof, Status, Verifier,
    };
    use crate::{Content, Sender, open_one_to_one, seal_one_to_one};

    use super::*;

    #[test]
    fn pro_is_evaluated_at_the_signed_time() {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let key = |byte| ed25519::SigningKey::from_seed(&[byte; 32]);
        let [alice, bob] = [1, 2].map(|byte| Account::from_seed(&Seed::from([byte; 32])));
        let (backend, rotating) = (key(3), key(4));
        let public = *rotating.public().as_bytes();
        let proof = Proof::issue(&backend, Format::B, [5; 32], public, 1_000);
        let known = Backend::new(Format::B, backend.public().as_bytes()).unwrap();
        let mut verifier = Verifier::new([known]);
        let credential = Credential::new(proof, rotating, ProfileFeatures::BADGE).unwrap();

        let mut evaluate = |sender: Sender<'_>, content: &Content, sent: u64| {
            let sent = UnixMillis::from_millis(sent);
            let wire = seal_one_to_one(sender, &bob.id(), content, sent, &mut rng).unwrap();
            let opened = open_one_to_one(&bob, &wire).unwrap();
            opened.pro(&mut verifier).unwrap()
        };
        let content = Content::text("x".repeat(2_001));
        let pro = Sender::with_pro(&alice, &credential);
        let valid = evaluate(pro, &content, 1_000_999).unwrap();
        assert_eq!(valid.status(), Status::Valid);
        let features = valid.claimed_message_features();
        assert_eq!(features, MessageFeatures::LONG_TEXT);
        let expired = evaluate(pro, &content, 1_001_000).unwrap();
        assert_eq!(expired.status(), Status::Expired);
        assert_eq!(evaluate((&alice).into(), &Content::text("x"), 1), None);
    }
}
