//! One request of every method, by every kind of key, from a handful of drawn values.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use core::time::Duration;

use proptest::prelude::*;
use session_core::{AccountId, NetworkId, Prefix, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_storage::*;

pub const NOW: UnixMillis = UnixMillis::from_secs(1_800_000_000);
pub const MILLI: Duration = Duration::from_millis(1);

/// All methods: the signed ones, the other simple ones, those made of others, a second name.
pub const METHODS: [&str; 19] = [
    "store",
    "retrieve",
    "delete",
    "delete_all",
    "delete_before",
    "expire",
    "expire_all",
    "get_expiries",
    "revoke_subaccount",
    "unrevoke_subaccount",
    "revoked_subaccounts",
    "get_swarm",
    "info",
    "active_nodes_bin",
    "oxend_request",
    "batch",
    "sequence",
    "ifelse",
    "get_snodes_for_pubkey",
];

/// The methods that are signed.
pub fn signed_methods() -> &'static [&'static str] {
    &METHODS[..11]
}

/// The methods that are not made of other requests.
pub fn simple_methods() -> &'static [&'static str] {
    &METHODS[..15]
}

/// All methods, each once.
pub fn all_methods() -> &'static [&'static str] {
    &METHODS[..18]
}

pub const EVERYTHING: Access = Access::READ.and(Access::WRITE).and(Access::DELETE);

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// The account of key 1, as a person.
pub fn person() -> NetworkId {
    AccountId::new(Prefix::Standard, *key(1).to_x25519().public().as_bytes()).into()
}

/// The account of key 1, as a group.
pub fn group() -> NetworkId {
    AccountId::new(Prefix::Group, *key(1).public().as_bytes()).into()
}

pub fn hash(data: &[u8]) -> MessageHash {
    MessageHash::of(&person(), Namespace::DIRECT, data)
}

/// A key, and the account that it signs for.
#[derive(Clone, Debug)]
pub struct Party {
    pub account: NetworkId,
    pub key: Key,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "few are made")]
pub enum Key {
    Own(SigningKey),
    Sub(SubaccountKey),
}

impl Party {
    pub fn signer(&self) -> Signer<'_> {
        match &self.key {
            Key::Own(key) => key.into(),
            Key::Sub(key) => key.into(),
        }
    }

    pub fn person() -> Self {
        Self {
            account: person(),
            key: Key::Own(key(1)),
        }
    }

    pub fn group() -> Self {
        Self {
            account: group(),
            key: Key::Own(key(1)),
        }
    }

    /// Key 2, with a token for accounts of this prefix.
    pub fn with_token(account: NetworkId, prefix: Prefix, access: Access) -> Self {
        let subaccount = Subaccount::issue(&key(1), prefix, access, key(2).public());
        let key = SubaccountKey::new(key(2), key(1).public(), subaccount).unwrap();
        Self {
            account,
            key: Key::Sub(key),
        }
    }

    pub fn person_token(access: Access) -> Self {
        Self::with_token(person(), Prefix::Standard, access)
    }

    pub fn group_token(access: Access) -> Self {
        Self::with_token(group(), Prefix::Group, access)
    }

    /// Key 3, as a member of the group.
    pub fn member(access: Access) -> Self {
        let id = AccountId::new(Prefix::Standard, *key(3).to_x25519().public().as_bytes());
        let auth = MemberAuth::issue(&key(1), &id, access).unwrap();
        Self {
            account: group(),
            key: Key::Sub(SubaccountKey::of_member(&key(3), key(1).public(), &auth)),
        }
    }

    /// Every kind, each of which may do everything that its kind can do.
    pub fn all() -> [Self; 5] {
        [
            Self::person(),
            Self::group(),
            Self::person_token(EVERYTHING),
            Self::group_token(EVERYTHING),
            Self::member(EVERYTHING),
        ]
    }

    /// Whether nodes accept this method from it at all, whatever its access.
    pub fn can(&self, method: &str) -> bool {
        let is_account = matches!(self.key, Key::Own(_));
        match method {
            "revoke_subaccount" | "unrevoke_subaccount" => is_account,
            "revoked_subaccounts" => is_account && self.account == group(),
            _ => true,
        }
    }
}

/// What requests are made of.
#[derive(Clone, Debug)]
pub struct Parts {
    pub namespace: i16,
    pub all: bool,
    pub at: u64,
    pub data: Vec<u8>,
    pub messages: Vec<MessageHash>,
    pub one_time: bool,
    pub tokens: Vec<Token>,
    pub mode: ExpiryMode,
    pub required: bool,
    pub limits: [Option<i32>; 2],
    pub condition: Condition,
    pub order: Order,
    pub daemon: Option<&'static str>,
}

