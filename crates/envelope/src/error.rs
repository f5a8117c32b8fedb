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
        /// The length that it must have, or the least that it may have.
        expected: usize,
        /// The length that it had.
        got: usize,
    },
    /// The unauthenticated source of an envelope is no identifier.
    #[error("Envelope: source is not an identifier")]
    Source,
    /// The recipient's id has not prefix 05, or its key is of low order.
    #[error("recipient: not the id of a person")]
    Recipient,
    /// The message is not for this account, or was changed.
    #[error("decryption failed")]
    Decrypt,
    /// The sender's key or signature inside the message is not valid.
    #[error("sender: signature does not verify")]
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
    /// Our own fault.
    #[error("internal: {0}")]
    Internal(&'static str),
}
