//! What the devices tell each other: every device, and every account key (spec 07 §4).

use alloc::vec::Vec;

use session_bt::{DictReader, DictWriter, ListReader, Value};
use session_crypto::TAG_LEN;
use zeroize::Zeroizing;

use super::size::{int, padded_len, string};
use crate::error::Named;
use crate::{
    AccountKey, AccountKeys, DeviceEntry, DeviceId, DeviceRecord, DeviceState, DeviceTable, Error,
    KeySeed, MAX_DEPTH, PublicKeys,
};

const NAME: &str = "group payload";
const MALFORMED: Error = Error::Malformed { what: NAME };

/// Length of the shortest account key, of an empty time: `d1:ci0e1:s32:`, the seed, `e`.
const MIN_KEY_LEN: usize = 13 + KeySeed::LEN + 1;

/// What a group message says. To be merged: no message says all that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Payload {
    /// What the message says of each device, ascending by id. A record's keys may be unusable.
    pub devices: Vec<(DeviceId, DeviceEntry)>,
    /// Account keys in the order of the message, which is the active one first if its author keeps
    /// to the specification.
    pub keys: Vec<AccountKey>,
}

impl Payload {
    /// Takes the content of a payload.
    #[must_use]
    pub const fn new(devices: Vec<(DeviceId, DeviceEntry)>, keys: Vec<AccountKey>) -> Self {
        Self { devices, keys }
    }

    /// Reads a payload, with or without its padding. What follows the account keys is not looked
    /// at.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut dict = DictReader::with_max_depth(bytes, MAX_DEPTH).named(NAME)?;
        let mut table = DictReader::new(dict.raw("D").named(NAME)?).named(NAME)?;
        let mut devices = Vec::new();
        while let Some((id, value)) = table.next_entry().named(NAME)? {
            let id = DeviceId::from_slice(id).map_err(|_| MALFORMED)?;
            devices.push((id, device(value)?));
        }
        let list = dict.raw("K").named(NAME)?;
        // Never moved: it would leave seeds behind.
        let mut keys = Vec::with_capacity(list.len() / MIN_KEY_LEN);
        let mut list = ListReader::new(list).named(NAME)?;
        while let Some(entry) = list.raw_opt().named(NAME)? {
            keys.push(account_key(entry)?);
        }
        Ok(Self { devices, keys })
    }
}

fn device(value: &[u8]) -> Result<DeviceEntry, Error> {
    if value.first() != Some(&b'i') {
        return DeviceRecord::decode(value)
            .map(DeviceEntry::Record)
            .map_err(|_| MALFORMED);
    }
    let Ok(Value::Int(at)) = Value::decode(value) else {
        return Err(MALFORMED);
    };
    match at.get::<i64>() {
        Some(at) if at > 0 => Ok(DeviceEntry::Removed(at)),
        // Zero says nothing, and the least of all has no opposite.
        Some(at) if at < 0 => at.checked_neg().map(DeviceEntry::Left).ok_or(MALFORMED),
        _ => Err(MALFORMED),
    }
}

fn account_key(entry: &[u8]) -> Result<AccountKey, Error> {
    let mut dict = DictReader::with_max_depth(entry, MAX_DEPTH).named(NAME)?;
    let created = dict.int("c").named(NAME)?;
    let rotated = dict.int_opt("r").named(NAME)?;
    let seed = dict.bytes("s").named(NAME)?;
    let seed = KeySeed::from_slice(seed).map_err(|_| MALFORMED)?;
    Ok(AccountKey::new(seed, created, rotated))
}

/// What is to be said of a device.
#[derive(Clone, Copy)]
enum Entry<'a> {
    Record(&'a DeviceRecord),
    /// Since when it is gone, and whether it was removed.
    Gone {
        at: i64,
        removed: bool,
    },
}

impl Entry<'_> {
    /// The number that stands for a device that is gone: negative when it left by itself.
    const fn time(at: i64, removed: bool) -> i64 {
        if removed { at } else { at.saturating_neg() }
    }

    fn len(&self) -> usize {
        match *self {
            Self::Record(record) => record.as_bytes().len(),
            Self::Gone { at, removed } => int(Self::time(at, removed)),
        }
        .saturating_add(string(DeviceId::LEN))
    }
}

/// What a payload is written from.
pub(crate) struct Contents<'a> {
    /// Ascending by id.
    devices: Vec<(&'a DeviceId, Entry<'a>)>,
    keys: Vec<&'a AccountKey>,
}

