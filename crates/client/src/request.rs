//! Things under way: what is wanted, how often it was tried, and what is in the air for it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use session_core::{NetworkId, UnixMillis};
use session_onion::ReplyKey;
use session_path::PathId;
use session_storage::{MessageHash, Store};
use session_swarm::NodeKey;

use crate::MessageRef;

/// What a request is for.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// Store a message for somebody.
    Send {
        message: MessageRef,
        /// The storage request, but for its time the same for every attempt.
        store: Box<Store<'static>>,
        hash: MessageHash,
    },
    /// Look into the account's own mailbox.
    Poll,
    /// Ask a node what the time is.
    AskTime,
}

/// A task with its history.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) task: Task,
    /// The account whose swarm is asked.
    pub(crate) account: NetworkId,
    pub(crate) attempts: u32,
    /// Members that failed.
    pub(crate) tried: Vec<NodeKey>,
    pub(crate) redirected: bool,
    /// Whether a member did not like its time.
    pub(crate) clock_refused: bool,
    /// Nodes that a refusing member named, for the next attempt only.
    pub(crate) elsewhere: Vec<NodeKey>,
    /// A member to ask first.
    pub(crate) preferred: Option<NodeKey>,
    /// When to try next.
    pub(crate) not_before: Duration,
}

impl Job {
    pub(crate) const fn new(task: Task, account: NetworkId) -> Self {
        Self {
            task,
            account,
            attempts: 0,
            tried: Vec::new(),
            redirected: false,
            clock_refused: false,
            elsewhere: Vec::new(),
            preferred: None,
            not_before: Duration::ZERO,
        }
    }
}

/// A request in the air.
#[derive(Debug)]
pub(crate) enum InFlight {
    /// The node list, from a seed.
    NodeList,
    /// An onion request.
    Onion(Box<OnionRequest>),
}

/// What is needed to judge the answer to an onion request.
#[derive(Debug)]
pub(crate) struct OnionRequest {
    pub(crate) job: Job,
    pub(crate) member: NodeKey,
    pub(crate) path: PathId,
    pub(crate) path_keys: Vec<NodeKey>,
    pub(crate) reply_key: ReplyKey,
    /// When it was sent, by the caller's wall clock.
    pub(crate) sent: UnixMillis,
}
