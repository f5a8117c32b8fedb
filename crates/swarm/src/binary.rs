//! The packed node list `active_nodes_bin` (spec 03 §7.3).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use crate::limits::{MAX_RECORDS, at_most};
use crate::{Error, NodeList, NodeRecord, SwarmId};

const RECORD_LEN: usize = 51;

/// Reads the raw bytes of an `active_nodes_bin` reply. (Through an onion request they come as
/// base64 text: decode it first.)
///
/// Skips and counts records without contact data, with a broadcast address or an all-zero key.
///
/// # Errors
/// [`Error::PartialRecord`] if the length is no multiple of 51 bytes, [`Error::TooLarge`] beyond
/// [`MAX_RECORDS`].
pub fn parse_active_nodes(blob: &[u8]) -> Result<NodeList, Error> {
    let (records, rest) = blob.as_chunks::<RECORD_LEN>();
    if !rest.is_empty() {
        return Err(Error::PartialRecord { got: blob.len() });
    }
    at_most("binary node list", records.len(), MAX_RECORDS)?;
    let mut list = NodeList {
        nodes: Vec::with_capacity(records.len()),
        ..NodeList::default()
    };
    for record in records {
        match parse_record(record) {
            Some(node) if is_usable(&node) => list.nodes.push(node),
            _ => list.skipped = list.skipped.saturating_add(1),
        }
    }
    Ok(list)
}

/// Writes the nodes that are in a swarm; version parts above 255 become 255.
#[must_use]
pub fn active_nodes_bin(nodes: &[NodeRecord]) -> Vec<u8> {
    let mut blob = Vec::with_capacity(nodes.len().saturating_mul(RECORD_LEN));
    for node in nodes.iter().filter(|node| node.swarm_id.is_valid()) {
        blob.extend_from_slice(node.key.as_bytes());
        blob.extend_from_slice(&node.swarm_id.get().to_be_bytes());
        blob.extend_from_slice(&node.ip.octets());
        blob.extend_from_slice(&node.https_port.to_be_bytes());
        blob.extend_from_slice(&node.quic_port.to_be_bytes());
        blob.extend(
            node.version
                .map(|part| u8::try_from(part).unwrap_or(u8::MAX)),
        );
    }
    blob
}

/// Takes one record apart. `None` cannot happen: the fields fill the record.
fn parse_record(record: &[u8; RECORD_LEN]) -> Option<NodeRecord> {
    let (key, rest) = record.split_first_chunk::<32>()?;
    let (swarm_id, rest) = rest.split_first_chunk()?;
    let (ip, rest) = rest.split_first_chunk::<4>()?;
    let (https_port, rest) = rest.split_first_chunk()?;
    let (quic_port, rest) = rest.split_first_chunk()?;
    let (version, _) = rest.split_first_chunk::<3>()?;
    Some(NodeRecord {
        swarm_id: SwarmId::new(u64::from_be_bytes(*swarm_id)),
        version: version.map(u16::from),
        ..NodeRecord::new(
            (*key).into(),
            (*ip).into(),
            u16::from_be_bytes(*https_port),
            u16::from_be_bytes(*quic_port),
        )
    })
}

fn is_usable(node: &NodeRecord) -> bool {
    node.ip != Ipv4Addr::UNSPECIFIED
        && node.ip != Ipv4Addr::BROADCAST
        && node.quic_port != 0
        && *node.key.as_bytes() != [0; 32]
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "tests may overflow")]
mod tests {
    use super::*;
    use crate::node::tests::any_record;
    use alloc::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reading_inverts_writing(nodes in proptest::collection::vec(any_record(), 0..5)) {
            let expected: Vec<_> = nodes
                .iter()
                .map(|node| NodeRecord { x25519: None, unlock_height: 0, ..*node })
                .collect();
            let list = parse_active_nodes(&active_nodes_bin(&nodes)).unwrap();
            prop_assert_eq!(list, NodeList { nodes: expected, ..NodeList::default() });
        }

        #[test]
        fn any_bytes_are_a_list_or_an_error(blob: Vec<u8>) {
            match parse_active_nodes(&blob) {
                Ok(list) => prop_assert_eq!((list.nodes.len() + list.skipped) * 51, blob.len()),
                Err(error) => prop_assert_eq!(error, Error::PartialRecord { got: blob.len() }),
            }
        }
    }

    #[test]
    fn unusable_records_are_skipped() {
        let mut good = NodeRecord::new([1; 32].into(), [9, 9, 9, 9].into(), 0, 1);
        good.swarm_id = SwarmId::MAX;
        let mut bad = [good; 4];
        bad[0].ip = Ipv4Addr::UNSPECIFIED;
        bad[1].ip = Ipv4Addr::BROADCAST;
        bad[2].quic_port = 0;
        bad[3].key = [0; 32].into();
        let [a, b, c, d] = bad;
        let list = parse_active_nodes(&active_nodes_bin(&[a, b, good, c, d])).unwrap();
        assert_eq!(list.nodes, [good]);
        assert_eq!(list.skipped, 4);
    }

    #[test]
    fn nodes_without_swarm_are_not_written_and_versions_are_capped() {
        let mut node = NodeRecord::new([1; 32].into(), [9, 9, 9, 9].into(), 1, 1);
        node.version = [2, 255, 256];
        assert!(active_nodes_bin(&[node]).is_empty());
        node.swarm_id = SwarmId::new(7);
        assert_eq!(active_nodes_bin(&[node])[48..], [2, 255, 255]);
    }

    #[test]
    fn the_number_of_records_is_bounded() {
        let blob = vec![0; RECORD_LEN * (MAX_RECORDS + 1)];
        assert!(matches!(
            parse_active_nodes(&blob),
            Err(Error::TooLarge { .. })
        ));
        assert!(parse_active_nodes(&blob[RECORD_LEN..]).is_ok());
    }
}
