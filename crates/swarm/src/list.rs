//! Node lists and swarm members in JSON (spec 03 §7.1, §7.2).

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::limits::{MAX_RECORDS, at_most};
use crate::object::{Text, elements, height, object, text};
use crate::record::read_record;
use crate::{Error, NodeList, SwarmId};

const LIST: &str = "node list";

/// Reads a node list: an array of records, an object with `service_node_states`, or one with
/// such an object under `result` (spec 03 §7.1, §8).
///
/// Malformed records are skipped and counted.
///
/// # Errors
/// [`Error::Malformed`] if it is none of these, [`Error::Missing`] if there is no list in it,
/// [`Error::TooLarge`] beyond [`MAX_JSON_LEN`](crate::MAX_JSON_LEN) or
/// [`MAX_RECORDS`](crate::MAX_RECORDS).
pub fn parse_node_list(json: &[u8]) -> Result<NodeList, Error> {
    #[derive(Deserialize)]
    struct Reply<'a> {
        service_node_states: Option<Records>,
        #[serde(borrow)]
        result: Option<&'a RawValue>,
        #[serde(borrow)]
        height: Option<&'a RawValue>,
    }

    let json = text(LIST, json)?;
    if json.trim_start().starts_with('[') {
        let records: Records =
            serde_json::from_str(json).map_err(|_| Error::Malformed { what: LIST })?;
        return records.list(LIST);
    }
    let mut reply: Reply<'_> = object(LIST, json)?;
    if let (None, Some(result)) = (&reply.service_node_states, reply.result) {
        reply = object(LIST, result.get())?;
    }
    let records = reply.service_node_states.ok_or(Error::Missing {
        what: LIST,
        field: "service_node_states",
    })?;
    let mut list = records.list(LIST)?;
    list.height = reply.height.and_then(height);
    Ok(list)
}

/// An array of records, read as it comes.
struct Records {
    list: NodeList,
    count: usize,
}

impl<'a> Deserialize<'a> for Records {
    fn deserialize<D: Deserializer<'a>>(reader: D) -> Result<Self, D::Error> {
        let mut list = NodeList::default();
        let count = elements(reader, |record| match read_record(record) {
            Ok(node) => list.nodes.push(node),
            Err(_) => list.skipped = list.skipped.saturating_add(1),
        })?;
        Ok(Self { list, count })
    }
}

impl Records {
    fn list(self, what: &'static str) -> Result<NodeList, Error> {
        at_most(what, self.count, MAX_RECORDS)?;
        Ok(self.list)
    }
}

/// A swarm and its members, as a `get_swarm` reply or a 421 body names them (spec 03 §7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Members {
    /// The swarm; [`SwarmId::INVALID`] if the node knows none.
    pub swarm_id: SwarmId,
    /// Its members. Their records take the swarm id from the body.
    pub list: NodeList,
}

/// Reads a list of swarm members.
///
/// For a 421 body use [`parse_redirects`](crate::parse_redirects): what it says about addresses
/// must not be believed.
///
/// # Errors
/// [`Error::Malformed`] if it is no such object, [`Error::Missing`] without `snodes`,
/// [`Error::TooLarge`] as [`parse_node_list`].
pub fn parse_members(json: &[u8]) -> Result<Members, Error> {
    #[derive(Deserialize)]
    struct Reply<'a> {
        snodes: Option<Records>,
        #[serde(borrow)]
        swarm: Option<Text<'a>>,
    }

    const WHAT: &str = "swarm members";
    let reply: Reply<'_> = object(WHAT, text(WHAT, json)?)?;
    let records = reply.snodes.ok_or(Error::Missing {
        what: WHAT,
        field: "snodes",
    })?;
    let swarm_id = match reply.swarm {
        Some(id) => id.parse()?,
        None => SwarmId::INVALID,
    };
    let mut list = records.list(WHAT)?;
    for node in &mut list.nodes {
        node.swarm_id = swarm_id;
    }
    Ok(Members { swarm_id, list })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may overflow")]
mod tests {
    use super::*;
    use crate::node::tests::any_record;
    use crate::{MAX_JSON_LEN, MAX_RECORDS, NodeRecord, members_json, node_list_json};
    use alloc::format;
    use alloc::vec;
    use proptest::prelude::*;
    use session_core::UnixMillis;

    const KEY: &str = "701785f237d8c71f5200ed7769cc6f83557b624a6ef2e49f1c4f1db2ac32a9a5";

