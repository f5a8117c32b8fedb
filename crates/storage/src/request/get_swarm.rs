//! `get_swarm` (spec 04 §6.16).

use alloc::string::String;

use session_core::{Network, NetworkId};

use crate::Rejection;
use crate::json::write_request;
use crate::params::Params;

/// Asks which nodes serve an account. The reply is a list of nodes (spec 03 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetSwarm {
    /// The account.
    pub pubkey: NetworkId,
}

impl GetSwarm {
    /// Name of the method.
    pub const METHOD: &'static str = "get_swarm";
    /// Its other name.
    pub(crate) const ALIAS: &'static str = "get_snodes_for_pubkey";

    /// Asks for the swarm of `pubkey`.
    #[must_use]
    pub const fn new(pubkey: NetworkId) -> Self {
        Self { pubkey }
    }

    /// Appends the JSON request.
    pub fn write_json(&self, out: &mut String) {
        write_request(out, Self::METHOD, |params| {
            params.hex("pubkey", self.pubkey.as_bytes());
        });
    }

    pub(crate) fn from_params(params: &Params<'_>, network: Network) -> Result<Self, Rejection> {
        params.pubkey(network).map(Self::new)
    }
}
