//! The status codes of storage replies (spec 04 §2.5), as far as nodes here give them.

/// Done. In a recursive reply, look at the item of each member.
pub const OK: u16 = 200;
/// The request is malformed: do not retry.
pub const BAD_REQUEST: u16 = 400;
/// The signature is missing or invalid: do not retry unchanged.
pub const UNAUTHORIZED: u16 = 401;
/// The time to live is out of range: do not retry.
pub const FORBIDDEN: u16 = 403;
/// Nothing was deleted, although that was required.
pub const NOT_FOUND: u16 = 404;
/// Timestamps too far off: learn the node's time, sign again, retry.
pub const NOT_ACCEPTABLE: u16 = 406;
/// The body is too large.
pub const TOO_LARGE: u16 = 413;
/// The node does not serve the account; the body lists those that do (spec 03 §7.2).
pub const WRONG_SWARM: u16 = 421;
/// Internal error, or every member failed: ask another member.
pub const SERVER_ERROR: u16 = 500;
/// The next hop or a server cannot be reached: ask through another path.
pub const BAD_GATEWAY: u16 = 502;
/// The node is not ready or busy: ask another one.
pub const UNAVAILABLE: u16 = 503;
/// A node on the way did not answer in time: ask another one.
pub const GATEWAY_TIMEOUT: u16 = 504;
/// Whether a status says that a request was carried out.
#[must_use]
pub const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// The phrase that goes with a status where a transport wants one; it means nothing to readers.
#[must_use]
pub const fn reason(status: u16) -> &'static str {
    match status {
        OK => "OK",
        BAD_REQUEST => "Bad Request",
        UNAUTHORIZED => "Unauthorized",
        FORBIDDEN => "Forbidden",
        NOT_FOUND => "Not Found",
        NOT_ACCEPTABLE => "Not Acceptable",
        410 => "Gone",
        TOO_LARGE => "Payload Too Large",
        WRONG_SWARM => "Misdirected Request",
        429 => "Too Many Requests",
        SERVER_ERROR => "Internal Server Error",
        BAD_GATEWAY => "Bad Gateway",
        UNAVAILABLE => "Service Unavailable",
        GATEWAY_TIMEOUT => "Gateway Timeout",
        _ => "Error",
    }
}
