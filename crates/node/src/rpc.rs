//! The storage RPC: what becomes of a client's request (spec 04 §6).

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use session_core::{NetworkId, Now};
use session_crypto::rand_core::CryptoRng;
use session_storage::{
    Body, Context, DaemonReply, DaemonRequest, ExpiriesReply, Form, GetExpiries, GetRevoked,
    InfoReply, NetworkState, Rejection, Request, Retrieve, RetrieveLimits, RetrieveReply,
    RevokedReply, Signed, framing, parse_json, status,
};
use session_swarm::active_nodes_bin;

use crate::message::{DaemonFailure, DaemonQuestion, Output};
use crate::pending::{Asker, Origin, Pending};
use crate::{MessageStore, Node, RequestId, Ticket};

/// A status code and a body.
pub(crate) type Answered = (u16, Body);

impl<S: MessageStore> Node<S> {
    /// Takes the body of a client's `POST /storage_rpc/v1` (spec 04 §2.1).
    pub fn handle_storage_rpc<R: CryptoRng + ?Sized>(
        &mut self,
        body: &[u8],
        now: Now,
        rng: &mut R,
    ) -> Ticket {
        let ticket = self.ticket();
        if self.own_swarm().is_some() {
            self.rpc(Origin::Direct(ticket), body, now, rng);
        } else {
            self.answer_not_ready(ticket);
        }
        ticket
    }

    /// Takes a request that came over OMQ or QUIC: the name of the method and its parameters,
    /// JSON or bt, in which the answer will be, too (spec 04 §2.2, §2.3).
    pub fn handle_storage_method<R: CryptoRng + ?Sized>(
        &mut self,
        method: &str,
        params: &[u8],
        now: Now,
        rng: &mut R,
    ) -> Ticket {
        let ticket = self.ticket();
        if self.own_swarm().is_none() {
            self.answer_not_ready(ticket);
            return ticket;
        }
        let asker = Asker::Client(Origin::Direct(ticket));
        match framing::parse_quic(method, params, self.config.network) {
            Ok((request, form)) => self.run(request, asker, form, now, rng),
            Err(rejection) => self.finish(asker, refusal(&rejection), now, rng),
        }
        ticket
    }

    pub(crate) fn rpc<R: CryptoRng + ?Sized>(
        &mut self,
        origin: Origin,
        body: &[u8],
        now: Now,
        rng: &mut R,
    ) {
        let asker = Asker::Client(origin);
        match parse_json(body, self.config.network) {
            Ok(request) => self.run(request, asker, Form::Json, now, rng),
            Err(rejection) => self.finish(asker, refusal(&rejection), now, rng),
        }
    }

    /// Carries a request out, and gives the result to the asker: now, or when others have
    /// answered.
    pub(crate) fn run<R: CryptoRng + ?Sized>(
        &mut self,
        request: Request<'_>,
        asker: Asker,
        form: Form,
        now: Now,
        rng: &mut R,
    ) {
        let answer = match request {
            Request::Store(request) => return self.change(request, asker, form, now, rng),
            Request::Delete(request) => return self.change(request, asker, form, now, rng),
            Request::DeleteAll(request) => return self.change(request, asker, form, now, rng),
            Request::DeleteBefore(request) => return self.change(request, asker, form, now, rng),
            Request::Expire(request) => return self.change(request, asker, form, now, rng),
            Request::ExpireAll(request) => return self.change(request, asker, form, now, rng),
            Request::Revoke(request) => return self.change(request, asker, form, now, rng),
            Request::Unrevoke(request) => return self.change(request, asker, form, now, rng),
            Request::Batch(batch) => return self.batch(batch, asker, form, now, rng),
            Request::IfElse(request) => return self.if_else(request, asker, form, now, rng),
            Request::Daemon(request) => return self.ask_daemon(&request, asker, form, now, rng),
            Request::Retrieve(request) => self.retrieve(request, form, now),
            Request::GetExpiries(request) => self.expiries(request, form, now),
            Request::GetRevoked(request) => self.revoked(request, form, now),
            Request::GetSwarm(request) => (status::OK, self.swarm_body(&request.pubkey, form, now)),
            Request::Info(_) => {
                let info = InfoReply::write(form, self.config.version, &self.state(now));
                (status::OK, info)
            }
            Request::ActiveNodes(_) => {
                let list = active_nodes_bin(self.pool.nodes());
                (status::OK, Body::Raw(list))
            }
            _ => failed(),
        };
        self.finish(asker, answer, now, rng);
    }

    /// Gives a result to whoever asked.
    pub(crate) fn finish<R: CryptoRng + ?Sized>(
        &mut self,
        asker: Asker,
        answer: Answered,
        now: Now,
        rng: &mut R,
    ) {
        self.finished.push_back((asker, answer));
        // What ends because something else has ended is finished by the loop that finishes that:
        // else a sequence of parts would go deeper and deeper.
        if self.finishing {
            return;
        }
        self.finishing = true;
        while let Some((asker, (status, body))) = self.finished.pop_front() {
            match asker {
                Asker::Client(origin) => self.respond(&origin, status, body, rng),
                Asker::Whole { composite, part } => {
                    self.part_done(composite, part, (status, body), now, rng);
                }
            }
        }
        self.finishing = false;
    }

    /// A refusal; in the wrong swarm it names the right one (spec 03 §7.2).
    pub(crate) fn rejected(
        &self,
        rejection: &Rejection,
        account: &NetworkId,
        form: Form,
        now: Now,
    ) -> Answered {
        match rejection {
            Rejection::WrongSwarm => (rejection.status(), self.swarm_body(account, form, now)),
            _ => refusal(rejection),
        }
    }

