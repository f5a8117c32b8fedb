#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

pub mod assignment;
mod binary;
mod error;
mod limits;
mod list;
pub mod networks;
mod node;
mod object;
mod pool;
mod record;
mod redirect;
mod ring;
mod space;
mod write;

pub use binary::{active_nodes_bin, parse_active_nodes};
pub use error::Error;
pub use limits::{MAX_JSON_LEN, MAX_RECORDS};
pub use list::{Members, parse_members, parse_node_list};
pub use node::{NodeKey, NodeList, NodeRecord};
pub use pool::{Pool, Swarm};
pub use redirect::{Redirects, parse_redirects};
pub use ring::{OwnedArc, Ring};
pub use space::{SwarmId, position};
pub use write::{members_json, node_list_json};

// What the API names.
pub use session_core;
