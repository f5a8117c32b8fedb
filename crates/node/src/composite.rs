//! Batches, sequences and conditional requests (spec 04 §6.12 to §6.14).

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use session_core::Now;
use session_crypto::rand_core::CryptoRng;
use session_storage::{
    Batch, BatchReply, Body, Form, IfElse, IfElseReply, MAX_BODY_LEN, Order, Request, status,
};

use crate::pending::{Asker, Composite, Parts};
use crate::rpc::Answered;
use crate::{MessageStore, Node};

/// Most bytes of all results together: what is written around them, and the base64 of an onion
/// request's answer, come on top (spec 04 §1).
const MAX_RESULTS_LEN: usize = MAX_BODY_LEN / 4 * 3;

impl<S: MessageStore> Node<S> {
    /// Carries out the parts of a batch: all at once, or one after another.
    pub(crate) fn batch<R: CryptoRng + ?Sized>(
        &mut self,
        batch: Batch<'_>,
        asker: Asker,
        form: Form,
        now: Now,
        rng: &mut R,
    ) {
        let order = batch.order();
        let requests = batch.into_requests();
        let composite = self.fresh_id();
        let whole = |results, rest| Composite {
            asker,
            form,
            parts: Parts::Several {
                order,
                results,
                rest,
            },
        };
        match order {
            Order::Any => {
                let results = requests.iter().map(|_| None).collect();
                let whole = whole(results, VecDeque::new());
                self.pending.composites.insert(composite, whole);
                for (part, request) in requests.into_iter().enumerate() {
                    self.run_part(request, composite, part, form, now, rng);
                }
            }
            Order::Sequence => {
                let mut requests = requests.into_iter();
                let first = requests.next();
                let rest = requests.map(Request::into_owned).collect();
                let whole = whole(alloc::vec![None], rest);
                self.pending.composites.insert(composite, whole);
                if let Some(first) = first {
                    self.run_part(first, composite, 0, form, now, rng);
                }
            }
        }
    }

    /// Carries out the branch of a conditional request that its condition selects.
    pub(crate) fn if_else<R: CryptoRng + ?Sized>(
        &mut self,
        request: IfElse<'_>,
        asker: Asker,
        form: Form,
        now: Now,
        rng: &mut R,
    ) {
        let state = self.network_state();
        let condition = request.condition().holds(&state);
        let Some(branch) = request.into_branch(condition) else {
            let body = IfElseReply::write(form, condition, &state, None);
            return self.finish(asker, (status::OK, body), now, rng);
        };
        let composite = self.fresh_id();
        let whole = Composite {
            asker,
            form,
            parts: Parts::Branch { condition, state },
        };
        self.pending.composites.insert(composite, whole);
        self.run_part(branch, composite, 0, form, now, rng);
    }

    fn run_part<R: CryptoRng + ?Sized>(
        &mut self,
        request: Request<'_>,
        composite: u64,
        part: usize,
        form: Form,
        now: Now,
        rng: &mut R,
    ) {
        // Parts of a bt request have base64 in their replies: spec 04 §5.2.
        let form = match form {
            Form::Json => Form::Json,
            _ => Form::BtBase64,
        };
        let asker = Asker::Whole { composite, part };
        self.run(request, asker, form, now, rng);
    }

    /// Takes the result of one part, and goes on with the next or finishes the whole.
    pub(crate) fn part_done<R: CryptoRng + ?Sized>(
        &mut self,
        id: u64,
        part: usize,
        answer: Answered,
        now: Now,
        rng: &mut R,
    ) {
        let Some(composite) = self.pending.composites.get_mut(&id) else {
            return;
        };
        let form = composite.form;
        let body = match &mut composite.parts {
            Parts::Branch { condition, state } => {
                IfElseReply::write(form, *condition, state, Some(&answer))
            }
            Parts::Several {
                order,
                results,
                rest,
            } => {
                let taken = results
                    .iter()
                    .flatten()
                    .map(|(_, body)| body.as_bytes().len())
                    .fold(answer.1.as_bytes().len(), usize::saturating_add);
                // The parts that still fit are of more use than a reply that nobody reads.
                let answer = if taken > MAX_RESULTS_LEN {
                    (status::SERVER_ERROR, Body::Text("reply too large".into()))
                } else {
                    answer
                };
                let goes_on = order.goes_on_after(answer.0);
                if let Some(result) = results.get_mut(part) {
                    *result = Some(answer);
                }
                if goes_on && let Some(next) = rest.pop_front() {
                    let part = results.len();
                    results.push(None);
                    return self.run_part(next, id, part, form, now, rng);
                }
                if results.iter().any(Option::is_none) {
                    return;
                }
                let results: Vec<_> = results.drain(..).flatten().collect();
                BatchReply::write(form, &results)
            }
        };
        if let Some(composite) = self.pending.composites.remove(&id) {
            self.finish(composite.asker, (status::OK, body), now, rng);
        }
    }
}
