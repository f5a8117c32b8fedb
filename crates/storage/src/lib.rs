#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod auth;
mod authorized;
mod clock;
mod endpoint;
mod error;
pub mod framing;
mod hash;
mod limits;
pub mod monitor;
mod namespace;
mod params;
mod parse;
mod payload;
mod rejection;
mod reply;
mod request;
pub mod status;
mod subaccount;
mod token;
mod value;
mod write;

pub use auth::{Auth, SignedAt, Signer};
pub use authorized::{Authorized, Context};
pub use clock::ClockOffset;
pub use endpoint::{Endpoint, Signable, Signed};
pub use error::Error;
pub use hash::{MessageHash, sha512_message_hash};
pub use limits::{
    MAX_BATCH, MAX_BODY_LEN, MAX_CONDITIONS, MAX_DATA_LEN, MAX_RETRIEVE_SIZE, MAX_REVOKED, MIN_TTL,
    Page, RetrieveLimits,
};
pub use namespace::{Class, Namespace};
pub use parse::{parse_bt, parse_forwarded, parse_json, parse_json_params};
pub use rejection::Rejection;
pub use reply::{
    BatchReply, Collector, Confirmation, Confirmed, DaemonReply, Deleted, Expired, ExpiriesReply,
    Failure, IfElseReply, InfoReply, Message, NewExpiry, NodeState, Outcome, Recursive, ReplyBody,
    RetrieveReply, Revoked, RevokedReply, Stored, SubReply, SwarmReply, Touched, Unrevoked,
    Updated, Verdict, peer_answer,
};
pub use request::{
    ActiveNodes, Batch, Condition, DaemonEndpoint, DaemonRequest, Delete, DeleteAll, DeleteBefore,
    Expire, ExpireAll, ExpiryMode, GetExpiries, GetRevoked, GetSwarm, IfElse, Info, NetworkState,
    Order, Request, Retrieve, Revoke, Store, Unrevoke,
};
pub use subaccount::{AccessDenied, MemberAuth, SubaccountKey};
pub use token::{Access, Subaccount, Token};
pub use write::{Body, Form};

// What the API names.
pub use session_core;
pub use session_crypto;
