#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod auth;
mod authorized;
mod error;
mod hash;
mod json;
mod limits;
mod namespace;
mod params;
mod parse;
mod rejection;
mod reply;
mod request;
pub mod status;
mod subaccount;
mod token;
mod value;

pub use auth::{Auth, Signed};
pub use authorized::{Authorized, Context};
pub use error::Error;
pub use hash::MessageHash;
pub use limits::{MAX_BODY_LEN, MAX_DATA_LEN, MAX_RETRIEVE_SIZE, MIN_TTL, Page, RetrieveLimits};
pub use namespace::{Class, Namespace};
pub use parse::{parse_bt, parse_forwarded, parse_json};
pub use rejection::Rejection;
pub use reply::{
    Failure, InfoReply, Message, NodeState, RetrieveReply, StoreItem, StoreOutcome, StoreReply,
    Verdict, write_store_reply,
};
pub use request::{GetSwarm, Info, Request, Retrieve, Store};
pub use subaccount::{AccessDenied, MemberAuth, SubaccountKey};
pub use token::{Access, Subaccount, Token};

// What the API names.
pub use session_core;
pub use session_crypto;
