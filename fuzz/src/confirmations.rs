//! What members of a swarm do with the requests that all of them carry out.

use std::fmt::Debug;

use session_core::UnixMillis;
use session_storage::{
    Delete, DeleteAll, DeleteBefore, Deleted, Expire, ExpireAll, Expired, MessageHash, Namespace,
    NewExpiry, Recursive, Revoke, Revoked, Store, Stored, Touched, Unrevoke, Unrevoked, Updated,
};

use crate::bytes::Bytes;
use crate::requests::namespace;

/// A request of which members confirm that they have carried it out.
pub(crate) trait Kind: Recursive<Done: Clone + PartialEq + Debug> {
    /// What a member may say.
    fn done(&self, bytes: &mut Bytes<'_>) -> Self::Done;

    /// What it signs then, put together from spec 04 §8 and not by the library.
    fn signed(&self, done: &Self::Done) -> Vec<u8>;

    /// Whether that is what was asked for.
    fn is_answer(&self, _: &Self::Done) -> bool {
        true
    }
}

/// Carries out the same for the request under any name that all members carry out.
macro_rules! recursive {
    ($request:expr, $name:ident => $then:expr, _ => $otherwise:expr) => {
        match $request {
            session_storage::Request::Store($name) => $then,
            session_storage::Request::Delete(signed) => {
                let $name = &**signed;
                $then
            }
            session_storage::Request::DeleteAll(signed) => {
                let $name = &**signed;
                $then
            }
            session_storage::Request::DeleteBefore(signed) => {
                let $name = &**signed;
                $then
            }
            session_storage::Request::Expire(signed) => {
                let $name = &**signed;
                $then
            }
            session_storage::Request::ExpireAll(signed) => {
                let $name = &**signed;
                $then
            }
            session_storage::Request::Revoke(signed) => {
                let $name = &**signed;
                $then
            }
            session_storage::Request::Unrevoke(signed) => {
                let $name = &**signed;
                $then
            }
            _ => $otherwise,
        }
    };
}

pub(crate) use recursive;

/// One of four, of which requests name two.
fn hash(bytes: &mut Bytes<'_>) -> MessageHash {
    MessageHash::of(&[5; 33].into(), Namespace::DIRECT, &[bytes.byte() % 4])
}

fn hashes(bytes: &mut Bytes<'_>) -> Vec<MessageHash> {
    (0..bytes.byte() % 4).map(|_| hash(bytes)).collect()
}

fn time(bytes: &mut Bytes<'_>) -> UnixMillis {
    UnixMillis::from_millis(u64::from_be_bytes(bytes.array()))
}

fn touched(bytes: &mut Bytes<'_>) -> Touched {
    if bytes.flag() {
        let messages = (0..bytes.byte() % 4).map(|_| (namespace(bytes), hash(bytes)));
        Touched::new(None, messages.collect())
    } else {
        Touched::of_hashes(hashes(bytes))
    }
}

fn all_of(touched: &Touched) -> Vec<&MessageHash> {
    match touched {
        Touched::Hashes(hashes) => hashes.iter().collect(),
        Touched::ByNamespace(map) => map.values().flatten().collect(),
    }
}

/// All hashes, ascending.
fn merged(touched: &Touched) -> String {
    let hashes = all_of(touched).into_iter();
    let mut texts: Vec<_> = hashes.map(MessageHash::as_str).collect();
    texts.sort_unstable();
    texts.concat()
}

fn joined(hashes: &[MessageHash]) -> String {
    hashes.iter().map(MessageHash::as_str).collect()
}

impl Kind for Store<'_> {
    fn done(&self, bytes: &mut Bytes<'_>) -> Stored {
        Stored {
            hash: if bytes.byte() == 255 {
                hash(bytes)
            } else {
                self.hash()
            },
            expiry: time(bytes),
            already: bytes.flag(),
        }
    }

    fn signed(&self, done: &Stored) -> Vec<u8> {
        done.hash.as_str().into()
    }

    fn is_answer(&self, done: &Stored) -> bool {
        done.hash == self.hash()
    }
}

