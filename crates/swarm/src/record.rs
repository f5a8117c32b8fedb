//! One node record in JSON, read as liberally as spec 03 §7.4 asks.

use core::fmt;
use core::net::Ipv4Addr;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use session_core::hex;

use crate::object::{Text, height, object, text};
use crate::{Error, NodeRecord, SwarmId};

const RECORD: &str = "node record";

/// One record, under any of the names in use. Unknown members are ignored.
#[derive(Deserialize)]
struct AnyRecord<'a> {
    #[serde(borrow)]
    pubkey_ed25519: Option<Text<'a>>,
    #[serde(borrow)]
    pubkey_x25519: Option<&'a RawValue>,
    #[serde(borrow)]
    public_ip: Option<Text<'a>>,
    #[serde(borrow)]
    ip: Option<Text<'a>>,
    storage_https_port: Option<u16>,
    storage_port: Option<u16>,
    port_https: Option<u16>,
    storage_lmq_port: Option<u16>,
    port_omq: Option<u16>,
    storage_server_version: Option<Version>,
    swarm_id: Option<u64>,
    #[serde(borrow)]
    swarm: Option<Text<'a>>,
    #[serde(borrow)]
    requested_unlock_height: Option<&'a RawValue>,
}

impl NodeRecord {
    /// Reads one record as it stands in a `get_service_nodes`, `get_swarm`, 421 or seed reply.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Malformed`] by the rules of spec 03 §7.4.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        read_record(text(RECORD, json)?)
    }
}

pub(crate) fn read_record(json: &str) -> Result<NodeRecord, Error> {
    let missing = |field| Error::Missing {
        what: RECORD,
        field,
    };
    let record: AnyRecord<'_> = object(RECORD, json)?;

    let key = record.pubkey_ed25519.ok_or(missing("pubkey_ed25519"))?;
    let ip = record.public_ip.or(record.ip).ok_or(missing("public_ip"))?;
    let https_port = record
        .storage_https_port
        .or(record.storage_port)
        .or(record.port_https)
        .ok_or(missing("storage_port"))?;
    let quic_port = record
        .storage_lmq_port
        .or(record.port_omq)
        .ok_or(missing("storage_lmq_port"))?;
    if quic_port == 0 {
        return Err(Error::Malformed { what: "OMQ port" });
    }
    Ok(NodeRecord {
        // The text is preferred: whoever relayed the list may have rounded the number.
        swarm_id: match record.swarm {
            Some(text) => text.parse()?,
            None => record.swarm_id.map_or(SwarmId::INVALID, SwarmId::new),
        },
        version: record.storage_server_version.map_or([0; 3], |v| v.0),
        x25519: record
            .pubkey_x25519
            .and_then(|key| serde_json::from_str::<Text<'_>>(key.get()).ok())
            .and_then(|key| hex::decode_array("X25519 key", &key).ok()),
        unlock_height: record
            .requested_unlock_height
            .and_then(height)
            .unwrap_or_default(),
        ..NodeRecord::new(key.parse()?, read_ip(&ip)?, https_port, quic_port)
    })
}

fn read_ip(text: &str) -> Result<Ipv4Addr, Error> {
    text.parse()
        .ok()
        .filter(|ip: &Ipv4Addr| !ip.is_unspecified())
        .ok_or(Error::Malformed {
            what: "node address",
        })
}

/// `[2, 11, 4]` or `"2.11.4"`; missing parts are 0, further ones ignored.
struct Version([u16; 3]);

impl<'a> Deserialize<'a> for Version {
    fn deserialize<D: Deserializer<'a>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(VersionVisitor).map(Self)
    }
}

struct VersionVisitor;

