//! The group of an account's linked devices, as one of them sees it (spec 07 §8).
//!
//! A state machine without IO: messages of the account's own swarm, the user's wishes and the time
//! go in; messages to store, events and the time of the next deadline come out.

mod admission;
mod device_keys;
mod incoming;
mod membership;
mod output;
mod push;
mod requests;
mod saved;
mod seen;
mod timer;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;
use session_identity::Account;
use zeroize::Zeroizing;

use self::admission::OwnRequest;
use self::device_keys::DeviceKeys;
use self::push::{Flight, Owed};
use self::requests::{Heard, ReceivedRequest};
use self::seen::{SeenGroups, SeenMessages};
use crate::sas::Sas;
use crate::unix_secs::to_secs;
use crate::{
    AccountKeys, DeviceId, DeviceInfo, DeviceRecord, DeviceState, DeviceTable, Error, GroupId,
    Opened,
};

pub use self::output::{Event, Fetch, Membership, Output, Request, RequestId, Store, Stored};

/// The namespace of device groups and link requests (spec 07 §2).
pub const DEVICES_NAMESPACE: i16 = 21;

/// How long a group message is stored (spec 07 §2).
pub const GROUP_TTL: Duration = Duration::from_secs(30 * 86_400);

/// How long a link request is stored, and how long it can be accepted (spec 07 §2).
pub const LINK_TTL: Duration = Duration::from_secs(600);

/// One device of an account, and what it knows of the others.
///
/// Four verbs drive it: `handle_*` for what comes in, [`handle_timeout`](Self::handle_timeout) when
/// [`Output::Wait`] says so, and [`poll_output`](Self::poll_output) until that, after every call.
/// The other methods are the user's wishes.
pub struct Devices {
    account: Account,
    table: DeviceTable,
    device_keys: DeviceKeys,
    keys: AccountKeys,
    group: Option<GroupId>,
    groups: SeenGroups,
    messages: SeenMessages,
    /// Messages of the group that were merged here, by hash: the next push deletes them.
    merged: Vec<Merged>,
    own_requests: Vec<OwnRequest>,
    requests: Vec<ReceivedRequest>,
    /// When the newest message of the group that could be read was stored.
    read_at: Option<UnixMillis>,
    displaced_at: Option<UnixMillis>,
    /// The own record's number in the last push that was confirmed.
    pushed_seqno: i64,
    /// What is published with a key that no device is known to have, until the next fetch has shown
    /// whether another device made it.
    foreign: Vec<Vec<u8>>,
    /// When a foreign key last made this device rotate.
    foreign_at: Option<UnixMillis>,
    /// The farewell to the group that was left last, until the swarm has it.
    leaving: Option<Leaving>,
    /// Link requests that were shown, so that they are not shown again.
    heard: Vec<Heard>,
    owed: Owed,
    outputs: Outputs,
    /// The time of the last call.
    now: UnixMillis,
}

/// What the swarm is still to be told of a group that was left.
struct Leaving {
    message: Option<Vec<u8>>,
    /// Hashes of messages that were merged.
    delete: Vec<String>,
}

/// A message that was merged.
struct Merged {
    hash: String,
    expires_at: UnixMillis,
}

/// What waits to be taken by `poll_output`.
#[derive(Default)]
struct Outputs {
    changed: bool,
    requests: VecDeque<Request>,
    events: VecDeque<Event>,
    in_flight: Vec<Flight>,
    next_id: u64,
}

impl Devices {
    /// The first device of an account that was made just now: it starts a group at once, and pushes
    /// it after the first fetch (spec 07 §8.2). Never for an account whose recovery password was
    /// typed in: [`new_device`](Self::new_device).
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn new_account<R: CryptoRng + ?Sized>(
        account: Account,
        info: &DeviceInfo,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let mut devices = Self::new_device(account, info, now, rng)?;
        devices.establish(now, rng)?;
        Ok(devices)
    }

    /// A new device of an account that exists. It is outside any group: fetch, then see
    /// [`membership`](Self::membership).
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn new_device<R: CryptoRng + ?Sized>(
        account: Account,
        info: &DeviceInfo,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let device_keys = DeviceKeys::generate(now, rng);
        let record = DeviceRecord::new(&device_keys.active.pair.public(), 1, to_secs(now), info)?;
        let table = DeviceTable::new(DeviceId::generate(rng), DeviceState::Unregistered, record);
        Ok(Self::with(account, table, device_keys, now))
    }

    fn with(
        account: Account,
        table: DeviceTable,
        device_keys: DeviceKeys,
        now: UnixMillis,
    ) -> Self {
        Self {
            account,
            table,
            device_keys,
            keys: AccountKeys::new(),
            group: None,
            groups: SeenGroups::default(),
            messages: SeenMessages::default(),
            merged: Vec::new(),
            own_requests: Vec::new(),
            requests: Vec::new(),
            read_at: None,
            displaced_at: None,
            pushed_seqno: 0,
            foreign: Vec::new(),
            foreign_at: None,
            leaving: None,
            heard: Vec::new(),
            owed: Owed::default(),
            outputs: Outputs {
                changed: true,
                ..Outputs::default()
            },
            now,
        }
    }

