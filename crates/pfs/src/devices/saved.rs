//! What outlives the process.
//!
//! ```text
//! state    = version account pushed times group? device-keys groups messages merged leaving? own
//!            received keys table
//! account  = the key of the Account ID
//! version  = 1, one byte
//! times    = read_at? displaced_at? foreign_at?
//! pushed   = the own record's number in the last confirmed push, signed
//! device-keys = suspect forced? pushed? count *(seed created)        newest first, one at least
//! groups   = count *(id link seen expires dismissed conflict count *key)
//! messages = count *(hash-of-bytes until merged)
//! merged   = count *(hash expires)
//! leaving  = message? count *hash
//! own      = count *(group at key sas confirmed pending until held?)
//!            held = message hash stored expires
//! received = count *(device record sas deadline replacement)
//! keys     = account keys, as `AccountKeys` writes them
//! table    = the table of devices, as `DeviceTable` writes it
//! x?       = 0, or 1 and x; flags are one byte too, 0 or 1
//! count    = two bytes; message, hash, record, keys and table have a length of four bytes in front
//! ids, keys, seeds = their bytes; times = 8 bytes of Unix milliseconds, a request's and a record's
//!            in seconds and signed; all big-endian
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use session_core::UnixMillis;
use session_crypto::x25519;
use session_identity::Account;
use zeroize::Zeroizing;

use super::admission::{HeldAdmission, MAX_OWN_REQUESTS, OwnRequest};
use super::device_keys::{DeviceKey, DeviceKeys, MAX_OLDER};
use super::push::MAX_MERGED;
use super::requests::{MAX_REQUESTS, ReceivedRequest};
use super::seen::{
    MAX_GROUPS, MAX_MESSAGES, MAX_SUPERSEDED, MessageId, SeenGroup, SeenGroups, SeenMessage,
    SeenMessages,
};
use super::{Devices, Leaving, Merged};
use crate::sas::Sas;
use crate::saved_state::{Input, put_count, put_list, put_option, put_string, put_time};
use crate::{AccountKeys, DeviceId, DeviceRecord, DeviceTable, Error, GroupId, KeySeed};

const VERSION: u8 = 1;
const WHAT: &str = "saved devices";

pub(super) fn write(devices: &Devices) -> Zeroizing<Vec<u8>> {
    // Buffers that grow leave copies of secrets behind.
    let mut keys = Zeroizing::new(Vec::with_capacity(16 * 1024));
    devices.keys.write(&mut keys);
    let mut table = Zeroizing::new(Vec::with_capacity(64 * 1024));
    devices.table.write(&mut table);
    let mut out = Zeroizing::new(Vec::with_capacity(room(devices, &keys, &table)));

    out.push(VERSION);
    out.extend(devices.account.id().key_bytes());
    out.extend(devices.pushed_seqno.to_be_bytes());
    put_option(&mut out, devices.read_at, put_time);
    put_option(&mut out, devices.displaced_at, put_time);
    put_option(&mut out, devices.foreign_at, put_time);
    put_option(&mut out, devices.group, |out, id| out.extend(id.as_bytes()));

    let held = &devices.device_keys;
    out.push(held.suspect.into());
    put_option(&mut out, held.forced, put_time);
    put_option(&mut out, held.pushed, put_time);
    put_count(&mut out, held.older.len().saturating_add(1));
    for key in held.iter() {
        out.extend(key.seed.expose_bytes());
        put_time(&mut out, key.created);
    }

    put_list(&mut out, &devices.groups.0, |out, group| {
        out.extend(group.id.as_bytes());
        out.extend(group.link.as_bytes());
        put_time(out, group.seen_at);
        put_time(out, group.expires_at);
        out.push(group.dismissed.into());
        put_time(out, group.conflict_until);
        put_list(out, &group.superseded, |out, key| {
            out.extend(key.as_bytes())
        });
    });
    put_list(&mut out, &devices.messages.0, |out, seen| {
        out.extend(seen.id.0);
        put_time(out, seen.until);
        out.push(seen.merged.into());
    });
    put_list(&mut out, &devices.merged, |out, merged| {
        put_string(out, merged.hash.as_bytes());
        put_time(out, merged.expires_at);
    });
    put_option(&mut out, devices.leaving.as_ref(), |out, leaving| {
        put_option(out, leaving.message.as_ref(), |out, data| {
            put_string(out, data);
        });
        put_list(out, &leaving.delete, |out, hash| {
            put_string(out, hash.as_bytes());
        });
    });
    put_list(&mut out, &devices.own_requests, |out, own| {
        out.extend(own.group.as_bytes());
        out.extend(own.at.to_be_bytes());
        out.extend(own.key.as_bytes());
        out.extend(own.sas.as_bytes());
        out.push(own.confirmed.into());
        put_time(out, own.pending_until);
        put_time(out, own.until);
        put_option(out, own.held.as_ref(), |out, held| {
            put_string(out, &held.data);
            put_string(out, held.hash.as_bytes());
            put_time(out, held.stored_at);
            put_time(out, held.expires_at);
        });
    });
    put_list(&mut out, &devices.requests, |out, request| {
        out.extend(request.device.as_bytes());
        put_string(out, request.record.as_bytes());
        out.extend(request.sas.as_bytes());
        put_time(out, request.deadline);
        out.push(request.replacement.into());
    });
    put_string(&mut out, &keys);
    put_string(&mut out, &table);
    out
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
    let records = merged
        .chain(own)
        .chain(received)
        .map(|len| len.saturating_add(160));
    let fixed = [
        256,
        keys.len(),
        table.len(),
        devices.device_keys.older.len().saturating_mul(40),
        devices.messages.0.len().saturating_mul(48),
        devices.leaving.as_ref().map_or(0, |leaving| {
            let message = leaving.message.as_ref().map_or(0, Vec::len);
            let hashes = leaving
                .delete
                .iter()
                .map(|hash| hash.len().saturating_add(4));
            hashes
                .fold(message, usize::saturating_add)
                .saturating_add(16)
        }),
    ];
    groups
        .chain(records)
        .chain(fixed)
        .fold(0, usize::saturating_add)
}

