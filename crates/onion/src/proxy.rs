//! Requests that leave the network towards a server (spec 02 §5.4).

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use crate::Error;

/// A request for a server, for which this node is the last on the path.
#[non_exhaustive]
pub struct Proxy<'a> {
    /// Where the client wants it sent. Chosen by the client: see [`ProxyTarget::url`].
    pub target: ProxyTarget,
    /// The body to post: this node's whole decrypted frame.
    pub body: &'a [u8],
}

impl fmt::Debug for Proxy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("target", &self.target)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// The parts of the URL that a client asks a node to post to.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyTarget {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// URL scheme, not yet checked.
    pub protocol: String,
    /// Path, not yet checked.
    pub target: String,
}

/// Without the host, which tells where a client goes.
impl fmt::Debug for ProxyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ProxyTarget(host of {} bytes, port {})",
            self.host.len(),
            self.port
        )
    }
}

impl ProxyTarget {
    /// Puts a target together.
    #[must_use]
    pub const fn new(host: String, port: u16, protocol: String, target: String) -> Self {
        Self {
            host,
            port,
            protocol,
            target,
        }
    }

    /// The URL, if the network's rule allows it: `http` or `https`, a path that starts with
    /// `/loki/` or `/oxen/`, ends with `/lsrpc`, has no query and is of visible ASCII; and a host
    /// that is a name or an address and nothing else, so that it cannot escape the path rule.
    ///
    /// The path has to go into the request line byte by byte, and never through a library that
    /// parses URLs: `..`, `\` and `#` are legal in it, and resolving or cutting at them breaks the
    /// rule. The caller should resolve the host itself, connect to nothing that [`is_public_address`] refuses, and follow
    /// no redirect: a name can lead to any address, and resolvers read numbers such as `0x7f.1` as
    /// addresses.
    ///
    /// # Errors
    /// [`Error::ProxyTarget`]; a node answers an encrypted 400 with the error's text.
    pub fn url(&self) -> Result<String, Error> {
        let default_port = match self.protocol.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return Err(Error::ProxyTarget),
        };
        let path_is_allowed = (self.target.starts_with("/loki/")
            || self.target.starts_with("/oxen/"))
            && self.target.ends_with("/lsrpc")
            && !self.target.contains('?')
            && self.target.bytes().all(|byte| byte.is_ascii_graphic());
        if !path_is_allowed || !is_host(&self.host) {
            return Err(Error::ProxyTarget);
        }
        let Self {
            host,
            port,
            protocol,
            target,
        } = self;
        Ok(if *port == default_port {
            alloc::format!("{protocol}://{host}{target}")
        } else {
            alloc::format!("{protocol}://{host}:{port}{target}")
        })
    }
}

/// Whether an address can belong to a server in the internet. A node that passes requests on must
/// not connect to others, or clients could reach what is in its own network.
#[must_use]
pub const fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            !(matches!(first, 0 | 10 | 127 | 224..)
                || matches!(
                    (first, second),
                    (100, 64..128) | (169, 254) | (172, 16..32) | (192, 168) | (198, 18..20)
                )
                || matches!(
                    (first, second, third),
                    (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113)
                ))
        }
        // Of what is global unicast: no protocol assignments, documentation or tunnels, which
        // can stand for an IPv4 address.
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            first & 0xe000 == 0x2000
                && !matches!(
                    (first, second),
                    (0x2001, 0..0x200 | 0xdb8) | (0x2002, _) | (0x3fff, 0..0x1000)
                )
        }
    }
}

/// A DNS name, an IPv4 address, or an IPv6 address in brackets.
pub(crate) fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<core::net::Ipv6Addr>().is_ok());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    host.len() <= 253
        && host
            .strip_suffix('.')
            .unwrap_or(host)
            .split('.')
            .all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        let is_public = |text: &str| is_public_address(text.parse().unwrap());
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "2a01:4f8::1",
            "2606:4700::1111",
        ] {
            assert!(is_public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(address), "{address}");
        }
    }

    #[test]
    fn hosts_cannot_escape_the_path_rule() {
        let url = |host: &str| {
            ProxyTarget::new(host.into(), 443, "https".into(), "/oxen/v4/lsrpc".into()).url()
        };
        for host in [
            "example.org",
            "example.org.",
            "127.0.0.1",
            "[::1]",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(
                url(host).unwrap(),
                alloc::format!("https://{host}/oxen/v4/lsrpc")
            );
        }
        for host in [
            "", ".", "a/b", "a?b", "a#b", "u@a", "a:1", "[::1", "[a]", "a b", "a..b",
        ] {
            assert_eq!(url(host), Err(Error::ProxyTarget), "{host}");
        }
        let target = "/oxen/ HTTP/1.1\r\nHost: internal\r\n\r\nPOST /x/lsrpc";
        let split = ProxyTarget::new("a".into(), 443, "https".into(), target.into());
        assert_eq!(split.url(), Err(Error::ProxyTarget));
    }
}
