//! Recursive replies, put together by the node that a client asked (spec 04 §7.2).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use session_core::{UnixMillis, hex};

use super::confirmation::{read_outcome, sealed, write_outcome};
use super::{Confirmation, Failure, NodeState, Outcome, Recursive};
use crate::value::Value;
use crate::{Body, Form, MessageHash, status};

/// Collects what the members of a swarm say, until all have spoken.
#[derive(Clone)]
pub struct Collector {
    form: Form,
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
    hash: Option<MessageHash>,
}

impl Item {
    fn new<T: Confirmation>(outcome: &Outcome<T>, at: Option<UnixMillis>, form: Form) -> Self {
        let done = outcome.as_ref().ok().map(|item| &item.done);
        Self {
            body: Body::object(form, |out| write_outcome(outcome, at, out)),
            done: done.is_some(),
            empty: done.is_none_or(sealed::Done::is_empty),
            hash: done.and_then(sealed::Done::hash),
        }
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
            required: request.is_required(),
            read_peer: |dict, form| {
                let outcome = read_outcome::<R::Done>(Value::Bt(dict))
                    .unwrap_or_else(|| Err(Failure::bad_peer_response()));
                Item::new(&outcome, None, form)
            },
            items: Vec::new(),
        }
    }

    /// Adds what this node itself, with this Ed25519 key, has done at this time.
    pub fn add_own<T: Confirmation>(
        &mut self,
        node: [u8; 32],
        outcome: &Outcome<T>,
        at: UnixMillis,
    ) {
        let item = Item::new(outcome, Some(at), self.form);
        self.items.push((node, item));
    }

    /// Adds the bt dict that a member has answered. The signature in it is for the client to
    /// verify.
    pub fn add_peer(&mut self, node: [u8; 32], answer: &[u8]) {
        let item = (self.read_peer)(answer, self.form);
        self.items.push((node, item));
    }

    /// Adds a member that has not done it.
    pub fn add_failure(&mut self, node: [u8; 32], failure: &Failure) {
        let item = Item {
            body: Body::object(self.form, |out| failure.write(out)),
            done: false,
            empty: true,
            hash: None,
        };
        self.items.push((node, item));
    }

    /// The status code and body of the reply: 500 when every member failed, 404 when a deletion
    /// was required and nothing was deleted.
    #[must_use]
    pub fn finish(mut self, state: &NodeState) -> (u16, Body) {
        self.items.sort_unstable_by_key(|(node, _)| *node);
        let body = Body::object(self.form, |out| {
            if let Some(hash) = self.items.iter().find_map(|(_, item)| item.hash) {
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
        let status = if !self.items.iter().any(|(_, item)| item.done) {
            status::SERVER_ERROR
        } else if self.required && self.items.iter().all(|(_, item)| item.empty) {
            status::NOT_FOUND
        } else {
            status::OK
        };
        (status, body)
    }
}