    /// The next thing to do. Call it until it gives [`Output::Wait`], after every other call.
    #[must_use]
    pub fn poll_output(&mut self, now: UnixMillis) -> Output {
        let now = self.advance(now);
        if core::mem::take(&mut self.outputs.changed) {
            return Output::Save;
        }
        if let Some(request) = self.next_request(now) {
            return Output::Request(request);
        }
        if let Some(fetch) = self.next_fetch(now) {
            return Output::Fetch(fetch);
        }
        if let Some(event) = self.outputs.events.pop_front() {
            return Output::Event(event);
        }
        Output::Wait(self.next_deadline())
    }

    /// Opens a message of version 2 from the account's own swarm.
    ///
    /// # Errors
    /// As [`open`](crate::open).
    pub fn open(&self, wire: &[u8]) -> Result<Opened, Error> {
        self.keys.open(&self.account, wire)
    }

    /// This device's id.
    #[must_use]
    pub fn own_id(&self) -> &DeviceId {
        self.table.own_id()
    }

    /// All devices that are known of, members and others.
    #[must_use]
    pub const fn table(&self) -> &DeviceTable {
        &self.table
    }

    /// The group that this device is in, or was in last.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupId> {
        self.group.as_ref()
    }

    /// Groups of this account of which messages are in the swarm, with the time of the newest.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, UnixMillis)> {
        self.groups.0.iter().map(|group| (&group.id, group.seen_at))
    }

    /// The emoji of this device's newest link request, and whether the user has confirmed them.
    #[must_use]
    pub fn own_sas(&self) -> Option<(&Sas, bool)> {
        let request = self.own_requests.last()?;
        Some((&request.sas, request.confirmed))
    }

    /// The account keys, for [`UnopenedMessages`](crate::UnopenedMessages) and for display.
    #[must_use]
    pub const fn keys(&self) -> &AccountKeys {
        &self.keys
    }

    /// The state in bytes, for [`restore`](Self::restore). It holds every secret that this device
    /// has: encrypt it at rest, and keep it out of backups (spec 07 D17).
    #[must_use]
    pub fn save(&self) -> Zeroizing<Vec<u8>> {
        saved::write(self)
    }

    /// What [`save`](Self::save) wrote, for the same account.
    ///
    /// # Errors
    /// [`Error::NotForUs`] for the state of another account; [`Error::Version`],
    /// [`Error::Malformed`].
    pub fn restore(account: Account, saved: &[u8], now: UnixMillis) -> Result<Self, Error> {
        saved::read(account, saved, now)
    }

    /// The time of this call. When the clock goes back it was ahead before: what is remembered of
    /// times to come happened now, or nothing would be due for as long as it was ahead.
    fn advance(&mut self, now: UnixMillis) -> UnixMillis {
        if now < self.now {
            self.keys.clock_went_back(now);
            self.device_keys.clock_went_back(now);
            self.groups.clock_went_back(now);
            self.messages.clock_went_back(now);
            self.requests_clock_went_back(now);
            for time in [
                &mut self.read_at,
                &mut self.displaced_at,
                &mut self.foreign_at,
            ] {
                *time = time.map(|time| time.min(now));
            }
            let latest = now.saturating_add(GROUP_TTL);
            for merged in &mut self.merged {
                merged.expires_at = merged.expires_at.min(latest);
            }
            self.forget_times(now);
            self.changed();
        }
        self.now = now;
        now
    }

    fn emit(&mut self, event: Event) {
        self.outputs.events.push_back(event);
    }

    /// Something that has to be saved was changed.
    const fn changed(&mut self) {
        self.outputs.changed = true;
    }

    /// The user, or the clock, has changed what the group has to know: fetch first, so that two
    /// devices do not answer each other (spec 07 §8.3).
    const fn changed_here(&mut self) {
        self.changed();
        self.owed.fetch = true;
    }

    #[cfg(feature = "hazmat")]
    pub(crate) fn device_key_seeds(&self) -> impl Iterator<Item = &crate::KeySeed> {
        self.device_keys.iter().map(|key| &key.seed)
    }

    fn is_member(&self) -> bool {
        self.table.own().state() == DeviceState::Registered && self.displaced_at.is_none()
    }

    /// Writes the own record anew, with the present keys.
    fn renew_own_record(
        &mut self,
        state: DeviceState,
        at: i64,
        info: Option<&DeviceInfo>,
    ) -> Result<(), Error> {
        let old = self.own_record()?;
        let seqno = old.seqno().saturating_add(1);
        let keys = self.device_keys.active.pair.public();
        let record = old.with(&keys, seqno, at, info.unwrap_or(old.info()))?;
        self.table.set_own(state, record, None);
        Ok(())
    }

    fn own_record(&self) -> Result<&DeviceRecord, Error> {
        self.table
            .own()
            .record()
            .ok_or(Error::Internal("own row without record"))
    }

    /// Replaces the device key, and tells the group.
    fn rotate_device_key<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.device_keys.rotate(now, rng);
        let state = self.table.own().state();
        self.renew_own_record(state, to_secs(now), None)?;
        self.changed();
        Ok(())
    }

    /// Makes a new account key (spec 07 §9).
    fn rotate_account_key<R: CryptoRng + ?Sized>(&mut self, now: UnixMillis, rng: &mut R) {
        self.keys.rotate(now, rng);
        self.changed();
        self.emit(Event::AccountKeyRotated);
    }
}

impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Devices")
            .field("account", &self.account)
            .field("own", self.table.own_id())
            .field("group", &self.group)
            .field("membership", &self.membership())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
