//! The signed dict inside a message (spec 06 §5.3).

use alloc::vec::Vec;

use session_bt::DictWriter;
use session_core::AccountId;
use session_crypto::blake2b;

use super::Sender;
use crate::Error;

/// Dict keys, in byte order.
pub(super) mod field {
    pub(in super::super) const SENDER: &str = "S";
    pub(in super::super) const CONTENT: &str = "c";
    pub(in super::super) const SIGNATURE: &str = "~";
    pub(in super::super) const PRO_SIGNATURE: &str = "~P";
}

/// What the sender signs: the dict up to the signature, bound to the recipient.
pub(crate) fn signed_hash(to: &AccountId, signed: &[u8]) -> [u8; 64] {
    blake2b::hash_keyed_personal(&to.to_bytes(), b"SessionV2Message", &[signed])
}

/// Appends the dict.
pub(crate) fn write_inner(
    from: Sender<'_>,
    to: &AccountId,
    content: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    write(from, to, content, out).map_err(|_| Error::Internal("message fields out of order"))
}

fn write(
    from: Sender<'_>,
    to: &AccountId,
    content: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), session_bt::Error> {
    let account = from.account();
    let mut dict = DictWriter::new(out);
    dict.bytes(field::SENDER, account.ed25519_key().as_bytes())?;
    dict.bytes(field::CONTENT, content)?;
    let signature = account
        .expose_signing_key()
        .sign(&signed_hash(to, dict.written()));
    dict.bytes(field::SIGNATURE, signature.as_bytes())?;
    if let Some(rotating_key) = from.pro() {
        // Over the bytes themselves, which name the recipient only in the signature before.
        let signature = rotating_key.sign(dict.written());
        dict.bytes(field::PRO_SIGNATURE, signature.as_bytes())?;
    }
    dict.finish();
    Ok(())
}
