//! libsodium's secret box.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

use proptest::prelude::*;
use session_crypto::secretbox::{open_in_place, seal_in_place};
use session_crypto::{Error, SymmetricKey, TAG_LEN, xchacha20poly1305};

fn unhex(hex: &str) -> Vec<u8> {
    let (digits, _) = hex.as_bytes().as_chunks::<2>();
    let pairs = digits.iter().map(|pair| str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

/// The example of NaCl, `tests/secretbox.c`.
#[test]
fn published_box() {
    let key = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389";
    let key = SymmetricKey::from_bytes(unhex(key).try_into().unwrap());
    let nonce = unhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
    let nonce = nonce.try_into().unwrap();
    let message = unhex(
        "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d4\
         5e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a\
         024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
    );
    let tag = unhex("f3ffc7703f9400e52a7dfb4b3d3305d9");
    let body = unhex(
        "8e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011\
         ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfea\
         bd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5",
    );
    let mut buffer = message.clone();
    assert_eq!(seal_in_place(&key, &nonce, &mut buffer)[..], tag);
    assert_eq!(buffer, body);
    let tag = tag.try_into().unwrap();
    assert_eq!(open_in_place(&key, &nonce, &mut buffer, &tag), Ok(()));
    assert_eq!(buffer, message);
}

proptest! {
    #[test]
    fn boxes_open_unless_something_was_changed(
        key: [u8; 32],
        nonce: [u8; 24],
        // Around the ends of the cipher's first blocks, of which the tag's key takes 32 bytes.
        message in prop::collection::vec(any::<u8>(), 0..200),
        bit: prop::sample::Index,
    ) {
        let key = SymmetricKey::from_bytes(key);
        let mut sealed = message.clone();
        let tag = seal_in_place(&key, &nonce, &mut sealed);
        let mut opened = sealed.clone();
        prop_assert_eq!(open_in_place(&key, &nonce, &mut opened, &tag), Ok(()));
        prop_assert_eq!(&opened, &message);

        // Any bit of key, nonce, tag and ciphertext.
        let mut all = [key.expose_bytes(), &nonce[..], &tag, &sealed].concat();
        let bit = bit.index(all.len() << 3);
        all[bit / 8] ^= 1 << (bit % 8);
        let (key, rest) = all.split_first_chunk_mut::<32>().unwrap();
        let (nonce, rest) = rest.split_first_chunk_mut::<24>().unwrap();
        let (tag, body) = rest.split_first_chunk_mut::<TAG_LEN>().unwrap();
        let before = body.to_vec();
        let key = SymmetricKey::from_bytes(*key);
        prop_assert_eq!(open_in_place(&key, nonce, body, tag), Err(Error::Decrypt));
        prop_assert_eq!(body, before, "no plaintext is released");
    }

    #[test]
    fn other_lengths_do_not_open(
        key: [u8; 32],
        message in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        let key = SymmetricKey::from_bytes(key);
        let mut sealed = message;
        let tag = seal_in_place(&key, &[0; 24], &mut sealed);
        let longer = [&sealed[..], &[0]].concat();
        let (_, end) = sealed.split_first().unwrap();
        let (_, start) = sealed.split_last().unwrap();
        for mut other in [longer, end.to_vec(), start.to_vec()] {
            prop_assert_eq!(
                open_in_place(&key, &[0; 24], &mut other, &tag),
                Err(Error::Decrypt)
            );
        }
    }
}

#[test]
fn it_is_not_the_newer_cipher() {
    let key = SymmetricKey::from_bytes([1; 32]);
    let (mut old, mut new) = (*b"message", *b"message");
    let old_tag = seal_in_place(&key, &[2; 24], &mut old);
    let new_tag = xchacha20poly1305::seal_in_place(&key, &[2; 24], &mut new).unwrap();
    assert_ne!(old, new);
    assert_eq!(
        open_in_place(&key, &[2; 24], &mut new, &new_tag),
        Err(Error::Decrypt)
    );
    assert_eq!(
        xchacha20poly1305::open_in_place(&key, &[2; 24], &mut old, &old_tag),
        Err(Error::Decrypt)
    );
}
