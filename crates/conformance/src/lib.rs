//! Runs the protocol's known-answer vectors against the crates of this workspace.
//!
//! A vector file is one suite: `{"suite", "cases": [{"id", "in", "out" | "error"}]}`. Each suite
//! that this slice covers maps to one function that computes `out` from `in`; a case passes when
//! the result is equal, or, where the file has `error`, when the function refuses.

mod blinding;
mod bt;
pub mod case;
mod community;
mod crypto;
mod device_group;
mod device_table;
mod envelope;
mod envelope_group;
mod group_update;
mod identity;
mod onion;
mod path;
mod pfs;
mod pfs_message;
mod pfs_recipient;
mod pro;
mod runner;
mod signed_request;
mod storage;
mod storage_access;
pub mod storage_db;
mod swarm;

pub use runner::{Outcome, Totals, run_file};

use case::{Accept, Suite};

/// The function of a suite, if it is covered.
fn suite(name: &str) -> Option<Suite> {
    [
        blinding::SUITES,
        bt::SUITES,
        community::SUITES,
        crypto::SUITES,
        device_group::SUITES,
        device_table::SUITES,
        envelope::SUITES,
        envelope_group::SUITES,
        group_update::SUITES,
        identity::SUITES,
        onion::SUITES,
        path::SUITES,
        pfs::SUITES,
        pfs_message::SUITES,
        pfs_recipient::SUITES,
        pro::SUITES,
        signed_request::SUITES,
        storage::SUITES,
        storage_access::SUITES,
        storage_db::SUITES,
        swarm::SUITES,
    ]
    .into_iter()
    .flatten()
    .find(|(known, _)| *known == name)
    .map(|(_, function)| *function)
}

/// Whether the `error` of a suite is a class that ours must map onto (spec 06 §12, 07 §13).
fn classes_bind(suite: &str) -> bool {
    suite.starts_with("v2-")
}

/// The fields of a suite's `out` that only have to be accepted.
fn accepted(suite: &str) -> impl Iterator<Item = (&'static str, Accept)> {
    [
        blinding::ACCEPTED,
        device_table::ACCEPTED,
        signed_request::ACCEPTED,
    ]
    .into_iter()
    .flatten()
    .filter(move |(name, _, _)| *name == suite)
    .map(|(_, field, accept)| (*field, *accept))
}
