//! What a sender knows of its contacts' keys, and how it learns it (spec 06 §8, §9 "Sender").
//!
//! [`RecipientKeys`] decides for every message how to encrypt it, asks the swarms for keys, and
//! holds messages back until it can decide. The swarms are not trusted: a node can deny that a
//! contact publishes keys, or show old ones whose secret somebody has. So whatever is worse than
//! what is known needs two members of the swarm that agree, and the user is told (spec 06 R10,
//! R11).

mod choice;
mod config;
mod contact;
mod output;
mod state;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;

use session_core::{AccountId, Prefix, UnixMillis};

pub use choice::{Choice, Encryption, FetchNeed, FetchOutcome, KeyState};
pub use config::Config;
pub use output::{Event, FetchId, Fetched, Member, Output, Protocol};

use crate::{Error, newest_publication};
use contact::{Answer, Contact, Inquiry};

/// The keys of all contacts of one account, as a state machine without input and output of its own.
///
/// After every call, do what [`poll_output`](Self::poll_output) says until it says
/// [`Output::Wait`]. Messages are known by the caller's numbers; their contents stay with the
/// caller. Messages to one contact come out in the order of [`send`](Self::send).
///
/// ```
/// use session_core::{AccountId, Prefix, UnixMillis};
/// use session_pfs::RecipientKeys;
/// use session_pfs::recipients::{Config, Fetched, Output, Protocol};
///
/// let mut keys = RecipientKeys::new(Config::default());
/// let now = UnixMillis::from_secs(1_800_000_000);
/// let to = AccountId::new(Prefix::Standard, [9; 32]);
/// keys.send(1, to, now)?;
/// let Output::Fetch { id, account, avoid } = keys.poll_output(now) else { panic!() };
/// assert_eq!((account, avoid.len()), (to, 0));
///
/// // A member of the swarm answers that there is nothing.
/// keys.handle_fetched(id, [5; 32], Fetched::Messages(&[]), now);
/// let how = Protocol::V1;
/// assert_eq!(keys.poll_output(now), Output::Send { message: 1, to, how });
/// assert_eq!(keys.poll_output(now), Output::Save);
/// assert_eq!(keys.poll_output(now), Output::Wait(None));
/// # Ok::<(), session_pfs::Error>(())
/// ```
pub struct RecipientKeys {
    config: Config,
    contacts: BTreeMap<AccountId, Contact>,
    outputs: VecDeque<Output>,
    next_fetch: u64,
    /// Something has changed since the last [`Output::Save`].
    unsaved: bool,
    /// The time of the last call.
    now: UnixMillis,
}

