//! A node's decision on a request: every check of every method, its status, and the order of the
//! checks; and that clients do not sign what no node accepts.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

mod samples;

use core::time::Duration;

use samples::*;
use session_core::{Network, Prefix, UnixMillis};
use session_storage::*;

const HERE: Context = Context::new(NOW, true);
const FORWARDED: Context = Context::forwarded(NOW, true);
const ELSEWHERE: Context = Context::new(NOW, false);
const NONE: Access = Access::NONE;
const DAY: Duration = seconds(86_400);

fn never(_: &Token) -> bool {
    panic!("no subaccount has signed");
}

/// Status and reason of a refusal; `None` when a node does it.
fn refusal(request: Request<'_>, context: &Context) -> Option<(u16, Rejection)> {
    let rejection = decide(request, context, |_| false).err()?;
    Some((rejection.status(), rejection))
}

fn accepts(request: &Request<'_>, context: &Context) -> bool {
    refusal(request.clone(), context).is_none()
}

fn after(offset: Duration) -> UnixMillis {
    NOW.saturating_add(offset)
}

fn before(offset: Duration) -> UnixMillis {
    NOW.saturating_sub(offset)
}

/// A request of this method at this time.
fn at(method: &str, time: UnixMillis, by: &Party) -> Request<'static> {
    let parts = Parts {
        at: time.as_millis(),
        ..Parts::default()
    };
    parts.request(method, by).unwrap()
}

fn bad_signature(method: &'static str) -> Option<(u16, Rejection)> {
    Some((401, Rejection::Signature { method }))
}

#[test]
fn every_method_is_accepted_from_whom_may_use_it() {
    for by in Party::all() {
        for method in signed_methods().iter().filter(|method| by.can(method)) {
            let request = Parts::default().request(method, &by).unwrap();
            assert!(accepts(&request, &HERE), "{method} {by:?}");
            assert!(accepts(&request, &FORWARDED), "{method} {by:?}");
            assert_eq!(
                refusal(request.clone(), &ELSEWHERE),
                Some((421, Rejection::WrongSwarm))
            );
            // What the node itself has read decides alike.
            let text = json_of(&request);
            let read = parse_json(text.as_bytes(), Network::Mainnet).unwrap();
            assert!(accepts(&read, &HERE), "{method}");
        }
    }
}

/// Wrong swarm, then time, then signature: what is wrong in all three is refused for the first.
#[test]
fn swarm_then_time_then_signature() {
    // Signed for a time at which it is refused, then changed, so that the signature is bad too.
    let (late, early) = (before(seconds(100)), after(seconds(100)));
    let clock = |method| (406, Rejection::RequestClock { method });
    for (method, time, refused) in [
        ("retrieve", late, clock("retrieve")),
        ("delete_all", late, clock("delete_all")),
        ("delete_before", early, (401, Rejection::BeforeClock)),
        ("expire", late, (401, Rejection::ExpireClock)),
        ("expire_all", late, (406, Rejection::ExpireAllClock)),
        ("get_expiries", late, clock("get_expiries")),
        ("revoke_subaccount", late, clock("revoke_subaccount")),
        ("unrevoke_subaccount", late, clock("unrevoke_subaccount")),
        ("revoked_subaccounts", late, clock("revoked_subaccounts")),
    ] {
        let by = Party::group();
        let spoil = |request: &Request<'_>| {
            let id = group().to_hex();
            let other = id[..64].to_owned() + "00";
            let text = json_of(request).replace(&id, &other);
            let read = parse_json(text.as_bytes(), Network::Mainnet);
            read.unwrap().into_owned()
        };
        let bad = spoil(&at(method, time, &by));
        let wrong_swarm = Some((421, Rejection::WrongSwarm));
        assert_eq!(refusal(bad.clone(), &ELSEWHERE), wrong_swarm, "{method}");
        assert_eq!(refusal(bad, &HERE), Some(refused), "{method}");
        let bad = spoil(&at(method, NOW, &by));
        let name = bad.method();
        assert_eq!(refusal(bad, &HERE), bad_signature(name));
    }
    // A deletion has no time.
    let delete = at("delete", late, &Party::group());
    assert!(accepts(&delete, &Context::new(after(1000 * DAY), true)));
}

