//! Words of the backend's replies that may be joined by others (spec 12 §5.2).

use alloc::string::String;
use core::fmt;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$code_doc:meta])* $code:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$code_doc])* $code,)*
            /// One that this version does not know.
            Other(String),
        }

        impl $name {
            /// As the backend wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$code => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$code,)*
                    _ => Self::Other(text),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

codes! {
    /// Why the backend refuses a request.
    ErrorCode {
        /// The request is malformed.
        InvalidRequest = "invalid_request",
        /// A signature does not verify.
        BadSignature = "bad_signature",
        /// The time of the request is too far off: see
        /// [`MAX_CLOCK_ERROR`](super::MAX_CLOCK_ERROR).
        StaleRequest = "stale_request",
        /// The subscription is over.
        SubscriptionExpired = "subscription_expired",
        /// There never was a subscription.
        NotSubscribed = "not_subscribed",
        /// The subscription was taken back.
        Revoked = "revoked",
        /// Too many requests.
        RateLimited = "rate_limited",
        /// The backend's own fault.
        InternalError = "internal_error",
    }
}

codes! {
    /// Whether an account has a subscription.
    UserStatus {
        /// It never had one.
        Never = "never",
        /// It has one.
        Active = "active",
        /// It had one.
        Expired = "expired",
    }
}

codes! {
    /// What became of a payment.
    PaymentStatus {
        /// It is, or was, good for a subscription.
        Redeemed = "redeemed",
        /// What it paid for is over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

codes! {
    /// Who took the money.
    PaymentProvider {
        /// Google Play.
        GooglePlay = "google_play",
        /// Apple's App Store.
        AppStore = "app_store",
        /// The Session Technology Foundation.
        Stf = "stf",
        /// What some backends of mid 2026 wrote for [`Stf`](Self::Stf).
        Rangeproof = "rangeproof",
    }
}
