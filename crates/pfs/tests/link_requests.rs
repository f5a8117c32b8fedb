//! Link requests that are hostile, many, late, or of which nobody knows whether they arrived (spec
//! 07 §7, D13 to D15).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod swarm;

use session_core::UnixMillis;
use session_pfs::devices::{Event, Membership, Output, Stored};
use session_pfs::sas::Sas;
use session_pfs::{
    DeviceId, DeviceInfo, DeviceRecord, DeviceState, Error, KeyPair, KeySeed, LinkRequest,
};
use swarm::{MINUTE, Phone, START, Swarm, account, first, later, pair, rng};

/// The devices of which `phone` has told since it was asked last that they want to be linked.
fn prompts(phone: &mut Phone) -> Vec<(DeviceId, Sas)> {
    let events = phone.take_events().into_iter();
    let told = events.filter_map(|event| match event {
        Event::LinkRequested { device, sas, .. } => Some((device, sas)),
        _ => None,
    });
    told.collect()
}

/// A request of the device `id` to the group of `member`, with keys made of `seed`.
fn request(member: &Phone, id: DeviceId, seed: u8, seqno: i64, dated: UnixMillis) -> Vec<u8> {
    let keys = KeyPair::of_device_key(&KeySeed::from_bytes([seed; 32])).public();
    let dated = i64::try_from(dated.as_secs()).unwrap();
    let record = DeviceRecord::new(&keys, seqno, dated, &DeviceInfo::default()).unwrap();
    let request = LinkRequest::new(&account(1), id, record).unwrap();
    let active = member.devices.keys().active().unwrap();
    let link = active.pair().x25519().public();
    request.seal(&account(1), link, &mut rng(seed)).unwrap()
}

/// A new phone that has asked the group of `member`. Nothing of it was sent yet.
fn applicant(member: &Phone, seed: u8, swarm: &mut Swarm, now: UnixMillis) -> (Phone, Sas) {
    let mut new = Phone::another(account(1), "new", seed, now);
    new.sync(swarm, now);
    let group = *member.devices.group().unwrap();
    let sas = new.devices.request_link(&group, now, &mut new.rng).unwrap();
    (new, sas)
}

/// The user sees `new` ask on the screen of `member`, and links it.
fn accept(member: &mut Phone, new: &mut Phone, sas: &Sas, swarm: &mut Swarm, now: UnixMillis) {
    member.sync(swarm, now);
    assert_eq!(prompts(member), [(*new.devices.own_id(), *sas)]);
    member
        .devices
        .accept(new.devices.own_id(), sas, now, &mut member.rng)
        .unwrap();
    member.run(swarm, now);
    new.devices.confirm(sas, now, &mut new.rng).unwrap();
    new.sync(swarm, now);
}

/// Each fetch pays for four password hashes, and requests that were ignored lie in the swarm for
/// ten minutes.
#[test]
fn ignored_requests_do_not_shut_out_the_next() {
    let (mut old, mut swarm) = first();
    let now = later(START, MINUTE);
    for seed in 10..14 {
        let (mut spam, _) = applicant(&old, seed, &mut swarm, now);
        spam.run(&mut swarm, now);
    }
    old.sync(&mut swarm, now);
    let shown = prompts(&mut old);
    assert_eq!(shown.len(), 4);
    for (device, _) in &shown {
        old.devices.ignore(device).unwrap();
    }
    let now = later(now, MINUTE);
    let (mut honest, sas) = applicant(&old, 20, &mut swarm, now);
    honest.run(&mut swarm, now);
    old.sync(&mut swarm, now);
    assert_eq!(prompts(&mut old), [(*honest.devices.own_id(), sas)]);
}

/// Somebody asks to take the place of a member, again with each fetch.
#[test]
fn an_ignored_replacement_is_not_asked_about_again() {
    let (mut old, new, mut swarm) = pair();
    let now = later(START, MINUTE);
    let id = *new.devices.own_id();
    let data = request(&old, id, 3, 50, later(now, MINUTE));
    swarm.store(21, data, 10 * MINUTE, now);
    old.sync(&mut swarm, now);
    let shown = prompts(&mut old);
    assert_eq!(shown.len(), 1);
    old.devices.ignore(&id).unwrap();
    for second in 1..5 {
        old.sync(&mut swarm, later(now, second * 1000));
        assert_eq!(prompts(&mut old), []);
    }
}

/// Many requests push the row of one that is still on the screen out of the table: accepting it
/// must not look like success.
#[test]
fn a_yes_that_comes_to_nothing_is_an_error() {
    let (mut old, mut swarm) = first();
    let now = later(START, MINUTE);
    old.sync(&mut swarm, now);
    let ask = |old: &mut Phone, seed: u8, dated| {
        let id = DeviceId::from_bytes([seed; 32]);
        let data = request(old, id, seed, 1, dated);
        let stored = Stored {
            data: &data,
            hash: &format!("request{seed}"),
            stored_at: now,
            expires_at: later(now, 10 * MINUTE),
        };
        old.devices
            .handle_messages(&[1; 32], &[stored], false, now, &mut old.rng)
            .unwrap();
        id
    };
    for seed in 1..=31 {
        ask(&mut old, seed, later(now, 3 * MINUTE));
    }
    let honest = ask(&mut old, 32, now);
    ask(&mut old, 33, later(now, 3 * MINUTE));
    let mut waiting = old.devices.link_requests();
    let sas = waiting.find_map(|event| match event {
        Event::LinkRequested { device, sas, .. } if device == honest => Some(sas),
        _ => None,
    });
    drop(waiting);
    let sas = sas.expect("still on the screen");
    let accepted = old.devices.accept(&honest, &sas, now, &mut old.rng);
    let what = "link request";
    assert_eq!(accepted, Err(Error::Unknown { what }));
    let row = old.devices.table().row(&honest);
    assert!(row.is_none_or(|row| row.state() != DeviceState::Registered));
    old.run(&mut swarm, now);
    assert!(!old.events.contains(&Event::DeviceJoined { device: honest }));
}

/// The laptop is closed before the request was given out. What nobody has sent is not overdue.
#[test]
fn a_request_that_was_not_sent_yet_is_not_late() {
    let (mut old, mut swarm) = first();
    let now = later(START, MINUTE);
    let (mut new, sas) = applicant(&old, 2, &mut swarm, now);
    assert!(matches!(new.devices.poll_output(now), Output::Save));
    let now = later(now, 5 * MINUTE + 1000);
    new.devices.handle_timeout(now, &mut new.rng).unwrap();
    assert_eq!(new.devices.own_sas(), Some((&sas, false)));
    new.run(&mut swarm, now);
    accept(&mut old, &mut new, &sas, &mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::InGroup);
}

/// The request was stored, and the answer that says so was lost.
#[test]
fn a_request_that_perhaps_arrived_can_be_answered() {
    let (mut old, mut swarm) = first();
    let now = later(START, MINUTE);
    let (mut new, sas) = applicant(&old, 2, &mut swarm, now);
    new.answers_lost = true;
    new.run(&mut swarm, now);
    new.answers_lost = false;
    let now = later(now, MINUTE);
    new.devices.handle_timeout(now, &mut new.rng).unwrap();
    accept(&mut old, &mut new, &sas, &mut swarm, now);
    assert_eq!(new.devices.membership(), Membership::InGroup);
}
