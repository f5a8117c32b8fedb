//! Session Pro: what messages claim, and whether the proof holds (spec 12).

mod claim;
mod credential;
mod features;
mod proof;

pub use claim::Claim;
pub use credential::Credential;

pub use features::{LONG_TEXT_LIMIT, MessageFeatures, ProfileFeatures, TEXT_LIMIT};
pub use proof::Proof;
