//! Requests that leave the network towards a server (spec 02 §5.4).

use alloc::string::String;
use core::fmt;

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
    /// The caller must send the path as it is (`..` is legal and must not be resolved), and should
    /// refuse loopback and private addresses, numeric spellings of them too, once the name is
    /// resolved.
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

/// A DNS name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
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