#[test]
fn stores_by_the_order_of_the_checks() {
    let by = Party::group();
    let store = |namespace| Store::new(group(), namespace, b"data", NOW, seconds(3600)).unwrap();
    let decide = |store: &Store<'_>, context| refusal(store.clone().into(), context);
    let mut bad = store(Namespace::GROUP_KEYS);
    bad.timestamp = after(seconds(11));
    bad.expiry = bad.timestamp;
    assert_eq!(decide(&bad, &ELSEWHERE), Some((421, Rejection::WrongSwarm)));
    assert_eq!(decide(&bad, &HERE), Some((403, Rejection::Ttl)));
    bad.expiry = bad.timestamp.saturating_add(MIN_TTL);
    assert_eq!(decide(&bad, &HERE), Some((406, Rejection::Clock)));
    bad.timestamp = NOW;
    let namespace = Namespace::GROUP_KEYS;
    let unsigned = Some((401, Rejection::UnsignedStore { namespace }));
    assert_eq!(decide(&bad, &HERE), unsigned);
    let mut bad = bad.sign(by.signer(), before(seconds(60) + MILLI)).unwrap();
    bad.namespace = Namespace::GROUP_INFO;
    assert_eq!(decide(&bad, &HERE), Some((406, Rejection::SignatureClock)));
    if let Some(signed) = &mut bad.signed {
        signed.at = NOW;
    }
    assert_eq!(decide(&bad, &HERE), bad_signature("store"));
    assert_eq!(decide(&bad.sign(by.signer(), NOW).unwrap(), &HERE), None);
}

#[test]
fn retrieves_are_signed_unless_open() {
    let decide = |retrieve: Retrieve, context| refusal(retrieve.into(), context);
    let method = Retrieve::METHOD;
    for namespace in [Namespace::ACCOUNT_KEYS, Namespace::LEGACY_GROUP] {
        let open = Retrieve::new(group(), namespace);
        assert_eq!(decide(open, &HERE), None);
        assert_eq!(decide(open, &ELSEWHERE), Some((421, Rejection::WrongSwarm)));
    }
    for namespace in [Namespace::DIRECT, Namespace::REMOVED_MEMBERS] {
        let closed = Retrieve::new(group(), namespace);
        assert_eq!(
            decide(closed, &HERE),
            Some((401, Rejection::Unsigned { method }))
        );
    }
    // Where a signature is given it must be good, also in an open namespace.
    let open = Retrieve::new(group(), Namespace::ACCOUNT_KEYS);
    let mut open = open.sign(&key(1), NOW).unwrap();
    assert_eq!(decide(open, &HERE), None);
    open.namespace = Namespace::LEGACY_GROUP;
    assert_eq!(decide(open, &HERE), bad_signature(method));
}

/// The last millisecond inside each window, and the first outside, asked and forwarded.
#[test]
fn edges_of_the_windows() {
    let minute = seconds(60);
    let longer = seconds(70);
    let both = |by: Duration| [before(by), after(by)];
    for (method, direct, forwarded) in [
        ("retrieve", minute, minute),
        ("get_expiries", minute, minute),
        ("delete_all", minute, longer),
        ("revoke_subaccount", minute, minute),
        ("unrevoke_subaccount", minute, minute),
        ("revoked_subaccounts", minute, minute),
    ] {
        for (context, window) in [(&HERE, direct), (&FORWARDED, forwarded)] {
            for (offset, inside) in [(window, true), (window + MILLI, false)] {
                for time in both(offset) {
                    let request = at(method, time, &Party::group());
                    assert_eq!(accepts(&request, context), inside, "{method} {offset:?}");
                }
            }
        }
    }
    for (method, direct, forwarded) in [("expire", minute, minute), ("expire_all", minute, longer)]
    {
        for (context, window) in [(&HERE, direct), (&FORWARDED, forwarded)] {
            for (time, inside) in [
                (before(window), true),
                (before(window + MILLI), false),
                (after(1000 * DAY), true),
            ] {
                let request = at(method, time, &Party::group());
                assert_eq!(accepts(&request, context), inside, "{method} {time:?}");
            }
        }
    }
    for context in [&HERE, &FORWARDED] {
        for (time, inside) in [
            (after(minute), true),
            (after(minute + MILLI), false),
            (UnixMillis::from_secs(1_000_000), true),
        ] {
            let request = at("delete_before", time, &Party::group());
            assert_eq!(accepts(&request, context), inside, "{time:?}");
        }
    }
}

/// Every one of several times counts.
#[test]
fn one_expiry_in_the_past_is_enough() {
    let late = before(seconds(60) + MILLI);
    for (times, inside) in [
        ([NOW, NOW], true),
        ([late, NOW], false),
        ([NOW, late], false),
    ] {
        let messages = vec![hash(b"a"), hash(b"b")];
        let expire = Expire::new(group(), messages, times.into(), ExpiryMode::Set).unwrap();
        let expire = expire.sign(&key(1)).unwrap();
        assert_eq!(expire.authorize(&HERE, never).is_ok(), inside);
    }
}

