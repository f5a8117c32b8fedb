//! A node whose database fails.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use session_core::{NetworkId, Now, UnixMillis};
use session_crypto::ed25519::SigningKey;
use session_crypto::rand_core::SeedableRng;
use session_node::{
    Config, Expiry, ExpiryMode, MessageStore, NewMessage, Node, Output, Place, Retrieved, Scanned,
    Selection, Stored,
};
use session_storage::{
    Delete, DeleteAll, DeleteBefore, Endpoint, Expire, ExpireAll, Failure, GetExpiries, GetRevoked,
    MessageHash, Namespace, Recursive, Retrieve, RetrieveLimits, Revoke, Signable, Signed, Store,
    Subaccount, SubaccountKey, Token, Unrevoke, Verdict,
};
use session_swarm::{NodeRecord, Pool, SwarmId};

#[derive(Debug)]
struct Broken;

impl MessageStore for Broken {
    type Error = &'static str;

    fn put(&mut self, _: &NewMessage<'_>) -> Result<Stored, Self::Error> {
        Err("broken")
    }
    fn retrieve(
        &self,
        _: &NetworkId,
        _: Namespace,
        _: Option<&MessageHash>,
        _: &RetrieveLimits,
    ) -> Result<Retrieved<'_>, Self::Error> {
        Err("broken")
    }
    fn expiries(
        &self,
        _: &NetworkId,
        _: &[MessageHash],
    ) -> Result<Vec<(MessageHash, UnixMillis)>, Self::Error> {
        Err("broken")
    }
    fn delete(
        &mut self,
        _: &NetworkId,
        _: Selection<'_>,
    ) -> Result<Vec<(Namespace, MessageHash)>, Self::Error> {
        Err("broken")
    }
    fn expire(
        &mut self,
        _: &NetworkId,
        _: &[(MessageHash, UnixMillis)],
        _: ExpiryMode,
    ) -> Result<Vec<Expiry>, Self::Error> {
        Err("broken")
    }
    fn expire_all(
        &mut self,
        _: &NetworkId,
        _: Option<Namespace>,
        _: UnixMillis,
    ) -> Result<Vec<(Namespace, MessageHash)>, Self::Error> {
        Err("broken")
    }
    fn revoke(&mut self, _: &NetworkId, _: &[Token], _: UnixMillis) -> Result<(), Self::Error> {
        Err("broken")
    }
    fn unrevoke(
        &mut self,
        _: &NetworkId,
        _: &[Token],
        _: UnixMillis,
    ) -> Result<usize, Self::Error> {
        Err("broken")
    }
    fn revoked(&self, _: &NetworkId) -> Result<Vec<Token>, Self::Error> {
        Err("broken")
    }
    fn is_revoked(&self, _: &NetworkId, _: &Token) -> Result<bool, Self::Error> {
        Err("broken")
    }
    fn remove_expired(&mut self, _: UnixMillis) -> Result<bool, Self::Error> {
        Err("broken")
    }
    fn scan(&self, _: Option<Place>, _: usize) -> Result<Scanned<'_>, Self::Error> {
        Err("broken")
    }
}

const NOW: Now = Now {
    monotonic: Duration::ZERO,
    unix: UnixMillis::from_secs(1_800_000_000),
};
const HOUR: Duration = Duration::from_secs(3600);

struct Alone {
    node: Node<Broken>,
    rng: ChaCha20Rng,
    key: SigningKey,
    account: NetworkId,
}

impl Alone {
    /// A node that is its swarm's only member, and a group.
    fn new() -> Self {
        let node_key = SigningKey::from_seed(&[1; 32]);
        let id = (*node_key.public().as_bytes()).into();
        let mut record = NodeRecord::new(id, [9, 9, 9, 9].into(), 22021, 20200);
        record.swarm_id = SwarmId::new(0);
        let mut node = Node::new(node_key, Broken, Config::default());
        node.handle_node_list(Pool::new(vec![record]), NOW);
        let key = SigningKey::from_seed(&[2; 32]);
        let mut account = [3; 33];
        account[1..].copy_from_slice(key.public().as_bytes());
        Self {
            node,
            rng: ChaCha20Rng::from_seed([3; 32]),
            key,
            account: account.into(),
        }
    }

