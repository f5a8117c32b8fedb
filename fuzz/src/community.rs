//! Blinded ids, and requests to community servers.

use session_core::{AccountId, Prefix, UnixMillis};
use session_crypto::ed25519::PublicKey;
use session_identity::blinding::{
    Blinded15Ids, ServerKey, blind15_id, blind25_id, matches, unblind15, unblind15_id,
};
use session_identity::community_auth::{
    CLOCK_WINDOW_SECS, HeaderTexts, Headers, Signer, signed_bytes,
};
use session_identity::conversion::{account_id, positive_ed25519_key};
use session_identity::{Account, Error, Request, Seed};

use crate::bytes::Bytes;
use crate::network::rng;

/// Blinded ids of an account, of ids that were received, or a server's key as text: blinding and
/// unblinding are inverse, and matching agrees with both. The first byte says which.
pub fn blinded_id(data: &[u8]) {
    let mut bytes = Bytes(data);
    match bytes.byte() % 3 {
        0 => {
            let server = ServerKey::from_bytes(bytes.array());
            let account = Account::from_seed(&Seed::from(bytes.array()));
            own_ids(&account, &server, bytes.rest());
        }
        1 => {
            let server = ServerKey::from_bytes(bytes.array());
            let [account, blinded] = [bytes.array::<33>(), bytes.array()].map(AccountId::try_from);
            if let (Ok(account), Ok(blinded)) = (account, blinded) {
                received_ids(&account, &blinded, &server);
            }
        }
        _ => server_key(bytes.rest()),
    }
}

fn server_key(data: &[u8]) {
    let key = ServerKey::from_slice(data);
    match <[u8; ServerKey::LEN]>::try_from(data) {
        Ok(bytes) => assert_eq!(key, Ok(ServerKey::from_bytes(bytes))),
        Err(_) => assert_eq!(key, Err(Error::ServerKeyLength { got: data.len() })),
    }
    let Ok(text) = core::str::from_utf8(data) else {
        return;
    };
    match text.parse::<ServerKey>() {
        Ok(key) => assert_eq!(key.to_string(), text.to_ascii_lowercase()),
        Err(error) => assert_eq!(error, Error::ServerKeyText),
    }
}

fn own_ids(account: &Account, server: &ServerKey, message: &[u8]) {
    let (id, key) = (account.id(), account.ed25519_key());
    let (pair15, pair25) = (account.blind15(server), account.blind25(server));
    assert_eq!(blind15_id(key, server), Ok(pair15.id()));
    assert_eq!(blind25_id(&id, server), Ok(pair25.id()));
    assert_eq!(unblind15(&pair15.id(), server).as_ref(), Ok(key));

    // A signature holds under its blinded id only.
    let pairs = [
        (pair15.id(), pair15.sign(message)),
        (pair25.id(), pair25.sign(message)),
    ];
    for (blinded, signature) in &pairs {
        assert_eq!(matches(&id, blinded, server), Ok(true));
        let key = PublicKey::from_bytes(blinded.key_bytes()).expect("a valid key");
        assert_eq!(key.verify(message, signature), Ok(()));
        assert!(key.verify(&[message, b"."].concat(), signature).is_err());
        // The nonce is not the one of a plain signature: that would give the account away.
        let plain = [key.as_bytes(), message].concat();
        let plain = account.expose_signing_key().sign(&plain);
        assert_ne!(plain.as_bytes()[..32], signature.as_bytes()[..32]);
    }
    received_ids(&id, &pair15.id(), server);

    let mut other = *server.as_bytes();
    other[0] ^= 1;
    let other = ServerKey::from_bytes(other);
    for (blinded, _) in &pairs {
        assert_eq!(matches(&id, blinded, &other), Ok(false));
    }
    assert!(unblind15_id(&pair15.id(), &other).is_ok_and(|other| other != id));
}

fn received_ids(account: &AccountId, blinded: &AccountId, server: &ServerKey) {
    let canonical = positive_ed25519_key(account).and_then(|key| account_id(&key));
    let unblinded = unblind15_id(blinded, server);
    let matched = matches(account, blinded, server);
    match blinded.prefix() {
        Prefix::Blinded15 => {
            let expected = canonical.map(|account| unblinded == Ok(account));
            assert_eq!(matched, expected);
        }
        Prefix::Blinded25 => {
            assert_eq!(matched.map(drop), canonical.map(drop));
        }
        _ => assert!(matches!(matched, Err(Error::WrongPrefix { .. }))),
    }

    // Back from what was unblinded.
    if let Ok(key) = unblind15(blinded, server) {
        assert_eq!(blind15_id(&key, server), Ok(*blinded));
        let account = unblinded.expect("it has a key");
        assert_eq!(account_id(&key), Ok(account));
        assert_eq!(matches(&account, blinded, server), Ok(true));
    }

    // Back from what was blinded.
    let ids = Blinded15Ids::new(account, server);
    assert_eq!(ids.map(drop), canonical.map(drop));
    if let Ok(ids) = ids {
        let both = [*ids.from_positive(), *ids.other()];
        assert_ne!(both[0], both[1]);
        assert!(both.contains(ids.abs()) && ids.abs().key_bytes()[31] >> 7 == 0);
        for id in both {
            assert!(ids.contains(&id));
            assert_eq!(unblind15_id(&id, server), canonical);
        }
        let id = blind25_id(account, server).expect("the account has a key");
        assert_eq!(matches(account, &id, server), Ok(true));
        assert!(!ids.contains(&id));
    }
}