    pub(crate) fn context(&self, account: &NetworkId, now: Now) -> Context {
        Context::new(now.unix, self.serves(account))
    }

    /// Whether this node's swarm keeps the messages of an account.
    pub(crate) fn serves(&self, account: &NetworkId) -> bool {
        let right = self.pool.swarm_of(account).map(|swarm| swarm.id());
        let own = self.own_swarm().map(|swarm| swarm.id());
        own.is_some() && own == right
    }

    fn retrieve(&self, request: Retrieve, form: Form, now: Now) -> Answered {
        let account = request.pubkey;
        let context = self.context(&account, now);
        let request = match request.authorize(&context, |token| self.is_revoked(&account, token)) {
            Ok(request) => request,
            Err(rejection) => return self.rejected(&rejection, &account, form, now),
        };
        let limits = RetrieveLimits::new(request.max_count, request.max_size);
        let last_hash = request.last_hash.as_ref();
        match self
            .store
            .retrieve(&account, request.namespace, last_hash, &limits)
        {
            Ok(page) => {
                let state = self.state(now);
                let body = RetrieveReply::write(form, &page.messages, page.more, &state);
                (status::OK, body)
            }
            Err(_) => failed(),
        }
    }

    fn expiries(&self, request: Signed<GetExpiries>, form: Form, now: Now) -> Answered {
        let account = request.pubkey;
        let context = self.context(&account, now);
        let request = match request.authorize(&context, |token| self.is_revoked(&account, token)) {
            Ok(request) => request,
            Err(rejection) => return self.rejected(&rejection, &account, form, now),
        };
        let hashes: Vec<_> = request.messages().collect();
        match self.store.expiries(&account, &hashes) {
            Ok(expiries) => (status::OK, ExpiriesReply::write(form, &expiries)),
            Err(_) => failed(),
        }
    }

    fn revoked(&self, request: Signed<GetRevoked>, form: Form, now: Now) -> Answered {
        let account = request.pubkey;
        let context = self.context(&account, now);
        if let Err(rejection) = request.authorize(&context, |_| false) {
            return self.rejected(&rejection, &account, form, now);
        }
        match self.store.revoked(&account) {
            Ok(tokens) => {
                let body = RevokedReply::write(form, &tokens, &self.state(now));
                (status::OK, body)
            }
            Err(_) => failed(),
        }
    }

    /// Whether a subaccount is locked out; also when the store cannot say.
    pub(crate) fn is_revoked(&self, account: &NetworkId, token: &session_storage::Token) -> bool {
        self.store.is_revoked(account, token).unwrap_or(true)
    }

    /// Passes a question on to the daemon.
    fn ask_daemon<R: CryptoRng + ?Sized>(
        &mut self,
        request: &DaemonRequest<'_>,
        asker: Asker,
        form: Form,
        now: Now,
        rng: &mut R,
    ) {
        if self.is_busy() {
            return self.finish(asker, busy(), now, rng);
        }
        let id = RequestId(self.fresh_id());
        let deadline = now.monotonic.saturating_add(self.config.daemon_timeout);
        self.pending
            .insert(id, deadline, Pending::Daemon { asker, form });
        self.outputs.push_back(Output::Daemon(DaemonQuestion {
            id,
            endpoint: request.endpoint,
            params: request.params().map(ToOwned::to_owned),
        }));
    }

    /// Takes what the daemon has answered to a [`DaemonQuestion`], which should be JSON. Unknown
    /// and late ids are ignored.
    pub fn handle_daemon_reply<R: CryptoRng + ?Sized>(
        &mut self,
        id: RequestId,
        reply: Result<&str, DaemonFailure>,
        now: Now,
        rng: &mut R,
    ) {
        // A number of another request is not taken from it.
        let Some((asker, form)) = self.pending.remove_daemon(id) else {
            return;
        };
        let text = |status, text: &str| (status, Body::Text(text.to_owned()));
        let answer = match reply {
            Ok(json) => match DaemonReply::write(form, json, &self.state(now)) {
                Ok(body) => (status::OK, body),
                Err(_) => text(status::BAD_GATEWAY, "oxend returned unparsable data"),
            },
            Err(DaemonFailure::Refused(reason)) => text(status::BAD_REQUEST, &reason),
            Err(DaemonFailure::NoAnswer) => daemon_silent(),
        };
        self.finish(asker, answer, now, rng);
    }

    /// What conditional requests are about.
    pub(crate) const fn network_state(&self) -> NetworkState {
        NetworkState {
            hard_fork: self.config.hard_fork,
            version: self.config.version,
            height: self.height,
        }
    }
}

/// A refusal by its text.
fn refusal(rejection: &Rejection) -> Answered {
    (rejection.status(), Body::Text(rejection.to_string()))
}

/// The store has failed.
pub(crate) fn failed() -> Answered {
    let text = String::from("request failed");
    (status::SERVER_ERROR, Body::Text(text))
}

/// Too much is under way.
pub(crate) fn busy() -> Answered {
    let text = String::from("Service node is busy");
    (status::UNAVAILABLE, Body::Text(text))
}

/// The daemon has not answered.
pub(crate) fn daemon_silent() -> Answered {
    let text = String::from("oxend did not answer");
    (status::GATEWAY_TIMEOUT, Body::Text(text))
}
