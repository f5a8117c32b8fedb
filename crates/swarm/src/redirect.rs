//! What a reply with status 421 says about the right swarm (spec 03 §10.3).

use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;
use session_core::{Network, NetworkId};

use crate::NodeKey;
use crate::object::{Text, each, object, text};

const REJECTED: u16 = 421;

/// The rejections in one reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redirects {
    /// For every rejected account the keys of the nodes that are named instead, possibly none.
    ///
    /// Believe none of it but the keys, and only those that [`Pool::known`](crate::Pool::known)
    /// finds.
    pub accounts: Vec<(NetworkId, Vec<NodeKey>)>,
    /// Whether there was a rejection that belongs to none of the accounts. Treat it as a failure
    /// of the node; it re-maps nothing.
    pub unattributed: bool,
}

/// Reads the rejections out of a reply: rules 1 to 4 of spec 03 §10.3.
///
/// `accounts` are those of the subrequests, in order, `None` where a subrequest has none; a
/// single one stands for every item of the reply. A body that is no JSON names no nodes. An
/// account that the body echoes is only ever compared, it selects nothing.
///
/// The reply must have been decrypted: what a hop of the path says about swarms is worth nothing
/// (spec 02 §8.7).
#[must_use]
pub fn parse_redirects(accounts: &[Option<NetworkId>], status: u16, body: &[u8]) -> Redirects {
    #[derive(Deserialize)]
    struct Batch<'a> {
        #[serde(borrow)]
        results: Option<&'a RawValue>,
    }
    const WHAT: &str = "rejection";

    let mut redirects = Redirects::default();
    let body = text(WHAT, body).unwrap_or_default();
    let batch = object(WHAT, body).ok().and_then(|reply: Batch<'_>| {
        // Anything but an array is no batch.
        reply
            .results
            .filter(|results| results.get().starts_with('['))
    });
    let Some(results) = batch else {
        redirects.add(accounts, 0, status, Some(body));
        return redirects;
    };
    let mut index = 0usize;
    // An error can only be "too many": whatever lies beyond the limit is ignored.
    let _ = each(WHAT, results.get(), |item| {
        let item: Item<'_> = object(WHAT, item).unwrap_or_default();
        let code = item.status().unwrap_or(f64::from(status));
        if code == f64::from(REJECTED) {
            redirects.add(accounts, index, REJECTED, item.body.map(RawValue::get));
        }
        index = index.saturating_add(1);
    });
    redirects
}

/// One reply of a batch.
#[derive(Default, Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
}

impl Item<'_> {
    /// The code, if it is a number of whatever kind.
    fn status(&self) -> Option<f64> {
        serde_json::from_str(self.code?.get()).ok()
    }
}

impl Redirects {
    /// Notes the reply to the subrequest at `index`, if it is a rejection.
    fn add(
        &mut self,
        accounts: &[Option<NetworkId>],
        index: usize,
        status: u16,
        body: Option<&str>,
    ) {
        #[derive(Default, Deserialize)]
        struct Rejection<'a> {
            #[serde(borrow)]
            snodes: Option<&'a RawValue>,
            #[serde(borrow)]
            pubkey: Option<&'a RawValue>,
        }
        const WHAT: &str = "rejection";

        if status != REJECTED {
            return;
        }
        let account = match accounts {
            [only] => *only,
            _ => accounts.get(index).copied().flatten(),
        };
        let rejection: Rejection<'_> = body
            .and_then(|body| object(WHAT, body).ok())
            .unwrap_or_default();
        let echo = rejection.pubkey.and_then(read_echo);
        let Some(account) =
            account.filter(|account| echo.is_none_or(|key| key == account.key_bytes()))
        else {
            self.unattributed = true;
            return;
        };
        if self.accounts.iter().any(|(known, _)| *known == account) {
            return;
        }
        let mut keys = Vec::new();
        if let Some(snodes) = rejection.snodes {
            // Not an array: no keys. Too many elements: the first ones.
            let _ = each(WHAT, snodes.get(), |node| keys.extend(read_key(node)));
        }
        self.accounts.push((account, keys));
    }
}

/// The key of an echoed account, with or without prefix.
fn read_echo(echo: &RawValue) -> Option<[u8; 32]> {
    let echo: Text<'_> = serde_json::from_str(echo.get()).ok()?;
    // Nodes of a test network leave the prefix out; no harm in reading that everywhere.
    let id = NetworkId::parse(&echo, Network::Testnet).ok()?;
    Some(id.key_bytes())
}

