//! Who sends a message.

use session_crypto::ed25519;
use session_identity::Account;

/// The account that a message is from, with the rotating key of its Session Pro proof if it has
/// one. Every function that seals takes this or a plain `&Account`.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    account: &'a Account,
    pro: Option<&'a ed25519::SigningKey>,
}

impl<'a> Sender<'a> {
    /// A sender without Session Pro.
    #[must_use]
    pub const fn new(account: &'a Account) -> Self {
        Self { account, pro: None }
    }

    /// Has messages signed by the rotating key, whose proof goes into their content.
    #[must_use]
    pub const fn with_pro(mut self, rotating_key: &'a ed25519::SigningKey) -> Self {
        self.pro = Some(rotating_key);
        self
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &'a Account {
        self.account
    }

    /// The rotating key of Session Pro.
    #[must_use]
    pub const fn pro(&self) -> Option<&'a ed25519::SigningKey> {
        self.pro
    }
}

impl<'a> From<&'a Account> for Sender<'a> {
    fn from(account: &'a Account) -> Self {
        Self::new(account)
    }
}
