//! Payments that the backend knows of (spec 12 §5.2).

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use session_core::UnixMillis;

use super::code::{PaymentProvider, PaymentStatus};
use super::json::{Member, object};
use super::plan::Plan;
use crate::Error;

/// A payment for Pro.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payment {
    /// What became of it.
    pub status: PaymentStatus,
    /// What it pays for.
    pub plan: Plan,
    /// Who took the money.
    pub provider: PaymentProvider,
    /// The provider's own name of the payment.
    pub id: String,
    /// Whether it renews itself.
    pub auto_renewing: bool,
    /// When it was made, to the millisecond.
    pub purchased: UnixMillis,
    /// When what it pays for ends, to the second.
    pub expiry: UnixMillis,
    /// How long service goes on after that.
    pub grace_period: Duration,
    /// Until when the provider takes the payment back on request, to the second.
    pub platform_refund_expiry: UnixMillis,
    /// When it was taken back, to the millisecond. Zero if it was not.
    pub revoked: UnixMillis,
}

object! {
    Item {
        status, plan, payment_provider, payment_id, auto_renewing, purchased_ts, expiry_ts,
        grace_period_duration, platform_refund_expiry_ts, revoked_ts,
    }
}

impl Payment {
    pub(super) fn read(item: Member<'_>) -> Result<Self, Error> {
        let item: Item<'_> = item.object()?;
        Ok(Self {
            status: item.status().string()?.into(),
            plan: Plan::parse(&item.plan().string()?)?,
            provider: item.payment_provider().string()?.into(),
            id: item.payment_id().string()?,
            auto_renewing: item.auto_renewing().bool()?,
            purchased: item.purchased_ts().decimal_time()?,
            expiry: item.expiry_ts().time()?,
            grace_period: item.grace_period_duration().duration()?,
            platform_refund_expiry: item.platform_refund_expiry_ts().time()?,
            revoked: item.revoked_ts().decimal_time()?,
        })
    }
}

/// Shows no id: with it a store finds out who paid.
impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("status", &self.status)
            .field("plan", &self.plan)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}
