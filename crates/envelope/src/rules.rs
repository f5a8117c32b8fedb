//! What receivers owe each other (spec 05 §11.1 to §11.3): decisions as pure functions.
//!
//! [`Opened::check`](crate::Opened::check) asks [`check_swarm_message`]; the rest is asked by
//! whoever knows what no message says: who is blocked, what was deleted, when something was read.

use core::time::Duration;

use session_core::{AccountId, UnixMillis};

use crate::content::{CallType, Expiration, Member, Typing, Unsend};
use crate::group_update::GroupUpdate;
use crate::{Content, Error};

/// How far the signed time may be from the time at which a community server took the message.
pub const MAX_POSTED_DIFFERENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// How long swarms keep most messages.
pub const DEFAULT_TTL: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long swarms keep a step of a call.
pub const CALL_TTL: Duration = Duration::from_secs(5 * 60);

/// How long swarms keep a typing indicator.
pub const TYPING_TTL: Duration = Duration::from_secs(20);

/// How long a swarm is to keep a message that says this and does not disappear.
#[must_use]
pub const fn default_ttl(member: &Member<'_>) -> Duration {
    match member {
        Member::Typing(_) => TYPING_TTL,
        Member::Call(_) => CALL_TTL,
        _ => DEFAULT_TTL,
    }
}

/// How long a swarm is to keep a message: what disappears after it was sent, until then. No swarm
/// keeps messages of people for longer than [`DEFAULT_TTL`]; a longer timer is refused.
#[must_use]
pub fn ttl(content: &Content) -> Duration {
    match content.expiration() {
        Some(Expiration::AfterSend(timer)) => timer,
        _ => content
            .kind()
            .map_or(DEFAULT_TTL, |member| default_ttl(&member)),
    }
}

/// Whether another device of one's own may have sent this.
#[must_use]
pub fn is_allowed_from_self(member: &Member<'_>) -> bool {
    match member {
        Member::Visible(_) | Member::ExpirationUpdate(_) | Member::Unsend(_) => true,
        Member::Receipt(_)
        | Member::Typing(_)
        | Member::DataExtraction(_)
        | Member::RequestResponse(_) => false,
        Member::Call(call) => matches!(call.kind(), CallType::Answer | CallType::EndCall),
        Member::GroupUpdate(update) => !matches!(
            update,
            GroupUpdate::Invite(_) | GroupUpdate::Promote(_) | GroupUpdate::InviteResponse { .. }
        ),
    }
}

/// Whether to look at this when its sender is blocked: groups go on, but nobody is invited.
#[must_use]
pub const fn is_allowed_from_blocked(member: &Member<'_>) -> bool {
    match member {
        Member::GroupUpdate(update) => !matches!(update, GroupUpdate::Invite(_)),
        _ => false,
    }
}

/// The checks of §11.2, 1 to 4, for a message from a swarm, of a person or a group. `timestamp`
/// is that of the envelope, `from_self` whether the authenticated sender is oneself.
///
/// # Errors
/// [`Error::Timestamp`] as [`check_signed_time`]; [`Error::NotFromSelf`] for somebody else's sync
/// copy; [`Error::FromSelf`] for what only others may send.
pub fn check_swarm_message(
    content: &Content,
    timestamp: UnixMillis,
    from_self: bool,
) -> Result<(), Error> {
    check_signed_time(content.sig_timestamp(), timestamp)?;
    check_sender(content, from_self)
}

/// Whether a message may come from whom it comes (§11.2, 3 and 4), wherever it was found.
///
/// # Errors
/// [`Error::NotFromSelf`] for somebody else's sync copy; [`Error::FromSelf`] for what only others
/// may send.
pub fn check_sender(content: &Content, from_self: bool) -> Result<(), Error> {
    if from_self {
        if content
            .members()
            .any(|member| !is_allowed_from_self(&member))
        {
            return Err(Error::FromSelf);
        }
    } else if content.sync_target().is_some() {
        return Err(Error::NotFromSelf);
    }
    Ok(())
}

/// Holds the time that the sender signed, if any, against the time outside in a swarm: it must be
/// the same.
///
/// # Errors
/// [`Error::Timestamp`], also for a time of zero.
pub fn check_signed_time(signed: Option<UnixMillis>, timestamp: UnixMillis) -> Result<(), Error> {
    check_difference(signed, timestamp, Duration::ZERO)
}

/// Holds the time that the sender signed, if any, against the time at which a community or its
/// inbox took the message: at most [`MAX_POSTED_DIFFERENCE`] between them.
///
/// # Errors
/// [`Error::Timestamp`], also for a time of zero.
pub fn check_posted_time(signed: Option<UnixMillis>, posted: UnixMillis) -> Result<(), Error> {
    check_difference(signed, posted, MAX_POSTED_DIFFERENCE)
}

fn check_difference(
    signed: Option<UnixMillis>,
    outside: UnixMillis,
    limit: Duration,
) -> Result<(), Error> {
    let is_set = |time: &UnixMillis| time.as_millis() != 0;
    // Old clients sign no time, or zero.
    let difference = signed.filter(is_set).map(|time| time.abs_diff(outside));
    if is_set(&outside) && difference.is_none_or(|difference| difference <= limit) {
        Ok(())
    } else {
        Err(Error::Timestamp)
    }
}

/// Holds a typing indicator's own time against the time of its message: it must be the same.
///
/// # Errors
/// [`Error::Timestamp`].
pub fn check_typing(typing: &Typing, timestamp: UnixMillis) -> Result<(), Error> {
    if typing.timestamp == timestamp {
        Ok(())
    } else {
        Err(Error::Timestamp)
    }
}

/// Whether an authenticated sender may have a message deleted: its author may, and `me`.
#[must_use]
pub fn may_unsend(request: &Unsend<'_>, sender: &AccountId, me: &AccountId) -> bool {
    request.timestamp.as_millis() != 0
        && (sender == me || request.author.id().as_ref() == Some(sender))
}

/// Whether a group deleted this message before it came: all up to and including a time, or all
/// attachments up to a time. Then drop it.
#[must_use]
pub fn is_deleted_before(sent: UnixMillis, delete_before: Option<UnixMillis>) -> bool {
    delete_before.is_some_and(|until| sent <= until)
}

/// When a message disappears here: so long after it was sent, or after it was read here. `None`
/// for one that waits to be read.
#[must_use]
pub fn expires_at(
    expiration: Expiration,
    sent: UnixMillis,
    read: Option<UnixMillis>,
) -> Option<UnixMillis> {
    match expiration {
        Expiration::AfterSend(timer) => Some(sent.saturating_add(timer)),
        Expiration::AfterRead(timer) => Some(read?.saturating_add(timer)),
    }
}

/// What tells a message of a conversation from all others, however often and by whatever way it
/// comes. A swarm's message hash does too, but only for one copy: look for that first, since it
/// is known before the message is opened.
///
/// Two messages of one account in one millisecond are one to receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct MessageKey {
    /// Who sent it: authenticated.
    pub sender: AccountId,
    /// The time of the message.
    pub timestamp: UnixMillis,
}

impl MessageKey {
    /// The key of the message that an account sent at a time.
    #[must_use]
    pub const fn new(sender: AccountId, timestamp: UnixMillis) -> Self {
        Self { sender, timestamp }
    }
}

#[cfg(test)]
mod tests;
