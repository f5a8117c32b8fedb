//! `get_swarm` (spec 04 §6.16).

use session_core::{Network, NetworkId};

use crate::Rejection;
use crate::endpoint::{Endpoint, sealed};
use crate::params::Params;
use crate::write::ObjectWriter;

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

    pub(crate) fn from_params(params: &Params<'_>, network: Network) -> Result<Self, Rejection> {
        params.pubkey_or_alias(network).map(Self::new)
    }
}

impl sealed::Fields for GetSwarm {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        out.hex("pubkey", self.pubkey.as_bytes());
    }
}

impl Endpoint for GetSwarm {
    fn method(&self) -> &'static str {
        Self::METHOD
    }
}
