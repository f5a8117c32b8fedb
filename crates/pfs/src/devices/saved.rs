//! What outlives the process.
//!
//! ```text
//! state    = version pushed? times group? device-keys groups messages merged own received keys table
//! version  = 1, one byte
//! times    = read_at? displaced_at? foreign_at?
//! pushed   = the own record's number in the last confirmed push, signed
//! device-keys = suspect forced? pushed? count *(seed created)        newest first, one at least
//! groups   = count *(id link seen expires dismissed conflict count *key)
//! messages = count *(key until)
//! merged   = count *(hash expires)
//! own      = count *(group at key sas confirmed pending until held?)
//!            held = message hash stored expires
//! received = count *(device record sas deadline replacement)
//! keys     = account keys, as `AccountKeys` writes them
//! table    = the table of devices, as `DeviceTable` writes it
//! x?       = 0, or 1 and x; flags are one byte too, 0 or 1
//! count    = four bytes; message, hash, record, keys and table have a length of four bytes in front
//! ids, keys, seeds = their bytes; times = 8 bytes of Unix milliseconds, a request's and a record's
//!            in seconds and signed; all big-endian
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use session_core::UnixMillis;
use session_crypto::x25519;
use session_identity::Account;
use zeroize::Zeroizing;

use super::admission::{HeldAdmission, OwnRequest};
use super::device_keys::{DeviceKey, DeviceKeys, MAX_KEYS};
use super::requests::{MAX_REQUESTS, ReceivedRequest};
use super::seen::{SeenGroup, SeenGroups, SeenMessage, SeenMessages};
use super::{Devices, Merged};
use crate::sas::LinkSas;
use crate::{AccountKeys, DeviceId, DeviceRecord, DeviceTable, Error, GroupId, KeySeed};

const VERSION: u8 = 1;

const MALFORMED: Error = Error::Malformed {
    what: "saved devices",
};

pub(super) fn write(devices: &Devices) -> Zeroizing<Vec<u8>> {
    // Both hold most of the secrets; buffers that grow would leave copies behind.
    let mut keys = Zeroizing::new(Vec::new());
    devices.keys.write(&mut keys);
    let mut table = Vec::new();
    devices.table.write(&mut table);
    let mut out = Output(Zeroizing::new(Vec::with_capacity(room(
        devices, &keys, &table,
    ))));

    out.put(&[VERSION]);
    out.put(&devices.pushed_seqno.to_be_bytes());
    out.option(devices.read_at, Output::time);
    out.option(devices.displaced_at, Output::time);
    out.option(devices.foreign_at, Output::time);
    out.option(devices.group, |out, id| out.put(id.as_bytes()));

    let held = &devices.device_keys;
    out.flag(held.suspect);
    out.option(held.forced, Output::time);
    out.option(held.pushed, Output::time);
    out.count(held.older.len().saturating_add(1));
    for key in core::iter::once(&held.active).chain(&held.older) {
        out.put(key.seed.expose_bytes());
        out.time(key.created);
    }

    out.list(&devices.groups.0, |out, group| {
        out.put(group.id.as_bytes());
        out.put(group.link.as_bytes());
        out.time(group.seen_at);
        out.time(group.expires_at);
        out.flag(group.dismissed);
        out.time(group.conflict_until);
        out.list(&group.superseded, |out, key| out.put(key.as_bytes()));
    });
    out.list(&devices.messages.0, |out, seen| {
        out.put(seen.ephemeral.as_bytes());
        out.time(seen.until);
    });
    out.list(&devices.merged, |out, merged| {
        out.bytes(merged.hash.as_bytes());
        out.time(merged.expires_at);
    });
    out.list(&devices.own_requests, |out, own| {
        out.put(own.group.as_bytes());
        out.put(&own.at.to_be_bytes());
        out.put(own.key.as_bytes());
        out.put(own.sas.as_bytes());
        out.flag(own.confirmed);
        out.time(own.pending_until);
        out.time(own.until);
        out.option(own.held.as_ref(), |out, held| {
            out.bytes(&held.data);
            out.bytes(held.hash.as_bytes());
            out.time(held.stored_at);
            out.time(held.expires_at);
        });
    });
    out.list(&devices.requests, |out, request| {
        out.put(request.device.as_bytes());
        out.bytes(request.record.as_bytes());
        out.put(request.sas.as_bytes());
        out.time(request.deadline);
        out.flag(request.replacement);
    });
    out.bytes(&keys);
    out.bytes(&table);
    out.0
}

/// At least as many bytes as the state takes.
fn room(devices: &Devices, keys: &[u8], table: &[u8]) -> usize {
    let groups = devices.groups.0.iter().map(|group| {
        let superseded = group.superseded.len();
        superseded.saturating_mul(32).saturating_add(128)
    });
    let merged = devices.merged.iter().map(|m| m.hash.len());
    let own = devices.own_requests.iter().map(|own| {
        let held = own.held.as_ref();
        held.map_or(0, |held| held.data.len().saturating_add(held.hash.len()))
    });
    let received = devices.requests.iter().map(|r| r.record.as_bytes().len());
    let records = merged.chain(own).chain(received).map(|len| len.saturating_add(160));
    let fixed = [
        256,
        keys.len(),
        table.len(),
        devices.device_keys.older.len().saturating_mul(40),
        devices.messages.0.len().saturating_mul(40),
    ];
    groups
        .chain(records)
        .chain(fixed)
        .fold(0, usize::saturating_add)
}