impl<'a> Contents<'a> {
    /// All that a device knows.
    pub(crate) fn of_tables(table: &'a DeviceTable, keys: &'a AccountKeys) -> Self {
        let devices = table.rows().filter_map(|row| {
            // No message can say zero.
            let at = row.removed_at().unwrap_or(1).max(1);
            let entry = match row.state() {
                DeviceState::Registered => Entry::Record(row.record()?),
                DeviceState::Left => Entry::Gone { at, removed: false },
                DeviceState::Removed => Entry::Gone { at, removed: true },
                DeviceState::Unregistered | DeviceState::Pending => return None,
            };
            Some((row.id(), entry))
        });
        Self {
            devices: devices.collect(),
            keys: keys.iter().map(|held| held.key()).collect(),
        }
    }

    /// Another payload.
    #[cfg(any(test, feature = "hazmat"))]
    pub(crate) fn of_payload(payload: &'a Payload) -> Self {
        let entry = |entry: &'a DeviceEntry| match entry {
            DeviceEntry::Record(record) => Entry::Record(record),
            DeviceEntry::Removed(at) => Entry::Gone {
                at: *at,
                removed: true,
            },
            DeviceEntry::Left(at) => Entry::Gone {
                at: *at,
                removed: false,
            },
        };
        Self {
            devices: payload
                .devices
                .iter()
                .map(|(id, e)| (id, entry(e)))
                .collect(),
            keys: payload.keys.iter().collect(),
        }
    }

    /// Keeps as many of those who are gone, the latest first, as fit without making the message
    /// longer. Only the message forgets them: a device that did would take an old record of theirs
    /// for a new member.
    pub(crate) fn prune(mut self) -> Self {
        let mut gone: Vec<(i64, &DeviceId, usize)> = Vec::new();
        for (id, entry) in &self.devices {
            if let Entry::Gone { at, .. } = entry {
                gone.push((*at, id, entry.len()));
            }
        }
        gone.sort_unstable();
        let len = self.len();
        let all = gone
            .iter()
            .fold(0, |sum: usize, (_, _, len)| sum.saturating_add(*len));
        let room = padded_len(len.saturating_sub(all));
        let mut excess = len.saturating_sub(room);
        let mut oldest = gone.into_iter();
        let mut dropped = Vec::new();
        while excess > 0
            && let Some((_, id, len)) = oldest.next()
        {
            excess = excess.saturating_sub(len);
            dropped.push(id);
        }
        dropped.sort_unstable();
        self.devices
            .retain(|(id, _)| dropped.binary_search(id).is_err());
        self
    }

    /// The length of the encoding in bytes.
    fn len(&self) -> usize {
        // Two dicts and a list, two keys.
        const MARKS: usize = 2 + 2 + 2 + 3 + 3;
        let devices = self.devices.iter().map(|(_, entry)| entry.len());
        let keys = self.keys.iter().map(|key| {
            [
                2, // the dict
                3,
                int(key.created),
                key.rotated.map_or(0, |at| int(at).saturating_add(3)),
                3,
                string(KeySeed::LEN),
            ]
            .into_iter()
            .fold(0, usize::saturating_add)
        });
        devices.chain(keys).fold(MARKS, usize::saturating_add)
    }

    /// The encoding, with room for padding and tag, so that no copy is left behind.
    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut out = Zeroizing::new(buffer(self.len()));
        let mut dict = DictWriter::new(&mut out);
        let mut devices = dict.dict("D").named(NAME)?;
        for (id, entry) in &self.devices {
            match *entry {
                Entry::Record(record) => devices.raw_bytes(id.as_bytes(), record.as_bytes()),
                Entry::Gone { at, removed } => {
                    devices.int_bytes(id.as_bytes(), Entry::time(at, removed))
                }
            }
            .named(NAME)?;
        }
        devices.finish();
        let mut keys = dict.list("K").named(NAME)?;
        for key in &self.keys {
            let mut entry = keys.dict();
            entry.int("c", key.created).named(NAME)?;
            if let Some(rotated) = key.rotated {
                entry.int("r", rotated).named(NAME)?;
            }
            entry.bytes("s", key.seed.expose_bytes()).named(NAME)?;
        }
        keys.finish();
        dict.finish();
        Ok(out)
    }

    /// The keys of the members, ascending by id; `None` where nobody can encrypt to them.
    pub(crate) fn recipients(&self) -> Vec<Option<&'a PublicKeys>> {
        let records = self.devices.iter().filter_map(|(_, entry)| match entry {
            Entry::Record(record) => Some(record.keys()),
            Entry::Gone { .. } => None,
        });
        records.collect()
    }

    /// Those who were removed, ascending by id. Who left knows it.
    pub(crate) fn removed(&self) -> Vec<&'a DeviceId> {
        let removed = self.devices.iter().filter_map(|(id, entry)| match entry {
            Entry::Gone { removed: true, .. } => Some(*id),
            _ => None,
        });
        removed.collect()
    }
}

/// Room for `len` bytes, their padding and a tag.
pub(crate) fn buffer(len: usize) -> Vec<u8> {
    Vec::with_capacity(padded_len(len).saturating_add(TAG_LEN))
}
