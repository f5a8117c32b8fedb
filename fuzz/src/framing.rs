//! Requests and replies on OMQ and QUIC.

use session_core::Network;
use session_storage::framing::{Content, Response, parse_omq, parse_quic};

use crate::bytes::Bytes;

/// What is read is written and read the same, and bytes stay what they are.
pub fn framing(data: &[u8]) {
    let mut bytes = Bytes(data);
    let is_error = bytes.flag();
    let body = bytes.rest();
    assert_eq!(Content::of(body).as_bytes(), body);

    if let Ok(response) = Response::from_quic(body, is_error) {
        again(response);
    } else {
        assert!(is_error);
    }
    // The first bytes as the code.
    let code = &body[..body.len().min(3)];
    for parts in [&[body][..], &[code, body]] {
        if let Ok(response) = Response::from_omq(parts) {
            again(response);
        }
    }
    for method in ["store", "info", "batch", "no such method"] {
        let request = parse_quic(method, body, Network::Mainnet);
        assert_eq!(parse_omq(method, &[body], Network::Mainnet), request);
        if let Err(rejection) = request {
            assert!(matches!(rejection.status(), 400 | 413));
        }
    }
}

fn again(mut response: Response<'_>) {
    // White space around JSON does not survive being wrapped.
    if let Content::Json(text) = response.content {
        response.content = Content::Json(text.trim_ascii());
    }
    let mut written = Vec::new();
    let is_error = response.write_quic(&mut written);
    // Nodes give codes of three digits; a reader takes others out of a wrapped body.
    if (100..=999).contains(&response.status) {
        assert_eq!(Response::from_quic(&written, is_error), Ok(response));
        let code = response.omq_code().unwrap_or_default();
        let parts = [code.as_bytes(), response.content.as_bytes()];
        let parts = &parts[usize::from(code.is_empty())..];
        assert_eq!(Response::from_omq(parts), Ok(response));
    }
}
