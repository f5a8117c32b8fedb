//! What outlives the process.
//!
//! ```text
//! state   = version count *contact           version = 1, one byte; count = two bytes
//! contact = key flags [nak] [known]          ascending by key; at least one of nak and known
//! flags   = one byte                         1: nak, 2: known, 4: the downgrade was said, with
//!                                            known only
//! known   = X M fetched n *(hash seen)       n up to 64, one byte; in the order of first sight
//! key     = 32 bytes, of the Account ID behind 05; X = 32 bytes, M = 1184 bytes, hash = 32 bytes,
//!           BLAKE2b of M and X; nak, fetched, seen = 8 bytes of Unix milliseconds; all big-endian
//! ```

use alloc::vec::Vec;

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::{mlkem768, x25519};

use super::contact::{Contact, KeyHash, Known, MAX_OLDER};
use super::{Config, RecipientKeys};
use crate::saved_state::{Input, put_time};
use crate::{Error, PublicKeys};

const VERSION: u8 = 1;
const WHAT: &str = "saved keys of contacts";

const NAK: u8 = 1;
const KNOWN: u8 = 2;
const DOWNGRADED: u8 = 4;

impl RecipientKeys {
    /// What is known of contacts' keys, for [`restore`](Self::restore). Usually about 1.3 KiB for
    /// each contact, never more than 4 KiB.
    ///
    /// Holds public keys only. But whoever reads it learns whom the user writes to and when, and
    /// whoever changes it chooses whom the next messages can be read by: keep it as safe as
    /// messages. Messages that wait and requests under way are not in it: after a restart, call
    /// [`send`](Self::send) again for messages that no [`Output::Send`](super::Output::Send) came
    /// for.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let mut out = Vec::from([VERSION]);
        let contacts = self.contacts.iter().filter(|(_, it)| !it.is_blank());
        // At most as many as the configuration allows, which two bytes hold.
        let count = u16::try_from(contacts.clone().count()).unwrap_or(u16::MAX);
        out.extend(count.to_be_bytes());
        for (account, contact) in contacts.take(count.into()) {
            write_contact(&mut out, account, contact);
        }
        out
    }

    /// What [`save`](Self::save) wrote. Leaves out what is too old to matter at `now`, and contacts
    /// beyond the number that `config` allows. Answers to requests of the machine that was saved
    /// are not for this one: it uses their ids again.
    ///
    /// # Errors
    /// [`Error::Version`], [`Error::Malformed`]. Start with [`RecipientKeys::new`] then.
    pub fn restore(config: Config, bytes: &[u8], now: UnixMillis) -> Result<Self, Error> {
        let mut machine = Self::new(config);
        let mut input = Input::new(WHAT, VERSION, bytes)?;
        for _ in 0..input.count(usize::from(u16::MAX))? {
            let account = AccountId::new(Prefix::Standard, *input.array()?);
            let last = machine.contacts.last_key_value();
            if last.is_some_and(|(last, _)| *last >= account) {
                return Err(input.malformed());
            }
            machine.contacts.insert(account, read_contact(&mut input)?);
        }
        input.finish()?;
        machine.handle_timeout(now);
        machine.make_room(0)?;
        Ok(machine)
    }
}

fn write_contact(out: &mut Vec<u8>, account: &AccountId, contact: &Contact) {
    out.extend(account.key_bytes());
    let flag = |set, bit| if set { bit } else { 0 };
    out.push(
        flag(contact.nak_at.is_some(), NAK)
            | flag(contact.known.is_some(), KNOWN)
            | flag(contact.downgraded, DOWNGRADED),
    );
    if let Some(nak_at) = contact.nak_at {
        put_time(out, nak_at);
    }
    if let Some(known) = &contact.known {
        out.extend(known.keys.x25519().as_bytes());
        out.extend(known.keys.mlkem().as_bytes());
        put_time(out, known.fetched_at);
        out.push(u8::try_from(known.older.len()).unwrap_or(u8::MAX));
        for (hash, seen) in &known.older {
            out.extend(hash.0);
            put_time(out, *seen);
        }
    }
}

fn read_contact(input: &mut Input<'_>) -> Result<Contact, Error> {
    let flags = input.byte()?;
    if flags & (NAK | KNOWN) == 0
        || flags & DOWNGRADED != 0 && flags & KNOWN == 0
        || flags & !(NAK | KNOWN | DOWNGRADED) != 0
    {
        return Err(input.malformed());
    }
    let mut contact = Contact {
        downgraded: flags & DOWNGRADED != 0,
        ..Contact::default()
    };
    if flags & NAK != 0 {
        contact.nak_at = Some(input.time()?);
    }
    if flags & KNOWN != 0 {
        contact.known = Some(read_known(input)?);
    }
    Ok(contact)
}

fn read_known(input: &mut Input<'_>) -> Result<Known, Error> {
    let x25519 = x25519::PublicKey::from_bytes(*input.array()?);
    let mlkem: &[u8; mlkem768::EncapsulationKey::LEN] = input.array()?;
    let keys = PublicKeys::new(WHAT, x25519, mlkem).map_err(|_| input.malformed())?;
    let fetched_at = input.time()?;
    let count = usize::from(input.byte()?);
    if count > MAX_OLDER {
        return Err(input.malformed());
    }
    let mut older = Vec::with_capacity(count);
    for _ in 0..count {
        let hash = KeyHash(*input.array()?);
        older.push((hash, input.time()?));
    }
    Ok(Known {
        keys,
        fetched_at,
        older,
    })
}