pub(super) fn read(account: Account, bytes: &[u8], now: UnixMillis) -> Result<Devices, Error> {
    let mut input = Input::new(WHAT, VERSION, bytes)?;
    if input.array()? != account.id().key_bytes() {
        return Err(Error::NotForUs { what: WHAT });
    }
    let pushed_seqno = input.int()?;
    let read_at = input.option(Input::time)?;
    let displaced_at = input.option(Input::time)?;
    let foreign_at = input.option(Input::time)?;
    let group = input.option(group_id)?;
    let device_keys = read_device_keys(&mut input)?;
    let groups = SeenGroups(input.list(MAX_GROUPS, |input| {
        Ok(SeenGroup {
            id: group_id(input)?,
            link: x25519_key(input)?,
            seen_at: input.time()?,
            expires_at: input.time()?,
            dismissed: input.flag()?,
            conflict_until: input.time()?,
            superseded: input.list(MAX_SUPERSEDED, x25519_key)?,
        })
    })?);
    let messages = SeenMessages(input.list(MAX_MESSAGES, |input| {
        Ok(SeenMessage {
            id: MessageId(*input.array()?),
            until: input.time()?,
            merged: input.flag()?,
        })
    })?);
    let merged = input.list(MAX_MERGED, |input| {
        Ok(Merged {
            hash: text(input)?,
            expires_at: input.time()?,
        })
    })?;
    let leaving = input.option(|input| {
        Ok(Leaving {
            message: input.option(|input| Ok(input.string()?.to_vec()))?,
            delete: input.list(MAX_MERGED, text)?,
        })
    })?;
    let own_requests = input.list(MAX_OWN_REQUESTS, read_own_request)?;
    let requests = input.list(MAX_REQUESTS, |input| {
        Ok(ReceivedRequest {
            device: DeviceId::from_bytes(*input.array()?),
            record: DeviceRecord::decode(input.string()?).map_err(|_| input.malformed())?,
            sas: Sas::from_bytes(*input.array()?),
            deadline: input.time()?,
            replacement: input.flag()?,
        })
    })?;
    let keys = AccountKeys::read(input.string()?)?;
    let table = DeviceTable::read(input.string()?)?;
    input.finish()?;
    let mut devices = Devices::with(account, table, device_keys, now);
    devices.outputs.changed = false;
    Ok(Devices {
        keys,
        group,
        groups,
        messages,
        merged,
        leaving,
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
    let keys = input.list(MAX_OLDER.saturating_add(1), |input| {
        let seed = KeySeed::from_bytes(*input.array()?);
        Ok(DeviceKey::new(seed, input.time()?))
    })?;
    let mut keys = keys.into_iter();
    let active = keys.next().ok_or_else(|| input.malformed())?;
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
        group: group_id(input)?,
        at: input.int()?,
        key: x25519_key(input)?,
        sas: Sas::from_bytes(*input.array()?),
        confirmed: input.flag()?,
        pending_until: input.time()?,
        until: input.time()?,
        held: input.option(|input| {
            Ok(HeldAdmission {
                data: input.string()?.to_vec(),
                hash: text(input)?,
                stored_at: input.time()?,
                expires_at: input.time()?,
            })
        })?,
    })
}

fn group_id(input: &mut Input<'_>) -> Result<GroupId, Error> {
    input.array().copied().map(GroupId::from_bytes)
}

fn x25519_key(input: &mut Input<'_>) -> Result<x25519::PublicKey, Error> {
    input.array().copied().map(x25519::PublicKey::from_bytes)
}

fn text(input: &mut Input<'_>) -> Result<String, Error> {
    let text = core::str::from_utf8(input.string()?);
    text.map(Into::into).map_err(|_| input.malformed())
}
