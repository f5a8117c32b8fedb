//! What a node sends unasked.

use alloc::vec::Vec;
use core::fmt;

use session_bt::{DictReader, DictWriter};
use session_core::{NetworkId, UnixMillis};

use super::reply::write_refusal_fields;
use super::{OtherSwarm, Refusal};
use crate::{Error, MAX_DATA_LEN, MessageHash, Namespace};

/// A new message in a mailbox that is subscribed to. Sent for the first store of a message only,
/// as `notify.message` over OMQ and `notify` over QUIC.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "nodes build it; the protocol has these six fields"
)]
pub struct Notification<'a> {
    /// The account.
    pub pubkey: NetworkId,
    /// The message's hash.
    pub hash: MessageHash,
    /// Where it is.
    pub namespace: Namespace,
    /// When it was made, by its sender's word.
    pub timestamp: UnixMillis,
    /// When it will be gone.
    pub expiry: UnixMillis,
    /// The message itself, if the subscription asked for it.
    pub data: Option<&'a [u8]>,
}

impl<'a> Notification<'a> {
    /// Name of the request over OMQ.
    pub const OMQ: &'static str = "notify.message";
    /// Name of the command over QUIC.
    pub const QUIC: &'static str = "notify";

    /// Appends the dict.
    pub fn write_bt(&self, out: &mut Vec<u8>) {
        // The keys ascend, so nothing here fails.
        let _ = self.write(&mut DictWriter::new(out));
    }

    fn write(&self, dict: &mut DictWriter<'_>) -> Result<(), session_bt::Error> {
        dict.bytes("@", self.pubkey.as_bytes())?
            .bytes("h", self.hash.as_str().as_bytes())?
            .int("n", self.namespace.number())?
            .int("t", self.timestamp.as_millis())?
            .int("z", self.expiry.as_millis())?;
        if let Some(data) = self.data {
            dict.bytes("~", data)?;
        }
        Ok(())
    }

    /// Reads the dict.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(dict: &'a [u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed {
            what: "notification",
        };
        Self::read(dict).ok().flatten().ok_or(malformed)
    }

    fn read(dict: &'a [u8]) -> Result<Option<Self>, session_bt::Error> {
        let mut dict = DictReader::new(dict)?;
        let pubkey: Option<[u8; 33]> = dict.bytes("@")?.try_into().ok();
        let hash = core::str::from_utf8(dict.bytes("h")?)
            .ok()
            .and_then(|hash| hash.parse().ok());
        let namespace = Namespace::new(dict.int("n")?);
        let timestamp = UnixMillis::from_millis(dict.int("t")?);
        let expiry = UnixMillis::from_millis(dict.int("z")?);
        let data = dict.bytes_opt("~")?;
        dict.finish()?;
        let too_long = data.is_some_and(|data| data.len() > MAX_DATA_LEN);
        let (Some(pubkey), Some(hash), false) = (pubkey, hash, too_long) else {
            return Ok(None);
        };
        Ok(Some(Self {
            pubkey: pubkey.into(),
            hash,
            namespace,
            timestamp,
            expiry,
            data,
        }))
    }
}

/// Names the length of the data instead of showing it.
impl fmt::Debug for Notification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("pubkey", &self.pubkey)
            .field("hash", &self.hash)
            .field("namespace", &self.namespace)
            .field("timestamp", &self.timestamp)
            .field("expiry", &self.expiry)
            .field("data_len", &self.data.map(<[u8]>::len))
            .finish()
    }
}

/// The end of a subscription, because the account has moved to another swarm. Sent as
/// `notify.monitor_ended` over OMQ and `monitor_ended` over QUIC, by newer nodes only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "nodes build it; the protocol has these fields"
)]
pub struct Ended<'a> {
    /// The account.
    pub pubkey: NetworkId,
    /// Where to subscribe instead, if known.
    pub instead: Option<OtherSwarm<'a>>,
}

impl<'a> Ended<'a> {
    /// Name of the request over OMQ.
    pub const OMQ: &'static str = "notify.monitor_ended";
    /// Name of the command over QUIC.
    pub const QUIC: &'static str = "monitor_ended";

    /// Appends the dict.
    pub fn write_bt(&self, out: &mut Vec<u8>) {
        // The keys ascend, so nothing here fails.
        let _ = self.write(&mut DictWriter::new(out));
    }

    fn write(&self, dict: &mut DictWriter<'_>) -> Result<(), session_bt::Error> {
        dict.bytes("@", self.pubkey.as_bytes())?;
        write_refusal_fields(dict, Refusal::WrongSwarm, self.instead.as_ref())
    }

    /// Reads the dict. The reason is not looked at: there is one only.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(dict: &'a [u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed {
            what: "end of a subscription",
        };
        Self::read(dict).ok().flatten().ok_or(malformed)
    }

    fn read(dict: &'a [u8]) -> Result<Option<Self>, session_bt::Error> {
        let mut dict = DictReader::new(dict)?;
        let pubkey: Option<[u8; 33]> = dict.bytes("@")?.try_into().ok();
        let snodes = dict.raw_opt("snodes")?;
        let swarm = dict.raw_opt("swarm")?;
        dict.finish()?;
        Ok(pubkey.map(|pubkey| Self {
            pubkey: pubkey.into(),
            instead: OtherSwarm::read(snodes, swarm),
        }))
    }
}
