//! `onion-*`: layers, requests and replies.

use serde_json::{Value, json};
use session_crypto::ed25519;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_onion::hazmat::{self, LayerSecret};
use session_onion::{
    Action, EncType, Error, Hop, Layer, ProxyTarget, ReplyBody, ReplyFormat, ReplyText, SealedBy,
};

use crate::case::{self, CaseError, Replay, Suite, hex};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("onion-hop-xchacha20", hop),
    ("onion-hop-aes-gcm", hop_aes_gcm),
    ("onion-build-snode", build),
    ("onion-peel", peel),
    ("onion-classify", classify),
    ("onion-edge-parse", edge_parse),
    ("onion-proxy-target", proxy_target),
    ("onion-relay-dict", relay_dict),
    ("onion-snode-response", snode_response),
    ("onion-size", size),
];

fn enc_type(case: &Value) -> Result<EncType, CaseError> {
    Ok(EncType::parse(case::text(case, "enc_type"))?)
}

fn public(object: &Value, field: &str) -> Result<PublicKey, CaseError> {
    Ok(PublicKey::from_bytes(case::array(object, field)?))
}

fn secret(object: &Value, field: &str) -> Result<SecretKey, CaseError> {
    Ok(SecretKey::from_bytes(&case::array(object, field)?))
}

fn hop(case: &Value) -> Result<Value, CaseError> {
    single_layer(case, EncType::XChaCha20)
}

fn hop_aes_gcm(case: &Value) -> Result<Value, CaseError> {
    single_layer(case, EncType::AesGcm)
}

fn single_layer(case: &Value, enc_type: EncType) -> Result<Value, CaseError> {
    let own = secret(case, "secret")?;
    let peer = public(case, "peer_public")?;
    let layer = match case::text(case, "side") {
        "client" => LayerSecret::for_client(&own, &peer)?,
        _ => LayerSecret::for_server(&own, &peer)?,
    };
    if case::text(case, "op") == "decrypt" {
        let mut ciphertext = case::bytes(case, "ciphertext");
        let plaintext = hazmat::open_layer(&layer, enc_type, &mut ciphertext)?;
        return Ok(json!({"plaintext": hex(plaintext)}));
    }
    let nonce = case::bytes(case, "nonce");
    let plaintext = case::bytes(case, "plaintext");
    let ciphertext = hazmat::seal_layer(&layer, enc_type, &plaintext, &mut Replay(&nonce))?;
    Ok(json!({
        "shared_secret": hex(layer.shared().expose_bytes()),
        "key": hex(layer.key(enc_type).expose_bytes()),
        "ciphertext": hex(ciphertext),
    }))
}

/// A hop of a node list that gives both keys: they must belong together.
fn listed_hop(node: &Value) -> Result<Hop, CaseError> {
    let key = ed25519::PublicKey::from_bytes(&case::array(node, "ed25519_public")?)?;
    let hop = Hop::new(&key)?;
    if *hop.x25519() != public(node, "x25519_public")? {
        return Err(CaseError::Failed(
            "the listed X25519 key is another".to_owned(),
        ));
    }
    Ok(hop)
}

fn build(case: &Value) -> Result<Value, CaseError> {
    let path = case::list(case, "path");
    let hops = path.iter().map(listed_hop).collect::<Result<Vec<_>, _>>()?;
    let destination = listed_hop(&case["destination"])?;
    let secrets = case::list(case, "ephemeral_secrets");
    let nonces = case::list(case, "nonces");
    if secrets.len() != hops.len() + 1 || nonces.len() != secrets.len() {
        return Err(CaseError::Failed("one secret and nonce a layer".to_owned()));
    }
    let stream: Vec<u8> = secrets
        .iter()
        .zip(nonces)
        .flat_map(|pair| [pair.0, pair.1])
        .flat_map(|bytes| case::unhex(bytes.as_str().unwrap_or_default()))
        .collect();
    let enc_type = enc_type(case)?;
    let payload = case::bytes(case, "payload");
    let request = session_onion::build(
        &hops,
        &destination,
        &payload,
        enc_type,
        &mut Replay(&stream),
    )?;

    // What each node sees, found by peeling as the nodes would, entry node first.
    let mut layers = Vec::new();
    let mut message = request.body.clone();
    for (at, node) in path.iter().chain([&case["destination"]]).enumerate() {
        let layer = if at == 0 {
            Layer::parse_outer(&mut message)?
        } else {
            Layer::parse_relay(&mut message)?
        };
        let ephemeral_public = hex(layer.ephemeral_key.as_bytes());
        let shared =
            LayerSecret::for_server(&secret(node, "x25519_secret")?, &layer.ephemeral_key)?;
        let plaintext = hazmat::open_layer(&shared, layer.enc_type, layer.ciphertext)?.to_vec();
        let place = match at {
            at if at == path.len() => "destination".to_owned(),
            at => format!("hop {}", at + 1),
        };
        layers.push(json!({
            "for": place,
            "ephemeral_public": ephemeral_public,
            "plaintext": hex(&plaintext),
        }));
        if let Action::Relay(relay) = hazmat::classify(&plaintext, 0) {
            message = relay.encode();
        }
    }
    layers.reverse();
    Ok(json!({"body": hex(&request.body), "layers": layers}))
}

fn peel(case: &Value) -> Result<Value, CaseError> {
    let node = secret(case, "x25519_secret")?;
    let mut ciphertext = case::bytes(case, "ciphertext");
    let ephemeral_key = public(case, "ephemeral_key")?;
    let layer = Layer::new(&mut ciphertext, ephemeral_key, enc_type(case)?, 0);
    action_to_json(session_onion::peel(&node, layer)?.action)
}

