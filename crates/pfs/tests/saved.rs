//! States that version 1 of the format wrote are read for ever: `saved/` has one of each kind.

#![allow(clippy::unwrap_used)]

mod swarm;

use session_core::UnixMillis;
use session_crypto::blake2b;
use session_pfs::Devices;
use session_pfs::devices::Membership;
use swarm::{HOUR, MINUTE, START, account, later};

fn restore(text: &str, now: UnixMillis) -> Devices {
    let saved = session_core::hex::decode("saved state", text.trim()).unwrap();
    let devices = Devices::restore(account(1), &saved, now).unwrap();
    assert_eq!(
        blake2b::hash::<32>(&[&devices.save()]),
        blake2b::hash::<32>(&[&saved]),
        "it is written as it was read"
    );
    devices
}

/// A member of a group of two, with a link request that waits for its user.
#[test]
fn a_member() {
    let now = later(START, 14 * HOUR);
    let mut devices = restore(include_str!("saved/member-1.hex"), now);
    assert_eq!(devices.table().registered().count(), 2);
    assert_eq!(devices.keys().iter().count(), 2);
    assert_eq!(devices.link_requests().count(), 1);
    assert_eq!(devices.membership(), Membership::Unknown);
    let mut rng = swarm::rng(1);
    devices
        .handle_messages(&[1; 32], &[], true, now, &mut rng)
        .unwrap();
    assert_eq!(devices.membership(), Membership::InGroup);
}

/// A device that was accepted, and whose user has not yet confirmed.
#[test]
fn an_applicant() {
    let now = later(START, MINUTE);
    let mut devices = restore(include_str!("saved/applicant-1.hex"), now);
    let (sas, confirmed) = devices.own_sas().unwrap();
    let sas = *sas;
    assert!(!confirmed);
    assert!(devices.keys().active().is_none());
    devices.confirm(&sas, now, &mut swarm::rng(1)).unwrap();
    assert_eq!(devices.table().registered().count(), 2);
    assert!(devices.keys().active().is_some());
}