#[test]
fn edges_of_the_windows_of_a_store() {
    for context in [&HERE, &FORWARDED] {
        for (offset, inside) in [(seconds(60), true), (seconds(60) + MILLI, false)] {
            for at in [before(offset), after(offset)] {
                let store = Store::new(group(), Namespace::GROUP_KEYS, b"", NOW, DAY).unwrap();
                let store = store.sign(&key(1), at).unwrap();
                assert_eq!(store.authorize(context, never).is_ok(), inside);
            }
        }
        for (offset, inside) in [(seconds(10), true), (seconds(10) + MILLI, false)] {
            let new = |made| Store::new(group(), Namespace::DIRECT, b"", made, MIN_TTL).unwrap();
            let ahead = new(after(offset));
            assert_eq!(ahead.authorize(context, never).is_ok(), inside);
            let expired = new(before(offset + MIN_TTL));
            assert_eq!(expired.authorize(context, never).is_ok(), inside);
        }
        for (namespace, days) in [(Namespace::DIRECT, 14), (Namespace::ACCOUNT_KEYS, 30)] {
            for (ttl, inside) in [
                (MIN_TTL - MILLI, false),
                (MIN_TTL, true),
                (days * DAY, true),
                (days * DAY + MILLI, false),
            ] {
                let mut store = Store::new(group(), namespace, b"", NOW, DAY).unwrap();
                store = store.sign(&key(1), NOW).unwrap();
                store.expiry = NOW.saturating_add(ttl);
                let refused = refusal(store.into(), context);
                assert_eq!(refused.is_none(), inside, "{namespace} {ttl:?}");
            }
        }
        let mut backwards = Store::new(group(), Namespace::DIRECT, b"", NOW, DAY).unwrap();
        backwards.expiry = before(DAY);
        assert_eq!(
            refusal(backwards.into(), context),
            Some((403, Rejection::Ttl))
        );
    }
}

#[test]
fn signatures_in_a_public_inbox_are_not_looked_at() {
    for namespace in [0, 10, -10, 30_000] {
        let namespace = Namespace::new(namespace);
        let store = Store::new(group(), namespace, b"data", NOW, DAY).unwrap();
        let mut store = store.sign(&key(1), before(1000 * DAY)).unwrap();
        store.pubkey = [5; 33].into();
        assert!(store.authorize(&HERE, never).is_ok());
    }
}