struct Output(Zeroizing<Vec<u8>>);

impl Output {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn flag(&mut self, flag: bool) {
        self.put(&[flag.into()]);
    }

    fn time(&mut self, time: UnixMillis) {
        self.put(&time.as_millis().to_be_bytes());
    }

    /// All lengths are bounded far below what four bytes hold.
    fn count(&mut self, count: usize) {
        self.put(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.put(bytes);
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.count(items.len());
        items.iter().for_each(|item| write(self, item));
    }
}

pub(super) fn read(account: Account, bytes: &[u8], now: UnixMillis) -> Result<Devices, Error> {
    let mut input = Input(bytes);
    if input.byte()? != VERSION {
        return Err(Error::Version {
            what: "saved devices",
        });
    }
    let pushed_seqno = i64::from_be_bytes(input.array()?);
    let read_at = input.option(Input::time)?;
    let displaced_at = input.option(Input::time)?;
    let foreign_at = input.option(Input::time)?;
    let group = input.option(Input::group)?;
    let device_keys = read_device_keys(&mut input)?;
    let groups = SeenGroups(input.list(|input| {
        Ok(SeenGroup {
            id: input.group()?,
            link: input.key()?,
            seen_at: input.time()?,
            expires_at: input.time()?,
            dismissed: input.flag()?,
            conflict_until: input.time()?,
            superseded: input.list(Input::key)?,
        })
    })?);
    let messages = SeenMessages(input.list(|input| {
        Ok(SeenMessage {
            ephemeral: input.key()?,
            until: input.time()?,
        })
    })?);
    let merged = input.list(|input| {
        Ok(Merged {
            hash: input.text()?,
            expires_at: input.time()?,
        })
    })?;
    let own_requests = input.list(read_own_request)?;
    let requests = input.list(|input| {
        Ok(ReceivedRequest {
            device: DeviceId::from_bytes(input.array()?),
            record: DeviceRecord::decode(input.bytes()?).map_err(|_| MALFORMED)?,
            sas: LinkSas::from_bytes(input.array()?),
            deadline: input.time()?,
            replacement: input.flag()?,
        })
    })?;
    let keys = AccountKeys::read(input.bytes()?)?;
    let table = DeviceTable::read(input.bytes()?)?;
    if !input.0.is_empty() || requests.len() > MAX_REQUESTS || table.own().record().is_none() {
        return Err(MALFORMED);
    }
    let mut devices = Devices::with(account, table, device_keys, now);
    devices.outputs.changed = false;
    Ok(Devices {
        keys,
        group,
        groups,
        messages,
        merged,
        own_requests,
        requests,
        read_at,
        displaced_at,
        pushed_seqno,
        foreign_at,
        ..devices
    })
}

fn read_device_keys(input: &mut Input<'_>) -> Result<DeviceKeys, Error> {
    let (suspect, forced) = (input.flag()?, input.option(Input::time)?);
    let pushed = input.option(Input::time)?;
    let mut keys = input.list(|input| {
        let seed = KeySeed::from_bytes(input.array()?);
        Ok((seed, input.time()?))
    })?;
    // Expanding keys is work: no more of it than there can be.
    if keys.is_empty() || keys.len() > MAX_KEYS.saturating_add(1) {
        return Err(MALFORMED);
    }
    let mut keys = keys
        .drain(..)
        .map(|(seed, created)| DeviceKey::new(seed, created));
    let active = keys.next().ok_or(MALFORMED)?;
    Ok(DeviceKeys {
        active,
        forced,
        pushed,
        older: keys.collect(),
        suspect,
    })
}

fn read_own_request(input: &mut Input<'_>) -> Result<OwnRequest, Error> {
    Ok(OwnRequest {
        group: input.group()?,
        at: i64::from_be_bytes(input.array()?),
        key: input.key()?,
        sas: LinkSas::from_bytes(input.array()?),
        confirmed: input.flag()?,
        pending_until: input.time()?,
        until: input.time()?,
        held: input.option(|input| {
            Ok(HeldAdmission {
                data: input.bytes()?.to_vec(),
                hash: input.text()?,
                stored_at: input.time()?,
                expires_at: input.time()?,
            })
        })?,
    })
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.array().map(u8::from_be_bytes)
    }

    fn flag(&mut self) -> Result<bool, Error> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(MALFORMED),
        }
    }

    fn time(&mut self) -> Result<UnixMillis, Error> {
        self.array()
            .map(|bytes| UnixMillis::from_millis(u64::from_be_bytes(bytes)))
    }

    fn key(&mut self) -> Result<x25519::PublicKey, Error> {
        self.array().map(x25519::PublicKey::from_bytes)
    }

    fn group(&mut self) -> Result<GroupId, Error> {
        self.array().map(GroupId::from_bytes)
    }

    fn count(&mut self) -> Result<usize, Error> {
        let count = u32::from_be_bytes(self.array()?);
        usize::try_from(count).map_err(|_| MALFORMED)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let len = self.count()?;
        let (taken, rest) = self.0.split_at_checked(len).ok_or(MALFORMED)?;
        self.0 = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<String, Error> {
        let text = core::str::from_utf8(self.bytes()?).map_err(|_| MALFORMED)?;
        Ok(text.into())
    }

    fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.flag()?.then(|| read(self)).transpose()
    }

    /// Each item takes bytes of the input, so that a count alone allocates nothing.
    fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let count = self.count()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(read(self)?);
        }
        Ok(items)
    }
}
