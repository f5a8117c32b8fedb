//! Writes the seeds from the protocol's vectors: `cargo run --bin seeds [VECTORS]`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_fuzz::{TARGETS, reply_seeds};
use session_onion::EncType;
use session_onion::hazmat::{LayerSecret, open_layer};

/// Most seeds of one target, and the longest.
const MAX_SEEDS: usize = 30;
const MAX_LEN: usize = 2048;

type Seeds = Vec<Vec<u8>>;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = std::env::args_os()
        .nth(1)
        .map_or_else(|| root.join("../crates/conformance/vectors"), PathBuf::from);
    for (name, _) in TARGETS {
        let mut seeds = seeds_of(name, &vectors);
        seeds.retain(|seed| seed.len() <= MAX_LEN);
        seeds.sort();
        seeds.dedup();
        // Evenly from all that there are.
        let step = seeds.len().div_ceil(MAX_SEEDS).max(1);
        let folder = root.join("seeds").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a writable folder");
        for (index, seed) in seeds.iter().step_by(step).enumerate() {
            fs::write(folder.join(format!("{index:02}")), seed).expect("a writable folder");
        }
    }
}

fn seeds_of(target: &str, vectors: &Path) -> Seeds {
    let suite = |name: &str| Suite::load(vectors, name);
    match target {
        "account_id" => suite("identity-id-parse").texts("/in/text"),
        "mnemonic" => suite("identity-mnemonic-decode").texts("/in/words"),
        "bt" => suite("config-bt-decode").hex("/in/encoded"),
        "node_list_json" => suite("swarm-json-node")
            .texts("/in/json")
            .into_iter()
            .map(|json| [b"[", &*json, b"]"].concat())
            .chain(suite("swarm-redirect-421").texts("/in/body"))
            .collect(),
        "node_list_bin" => suite("swarm-nodes-bin").hex("/in/blob"),
        "redirect" => prefixed(&[1, 2], suite("swarm-redirect-421").texts("/in/body")),
        "onion_layer" => [
            suite("onion-edge-parse").hex("/in/body"),
            suite("onion-relay-dict").hex("/out/message"),
        ]
        .concat(),
        "onion_peel" => prefixed(&[0, 1], suite("onion-peel").plaintexts()),
        "onion_reply" => prefixed(
            &[0, 3, 4],
            suite("onion-snode-response").texts("/out/plaintext"),
        ),
        "storage_request" => [
            prefixed(&[0, 1], suite("storage-request").texts("/in/body")),
            prefixed(&[0, 1], suite("storage-request-bt").hex("/in/bt")),
        ]
        .concat(),
        "storage_reply" => {
            let vectors = suite("storage-response-verify").texts("/in");
            [reply_seeds(), vectors.into_iter().step_by(2).collect()].concat()
        }
        "proto_content" => suite("envelope-protobuf").hex("/in/wire"),
        "envelope_open" => [
            prefixed(&[0, 3], suite("envelope-protobuf").hex("/in/wire")),
            prefixed(&[4], suite("envelope-1to1-decode").hex("/in/wire")),
        ]
        .concat(),
        "path_policy" => path_policy(),
        "client_inputs" => client_inputs(),
        "node_inputs" => node_inputs(),
        _ => Vec::new(),
    }
}

/// Each seed behind one of the prefixes, in turn.
fn prefixed(prefixes: &[u8], seeds: Seeds) -> Seeds {
    let prefixes = prefixes.iter().cycle();
    let join = |(prefix, seed): (&u8, Vec<u8>)| [&[*prefix], &*seed].concat();
    prefixes.zip(seeds).map(join).collect()
}

/// The cases of a suite.
struct Suite(Vec<Value>);

impl Suite {
    fn load(vectors: &Path, name: &str) -> Self {
        let file = vectors.join(format!("{name}.json"));
        let json = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut suite: Value = serde_json::from_slice(&json).expect("vectors are JSON");
        let Value::Array(cases) = suite["cases"].take() else {
            panic!("{name} has no cases");
        };
        Self(cases)
    }

    /// Texts as they are, and other values as JSON.
    fn texts(&self, pointer: &str) -> Seeds {
        let values = self.0.iter().filter_map(|case| case.pointer(pointer));
        values
            .map(|value| match value {
                Value::String(text) => text.as_bytes().to_vec(),
                json => json.to_string().into_bytes(),
            })
            .collect()
    }

