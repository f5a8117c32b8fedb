//! Writes the numbered seeds from the protocol's vectors: `cargo run --bin seeds [VECTORS]`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_fuzz::{
    METHODS, TARGETS, account_keys_seeds, account_pubkey_seeds, content_seeds, device_table_seeds,
    pfs_state_seeds, reply_seeds,
};
use session_identity::mnemonic::Language;
use session_identity::{Account, Seed};
use session_onion::EncType;
use session_onion::hazmat::{LayerSecret, open_layer};
use session_swarm::{NodeRecord, node_list_json};

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
        fs::create_dir_all(&folder).expect("a writable folder");
        for file in (0..MAX_SEEDS).map(|index| folder.join(file_name(index))) {
            let _ = fs::remove_file(file);
        }
        for (index, seed) in seeds.iter().step_by(step).enumerate() {
            fs::write(folder.join(file_name(index)), seed).expect("a writable folder");
        }
    }
}

/// The seeds of other names are inputs that once broke something: they stay.
fn file_name(index: usize) -> String {
    format!("{index:02}")
}

fn seeds_of(target: &str, vectors: &Path) -> Seeds {
    let suite = |name: &str| Suite::load(vectors, name);
    match target {
        "account_id" => [
            suite("identity-id-parse").texts("/in/text"),
            prefixed(&[5], suite("identity-x-to-ed").hex("/in/x25519_pk")),
            prefixed(&[0x15], suite("identity-ed-to-x").hex("/in/ed25519_pk")),
        ]
        .concat(),
        "mnemonic" => {
            let decode = suite("identity-mnemonic-decode").words("/in/words");
            let english = |seed: &Vec<u8>| seed.starts_with(&[0]);
            let (english, others): (Seeds, Seeds) = decode.into_iter().partition(english);
            let phrases = suite("identity-recovery-password").texts("/in/phrase");
            [
                others,
                english.into_iter().step_by(9).collect(),
                prefixed(&[12], phrases.into_iter().step_by(5).collect()),
                // English or French.
                prefixed(&[12], vec![b"zoom ".repeat(12)]),
            ]
            .concat()
        }
        "ons_record" => [
            suite("identity-name").build(name),
            suite("identity-name-decrypt").build(name_record),
        ]
        .concat(),
        "blinded_id" => [
            prefixed(&[0], suite("identity-blind15").build(own_ids)),
            prefixed(&[1], suite("identity-blind-match").build(received_ids)),
            prefixed(&[2], suite("identity-blind15-id").texts("/in/server_pk")),
        ]
        .concat(),
        "community_auth" => {
            let signed = suite("identity-sogs-auth").build(signed_request);
            let received = suite("identity-sogs-auth-verify").build(received_request);
            [received, signed.into_iter().step_by(2).collect()].concat()
        }
        "bt" => suite("config-bt-decode").hex("/in/encoded"),
        "node_list_json" => suite("swarm-json-node")
            .texts("/in/json")
            .into_iter()
            .map(|json| [b"[", &*json, b"]"].concat())
            .chain(suite("swarm-redirect-421").texts("/in/body"))
            .chain([leaving_nodes()])
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
        "v4_frame" => [
            suite("onion-v4").hex("/in/payload"),
            suite("onion-v4").hex("/out/payload"),
            suite("onion-server").hex("/in/body"),
            suite("onion-quic-error").texts("/in/text"),
            suite("onion-batch-status").texts("/in/body"),
        ]
        .concat(),
        "relay_dict" => suite("onion-relay-dict").hex("/in/message"),
        "storage_request" => [
            prefixed(&[0xfc, 0xfd], suite("storage-request").texts("/in/body")),
            suite("storage-request-bt").build(parameters),
            suite("storage-auth").build(parameters_of_body),
        ]
        .concat(),
        "storage_reply" => reply_seeds(),
        "batch" => batch(suite("storage-request")),
        "monitor" => [
            prefixed(&[0], suite("storage-monitor").hex("/in/bt")),
            vec![b"\x01\0\0\x01\x01\0\x20\x01\0\0\0\x0b".to_vec()],
            vec![b"\x01\x01\x01\0\0\0\x80\x20\0\0\xff\xeb".to_vec()],
        ]
        .concat(),
        "framing" => [
            prefixed(&[0, 1], suite("storage-framing").hex("/in/body")),
            prefixed(&[0], suite("storage-framing").hex("/in/parts/0")),
            prefixed(&[1], suite("storage-framing").hex("/in/parts/1")),
        ]
        .concat(),
        "proto_sift" => suite("envelope-protobuf").hex("/in/wire"),
        "device_group" => device_group(vectors),
        "link_request" => link_request(vectors),
        "envelope_open" => [
            prefixed(&[0, 3], suite("envelope-protobuf").hex("/in/wire")),
            prefixed(&[4], suite("envelope-1to1-decode").hex("/in/wire")),
        ]
        .concat(),
        "group_open" => [
            prefixed(&[0], suite("envelope-group-encode").hex("/in/content")),
            // Compressed, with padding to 15 bytes.
            vec![
                b"\xf1\x50\0\x07\x01a word, ".to_vec(),
                b"\x01\x01\x01\0\0hello".to_vec(),
            ],
            prefixed(&[2], suite("envelope-group-encrypt").hex("/in/zstd_frame")),
            prefixed(&[2], suite("envelope-group-encode").hex("/in/zstd_frame")),
            vec![
                // The content size and two blocks: raw, and a byte repeated.
                b"\x03\x20\x05\x10\0\0ab\x1b\0\0c".to_vec(),
                // A skippable frame behind a frame.
                b"\x03\x20\0\x01\0\0\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec(),
                // Pieces in order with unknown ones between; without order; with bytes after.
                b"\x04\x06\0\x01\x02\x03\x04\x06\0\x05hello\0\0".to_vec(),
                b"\x04\x04\0\x03\x01\x04\0\x05hello".to_vec(),
                b"\x04\x04\0\x01\x03\x04\0\x05helloe".to_vec(),
                b"\x05d0:i1e1:a32:".to_vec(),
            ],
        ]
        .concat(),
        "multi" => [
            prefixed(&[1], suite("envelope-multi-decrypt").hex("/in/encoded"))
                .into_iter()
                .map(|mut seed| {
                    seed.splice(1..1, [0, 0]);
                    seed
                })
                .collect(),
            vec![
                b"\x06\0\x01p\0\x05hello\0\0\0\x01x\0\x50\x01".to_vec(),
                b"\xf4\0\0\0\x05hello\0\x02xy\0\x30\x80".to_vec(),
                b"\x01\0\x0019".to_vec(),
                b"\x01\0\x00007".to_vec(),
                b"\x01\0\x00+7".to_vec(),
            ],
        ]
        .concat(),
        "community" => [
            prefixed(&[0], suite("envelope-community-decode").hex("/in/wire")),
            prefixed(
                &[1, 3],
                suite("envelope-community-encode").hex("/in/content"),
            ),
            suite("envelope-community-encode").build(records_between),
            vec![b"\x04hello".to_vec(), [&[4][..], &[b'x'; 2001]].concat()],
            vec![b"\x05\0\x08world".to_vec(), b"\x05\0\x9f\x80\0".to_vec()],
        ]
        .concat(),
        "inbox_open" => [
            prefixed(
                &[0, 1],
                suite("envelope-community-encode").hex("/in/content"),
            ),
            prefixed(&[4, 5], vec![vec![50, 1], vec![20, 9, 9], Vec::new()]),
            prefixed(&[2, 3], vec![vec![0, 30, 9, 9], vec![0, 0, 1], vec![0, 80]]),
            prefixed(&[6, 7], insides()),
            prefixed(&[8], suite("envelope-inbox-decrypt").build(reported_ids)),
            prefixed(
                &[10, 11],
                suite("envelope-inbox-decrypt").hex("/in/ciphertext"),
            ),
        ]
        .concat(),
        "pro_proof" => pro_proof(),
        "pro_reply" => [
            suite("pro-response").texts("/in/json"),
            legacy_pro_replies(),
        ]
        .concat(),
        "v2_message" => v2_message(&suite),
        "account_pubkey" => account_pubkey_seeds(),
        "pfs_state" => pfs_state_seeds(),
        "content" => content_seeds(),
        "account_keys" => account_keys_seeds(),
        "device_table" => [
            prefixed(&[0], suite("v2-device-record").hex("/in/encoded")),
            prefixed(&[0], suite("v2-device-record").hex("/out/encoded")),
            device_table_seeds(),
        ]
        .concat(),
        "path_policy" => path_policy(),
        "client_inputs" => client_inputs(),
        "node_inputs" => node_inputs(),
        _ => Vec::new(),
    }
}

