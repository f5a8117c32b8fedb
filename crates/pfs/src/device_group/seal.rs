//! Building a message (spec 07 §5.1).

use alloc::vec::Vec;

use session_bt::DictWriter;
use session_crypto::mlkem768::{self, CIPHERTEXT_LEN};
use session_crypto::rand_core::CryptoRng;
use session_crypto::{SymmetricKey, x25519, xchacha20poly1305};
use session_identity::Account;
use zeroize::Zeroizing;

use super::NAME;
use super::outer::{self, REMOVED_LEN, SIGNATURE_LEN};
use super::payload::Contents;
use super::size::{message_len, padded_len, slots};
use super::slot::{ENTRY_LEN, Slot, payload_nonce};
use crate::error::Named;
use crate::message::check_len;
use crate::{AccountKeys, DeviceId, DeviceTable, Error, GroupId, PublicKeys};

/// Writes what is known of the devices and of the account keys for all devices that are
/// registered: the message to store in their namespace, with a lifetime of 30 days.
///
/// An observer sees how many devices there are, and were removed, to the next four, and the length
/// to the next 6,400 bytes. Only the latest of those who are gone are in it: as many as fit without
/// making it longer. A device whose keys nobody can encrypt to gets a slot that nobody can open
/// (spec 07 D9).
///
/// Draws from `rng`, in this order: 32 bytes for the X25519 key; 4 bytes, again and again, for the
/// order of the slots; for each slot, by the order of devices' ids and decoys last, 32 bytes, or 96
/// for a decoy; 32 bytes for the payload's key; 34 bytes for each decoy; and, if a device was
/// removed, 16 bytes for each of their slots and the order of these.
///
/// # Errors
/// [`Error::NoActiveKey`]; [`Error::Length`] when the message would be longer than 76,800 bytes,
/// which is at 29 devices or so.
pub fn seal_group_message<R: CryptoRng + ?Sized>(
    account: &Account,
    group: &GroupId,
    table: &DeviceTable,
    keys: &AccountKeys,
    rng: &mut R,
) -> Result<Vec<u8>, Error> {
    let active = keys.active().ok_or(Error::NoActiveKey)?;
    let contents = Contents::of_tables(table, keys).prune();
    let plan = Plan {
        account,
        group,
        link: active.pair().x25519().public(),
        recipients: contents.recipients(),
        removed: contents.removed(),
    };
    plan.seal(
        contents.encode()?,
        rng,
        permutation,
        mlkem768::decoy_ciphertext,
    )
}

/// What a message is built from, but for its payload.
pub(crate) struct Plan<'a> {
    pub(crate) account: &'a Account,
    pub(crate) group: &'a GroupId,
    /// What link requests are encrypted to: the active account key's.
    pub(crate) link: &'a x25519::PublicKey,
    /// Ascending by id.
    pub(crate) recipients: Vec<Option<&'a PublicKeys>>,
    /// Ascending by id.
    pub(crate) removed: Vec<&'a DeviceId>,
}

