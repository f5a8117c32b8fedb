//! The storage RPC: what a request becomes in this node and in its swarm (spec 04 §6, spec 03
//! §11).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use session_core::{NetworkId, Now};
use session_crypto::rand_core::CryptoRng;
use session_onion::ReplyBody;
use session_storage::{
    Authorized, Context, Failure, InfoReply, Rejection, Request, Retrieve, RetrieveReply, Store,
    StoreItem, StoreOutcome, parse_forwarded, parse_json, status, write_store_reply,
};
use session_swarm::{NodeKey, SwarmId, members_json};

use crate::pending::{Origin, Pending, SwarmStore};
use crate::{MessageStore, Node, PeerReply, PeerRequest, Ticket, TransportFailure};

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

    pub(crate) fn rpc<R: CryptoRng + ?Sized>(
        &mut self,
        origin: Origin,
        body: &[u8],
        now: Now,
        rng: &mut R,
    ) {
        let request = match parse_json(body, self.config.network) {
            Ok(request) => request,
            Err(rejection) => return self.reject(&origin, &rejection, None, now, rng),
        };
        let mut json = String::new();
        match request {
            Request::Info(_) => {
                InfoReply::write_json(&mut json, self.config.version, &self.state(now));
            }
            Request::GetSwarm(request) => json = self.swarm_json(&request.pubkey, now),
            Request::Retrieve(request) => {
                let account = request.pubkey;
                match request.authorize(&self.context(&account, now)) {
                    Ok(request) => match self.retrieve_json(&request, now) {
                        Some(page) => json = page,
                        None => {
                            let text = ReplyBody::Text("request failed");
                            return self.respond(&origin, status::SERVER_ERROR, text, rng);
                        }
                    },
                    Err(rejection) => {
                        return self.reject(&origin, &rejection, Some(account), now, rng);
                    }
                }
            }
            Request::Store(request) => {
                let account = request.pubkey;
                return match request.authorize(&self.context(&account, now)) {
                    Ok(request) => self.store_in_swarm(origin, &request, now, rng),
                    Err(rejection) => self.reject(&origin, &rejection, Some(account), now, rng),
                };
            }
            _ => {
                let text = ReplyBody::Text("request failed");
                return self.respond(&origin, status::SERVER_ERROR, text, rng);
            }
        }
        self.respond(&origin, status::OK, ReplyBody::Json(&json), rng);
    }

    fn retrieve_json(&self, request: &Authorized<Retrieve>, now: Now) -> Option<String> {
        let page = self.store.retrieve(request).ok()?;
        let mut json = String::new();
        RetrieveReply::write_json(&mut json, &page.messages, page.more, &self.state(now));
        Some(json)
    }

    /// Refuses; in the wrong swarm by naming the right one (spec 03 §7.2).
    fn reject<R: CryptoRng + ?Sized>(
        &mut self,
        origin: &Origin,
        rejection: &Rejection,
        account: Option<NetworkId>,
        now: Now,
        rng: &mut R,
    ) {
        match (rejection, account) {
            (Rejection::WrongSwarm, Some(account)) => {
                let json = self.swarm_json(&account, now);
                self.respond(origin, rejection.status(), ReplyBody::Json(&json), rng);
            }
            _ => {
                let text = rejection.to_string();
                self.respond(origin, rejection.status(), ReplyBody::Text(&text), rng);
            }
        }
    }

    fn context(&self, account: &NetworkId, now: Now) -> Context {
        let right = self.pool.swarm_of(account).map(|swarm| swarm.id());
        let own = self.own_swarm().map(|swarm| swarm.id());
        Context::new(now.unix, own.is_some() && own == right)
    }

    fn swarm_json(&self, account: &NetworkId, now: Now) -> String {
        let swarm = self.pool.swarm_of(account);
        members_json(
            swarm.map_or(SwarmId::INVALID, |swarm| swarm.id()),
            swarm.map(|swarm| swarm.members()).unwrap_or_default(),
            now.unix,
            self.config.hard_fork,
        )
    }

    /// Stores here, asks the other members to store too, and answers when all have spoken.
    fn store_in_swarm<R: CryptoRng + ?Sized>(
        &mut self,
        origin: Origin,
        request: &Authorized<Store<'_>>,
        now: Now,
        rng: &mut R,
    ) {
        let own = self.own_key();
        let others: Vec<NodeKey> = self
            .own_swarm()
            .map(|swarm| swarm.members())
            .unwrap_or_default()
            .iter()
            .map(|member| member.key)
            .filter(|member| *member != own)
            .collect();
        let store = self.fresh_id();
        let mut swarm_store = SwarmStore {
            origin,
            outcomes: alloc::vec![(*own.as_bytes(), self.store_here(request))],
            missing: 0,
        };
        let mut params = Vec::new();
        request.write_bt(&mut params);
        let deadline = now.monotonic.saturating_add(self.config.forward_timeout);
        for member in others {
            let request = PeerRequest::Forward {
                method: Store::METHOD.to_string(),
                params: params.clone(),
            };
            if self.transmit(member, request, deadline, Pending::Copy { store, member }) {
                swarm_store.missing = swarm_store.missing.saturating_add(1);
            } else {
                let outcome = Err(Failure::timed_out());
                swarm_store.outcomes.push((*member.as_bytes(), outcome));
            }
        }
        if swarm_store.missing == 0 {
            self.answer_store(&swarm_store, now, rng);
        } else {
            self.pending.stores.insert(store, swarm_store);
        }
    }

    fn store_here(&mut self, request: &Authorized<Store<'_>>) -> StoreOutcome {
        let hash = request.hash();
        self.store
            .put(request, hash)
            .map(|stored| StoreItem::sign(hash, stored.expiry, stored.already, &self.key))
            .map_err(|_| Failure::query_failed())
    }

    /// Another member has stored its copy, or not.
    pub(crate) fn copy_done<R: CryptoRng + ?Sized>(
        &mut self,
        store: u64,
        member: NodeKey,
        reply: Result<PeerReply, TransportFailure>,
        now: Now,
        rng: &mut R,
    ) {
        let Some(swarm_store) = self.pending.stores.get_mut(&store) else {
            return;
        };
        let outcome = match reply {
            Ok(reply) if reply.status == status::OK => StoreItem::read_bt(&reply.body),
            Ok(reply) => Err(Failure::refused(
                reply.status,
                &String::from_utf8_lossy(&reply.body),
            )),
            Err(_) => Err(Failure::timed_out()),
        };
        swarm_store.outcomes.push((*member.as_bytes(), outcome));
        swarm_store.missing = swarm_store.missing.saturating_sub(1);
        if swarm_store.missing == 0
            && let Some(swarm_store) = self.pending.stores.remove(&store)
        {
            self.answer_store(&swarm_store, now, rng);
        }
    }

    fn answer_store<R: CryptoRng + ?Sized>(
        &mut self,
        swarm_store: &SwarmStore,
        now: Now,
        rng: &mut R,
    ) {
        let mut json = String::new();
        let own = self.own_key();
        let status = write_store_reply(
            &mut json,
            own.as_bytes(),
            &swarm_store.outcomes,
            &self.state(now),
        );
        self.respond(&swarm_store.origin, status, ReplyBody::Json(&json), rng);
    }

    /// Carries out what another member forwarded, after the same checks (spec 03 §11).
    pub(crate) fn forwarded(&mut self, method: &str, params: &[u8], now: Now) -> (u16, Vec<u8>) {
        let authorized =
            parse_forwarded(method, params, self.config.network).and_then(
                |request| match request {
                    Request::Store(request) => {
                        let context = self.context(&request.pubkey, now);
                        request.authorize(&context)
                    }
                    _ => Err(Rejection::NotForwardable),
                },
            );
        match authorized {
            Ok(request) => {
                let mut item = Vec::new();
                StoreItem::write_bt(&self.store_here(&request), &mut item);
                (status::OK, item)
            }
            Err(rejection) => (rejection.status(), rejection.to_string().into_bytes()),
        }
    }
}
