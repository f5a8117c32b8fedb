//! Requests to the storage as clients make them: well-formed, signed, of the right time.

use std::sync::LazyLock;
use std::time::Duration;

use session_core::{NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::{
    Access, ActiveNodes, Batch, Condition, DaemonEndpoint, DaemonRequest, Delete, DeleteAll,
    DeleteBefore, Expire, ExpireAll, ExpiryMode, GetExpiries, GetRevoked, GetSwarm, IfElse, Info,
    MessageHash, Namespace, Order, Request, Retrieve, Revoke, Signable, Signer, Store, Subaccount,
    SubaccountKey, Token, Unrevoke,
};

use crate::bytes::Bytes;
use crate::network::{MEMBERS, pool};

/// Whoever has mailboxes.
pub(crate) struct Owner {
    pub(crate) id: NetworkId,
    pub(crate) key: SigningKey,
}

/// Two people and a group of the swarm of the first member, and one person of another swarm.
pub(crate) static OWNERS: LazyLock<[Owner; 4]> = LazyLock::new(|| {
    let pool = pool(0);
    let is_home = |id: &NetworkId| {
        let swarm = pool.swarm_of(id).expect("the pool has swarms");
        swarm.id() == MEMBERS[0].record.swarm_id
    };
    let owner = |prefix: Prefix, home: bool, number: usize| {
        let owners = (100..=255u8).map(|byte| {
            let key = SigningKey::from_seed(&[byte; 32]);
            let mut id = [prefix.byte(); 33];
            id[1..].copy_from_slice(&match prefix {
                Prefix::Standard => *key.to_x25519().public().as_bytes(),
                _ => *key.public().as_bytes(),
            });
            let id = NetworkId::from(id);
            Owner { id, key }
        });
        let mut owners = owners.filter(|owner| is_home(&owner.id) == home);
        owners.nth(number).expect("there are enough")
    };
    [
        owner(Prefix::Standard, true, 0),
        owner(Prefix::Group, true, 0),
        owner(Prefix::Standard, true, 1),
        owner(Prefix::Standard, false, 0),
    ]
});

/// A key that some owners give tokens.
static SUBACCOUNT: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[99; 32]));

/// Of every class some.
const NAMESPACES: [Namespace; 6] = [
    Namespace::DIRECT,
    Namespace::USER_PROFILE,
    Namespace::GROUP_MESSAGES,
    Namespace::ACCOUNT_KEYS,
    Namespace::REMOVED_MEMBERS,
    Namespace::LEGACY_GROUP,
];

