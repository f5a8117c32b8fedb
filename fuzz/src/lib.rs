//! Fuzz targets: one function each, which takes bytes and panics when something is wrong.
//!
//! `cargo +nightly fuzz run bt` fuzzes one of them, `run-smoke.sh` all of them for some seconds.
//! On stable, `cargo test` replays the seeds in `seeds/` and whatever lies in `corpus/`, and
//! `cargo run --bin bt FILE...` replays single inputs. Everything is deterministic.

mod account_keys;
mod account_pubkey;
mod answers;
mod batch;
mod bytes;
mod client;
mod community;
mod confirmations;
mod content;
mod device_group;
mod device_table;
mod devices;
mod envelope;
mod framing;
mod group;
mod inbox;
mod link_request;
mod message;
mod monitor;
mod name;
mod network;
mod node;
mod onion;
mod path;
mod posts;
mod pro;
mod requests;
mod server;
mod storage_reply;
mod storage_request;
mod swarm;
mod text;

pub use account_keys::{account_keys, account_keys_seeds};
pub use account_pubkey::{account_pubkey, account_pubkey_seeds};
pub use batch::batch;
pub use client::client_inputs;
pub use community::{blinded_id, community_auth};
pub use content::{content, content_seeds};
pub use device_group::device_group;
pub use device_table::{device_table, device_table_seeds};
pub use devices::{pfs_state, pfs_state_seeds};
pub use envelope::{envelope_open, proto_sift};
pub use framing::framing;
pub use group::{group_open, multi};
pub use inbox::inbox_open;
pub use link_request::link_request;
pub use message::v2_message;
pub use monitor::monitor;
pub use name::ons_record;
pub use node::node_inputs;
pub use onion::{onion_layer, onion_peel, onion_reply};
pub use path::path_policy;
pub use posts::community;
pub use pro::{pro_proof, pro_reply};
pub use server::{relay_dict, v4_frame};
pub use storage_reply::{reply_seeds, storage_reply};
pub use storage_request::{METHODS, storage_request};
pub use swarm::{node_list_bin, node_list_json, redirect};
pub use text::{account_id, bt, mnemonic};

/// A target.
pub type Target = fn(&[u8]);

macro_rules! targets {
    ($($name:ident)*) => {
        /// Every target by its name.
        pub const TARGETS: &[(&str, Target)] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    account_id mnemonic bt
    ons_record blinded_id community_auth
    node_list_json node_list_bin redirect
    onion_layer onion_peel onion_reply v4_frame relay_dict
    storage_request storage_reply batch monitor framing
    proto_sift content envelope_open group_open multi
    community inbox_open
    v2_message
    pro_proof pro_reply
    account_pubkey pfs_state account_keys device_table device_group link_request
    path_policy client_inputs node_inputs
}

/// The whole of a target's binary: the fuzzer under cargo-fuzz, a replay of files without it.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::$name(data));

        #[cfg(not(fuzzing))]
        fn main() {
            for file in std::env::args_os().skip(1) {
                $crate::$name(&std::fs::read(file).expect("a readable file"));
            }
        }
    };
}
