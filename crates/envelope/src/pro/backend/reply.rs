//! What the backend answers to each request (spec 12 §5.1, §5.2).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::ed25519;

use super::code::UserStatus;
use super::json::{Member, object};
use super::payment::Payment;
use super::refusal::{Reply, Subscription};
use crate::Error;
use crate::pro::{Backend, Credential, ProfileFeatures, Proof, RevocationReply};

/// Answers [`Request::proof`](super::Request::proof).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofReply {
    proof: Proof,
    subscription: Subscription,
}

object! {
    ProofResult {
        revocation_tag, rotating_pkey, expiry_ts, sig,
        account_expiry_ts, account_grace_period_duration, account_auto_renewing,
    }
}

impl ProofReply {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn read(body: &[u8]) -> Result<Reply<Self>, Error> {
        Reply::read(body, |result| {
            let result: ProofResult<'_> = result.object()?;
            Ok(Self {
                proof: Proof {
                    version: None,
                    revocation_tag: result.revocation_tag().hex()?,
                    rotating_key: result.rotating_pkey().hex()?,
                    expiry: result.expiry_ts().unsigned()?,
                    signature: ed25519::Signature::from_bytes(result.sig().hex()?),
                },
                subscription: Subscription::read(
                    Some(result.account_expiry_ts().time()?),
                    result.account_grace_period_duration(),
                    result.account_auto_renewing(),
                )?,
            })
        })
    }

    /// The proof, which nobody has verified. Expires in seconds.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The subscription that it comes from.
    #[must_use]
    pub const fn subscription(&self) -> &Subscription {
        &self.subscription
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

object! { RevocationsResult { ticket, retry_in, retain_for, items, } }
object! { RevocationsItem { revocation_tag, effective_ts, } }

impl RevocationReply {
    /// Reads the body of an answer to
    /// [`Request::revocations`](super::Request::revocations), received now.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    #[cfg_attr(docsrs, doc(cfg(feature = "pro-backend")))]
    pub fn read(body: &[u8], now: UnixMillis) -> Result<Reply<Self>, Error> {
        let seconds = |member: Member<'_>, (least, most): (Duration, Duration)| {
            let seconds = member.clamped(least.as_secs(), most.as_secs())?;
            Ok(Duration::from_secs(seconds))
        };
        Reply::read(body, |result| {
            let result: RevocationsResult<'_> = result.object()?;
            let items = result.items().list(|item| {
                let item: RevocationsItem<'_> = item.object()?;
                Ok((item.revocation_tag().hex()?, item.effective_ts().time()?))
            })?;
            Ok(Self::of_format_b(
                result.ticket().unsigned()?,
                seconds(result.retry_in(), Self::RETRY_IN)?,
                seconds(result.retain_for(), Self::RETAIN_FOR)?,
                items,
                now,
            ))
        })
    }
}

/// Answers [`Request::account`](super::Request::account). Nobody has signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountReply {
    /// Whether there is a subscription.
    pub status: UserStatus,
    /// Whether it renews itself.
    pub auto_renewing: bool,
    /// When it is paid up to, to the second.
    pub expiry: UnixMillis,
    /// How long service goes on after that.
    pub grace_period: Duration,
    /// The latest payment, if there is one.
    pub latest_payment: Option<Payment>,
}

object! {
    AccountResult { user_status, auto_renewing, expiry_ts, grace_period_duration, latest_payment, }
}

impl AccountReply {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn read(body: &[u8]) -> Result<Reply<Self>, Error> {
        Reply::read(body, |result| {
            let result: AccountResult<'_> = result.object()?;
            let latest_payment = result.latest_payment().if_not_null()?;
            Ok(Self {
                status: result.user_status().string()?.into(),
                auto_renewing: result.auto_renewing().bool()?,
                expiry: result.expiry_ts().time()?,
                grace_period: result.grace_period_duration().duration()?,
                latest_payment: latest_payment.map(Payment::read).transpose()?,
            })
        })
    }
}

/// Answers [`Request::payments`](super::Request::payments). Nobody has signed it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentsReply {
    /// How many payments there are on all pages.
    pub total: u64,
    /// Those of this page.
    pub items: Vec<Payment>,
    /// What to ask for the next page with. `None` on the last one.
    pub next_cursor: Option<String>,
}

object! { PaymentsResult { payments_total, items, next_cursor, } }

impl PaymentsReply {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn read(body: &[u8]) -> Result<Reply<Self>, Error> {
        Reply::read(body, |result| {
            let result: PaymentsResult<'_> = result.object()?;
            let next_cursor = result.next_cursor().if_not_null()?;
            Ok(Self {
                total: result.payments_total().unsigned()?,
                items: result.items().list(Payment::read)?,
                next_cursor: next_cursor.map(Member::string).transpose()?,
            })
        })
    }
}

/// Shows no cursor, which may name a payment.
impl fmt::Debug for PaymentsReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentsReply")
            .field("total", &self.total)
            .field("items", &self.items)
            .finish_non_exhaustive()
    }
}

/// Answers [`Request::backend_info`](super::Request::backend_info). Nobody has signed it: trust no
/// key because it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendInfo {
    /// The backend's version: a text, or a number as it was written.
    pub version: String,
    /// The backend's time.
    pub time: UnixMillis,
    /// The Ed25519 key that it says it signs proofs with.
    pub signing_key: [u8; 32],
}

object! { InfoResult { version, timestamp, signing_pubkey, } }

impl BackendInfo {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`Error::BackendReply`].
    pub fn read(body: &[u8]) -> Result<Reply<Self>, Error> {
        Reply::read(body, |result| {
            let result: InfoResult<'_> = result.object()?;
            let version = result.version();
            Ok(Self {
                version: match version.unsigned() {
                    Ok(number) => number.to_string(),
                    Err(_) => version.string()?,
                },
                time: result.timestamp().decimal_time()?,
                signing_key: result.signing_pubkey().hex()?,
            })
        })
    }
}

#[cfg(test)]
mod tests;
