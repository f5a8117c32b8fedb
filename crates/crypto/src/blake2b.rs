//! BLAKE2b with the output sizes, keys and personalisations that the network uses.

use blake2::Blake2bMac;
use blake2::digest::consts::{U2, U8, U16, U24, U32, U56, U64};
use blake2::digest::{FixedOutput, Update};

use crate::Error;

/// Longest key in bytes.
pub const MAX_KEY_LEN: usize = 64;

mod sealed {
    use super::{FixedOutput, Update};

    /// Maps an output length to the hash that gives it.
    pub trait Length<const N: usize> {
        type Hash: FixedOutput + Update;
        fn new(key: &[u8], personal: &[u8]) -> Option<Self::Hash>;
        fn finish(hash: Self::Hash) -> [u8; N];
    }
}

/// The output lengths that can be asked for: 2, 8, 16, 24, 32, 56 and 64 bytes. Sealed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Output;

macro_rules! length {
    ($($bytes:literal $size:ty),*) => {$(
        impl sealed::Length<$bytes> for Output {
            type Hash = Blake2bMac<$size>;

            fn new(key: &[u8], personal: &[u8]) -> Option<Self::Hash> {
                Blake2bMac::new_with_salt_and_personal(Some(key).filter(|key| !key.is_empty()), &[], personal).ok()
            }

            fn finish(hash: Self::Hash) -> [u8; $bytes] {
                hash.finalize_fixed().into()
            }
        }
    )*};
}

length!(2 U2, 8 U8, 16 U16, 24 U24, 32 U32, 56 U56, 64 U64);

/// Hashes the concatenation of `parts`, without key or personalisation.
#[must_use]
pub fn hash<const N: usize>(parts: &[&[u8]]) -> [u8; N]
where
    Output: sealed::Length<N>,
{
    run(&[], &[], parts)
}

/// Hashes the concatenation of `parts` under a 16-byte personalisation.
#[must_use]
pub fn hash_personal<const N: usize>(personal: &[u8; 16], parts: &[&[u8]]) -> [u8; N]
where
    Output: sealed::Length<N>,
{
    run(&[], personal, parts)
}

/// Hashes the concatenation of `parts` under a key of up to [`MAX_KEY_LEN`] bytes; an empty key
/// is the unkeyed hash.
///
/// # Errors
/// [`Error::Length`] for a longer key.
pub fn hash_keyed<const N: usize>(key: &[u8], parts: &[&[u8]]) -> Result<[u8; N], Error>
where
    Output: sealed::Length<N>,
{
    // The library takes keys up to its block size and panics above 64.
    if key.len() > MAX_KEY_LEN {
        return Err(Error::Length {
            what: "BLAKE2b key",
            expected: MAX_KEY_LEN,
            got: key.len(),
        });
    }
    Ok(run(key, &[], parts))
}

/// As [`hash_keyed`], with a key whose length is known: the ASCII texts that tell derivations
/// apart (spec 01 §11). Longer than [`MAX_KEY_LEN`] does not compile.
#[must_use]
pub fn hash_domain<const N: usize, const K: usize>(domain: &[u8; K], parts: &[&[u8]]) -> [u8; N]
where
    Output: sealed::Length<N>,
{
    const { assert!(K <= MAX_KEY_LEN) };
    run(domain, &[], parts)
}

/// Hashes the concatenation of `parts` under a key and a 16-byte personalisation. A key longer than
/// [`MAX_KEY_LEN`] does not compile.
#[must_use]
pub fn hash_keyed_personal<const N: usize, const K: usize>(
    key: &[u8; K],
    personal: &[u8; 16],
    parts: &[&[u8]],
) -> [u8; N]
where
    Output: sealed::Length<N>,
{
    const { assert!(K <= MAX_KEY_LEN) };
    run(key, personal, parts)
}

fn run<const N: usize>(key: &[u8], personal: &[u8], parts: &[&[u8]]) -> [u8; N]
where
    Output: sealed::Length<N>,
{
    let Some(mut hash) = <Output as sealed::Length<N>>::new(key, personal) else {
        debug_assert!(false, "the callers above bound key and personalisation");
        return [0; N];
    };
    parts.iter().for_each(|part| hash.update(part));
    <Output as sealed::Length<N>>::finish(hash)
}
