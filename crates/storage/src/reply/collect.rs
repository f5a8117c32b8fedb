//! Recursive replies, put together by the node that a client asked (spec 04 §7.2).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use session_core::{UnixMillis, hex};

use super::confirmation::{read_outcome, sealed, write_outcome};
use super::{Confirmation, Failure, NodeState, Outcome, Recursive};
use crate::value::Value;
use crate::{Body, Form, MAX_BODY_LEN, MessageHash, status};

/// More than what a reply holds besides its items, and more than what goes with each of them.
const OVERHEAD: usize = 256;

/// Collects what the members of a swarm say, until all have spoken.
#[derive(Clone)]
pub struct Collector {
    form: Form,
    /// What the reply names when a member has stored it.
    message: Option<MessageHash>,
    required: bool,
    read_peer: fn(&[u8], Form) -> Item,
    items: Vec<([u8; 32], Item)>,
}

/// What one member says, in the form of the reply.
#[derive(Clone, Debug)]
struct Item {
    body: Body,
    done: bool,
    /// Whether the member has done nothing, because there was nothing to do.
    empty: bool,
    is_peer: bool,
}

impl Item {
    fn new<T: Confirmation>(outcome: &Outcome<T>, at: Option<UnixMillis>, form: Form) -> Self {
        let done = outcome.as_ref().ok().map(|item| &item.done);
        Self {
            body: Body::object(form, |out| write_outcome(outcome, at, out)),
            done: done.is_some(),
            empty: done.is_none_or(sealed::Done::is_empty),
            is_peer: at.is_none(),
        }
    }

    fn failed(failure: &Failure, form: Form) -> Self {
        Self {
            body: Body::object(form, |out| failure.write(out)),
            done: false,
            empty: true,
            is_peer: true,
        }
    }

    /// What it adds to the length of the reply.
    fn len(&self) -> usize {
        self.body.as_bytes().len().saturating_add(OVERHEAD)
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector")
            .field("form", &self.form)
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}

impl Collector {
    /// Collects answers to this request, for a client that wants them in this form.
    #[must_use]
    pub fn new<R: Recursive>(request: &R, form: Form) -> Self {
        Self {
            form,
            message: request.message(),
            required: request.is_required(),
            read_peer: |dict, form| {
                let outcome = read_outcome::<R::Done>(Value::Bt(dict))
                    .unwrap_or_else(|| Err(Failure::bad_peer_response()));
                Item::new(&outcome, None, form)
            },
            items: Vec::new(),
        }
    }

    /// Adds what this node itself, with this Ed25519 key, has done about the request at this time.
    pub fn add_own<T: Confirmation>(
        &mut self,
        node: [u8; 32],
        outcome: &Outcome<T>,
        at: UnixMillis,
    ) {
        let item = Item::new(outcome, Some(at), self.form);
        self.add(node, item);
    }

    /// Adds the bt dict that a member has answered. The signature in it is for the client to
    /// verify.
    pub fn add_peer(&mut self, node: [u8; 32], answer: &[u8]) {
        let item = (self.read_peer)(answer, self.form);
        self.add(node, item);
    }

    /// Adds a member that has not done it.
    pub fn add_failure(&mut self, node: [u8; 32], failure: &Failure) {
        self.add(node, Item::failed(failure, self.form));
    }

    /// What a node says last counts.
    fn add(&mut self, node: [u8; 32], item: Item) {
        self.items.retain(|(other, _)| *other != node);
        self.items.push((node, item));
    }

    /// Leaves out the longest answers of other members until the reply is short enough to be
    /// read: one member must not spoil the reply of the whole swarm.
    fn shorten(&mut self) {
        let lengths = self.items.iter().map(|(_, item)| item.len());
        let mut len = lengths.fold(OVERHEAD, usize::saturating_add);
        while len > MAX_BODY_LEN {
            let peers = self.items.iter_mut().map(|(_, item)| item);
            let longest = peers
                .filter(|item| item.is_peer)
                .max_by_key(|item| item.len());
            let failed = Item::failed(&Failure::bad_peer_response(), self.form);
            match longest {
                Some(item) if item.len() > failed.len() => {
                    len = len.saturating_sub(item.len()).saturating_add(failed.len());
                    *item = failed;
                }
                _ => break,
            }
        }
    }

    /// The status code and body of the reply: 500 when every member failed, 404 when a deletion
    /// was required and nothing was deleted. Of a reply over [`MAX_BODY_LEN`] the longest answers
    /// of other members become failures.
    #[must_use]
    pub fn finish(mut self, state: &NodeState) -> (u16, Body) {
        self.items.sort_unstable_by_key(|(node, _)| *node);
        self.shorten();
        let any_done = self.items.iter().any(|(_, item)| item.done);
        let body = Body::object(self.form, |out| {
            if let Some(hash) = self.message.filter(|_| any_done) {
                out.text("hash", hash.as_str());
            }
            state.write_hf(out);
            out.object("swarm", |out| {
                let mut key = String::new();
                for (node, item) in &self.items {
                    key.clear();
                    hex::encode_append(node, &mut key);
                    out.body(&key, &item.body);
                }
            });
            state.write_t(out);
        });
        let status = if !any_done {
            status::SERVER_ERROR
        } else if self.required && self.items.iter().all(|(_, item)| item.empty) {
            status::NOT_FOUND
        } else {
            status::OK
        };
        (status, body)
    }
}
