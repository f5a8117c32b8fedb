//! What a message is (spec 05 §11).

use session_core::UnixMillis;

use super::expiration::TIMER_UPDATE;
use super::{
    Call, Content, DataExtraction, Expiration, Receipt, RequestResponse, Typing, Unsend, Visible,
};
use crate::group_update::GroupUpdate;

/// One of the things that a message says. Borrows from the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Member<'a> {
    /// Messages of ours were read.
    Receipt(Receipt<'a>),
    /// The sender started or stopped typing.
    Typing(Typing),
    /// A group changes.
    GroupUpdate(GroupUpdate<'a>),
    /// The sender took a screenshot or saved media.
    DataExtraction(DataExtraction),
    /// The conversation's timer is now this; `None` if it is off.
    ExpirationUpdate(Option<Expiration>),
    /// A message is to be deleted.
    Unsend(Unsend<'a>),
    /// A message request was answered.
    RequestResponse(RequestResponse),
    /// A message for people to read.
    Visible(Visible<'a>),
    /// A step of a call.
    Call(Call<'a>),
}

impl Content {
    /// What the message is: the first of its [`members`](Self::members). `None` for a message
    /// without content.
    #[must_use]
    pub fn kind(&self) -> Option<Member<'_>> {
        self.members().next()
    }

    /// All that the message says, in the recommended order, which is that of iOS. Senders put one
    /// member into a message; where others put several, clients differ in which they take.
    ///
    /// A data message is a visible message unless it updates the timer; beside a group update it
    /// is one only if it is [valid](Visible::is_valid).
    pub fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.members_at(self.sig_timestamp())
    }

    /// The members of a message of this time.
    pub(crate) fn members_at(&self, sent: Option<UnixMillis>) -> impl Iterator<Item = Member<'_>> {
        let message = &self.message;
        let receipt = message.receipt_message.as_ref();
        let typing = message.typing_message.as_ref();
        let data = message.data_message.as_ref();
        let updates = data.and_then(|data| data.group_update_message.as_ref());
        let extraction = message.data_extraction_notification.as_ref();
        let timer = data.filter(|data| data.flags() & TIMER_UPDATE != 0);
        let unsend = message.unsend_request.as_ref();
        let response = message.message_request_response.as_ref();
        let visible = data
            .map(Visible)
            .filter(|visible| timer.is_none() && (updates.is_none() || visible.is_valid()));
        let call = message.call_message.as_ref();

        let updates = updates.into_iter();
        let receipt = receipt.map(|receipt| Member::Receipt(Receipt(receipt)));
        (receipt.into_iter())
            .chain(typing.map(|typing| Member::Typing(Typing::read(typing))))
            .chain(
                updates.flat_map(move |all| GroupUpdate::read(all, sent).map(Member::GroupUpdate)),
            )
            .chain(extraction.map(|what| Member::DataExtraction(DataExtraction::read(what))))
            .chain(timer.map(|_| Member::ExpirationUpdate(self.expiration())))
            .chain(unsend.map(|request| Member::Unsend(Unsend::read(request))))
            .chain(response.map(|it| Member::RequestResponse(RequestResponse::read(it))))
            .chain(visible.map(Member::Visible))
            .chain(call.map(|call| Member::Call(Call(call))))
    }
}
