//! `onion-*`: layers, requests and replies.

use serde_json::{Value, json};
use session_crypto::ed25519;
use session_crypto::x25519::{PublicKey, SecretKey};
use session_onion::hazmat::{self, LayerSecret};
use session_onion::{
    Action, Destination, EncType, Endpoint, EntryError, EphemeralPool, Error, Hop, Layer,
    PreparedHop, PreparedPath, Protocol, ProxyTarget, ReplyBody, ReplyFormat, ReplyText, Route,
    SealedBy, Server, peel_at_server, uniform_batch_error, v4,
};

use crate::case::{self, CaseError, Replay, Suite, hex};

pub(crate) const SUITES: &[(&str, Suite)] = &[
    ("onion-hop-xchacha20", hop),
    ("onion-hop-aes-gcm", hop_aes_gcm),
    ("onion-build-snode", build_to_node),
    ("onion-build-server-v4", build_to_server),
    ("onion-build-server-v3", build_to_server),
    ("onion-peel", peel),
    ("onion-classify", classify),
    ("onion-edge-parse", edge_parse),
    ("onion-proxy-target", proxy_target),
    ("onion-relay-dict", relay_dict),
    ("onion-snode-response", snode_response),
    ("onion-server", server),
    ("onion-v4", v4_lists),
    ("onion-size", size),
    ("onion-quic-error", quic_error),
    ("onion-batch-status", batch_status),
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

fn build_to_node(case: &Value) -> Result<Value, CaseError> {
    let hop = listed_hop(&case["destination"])?;
    let prepared = PreparedHop::new(&hop);
    build(case, (&hop).into(), (&prepared).into())
}

fn build_to_server(case: &Value) -> Result<Value, CaseError> {
    let destination = &case["destination"];
    if case.get("request").is_some() {
        let encoded = hex(encode_v4_request(&case["request"]));
        assert_eq!(encoded, case::text(case, "payload"), "the payload");
    }
    let server = listed_server(destination, public(destination, "x25519_public")?)?;
    build(case, (&server).into(), (&server).into())
}

fn listed_server(destination: &Value, key: PublicKey) -> Result<Server<'_>, CaseError> {
    let unknown = |what: &str| CaseError::Failed(format!("unknown {what}"));
    let protocol = [Protocol::Https, Protocol::Http]
        .into_iter()
        .find(|protocol| protocol.name() == case::text(destination, "protocol"))
        .ok_or_else(|| unknown("protocol"))?;
    let endpoint = [Endpoint::V4, Endpoint::V3, Endpoint::LokiV3]
        .into_iter()
        .find(|endpoint| endpoint.target() == case::text(destination, "target"))
        .ok_or_else(|| unknown("target"))?;
    let port = u16::try_from(case::unsigned(destination, "port"))?;
    Ok(Server::new(key, protocol, case::text(destination, "host"))?
        .with_port(port)
        .with_endpoint(endpoint))
}