impl fmt::Debug for RecipientKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientKeys")
            .field("contacts", &self.contacts.len())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl RecipientKeys {
    /// Knows nothing yet.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            contacts: BTreeMap::new(),
            outputs: VecDeque::new(),
            next_fetch: 0,
            unsaved: false,
            now: UnixMillis::from_millis(0),
        }
    }

    /// What is known of the keys of `account`, for display.
    #[must_use]
    pub fn state(&self, account: &AccountId, now: UnixMillis) -> KeyState {
        let contact = self.contacts.get(account);
        contact.map_or(KeyState::Unknown, |contact| contact.state(now))
    }

    /// A message is to be sent. The outcome is an [`Output::Send`], at once or when the swarm has
    /// been asked. `message` is a number of the caller's choice.
    ///
    /// # Errors
    /// [`Error::Recipient`] when `to` is no account; [`Error::Full`] when too many messages wait,
    /// or too many contacts are being asked for: poll and try again later.
    pub fn send(&mut self, message: u64, to: AccountId, now: UnixMillis) -> Result<(), Error> {
        let transition = self.config.transition;
        let (contact, outputs) = self.contact(to, now)?;
        let choice = contact.state(now).choice(None, transition);
        // None overtakes those that wait.
        let in_turn = contact.held.is_empty();
        let how = in_turn.then(|| contact.protocol(choice.encrypt));
        match how.flatten() {
            Some(how) => outputs.push_back(Output::Send { message, to, how }),
            None => contact.held.push_back(message),
        }
        if choice.fetch != FetchNeed::No {
            self.ask(to, now);
        }
        Ok(())
    }

    /// A message to `to` is likely soon, as when a conversation is opened: asks for keys unless
    /// what is known is recent.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn prefetch(&mut self, to: AccountId, now: UnixMillis) -> Result<(), Error> {
        let transition = self.config.transition;
        let (contact, _) = self.contact(to, now)?;
        if contact.state(now).choice(None, transition).fetch != FetchNeed::No {
            self.ask(to, now);
        }
        Ok(())
    }

    /// What came of an [`Output::Fetch`], and the member of the swarm that was asked. Ids that are
    /// unknown, or whose time is over, are ignored.
    ///
    /// Whatever came counts if it is signed by the contact and can be encrypted to; else it is as
    /// good as nothing. Verifies up to 16 signatures.
    pub fn handle_fetched(
        &mut self,
        id: FetchId,
        member: Member,
        fetched: Fetched<'_>,
        now: UnixMillis,
    ) {
        self.set_time(now);
        let under_way = |contact: &Contact| {
            let inquiry = contact.inquiry.as_ref();
            inquiry.is_some_and(|inquiry| inquiry.id == id)
        };
        let found = self.contacts.iter().find(|(_, it)| under_way(it));
        let Some(account) = found.map(|(account, _)| *account) else {
            return;
        };
        let answer = match fetched {
            Fetched::Failed => Answer::Failed,
            Fetched::Messages(messages) => newest_publication(&account, messages.iter().copied())
                .map_or(Answer::Absent, Answer::Keys),
        };
        self.answered(account, Some(member), answer, now);
    }

    /// Gives up requests that have waited too long, asks again for messages that wait, and forgets
    /// what is over 30 days old. Harmless at any time.
    pub fn handle_timeout(&mut self, now: UnixMillis) {
        self.set_time(now);
        let due = |contact: &Contact| contact.deadline().is_some_and(|at| at <= now);
        let due: Vec<AccountId> = self
            .contacts
            .iter()
            .filter(|(_, contact)| due(contact))
            .map(|(account, _)| *account)
            .collect();
        for account in due {
            match self.contacts.get(&account) {
                Some(contact) if contact.inquiry.is_some() => {
                    self.answered(account, None, Answer::Failed, now);
                }
                _ => self.ask(account, now),
            }
        }
        let mut pruned = false;
        self.contacts.retain(|_, contact| {
            pruned |= contact.prune(now);
            contact.is_busy() || !contact.is_blank()
        });
        self.unsaved |= pruned;
    }

    /// The next thing to do. [`Output::Wait`] is last, and can be asked for again.
    pub fn poll_output(&mut self, now: UnixMillis) -> Output {
        self.set_time(now);
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        if core::mem::take(&mut self.unsaved) {
            return Output::Save;
        }
        Output::Wait(self.contacts.values().filter_map(Contact::deadline).min())
    }

    /// The message is not to be sent any more; whether it was still here.
    pub fn cancel(&mut self, message: u64, to: &AccountId) -> bool {
        let Some(contact) = self.contacts.get_mut(to) else {
            return false;
        };
        let (held, queued) = (contact.held.len(), self.outputs.len());
        contact.held.retain(|held| *held != message);
        if contact.held.is_empty() {
            contact.retry_at = None;
        }
        self.outputs.retain(|output| {
            !matches!(output, Output::Send { message: it, to: other, .. }
                if *it == message && other == to)
        });
        (contact.held.len(), self.outputs.len()) != (held, queued)
    }

    /// Forgets what is known of a contact's keys: its conversation is deleted, or the user accepts
    /// that it has none any more. Messages that wait are decided anew, as to a contact that never
    /// had keys.
    pub fn forget(&mut self, account: &AccountId, now: UnixMillis) {
        self.set_time(now);
        let Some(contact) = self.contacts.remove(account) else {
            return;
        };
        self.unsaved |= !contact.is_blank();
        if contact.held.is_empty() {
            return;
        }
        let anew = Contact {
            held: contact.held,
            ..Contact::default()
        };
        self.contacts.insert(*account, anew);
        self.ask(*account, now);
    }

    /// How many messages wait, for keys or to be polled.
    fn waiting(&self) -> usize {
        let held = self.contacts.values().map(|contact| contact.held.len());
        held.fold(self.outputs.len(), usize::saturating_add)
    }

    /// The contact, made if need be, with what is too old gone; and the queue.
    fn contact(
        &mut self,
        account: AccountId,
        now: UnixMillis,
    ) -> Result<(&mut Contact, &mut VecDeque<Output>), Error> {
        self.set_time(now);
        account
            .require(Prefix::Standard)
            .map_err(|_| Error::Recipient)?;
        if self.waiting() >= self.config.max_waiting {
            return Err(Error::Full { what: "messages" });
        }
        if !self.contacts.contains_key(&account) {
            self.make_room(1)?;
        }
        let contact = self.contacts.entry(account).or_default();
        self.unsaved |= contact.prune(now);
        Ok((contact, &mut self.outputs))
    }

    /// Forgets contacts until there is room for so many more: first those without keys, then those
    /// whose keys were fetched first.
    fn make_room(&mut self, more: usize) -> Result<(), Error> {
        let limit = usize::from(self.config.max_contacts);
        while self.contacts.len().saturating_add(more) > limit {
            let idle = self
                .contacts
                .iter()
                .filter(|(_, contact)| !contact.is_busy());
            let fetched_at = |contact: &Contact| contact.known.as_ref().map(|it| it.fetched_at);
            let oldest = idle.min_by_key(|(_, contact)| fetched_at(contact));
            let oldest = oldest.map(|(account, _)| *account);
            let oldest = oldest.ok_or(Error::Full { what: "contacts" })?;
            self.contacts.remove(&oldest);
            self.unsaved = true;
        }
        Ok(())
    }

    /// Asks the swarm of `account`, unless that is under way.
    fn ask(&mut self, account: AccountId, now: UnixMillis) {
        let Some(contact) = self.contacts.get_mut(&account) else {
            return;
        };
        let deadline = now.saturating_add(self.config.fetch_timeout);
        let id = FetchId(self.next_fetch);
        match &mut contact.inquiry {
            Some(_) => return,
            none => *none = Some(Inquiry::new(id, deadline)),
        }
        self.next_fetch = self.next_fetch.wrapping_add(1);
        self.outputs.push_back(Output::Fetch {
            id,
            account,
            avoid: Vec::new(),
        });
    }

    fn answered(
        &mut self,
        account: AccountId,
        member: Option<Member>,
        answer: Answer,
        now: UnixMillis,
    ) {
        let Some(contact) = self.contacts.get_mut(&account) else {
            return;
        };
        self.unsaved |= !matches!(answer, Answer::Failed);
        let (outcome, event) = contact.judge(member, answer, now);
        if let Some(event) = event {
            self.outputs.push_back(Output::Event { account, event });
        }
        if let Some(outcome) = outcome {
            contact.inquiry = None;
            self.release(account, outcome, now);
        } else if let Some(inquiry) = &mut contact.inquiry {
            let id = FetchId(self.next_fetch);
            self.next_fetch = self.next_fetch.wrapping_add(1);
            inquiry.ask_another(id, now.saturating_add(self.config.fetch_timeout));
            self.outputs.push_back(Output::Fetch {
                id,
                account,
                avoid: inquiry.members(),
            });
        }
    }

    /// Sends the messages that waited for an inquiry, as its outcome demands.
    fn release(&mut self, account: AccountId, outcome: FetchOutcome, now: UnixMillis) {
        let Some(contact) = self.contacts.get_mut(&account) else {
            return;
        };
        let choice = contact
            .state(now)
            .choice(Some(outcome), self.config.transition);
        if contact.held.is_empty() {
            return;
        }
        let Some(how) = contact.protocol(choice.encrypt) else {
            return;
        };
        let mut say = |event| self.outputs.push_back(Output::Event { account, event });
        if contact.known.is_some() && !matches!(how, Protocol::V2(_)) {
            if self.config.never_below_pfs {
                if contact.retry_at.is_none() {
                    say(Event::Held);
                }
                contact.retry_at = Some(now.saturating_add(self.config.retry));
                return;
            }
            if !contact.downgraded {
                contact.downgraded = true;
                self.unsaved = true;
                say(Event::Downgraded);
            }
        }
        contact.retry_at = None;
        let to = account;
        for message in contact.held.drain(..) {
            let how = how.clone();
            self.outputs.push_back(Output::Send { message, to, how });
        }
    }

    /// Takes the time. When the clock was moved back, deadlines move with it: nothing waits for
    /// longer than it would from now on.
    fn set_time(&mut self, now: UnixMillis) {
        if now < self.now {
            for contact in self.contacts.values_mut() {
                let latest = |at: &mut UnixMillis, wait| *at = (*at).min(now.saturating_add(wait));
                if let Some(inquiry) = &mut contact.inquiry {
                    latest(&mut inquiry.deadline, self.config.fetch_timeout);
                }
                if let Some(retry_at) = &mut contact.retry_at {
                    latest(retry_at, self.config.retry);
                }
            }
        }
        self.now = now;
    }
}
