//! What nodes say of other nodes.

use core::time::Duration;

use session_core::{NetworkId, UnixMillis};
use session_swarm::{
    MAX_RECORDS, NodeRecord, Pool, SwarmId, active_nodes_bin, members_json,
    node_list_json as write, parse_active_nodes, parse_members, parse_node_list, parse_redirects,
    position,
};

use crate::bytes::Bytes;

/// Node lists and lists of members in JSON: what is read is written and read the same.
pub fn node_list_json(data: &[u8]) {
    if let Ok(mut list) = parse_node_list(data) {
        assert!(list.nodes.len() <= MAX_RECORDS);
        let again = parse_node_list(write(&list.nodes).as_bytes()).expect("as written");
        assert_eq!((again.nodes.as_slice(), again.skipped), (&*list.nodes, 0));
        list.remove_unlocked(Duration::ZERO);
        let stays =
            |node: &NodeRecord| node.unlock_height == 0 || list.height < Some(node.unlock_height);
        assert!(list.nodes.iter().all(stays));
        every_account_has_its_swarm(list.nodes);
    }
    if let Ok(members) = parse_members(data) {
        let nodes = &members.list.nodes;
        assert!(nodes.iter().all(|node| node.swarm_id == members.swarm_id));
        let json = members_json(members.swarm_id, nodes, UnixMillis::default(), [21, 0]);
        let again = parse_members(json.as_bytes()).expect("as written");
        assert_eq!(again.swarm_id, members.swarm_id);
        // This form has no versions.
        let keys = |nodes: &[NodeRecord]| -> Vec<_> { nodes.iter().map(|node| node.key).collect() };
        assert_eq!(keys(&again.list.nodes), keys(nodes));
    }
}

/// Binary node lists: what is read is written and read the same, but for nodes in no swarm, which
/// are not written.
pub fn node_list_bin(data: &[u8]) {
    let Ok(list) = parse_active_nodes(data) else {
        return;
    };
    let again = parse_active_nodes(&active_nodes_bin(&list.nodes)).expect("as written");
    let is_active = |node: &&NodeRecord| node.swarm_id.is_valid();
    assert!(again.nodes.iter().eq(list.nodes.iter().filter(is_active)));
    assert_eq!(again.skipped, 0);
    every_account_has_its_swarm(list.nodes);
}

fn every_account_has_its_swarm(nodes: Vec<NodeRecord>) {
    let pool = Pool::new(nodes);
    for node in pool.nodes() {
        assert_eq!(pool.get(&node.key), Some(node));
        let mut id = [5; 33];
        id[1..].copy_from_slice(node.key.as_bytes());
        let id = NetworkId::from(id);
        let swarm = pool.swarm_of(&id);
        assert_eq!(swarm.is_none(), pool.ring().ids().is_empty());
        if let Some(swarm) = swarm {
            assert!(!swarm.members().is_empty());
            let arc = pool.ring().arc_of(swarm.id()).expect("it has members");
            assert!(arc.contains(position(&id)));
        }
    }
    assert!(pool.swarm(SwarmId::INVALID).is_none());
}

/// Rejections with status 421: nothing is said of accounts that were not asked about.
pub fn redirect(data: &[u8]) {
    let mut bytes = Bytes(data);
    let choices = bytes.byte();
    let accounts: Vec<_> = (0..choices & 3)
        .map(|index| {
            let mut account = [0xaa + 0x11 * index; 33];
            account[0] = 5;
            // A subrequest without an account.
            (choices & 8 == 0 || index != 1).then(|| NetworkId::from(account))
        })
        .collect();
    let status = if choices & 4 == 0 { 421 } else { 200 };
    let redirects = parse_redirects(&accounts, status, bytes.rest());
    for (account, nodes) in redirects.accounts {
        assert!(accounts.contains(&Some(account)));
        assert!(nodes.len() <= MAX_RECORDS);
    }
}
