//! Servers outside the network, as a client names them (spec 02 §2.4, §3.3).

use alloc::vec::Vec;
use core::fmt;

use session_crypto::x25519::PublicKey;

use crate::proxy::is_host;
use crate::reply::ReplyForm;
use crate::{EncType, Error};

/// How the last node of the path speaks to a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "nodes pass on these two and no others"
)]
pub enum Protocol {
    /// HTTPS, with certificate validation by the node.
    #[default]
    Https,
    /// Plain HTTP.
    Http,
}

impl Protocol {
    /// The URL scheme.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port that is meant when none is given.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// The route of a server that takes onion requests, which also says in which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oxen/v4/lsrpc`: the form of [`v4`](crate::v4). New clients use no other.
    #[default]
    V4,
    /// `/oxen/v3/lsrpc`: the form of [`v3`](crate::v3).
    V3,
    /// `/loki/v3/lsrpc`: the same under its old name.
    LokiV3,
}

impl Endpoint {
    /// The path of the URL.
    #[must_use]
    pub const fn target(self) -> &'static str {
        match self {
            Self::V4 => "/oxen/v4/lsrpc",
            Self::V3 => "/oxen/v3/lsrpc",
            Self::LokiV3 => "/loki/v3/lsrpc",
        }
    }

    pub(crate) const fn reply_form(self) -> ReplyForm {
        match self {
            Self::V4 => ReplyForm::V4,
            Self::V3 | Self::LokiV3 => ReplyForm::V3,
        }
    }
}

/// A server that a request ends at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Server<'a> {
    key: PublicKey,
    protocol: Protocol,
    host: &'a str,
    port: u16,
    endpoint: Endpoint,
}

impl<'a> Server<'a> {
    /// The server with this X25519 key and host, at the protocol's default port and endpoint
    /// [`V4`](Endpoint::V4). `host` is a DNS name, an IPv4 address, or an IPv6 address in
    /// brackets.
    ///
    /// # Errors
    /// [`Error::ProxyTarget`] for anything else.
    pub fn new(key: PublicKey, protocol: Protocol, host: &'a str) -> Result<Self, Error> {
        if !is_host(host) {
            return Err(Error::ProxyTarget);
        }
        Ok(Self {
            key,
            protocol,
            host,
            port: protocol.default_port(),
            endpoint: Endpoint::default(),
        })
    }

    /// The same server at another port.
    #[must_use]
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The same server, spoken to in another form.
    #[must_use]
    pub const fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    pub(crate) const fn key(&self) -> &PublicKey {
        &self.key
    }

    pub(crate) const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The parts of the metadata by which the last node finds the server, in front of, between
    /// and behind the values that differ by request.
    pub(crate) fn put_metadata(&self, body: &mut Vec<u8>, ephemeral_key: &[u8; 64], enc: EncType) {
        let mut digits = [0; 5];
        let parts: [&[u8]; 13] = [
            br#"{"enc_type":""#,
            enc.name().as_bytes(),
            br#"","ephemeral_key":""#,
            ephemeral_key,
            br#"","host":""#,
            // Without characters that JSON would escape: `new` has seen to that.
            self.host.as_bytes(),
            br#"","method":"POST","port":"#,
            decimal(self.port, &mut digits),
            br#","protocol":""#,
            self.protocol.name().as_bytes(),
            br#"","target":""#,
            self.endpoint.target().as_bytes(),
            br#""}"#,
        ];
        parts.iter().for_each(|part| body.extend_from_slice(part));
    }

    /// The length of that metadata in bytes (spec 02 §7).
    pub(crate) const fn metadata_len(&self, enc: EncType) -> usize {
        158_usize
            .saturating_add(enc.name().len())
            .saturating_add(self.host.len())
            .saturating_add(decimal_len(self.port))
            .saturating_add(self.protocol.name().len())
            .saturating_add(self.endpoint.target().len())
    }
}

/// Without the host, which tells where a client goes.
impl fmt::Debug for Server<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("protocol", &self.protocol)
            .field("port", &self.port)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

const fn decimal_len(port: u16) -> usize {
    match port {
        0..10 => 1,
        10..100 => 2,
        100..1000 => 3,
        1000..10_000 => 4,
        10_000.. => 5,
    }
}

/// Writes a number's digits, without an allocation.
fn decimal(mut number: u16, digits: &mut [u8; 5]) -> &[u8] {
    let start = digits.len().saturating_sub(decimal_len(number));
    let digits = digits.get_mut(start..).unwrap_or_default();
    for digit in digits.iter_mut().rev() {
        let [value, _] = (number % 10).to_le_bytes();
        *digit = b'0' | value;
        number /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 80, 443, 999, 1000, 8080, 10_000, 65_535] {
            let mut digits = [0; 5];
            assert_eq!(decimal(number, &mut digits), number.to_string().as_bytes());
        }
    }

    #[test]
    fn hosts_that_would_need_escapes_are_refused() {
        let key = PublicKey::from_bytes([9; 32]);
        for host in ["", "a\"b", "a b", "a/b", "münchen.example", "a\n"] {
            let server = Server::new(key, Protocol::Https, host);
            assert_eq!(server, Err(Error::ProxyTarget), "{host}");
        }
        assert!(Server::new(key, Protocol::Http, "[2001:db8::1]").is_ok());
    }
}
