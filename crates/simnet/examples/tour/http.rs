//! Plain HTTP over loopback.

use std::net::SocketAddr;
use std::time::Duration;

/// A body that came back with its status, or whether the wait was too long.
pub type Posted = Result<(u16, Vec<u8>), TimedOut>;

/// Whether a failure was a timeout; otherwise there was no connection.
#[derive(Clone, Copy, Debug)]
pub struct TimedOut(pub bool);

/// Header that names the node that sends. It stands in for the authenticated connections
/// (CurveZMQ) of the deployed network: believe it on loopback only.
pub const NODE_HEADER: &str = "X-Node";

/// Posts a body.
pub fn post(
    to: SocketAddr,
    path: &str,
    node: Option<String>,
    body: Vec<u8>,
    timeout: Duration,
) -> Posted {
    let mut request = minreq::post(format!("http://{to}{path}"))
        .with_body(body)
        .with_timeout(timeout.as_secs().max(1));
    if let Some(node) = node {
        request = request.with_header(NODE_HEADER, node);
    }
    match request.send() {
        Ok(response) => Ok((response.status_code, response.into_bytes())),
        Err(minreq::Error::IoError(error)) => {
            Err(TimedOut(error.kind() == std::io::ErrorKind::TimedOut))
        }
        Err(_) => Err(TimedOut(false)),
    }
}
