//! Onion requests: one layer off, then on to the next node or into the storage RPC, and the answer
//! sealed for who asked (spec 02 §5 and §6).

use alloc::string::ToString;
use alloc::vec::Vec;

use session_core::Now;
use session_crypto::rand_core::CryptoRng;
use session_onion::{
    Action, Error as OnionError, Layer, MAX_REQUEST_LEN, Refusal, ReplyBody, peel,
};
use session_storage::{Body, status};
use session_swarm::NodeKey;

use crate::pending::{Origin, Pending};
use crate::{MessageStore, Node, PeerRequest, Ticket};

impl<S: MessageStore> Node<S> {
    /// Takes the body of a client's `POST /onion_req/v2` (spec 02 §5.1).
    pub fn handle_onion<R: CryptoRng + ?Sized>(
        &mut self,
        mut body: Vec<u8>,
        now: Now,
        rng: &mut R,
    ) -> Ticket {
        let ticket = self.ticket();
        let (len, max) = (body.len(), MAX_REQUEST_LEN);
        if len > max {
            let error = OnionError::TooLong { len, max };
            self.refuse(ticket, Refusal::of_request(&error));
        } else if self.own_swarm().is_none() {
            self.refuse(ticket, Refusal::entry_not_ready("not in a swarm"));
        } else {
            match Layer::parse_outer(&mut body) {
                Ok(layer) => self.peel(ticket, layer, now, rng),
                Err(error) => self.refuse(ticket, Refusal::of_request(&error)),
            }
        }
        ticket
    }

    pub(crate) fn peel<R: CryptoRng + ?Sized>(
        &mut self,
        ticket: Ticket,
        layer: Layer<'_>,
        now: Now,
        rng: &mut R,
    ) {
        let peeled = match peel(&self.x25519, layer) {
            Ok(peeled) => peeled,
            Err(_) => return self.refuse(ticket, Refusal::of_layer()),
        };
        let mut origin = Origin::Onion {
            ticket,
            sealer: peeled.reply,
            format: Default::default(),
        };
        match peeled.action {
            Action::Relay(relay) => {
                let next = NodeKey::from(relay.next);
                if self.pool.get(&next).is_none() {
                    return self.refuse(ticket, Refusal::next_node_not_found(&relay.next));
                }
                let request = PeerRequest::Onion(relay.encode());
                let deadline = now.monotonic.saturating_add(self.config.relay_timeout);
                if !self.transmit(next, request, deadline, Pending::Relay { ticket, next }) {
                    self.refuse(ticket, Refusal::busy());
                }
            }
            Action::Final(request) => {
                if let Origin::Onion { format, .. } = &mut origin {
                    *format = request.options;
                }
                self.rpc(origin, request.payload, now, rng);
            }
            Action::Proxy(proxy) => match proxy.target.url() {
                Ok(_) => {
                    let text = "this node does not proxy to servers";
                    self.answer(ticket, status::BAD_GATEWAY, text);
                }
                Err(error) => {
                    let text = error.to_string();
                    self.respond(&origin, status::BAD_REQUEST, Body::Text(text), rng);
                }
            },
            _ => {
                let text = Body::Text("Invalid json".to_string());
                self.respond(&origin, status::BAD_REQUEST, text, rng);
            }
        }
    }

    /// Answers in the form that the origin needs.
    pub(crate) fn respond<R: CryptoRng + ?Sized>(
        &mut self,
        origin: &Origin,
        status: u16,
        body: Body,
        rng: &mut R,
    ) {
        match origin {
            Origin::Direct(ticket) => self.answer(*ticket, status, body.into_bytes()),
            Origin::Onion {
                ticket,
                sealer,
                format,
            } => {
                let base64;
                let body = match &body {
                    Body::Json(json) => ReplyBody::Json(json),
                    Body::Text(text) => ReplyBody::Text(text),
                    Body::Raw(bytes) | Body::Bt(bytes) => {
                        base64 = session_core::base64::encode(bytes);
                        ReplyBody::Text(&base64)
                    }
                    _ => ReplyBody::Text("request failed"),
                };
                match sealer.seal(status, body, *format, rng) {
                    Ok(sealed) => self.answer(*ticket, status::OK, sealed),
                    Err(error) => self.answer(*ticket, status::SERVER_ERROR, error.to_string()),
                }
            }
        }
    }
}