/// What each method needs of a token, and that nothing less and no other bit will do.
#[test]
fn tokens_need_what_the_method_needs() {
    let write_delete = Access::WRITE | Access::DELETE;
    for (method, namespace, mode, needed) in [
        ("store", 0, ExpiryMode::Set, NONE),
        ("store", 11, ExpiryMode::Set, Access::WRITE),
        ("store", -11, ExpiryMode::Set, Access::WRITE),
        ("store", -21, ExpiryMode::Set, write_delete),
        ("retrieve", 11, ExpiryMode::Set, Access::READ),
        ("retrieve", -21, ExpiryMode::Set, Access::READ),
        ("delete", 11, ExpiryMode::Set, Access::DELETE),
        ("delete_all", 11, ExpiryMode::Set, Access::DELETE),
        ("delete_before", 11, ExpiryMode::Set, Access::DELETE),
        ("expire", 11, ExpiryMode::Set, Access::WRITE),
        ("expire", 11, ExpiryMode::Extend, Access::WRITE),
        ("expire", 11, ExpiryMode::Shorten, write_delete),
        ("expire_all", 11, ExpiryMode::Set, Access::DELETE),
        ("get_expiries", 11, ExpiryMode::Set, Access::READ),
    ] {
        let parts = Parts {
            namespace,
            mode,
            ..Parts::default()
        };
        for bits in 0..16 {
            let access = Access::from_bits(bits);
            for by in [Party::group_token(access), Party::person_token(access)] {
                let made = parts.request(method, &by);
                let allowed = access.allows(needed);
                assert_eq!(
                    made.is_ok(),
                    allowed,
                    "{method} {namespace} {mode:?} {access:?}"
                );
                match made {
                    Ok(request) => assert!(accepts(&request, &HERE), "{method} {access:?}"),
                    Err(error) => assert_eq!(error, Error::WrongKey),
                }
                let forced = forced(method, &parts, &by);
                let refused = refusal(forced, &HERE);
                let shortens = mode == ExpiryMode::Shorten && access.allows(Access::WRITE);
                match refused {
                    None => assert!(allowed),
                    Some((400, Rejection::ShortenAccess)) => assert!(!allowed && shortens),
                    Some((401, Rejection::Signature { .. })) => assert!(!allowed && !shortens),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

/// A request as [`Parts`] makes it, but signed by a token whatever that allows.
fn forced(method: &str, parts: &Parts, by: &Party) -> Request<'static> {
    let account = match by.account == group() {
        true => Party::group(),
        false => Party::person(),
    };
    let made = parts.request(method, &account).unwrap();
    let (payload, auth) = signed_part(&made).unwrap();
    let Key::Sub(sub) = &by.key else {
        panic!("the account itself");
    };
    let encode = session_core::base64::encode;
    let Subaccount {
        token, signature, ..
    } = sub.subaccount();
    let fields = format!(
        r#""signature":"{}","subaccount":"{}","subaccount_sig":"{}""#,
        encode(sub.sign(&payload).as_bytes()),
        encode(token.as_bytes()),
        encode(signature.as_bytes())
    );
    let own = format!(r#""signature":"{}""#, encode(auth.signature.as_bytes()));
    let text = json_of(&made);
    let forced = text.replacen(&own, &fields, 1);
    assert_ne!(text, forced);
    parse_json(forced.as_bytes(), Network::Mainnet)
        .unwrap()
        .into_owned()
}

#[test]
fn revoked_tokens_are_refused_where_that_counts() {
    for method in signed_methods() {
        for by in Party::all().into_iter().filter(|by| by.can(method)) {
            let Key::Sub(sub) = &by.key else {
                let request = Parts::default().request(method, &by).unwrap();
                assert_eq!(decide(request, &HERE, never), Ok(()));
                continue;
            };
            for (namespace, counts) in [(11, true), (-21, true), (-11, *method != "retrieve")] {
                let parts = Parts {
                    namespace,
                    ..Parts::default()
                };
                let request = parts.request(method, &by).unwrap();
                let mut asked = 0;
                let decision = decide(request, &HERE, |token| {
                    asked += 1;
                    token == sub.token()
                });
                assert_eq!(decision.is_err(), counts, "{method} {namespace}");
                assert_eq!(asked, usize::from(counts), "{method} {namespace}");
            }
        }
    }
}

/// What is refused for swarm or time costs no look into the database.
#[test]
fn nobody_asks_for_revocations_in_vain() {
    let by = Party::group_token(EVERYTHING);
    for method in signed_methods().iter().filter(|method| by.can(method)) {
        let request = Parts::default().request(method, &by).unwrap();
        let decision = decide(request, &ELSEWHERE, |_| panic!("{method}"));
        assert_eq!(decision, Err(Rejection::WrongSwarm));
    }
    let late = at("retrieve", before(seconds(61)), &by);
    assert!(decide(late, &HERE, |_| panic!("late")).is_err());
}

#[test]
fn tokens_are_for_accounts_of_their_prefix() {
    for (account, foreign) in [(group(), Prefix::Standard), (person(), Prefix::Group)] {
        let narrow = Party::with_token(account, foreign, EVERYTHING);
        let wide = Party::with_token(account, foreign, EVERYTHING | Access::ANY_PREFIX);
        for method in &signed_methods()[..8] {
            let parts = Parts::default();
            assert_eq!(
                parts.request(method, &narrow),
                Err(Error::WrongKey),
                "{method}"
            );
            let request = forced(method, &parts, &narrow);
            let name = request.method();
            assert_eq!(refusal(request, &HERE), bad_signature(name));
            let request = parts.request(method, &wide).unwrap();
            assert!(accepts(&request, &HERE), "{method}");
        }
    }
}

/// Whatever a subaccount sends beside it: these are checked as the account's own.
#[test]
fn what_only_the_account_may_do_ignores_tokens() {
    for method in &signed_methods()[8..] {
        for by in [Party::group_token(EVERYTHING), Party::member(EVERYTHING)] {
            let parts = Parts::default();
            assert_eq!(parts.request(method, &by), Err(Error::WrongKey), "{method}");
            let request = forced(method, &parts, &by);
            let (_, auth) = signed_part(&request).unwrap();
            assert_eq!(auth.subaccount, None);
            let name = request.method();
            let refused = decide(request, &HERE, never).unwrap_err();
            assert_eq!(refused, Rejection::Signature { method: name });
        }
        // The account's signature with somebody's token beside it, even a broken one.
        let own = Parts::default().request(method, &Party::group()).unwrap();
        let text = json_of(&own).replacen(
            "\"signature\"",
            "\"subaccount\":\"x\",\"subaccount_sig\":5,\"signature\"",
            1,
        );
        let read = parse_json(text.as_bytes(), Network::Mainnet);
        assert_eq!(read, Ok(own.clone()));
        assert!(accepts(&own, &HERE));
    }
}

/// The key beside the account is ignored, so that accounts with prefix 05 cannot ask.
#[test]
fn people_do_not_learn_what_they_have_revoked() {
    let asked = Parts::default().request("revoked_subaccounts", &Party::person());
    assert_eq!(asked, Err(Error::WrongKey));
    let group = Parts::default().request("revoked_subaccounts", &Party::group());
    let text = json_of(&group.unwrap());
    let id = samples::group().to_hex();
    let ed25519 = session_core::hex::encode(key(1).public().as_bytes());
    let beside = format!(r#""{}","pubkey_ed25519":"{ed25519}""#, person().to_hex());
    let text = text.replacen(&format!("\"{id}\""), &beside, 1);
    let read = parse_json(text.as_bytes(), Network::Mainnet).unwrap();
    assert_eq!(signed_part(&read).unwrap().1.pubkey_ed25519, None);
    assert_eq!(refusal(read, &HERE), bad_signature("revoked_subaccounts"));
}

#[test]
fn without_leave_to_delete_expiries_are_only_extended() {
    let parts = |mode| Parts {
        mode,
        ..Parts::default()
    };
    let effective = |mode, by: &Party| {
        let Request::Expire(request) = parts(mode).request("expire", by).unwrap() else {
            panic!("not an expire");
        };
        let request = request.authorize(&HERE, |_| false).unwrap();
        request.effective_mode()
    };
    let writer = Party::group_token(Access::WRITE);
    assert_eq!(effective(ExpiryMode::Set, &writer), ExpiryMode::Extend);
    assert_eq!(effective(ExpiryMode::Extend, &writer), ExpiryMode::Extend);
    let deleter = Party::group_token(Access::WRITE | Access::DELETE);
    for by in [deleter, Party::group(), Party::person()] {
        for mode in [ExpiryMode::Set, ExpiryMode::Extend, ExpiryMode::Shorten] {
            assert_eq!(effective(mode, &by), mode);
        }
    }
    // That it may not shorten is said only to whose signature is good.
    let by = Party::group_token(Access::WRITE);
    let request = forced("expire", &parts(ExpiryMode::Shorten), &by);
    let refused = Some((400, Rejection::ShortenAccess));
    assert_eq!(refusal(request.clone(), &HERE), refused);
    let revoked = decide(request.clone(), &HERE, |_| true).unwrap_err();
    assert_eq!(revoked.status(), 401);
    let text = json_of(&request).replacen("\"shorten\":true", "\"extend\":true", 1);
    let changed = parse_json(text.as_bytes(), Network::Mainnet).unwrap();
    assert_eq!(refusal(changed, &HERE), bad_signature("expire"));
}

#[test]
fn foreign_keys_sign_nothing() {
    for account in [group(), person()] {
        for method in signed_methods() {
            let foreign = Party {
                account,
                key: Key::Own(key(2)),
            };
            let made = Parts::default().request(method, &foreign);
            assert_eq!(made, Err(Error::WrongKey), "{method}");
        }
    }
    // A token of another account's.
    let member = Party::member(EVERYTHING);
    for account in [[3; 33].into(), [5; 33].into()] {
        let stray = Party {
            account,
            key: member.key.clone(),
        };
        for method in signed_methods() {
            let made = Parts::default().request(method, &stray);
            assert_eq!(made, Err(Error::WrongKey), "{method}");
        }
    }
}

#[test]
fn clients_do_not_make_what_nodes_refuse() {
    let make = |namespace, length: usize, ttl| {
        Store::new(group(), namespace, vec![0; length], NOW, ttl).map(drop)
    };
    assert_eq!(make(Namespace::DIRECT, MAX_DATA_LEN, 14 * DAY), Ok(()));
    assert_eq!(make(Namespace::CONTACTS, 0, 30 * DAY), Ok(()));
    assert_eq!(make(Namespace::CONTACTS, 0, MIN_TTL), Ok(()));
    for (namespace, ttl) in [
        (Namespace::DIRECT, 14 * DAY + MILLI),
        (Namespace::CONTACTS, 30 * DAY + MILLI),
        (Namespace::CONTACTS, MIN_TTL - MILLI),
        (Namespace::CONTACTS, Duration::MAX),
    ] {
        assert_eq!(make(namespace, 0, ttl), Err(Error::Ttl));
    }
    let long = Error::TooLong {
        what: "message",
        limit: MAX_DATA_LEN,
        got: MAX_DATA_LEN + 1,
    };
    assert_eq!(make(Namespace::DIRECT, MAX_DATA_LEN + 1, DAY), Err(long));
}