    fn hex(&self, pointer: &str) -> Seeds {
        let values = self
            .0
            .iter()
            .filter_map(|case| case.pointer(pointer)?.as_str());
        values.filter_map(decode).collect()
    }

    /// What is in the layers of onion requests.
    fn plaintexts(&self) -> Seeds {
        let open = |case: &Value| {
            let field = |name: &str| case["in"][name].as_str();
            let key = |name: &str| <[u8; 32]>::try_from(decode(field(name)?)?).ok();
            let node = SecretKey::from_bytes(&key("x25519_secret")?);
            let client = PublicKey::from_bytes(key("ephemeral_key")?);
            let secret = LayerSecret::for_server(&node, &client).ok()?;
            let enc_type = EncType::parse(field("enc_type")?).ok()?;
            let mut layer = decode(field("ciphertext")?)?;
            open_layer(&secret, enc_type, &mut layer)
                .ok()
                .map(|plaintext| plaintext.to_vec())
        };
        self.0.iter().filter_map(open).collect()
    }
}

fn decode(hex: &str) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE
        .decode(hex.as_bytes())
        .ok()
}

/// Bytes behind their length.
fn piece(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("pieces are short");
    [&len.to_be_bytes(), bytes].concat()
}

fn path_policy() -> Seeds {
    // Three hops, two paths, three strikes.
    let policy = [3 | 2 << 2 | 3 << 5, 3];
    let text = |text: &str| [&[5, 0, 102][..], &piece(text.as_bytes()), &[0]].concat();
    let choose = [0, 4, 1];
    [
        [choose; 6].concat(),
        [
            &choose[..],
            &[4, 1, 0],
            &choose,
            &[4, 0, 0],
            &choose,
            &[3, 0],
        ]
        .concat(),
        [&choose[..], &text("Next node not found: @1"), &choose].concat(),
        [
            &choose[..],
            &[6, 0, 11, 0],
            &choose,
            &[7, 0x0f, 0x0f],
            &choose,
        ]
        .concat(),
        [&choose[..], &[4, 2, 0, 4, 2, 0, 4, 2, 0], &choose].concat(),
    ]
    .map(|steps| [&policy[..], &steps].concat())
    .to_vec()
}

fn client_inputs() -> Seeds {
    let node_list = [4, 0, 4, 0, 0];
    let send = [&[0, 1][..], &piece(b"hello")].concat();
    let stored = [4, 0, 6, 0, 0];
    let mail = [&[4, 0, 6, 1][..], &piece(&[]), &[1, 1]].concat();
    let redirect = [4, 0, 4, 0, 0, 0];
    let timeout = [2];
    [
        [&node_list[..], &mail, &timeout, &mail].concat(),
        [&send[..], &node_list, &stored, &mail].concat(),
        [&node_list[..], &send, &stored, &timeout, &send, &timeout].concat(),
        [&node_list[..], &send, &redirect, &timeout, &stored].concat(),
        [
            &node_list[..],
            &send,
            &[4, 0, 0, 2, 4, 0, 1, 2],
            &[4, 0, 3, 0, 200],
            &piece(b"x"),
        ]
        .concat(),
        [
            &[4, 0, 2, 0, 200][..],
            &piece(b"{}"),
            &timeout,
            &[4, 0, 3, 0, 0, 1, 0, 255],
        ]
        .concat(),
    ]
    .to_vec()
}

fn node_inputs() -> Seeds {
    let store = [&[0, 0, 100][..], &piece(b"message")].concat();
    let own_retrieve = [1, 0, 0, 5];
    let stored = [&[9, 0, 3, 0, 100][..], &piece(b"message"), &[0]].concat();
    [
        [
            &[4][..],
            &store,
            &stored,
            &stored,
            &stored,
            &[4],
            &own_retrieve,
        ]
        .concat(),
        [&[2, 0][..], &store, &[6, 255, 255]].concat(),
        [
            &[2, 3][..],
            &own_retrieve,
            &[9, 0, 1, 0, 200],
            &piece(b"reply"),
        ]
        .concat(),
        [
            &[1][..],
            &piece(b"\x02\0\0\0{}{\"headers\":\"\"}"),
            &[7, 0, 9],
        ]
        .concat(),
        [
            &[5, 3, 3][..],
            &store[1..],
            &[5, 3, 1],
            &piece(b"\0\0\0\0{}"),
            &[2],
        ]
        .concat(),
        [&[8, 0, 1, 4][..], &store, &[8, 0, 0, 3], &piece(b"{}")].concat(),
    ]
    .to_vec()
}
