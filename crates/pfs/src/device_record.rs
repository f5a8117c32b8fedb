//! What a device tells the others of itself (spec 07 §3).

mod info;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use session_bt::{DictReader, DictWriter};
use session_crypto::{blake2b, mlkem768, x25519};

pub use info::DeviceInfo;

use crate::error::Named;
use crate::{Error, MAX_DEPTH, PublicKeys};

const WHAT: &str = "device record";

/// The keys of a record that this code knows, in the order in which they stand there.
const KNOWN: [&str; 7] = ["#", "@", "M", "X", "d", "t", "v"];

/// The record of one device: its device keys, and what it says of itself. Typically 1,258 to 1,305
/// bytes.
///
/// Keeps the bytes as they were received, with entries that this code does not know: they decide
/// which of two records is the later one, and are passed on. Both public keys are secret towards
/// everybody outside the group: they are what lets a message in.
///
/// ```
/// use session_pfs::{DeviceInfo, DeviceRecord, KeyPair, KeySeed};
///
/// let keys = KeyPair::of_device_key(&KeySeed::from_bytes([7; 32])).public();
/// let info = DeviceInfo::new("Kitchen", "d", DeviceInfo::pack_version(2, 25, 0));
/// let record = DeviceRecord::new(&keys, 1, 1_790_000_000, &info)?;
///
/// let received = DeviceRecord::decode(record.as_bytes())?;
/// assert_eq!(received.keys(), Some(&keys));
/// assert_eq!(received.info().display_description(), "Kitchen");
///
/// let renamed = DeviceInfo::new("Study", "d", info.version());
/// let record = received.with(&keys, received.next_seqno(), 1_790_000_060, &renamed)?;
/// assert_eq!(record.seqno(), 2);
/// # Ok::<(), session_pfs::Error>(())
/// ```
#[derive(Clone)]
pub struct DeviceRecord {
    bytes: Vec<u8>,
    digest: [u8; 8],
    seqno: i64,
    at: i64,
    /// Where the ML-KEM key is in `bytes`.
    mlkem: Range<usize>,
    x25519: x25519::PublicKey,
    keys: Option<Box<PublicKeys>>,
    info: DeviceInfo,
}

/// How deep a record may be nested, itself included: it is passed on inside two other dicts, which
/// nobody reads when they are nested too deep.
const MAX_RECORD_DEPTH: usize = MAX_DEPTH - 2;

impl DeviceRecord {
    /// A record of one's own device: its keys, its number among the device's records from 1 up, and
    /// the time in Unix seconds.
    ///
    /// # Errors
    /// [`Error::Malformed`] when `seqno` is below 1.
    pub fn new(keys: &PublicKeys, seqno: i64, at: i64, info: &DeviceInfo) -> Result<Self, Error> {
        let bytes = encode(keys, seqno, at, info, core::iter::empty())?;
        Self::from_vec(bytes)
    }

