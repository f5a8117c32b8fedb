//! Messages of namespace 21 (spec 07 §8.1), and what merging a group's state does (§6, §9, D1).

use core::time::Duration;

use session_core::UnixMillis;
use session_crypto::rand_core::CryptoRng;

use super::push::Suspicion;
use super::seen::MessageId;
use super::{Devices, Event, GROUP_TTL, Stored};
use crate::unix_secs::to_secs;
use crate::{DeviceEntry, DeviceState, Error, GroupId, GroupMessage, MessageKind, Payload};

/// Longest hash of a message that is taken, in bytes.
const MAX_HASH_LEN: usize = 128;

/// Password hashes that the link requests of one batch may cost (spec 07 D15).
const MAX_SAS_PER_BATCH: usize = 4;

/// How much newer than what can be read a message must be to displace this device (spec 07 §2).
const DISPLACEMENT_GRACE: Duration = Duration::from_secs(300);

/// What is known of a message besides its bytes, as far as it is believed.
pub(super) struct Origin<'m> {
    pub(super) group: Option<GroupId>,
    pub(super) hash: &'m str,
    pub(super) stored_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
    /// Which of this device's keys opened it: 0 is the one in use.
    pub(super) key_index: usize,
}

impl Devices {
    /// Messages of namespace 21, from the member of the account's swarm with the Ed25519 key
    /// `member`. `last` ends a fetch: nothing is left there that this device has not been given.
    /// Messages that were given before do no harm.
    ///
    /// What is malformed, forged, or for somebody else is passed over; so are link requests beyond
    /// four in one call, because each costs a password hash: whoever is not heard asks again.
    ///
    /// # Errors
    /// [`Error::Internal`].
    pub fn handle_messages<R: CryptoRng + ?Sized>(
        &mut self,
        member: &[u8; 32],
        messages: &[Stored<'_>],
        last: bool,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let now = self.advance(now);
        let mut sas_left = MAX_SAS_PER_BATCH;
        for message in messages {
            if message.hash.len() > MAX_HASH_LEN {
                continue;
            }
            match MessageKind::of(message.data) {
                MessageKind::Group => self.take_group(member, message, now, rng)?,
                MessageKind::LinkRequest => self.take_request(message, &mut sas_left, now),
                MessageKind::Unknown => {}
            }
        }
        if last {
            self.finish_fetch(member, now, rng);
        }
        self.settle(rng)
    }

    fn take_group<R: CryptoRng + ?Sized>(
        &mut self,
        member: &[u8; 32],
        stored: &Stored<'_>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        let Ok(message) = GroupMessage::read(&self.account, stored.data) else {
            return Ok(());
        };
        let id = MessageId::of(stored.data);
        let group = message.group_id(&self.account);
        // The times are the member's word: none is believed that is ahead.
        let stored_at = stored.stored_at.min(now);
        let expires_at = stored.expires_at.min(now.saturating_add(GROUP_TTL));
        if let Some(seen) = self.messages.get(&id) {
            if seen.merged && group == self.group {
                // Perhaps a push of which nobody said that it had arrived.
                self.remember_merged(stored.hash, expires_at);
            }
            return Ok(());
        }

        let opened = message.open(self.device_keys.pairs());
        if matches!(opened, Err(Error::NotForUs { .. })) {
            let removed = message.names_removed(&self.account, self.table.own_id());
            let ours = group.is_none() || group == self.group;
            if removed && ours {
                self.removed(now)?;
            } else if group.is_some() && group == self.group && self.is_member() {
                self.suspect(member, id, stored_at);
                if self.owed.suspicion.is_some() {
                    return Ok(()); // Not settled: to be looked at again.
                }
            }
        }
        let registered = self.table.own().state() == DeviceState::Registered;
        let ours = group.is_none() || self.group.is_none() || group == self.group;
        let merges = registered && ours;
        let until = now.saturating_add(GROUP_TTL);
        self.messages.insert(id, until, merges && opened.is_ok());
        self.changed();
        if let (Some(id), Some(link)) = (group, message.link_x25519()) {
            let own = self.group;
            if self
                .groups
                .upsert(id, *link, stored_at, expires_at, own.as_ref())
            {
                self.mention_group(id);
            }
        }
        let Ok((key_index, payload)) = opened else {
            return Ok(());
        };
        let origin = Origin {
            group,
            hash: stored.hash,
            stored_at,
            expires_at,
            key_index,
        };
        if merges {
            self.merge(payload, &origin, now, rng)
        } else {
            self.admit(payload, &origin, stored.data, now, rng)
        }
    }