fn classify(case: &Value) -> Result<Value, CaseError> {
    action_to_json(hazmat::classify(&case::bytes(case, "plaintext"), 0))
}

fn action_to_json(action: Action<'_>) -> Result<Value, CaseError> {
    Ok(match action {
        Action::Relay(relay) => json!({
            "kind": "relay",
            "next": hex(relay.next),
            "ephemeral_key": hex(relay.ephemeral_key.as_bytes()),
            "enc_type": relay.enc_type.name(),
            "ciphertext": hex(relay.ciphertext),
        }),
        Action::Final(request) => json!({
            "kind": "final",
            "body": hex(request.payload),
            "json": request.options.json,
            "base64": request.options.base64,
        }),
        Action::Proxy(proxy) => json!({
            "kind": "proxy",
            "host": proxy.target.host,
            "port": proxy.target.port,
            "protocol": proxy.target.protocol,
            "target": proxy.target.target,
            "payload": hex(proxy.body),
        }),
        Action::Invalid(why) => return Err(CaseError::Failed(format!("invalid-json: {why}"))),
        _ => {
            return Err(CaseError::Skipped(
                "an action that this runner does not know",
            ));
        }
    })
}

fn edge_parse(case: &Value) -> Result<Value, CaseError> {
    let mut body = case::bytes(case, "body");
    let layer = Layer::parse_outer(&mut body)?;
    Ok(json!({
        "ciphertext": hex(&layer.ciphertext),
        "ephemeral_key": hex(layer.ephemeral_key.as_bytes()),
        "enc_type": layer.enc_type.name(),
        "hop_no": layer.hop_no,
    }))
}

fn proxy_target(case: &Value) -> Result<Value, CaseError> {
    let text = |field| case::text(case, field).to_owned();
    let port = u16::try_from(case::unsigned(case, "port"))?;
    let target = ProxyTarget::new(text("host"), port, text("protocol"), text("target"));
    Ok(json!({"url": target.url()?}))
}

fn relay_dict(case: &Value) -> Result<Value, CaseError> {
    if case::text(case, "op") == "encode" {
        // A node encodes what it has peeled: give it the metadata of such a layer.
        let hop_no = u32::try_from(case::unsigned(case, "hop_no"))?;
        let data = case::bytes(case, "data");
        let metadata = json!({
            "destination": "00".repeat(32),
            "ephemeral_key": case["ephemeral_key"],
            "enc_type": case["enc_type"],
        });
        let mut frame = u32::try_from(data.len())?.to_le_bytes().to_vec();
        frame.extend_from_slice(&data);
        frame.extend_from_slice(metadata.to_string().as_bytes());
        let Action::Relay(relay) = hazmat::classify(&frame, hop_no - 1) else {
            return Err(CaseError::Failed("not a relay layer".to_owned()));
        };
        return Ok(json!({"message": hex(relay.encode())}));
    }
    let mut message = case::bytes(case, "message");
    let layer = Layer::parse_relay(&mut message)?;
    Ok(json!({
        "data": hex(&layer.ciphertext),
        "enc_type": layer.enc_type.name(),
        "ephemeral_key": hex(layer.ephemeral_key.as_bytes()),
        "hop_no": layer.hop_no,
        "accepted": layer.check_hop_limit() != Err(Error::TooManyHops),
    }))
}

fn snode_response(case: &Value) -> Result<Value, CaseError> {
    let enc_type = enc_type(case)?;
    if case::text(case, "op") == "open" {
        let ephemeral = secret(case, "ephemeral_secret")?;
        let layer = LayerSecret::for_client(&ephemeral, &public(case, "destination_public")?)?;
        let reply = match case["reply"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => case::bytes(case, "reply_hex"),
        };
        let reply = hazmat::reply_key(enc_type, layer, None).open(&reply)?;
        assert_eq!(reply.sealed_by, SealedBy::Destination);
        let mut out = json!({"status": reply.status, "decrypted_with": reply.enc_type.name()});
        match reply.body {
            ReplyText::Text(text) => out["body_text"] = json!(text),
            ReplyText::Json(text) => out["body_json"] = serde_json::from_str(&text)?,
        }
        return Ok(out);
    }
    let node = secret(case, "x25519_secret")?;
    let layer = LayerSecret::for_server(&node, &public(case, "client_ephemeral")?)?;
    let compact;
    let body = match case.get("body_text") {
        Some(text) => ReplyBody::Text(text.as_str().unwrap_or_default()),
        None => {
            compact = case["body_json"].to_string();
            ReplyBody::Json(&compact)
        }
    };
    let format = ReplyFormat {
        json: case["json"] == true,
        base64: case["base64"] == true,
    };
    let status = u16::try_from(case::unsigned(case, "status"))?;
    let nonce = case::bytes(case, "nonce");
    let sealer = hazmat::reply_sealer(enc_type, layer.clone());
    let seal = |format| sealer.seal(status, body, format, &mut Replay(&nonce));
    let mut raw = seal(ReplyFormat {
        base64: false,
        ..format
    })?;
    let plaintext = String::from_utf8(hazmat::open_layer(&layer, enc_type, &mut raw)?.to_vec())?;
    let reply = seal(format)?;
    Ok(if format.base64 {
        json!({"plaintext": plaintext, "reply": String::from_utf8(reply)?})
    } else {
        json!({"plaintext": plaintext, "reply_hex": hex(reply)})
    })
}

fn size(case: &Value) -> Result<Value, CaseError> {
    if case["destination"] != "snode" {
        return Err(CaseError::Skipped("server destinations"));
    }
    let hops = usize::try_from(case::unsigned(case, "hops"))?;
    let payload = usize::try_from(case::unsigned(case, "payload_length"))?;
    Ok(json!({"total": session_onion::request_len(hops, payload, enc_type(case)?)}))
}