/// The answer of a seed server, of which some nodes are about to leave.
fn leaving_nodes() -> Vec<u8> {
    let node = |height: u64| {
        let mut node = NodeRecord::new([1; 32].into(), [9, 9, 9, 9].into(), 1, 1);
        node.unlock_height = height;
        node
    };
    let list = node_list_json(&[0, 1999, 2001].map(node));
    let list = list.replacen('{', r#"{"height":2000,"#, 1);
    format!(r#"{{"jsonrpc":"2.0","id":0,"result":{list}}}"#).into_bytes()
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

    /// A seed of each case that one can be made of.
    fn build(&self, seed: fn(&Value) -> Option<Vec<u8>>) -> Seeds {
        self.0.iter().filter_map(|case| seed(&case["in"])).collect()
    }

    /// Phrases behind the number of their language.
    fn words(&self, pointer: &str) -> Seeds {
        let phrase = |case: &Value| {
            let name = case["in"]["lang"].as_str()?.replace('_', " ");
            let named = |language: &Language| {
                let other = language.english_name().replace(['(', ')'], "");
                other.eq_ignore_ascii_case(&name)
            };
            let number = Language::ALL.iter().position(named)?;
            let phrase = case.pointer(pointer)?.as_str()?;
            Some([&[u8::try_from(number).ok()?], phrase.as_bytes()].concat())
        };
        self.0.iter().filter_map(phrase).collect()
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

fn text<'a>(input: &'a Value, name: &str) -> Option<&'a [u8]> {
    input[name].as_str().map(str::as_bytes)
}

fn hex(input: &Value, name: &str) -> Option<Vec<u8>> {
    decode(input[name].as_str()?)
}

fn name(input: &Value) -> Option<Vec<u8>> {
    Some([&[0; 3][..], &piece(text(input, "name")?)].concat())
}

fn name_record(input: &Value) -> Option<Vec<u8>> {
    let nonce = hex(input, "nonce");
    let value = hex(input, "encrypted_value")?;
    Some(
        [
            &[0, 0, nonce.is_some().into()][..],
            &piece(text(input, "name")?),
            &piece(&value),
            &piece(&nonce.unwrap_or_default()),
        ]
        .concat(),
    )
}

fn own_ids(input: &Value) -> Option<Vec<u8>> {
    Some([hex(input, "server_pk")?, hex(input, "sk")?].concat())
}

fn received_ids(input: &Value) -> Option<Vec<u8>> {
    let pieces = ["server_pk", "account_id", "blinded_id"];
    let pieces: Option<Vec<_>> = pieces.map(|name| hex(input, name)).into_iter().collect();
    Some(pieces?.concat())
}

/// What `community_auth` reads first.
fn request(flags: u8, seconds: &str, input: &Value) -> Option<Vec<u8>> {
    let millis = input[seconds].as_u64()?.checked_mul(1000)?;
    Some(
        [
            &[flags][..],
            &hex(input, "server_pk")?,
            &millis.to_be_bytes(),
            &piece(text(input, "method")?),
            &piece(text(input, "path")?),
            &piece(&hex(input, "body").unwrap_or_default()),
        ]
        .concat(),
    )
}

fn received_request(input: &Value) -> Option<Vec<u8>> {
    let headers = &input["headers"];
    let required = u8::from(input["require_blind"].as_bool()?);
    let mut seed = request(0b11_1100 | required << 1, "now", input)?;
    for name in ["pubkey", "nonce", "timestamp", "signature"] {
        seed.extend(piece(text(headers, name)?));
    }
    Some(seed)
}

fn signed_request(input: &Value) -> Option<Vec<u8>> {
    let blinded = u8::from(input["blinded"].as_bool()?);
    let request = request(1 | blinded << 1, "timestamp", input)?;
    Some([request, hex(input, "sk")?].concat())
}

/// A post in two halves.
fn records_between(input: &Value) -> Option<Vec<u8>> {
    let content = hex(input, "content")?;
    Some([&[2][..], &piece(&content), &[0x3a, 1, 9]].concat())
}

/// Messages behind which stands the sender's key, another one or none.
fn insides() -> Seeds {
    let key = |byte| *Account::from_seed(&Seed::from([byte; 32])).ed25519_key();
    let [own, other] = [1, 3].map(|byte| [b"text", &key(byte).as_bytes()[..]].concat());
    let (mut negative, short) = (own.clone(), own[..31].to_vec());
    *negative.last_mut().expect("a key") ^= 0x80;
    vec![own.clone(), own, negative.clone(), negative, other, short]
}

fn reported_ids(input: &Value) -> Option<Vec<u8>> {
    Some([hex(input, "sender_id")?, hex(input, "recipient_id")?].concat())
}

fn v2_message(suite: &dyn Fn(&str) -> Suite) -> Seeds {
    let (content, inner, wire) = ("/in/content", "/in/inner", "/in/message");
    let entries = |names: [&str; 5]| names.map(|entry| piece(entry.as_bytes())).concat();
    [
        prefixed(&[0, 1], suite("v2-dm-encrypt-nopfs").hex(content)),
        // Content, then entries around those that are known.
        prefixed(
            &[2, 3, 4, 5],
            vec![
                [piece(b"hello"), entries(["", "", "", "", ""])].concat(),
                [
                    piece(b""),
                    entries(["1:Ai5e", "1:a1:b", "1:mde", "2:~Ale", "2:~Z0:"]),
                ]
                .concat(),
                [piece(b"e"), entries(["", "1:T1:x", "", "3:~P1i0e", ""])].concat(),
                [piece(b"0:"), entries(["1:S0:", "", "1:~0:", "", "1:A0:"])].concat(),
            ],
        ),
        prefixed(&[6, 7], suite("v2-inner").hex(inner)),
        prefixed(&[8], suite("v2-dm-decrypt").hex(wire)),
        // Bytes over those of a message, behind their place.
        prefixed(
            &[10, 11],
            vec![
                [&[0, 2][..], &[1; 2]].concat(),
                [&[0, 36][..], &[1; 9]].concat(),
                [&[0, 4][..], &[0; 32]].concat(),
                [&[5, 255][..], &[1]].concat(),
            ],
        ),
    ]
    .concat()
}

/// What the vectors do not have.
fn legacy_pro_replies() -> Seeds {
    let tag = "ab".repeat(32);
    let sig = "cd".repeat(64);
    [
        format!(
            r#"{{"status":0,"result":{{"version":0,"ticket":2,"retry_in_s":9,"items":[{{
            "gen_index_hash":"{tag}","expiry_unix_ts_ms":8,"effective_unix_ts_ms":7}}]}}}}"#
        ),
        format!(
            r#"{{"status":0,"result":{{"version":0,"expiry_unix_ts_ms":8,"gen_index_hash":"{tag}",
            "rotating_pkey":"{tag}","sig":"{sig}"}}}}"#
        ),
        r#"{"status":0,"result":{"version":0,"status":1,"auto_renewing":true,
            "expiry_unix_ts_ms":5,"grace_period_duration_ms":2,"refund_requested_unix_ts_ms":0,
            "error_report":0,"payments_total":1,"items":[{"status":2,"plan":3}]}}"#
            .to_owned(),
        r#"{"status":101,"errors":["unknown"]}"#.to_owned(),
        format!(
            r#"{{"status":"ok","result":{{"version":1,"timestamp":5.25,
            "signing_pubkey":"{tag}"}}}}"#
        ),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Lists of backends, and proofs that are whole or damaged in one place.
