//! Node lists and swarm members, written as JSON (spec 03 §7.1, §7.2).
//!
//! Every value is a number, hex or an address, so nothing needs escaping.

use alloc::string::{String, ToString};
use core::fmt;

use session_core::{UnixMillis, hex};

use crate::{NodeRecord, SwarmId};

/// Writes what the daemon answers to `get_service_nodes` (spec 03 §7.1), for the `result` of an
/// `oxend_request` reply.
#[must_use]
pub fn node_list_json(nodes: &[NodeRecord]) -> String {
    Written(|f: &mut fmt::Formatter<'_>| {
        f.write_str(r#"{"service_node_states":["#)?;
        for (index, node) in nodes.iter().enumerate() {
            let [major, minor, patch] = node.version;
            write!(
                f,
                r#"{comma}{{"service_node_pubkey":"{key}","pubkey_ed25519":"{key}",{x25519}"public_ip":"{ip}","storage_port":{https},"storage_lmq_port":{quic},"storage_server_version":[{major},{minor},{patch}],"swarm_id":{number},"swarm":"{swarm}","requested_unlock_height":{unlock}}}"#,
                comma = if index == 0 { "" } else { "," },
                key = node.key,
                x25519 = X25519Member(node),
                ip = node.ip,
                https = node.https_port,
                quic = node.quic_port,
                number = node.swarm_id.get(),
                swarm = node.swarm_id,
                unlock = node.unlock_height,
            )?;
        }
        f.write_str(r#"],"status":"OK"}"#)
    })
    .to_string()
}

/// Writes a `get_swarm` reply or 421 body (spec 03 §7.2): the members, the swarm, the node's
/// time `t` and hard fork `hf`. For "no swarm" give [`SwarmId::INVALID`] and no members.
///
/// Leaves the deprecated member `address` out.
#[must_use]
pub fn members_json<'a>(
    swarm_id: SwarmId,
    members: impl IntoIterator<Item = &'a NodeRecord, IntoIter: Clone>,
    t: UnixMillis,
    hf: [u16; 2],
) -> String {
    let members = members.into_iter();
    let [hard, soft] = hf;
    Written(|f: &mut fmt::Formatter<'_>| {
        f.write_str(r#"{"snodes":["#)?;
        for (index, node) in members.clone().enumerate() {
            write!(
                f,
                r#"{comma}{{"pubkey_ed25519":"{key}","pubkey_legacy":"{key}",{x25519}"ip":"{ip}","port":"{https}","port_https":{https},"port_omq":{quic},"port_quic":{quic}}}"#,
                comma = if index == 0 { "" } else { "," },
                key = node.key,
                x25519 = X25519Member(node),
                ip = node.ip,
                https = node.https_port,
                quic = node.quic_port,
            )?;
        }
        write!(f, r#"],"swarm":"{swarm_id}","t":{t},"hf":[{hard},{soft}]}}"#)
    })
    .to_string()
}

/// A function that writes, as something to display.
struct Written<F>(F);

impl<F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result> fmt::Display for Written<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

/// The member `pubkey_x25519` and a comma, or nothing.
struct X25519Member<'a>(&'a NodeRecord);

impl fmt::Display for X25519Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.x25519 {
            Some(key) => write!(f, r#""pubkey_x25519":"{}","#, hex::encode(key)),
            None => Ok(()),
        }
    }
}
