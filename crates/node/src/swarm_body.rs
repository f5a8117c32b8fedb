//! Which nodes serve an account, as nodes tell clients (spec 03 §7.2).

use alloc::string::ToString;
use alloc::vec::Vec;

use session_bt::{DictWriter, ListWriter};
use session_core::{NetworkId, Now};
use session_storage::monitor::OtherSwarm;
use session_storage::{Body, Form};
use session_swarm::{NodeRecord, SwarmId, members_json};

use crate::{MessageStore, Node};

impl<S: MessageStore> Node<S> {
    /// The reply to `get_swarm`, and the body of a 421.
    pub(crate) fn swarm_body(&self, account: &NetworkId, form: Form, now: Now) -> Body {
        let (id, members) = self.swarm_of(account);
        let hf = self.config.hard_fork;
        if form == Form::Json {
            return Body::Json(members_json(id, members, now.unix, hf));
        }
        let mut out = Vec::new();
        let mut dict = DictWriter::new(&mut out);
        let written = write_swarm(&mut dict, id, members, hf, now);
        debug_assert!(written.is_ok(), "keys ascend");
        drop(dict);
        Body::Bt(out)
    }

    /// The same for subscriptions.
    pub(crate) fn other_swarm(&self, account: &NetworkId) -> OtherSwarm<'static> {
        let (id, members) = self.swarm_of(account);
        let (mut snodes, mut swarm) = (Vec::new(), Vec::new());
        write_members(ListWriter::new(&mut snodes), members);
        session_bt::Value::Bytes(id.to_string().as_bytes())
            .encode(&mut swarm)
            .unwrap_or_default();
        OtherSwarm {
            snodes: snodes.into(),
            swarm: swarm.into(),
        }
    }

    fn swarm_of(&self, account: &NetworkId) -> (SwarmId, &[NodeRecord]) {
        let swarm = self.pool.swarm_of(account);
        swarm.map_or((SwarmId::INVALID, &[]), |swarm| {
            (swarm.id(), swarm.members())
        })
    }
}

fn write_swarm(
    dict: &mut DictWriter<'_>,
    id: SwarmId,
    members: &[NodeRecord],
    hf: [u16; 2],
    now: Now,
) -> Result<(), session_bt::Error> {
    let mut list = dict.list("hf")?;
    for number in hf {
        list.int(number);
    }
    drop(list);
    write_members(dict.list("snodes")?, members);
    dict.bytes("swarm", id.to_string().as_bytes())?
        .int("t", now.unix.as_millis())?;
    Ok(())
}

fn write_members(mut list: ListWriter<'_>, members: &[NodeRecord]) {
    for member in members {
        let written = write_member(&mut list.dict(), member);
        debug_assert!(written.is_ok(), "keys ascend");
    }
}

fn write_member(dict: &mut DictWriter<'_>, node: &NodeRecord) -> Result<(), session_bt::Error> {
    dict.bytes("ip", node.ip.to_string().as_bytes())?
        .bytes("port", node.https_port.to_string().as_bytes())?
        .int("port_https", node.https_port)?
        .int("port_omq", node.quic_port)?
        .int("port_quic", node.quic_port)?
        .bytes("pubkey_ed25519", node.key.to_hex().as_bytes())?
        .bytes("pubkey_legacy", node.key.to_hex().as_bytes())?;
    if let Some(key) = &node.x25519 {
        dict.bytes("pubkey_x25519", session_core::hex::encode(key).as_bytes())?;
    }
    Ok(())
}
