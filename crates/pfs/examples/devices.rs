//! Two devices of one account, over a swarm in memory: they link by comparing emoji, publish the
//! account key, receive a message of version 2, rotate, and one is removed and reads no more.
//!
//! `cargo run --release -p session-pfs --example devices`

#![allow(clippy::expect_used, reason = "an example ends at its first surprise")]

#[path = "../tests/swarm/mod.rs"]
mod swarm;

use session_core::UnixMillis;
use session_pfs::devices::Event;
use session_pfs::recipients::Protocol;
use session_pfs::{Error, PublicKeys, read_publication, seal, seal_without_pfs};
use swarm::{DAY, HOUR, MINUTE, Phone, START, Swarm, account, later, rng};

fn main() {
    let mut swarm = Swarm::new();
    let alice = account(1);
    println!("Alice is {}", alice.id().to_hex());

    step("Her phone is new: it starts a device group");
    let mut phone = Phone::first(account(1), "phone", 1, START);
    phone.sync(&mut swarm, START);
    report("phone", &phone, &swarm);

    step("Her laptop has the recovery password, and asks to be linked");
    let now = later(START, MINUTE);
    let mut laptop = Phone::another(account(1), "laptop", 2, now);
    laptop.sync(&mut swarm, now);
    let group = *laptop.devices.groups().next().expect("the phone's group").0;
    let shown = laptop
        .devices
        .request_link(&group, now, &mut laptop.rng)
        .expect("the group is visible");
    println!("  laptop shows {shown}");
    laptop.run(&mut swarm, now);
    phone.sync(&mut swarm, now);
    let request = phone
        .take_events()
        .into_iter()
        .find_map(|event| match event {
            Event::LinkRequested { device, sas, .. } => Some((device, sas)),
            _ => None,
        });
    let (device, sas) = request.expect("the laptop's request");
    println!("  phone shows  {sas}");
    assert_eq!(shown, sas);
    println!("  Alice compares, accepts on the phone and confirms on the laptop");
    phone
        .devices
        .accept(&device, &sas, now, &mut phone.rng)
        .expect("the request waits");
    laptop
        .devices
        .confirm(&shown, now, &mut laptop.rng)
        .expect("the request was made");
    agree(&mut phone, &mut laptop, &mut swarm, now);
    report("laptop", &laptop, &swarm);

    step("All her devices read version 2: she publishes the account key");
    phone.publish(now);
    laptop.publish(now);
    agree(&mut phone, &mut laptop, &mut swarm, now);
    let first = published(&mut swarm, now);
    println!(
        "  in namespace -21: a key with indicator {:?}",
        first.indicator()
    );

    step("Bob writes to her");
    let bob = account(2);
    let to = alice.id();
    let recorded = seal(&bob, &to, &first, b"Hello Alice", &mut rng(9)).expect("a good key");
    println!("  {} bytes, {:?}", recorded.len(), Protocol::V2(first));
    read("phone", &phone, &recorded);
    read("laptop", &laptop, &recorded);

    step("Twelve hours later one of them rotates, for both");
    let now = later(START, 14 * HOUR);
    agree(&mut phone, &mut laptop, &mut swarm, now);
    let second = published(&mut swarm, now);
    println!(
        "  in namespace -21: a key with indicator {:?}",
        second.indicator()
    );
    read("laptop", &laptop, &recorded);

    step("The laptop is lost: the phone removes it");
    let now = later(now, HOUR);
    phone
        .devices
        .remove(laptop.devices.own_id(), now, &mut phone.rng)
        .expect("the laptop is a member");
    agree(&mut phone, &mut laptop, &mut swarm, now);
    report("laptop", &laptop, &swarm);
    let third = published(&mut swarm, now);
    let wire = seal(&bob, &to, &third, b"Only for the phone", &mut rng(10)).expect("a good key");
    read("phone", &phone, &wire);
    read("laptop", &laptop, &wire);
    println!("  but what is not forward-secret, every holder of the password reads:");
    let wire = seal_without_pfs(&bob, &to, b"Hello again", &mut rng(11)).expect("a good id");
    read("laptop", &laptop, &wire);

    step(
        "Seventeen days later the first key is erased: a seized phone does not open Bob's message",
    );
    let mut now = now;
    for _ in 0..34 {
        now = later(now, 12 * HOUR);
        phone.sync(&mut swarm, now);
    }
    assert!(now > later(START, 17 * DAY));
    read("phone", &phone, &recorded);
}

fn step(what: &str) {
    println!("\n── {what} ──");
}

fn agree(one: &mut Phone, other: &mut Phone, swarm: &mut Swarm, now: UnixMillis) {
    for _ in 0..4 {
        one.sync(swarm, now);
        other.sync(swarm, now);
    }
}

fn report(name: &str, phone: &Phone, swarm: &Swarm) {
    let members = phone.devices.table().registered().count();
    let bytes: usize = swarm.recorded.iter().map(|(_, data)| data.len()).sum();
    println!(
        "  {name}: {:?}; it knows of {members} devices and {} account keys; {} messages of {bytes} bytes were stored",
        phone.devices.membership(),
        phone.devices.keys().iter().count(),
        swarm.recorded.len(),
    );
}

/// What a sender finds.
fn published(swarm: &mut Swarm, now: UnixMillis) -> PublicKeys {
    let kept = swarm.fetch(-21, now);
    let message = kept.first().expect("a published key");
    read_publication(&account(1).id(), &message.data).expect("signed by the account")
}

fn read(name: &str, phone: &Phone, wire: &[u8]) {
    match phone.devices.open(wire) {
        Ok(opened) => println!(
            "  {name} reads {:?}{}",
            String::from_utf8_lossy(opened.content()),
            if opened.is_forward_secret() {
                ""
            } else {
                " (not forward-secret)"
            },
        ),
        Err(Error::NoKey) => println!("  {name} has no key that opens it"),
        Err(error) => println!("  {name}: {error}"),
    }
}