/// The key of a node, whatever else its record holds.
fn read_key(node: &str) -> Option<NodeKey> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        pubkey_ed25519: Option<Text<'a>>,
    }

    let named: Named<'_> = object("node record", node).ok()?;
    named.pubkey_ed25519?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;
    use alloc::vec;
    use proptest::prelude::*;

    fn a() -> NetworkId {
        [0x0a; 33].into()
    }

    fn b() -> NetworkId {
        [0x0b; 33].into()
    }

    fn key(byte: u8) -> NodeKey {
        [byte; 32].into()
    }

    /// A 421 body that names one node.
    fn naming(byte: u8) -> String {
        format!(
            r#"{{"snodes":[{{"pubkey_ed25519":"{}","ip":"6.6.6.6"}}]}}"#,
            key(byte)
        )
    }

    fn parse(accounts: &[NetworkId], status: u16, body: &str) -> Redirects {
        let accounts: Vec<_> = accounts.iter().copied().map(Some).collect();
        parse_redirects(&accounts, status, body.as_bytes())
    }

    fn unattributed() -> Redirects {
        Redirects {
            unattributed: true,
            ..Redirects::default()
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r#"[\[\]{}",:0-9a-z ]{0,60}"#, status in 420u16..423) {
            let redirects = parse(&[a()], status, &text);
            prop_assert!(redirects.accounts.len() <= 1);
        }

        #[test]
        fn a_reply_never_names_an_account_that_was_not_asked_for(
            codes in prop::collection::vec(420u16..423, 0..4), echo: [u8; 32],
        ) {
            let echo = NodeKey::from(echo);
            let item = |code| format!(r#"{{"code":{code},"body":{{"pubkey":"{echo}","snodes":[]}}}}"#);
            let items: Vec<_> = codes.iter().map(item).collect();
            let redirects = parse(&[a(), b()], 200, &format!(r#"{{"results":[{}]}}"#, items.join(",")));
            prop_assert_eq!(redirects.unattributed, codes.contains(&421));
            prop_assert_eq!(redirects.accounts, vec![]);
        }
    }

    #[test]
    fn other_statuses_redirect_nothing() {
        assert_eq!(parse(&[a()], 420, &naming(1)), Redirects::default());
    }

    #[test]
    fn items_belong_to_accounts_by_position() {
        let batch = |first: &str, second: &str| format!(r#"{{"results":[{first},{second}]}}"#);
        let item = |code: &str, byte| format!(r#"{{{code}"body":{}}}"#, naming(byte));
        let redirects = parse(&[a(), b()], 200, &batch("5", &item(r#""code":421.0,"#, 2)));
        assert_eq!(redirects.accounts, [(b(), vec![key(2)])]);

        let body = batch(&item(r#""code":"421","#, 1), &item("", 2));
        assert_eq!(parse(&[a(), b()], 200, &body), Redirects::default());
        let both = parse(&[a(), b()], 421, &body);
        assert_eq!(both.accounts, [(a(), vec![key(1)]), (b(), vec![key(2)])]);
        let first = parse(&[a()], 421, &body);
        assert_eq!(
            first.accounts,
            [(a(), vec![key(1)])],
            "the first rejection wins"
        );
        assert!(!first.unattributed);
        assert_eq!(parse(&[], 421, &body), unattributed());
        assert_eq!(
            parse_redirects(&[None, None], 421, body.as_bytes()),
            unattributed()
        );
        assert_eq!(
            parse_redirects(&[None], 421, body.as_bytes()),
            unattributed()
        );
    }

    #[test]
    fn an_echo_can_only_contradict() {
        let echo = |text: &str| {
            let body = naming(1).replacen('{', &format!(r#"{{"pubkey":{text},"#), 1);
            parse(&[a()], 421, &body)
        };
        let same = parse(&[a()], 421, &naming(1));
        assert_eq!(same.accounts.len(), 1);
        let digits = "0A".repeat(32);
        assert_eq!(echo(&format!(r#""{digits}""#)), same);
        assert_eq!(echo(&format!(r#""ff{digits}""#)), same);
        assert_eq!(echo(r#""no account""#), same);
        assert_eq!(echo("7"), same);
        assert_eq!(echo(&format!(r#""{}""#, b().to_hex())), unattributed());
    }

    #[test]
    fn unreadable_bodies_name_no_nodes() {
        for body in [
            "",
            "null",
            "oops",
            "[1]",
            r#"{"snodes":7}"#,
            r#"{"results":7}"#,
        ] {
            let redirects = parse(&[a()], 421, body);
            assert_eq!(redirects.accounts, [(a(), vec![])], "{body}");
        }
        let body = format!(r#"{{"snodes":[5,{{}},{{"pubkey_ed25519":"{}"}}]}}"#, key(1));
        assert_eq!(parse(&[a()], 421, &body).accounts, [(a(), vec![key(1)])]);
    }
}