impl Default for Parts {
    fn default() -> Self {
        let mut condition = Condition::default();
        condition.hf_at_least = Some([20, 0]);
        Self {
            namespace: 11,
            all: false,
            at: NOW.as_millis(),
            data: b"data".to_vec(),
            messages: vec![hash(b"b"), hash(b"a")],
            one_time: true,
            tokens: vec![Token::from_bytes([3; 36]), Token::from_bytes([0xfb; 36])],
            mode: ExpiryMode::Set,
            required: false,
            limits: [None; 2],
            condition,
            order: Order::Any,
            daemon: Some(r#"{"a":[1,"b"]}"#),
        }
    }
}

impl Parts {
    fn times(&self) -> Vec<UnixMillis> {
        let count = if self.one_time {
            1
        } else {
            self.messages.len()
        };
        (self.at..)
            .take(count)
            .map(UnixMillis::from_millis)
            .collect()
    }

    /// A request of this method, signed where that is done.
    pub fn request(&self, method: &str, by: &Party) -> Result<Request<'static>, Error> {
        let (pubkey, signer) = (by.account, by.signer());
        let at = UnixMillis::from_millis(self.at);
        let namespace = Namespace::new(self.namespace);
        let namespaces = (!self.all).then_some(namespace);
        let messages = self.messages.clone();
        Ok(match method {
            "store" => Store::new(pubkey, namespace, self.data.clone(), at, seconds(86_400))?
                .sign(signer, at)?
                .into(),
            "retrieve" => {
                let mut retrieve = Retrieve::new(pubkey, namespace);
                [retrieve.max_count, retrieve.max_size] = self.limits;
                retrieve.last_hash = self.required.then(|| self.messages[0]);
                retrieve.sign(signer, at)?.into()
            }
            "delete" => {
                let mut delete = Delete::new(pubkey, messages)?;
                delete.required = self.required;
                delete.sign(signer)?.into()
            }
            "delete_all" => DeleteAll::new(pubkey, namespaces, at).sign(signer)?.into(),
            "delete_before" => DeleteBefore::new(pubkey, namespaces, at)
                .sign(signer)?
                .into(),
            "expire" => Expire::new(pubkey, messages, self.times(), self.mode)?
                .sign(signer)?
                .into(),
            "expire_all" => ExpireAll::new(pubkey, namespaces, at).sign(signer)?.into(),
            "get_expiries" => GetExpiries::new(pubkey, &messages, at)?
                .sign(signer)?
                .into(),
            "revoke_subaccount" => Revoke::new(pubkey, self.tokens.clone(), at)?
                .sign(signer)?
                .into(),
            "unrevoke_subaccount" => Unrevoke::new(pubkey, self.tokens.clone(), at)
                .sign(signer)?
                .into(),
            "revoked_subaccounts" => GetRevoked::new(pubkey, at).sign(signer)?.into(),
            "get_swarm" => GetSwarm::new(pubkey).into(),
            "info" => Info.into(),
            "active_nodes_bin" => ActiveNodes.into(),
            "oxend_request" => {
                let endpoint = match self.required {
                    true => DaemonEndpoint::GetServiceNodes,
                    false => DaemonEndpoint::OnsResolve,
                };
                DaemonRequest::new(endpoint, self.daemon)?.into()
            }
            "batch" => Batch::new(Order::Any, self.several(by)?)?.into(),
            "sequence" => Batch::new(Order::Sequence, self.several(by)?)?.into(),
            "ifelse" => {
                let batch = Batch::new(self.order, self.several(by)?)?;
                let inner = IfElse::new(self.condition, None, Some(batch.into()))?;
                IfElse::new(self.condition, Some(inner.into()), Some(Info.into()))?.into()
            }
            other => panic!("{other}"),
        })
    }

    /// One request of every simple method that this party can use.
    pub fn several(&self, by: &Party) -> Result<Vec<Request<'static>>, Error> {
        simple_methods()
            .iter()
            .filter(|method| by.can(method))
            .map(|method| self.request(method, by))
            .collect()
    }
}

fn tokens() -> impl Strategy<Value = Vec<Token>> {
    let token = any::<[u8; 32]>().prop_map(|key| {
        let mut bytes = [3; 36];
        bytes[4..].copy_from_slice(&key);
        Token::from_bytes(bytes)
    });
    proptest::collection::vec(token, 0..5)
}