impl<'a> Visitor<'a> for VersionVisitor {
    type Value = [u16; 3];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<[u16; 3], E> {
        let mut version = [0; 3];
        let mut slots = version.iter_mut();
        for part in text.split('.') {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            let number = part.parse().ok().filter(|_| digits);
            let number = number.ok_or_else(|| E::custom("malformed version"))?;
            if let Some(slot) = slots.next() {
                *slot = number;
            }
        }
        Ok(version)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut parts: A) -> Result<[u16; 3], A::Error> {
        let mut version = [0; 3];
        let mut slots = version.iter_mut();
        while let Some(number) = parts.next_element()? {
            if let Some(slot) = slots.next() {
                *slot = number;
            }
        }
        Ok(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const KEY: &str = "701785f237d8c71f5200ed7769cc6f83557b624a6ef2e49f1c4f1db2ac32a9a5";

    /// A good record with `changes` made to it: a member, or `name:` to leave it out.
    fn record(changes: &[&str]) -> Result<NodeRecord, Error> {
        let key = format!(r#""pubkey_ed25519":"{KEY}""#);
        let good = [
            key.as_str(),
            r#""public_ip":"193.37.204.45""#,
            r#""storage_port":22021"#,
            r#""storage_lmq_port":22020"#,
        ];
        let name = |member: &str| member.split(':').next().map(ToString::to_string);
        let members: Vec<_> = good
            .into_iter()
            .filter(|member| changes.iter().all(|change| name(change) != name(member)))
            .chain(
                changes
                    .iter()
                    .copied()
                    .filter(|change| !change.ends_with(':')),
            )
            .collect();
        NodeRecord::from_json(format!("{{{}}}", members.join(",")).as_bytes())
    }

    #[test]
    fn missing_fields_are_named() {
        assert!(record(&[]).is_ok());
        for field in [
            "pubkey_ed25519",
            "public_ip",
            "storage_port",
            "storage_lmq_port",
        ] {
            let what = RECORD;
            let without = record(&[&format!("\"{field}\":")]);
            assert_eq!(without, Err(Error::Missing { what, field }));
        }
    }

    #[test]
    fn malformed_fields_are_refused() {
        for change in [
            r#""pubkey_ed25519":"70""#,
            r#""pubkey_ed25519":7"#,
            r#""public_ip":"0.0.0.0""#,
            r#""public_ip":"256.1.1.1""#,
            r#""public_ip":"::1""#,
            r#""storage_port":65536"#,
            r#""storage_port":"22021""#,
            r#""storage_lmq_port":0"#,
            r#""storage_lmq_port":-1"#,
            r#""storage_lmq_port":1.0"#,
            r#""storage_server_version":"""#,
            r#""storage_server_version":"2.+1.0""#,
            r#""storage_server_version":"2.11.4-dev""#,
            r#""storage_server_version":2"#,
            r#""storage_server_version":[2,-1]"#,
            r#""swarm_id":18446744073709551616"#,
            r#""swarm_id":1.5"#,
            r#""swarm_id":"1""#,
            r#""swarm":"xyz""#,
            r#""swarm":12"#,
        ] {
            let refused = record(&[change]);
            assert!(matches!(refused, Err(Error::Malformed { .. })), "{change}");
        }
        let array =
            format!(r#"["{KEY}",null,"1.1.1.1",null,1,null,null,1,null,null,null,null,null]"#);
        assert!(NodeRecord::from_json(array.as_bytes()).is_err(), "an array");
    }

    #[test]
    fn names_versions_and_swarm_ids_are_read_liberally() {
        let old = record(&[
            r#""public_ip":"#,
            r#""storage_port":"#,
            r#""storage_lmq_port":"#,
            r#""ip":"193.37.204.45""#,
            r#""port_https":22021"#,
            r#""port_omq":22020"#,
        ]);
        assert_eq!(old, record(&[]));
        assert_eq!(
            record(&[r#""storage_https_port":9"#]).unwrap().https_port,
            9
        );
        assert_eq!(record(&[r#""storage_port":0"#]).unwrap().https_port, 0);

        let x25519 = |text: &str| record(&[&format!(r#""pubkey_x25519":{text}"#)]);
        assert!(x25519(&format!(r#""{KEY}""#)).unwrap().x25519.is_some());
        for unreadable in ["7", "[]", r#""zz""#, "null"] {
            assert_eq!(x25519(unreadable).unwrap().x25519, None, "{unreadable}");
        }

        let version = |text: &str| {
            record(&[&format!(r#""storage_server_version":{text}"#)]).map(|node| node.version)
        };
        assert_eq!(version("[2,11,4]"), Ok([2, 11, 4]));
        assert_eq!(version("[2]"), Ok([2, 0, 0]));
        assert_eq!(version("[]"), Ok([0, 0, 0]));
        assert_eq!(version("[2,11,4,7]"), Ok([2, 11, 4]));
        assert_eq!(version(r#""2.11""#), Ok([2, 11, 0]));

        let unlock = |text: &str| {
            record(&[&format!(r#""requested_unlock_height":{text}"#)])
                .map(|node| node.unlock_height)
        };
        assert_eq!(unlock("1234567"), Ok(1_234_567));
        assert_eq!(unlock("null"), Ok(0));
        assert_eq!(unlock("-1"), Ok(0), "no height: it stays");

        let swarm = |changes: &[&str]| record(changes).map(|node| node.swarm_id);
        assert_eq!(swarm(&[]), Ok(SwarmId::INVALID));
        let exact = 9_007_199_254_740_993; // 2^53 + 1 is no double
        let number = format!(r#""swarm_id":{exact}"#);
        assert_eq!(swarm(&[&number]), Ok(SwarmId::new(exact)));
        assert_eq!(
            swarm(&[
                r#""swarm_id":9007199254740992"#,
                r#""swarm":"20000000000001""#
            ]),
            Ok(SwarmId::new(exact)),
            "the text survives rounding"
        );
    }
}
