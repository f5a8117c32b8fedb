//! Subscriptions, their answers, and notifications.

use session_core::{AccountId, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::monitor::{
    Ended, MAX_SUBSCRIPTIONS, Notification, Reply, Subscription, answer, parse_replies, write_list,
};
use session_storage::{Access, MAX_DATA_LEN, Namespace, Subaccount, SubaccountKey};

use crate::bytes::Bytes;

/// The moment of the vectors' cases, and of what is signed here.
const NOW: UnixMillis = UnixMillis::from_secs(1_762_104_423);

/// The first byte chooses: anything as it is, or a subscription that is signed and then changed.
pub fn monitor(data: &[u8]) {
    let mut bytes = Bytes(data);
    if bytes.flag() {
        signed(bytes);
    } else {
        received(bytes.rest());
    }
}

/// What a node takes, and what it answers.
fn ask(body: &[u8]) -> (Vec<Subscription>, Vec<u8>) {
    let (mut taken, mut out) = (Vec::new(), Vec::new());
    answer(body, NOW, &mut out, |subscription| {
        taken.push(subscription);
        Ok(())
    });
    (taken, out)
}

fn received(body: &[u8]) {
    let (taken, out) = ask(body);
    for subscription in &taken {
        let namespaces = subscription.namespaces();
        assert!(!namespaces.is_empty() && namespaces.is_sorted_by(|a, b| a < b));
    }
    if let Ok(reply) = Reply::parse(&out) {
        assert_eq!(taken.len(), usize::from(reply == Reply::Subscribed));
    } else {
        let count = (0..=MAX_SUBSCRIPTIONS).find(|count| parse_replies(&out, *count).is_ok());
        let replies = parse_replies(&out, count.expect("a list")).expect("just read");
        let subscribed = replies.iter().filter(|reply| **reply == Reply::Subscribed);
        assert_eq!(subscribed.count(), taken.len());
    }

    if let Ok(notification) = Notification::parse(body) {
        assert!(
            notification
                .data
                .is_none_or(|data| data.len() <= MAX_DATA_LEN)
        );
        let mut dict = Vec::new();
        notification.write_bt(&mut dict);
        assert_eq!(Notification::parse(&dict), Ok(notification));
    }
    if let Ok(ended) = Ended::parse(body) {
        let mut dict = Vec::new();
        ended.write_bt(&mut dict);
        assert_eq!(Ended::parse(&dict), Ok(ended));
    }
    let _ = Reply::parse(body);
    let _ = parse_replies(body, 2);
}

/// Changed in one byte, a subscription is refused or means the same.
fn signed(mut bytes: Bytes<'_>) {
    let owner = SigningKey::from_seed(&[1; 32]);
    let prefix = if bytes.flag() {
        Prefix::Group
    } else {
        Prefix::Standard
    };
    let key = match prefix {
        Prefix::Standard => *owner.to_x25519().public().as_bytes(),
        _ => *owner.public().as_bytes(),
    };
    let pubkey: NetworkId = AccountId::new(prefix, key).into();
    let (with_token, want_data, in_list) = (bytes.flag(), bytes.flag(), bytes.flag());
    let (at, flip) = (usize::from(bytes.u16()), bytes.byte());
    let numbers = bytes.rest().as_chunks().0.iter();
    let namespaces: Vec<_> = numbers
        .map(|number| Namespace::new(i16::from_be_bytes(*number)))
        .collect();
    let Ok(subscription) = Subscription::new(pubkey, namespaces, want_data) else {
        return;
    };
    let subscribe = if with_token {
        let delegate = SigningKey::from_seed(&[2; 32]);
        let token = Subaccount::issue(&owner, prefix, Access::READ, delegate.public());
        let key = SubaccountKey::new(delegate, owner.public(), token).expect("its token");
        subscription.clone().sign(&key, NOW)
    } else {
        subscription.clone().sign(&owner, NOW)
    };
    let subscribe = subscribe.expect("the account's key");
    let mut body = Vec::new();
    if in_list {
        write_list([&subscribe, &subscribe], &mut body);
    } else {
        subscribe.write_bt(&mut body);
    }
    let (taken, _) = ask(&body);
    assert_eq!(taken.len(), 1 + usize::from(in_list));
    let at = at % body.len();
    body[at] ^= flip;
    for taken in taken.iter().chain(&ask(&body).0) {
        assert_eq!(*taken, subscription);
    }
}
