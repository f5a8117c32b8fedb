//! In a group or not, and the user's wishes about it (spec 07 §8.2, §8.3).

use alloc::vec::Vec;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;

use super::device_keys::DeviceKeys;
use super::{Devices, Event, GROUP_TTL, Leaving, Membership};
use crate::unix_secs::to_secs;
use crate::{
    DeviceId, DeviceInfo, DeviceRecord, DeviceState, DeviceTable, Error, GroupId,
    seal_group_message,
};

impl Devices {
    /// Whether this device belongs to a group.
    #[must_use]
    pub fn membership(&self) -> Membership {
        let now = self.now;
        if self.wants_first_fetch() {
            return Membership::Unknown;
        }
        let visible = |group: &GroupId| {
            let group = self.groups.get(group);
            group.is_some_and(|group| group.expires_at > now)
        };
        let other = self
            .groups
            .0
            .iter()
            .any(|group| group.expires_at > now && Some(&group.id) != self.group.as_ref());
        match self.table.own().state() {
            // Whoever leaves by itself forgets the group: somebody else has said so.
            DeviceState::Removed | DeviceState::Left => Membership::Removed,
            DeviceState::Registered if self.displaced_at.is_some() => Membership::Displaced,
            DeviceState::Registered => match &self.group {
                Some(own) if other && !visible(own) => Membership::CutOff,
                _ => Membership::InGroup,
            },
            DeviceState::Pending => Membership::Waiting,
            _ if self.own_requests.iter().any(|own| own.held.is_some()) => Membership::Waiting,
            _ if other => Membership::GroupsVisible,
            _ => Membership::NoGroup,
        }
    }

    /// Changes what others see of this device.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn set_info<R: CryptoRng + ?Sized>(
        &mut self,
        info: &DeviceInfo,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        if self.own_record()?.info() == info {
            return Ok(());
        }
        let state = self.table.own().state();
        self.renew_own_record(state, to_secs(now), Some(info))?;
        self.changed_here();
        self.settle(rng)
    }

    /// Begins or stops to publish the account key, on this device:
    /// [`AccountKeys::set_publishing`](crate::AccountKeys::set_publishing) says when. Each device
    /// has to be told.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn set_publishing<R: CryptoRng + ?Sized>(
        &mut self,
        publishing: bool,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.advance(now);
        if self.keys.publishing() != publishing {
            self.keys.set_publishing(publishing);
            self.changed();
        }
        self.settle(rng)
    }

    /// Removes another device from the group, and rotates the account key: messages that others
    /// encrypt to the new key it cannot read. Senders use the old one for up to 48 hours more (spec
    /// 06 R15).
    ///
    /// # Errors
    /// [`Error::State`] when this device is no member, or it names itself; [`Error::Unknown`] when
    /// `device` is none.
    pub fn remove<R: CryptoRng + ?Sized>(
        &mut self,
        device: &DeviceId,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        if !self.is_member() || device == self.table.own_id() {
            return Err(Error::State { call: "remove" });
        }
        let row = self.table.row(device);
        if row.is_none_or(|row| row.state() != DeviceState::Registered) {
            return Err(Error::Unknown { what: "device" });
        }
        self.table.remove(device, to_secs(now));
        self.forget_request(device);
        self.rotate_account_key(now, rng);
        self.rotate_device_key(now, rng)?;
        self.changed_here();
        self.settle(rng)
    }

    /// Starts a new group of this device alone. Other groups go on, and their devices do not read
    /// what this one reads.
    ///
    /// # Errors
    /// [`Error::State`] in a group, before the first fetch, and after a removal, which
    /// [`renew_identity`](Self::renew_identity) mends.
    pub fn start_group<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        match self.membership() {
            Membership::NoGroup | Membership::GroupsVisible | Membership::Waiting => {}
            _ => {
                return Err(Error::State {
                    call: "start_group",
                });
            }
        }
        self.forget_group()?;
        self.renew_own_record(DeviceState::Unregistered, to_secs(now), None)?;
        self.establish(now, rng)?;
        self.settle(rng)
    }

    /// Makes this device the only member of a new group (spec 07 §8.2).
    pub(super) fn establish<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let record = self.own_record()?.clone();
        self.table.set_own(DeviceState::Registered, record, None);
        self.keys.rotate(now, rng);
        let id = GroupId::generate(now, rng);
        self.group = Some(id);
        self.read_at = Some(now);
        self.see_own_group(now);
        self.changed_here();
        Ok(())
    }

    /// The group is seen as of now: it was just made, or pushed.
    pub(super) fn see_own_group(&mut self, now: UnixMillis) {
        let (Some(id), Some(active)) = (self.group, self.keys.active()) else {
            return;
        };
        let link = *active.pair().x25519().public();
        let expires = now.saturating_add(GROUP_TTL);
        self.groups.upsert(id, link, now, expires, Some(&id));
    }

    /// Becomes another device, after this one was removed or displaced: a new id and a new key,
    /// outside any group.
    ///
    /// # Errors
    /// [`Error::State`] otherwise.
    pub fn renew_identity<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        if !matches!(
            self.membership(),
            Membership::Removed | Membership::Displaced
        ) {
            return Err(Error::State {
                call: "renew_identity",
            });
        }
        let info = self.own_record()?.info().clone();
        self.device_keys = DeviceKeys::generate(now, rng);
        let keys = self.device_keys.active.pair.public();
        let record = DeviceRecord::new(&keys, 1, to_secs(now), &info)?;
        self.table = DeviceTable::new(DeviceId::generate(rng), DeviceState::Unregistered, record);
        self.forget_group()?;
        self.pushed_seqno = 0;
        self.settle(rng)
    }

    /// Does not mention the group of this id any more, on this device.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn dismiss(&mut self, group: &GroupId) -> Result<(), Error> {
        let mut groups = self.groups.0.iter_mut();
        let seen = groups.find(|seen| seen.id == *group);
        seen.ok_or(Error::Unknown { what: "group" })?.dismissed = true;
        self.changed();
        Ok(())
    }

    /// Forgets everything that belongs to a group: devices, account keys, requests.
    pub(super) fn forget_group(&mut self) -> Result<(), Error> {
        let own = *self.table.own_id();
        let record = self.own_record()?.clone();
        self.table = DeviceTable::new(own, DeviceState::Unregistered, record);
        self.keys.clear();
        self.group = None;
        self.read_at = None;
        self.displaced_at = None;
        self.owed.suspicion = None;
        self.merged.clear();
        self.own_requests.clear();
        self.requests.clear();
        self.changed();
        Ok(())
    }

    /// Leaves the group for another: tells those who stay, and clears what this device has merged
    /// (spec 07 §8.3).
    pub(super) fn leave<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let Some(group) = self.group else {
            return Ok(());
        };
        let own = *self.table.own_id();
        let others = self.table.registered().any(|row| *row.id() != own);
        let mut message = None;
        if others && self.is_member() {
            let record = self.own_record()?.clone();
            self.table
                .set_own(DeviceState::Left, record, Some(to_secs(now)));
            let data = seal_group_message(&self.account, &group, &self.table, &self.keys, rng);
            message = data.ok();
        }
        let delete: Vec<_> = self.merged.drain(..).map(|merged| merged.hash).collect();
        if message.is_some() || !delete.is_empty() {
            self.leaving = Some(Leaving { message, delete });
        }
        let _ = self.dismiss(&group);
        self.forget_group()
    }

    /// Tells once of a group that this device is not in.
    pub(super) fn mention_group(&mut self, group: GroupId) {
        if self.is_member() && self.group != Some(group) {
            self.emit(Event::OtherGroup { group });
        }
    }
}