impl Kind for Delete {
    fn done(&self, bytes: &mut Bytes<'_>) -> Deleted {
        Deleted(touched(bytes))
    }

    fn signed(&self, done: &Deleted) -> Vec<u8> {
        let account = self.pubkey.to_hex();
        format!("{account}{}{}", joined(&self.messages), merged(&done.0)).into()
    }

    fn is_answer(&self, done: &Deleted) -> bool {
        let mut deleted = all_of(&done.0).into_iter();
        deleted.all(|hash| self.messages.contains(hash))
    }
}

impl Kind for DeleteAll {
    fn done(&self, bytes: &mut Bytes<'_>) -> Deleted {
        Deleted(touched(bytes))
    }

    fn signed(&self, done: &Deleted) -> Vec<u8> {
        let account = self.pubkey.to_hex();
        format!("{account}{}{}", self.timestamp, merged(&done.0)).into()
    }
}

impl Kind for DeleteBefore {
    fn done(&self, bytes: &mut Bytes<'_>) -> Deleted {
        Deleted(touched(bytes))
    }

    fn signed(&self, done: &Deleted) -> Vec<u8> {
        let account = self.pubkey.to_hex();
        format!("{account}{}{}", self.before, merged(&done.0)).into()
    }
}

impl Kind for ExpireAll {
    fn done(&self, bytes: &mut Bytes<'_>) -> Updated {
        Updated(touched(bytes))
    }

    fn signed(&self, done: &Updated) -> Vec<u8> {
        let account = self.pubkey.to_hex();
        format!("{account}{}{}", self.expiry, merged(&done.0)).into()
    }
}

impl Kind for Expire {
    fn done(&self, bytes: &mut Bytes<'_>) -> Expired {
        let updated = hashes(bytes);
        Expired {
            expiry: if bytes.flag() {
                NewExpiry::Each(updated.iter().map(|_| time(bytes)).collect())
            } else {
                NewExpiry::One(time(bytes))
            },
            unchanged: bytes.flag().then(|| {
                let mut hashes = hashes(bytes);
                hashes.sort_unstable();
                hashes.dedup();
                hashes.into_iter().map(|hash| (hash, time(bytes))).collect()
            }),
            updated,
        }
    }

    fn signed(&self, done: &Expired) -> Vec<u8> {
        let mut text = self.pubkey.to_hex();
        match &done.expiry {
            NewExpiry::One(time) => text += &time.to_string(),
            NewExpiry::Each(times) => text.extend(times.iter().map(UnixMillis::to_string)),
        }
        text += &joined(&self.messages);
        text += &joined(&done.updated);
        for (hash, time) in done.unchanged.iter().flatten() {
            text += &format!("{hash}{time}");
        }
        text.into()
    }

    /// All requests of this kind have one expiry for all messages.
    fn is_answer(&self, done: &Expired) -> bool {
        let NewExpiry::One(time) = done.expiry else {
            return false;
        };
        let unchanged = done.unchanged.iter().flatten().map(|(hash, _)| hash);
        time <= self.expiry[0]
            && (done.updated.iter().chain(unchanged)).all(|hash| self.messages.contains(hash))
    }
}

impl Kind for Revoke {
    fn done(&self, _: &mut Bytes<'_>) -> Revoked {
        Revoked
    }

    fn signed(&self, _: &Revoked) -> Vec<u8> {
        let mut text = format!("{}{}", self.pubkey.to_hex(), self.timestamp).into_bytes();
        text.extend(self.tokens.iter().flat_map(|token| token.as_bytes()));
        text
    }
}

impl Kind for Unrevoke {
    fn done(&self, bytes: &mut Bytes<'_>) -> Unrevoked {
        Unrevoked {
            count: u64::from_be_bytes(bytes.array()),
        }
    }

    fn signed(&self, _: &Unrevoked) -> Vec<u8> {
        let mut text = format!("{}{}", self.pubkey.to_hex(), self.timestamp).into_bytes();
        text.extend(self.tokens.iter().flat_map(|token| token.as_bytes()));
        text
    }
}
