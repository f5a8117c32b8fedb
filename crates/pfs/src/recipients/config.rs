//! What can be chosen.

use core::time::Duration;

/// How [`RecipientKeys`](crate::RecipientKeys) decides and what it may use.
/// `Config::default()` has the values that each field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Whether those who publish no keys get messages of v1, because their devices may not read
    /// v2; else of v2 without forward secrecy. Default on (spec 06 §8.3).
    pub transition: bool,
    /// Whether messages to contacts that published keys within 30 days wait until they do again,
    /// instead of falling back (spec 06 R10). Default off.
    pub never_below_pfs: bool,
    /// Contacts that are remembered. For another one the contact is forgotten whose keys were
    /// fetched first, and with it what shows that they were withdrawn. Default 1000, of about
    /// 8 KiB each.
    pub max_contacts: u16,
    /// Messages that may wait, for keys or for [`poll_output`](crate::RecipientKeys::poll_output).
    /// Default 1000.
    pub max_waiting: usize,
    /// How long a fetch may take. Default 30 seconds.
    pub fetch_timeout: Duration,
    /// How long until the swarm is asked again for messages that wait by
    /// [`never_below_pfs`](Self::never_below_pfs). Default 10 minutes.
    pub retry: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            transition: true,
            never_below_pfs: false,
            max_contacts: 1000,
            max_waiting: 1000,
            fetch_timeout: Duration::from_secs(30),
            retry: Duration::from_secs(10 * 60),
        }
    }
}

/// Setters, for values that differ from the default.
macro_rules! setters {
    ($($setter:ident $field:ident $type:ty;)*) => {
        impl Config {
            $(
                #[doc = concat!("The same with another [`Config::", stringify!($field), "`].")]
                #[must_use]
                pub const fn $setter(mut self, $field: $type) -> Self {
                    self.$field = $field;
                    self
                }
            )*
        }
    };
}

setters! {
    with_transition transition bool;
    with_never_below_pfs never_below_pfs bool;
    with_max_contacts max_contacts u16;
    with_max_waiting max_waiting usize;
    with_fetch_timeout fetch_timeout Duration;
    with_retry retry Duration;
}
