//! What requests that change mailboxes do to the store (spec 04 §6, §10).

use alloc::vec::Vec;

use session_core::{NetworkId, UnixMillis};
use session_storage::{
    Authorized, Context, Delete, DeleteAll, DeleteBefore, Deleted, Endpoint, Expire, ExpireAll,
    Expired, Message, MessageHash, Recursive, Rejection, Revoke, Revoked, Signable, Signed, Store,
    Stored, Token, Touched, Unrevoke, Unrevoked, Updated,
};

use crate::store::{NewMessage, Selection};
use crate::{MessageStore, store};

/// A request that every member of a swarm carries out.
pub(crate) trait Change: Endpoint + Sized {
    /// What it asks for, without the signature.
    type Request: Recursive;

    fn request(&self) -> &Self::Request;

    /// Whose mailboxes it changes.
    fn account(&self) -> &NetworkId;

    /// Makes the checks of a node; `is_revoked` as in [`Signed::authorize`].
    fn check(
        self,
        context: &Context,
        is_revoked: impl FnOnce(&Token) -> bool,
    ) -> Result<Authorized<Self>, Rejection>;

    /// Does it, at this time.
    fn apply<S: MessageStore>(
        this: &Authorized<Self>,
        store: &mut S,
        now: UnixMillis,
    ) -> Result<Done<Self>, S::Error>;

    /// The bt dict that goes to the other members (spec 04 §5.3).
    fn forward(&self) -> Vec<u8> {
        let mut params = Vec::new();
        self.write_bt(&mut params);
        params
    }

    /// The message that is new to its mailbox, after this was done.
    fn news(&self, _done: &Done<Self>) -> Option<NewMessage<'_>> {
        None
    }
}

/// What a member has done.
pub(crate) type Done<C> = <<C as Change>::Request as Recursive>::Done;

impl Change for Store<'_> {
    type Request = Self;

    fn request(&self) -> &Self {
        self
    }

    fn account(&self) -> &NetworkId {
        &self.pubkey
    }

    fn check(
        self,
        context: &Context,
        is_revoked: impl FnOnce(&Token) -> bool,
    ) -> Result<Authorized<Self>, Rejection> {
        self.authorize(context, is_revoked)
    }

    fn apply<S: MessageStore>(
        this: &Authorized<Self>,
        store: &mut S,
        _: UnixMillis,
    ) -> Result<Stored, S::Error> {
        let message = message(this, this.hash());
        let store::Stored { expiry, already } = store.put(&message)?;
        Ok(Stored {
            hash: message.message.hash,
            expiry,
            already,
        })
    }

    fn news(&self, stored: &Stored) -> Option<NewMessage<'_>> {
        (!stored.already).then(|| message(self, stored.hash))
    }
}

fn message<'a>(request: &'a Store<'_>, hash: MessageHash) -> NewMessage<'a> {
    let (timestamp, expiry) = (request.timestamp, request.expiry);
    NewMessage {
        account: request.pubkey,
        namespace: request.namespace,
        message: Message::new(hash, timestamp, expiry, &*request.data),
    }
}

/// Implements [`Change`] for a signed request.
macro_rules! change {
    (
        $request:ty, $done:ty,
        |$this:ident, $store:ident, $now:ident| $apply:expr
        $(, $forward:item)?
    ) => {
        impl Change for Signed<$request> {
            type Request = $request;

            fn request(&self) -> &$request {
                self
            }

            fn account(&self) -> &NetworkId {
                self.pubkey()
            }

            fn check(
                self,
                context: &Context,
                is_revoked: impl FnOnce(&Token) -> bool,
            ) -> Result<Authorized<Self>, Rejection> {
                self.authorize(context, is_revoked)
            }

            fn apply<S: MessageStore>(
                $this: &Authorized<Self>,
                $store: &mut S,
                $now: UnixMillis,
            ) -> Result<$done, S::Error> {
                $apply
            }

            $($forward)?
        }
    };
}

change!(
    Delete,
    Deleted,
    |this, store, _now| {
        let deleted = store.delete(this.account(), Selection::Hashes(&this.messages))?;
        let hashes = deleted.into_iter().map(|(_, hash)| hash).collect();
        Ok(Deleted(Touched::of_hashes(hashes)))
    },
    fn forward(&self) -> Vec<u8> {
        let mut params = Vec::new();
        self.clone().forwarded().write_bt(&mut params);
        params
    }
);

change!(DeleteAll, Deleted, |this, store, _now| {
    let deleted = store.delete(this.account(), Selection::All(this.namespace))?;
    Ok(Deleted(Touched::new(this.namespace, deleted)))
});

change!(DeleteBefore, Deleted, |this, store, _now| {
    let which = Selection::Before(this.namespace, this.before);
    let deleted = store.delete(this.account(), which)?;
    Ok(Deleted(Touched::new(this.namespace, deleted)))
});

change!(ExpireAll, Updated, |this, store, _now| {
    let updated = store.expire_all(this.account(), this.namespace, this.expiry)?;
    Ok(Updated(Touched::new(this.namespace, updated)))
});

change!(Expire, Expired, |this, store, now| {
    let changes: Vec<_> = this.changes(now).collect();
    let touched = store.expire(this.account(), &changes, this.effective_mode())?;
    let touched: Vec<_> = touched
        .iter()
        .map(|message| (message.hash, message.expiry, message.updated))
        .collect();
    Ok(this.done(now, &touched))
});

change!(Revoke, Revoked, |this, store, _now| {
    store.revoke(this.account(), &this.tokens, this.timestamp)?;
    Ok(Revoked)
});

change!(Unrevoke, Unrevoked, |this, store, _now| {
    let count = store.unrevoke(this.account(), &this.tokens, this.timestamp)?;
    Ok(Unrevoked {
        count: u64::try_from(count).unwrap_or(u64::MAX),
    })
});
