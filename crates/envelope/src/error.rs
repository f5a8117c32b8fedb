//! Why a message was refused.

use crate::pro::Status;
use crate::proto::Fault;

/// What was wrong with a message.
///
/// Carries names of the schema and lengths, never content, keys or ids. Tell nobody but the user:
/// a sender must not learn why a message was dropped (spec 05 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no protobuf.
    #[error("{message}: {fault}")]
    Malformed {
        /// The message type that was read.
        message: &'static str,
        /// What was wrong.
        fault: Fault,
    },
    /// A required field is missing, or its enum value is unknown.
    #[error("{message}: no {field}")]
    Missing {
        /// The message type that was read.
        message: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A text field is not UTF-8, or text that was given in UTF-16 is not.
    #[error("{message}: {field} is not valid text")]
    Text {
        /// The message type that was read.
        message: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A length is not one that the object can have.
    #[error("{what}: expected {expected} bytes, got {got}")]
    Length {
        /// The object that was read.
        what: &'static str,
        /// The length that it must have, or the least or most that it may have.
        expected: usize,
        /// The length that it had; of what was given up on, what it had until then.
        got: usize,
    },
    /// The bytes are not in the encoding that belongs there: bt or zstd.
    #[error("{what}: malformed")]
    Encoding {
        /// The object that was read.
        what: &'static str,
    },
    /// The unauthenticated source of an envelope is no identifier.
    #[error("Envelope: source is not an identifier")]
    Source,
    /// The recipient's id has not the prefix that belongs there, 05 for a person, 03 for a group, 15
    /// or 25 for an inbox, or its key is not valid.
    #[error("recipient: wrong kind of id, or not a valid key")]
    Recipient,
    /// The message is not for this account, or was changed.
    #[error("decryption failed")]
    Decrypt,
    /// A signature inside the message, of the sender or of a group's admins, or the key that it
    /// is to verify under, is not valid.
    #[error("signature does not verify")]
    Signature,
    /// The time is zero, or not the one that the sender signed.
    #[error("message time is not valid")]
    Timestamp,
    /// Somebody else sent what is only valid from oneself.
    #[error("sync copy from somebody else")]
    NotFromSelf,
    /// Oneself sent what is only valid from others.
    #[error("control message from oneself")]
    FromSelf,
    /// A text has too many Unicode code points for its sender.
    #[error("text: at most {limit} code points, got {got}")]
    TextTooLong {
        /// What the sender may write.
        limit: usize,
        /// What the text has.
        got: usize,
    },
    /// A Session Pro proof names another rotating key than the one that is to sign.
    #[error("Pro proof: another rotating key")]
    RotatingKey,
    /// A message has the signature of a rotating key where there may be none, or a second one.
    #[error("Pro signature: more than one")]
    ProSignatures,
    /// The sender's blinded id is not of the recipient's form, has no valid key, or is not that of
    /// the key in the message.
    #[error("sender: not their blinded id")]
    Sender,
    /// The format has a version that this code does not know.
    #[error("{what}: unknown version")]
    Version {
        /// The object that was read.
        what: &'static str,
    },
    /// A legacy wrapper holds a config of another kind.
    #[error("SharedConfigMessage: another kind")]
    ConfigKind,
    /// A notice about a group's keys from before the current ones.
    #[error("kick notice: older than the group's current keys")]
    Outdated,
    /// A configured Session Pro backend: its key is none, or it is the public development key.
    #[error("Pro backend: not a key to trust")]
    BackendKey,
    /// The Session Pro backend gave us a proof that is not valid.
    #[error("Pro proof: {0}")]
    Proof(Status),
    /// The Session Pro backend said something that is no reply.
    #[error("Pro backend's reply: {member} is missing or not valid")]
    BackendReply {
        /// The JSON member at fault, or `reply` for the whole.
        member: &'static str,
    },
    /// There are more of something than peers take.
    #[error("{what}: at most {limit}, got {got}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// What peers take.
        limit: usize,
        /// What there is.
        got: usize,
    },
    /// An id has not prefix 03, or its key is no key of a group.
    #[error("group: not the id of a group")]
    GroupId,
    /// A community post says more than what people read.
    #[error("control message in a community")]
    ControlMessage,
    /// Our own fault.
    #[error("internal: {0}")]
    Internal(&'static str),
}

/// Bytes that have one length.
pub(crate) fn sized<'a, const N: usize>(
    what: &'static str,
    bytes: &'a [u8],
) -> Result<&'a [u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Length {
        what,
        expected: N,
        got: bytes.len(),
    })
}