/// Builds in all ways, which have to agree; `prepared` is the destination with its table.
fn build(
    case: &Value,
    destination: Destination<'_>,
    prepared: Destination<'_>,
) -> Result<Value, CaseError> {
    let path = case::list(case, "path");
    let hops = path.iter().map(listed_hop).collect::<Result<Vec<_>, _>>()?;
    let unhex = |bytes: &Value| case::unhex(bytes.as_str().unwrap_or_default());
    let secrets: Vec<_> = case::list(case, "ephemeral_secrets")
        .iter()
        .map(unhex)
        .collect();
    let nonces: Vec<_> = case::list(case, "nonces").iter().map(unhex).collect();
    if secrets.len() != hops.len() + 1 || nonces.len() != secrets.len() {
        return Err(CaseError::Failed("one secret and nonce a layer".to_owned()));
    }
    let stream = secrets
        .iter()
        .zip(&nonces)
        .flat_map(|pair| [&**pair.0, pair.1]);
    let stream = stream.collect::<Vec<_>>().concat();
    let enc_type = enc_type(case)?;
    let payload = case::bytes(case, "payload");
    let body = Route::new(&hops)
        .with_enc_type(enc_type)
        .build(destination, &payload, &mut Replay(&stream))?
        .body;

    let tables = PreparedPath::new(&hops);
    let mut pool = EphemeralPool::new(secrets.len());
    pool.fill(&mut Replay(&secrets.concat()));
    let mut pooled = b"in front".to_vec();
    Route::prepared(&tables)
        .with_enc_type(enc_type)
        .with_pool(&mut pool)
        .append(
            prepared,
            &payload,
            &mut pooled,
            &mut Replay(&nonces.concat()),
        )?;
    assert_eq!(
        pooled.strip_prefix(b"in front"),
        Some(&*body),
        "two ways, two requests"
    );

    // What each node sees, found by peeling as the nodes would, entry node first.
    let mut layers = Vec::new();
    let mut message = body.clone();
    for (at, node) in path.iter().chain([&case["destination"]]).enumerate() {
        let to_server = at == path.len() && matches!(destination, Destination::Server(_));
        let layer = match at {
            _ if to_server => Layer::parse_at_server(&mut message)?,
            0 => Layer::parse_outer(&mut message)?,
            _ => Layer::parse_relay(&mut message)?,
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
        if at == path.len() {
            break;
        }
        message = match hazmat::classify(&plaintext, 0) {
            Action::Relay(relay) => relay.encode(),
            Action::Proxy(proxy) => proxy.body.to_vec(),
            other => return Err(CaseError::Failed(format!("{other:?} on the way"))),
        };
    }
    layers.reverse();
    Ok(json!({"body": hex(&body), "layers": layers}))
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
    let hops = usize::try_from(case::unsigned(case, "hops"))?;
    let payload = usize::try_from(case::unsigned(case, "payload_length"))?;
    let enc_type = enc_type(case)?;
    let total = if case["destination"] == "snode" {
        session_onion::size::to_node(hops, payload, enc_type)
    } else {
        let server = listed_server(&case["destination"], PublicKey::from_bytes([9; 32]))?;
        session_onion::size::to_server(hops, &server, payload, enc_type)
    };
    Ok(json!({"total": total}))
}

fn server(case: &Value) -> Result<Value, CaseError> {
    let mut body = case::bytes(case, "body");
    let layer = Layer::parse_at_server(&mut body)?;
    let mut out = json!({
        "ephemeral_key": hex(layer.ephemeral_key.as_bytes()),
        "enc_type": layer.enc_type.name(),
    });
    let request = peel_at_server(&secret(case, "x25519_secret")?, layer)?;
    out["payload"] = json!(hex(&request.payload));
    if case.get("reply_plaintext").is_some() {
        let plaintext = case::bytes(case, "reply_plaintext");
        let nonce = case::bytes(case, "reply_nonce");
        let mut replay = Replay(&nonce);
        if case::unsigned(case, "version") == 4 {
            let sealed = request.reply.seal_v4(&plaintext, &mut replay)?;
            out["reply_hex"] = json!(hex(sealed));
        } else {
            let text = String::from_utf8(plaintext)?;
            let sealed = request.reply.seal_v3(&text, &mut replay)?;
            out["reply"] = json!(String::from_utf8(sealed)?);
        }
    }
    Ok(out)
}

fn encode_v4_request(request: &Value) -> Vec<u8> {
    let body = case::optional_bytes(request, "body");
    let endpoint = case::text(request, "endpoint");
    let mut encoded = v4::Request::new(case::text(request, "method"), endpoint);
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        encoded = encoded.with_header(name.as_str(), value.as_str().unwrap_or_default());
    }
    if let Some(body) = &body {
        encoded = encoded.with_body(body);
    }
    encoded.encode()
}

fn v4_lists(case: &Value) -> Result<Value, CaseError> {
    let headers = |headers: &v4::Headers<'_>| json!(headers);
    Ok(match case::text(case, "op") {
        "encode_request" => json!({"payload": hex(encode_v4_request(case))}),
        "decode_request" => {
            let payload = case::bytes(case, "payload");
            let request = v4::Request::decode(&payload)?;
            json!({
                "method": request.method,
                "endpoint": request.endpoint,
                "headers": headers(&request.headers),
                "body": hex(request.body.unwrap_or_default()),
            })
        }
        _ => {
            let payload = case::bytes(case, "payload");
            let response = v4::Response::decode(&payload)?;
            json!({
                "code": response.code,
                "headers": headers(&response.headers),
                "body": response.body.map(hex),
            })
        }
    })
}

fn quic_error(case: &Value) -> Result<Value, CaseError> {
    let error = EntryError::parse(case::text(case, "text"));
    let error = error.ok_or_else(|| CaseError::Failed("no status line".to_owned()))?;
    Ok(json!({
        "status": error.status,
        "reason": error.reason,
        "message": error.message,
        "timeout": error.is_timeout(),
    }))
}

fn batch_status(case: &Value) -> Result<Value, CaseError> {
    Ok(json!({"status": uniform_batch_error(case::text(case, "body"))}))
}