    fn ask(&mut self, request: &dyn Endpoint) -> (u16, Vec<u8>) {
        let mut json = String::new();
        request.write_json(&mut json);
        let (node, rng) = (&mut self.node, &mut self.rng);
        let ticket = node.handle_storage_rpc(json.as_bytes(), NOW, rng);
        let Output::Answer(answer) = node.poll_output() else {
            panic!("no answer");
        };
        assert_eq!(answer.ticket, ticket);
        (answer.status, answer.body)
    }

    fn change<R: Recursive + Signable>(&mut self, request: R)
    where
        R::Done: PartialEq + core::fmt::Debug,
    {
        let request: Signed<R> = request.sign(&self.key).unwrap();
        let (status, body) = self.ask(&request);
        assert_eq!(status, 500);
        let own = *self.node.own_key().as_bytes();
        let reply = request.read_reply(&body, &[own]).unwrap();
        let failed = Verdict::Failed(Failure::query_failed());
        assert_eq!(reply.nodes.get(&own), Some(&failed));
    }
}

#[test]
fn changes_are_a_500_with_the_items() {
    let mut alone = Alone::new();
    let (account, at) = (alone.account, NOW.unix);
    let hash = MessageHash::of(&account, Namespace::DIRECT, b"");
    let expire = Expire::new(account, vec![hash], vec![at], ExpiryMode::Set);
    alone.change(Delete::new(account, vec![hash]).unwrap());
    alone.change(DeleteAll::new(account, None, at));
    alone.change(DeleteBefore::new(account, None, at));
    alone.change(expire.unwrap());
    alone.change(ExpireAll::new(account, None, at));
    alone.change(Revoke::new(account, vec![], at).unwrap());
    alone.change(Unrevoke::new(account, vec![], at));
    let mut required = Delete::new(account, vec![hash]).unwrap();
    required.required = true;
    // Nobody knows whether it is there: no 404.
    alone.change(required);
    let store = Store::new(account, Namespace::DIRECT, b"x", at, HOUR).unwrap();
    assert_eq!(alone.ask(&store).0, 500);
}

#[test]
fn reads_are_a_500_without_details() {
    let mut alone = Alone::new();
    let (account, at, key) = (alone.account, NOW.unix, alone.key.clone());
    let hash = MessageHash::of(&account, Namespace::DIRECT, b"");
    let failed = (500, b"request failed".to_vec());
    let retrieve = Retrieve::new(account, Namespace::DIRECT);
    assert_eq!(alone.ask(&retrieve.sign(&key, at).unwrap()), failed);
    let expiries = GetExpiries::new(account, &[hash], at).unwrap();
    assert_eq!(alone.ask(&expiries.sign(&key).unwrap()), failed);
    let revoked = GetRevoked::new(account, at);
    assert_eq!(alone.ask(&revoked.sign(&key).unwrap()), failed);
}

/// What cannot be looked up may have been revoked.
#[test]
fn subaccounts_are_locked_out_while_revocations_cannot_be_read() {
    let mut alone = Alone::new();
    let member = SigningKey::from_seed(&[4; 32]);
    let subaccount = Subaccount::issue(
        &alone.key,
        session_core::Prefix::Group,
        session_storage::Access::READ,
        member.public(),
    );
    let member = SubaccountKey::new(member, alone.key.public(), subaccount).unwrap();
    let retrieve = Retrieve::new(alone.account, Namespace::GROUP_MESSAGES);
    let retrieve = retrieve.sign(&member, NOW.unix).unwrap();
    assert_eq!(alone.ask(&retrieve).0, 401);
}

/// Neither cleaning nor handing over ends the node, or keeps it busy.
#[test]
fn upkeep_goes_on() {
    let mut alone = Alone::new();
    let mut records = vec![];
    for seed in [1, 5] {
        let key = SigningKey::from_seed(&[seed; 32]);
        let id = (*key.public().as_bytes()).into();
        let mut record = NodeRecord::new(id, [9, 9, seed, 9].into(), 22021, 20200);
        record.swarm_id = SwarmId::new(0);
        records.push(record);
    }
    alone.node.handle_node_list(Pool::new(records), NOW);
    for _ in 0..3 {
        alone.node.handle_timeout(NOW, &mut alone.rng);
    }
    let next = Output::Wait(Some(Duration::from_secs(10)));
    assert_eq!(alone.node.poll_output(), next);
}
