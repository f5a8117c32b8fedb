//! What the backend of April 2026 answers (spec 12 §6).

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::ed25519;

use crate::Error;
use crate::pro::backend::json::{Member, object};
use crate::pro::{Backend, Credential, ProfileFeatures, Proof, Revocation, RevocationReply};

/// What the backend answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "the protocol is not developed further"
)]
pub enum Reply<T> {
    /// What was asked for.
    Ok(T),
    /// Why not.
    Refused {
        /// 1 in general, 2 for a malformed request; when a payment was added, 100 if it is
        /// redeemed already, 101 if it is unknown.
        status: u64,
        /// For people.
        errors: Vec<String>,
    },
}

object! { Outer { status, result, errors, } }

impl<T> Reply<T> {
    /// Reads a body. `read` is given the member `result`.
    fn read(body: &[u8], read: impl FnOnce(Member<'_>) -> Result<T, Error>) -> Result<Self, Error> {
        let outer: Outer<'_> = Member::of_body(body)?.object()?;
        match outer.status().unsigned()? {
            0 => read(outer.result()).map(Self::Ok),
            status => Ok(Self::Refused {
                status,
                errors: outer.errors().list(Member::string)?,
            }),
        }
    }
}

/// Refuses other versions than the only one.
fn check(version: Member<'_>) -> Result<(), Error> {
    match version.unsigned()? {
        0 => Ok(()),
        _ => Err(version.invalid()),
    }
}

fn time(member: Member<'_>) -> Result<UnixMillis, Error> {
    member.unsigned().map(UnixMillis::from_millis)
}

/// Answers [`Request::proof`](super::Request::proof) and
/// [`Request::add_payment`](super::Request::add_payment).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofReply {
    proof: Proof,
}

object! { ProofResult { version, expiry_unix_ts_ms, gen_index_hash, rotating_pkey, sig, } }

impl ProofReply {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn read(body: &[u8]) -> Result<Reply<Self>, Error> {
        Reply::read(body, |result| {
            let result: ProofResult<'_> = result.object()?;
            check(result.version())?;
            Ok(Self {
                proof: Proof {
                    version: Some(0),
                    revocation_tag: result.gen_index_hash().hex()?,
                    rotating_key: result.rotating_pkey().hex()?,
                    expiry: result.expiry_unix_ts_ms().unsigned()?,
                    signature: ed25519::Signature::from_bytes(result.sig().hex()?),
                },
            })
        })
    }

    /// The proof, which nobody has verified. Expires in milliseconds.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The credential, if the proof is good: see [`Credential::verified`].
    ///
    /// # Errors
    /// [`Error::Proof`], [`Error::RotatingKey`].
    pub fn into_credential(
        self,
        backend: &Backend,
        rotating_key: ed25519::SigningKey,
        profile: ProfileFeatures,
        now: UnixMillis,
    ) -> Result<Credential, Error> {
        Credential::verified(self.proof, backend, rotating_key, profile, now)
    }
}

object! { RevocationsResult { version, ticket, retry_in_s, items, } }
object! { RevocationsItem { gen_index_hash, expiry_unix_ts_ms, effective_unix_ts_ms, } }

impl RevocationReply {
    /// Reads the body of an answer to
    /// [`Request::revocations`](super::Request::revocations).
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    #[cfg_attr(docsrs, doc(cfg(feature = "pro-backend")))]
    pub fn read_legacy(body: &[u8]) -> Result<Reply<Self>, Error> {
        let (shortest, longest) = Self::RETRY_IN;
        Reply::read(body, |result| {
            let result: RevocationsResult<'_> = result.object()?;
            check(result.version())?;
            let retry_in = result
                .retry_in_s()
                .clamped(shortest.as_secs(), longest.as_secs())?;
            let items = result.items().list(|item| {
                let item: RevocationsItem<'_> = item.object()?;
                Ok(Revocation {
                    tag: item.gen_index_hash().hex()?,
                    effective: time(item.effective_unix_ts_ms())?,
                    keep_until: time(item.expiry_unix_ts_ms())?,
                })
            })?;
            let ticket = result.ticket().unsigned()?;
            Ok(Self::of_format_a(
                ticket,
                Duration::from_secs(retry_in),
                items,
            ))
        })
    }
}

/// Answers [`Request::account`](super::Request::account). Nobody has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountReply {
    /// Whether there is a subscription.
    pub status: AccountStatus,
    /// Whether it renews itself.
    pub auto_renewing: bool,
    /// When service ends, after the grace period.
    pub expiry: UnixMillis,
    /// How much of that is grace.
    pub grace_period: Duration,
    /// When the money was asked back. Zero if it was not.
    pub refund_requested: UnixMillis,
    /// Not 0 when the backend has trouble with the account.
    pub error_report: u64,
    /// How many payments there are.
    pub payments_total: u64,
    /// The latest payments.
    pub items: Vec<Payment>,
}

/// Whether an account has a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountStatus {
    /// 0: it never had one.
    Never,
    /// 1: it has one.
    Active,
    /// 2: it had one.
    Expired,
}

/// A payment: the members that are specified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payment {
    /// What became of it.
    pub status: PaymentStatus,
    /// How many months it pays for: 1, 3 or 12.
    pub months: u32,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaymentStatus {
    /// 2: it is, or was, good for a subscription.
    Redeemed,
    /// 3: what it paid for is over.
    Expired,
    /// 4: it was taken back.
    Revoked,
}

object! {
    AccountResult {
        version, status, auto_renewing, expiry_unix_ts_ms, grace_period_duration_ms,
        refund_requested_unix_ts_ms, error_report, payments_total, items,
    }
}
object! { PaymentItem { status, plan, } }

impl AccountReply {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn read(body: &[u8]) -> Result<Reply<Self>, Error> {
        Reply::read(body, |result| {
            let result: AccountResult<'_> = result.object()?;
            check(result.version())?;
            let grace_period = result.grace_period_duration_ms().unsigned()?;
            Ok(Self {
                status: match result.status().unsigned()? {
                    0 => AccountStatus::Never,
                    1 => AccountStatus::Active,
                    2 => AccountStatus::Expired,
                    _ => return Err(result.status().invalid()),
                },
                auto_renewing: result.auto_renewing().bool()?,
                expiry: time(result.expiry_unix_ts_ms())?,
                grace_period: Duration::from_millis(grace_period),
                refund_requested: time(result.refund_requested_unix_ts_ms())?,
                error_report: result.error_report().unsigned()?,
                payments_total: result.payments_total().unsigned()?,
                items: result.items().list(payment)?,
            })
        })
    }
}

fn payment(item: Member<'_>) -> Result<Payment, Error> {
    let item: PaymentItem<'_> = item.object()?;
    Ok(Payment {
        status: match item.status().unsigned()? {
            2 => PaymentStatus::Redeemed,
            3 => PaymentStatus::Expired,
            4 => PaymentStatus::Revoked,
            _ => return Err(item.status().invalid()),
        },
        months: match item.plan().unsigned()? {
            1 => 1,
            2 => 3,
            3 => 12,
            _ => return Err(item.plan().invalid()),
        },
    })
}

#[cfg(test)]
mod tests;