fn pro_proof() -> Seeds {
    let lists: [&[u8]; 4] = [&[1, 2, 0, 1], &[1, 2, 0, 0], &[2, 1, 1, 0, 0, 1], &[0, 0]];
    // Issuer, format, expiry, tag, bit, damage, version, signer, damage, absence, time, features.
    let step = |is_b: u8, damage: u8, signer: u8, absent: u8, time: u8, sealed: u8| {
        [
            0, is_b, 0, 9, 1, 77, damage, 2, signer, 1, absent, 0, time, 3, 1, sealed,
        ]
    };
    let steps = [
        [step(1, 5, 1, 0, 9, 1), step(1, 5, 1, 0, 10, 0)],
        [step(0, 5, 1, 0, 9, 1), step(0, 3, 1, 0, 9, 1)],
        [step(1, 0, 1, 0, 9, 0), step(1, 5, 0, 0, 9, 1)],
        [step(1, 5, 1, 1, 9, 1), step(0, 2, 0, 0, 0, 1)],
    ];
    let join = |list: &[u8], steps: &[[u8; 16]; 2]| [list, &steps.concat()].concat();
    lists
        .iter()
        .flat_map(|list| steps.iter().map(|steps| join(list, steps)))
        .collect()
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

/// A request's parameters behind the number of its method.
fn parameters(input: &Value) -> Option<Vec<u8>> {
    numbered(input["method"].as_str()?, &hex(input, "bt")?)
}

fn parameters_of_body(input: &Value) -> Option<Vec<u8>> {
    let request: Value = serde_json::from_slice(text(input, "body")?).ok()?;
    numbered(
        request["method"].as_str()?,
        request["params"].to_string().as_bytes(),
    )
}

fn numbered(method: &str, params: &[u8]) -> Option<Vec<u8>> {
    let number = METHODS.iter().position(|name| *name == method)?;
    Some([&[u8::try_from(number * 4).ok()?], params].concat())
}

/// Requests made of others, replies to such, and what a node is to do.
fn batch(requests: Suite) -> Seeds {
    let composite = |request: &Vec<u8>| {
        let has = |name: &[u8]| request.windows(name.len()).any(|window| window == name);
        has(b"batch") || has(b"sequence") || has(b"ifelse")
    };
    let requests = requests
        .texts("/in/body")
        .into_iter()
        .filter(composite)
        .step_by(2);
    let replies: [&[u8]; 4] = [
        br#"{"results":[{"body":{"t":1},"code":200},{"body":"no","code":401}]}"#,
        b"d7:resultsld4:body2:no4:codei401eeee",
        br#"{"condition":true,"height":1,"hf":[21,0],"result":{"body":"a","code":400},"v":[2,11,3]}"#,
        b"d9:conditioni0e6:heighti1e2:hfli21ei0ee1:vli2ei11ei3eee",
    ];
    let (question, answer) = ([15, 0, 7, 1], [4, 0, 0, 0, 3]);
    let store = [0, 0, 10, 0, 1, 0];
    let info = [13, 0];
    let stored = [6, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let rpc = [7];
    let late = [2, 0xff, 0xff];
    let steps = [
        // A batch of a question, a store and a piece of information.
        [
            &[0, 0, 2][..],
            &question,
            &store,
            &info,
            &rpc,
            &answer,
            &stored,
            &stored,
            &stored,
        ]
        .concat(),
        // The same one after another, in bt, of which the second times out.
        [
            &[0, 1, 2][..],
            &question,
            &store,
            &info,
            &[5],
            &answer,
            &late,
        ]
        .concat(),
        // A condition whose branches are a batch and a question, in an onion request.
        [
            &[0, 2, 1, 0, 1][..],
            &question,
            &info,
            &[2],
            &question,
            &[20, 0],
            &[0],
            &answer,
        ]
        .concat(),
    ];
    prefixed(&[0], requests.collect())
        .into_iter()
        .chain(prefixed(&[1], replies.map(<[u8]>::to_vec).to_vec()))
        .chain(prefixed(&[2], steps.to_vec()))
        .collect()
}

/// Without signature.
fn bodies(messages: Seeds) -> Seeds {
    let bodies = messages
        .into_iter()
        .filter_map(|mut message| Some(message.drain(..message.len().checked_sub(71)?).collect()));
    bodies.collect()
}

fn device_group(vectors: &Path) -> Seeds {
    let suite = |name: &str| Suite::load(vectors, name);
    let mut messages = suite("v2-device-decrypt").hex("/in/message");
    messages.retain(|message| message.len() <= MAX_LEN);
    messages.extend(suite("v2-device-outer").hex("/in/message"));
    [
        prefixed(
            &[2],
            prefixed(&[1], suite("v2-device-encrypt").hex("/out/payload")),
        ),
        prefixed(
            &[2],
            prefixed(&[5], vec![b"d1:Dde1:Klee".to_vec(), vec![0; 2]]),
        ),
        prefixed(&[0], messages.iter().take(2).cloned().collect()),
        prefixed(&[1], bodies(messages)),
        // Nothing changed; in the ciphertexts, signed again and not; in the list of keys.
        vec![
            vec![3, 0],
            vec![3, 1],
            b"\x03\x01\x01\0\x01".to_vec(),
            b"\x03\0\x01\0\x01".to_vec(),
            b"\x03\x01\x11\x60\x80".to_vec(),
        ],
    ]
    .concat()
}

fn link_request(vectors: &Path) -> Seeds {
    let suite = |name: &str| Suite::load(vectors, name);
    let plaintexts = suite("v2-link-request").hex("/out/plaintext");
    let messages = suite("v2-link-request").hex("/in/message");
    let records = suite("v2-device-record").hex("/out/encoded");
    [
        prefixed(&[0], messages.into_iter().step_by(4).collect()),
        prefixed(&[1], plaintexts.clone()),
        prefixed(&[2], prefixed(&[0], prefixed(&[0], bodies(plaintexts)))),
        prefixed(&[19], vec![[&[7; 32], &*records[0]].concat()]),
        vec![
            vec![4],
            b"\x14\0\x20\x01".to_vec(),
            b"\x24\x02\0\x80".to_vec(),
        ],
    ]
    .concat()
}

fn node_inputs() -> Seeds {
    // Owner 0, namespace 0, for a short time, message 1.
    let store = [1, 0, 0, 10, 0, 1, 0];
    let retrieve = [1, 2, 0, 0, 0, 0];
    let stored = [18, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let ask = |request: &[u8], way: u8| [&[4][..], request, &[way]].concat();
    let signed = |method: u8, fields: &[u8]| {
        let request = [&[1, method, 0][..], fields, &[0]].concat();
        [ask(&request, 6), stored.repeat(3)].concat()
    };
    let stored_once = [ask(&store, 7), stored.repeat(3)].concat();
    let subscribed = [11, 1, 0, 1, 0, 0, 1];
    let named = [0, 0, 1];
    [
        [stored_once.clone(), ask(&retrieve, 7)].concat(),
        // Through another node, which does not answer.
        [ask(&store, 1), vec![13, 255, 255]].concat(),
        [
            ask(&store, 0),
            stored.repeat(2),
            vec![13, 255, 255],
            ask(&retrieve, 5),
        ]
        .concat(),
        // Told of it, until the account moves.
        [&subscribed[..], &stored_once, &[15, 0, 0, 0, 9], &[12, 1]].concat(),
        [&subscribed[..], &[12, 1], &stored_once].concat(),
        [&stored_once[..], &signed(3, &[&named[..], &[1]].concat())].concat(),
        [&stored_once[..], &signed(4, &[1])].concat(),
        [&stored_once[..], &signed(5, &[0, 0])].concat(),
        [
            &stored_once[..],
            &signed(6, &[&named[..], &[1, 0, 60]].concat()),
        ]
        .concat(),
        [&stored_once[..], &signed(7, &[60, 1])].concat(),
        [&stored_once[..], &signed(8, &named)].concat(),
        signed(9, &[1, 0, 3, 1]),
        signed(10, &[1, 0, 3, 1]),
        [
            ask(&[1, 11, 1, 0], 6),
            ask(&[1, 12, 0], 5),
            ask(&[1, 14, 0], 6),
        ]
        .concat(),
        [ask(&[1, 15, 0, 7, 1], 7), vec![17, 0, 0, 0, 3]].concat(),
        // Handed over to a member that comes.
        [
            &[15, 0, 8, 0, 0][..],
            &stored_once,
            &[15, 0, 0, 0, 0, 13, 0, 20, 18, 0, 3],
        ]
        .concat(),
        [
            &[8, 3, 3][..],
            &piece(b"\x01le"),
            &[10, 0, 1, 0, 10, 0, 1, 0, 1],
        ]
        .concat(),
        [&[9][..], &store].concat(),
        [
            &[1][..],
            &piece(b"\x02\0\0\0{}{\"headers\":\"\"}"),
            &[14, 0, 9],
        ]
        .concat(),
        [&[8, 3, 1][..], &piece(b"\0\0\0\0{}"), &[2]].concat(),
        [
            &[2][..],
            &piece(br#"{"method":"info","params":{}}"#),
            &[3, 13],
            &piece(b"de"),
        ]
        .concat(),
    ]
    .to_vec()
}