fn conditions() -> impl Strategy<Value = Condition> {
    let fork = || proptest::option::of(any::<[i64; 2]>());
    let version = || proptest::option::of(any::<[i64; 3]>());
    let height = || proptest::option::of(any::<i64>());
    let drawn = (fork(), fork(), version(), version(), height(), height());
    drawn.prop_filter_map("no condition", |(a, b, c, d, e, f)| {
        let mut condition = Condition::default();
        (condition.hf_at_least, condition.hf_before) = (a, b);
        (condition.v_at_least, condition.v_before) = (c, d);
        (condition.height_at_least, condition.height_before) = (e, f);
        (condition != Condition::default()).then_some(condition)
    })
}

pub fn modes() -> impl Strategy<Value = ExpiryMode> {
    prop_oneof![
        Just(ExpiryMode::Set),
        Just(ExpiryMode::Extend),
        Just(ExpiryMode::Shorten)
    ]
}

pub fn parts() -> impl Strategy<Value = Parts> {
    let data = proptest::collection::vec(any::<u8>(), 0..200);
    let message = any::<[u8; 4]>().prop_map(|data| hash(&data));
    let daemon = prop_oneof![
        Just(None),
        Just(Some("5")),
        Just(Some(r#"{"x":"\"\\ é"}"#)),
        Just(Some(r#""text""#)),
    ];
    (
        (any::<i16>(), any::<bool>(), 1_000_000_000u64..1 << 50),
        (data, proptest::collection::vec(message, 1..5)),
        (any::<[bool; 3]>(), tokens(), modes()),
        (any::<[Option<i32>; 2]>(), conditions(), daemon),
    )
        .prop_map(|(a, b, c, d)| Parts {
            namespace: a.0,
            all: a.1,
            at: a.2,
            data: b.0,
            messages: b.1,
            one_time: c.0[0],
            tokens: c.1,
            mode: c.2,
            required: c.0[1],
            limits: d.0,
            condition: d.1,
            order: if c.0[2] { Order::Any } else { Order::Sequence },
            daemon: d.2,
        })
}

/// The whole request as JSON.
pub fn json_of(request: &Request<'_>) -> String {
    let mut text = String::new();
    request.write_json(&mut text);
    text
}

/// The parameters as bt.
pub fn bt_of(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.write_bt(&mut bytes);
    bytes
}

/// What the signature covers, and who signed.
pub fn signed_part(request: &Request<'_>) -> Option<(Vec<u8>, Auth)> {
    fn part<R: Signable>(request: &Signed<R>) -> Option<(Vec<u8>, Auth)> {
        Some((request.payload(), *request.auth()))
    }
    match request {
        Request::Store(request) => Some((request.payload()?, request.signed?.auth)),
        Request::Retrieve(request) => Some((request.payload()?, request.signed?.auth)),
        Request::Delete(request) => part(request),
        Request::DeleteAll(request) => part(request),
        Request::DeleteBefore(request) => part(request),
        Request::Expire(request) => part(request),
        Request::ExpireAll(request) => part(request),
        Request::GetExpiries(request) => part(request),
        Request::Revoke(request) => part(request),
        Request::Unrevoke(request) => part(request),
        Request::GetRevoked(request) => part(request),
        _ => None,
    }
}

/// What a node decides on a request that concerns an account.
pub fn decide(
    request: Request<'_>,
    context: &Context,
    is_revoked: impl FnOnce(&Token) -> bool,
) -> Result<(), Rejection> {
    match request {
        Request::Store(request) => request.authorize(context, is_revoked).map(drop),
        Request::Retrieve(request) => request.authorize(context, is_revoked).map(drop),
        Request::Delete(request) => request.authorize(context, is_revoked).map(drop),
        Request::DeleteAll(request) => request.authorize(context, is_revoked).map(drop),
        Request::DeleteBefore(request) => request.authorize(context, is_revoked).map(drop),
        Request::Expire(request) => request.authorize(context, is_revoked).map(drop),
        Request::ExpireAll(request) => request.authorize(context, is_revoked).map(drop),
        Request::GetExpiries(request) => request.authorize(context, is_revoked).map(drop),
        Request::Revoke(request) => request.authorize(context, is_revoked).map(drop),
        Request::Unrevoke(request) => request.authorize(context, is_revoked).map(drop),
        Request::GetRevoked(request) => request.authorize(context, is_revoked).map(drop),
        other => panic!("{} needs no leave", other.method()),
    }
}
