//! What is around every reply (spec 12 §5.2).

use alloc::string::String;
use core::time::Duration;

use session_core::UnixMillis;

use super::code::ErrorCode;
use super::json::{Member, object};
use crate::Error;

/// What the backend answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the set is closed, spec 12 §5.2")]
pub enum Reply<T> {
    /// What was asked for.
    Ok(T),
    /// Why not.
    Refused(Refusal),
}

/// Why the backend did not do as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    is_backend_fault: bool,
    code: ErrorCode,
    text: String,
    subscription: Option<Subscription>,
}

impl Refusal {
    /// Whether the backend failed (status `error`), and not the request (`fail`): trying again may
    /// help. Act on this when the code is unknown.
    #[must_use]
    pub const fn is_backend_fault(&self) -> bool {
        self.is_backend_fault
    }

    /// Why.
    #[must_use]
    pub const fn code(&self) -> &ErrorCode {
        &self.code
    }

    /// Why, for people.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// With [`ErrorCode::SubscriptionExpired`]: the subscription that was.
    #[must_use]
    pub const fn subscription(&self) -> Option<&Subscription> {
        self.subscription.as_ref()
    }
}

/// The subscription that proofs come from. The backend does not sign this: it is to be shown, and
/// grants nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// When it is paid up to. Always there beside a proof. A proof may expire later than this.
    pub expiry: Option<UnixMillis>,
    /// How long service goes on after that.
    pub grace_period: Duration,
    /// Whether it renews itself.
    pub auto_renewing: bool,
}

impl Subscription {
    /// When service ends: after the grace period (spec 12 §5.3).
    #[must_use]
    pub fn service_end(&self) -> Option<UnixMillis> {
        Some(self.expiry?.saturating_add(self.grace_period))
    }

    pub(super) fn read(
        expiry: Option<UnixMillis>,
        grace_period: Member<'_>,
        auto_renewing: Member<'_>,
    ) -> Result<Self, Error> {
        let grace_period = grace_period
            .if_present()
            .map(Member::duration)
            .transpose()?;
        let auto_renewing = auto_renewing.if_present().map(Member::bool).transpose()?;
        Ok(Self {
            expiry,
            grace_period: grace_period.unwrap_or_default(),
            auto_renewing: auto_renewing.unwrap_or_default(),
        })
    }
}

object! {
    Outer {
        status, result, error_code, error,
        account_expiry_ts, account_grace_period_duration, account_auto_renewing,
    }
}

impl<T> Reply<T> {
    /// Reads a body. `read` is given the member `result`.
    pub(super) fn read(
        body: &[u8],
        read: impl FnOnce(Member<'_>) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let outer: Outer<'_> = Member::of_body(body)?.object()?;
        let is_backend_fault = match outer.status().string()?.as_str() {
            "ok" => return read(outer.result()).map(Self::Ok),
            "fail" => false,
            "error" => true,
            _ => return Err(outer.status().invalid()),
        };
        let code = outer.error_code().string()?.into();
        let text = outer.error().string()?;
        let subscription = if !is_backend_fault && code == ErrorCode::SubscriptionExpired {
            let expiry = outer.account_expiry_ts().if_present();
            Some(Subscription::read(
                expiry.map(Member::time).transpose()?,
                outer.account_grace_period_duration(),
                outer.account_auto_renewing(),
            )?)
        } else {
            None
        };
        Ok(Self::Refused(Refusal {
            is_backend_fault,
            code,
            text,
            subscription,
        }))
    }
}
