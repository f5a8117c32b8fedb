//! What swarms route by: 33 bytes with any first byte (spec 03 §2).

use alloc::string::String;
use core::fmt;

use crate::account_id::{join, split};
use crate::{AccountId, Error, hex};

/// Which of the networks an identifier is read for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Network {
    /// The public network.
    #[default]
    Mainnet,
    /// The public test network, and every private one: identifiers without prefix are accepted.
    Testnet,
}

/// A prefix byte and a 32-byte key, whatever the prefix: the address of a mailbox in the
/// network. Nodes serve any first byte (spec 03 §2); an [`AccountId`] is the stricter client view.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkId([u8; 33]);

impl NetworkId {
    /// Length of the binary form in bytes.
    pub const LEN: usize = 33;

    /// The prefix byte.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        split(self.0).0
    }

    /// The 32 key bytes, which alone decide the swarm.
    #[must_use]
    pub fn key_bytes(&self) -> [u8; 32] {
        split(self.0).1
    }

    /// The 33-byte binary form.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 33] {
        &self.0
    }

    /// The 66-digit lowercase text form.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// Reads the text form: 66 hex digits, or 64 off mainnet (then with prefix 05).
    ///
    /// # Errors
    /// [`Error::Length`] in characters, [`Error::NotHex`].
    pub fn parse(text: &str, network: Network) -> Result<Self, Error> {
        const WHAT: &str = "network ID";
        if text.len() == 64 && network != Network::Mainnet {
            return Ok(Self(join(0x05, &hex::decode_array(WHAT, text)?)));
        }
        hex::decode_array(WHAT, text).map(Self)
    }

    /// Reads the binary form: 33 bytes, or 32 off mainnet (then with prefix 05).
    ///
    /// # Errors
    /// [`Error::Length`] in bytes.
    pub fn from_slice(bytes: &[u8], network: Network) -> Result<Self, Error> {
        if network != Network::Mainnet
            && let Ok(key) = bytes.try_into()
        {
            return Ok(Self(join(0x05, key)));
        }
        bytes.try_into().map(Self).map_err(|_| Error::Length {
            what: "network ID",
            expected: Self::LEN,
            got: bytes.len(),
        })
    }
}

impl From<[u8; 33]> for NetworkId {
    fn from(bytes: [u8; 33]) -> Self {
        Self(bytes)
    }
}

impl From<AccountId> for NetworkId {
    fn from(id: AccountId) -> Self {
        Self(id.to_bytes())
    }
}

impl TryFrom<NetworkId> for AccountId {
    type Error = Error;

    fn try_from(id: NetworkId) -> Result<Self, Error> {
        id.0.try_into()
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// Shortened, as for [`AccountId`].
impl fmt::Debug for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, .., before_last, last] = self.0;
        write!(
            f,
            "NetworkId({first:02x}{second:02x}…{before_last:02x}{last:02x})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unprefixed_ids_exist_off_mainnet_only() {
        let key = [0xab; 32];
        let text = hex::encode(&key);
        let id = NetworkId::parse(&text, Network::Testnet).unwrap();
        assert_eq!((id.prefix(), id.key_bytes()), (0x05, key));
        assert_eq!(NetworkId::from_slice(&key, Network::Testnet), Ok(id));
        assert!(NetworkId::parse(&text, Network::Mainnet).is_err());
        assert!(NetworkId::from_slice(&key, Network::Mainnet).is_err());
    }

    #[test]
    fn any_prefix_is_routable_but_not_an_account() {
        let id = NetworkId::parse(&"ab".repeat(33), Network::Mainnet).unwrap();
        assert_eq!(NetworkId::parse(&id.to_hex(), Network::Testnet), Ok(id));
        assert_eq!(
            AccountId::try_from(id),
            Err(Error::UnknownPrefix { prefix: 0xab })
        );
    }
}