/// A request and headers that a server received, or that were signed: only what was signed
/// verifies, and headers are written and read the same.
pub fn community_auth(data: &[u8]) {
    let mut bytes = Bytes(data);
    let flags = bytes.byte();
    let flag = |bit: u8| flags >> bit & 1 == 1;
    let server = ServerKey::from_bytes(bytes.array());
    let now = UnixMillis::from_millis(u64::from_be_bytes(bytes.array()));
    let method = core::str::from_utf8(bytes.piece());
    let path = core::str::from_utf8(bytes.piece());
    let (Ok(method), Ok(path)) = (method, path) else {
        return;
    };
    let Some(request) = request(method, path, bytes.piece()) else {
        return;
    };
    if flag(0) {
        let account = Account::from_seed(&Seed::from(bytes.array()));
        signed(&account, &request, &server, now, flag(1));
    } else {
        let mut text = |bit| {
            core::str::from_utf8(bytes.piece())
                .ok()
                .filter(|_| flag(bit))
        };
        let texts = HeaderTexts {
            pubkey: text(2),
            nonce: text(3),
            timestamp: text(4),
            signature: text(5),
        };
        received(&texts, &request, &server, now, flag(1));
    }
}

struct Parts<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a [u8],
}

impl Parts<'_> {
    fn request(&self) -> Request<'_> {
        Request::new(self.method, self.path, self.body).expect("it was possible before")
    }
}

fn request<'a>(method: &'a str, path: &'a str, body: &'a [u8]) -> Option<Parts<'a>> {
    match Request::new(method, path, body) {
        Ok(_) => {
            assert!(!method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()));
            assert!(path.starts_with('/') && path.find('?') != Some(path.len() - 1));
            Some(Parts { method, path, body })
        }
        Err(Error::Method) => None,
        Err(error) => {
            assert_eq!(error, Error::Path);
            None
        }
    }
}

fn received(
    texts: &HeaderTexts<'_>,
    parts: &Parts<'_>,
    server: &ServerKey,
    now: UnixMillis,
    require_blinding: bool,
) {
    let Ok(Some(headers)) = Headers::parse(texts) else {
        return;
    };
    assert_eq!(reparsed(&headers).to_texts(), headers.to_texts());
    match headers.verify(&parts.request(), server, now, require_blinding) {
        Ok(user) => verified(&headers, &user, parts, server, now),
        Err(Error::BlindingRequired) => assert!(require_blinding),
        Err(error) => assert!(matches!(
            error,
            Error::InvalidPoint | Error::Clock | Error::Signature
        )),
    }
}

fn signed(
    account: &Account,
    parts: &Parts<'_>,
    server: &ServerKey,
    now: UnixMillis,
    blinded: bool,
) {
    let pair = account.blind15(server);
    let (signer, user) = if blinded {
        (Signer::Blinded(&pair), pair.id())
    } else {
        (Signer::Unblinded(account), account.id())
    };
    let request = parts.request();
    let headers = reparsed(&Headers::sign(&request, signer, server, now, &mut rng()));
    verified(&headers, &user, parts, server, now);
    let required = headers.verify(&request, server, now, true);
    assert_eq!(
        required,
        blinded.then_some(user).ok_or(Error::BlindingRequired)
    );
    let late = now.as_secs().saturating_add(CLOCK_WINDOW_SECS);
    for (seconds, expected) in [(late, Ok(user)), (late + 1, Err(Error::Clock))] {
        // The end of time is a day earlier.
        if seconds <= u64::MAX / 1000 {
            let then = UnixMillis::from_secs(seconds);
            assert_eq!(headers.verify(&request, server, then, false), expected);
        }
    }
}

/// What verified does so for this request on this server only.
fn verified(
    headers: &Headers,
    user: &AccountId,
    parts: &Parts<'_>,
    server: &ServerKey,
    now: UnixMillis,
) {
    let request = parts.request();
    let verify = |request: &Request<'_>, server: &_| headers.verify(request, server, now, false);
    assert_eq!(verify(&request, server), Ok(*user));
    let expected = match user.prefix() {
        Prefix::Standard => "00",
        _ => "15",
    };
    let [(_, pubkey), ..] = headers.to_texts();
    assert!(pubkey.starts_with(expected));

    let [method, path] = [parts.method, parts.path].map(|text| format!("{text}X"));
    let body = [parts.body, b"X"].concat();
    let Parts {
        method: m,
        path: p,
        body: b,
    } = *parts;
    for changed in [(&*method, p, b), (m, &*path, b), (m, p, &*body)] {
        let changed = Request::new(changed.0, changed.1, changed.2).expect("as the other");
        assert_eq!(verify(&changed, server), Err(Error::Signature));
    }
    let mut other = *server.as_bytes();
    other[31] ^= 1;
    let other = ServerKey::from_bytes(other);
    assert_eq!(verify(&request, &other), Err(Error::Signature));

    // The signed bytes say everything once, and a body is hashed.
    let bytes = signed_bytes(&request, server, headers.nonce(), now);
    let line = format!("{}{m}{p}", now.as_secs());
    let start = [&server.as_bytes()[..], headers.nonce(), line.as_bytes()].concat();
    let hash_len = if b.is_empty() { 0 } else { 64 };
    assert!(bytes.starts_with(&start) && bytes.len() == start.len() + hash_len);
}

fn reparsed(headers: &Headers) -> Headers {
    let texts = headers.to_texts();
    let [pubkey, nonce, timestamp, signature] = texts.each_ref().map(|(_, text)| Some(&**text));
    let read = Headers::parse(&HeaderTexts {
        pubkey,
        nonce,
        timestamp,
        signature,
    });
    let read = read.expect("they were written").expect("they are there");
    assert_eq!(read.to_texts(), texts);
    read
}
