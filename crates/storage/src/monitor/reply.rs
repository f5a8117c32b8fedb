//! What a node answers to a subscription.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec::Vec;

use session_bt::{DictReader, DictWriter, ListReader};

use super::{OtherSwarm, Refusal};
use crate::Error;

const MALFORMED: Error = Error::Malformed {
    what: "monitor reply",
};

/// The answer to one subscription: the client's side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// Notifications will come.
    Subscribed,
    /// They will not.
    Refused {
        /// The reason; `None` when its number is not known here.
        refusal: Option<Refusal>,
        /// The swarm to ask instead, if the node says so with [`Refusal::WrongSwarm`].
        instead: Option<OtherSwarm<'a>>,
    },
}

impl<'a> Reply<'a> {
    /// Reads the answer to a single subscription. What follows the first dict is ignored:
    /// deployed nodes sometimes send a second one.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn parse(body: &'a [u8]) -> Result<Self, Error> {
        Self::read(body).map_err(|_| MALFORMED)?.ok_or(MALFORMED)
    }

    fn read(body: &'a [u8]) -> Result<Option<Self>, session_bt::Error> {
        let mut dict = DictReader::new(body)?;
        let code = dict.int_opt("errcode")?;
        let snodes = dict.raw_opt("snodes")?;
        let success = dict.int_opt("success")?.unwrap_or(false);
        let swarm = dict.raw_opt("swarm")?;
        while dict.next_entry()?.is_some() {}
        Ok(match code {
            Some(code) => Some(Self::Refused {
                refusal: Refusal::from_code(code),
                instead: OtherSwarm::read(snodes, swarm),
            }),
            None => success.then_some(Self::Subscribed),
        })
    }
}

/// Reads the answers to a list of `count` subscriptions, in their order.
///
/// # Errors
/// [`Error::Malformed`], also when there are more or fewer.
pub fn parse_replies(body: &[u8], count: usize) -> Result<Vec<Reply<'_>>, Error> {
    let mut list = ListReader::new(body).map_err(|_| MALFORMED)?;
    let mut replies = Vec::new();
    while let Some(dict) = list.raw_opt().map_err(|_| MALFORMED)? {
        if replies.len() == count {
            return Err(MALFORMED);
        }
        replies.push(Reply::parse(dict)?);
    }
    list.finish().map_err(|_| MALFORMED)?;
    if replies.len() == count {
        Ok(replies)
    } else {
        Err(MALFORMED)
    }
}

pub(super) fn write_success(mut dict: DictWriter<'_>) {
    // The first key of a dict is never out of order.
    let _ = dict.int("success", 1u8);
}

pub(super) fn write_refusal(
    mut dict: DictWriter<'_>,
    refusal: Refusal,
    instead: Option<&OtherSwarm<'_>>,
) {
    // The keys ascend, so nothing here fails.
    let _ = write_refusal_fields(&mut dict, refusal, instead);
}

/// The fields of a refusal, which the end of a subscription has, too. Of the other swarm, what is
/// no bt value is left out.
pub(super) fn write_refusal_fields(
    dict: &mut DictWriter<'_>,
    refusal: Refusal,
    instead: Option<&OtherSwarm<'_>>,
) -> Result<(), session_bt::Error> {
    dict.int("errcode", refusal.code())?
        .bytes("error", refusal.to_string().as_bytes())?;
    if let Some(OtherSwarm { snodes, swarm }) = instead {
        dict.raw("snodes", snodes)?.raw("swarm", swarm)?;
    }
    Ok(())
}

impl<'a> OtherSwarm<'a> {
    pub(super) fn read(snodes: Option<&'a [u8]>, swarm: Option<&'a [u8]>) -> Option<Self> {
        Some(Self {
            snodes: Cow::Borrowed(snodes?),
            swarm: Cow::Borrowed(swarm?),
        })
    }
}