impl Plan<'_> {
    /// Encrypts `payload` and signs the message. `order` gives the slots in the order in which they
    /// are filled, of as many as it is asked for; `decoy` gives a ciphertext for nobody.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        &self,
        mut payload: Zeroizing<Vec<u8>>,
        rng: &mut R,
        mut order: impl FnMut(&mut R, usize) -> Vec<usize>,
        mut decoy: impl FnMut(&mut R) -> [u8; CIPHERTEXT_LEN],
    ) -> Result<Vec<u8>, Error> {
        let padded = padded_len(payload.len());
        let slots_len = slots(self.recipients.len());
        let removed_len = slots(self.removed.len());
        let sealed = padded.saturating_add(session_crypto::TAG_LEN);
        let len = message_len(slots_len, sealed, removed_len);
        check_len(NAME, len)?;

        let ephemeral = x25519::SecretKey::generate(rng);
        let public = ephemeral.public();

        let mut out = Vec::with_capacity(len);
        let mut dict = DictWriter::new(&mut out);
        let group = outer::group_id(self.account, public, self.group.as_bytes());
        dict.bytes("", b"G").named(NAME)?;
        dict.bytes("@", &group).named(NAME)?;
        dict.bytes("A", public.as_bytes()).named(NAME)?;
        let ciphertexts = dict
            .zeros("C", slots_len.saturating_mul(CIPHERTEXT_LEN))
            .named(NAME)?;
        let entries = dict
            .zeros("K", slots_len.saturating_mul(ENTRY_LEN))
            .named(NAME)?;
        dict.bytes("X", self.link.as_bytes()).named(NAME)?;
        let body = dict.zeros("d", sealed).named(NAME)?;
        let removed = match removed_len.saturating_mul(REMOVED_LEN) {
            0 => 0..0,
            len => dict.zeros("k", len).named(NAME)?,
        };
        let signed = dict.written().len();
        let signature = dict.zeros("~", SIGNATURE_LEN).named(NAME)?;
        dict.finish();

        let fault = Error::Internal("group message layout");
        let [ciphertexts, entries, body, removed] = out
            .get_disjoint_mut([ciphertexts, entries, body, removed])
            .map_err(|_| fault)?;
        let (ciphertexts, _) = ciphertexts.as_chunks_mut();
        let (entries, _) = entries.as_chunks_mut();
        let (removed, _) = removed.as_chunks_mut();

        // Devices first, decoys last, each where `order` puts it.
        let order_of_slots = order(rng, slots_len);
        let padding = core::iter::repeat(None);
        let recipients = || self.recipients.iter().copied().chain(padding.clone());
        let mut encapsulated = Vec::with_capacity(slots_len);
        for (slot, keys) in order_of_slots.iter().zip(recipients()) {
            let ciphertext = ciphertexts.get_mut(*slot).ok_or(fault)?;
            match keys {
                Some(keys) => {
                    let (fresh, shared) = keys.mlkem().encapsulate(rng);
                    *ciphertext = fresh;
                    encapsulated.push(Some(shared));
                }
                None => {
                    *ciphertext = decoy(rng);
                    encapsulated.push(None);
                }
            }
        }

        let mut key = Zeroizing::new([0; SymmetricKey::LEN]);
        rng.fill_bytes(key.as_mut());
        payload.resize(padded, 0);
        let nonce = payload_nonce(public, ciphertexts.as_flattened());
        let tag =
            xchacha20poly1305::seal_in_place(&SymmetricKey::from_bytes(*key), &nonce, &mut payload)
                .map_err(|_| fault)?;
        // Only now, encrypted, is it in memory that nobody erases.
        let (ciphertext, tag_at) = body.split_last_chunk_mut().ok_or(fault)?;
        ciphertext.copy_from_slice(&payload);
        *tag_at = tag;

        for ((slot, keys), shared) in order_of_slots.iter().zip(recipients()).zip(&encapsulated) {
            let entry: &mut [u8; ENTRY_LEN] = entries.get_mut(*slot).ok_or(fault)?;
            let (Some(keys), Some(shared)) = (keys, shared) else {
                rng.fill_bytes(entry);
                continue;
            };
            let slot = Slot {
                ephemeral: public,
                ciphertext: ciphertexts.get(*slot).ok_or(fault)?,
                x25519: keys.x25519(),
                mlkem: keys.mlkem(),
            };
            let agreed = ephemeral
                .diffie_hellman(keys.x25519())
                .map_err(|_| Error::LowOrder { what: "device" })?;
            let mut wrapped = key.clone();
            slot.wrap(&agreed, shared, body, &mut wrapped);
            let (index, rest) = entry.split_first_chunk_mut().ok_or(fault)?;
            *index = slot.index(&wrapped);
            rest.copy_from_slice(&*wrapped);
        }

        if !removed.is_empty() {
            rng.fill_bytes(removed.as_flattened_mut());
            for (slot, device) in order(rng, removed_len).iter().zip(&self.removed) {
                *removed.get_mut(*slot).ok_or(fault)? =
                    outer::removed_entry(self.account, public, device);
            }
        }

        let body = out.get(..signed).ok_or(fault)?;
        let by = self.account.expose_signing_key().sign(body);
        let place = out.get_mut(signature).ok_or(fault)?;
        place.copy_from_slice(by.as_bytes());
        Ok(out)
    }
}

/// All orders of `len` things are equally likely.
pub(crate) fn permutation<R: CryptoRng + ?Sized>(rng: &mut R, len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    for last in (1..len).rev() {
        let other = up_to(rng, last);
        order.swap(last, other);
    }
    order
}

/// A number from 0 to `last`, each with the same probability.
fn up_to<R: CryptoRng + ?Sized>(rng: &mut R, last: usize) -> usize {
    let Ok(last) = u32::try_from(last) else {
        debug_assert!(false, "as many slots as a message has");
        return 0;
    };
    // As many bits as the largest has: at least every second draw will do.
    let mask = u32::MAX.checked_shr(last.leading_zeros()).unwrap_or(0);
    loop {
        let mut bytes = [0; 4];
        rng.fill_bytes(&mut bytes);
        let drawn = u32::from_le_bytes(bytes) & mask;
        if drawn <= last {
            return usize::try_from(drawn).unwrap_or(0);
        }
    }
}
