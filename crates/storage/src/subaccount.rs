//! Keys that act for an account without being its key (spec 04 §4.3, §4.6).

use core::fmt;

use session_core::{AccountId, Prefix};
use session_crypto::blinding::{MemberFactor, MemberKey};
use session_crypto::ed25519::{PublicKey, Signature, SigningKey};
use session_crypto::x25519;
use session_crypto::zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{Access, Error, Subaccount, Token};

/// What a group's admin gives a member, so that the member can sign for the group: 100 bytes.
///
/// Secret: with the member's own key it is the key of a subaccount. Zeroized on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberAuth {
    /// The first four bytes of the token.
    head: [u8; 4],
    factor: MemberFactor,
    signature: Signature,
}

impl MemberAuth {
    /// Length in bytes.
    pub const LEN: usize = 100;

    /// Gives a member access to the group that has this key. Members commonly get
    /// [`Access::READ`] and [`Access::WRITE`].
    ///
    /// # Errors
    /// [`Error::Member`] when `member` is not an account with prefix 05 and a valid key.
    pub fn issue(group: &SigningKey, member: &AccountId, access: Access) -> Result<Self, Error> {
        let (token, factor) = member_token(group, member, access)?;
        Ok(Self {
            head: token.head(),
            factor,
            signature: group.sign(token.as_bytes()),
        })
    }

    /// Reads 100 bytes of auth data. Whether it is the group's is not known before [`Subaccount::check`].
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: "auth data" };
        let (head, rest) = bytes.split_first_chunk().ok_or(malformed)?;
        let (factor, signature) = rest.split_first_chunk().ok_or(malformed)?;
        Ok(Self {
            head: *head,
            factor: MemberFactor::from_bytes(factor).map_err(|_| malformed)?,
            signature: Signature::from_slice(signature).map_err(|_| malformed)?,
        })
    }

    /// The 100 bytes: head of the token, factor, signature of the token.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<[u8; Self::LEN]> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        let (head, rest) = bytes.split_at_mut(self.head.len());
        let (factor, signature) = rest.split_at_mut(MemberFactor::LEN);
        head.copy_from_slice(&self.head);
        factor.copy_from_slice(self.factor.expose_bytes());
        signature.copy_from_slice(self.signature.as_bytes());
        bytes
    }
}

impl fmt::Debug for MemberAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberAuth(..)")
    }
}

impl ZeroizeOnDrop for MemberAuth {}

impl Token {
    /// The token that [`MemberAuth::issue`] signs: by it a member is revoked.
    ///
    /// # Errors
    /// [`Error::Member`] when `member` is not an account with prefix 05 and a valid key.
    pub fn of_member(
        group: &SigningKey,
        member: &AccountId,
        access: Access,
    ) -> Result<Self, Error> {
        member_token(group, member, access).map(|(token, _)| token)
    }
}

fn member_token(
    group: &SigningKey,
    member: &AccountId,
    access: Access,
) -> Result<(Token, MemberFactor), Error> {
    if member.prefix() != Prefix::Standard {
        return Err(Error::Member);
    }
    let member = x25519::PublicKey::from_bytes(*member.key_bytes());
    let factor = MemberFactor::of(group, &member);
    let key = factor.public_key(&member).map_err(|_| Error::Member)?;
    Ok((Token::new(Prefix::Group, access, &key), factor))
}

/// The key of a subaccount, with the account and the token that makes it one. Zeroized on drop.
///
/// Whether the account has signed the token is not looked at here: when it comes from outside, ask
/// [`Subaccount::check`], as nodes do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubaccountKey {
    key: Key,
    account: PublicKey,
    subaccount: Subaccount,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Plain(SigningKey),
    Member(MemberKey),
}

impl SubaccountKey {
    /// A key of its own, to which the account with the key `account` has given a token.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the token names another key.
    pub fn new(
        key: SigningKey,
        account: &PublicKey,
        subaccount: Subaccount,
    ) -> Result<Self, Error> {
        if subaccount.token.key_bytes() != *key.public().as_bytes() {
            return Err(Error::WrongKey);
        }
        Ok(Self {
            key: Key::Plain(key),
            account: *account,
            subaccount,
        })
    }