    /// A message of the group names this device as removed.
    fn removed(&mut self, now: UnixMillis) -> Result<(), Error> {
        let state = self.table.own().state();
        if matches!(state, DeviceState::Registered | DeviceState::Pending) {
            let record = self.own_record()?.clone();
            self.table
                .set_own(DeviceState::Removed, record, Some(to_secs(now)));
            self.changed();
            self.emit(Event::Removed);
        }
        Ok(())
    }

    /// A message of the own group that cannot be read: two members must show it before it is
    /// believed (spec 07 D11).
    fn suspect(&mut self, member: &[u8; 32], message: MessageId, stored_at: UnixMillis) {
        let newer = self
            .read_at
            .is_some_and(|read_at| stored_at > read_at.saturating_add(DISPLACEMENT_GRACE));
        let Some(suspicion) = &mut self.owed.suspicion else {
            if newer {
                self.owed.suspicion = Some(Suspicion {
                    message,
                    stored_at,
                    members: [*member].into(),
                });
            }
            return;
        };
        if suspicion.message != message || suspicion.members.contains(member) {
            return;
        }
        let at = suspicion.stored_at.min(stored_at);
        self.owed.suspicion = None;
        if newer {
            self.displaced_at = Some(at);
            self.changed();
            self.emit(Event::Displaced);
        }
    }

    fn finish_fetch<R: CryptoRng + ?Sized>(
        &mut self,
        member: &[u8; 32],
        now: UnixMillis,
        rng: &mut R,
    ) {
        let suspicion = self.owed.suspicion.as_ref();
        if suspicion.is_some_and(|found| !found.members.contains(member)) {
            // Another member does not show the message.
            self.owed.suspicion = None;
        }
        self.fetch_done(now);
        self.look_at_foreign(now, rng);
        if self.is_member() && self.account_rotation_due().is_some_and(|due| due <= now) {
            self.rotate_account_key(now, rng);
        }
    }

    /// Merges the state that another device of the group has written.
    pub(super) fn merge<R: CryptoRng + ?Sized>(
        &mut self,
        payload: Payload,
        origin: &Origin<'_>,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        self.changed();
        let (mut departed, mut suspect) = (false, false);
        let (mut own_changed, mut replaced) = (false, false);
        for (device, entry) in payload.devices {
            let tombstone = !matches!(entry, DeviceEntry::Record(_));
            let did = self.table.merge(device, entry, to_secs(now));
            departed |= did.departed;
            suspect |= tombstone && did.changed;
            replaced |= did.replaced;
            if device == *self.table.own_id() {
                own_changed |= did.changed;
                if did.replaced {
                    suspect = true;
                    self.emit(Event::OwnRecordReplaced);
                }
            } else if did.joined {
                self.emit(Event::DeviceJoined { device });
            } else if did.gone {
                self.emit(Event::DeviceGone { device });
            } else if did.replaced {
                self.emit(Event::DeviceReplaced { device });
            }
        }
        if own_changed && self.table.own().state() >= DeviceState::Left {
            self.emit(Event::Removed);
        }
        let keys = self.keys.merge(payload.keys, now);
        if keys.added > 0 {
            self.emit(Event::AccountKeysAdded {
                count: keys.added,
                suspicious: keys.ahead || own_changed,
            });
        }
        self.forget_answered();

        if self.group.is_none() {
            self.group = origin.group;
        }
        if origin.group.is_some() && origin.group == self.group {
            self.read_at = self.read_at.max(Some(origin.stored_at));
            if self.displaced_at.is_some_and(|at| origin.stored_at >= at) {
                self.displaced_at = None;
            }
            let suspicion = self.owed.suspicion.as_ref();
            if suspicion.is_some_and(|found| origin.stored_at >= found.stored_at) {
                self.owed.suspicion = None;
            }
        }
        self.remember_merged(origin.hash, origin.expires_at);
        if origin.key_index == 0 {
            self.device_keys.acknowledged();
        }
        if departed && self.is_member() {
            self.rotate_account_key(now, rng);
        }
        // Whoever accepts a replacement rotates the account key with it; a device that rotates its
        // own key does not, and if that made all others rotate theirs, nobody would ever stop.
        self.device_keys.suspect |= suspect || (replaced && keys.active_changed);
        self.rotate_suspect_key(now, rng)
    }

    /// Replaces a device key that somebody may know who should not (spec 07 D1), as soon as that
    /// is allowed.
    pub(super) fn rotate_suspect_key<R: CryptoRng + ?Sized>(
        &mut self,
        now: UnixMillis,
        rng: &mut R,
    ) -> Result<(), Error> {
        if self.is_member() && self.device_keys.rotation_due() <= now {
            self.rotate_device_key(now, rng)?;
        }
        Ok(())
    }
}
