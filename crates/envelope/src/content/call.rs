//! Signalling of calls over WebRTC (spec 05 §11.1).

use alloc::string::ToString;

use super::Content;
use crate::proto;

pub use crate::proto::CallType;

/// A step of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a>(pub(super) &'a proto::CallMessage);

/// A way to reach a peer.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct IceCandidate<'a> {
    /// The candidate.
    pub sdp: &'a str,
    /// Number of the media line that it belongs to.
    pub m_line_index: u32,
    /// Name of the media line that it belongs to.
    pub mid: &'a str,
}

redacted!(IceCandidate<'_>);

impl<'a> IceCandidate<'a> {
    /// A candidate for a media line.
    #[must_use]
    pub const fn new(sdp: &'a str, m_line_index: u32, mid: &'a str) -> Self {
        Self {
            sdp,
            m_line_index,
            mid,
        }
    }
}

impl<'a> Call<'a> {
    /// Which step it is.
    #[must_use]
    pub fn kind(self) -> CallType {
        self.0.kind()
    }

    /// Names the call.
    #[must_use]
    pub fn uuid(self) -> &'a str {
        self.0.uuid()
    }

    /// Session descriptions: of an offer or an answer the first one counts.
    #[must_use]
    pub fn sdps(self) -> impl ExactSizeIterator<Item = &'a str> {
        self.0.sdps.iter().map(|sdp| &**sdp)
    }

    /// The candidates of [`CallType::IceCandidates`]. Those that lack index or name are left out.
    pub fn ice_candidates(self) -> impl Iterator<Item = IceCandidate<'a>> {
        let lines = self.0.sdp_m_line_indexes.iter().zip(&self.0.sdp_mids);
        let candidates = self.0.sdps.iter().zip(lines);
        candidates.map(|(sdp, (index, mid))| IceCandidate::new(sdp, *index, mid))
    }
}

impl Content {
    /// A step of the call `uuid`: offers and answers have a session description, the other steps
    /// have none. For candidates see [`ice_candidates`](Self::ice_candidates).
    #[must_use]
    pub fn call(uuid: &str, kind: CallType, sdp: Option<&str>) -> Self {
        Self::of_call(proto::CallMessage {
            kind: Some(kind.into()),
            sdps: sdp.into_iter().map(ToString::to_string).collect(),
            uuid: Some(uuid.to_string()),
            ..Default::default()
        })
    }

    /// Ways to reach the sender, for the call `uuid`.
    #[must_use]
    pub fn ice_candidates(uuid: &str, candidates: &[IceCandidate<'_>]) -> Self {
        let each = candidates.iter();
        Self::of_call(proto::CallMessage {
            kind: Some(CallType::IceCandidates.into()),
            sdps: each.clone().map(|each| each.sdp.to_string()).collect(),
            sdp_m_line_indexes: each.clone().map(|each| each.m_line_index).collect(),
            sdp_mids: each.map(|each| each.mid.to_string()).collect(),
            uuid: Some(uuid.to_string()),
        })
    }

    fn of_call(call: proto::CallMessage) -> Self {
        Self::made(proto::Content {
            call_message: Some(call),
            ..Default::default()
        })
    }
}