    proptest! {
        #[test]
        fn node_lists_round_trip(
            nodes in prop::collection::vec(any_record(), 0..5), height: u64,
        ) {
            let json = node_list_json(&nodes);
            let mut expected = NodeList { nodes, ..NodeList::default() };
            prop_assert_eq!(parse_node_list(json.as_bytes()), Ok(expected.clone()));
            let json = json.replacen('{', &format!(r#"{{"height":{height},"#), 1);
            expected.height = Some(height);
            let wrapped = format!(r#"{{"t":1,"hf":[21,0],"height":5,"result":{json}}}"#);
            prop_assert_eq!(parse_node_list(wrapped.as_bytes()), Ok(expected));
        }

        #[test]
        fn members_round_trip(
            mut nodes in prop::collection::vec(any_record(), 0..5), swarm: u64, time: u64,
        ) {
            for node in &mut nodes {
                // Not in this form.
                node.version = [0; 3];
                node.unlock_height = 0;
                node.swarm_id = SwarmId::new(swarm);
            }
            let time = UnixMillis::from_millis(time);
            let json = members_json(SwarmId::new(swarm), &nodes, time, [21, 0]);
            let members = parse_members(json.as_bytes()).unwrap();
            prop_assert_eq!(members.swarm_id, SwarmId::new(swarm));
            prop_assert_eq!(members.list, NodeList { nodes, ..NodeList::default() });
        }

        /// Damage costs records or the list, and never panics.
        #[test]
        fn a_flipped_byte_never_adds_records(
            nodes in prop::collection::vec(any_record(), 1..4), at: prop::sample::Index, flip in 1u8..,
        ) {
            let mut json = node_list_json(&nodes).into_bytes();
            *at.get_mut(&mut json) ^= flip;
            if let Ok(list) = parse_node_list(&json) {
                prop_assert!(list.nodes.len() + list.skipped <= nodes.len());
            }
            json.truncate(at.index(json.len()));
            prop_assert!(parse_node_list(&json).is_err());
        }

        #[test]
        fn any_text_is_read_or_refused(text in r#"[\[\]{}",:0-9a-z ]{0,60}"#) {
            let _ = parse_node_list(text.as_bytes());
            let _ = parse_members(text.as_bytes());
            let _ = NodeRecord::from_json(text.as_bytes());
        }
    }

    #[test]
    fn bad_records_are_counted_not_fatal() {
        let json = format!(
            r#" [5,{{}},["x"],{{"pubkey_ed25519":"{KEY}","ip":"1.1.1.1","port_https":1,"port_omq":1}}] "#
        );
        let list = parse_node_list(json.as_bytes()).unwrap();
        assert_eq!((list.nodes.len(), list.skipped), (1, 3));
    }

    #[test]
    fn only_lists_are_lists() {
        let malformed = |json: &[u8]| parse_node_list(json) == Err(Error::Malformed { what: LIST });
        let (what, field) = (LIST, "service_node_states");
        let missing = Err(Error::Missing { what, field });
        assert!(malformed(b"") && malformed(b"5") && malformed(b"[]]") && malformed(b"[1,"));
        assert!(malformed(br#"{"service_node_states":{}}"#) && malformed(br#"{"result":[]}"#));
        assert!(malformed(b"[\xff]"));
        assert_eq!(parse_node_list(br#"{"unchanged":true}"#), missing);
        assert_eq!(parse_node_list(br#"{"result":{"result":{}}}"#), missing);
        assert_eq!(parse_node_list(b"[]"), Ok(NodeList::default()));
    }

    #[test]
    fn members_need_a_list_and_may_lack_a_swarm() {
        let none = parse_members(br#"{"snodes":[],"swarm":"ffffffffffffffff"}"#).unwrap();
        assert_eq!(none.swarm_id, SwarmId::INVALID);
        assert_eq!(parse_members(br#"{"snodes":[]}"#), Ok(none));
        assert!(matches!(
            parse_members(b"{}"),
            Err(Error::Missing {
                field: "snodes",
                ..
            })
        ));
        for json in [
            &br#"{"snodes":[],"swarm":"x"}"#[..],
            br#"{"snodes":5}"#,
            br#"[[],"1"]"#,
        ] {
            assert!(matches!(parse_members(json), Err(Error::Malformed { .. })));
        }
    }

    #[test]
    fn sizes_are_bounded() {
        let mut json = vec![b' '; MAX_JSON_LEN - 2];
        json.extend(b"[]");
        assert!(parse_node_list(&json).is_ok());
        json.push(b' ');
        assert!(matches!(
            parse_node_list(&json),
            Err(Error::TooLarge { .. })
        ));

        let zeros = |count| format!("[{}]", vec!["0"; count].join(","));
        assert_eq!(
            parse_node_list(zeros(MAX_RECORDS).as_bytes())
                .unwrap()
                .skipped,
            MAX_RECORDS
        );
        assert!(matches!(
            parse_node_list(zeros(MAX_RECORDS + 1).as_bytes()),
            Err(Error::TooLarge { .. })
        ));
    }
}