pub(crate) fn owner(bytes: &mut Bytes<'_>) -> &'static Owner {
    &OWNERS[usize::from(bytes.byte()) % OWNERS.len()]
}

pub(crate) fn namespace(bytes: &mut Bytes<'_>) -> Namespace {
    match bytes.byte() {
        255 => Namespace::new(i16::from_be_bytes(bytes.array())),
        number => NAMESPACES[usize::from(number) % NAMESPACES.len()],
    }
}

/// One namespace or all.
fn namespaces(bytes: &mut Bytes<'_>) -> Option<Namespace> {
    (!bytes.flag()).then(|| namespace(bytes))
}

/// Often one of a few messages, so that others name the same one.
fn message(bytes: &mut Bytes<'_>) -> Vec<u8> {
    match bytes.byte() {
        255 => bytes.piece().to_vec(),
        number => vec![number % 4],
    }
}

/// Hashes of messages that may have been stored.
fn hashes(bytes: &mut Bytes<'_>, owner: &Owner) -> Vec<MessageHash> {
    (0..=bytes.byte() % 4)
        .map(|_| MessageHash::of(&owner.id, namespace(bytes), &message(bytes)))
        .collect()
}

/// The account's token for the subaccount, with any rights.
fn subaccount(bytes: &mut Bytes<'_>, owner: &Owner) -> Subaccount {
    let access = Access::from_bits(bytes.byte());
    let prefix = if bytes.flag() {
        Prefix::Group
    } else {
        Prefix::Standard
    };
    Subaccount::issue(&owner.key, prefix, access, SUBACCOUNT.public())
}

fn tokens(bytes: &mut Bytes<'_>, owner: &Owner) -> Vec<Token> {
    (0..bytes.byte() % 4)
        .map(|_| match bytes.flag() {
            true => Token::from_bytes(bytes.array()),
            false => subaccount(bytes, owner).token,
        })
        .collect()
}

/// What signs: mostly the account's own key.
enum Key {
    Account(&'static SigningKey),
    Subaccount(Box<SubaccountKey>),
}

impl Key {
    fn choose(bytes: &mut Bytes<'_>, owner: &'static Owner) -> Self {
        if bytes.byte() % 4 != 3 {
            return Self::Account(&owner.key);
        }
        let subaccount = subaccount(bytes, owner);
        let key = SubaccountKey::new(SUBACCOUNT.clone(), owner.key.public(), subaccount);
        Self::Subaccount(Box::new(key.expect("the token's key")))
    }

    fn signer(&self) -> Signer<'_> {
        match self {
            Self::Account(key) => Signer::from(*key),
            Self::Subaccount(key) => Signer::from(&**key),
        }
    }
}

/// A request of any method, also one that is made of others.
pub(crate) fn any(bytes: &mut Bytes<'_>, now: UnixMillis) -> Option<Request<'static>> {
    if bytes.byte() >= 192 {
        composite(bytes, now, 0)
    } else {
        single(bytes, now)
    }
}

/// A batch, a sequence or a conditional request, with such ones in it.
pub(crate) fn composite(
    bytes: &mut Bytes<'_>,
    now: UnixMillis,
    depth: u8,
) -> Option<Request<'static>> {
    let order = match bytes.byte() % 4 {
        0 => Order::Any,
        1 => Order::Sequence,
        _ => {
            let (then, otherwise) = (branch(bytes, now, depth), branch(bytes, now, depth));
            let request = IfElse::new(condition(bytes), then, otherwise);
            return request.ok().map(Request::from);
        }
    };
    let requests = (0..=bytes.byte() % 20)
        .filter_map(|_| single(bytes, now))
        .collect();
    Batch::new(order, requests).ok().map(Request::from)
}

fn branch(bytes: &mut Bytes<'_>, now: UnixMillis, depth: u8) -> Option<Request<'static>> {
    match bytes.byte() % 4 {
        0 => None,
        1 if depth < 4 => composite(bytes, now, depth + 1),
        _ => single(bytes, now),
    }
}

fn condition(bytes: &mut Bytes<'_>) -> Condition {
    let mut condition = Condition::default();
    let number = i64::from(bytes.byte());
    match bytes.byte() % 4 {
        0 => condition.hf_at_least = Some([number, 0]),
        1 => condition.v_before = Some([number, 11, 3]),
        2 => condition.height_before = Some(number),
        _ => condition.height_at_least = Some(number),
    }
    condition
}

/// A request of any other method. `None` when it cannot be made or signed.
pub(crate) fn single(bytes: &mut Bytes<'_>, now: UnixMillis) -> Option<Request<'static>> {
    let method = bytes.byte();
    let owner = owner(bytes);
    let account = owner.id;
    Some(match method % 16 {
        0 | 1 => store(bytes, owner, now)?.into(),
        2 => retrieve(bytes, owner, now)?.into(),
        3 => {
            let mut request = Delete::new(account, hashes(bytes, owner)).ok()?;
            request.required = bytes.flag();
            signed(request, bytes, owner)?
        }
        4 => signed(
            DeleteAll::new(account, namespaces(bytes), now),
            bytes,
            owner,
        )?,
        5 => signed(
            DeleteBefore::new(account, namespaces(bytes), now),
            bytes,
            owner,
        )?,
        6 => signed(expire(bytes, owner, now)?, bytes, owner)?,
        7 => {
            let expiry = later(bytes, now);
            signed(
                ExpireAll::new(account, namespaces(bytes), expiry),
                bytes,
                owner,
            )?
        }
        8 => {
            let request = GetExpiries::new(account, &hashes(bytes, owner), now).ok()?;
            signed(request, bytes, owner)?
        }
        9 => signed(
            Revoke::new(account, tokens(bytes, owner), now).ok()?,
            bytes,
            owner,
        )?,
        10 => signed(
            Unrevoke::new(account, tokens(bytes, owner), now),
            bytes,
            owner,
        )?,
        11 => signed(GetRevoked::new(account, now), bytes, owner)?,
        12 => GetSwarm::new(account).into(),
        13 => Info.into(),
        14 => ActiveNodes.into(),
        _ => {
            let params = bytes.byte().to_string();
            let endpoint = DaemonEndpoint::OnsResolve;
            let request = DaemonRequest::new(endpoint, bytes.flag().then_some(&params));
            request.expect("a number is JSON").into_owned().into()
        }
    })
}

pub(crate) fn store(
    bytes: &mut Bytes<'_>,
    owner: &'static Owner,
    now: UnixMillis,
) -> Option<Store<'static>> {
    let ttl = Duration::from_secs(5 + u64::from(bytes.byte()));
    let store = Store::new(owner.id, namespace(bytes), message(bytes), now, ttl).ok()?;
    if store.namespace.store_needs_signature() || bytes.flag() {
        let key = Key::choose(bytes, owner);
        return store.sign(key.signer(), now).ok();
    }
    Some(store)
}

fn retrieve(bytes: &mut Bytes<'_>, owner: &'static Owner, now: UnixMillis) -> Option<Retrieve> {
    let mut retrieve = Retrieve::new(owner.id, namespace(bytes));
    let limits = bytes.byte();
    if limits & 1 != 0 {
        retrieve.max_count = Some(i32::from(bytes.byte()) - 5);
    }
    if limits & 2 != 0 {
        retrieve.max_size = Some(i32::from_be_bytes(bytes.array()));
    }
    if limits & 4 != 0 {
        let hash = MessageHash::of(&owner.id, retrieve.namespace, &message(bytes));
        retrieve.last_hash = Some(hash);
    }
    // Where a signature is needed, a request without one is not even read.
    let is_open = !retrieve.namespace.retrieve_needs_signature();
    if limits & 8 != 0 && (is_open || retrieve.namespace == Namespace::DIRECT) {
        return Some(retrieve);
    }
    let key = Key::choose(bytes, owner);
    retrieve.sign(key.signer(), now).ok()
}

fn expire(bytes: &mut Bytes<'_>, owner: &Owner, now: UnixMillis) -> Option<Expire> {
    let messages = hashes(bytes, owner);
    let mode = match bytes.byte() % 3 {
        0 => ExpiryMode::Set,
        1 => ExpiryMode::Extend,
        _ => ExpiryMode::Shorten,
    };
    let count = if bytes.flag() { messages.len() } else { 1 };
    let expiry = (0..count).map(|_| later(bytes, now)).collect();
    Expire::new(owner.id, messages, expiry, mode).ok()
}

/// Up to some minutes from now.
fn later(bytes: &mut Bytes<'_>, now: UnixMillis) -> UnixMillis {
    now.saturating_add(Duration::from_secs(u64::from(bytes.byte())))
}

fn signed<R>(request: R, bytes: &mut Bytes<'_>, owner: &'static Owner) -> Option<Request<'static>>
where
    R: Signable,
    Request<'static>: From<session_storage::Signed<R>>,
{
    let key = Key::choose(bytes, owner);
    request.sign(key.signer()).ok().map(Request::from)
}