    /// The next record of one's own device, with the entries of this one that this code does not
    /// know.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with(
        &self,
        keys: &PublicKeys,
        seqno: i64,
        at: i64,
        info: &DeviceInfo,
    ) -> Result<Self, Error> {
        Self::from_vec(encode(keys, seqno, at, info, self.extra())?)
    }

    /// The same record under another number: what accepting a replacement makes of the record that
    /// was asked for (spec 07 §7.4). Nothing else changes.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_seqno(&self, seqno: i64) -> Result<Self, Error> {
        let seqno = own_seqno(seqno)?;
        let mut bytes = Vec::with_capacity(self.bytes.len().saturating_add(20));
        let mut dict = DictWriter::new(&mut bytes);
        for (key, value) in entries(&self.bytes) {
            match key {
                b"#" => dict.int("#", seqno),
                _ => dict.raw_bytes(key, value),
            }
            .map_err(|_| Error::Internal("entries of a record"))?;
        }
        dict.finish();
        Self::from_vec(bytes)
    }

    /// Reads exactly one record. A key that cannot be encrypted to is no error here: see
    /// [`keys`](Self::keys).
    ///
    /// # Errors
    /// [`Error::Malformed`]: no dict with ascending keys, a known entry that is missing or of the
    /// wrong type or length, nesting deeper than 30.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_vec(bytes.to_vec())
    }

    fn from_vec(bytes: Vec<u8>) -> Result<Self, Error> {
        let mut dict = DictReader::with_max_depth(&bytes, MAX_RECORD_DEPTH).named(WHAT)?;
        let seqno = dict.int("#").named(WHAT)?;
        let at = dict.int("@").named(WHAT)?;
        let mlkem_key = dict.bytes("M").named(WHAT)?;
        let mlkem_end = dict.consumed().len();
        let x25519 = dict.bytes("X").named(WHAT)?;
        let mut text = |key| {
            let bytes = dict.bytes_opt(key).named(WHAT)?.unwrap_or_default();
            Ok::<_, Error>(String::from_utf8_lossy(bytes).into_owned())
        };
        let (description, kind) = (text("d")?, text("t")?);
        let version = dict.int_opt("v").named(WHAT)?.unwrap_or_default();
        dict.finish().named(WHAT)?;

        if mlkem_key.len() != mlkem768::EncapsulationKey::LEN {
            return Err(Error::Malformed { what: WHAT });
        }
        let x25519 = x25519
            .try_into()
            .map_err(|_| Error::Malformed { what: WHAT })?;
        let x25519 = x25519::PublicKey::from_bytes(x25519);
        let keys = PublicKeys::new(WHAT, x25519, mlkem_key).ok().map(Box::new);
        Ok(Self {
            digest: blake2b::hash(&[&bytes]),
            seqno,
            at,
            mlkem: mlkem_end.saturating_sub(mlkem_key.len())..mlkem_end,
            x25519,
            keys,
            info: DeviceInfo::received(description, kind, version),
            bytes,
        })
    }

    /// The record as it was received, or as it is sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash of the bytes, which decides between records of one number (spec 07 §3, §6).
    #[must_use]
    pub const fn digest(&self) -> [u8; 8] {
        self.digest
    }

    /// The record's number among those of its device: from 1 up when the device is honest.
    #[must_use]
    pub const fn seqno(&self) -> i64 {
        self.seqno
    }

    /// The number of the next record; the same one at the end of the range.
    #[must_use]
    pub const fn next_seqno(&self) -> i64 {
        self.seqno.saturating_add(1)
    }

    /// When the device wrote it, in Unix seconds by its own clock.
    #[must_use]
    pub const fn at(&self) -> i64 {
        self.at
    }

    /// What the device says of itself.
    #[must_use]
    pub const fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// The device's keys; `None` when one of them cannot be encrypted to (spec 07 D9).
    #[must_use]
    pub fn keys(&self) -> Option<&PublicKeys> {
        self.keys.as_deref()
    }

    /// The X25519 key, whatever it is good for.
    #[must_use]
    pub const fn x25519(&self) -> &x25519::PublicKey {
        &self.x25519
    }

    /// The 1,184 bytes of the ML-KEM key, whatever they are good for.
    #[must_use]
    pub fn mlkem_bytes(&self) -> &[u8] {
        self.bytes.get(self.mlkem.clone()).unwrap_or_default()
    }

    /// The entries that this code does not know, in ascending order: each its key and its
    /// bt-encoded value.
    pub fn extra(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        entries(&self.bytes).filter(|(key, _)| !KNOWN.iter().any(|known| known.as_bytes() == *key))
    }

    /// Whether both records have the same device keys.
    pub(crate) fn has_keys_of(&self, other: &Self) -> bool {
        self.x25519 == other.x25519 && self.mlkem_bytes() == other.mlkem_bytes()
    }
}

impl PartialEq for DeviceRecord {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for DeviceRecord {}

/// Shows number and time only.
impl fmt::Debug for DeviceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRecord")
            .field("seqno", &self.seqno)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// The entries of a dict that was read before.
fn entries(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut dict = DictReader::new(bytes).ok();
    core::iter::from_fn(move || dict.as_mut()?.next_entry().ok()?)
}

/// Negative numbers are read; one's own records have none (spec 07 §3).
fn own_seqno(seqno: i64) -> Result<i64, Error> {
    if seqno < 1 {
        return Err(Error::Malformed { what: WHAT });
    }
    Ok(seqno)
}

fn encode<'e>(
    keys: &PublicKeys,
    seqno: i64,
    at: i64,
    info: &DeviceInfo,
    extra: impl Iterator<Item = (&'e [u8], &'e [u8])>,
) -> Result<Vec<u8>, Error> {
    let seqno = own_seqno(seqno)?;
    let mut extra = extra.peekable();
    let mut out = Vec::with_capacity(1536);
    let mut dict = DictWriter::new(&mut out);
    let mut write = || {
        for known in KNOWN {
            while let Some((key, value)) = extra.next_if(|(key, _)| *key < known.as_bytes()) {
                dict.raw_bytes(key, value)?;
            }
            match known {
                "#" => dict.int(known, seqno)?,
                "@" => dict.int(known, at)?,
                "M" => dict.bytes(known, keys.mlkem().as_bytes())?,
                "X" => dict.bytes(known, keys.x25519().as_bytes())?,
                "d" => dict.bytes(known, info.written_description().as_bytes())?,
                "t" if !info.written_kind().is_empty() => {
                    dict.bytes(known, info.written_kind().as_bytes())?
                }
                "v" if info.version() != 0 => dict.int(known, info.version())?,
                _ => &mut dict,
            };
        }
        extra.try_for_each(|(key, value)| dict.raw_bytes(key, value).map(drop))
    };
    write().map_err(|_: session_bt::Error| Error::Internal("entries of a record"))?;
    dict.finish();
    Ok(out)
}