    /// The key of a group's member: `member` is the member's own account key, `group` the key of
    /// the group.
    #[must_use]
    pub fn of_member(member: &SigningKey, group: &PublicKey, auth: &MemberAuth) -> Self {
        let key = MemberKey::new(member, &auth.factor);
        let token = Token::from_head(auth.head, key.public());
        Self {
            key: Key::Member(key),
            account: *group,
            subaccount: Subaccount::new(token, auth.signature),
        }
    }

    /// The Ed25519 key of the account that the subaccount acts for.
    #[must_use]
    pub const fn account(&self) -> &PublicKey {
        &self.account
    }

    /// The token and the account's signature of it, which go into each request.
    #[must_use]
    pub const fn subaccount(&self) -> Subaccount {
        self.subaccount
    }

    /// The token.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.subaccount.token
    }

    /// Signs the payload of a request. The signature verifies under the token's key.
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> Signature {
        match &self.key {
            Key::Plain(key) => key.sign(payload),
            Key::Member(key) => key.sign(payload),
        }
    }
}

impl ZeroizeOnDrop for SubaccountKey {}

/// Why a subaccount may not do what its request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessDenied {
    /// The account has revoked the token.
    #[error("subaccount token: revoked")]
    Revoked,
    /// The token is for accounts of another prefix.
    #[error("subaccount token: for another prefix")]
    Prefix,
    /// The token does not allow this.
    #[error("subaccount token: access not granted")]
    Access,
    /// The token is not signed by the account.
    #[error("subaccount token: signature does not verify")]
    TokenSignature,
    /// The token names no valid key, so that no signature of the request can verify.
    #[error("subaccount token: invalid key")]
    Key,
}

impl Subaccount {
    /// Signs a token that lets `key` act for the account with the key `account` and this prefix.
    #[must_use]
    pub fn issue(account: &SigningKey, prefix: Prefix, access: Access, key: &PublicKey) -> Self {
        let token = Token::new(prefix, access, key);
        Self::new(token, account.sign(token.as_bytes()))
    }

