//! The suites `swarm-*` (spec 03).

use core::net::Ipv4Addr;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use session_core::{Network, NetworkId, base64};
use session_swarm::assignment::{Assignment, Mt19937_64, new_swarm_id, ranks_by_size};
use session_swarm::{
    NodeKey, NodeList, NodeRecord, Pool, Ring, SwarmId, parse_active_nodes, parse_redirects,
    position,
};

use crate::case::{CaseError, Suite, bytes, hex, list, text, unsigned};

/// The suites, by name.
pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("swarm-space", swarm_space),
    ("swarm-nearest", swarm_nearest),
    ("swarm-boundaries", swarm_boundaries),
    ("swarm-group-nodes", swarm_group_nodes),
    ("swarm-nodes-bin", swarm_nodes_bin),
    ("swarm-json-node", swarm_json_node),
    ("swarm-pool-quorum", swarm_pool_quorum),
    ("swarm-redirect-421", swarm_redirect_421),
    ("swarm-new-id", swarm_new_id),
    ("swarm-rng", swarm_rng),
    ("swarm-order", swarm_order),
    ("swarm-assign", swarm_assign),
];

/// `swarm-space`: an account's position.
fn swarm_space(case_in: &Value) -> Result<Value, CaseError> {
    let network = match text(case_in, "network") {
        "mainnet" => Network::Mainnet,
        _ => Network::Testnet,
    };
    let id = NetworkId::parse(text(case_in, "pubkey"), network)?;
    let position = position(&id);
    Ok(json!({
        "prefix": id.prefix(),
        "swarm_space": position.to_string(),
        "swarm_space_hex": format!("{position:016x}"),
    }))
}

/// `swarm-nearest`: positions to swarms.
fn swarm_nearest(case_in: &Value) -> Result<Value, CaseError> {
    let ring = ring(case_in);
    if ring.ids().is_empty() {
        return Err(CaseError::Failed("no swarms".into()));
    }
    let nearest = |position| ring.nearest(decimal(position)).unwrap().get().to_string();
    let positions = list(case_in, "positions");
    let ids: Vec<String> = positions.iter().map(nearest).collect();
    Ok(json!({ "swarm_ids": ids }))
}

/// `swarm-boundaries`: what a swarm owns.
fn swarm_boundaries(case_in: &Value) -> Result<Value, CaseError> {
    let id = SwarmId::new(decimal(&case_in["swarm_id"]));
    let arc = ring(case_in)
        .arc_of(id)
        .ok_or_else(|| CaseError::Failed("unknown swarm id".into()))?;
    Ok(json!({
        "lower_exclusive": arc.after.to_string(),
        "upper_inclusive": arc.through.to_string(),
        "whole_ring": arc.is_whole_ring(),
    }))
}

/// `swarm-group-nodes`: a node list to swarms.
fn swarm_group_nodes(case_in: &Value) -> Result<Value, CaseError> {
    let pool = Pool::new(list(case_in, "nodes").iter().map(named).collect());
    let swarms: Vec<Value> = pool
        .swarms()
        .map(|swarm| {
            let members: Vec<_> = swarm
                .members()
                .iter()
                .map(|node| node.key.to_hex())
                .collect();
            json!({ "swarm_id": swarm.id().get().to_string(), "members": members })
        })
        .collect();
    Ok(json!({ "swarms": swarms }))
}

/// `swarm-nodes-bin`: the packed node list.
fn swarm_nodes_bin(case_in: &Value) -> Result<Value, CaseError> {
    let blob = match case_in.get("blob_base64").and_then(Value::as_str) {
        Some(blob) => base64::decode("blob", blob)?,
        None => bytes(case_in, "blob"),
    };
    let list = parse_active_nodes(&blob)?;
    let nodes: Vec<_> = list.nodes.iter().map(record).collect();
    Ok(json!({ "nodes": nodes, "skipped": list.skipped }))
}

/// `swarm-json-node`: one record in JSON.
fn swarm_json_node(case_in: &Value) -> Result<Value, CaseError> {
    let node = NodeRecord::from_json(text(case_in, "json").as_bytes())?;
    Ok(record(&node))
}

/// `swarm-pool-quorum`: agreement of several answers.
fn swarm_pool_quorum(case_in: &Value) -> Result<Value, CaseError> {
    let answers: Vec<NodeList> = list(case_in, "responses")
        .iter()
        .map(|response| {
            let mut answer = NodeList::default();
            answer.nodes = response.as_array().unwrap().iter().map(named).collect();
            answer
        })
        .collect();
    let number = |name| usize::try_from(unsigned(case_in, name)).unwrap();
    let pool = Pool::agree(&answers, number("min_presence"), number("min_size"))?;
    let keys: Vec<_> = pool.iter_by_key().map(|node| node.key.to_hex()).collect();
    Ok(json!({ "pubkeys": keys }))
}

/// `swarm-redirect-421`: what a rejection says.
fn swarm_redirect_421(case_in: &Value) -> Result<Value, CaseError> {
    let accounts: Vec<Option<NetworkId>> = list(case_in, "accounts")
        .iter()
        // Keys without prefix, which the test network's rule reads.
        .map(|account| Some(NetworkId::parse(account.as_str()?, Network::Testnet).unwrap()))
        .collect();
    let status = u16::try_from(unsigned(case_in, "status")).unwrap();
    let redirects = parse_redirects(&accounts, status, case_in["body"].to_string().as_bytes());
    let accounts: serde_json::Map<String, Value> = redirects
        .accounts
        .iter()
        .map(|(account, keys)| {
            let keys: Vec<_> = keys.iter().map(NodeKey::to_hex).collect();
            (hex(account.key_bytes()), keys.into())
        })
        .collect();
    Ok(json!({ "accounts": accounts, "unattributed": redirects.unattributed }))
}

