//! Where a file is, as messages say it (spec 05 §11.1, 11 §6).

use core::fmt;

use session_core::hex;

/// The URL of an encrypted file. Its fragment says how to read the file, and from whom.
///
/// Reads what a message needs of it and refuses nothing; whoever downloads has to check scheme,
/// host and path.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileUrl<'a>(&'a str);

impl<'a> FileUrl<'a> {
    /// Takes a URL.
    #[must_use]
    pub const fn new(url: &'a str) -> Self {
        Self(url)
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The last segment of the path.
    #[must_use]
    pub fn file_id(self) -> Option<&'a str> {
        let end = self.0.find(['?', '#']).unwrap_or(self.0.len());
        let url = self.0.get(..end)?;
        let path = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?.1,
            None => url,
        };
        let path = path.strip_suffix('/').unwrap_or(path);
        path.rsplit('/').next().filter(|id| !id.is_empty())
    }

    /// What goes into the required id of a pointer: [`file_id`](Self::file_id) if that is a
    /// decimal number of at most 64 bits, else 0.
    #[must_use]
    pub fn file_number(self) -> u64 {
        self.file_id()
            .filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|id| id.parse().ok())
            .unwrap_or(0)
    }

    /// The Ed25519 key of the file's server, fragment parameter `p`; not known to be a point.
    /// `None` for the network's own file server, and for what is not 64 hex digits.
    #[must_use]
    pub fn server_key(self) -> Option<[u8; 32]> {
        self.parameters().find_map(|parameter| {
            hex::decode_array("server key", parameter.strip_prefix("p=")?).ok()
        })
    }

    /// Whether the file is encrypted in the stream format with a 32-byte key, fragment parameter
    /// `d`. Some clients write `d=`.
    #[must_use]
    pub fn is_deterministic(self) -> bool {
        self.parameters()
            .any(|parameter| matches!(parameter, "d" | "d="))
    }

    fn parameters(self) -> impl Iterator<Item = &'a str> {
        let fragment = self.0.split_once('#').map(|(_, fragment)| fragment);
        fragment.into_iter().flat_map(|text| text.split('&'))
    }
}

/// Shows the type only: who knows the URL can fetch the file.
impl fmt::Debug for FileUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileUrl(..)")
    }
}
