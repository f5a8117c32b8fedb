//! Requests to the Session Pro backend, and its replies (spec 12 §5). Feature `pro-backend`.
//!
//! A [`Request`] says what to POST, where, and nothing of how: normally it is an onion request of
//! version 4 to [`Backend::onion_key`](super::Backend::onion_key). The body of an answer with HTTP
//! status 200 is read by the type of its reply: [`ProofReply`], [`AccountReply`],
//! [`PaymentsReply`], [`RevocationReply`](super::RevocationReply), [`BackendInfo`].
//!
//! Of a proof's reply comes a [`Credential`](super::Credential) only by way of the checks that a
//! client owes it.
//!
//! ```
//! use session_core::UnixMillis;
//! use session_envelope::pro::backend::{ProofReply, Reply, Request, renewal_time};
//! use session_envelope::pro::{Backend, Credential, Deployment, Format, ProfileFeatures};
//! use session_envelope::{Error, session_identity::Account};
//!
//! # fn main() -> Result<(), Error> {
//! # use session_crypto::rand_core::SeedableRng;
//! # let account = Account::generate(&mut rand_chacha::ChaCha20Rng::from_seed([7; 32]));
//! # let now = UnixMillis::from_secs(1_785_000_000);
//! let backend = Backend::new(Format::B, &Deployment::CURRENT.signing_key)?;
//! let master = account.pro_master_key();
//! let rotating = master.rotating_key(now);
//! let request = Request::proof(&master, rotating.key(), now);
//! let url = format!("{}/{}", Deployment::CURRENT.url, request.endpoint());
//! // POST request.body() to url, by an onion request.
//! # let answer = br#"{"status":"fail","error_code":"not_subscribed","error":"no"}"#;
//! match ProofReply::read(answer)? {
//!     Reply::Ok(reply) => {
//!         let key = rotating.key().clone();
//!         let credential: Credential =
//!             reply.into_credential(&backend, key, ProfileFeatures::BADGE, now)?;
//!         let renew_at = renewal_time(backend.format().time(credential.proof().expiry), now);
//!     }
//!     Reply::Refused(refusal) => println!("{}", refusal.code()),
//! }
//! # Ok(())
//! # }
//! ```

mod code;
mod json;
pub mod legacy;
mod payment;
mod plan;
mod refusal;
mod renewal;
mod reply;
mod request;

pub use code::{ErrorCode, PaymentProvider, PaymentStatus, UserStatus};
pub use payment::Payment;
pub use plan::{Plan, PlanUnit};
pub use refusal::{Refusal, Reply, Subscription};
pub use renewal::{RENEW_BEFORE, renewal_time};
pub use reply::{AccountReply, BackendInfo, PaymentsReply, ProofReply};
pub use request::{MAX_CLOCK_ERROR, Request};