/// `swarm-new-id`: where new swarms go.
fn swarm_new_id(case_in: &Value) -> Result<Value, CaseError> {
    let new_id = |ids: &BTreeSet<SwarmId>| new_swarm_id(ids.iter().copied());
    if case_in.get("script").is_some() {
        let mut random = Mt19937_64::new(unsigned(case_in, "seed"));
        let mut ids = BTreeSet::new();
        for _ in 0..unsigned(case_in, "steps") {
            let drawn = random.next_u64();
            let removed = drawn.checked_rem(u64::try_from(ids.len()).unwrap());
            match removed.filter(|_| drawn < 1 << 62) {
                Some(index) => {
                    let id = ids.iter().nth(usize::try_from(index).unwrap());
                    let id: SwarmId = *id.unwrap();
                    ids.remove(&id);
                }
                None if drawn < 1 << 62 => {}
                None => drop(ids.insert(new_id(&ids))),
            }
        }
        let ids: Vec<_> = ids.into_iter().collect();
        let at = |index: &Value| written(ids[usize::try_from(index.as_u64().unwrap()).unwrap()]);
        let at: Vec<_> = list(case_in, "indices").iter().map(at).collect();
        return Ok(json!({ "count": ids.len(), "ids": at }));
    }
    let mut ids: BTreeSet<SwarmId> = ring(case_in).ids().iter().copied().collect();
    if case_in.get("repeat").is_none() {
        return Ok(json!({ "new_swarm_id": written(new_id(&ids)) }));
    }
    let mut next = |_| {
        let id = new_id(&ids);
        ids.insert(id);
        written(id)
    };
    let chain: Vec<_> = (0..unsigned(case_in, "repeat")).map(&mut next).collect();
    Ok(json!({ "chain": chain }))
}

/// `swarm-rng`: the network's random numbers.
fn swarm_rng(case_in: &Value) -> Result<Value, CaseError> {
    let mut random = Mt19937_64::new(decimal(&case_in["seed"]));
    if case_in.get("bounds").is_some() {
        let bounds = list(case_in, "bounds").iter().map(decimal);
        let values: Vec<_> = bounds.map(|n| random.uniform(n).to_string()).collect();
        return Ok(json!({ "values": values }));
    }
    for _ in 0..unsigned(case_in, "skip") {
        random.next_u64();
    }
    let draws = 0..unsigned(case_in, "draws");
    let raw: Vec<_> = draws.map(|_| random.next_u64().to_string()).collect();
    Ok(json!({ "raw": raw }))
}

/// `swarm-order`: swarms by size.
fn swarm_order(case_in: &Value) -> Result<Value, CaseError> {
    let size = |size: &Value| usize::try_from(size.as_u64().unwrap()).unwrap();
    let sizes: Vec<_> = list(case_in, "sizes").iter().map(size).collect();
    Ok(json!({ "order": ranks_by_size(&sizes) }))
}

/// `swarm-assign`: one update, or several blocks.
fn swarm_assign(case_in: &Value) -> Result<Value, CaseError> {
    let Some(swarms) = case_in["swarms"].as_object() else {
        let mut network = Assignment::default();
        let mut sizes = Vec::new();
        for block in list(case_in, "blocks") {
            let names = |field| list(block, field).iter().map(name);
            let removed: Vec<_> = names("remove").collect();
            network.apply_block(decimal(&block["seed"]), &removed, names("add"));
            sizes.push(by_id(&network, |members| members.len().into()));
        }
        let ascending = |members: &[String]| {
            let mut members = members.to_vec();
            members.sort();
            members.into()
        };
        return Ok(json!({ "sizes_after_each": sizes, "final": by_id(&network, ascending) }));
    };
    let mut network: Assignment<String> = swarms
        .iter()
        .flat_map(|(id, members)| {
            let id = SwarmId::new(id.parse().unwrap());
            let members = members.as_array().unwrap();
            members.iter().map(move |node| (id, name(node)))
        })
        .collect();
    network.update(decimal(&case_in["seed"]));
    Ok(json!({ "swarms": by_id(&network, |members| members.into()) }))
}

/// An object with something of each swarm under its id.
fn by_id(network: &Assignment<String>, of: impl Fn(&[String]) -> Value) -> Value {
    let swarms = network.swarms();
    let swarms = swarms.map(|(id, members)| (id.get().to_string(), of(members)));
    Value::Object(swarms.collect())
}

fn name(node: &Value) -> String {
    node.as_str().unwrap().to_owned()
}

fn written(id: SwarmId) -> String {
    id.get().to_string()
}

fn decimal(text: &Value) -> u64 {
    text.as_str().unwrap().parse().unwrap()
}

fn ring(case_in: &Value) -> Ring {
    let ids = list(case_in, "swarm_ids").iter().map(decimal);
    ids.map(SwarmId::new).collect()
}

/// A node of which the case gives only the key, and perhaps the swarm.
fn named(node: &Value) -> NodeRecord {
    let key = text(node, "pubkey_ed25519").parse().unwrap();
    let mut record = NodeRecord::new(key, Ipv4Addr::LOCALHOST, 1, 1);
    if let Some(id) = node.get("swarm_id") {
        record.swarm_id = SwarmId::new(decimal(id));
    }
    record
}

fn record(node: &NodeRecord) -> Value {
    json!({
        "pubkey_ed25519": node.key.to_hex(),
        "swarm_id": node.swarm_id.get().to_string(),
        "ip": node.ip.to_string(),
        "https_port": node.https_port,
        "omq_port": node.quic_port,
        "version": node.version,
    })
}
