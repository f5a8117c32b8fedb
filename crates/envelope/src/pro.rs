//! Session Pro: what messages claim, whether the proof holds, and what the backend says (spec 12).
//!
//! A message carries a [`Claim`]: features, and the proof of a backend that the key which signed
//! the message is entitled to them. A [`Verifier`] knows which backends count and makes an
//! [`Evaluation`] of it; with a list of [`Revocations`] that says which features to grant.
//!
//! To send, hold a [`Credential`].

#[cfg(feature = "pro-backend")]
pub mod backend;
mod cache;
mod claim;
mod credential;
mod evaluation;
mod features;
mod proof;
mod revocation;
pub mod text;
mod trust;
mod verifier;

pub use claim::Claim;
pub use credential::Credential;
pub use evaluation::{Evaluation, Status};
pub use features::{LONG_TEXT_LIMIT, MessageFeatures, PINNED_LIMIT, ProfileFeatures, TEXT_LIMIT};
pub use proof::Proof;
pub use revocation::{Revocation, RevocationReply, Revocations};
pub use trust::{Backend, Deployment, Format};
pub use verifier::Verifier;
