//! Who sends a message.

use session_identity::Account;

use crate::pro::Credential;

/// The account that a message is from, with its Session Pro credential if it has one.
///
/// Every function that seals takes this or a plain `&Account`.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    account: &'a Account,
    pro: Option<&'a Credential>,
}

impl<'a> Sender<'a> {
    /// A sender with Session Pro.
    #[must_use]
    pub const fn with_pro(account: &'a Account, credential: &'a Credential) -> Self {
        Self {
            account,
            pro: Some(credential),
        }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &'a Account {
        self.account
    }

    /// The credential.
    #[must_use]
    pub const fn pro(&self) -> Option<&'a Credential> {
        self.pro
    }
}

impl<'a> From<&'a Account> for Sender<'a> {
    fn from(account: &'a Account) -> Self {
        Self { account, pro: None }
    }
}