    /// What a node asks of a subaccount (spec 04 §4.4), where `prefix` and `account` are the
    /// prefix and verification key of the account. Gives the key with which the request's
    /// signature then has to verify.
    ///
    /// Where revocation does not count, `revoked` is false.
    ///
    /// # Errors
    /// In the order of the checks: [`AccessDenied::Revoked`], [`AccessDenied::Prefix`],
    /// [`AccessDenied::Access`], [`AccessDenied::TokenSignature`], [`AccessDenied::Key`].
    pub fn check(
        &self,
        prefix: u8,
        account: &PublicKey,
        needed: Access,
        revoked: bool,
    ) -> Result<PublicKey, AccessDenied> {
        let access = self.token.access();
        if revoked {
            return Err(AccessDenied::Revoked);
        }
        if self.token.prefix() != prefix && !access.allows(Access::ANY_PREFIX) {
            return Err(AccessDenied::Prefix);
        }
        if !access.allows(needed) {
            return Err(AccessDenied::Access);
        }
        account
            .verify(self.token.as_bytes(), &self.signature)
            .map_err(|_| AccessDenied::TokenSignature)?;
        PublicKey::from_bytes(&self.token.key_bytes()).map_err(|_| AccessDenied::Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const READ_WRITE: Access = Access::READ.and(Access::WRITE);

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn account_id(key: &SigningKey) -> AccountId {
        AccountId::new(Prefix::Standard, *key.to_x25519().public().as_bytes())
    }

    #[test]
    fn members_sign_for_their_group_and_no_other() {
        let (group, other) = (key(1), key(2));
        for member in [3, 4, 5, 6].map(key) {
            let id = account_id(&member);
            let auth = MemberAuth::issue(&group, &id, READ_WRITE).unwrap();
            let auth = MemberAuth::from_slice(auth.expose_bytes().as_slice()).unwrap();
            let signer = SubaccountKey::of_member(&member, group.public(), &auth);
            let token = Token::of_member(&group, &id, READ_WRITE).unwrap();
            assert_eq!(*signer.token(), token);

            let check = |group: &SigningKey| {
                let subaccount = signer.subaccount();
                subaccount.check(3, group.public(), Access::WRITE, false)
            };
            let public = check(&group).unwrap();
            assert_eq!(public.verify(b"payload", &signer.sign(b"payload")), Ok(()));
            assert_eq!(check(&other), Err(AccessDenied::TokenSignature));

            // Somebody else's auth data.
            let stranger = SubaccountKey::of_member(&other, group.public(), &auth);
            let denied = stranger
                .subaccount()
                .check(3, group.public(), Access::WRITE, false);
            assert_eq!(denied, Err(AccessDenied::TokenSignature));
        }
    }

    #[test]
    fn only_accounts_become_members() {
        let group = AccountId::new(Prefix::Group, *key(3).public().as_bytes());
        let no_point = AccountId::new(Prefix::Standard, [2; 32]);
        for id in [group, no_point] {
            let issued = MemberAuth::issue(&key(1), &id, READ_WRITE);
            assert_eq!(issued, Err(Error::Member));
            let token = Token::of_member(&key(1), &id, READ_WRITE);
            assert_eq!(token, Err(Error::Member));
        }
    }

    #[test]
    fn plain_keys_need_a_token_of_their_own() {
        let subaccount = Subaccount::issue(&key(1), Prefix::Standard, READ_WRITE, key(2).public());
        let signer = SubaccountKey::new(key(2), key(1).public(), subaccount).unwrap();
        let public = signer
            .subaccount()
            .check(5, key(1).public(), READ_WRITE, false);
        assert_eq!(
            public.unwrap().verify(b"payload", &signer.sign(b"payload")),
            Ok(())
        );
        assert_eq!(
            SubaccountKey::new(key(3), key(1).public(), subaccount),
            Err(Error::WrongKey)
        );
    }

    #[test]
    fn denials_in_the_order_of_the_checks() {
        let account = key(1);
        let check = |subaccount: &Subaccount, needed, revoked| {
            subaccount.check(3, account.public(), needed, revoked)
        };
        let issue = |prefix, access| Subaccount::issue(&account, prefix, access, key(2).public());
        let spoilt = |subaccount: Subaccount| Subaccount {
            signature: Signature::from_bytes([0; 64]),
            ..subaccount
        };

        let foreign = issue(Prefix::Standard, Access::READ);
        assert_eq!(
            check(&spoilt(foreign), Access::WRITE, true),
            Err(AccessDenied::Revoked)
        );
        assert_eq!(
            check(&spoilt(foreign), Access::WRITE, false),
            Err(AccessDenied::Prefix)
        );
        let narrow = issue(Prefix::Group, Access::READ);
        assert_eq!(
            check(&spoilt(narrow), Access::WRITE, false),
            Err(AccessDenied::Access)
        );
        assert_eq!(
            check(&spoilt(narrow), Access::READ, false),
            Err(AccessDenied::TokenSignature)
        );
        let any = issue(Prefix::Standard, Access::READ | Access::ANY_PREFIX);
        assert_eq!(check(&any, Access::READ, false), Ok(*key(2).public()));

        let mut bytes = *narrow.token.as_bytes();
        bytes[4..].copy_from_slice(&[0; 32]);
        let weak = Subaccount::new(Token::from_bytes(bytes), account.sign(&bytes));
        assert_eq!(check(&weak, Access::READ, false), Err(AccessDenied::Key));
    }

    #[test]
    fn auth_data_is_checked_and_not_printed() {
        let auth = MemberAuth::issue(&key(1), &account_id(&key(2)), READ_WRITE).unwrap();
        let mut bytes = *auth.expose_bytes();
        let malformed = Err(Error::Malformed { what: "auth data" });
        assert_eq!(MemberAuth::from_slice(&bytes), Ok(auth.clone()));
        assert_eq!(MemberAuth::from_slice(&bytes[1..]), malformed);
        assert_eq!(
            MemberAuth::from_slice(&[&bytes[..], &[0]].concat()),
            malformed
        );
        assert_eq!(MemberAuth::from_slice(&[]), malformed);
        bytes[4..36].copy_from_slice(&[0; 32]);
        assert_eq!(MemberAuth::from_slice(&bytes), malformed);
        assert_eq!(format!("{auth:?}"), "MemberAuth(..)");
    }
}
