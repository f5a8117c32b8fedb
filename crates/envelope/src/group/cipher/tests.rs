use alloc::vec;

use rand_chacha::ChaCha20Rng;
use session_bt::DictWriter;
use session_core::Prefix;
use session_crypto::rand_core::SeedableRng;
use session_identity::Seed;

use super::*;
use crate::GroupOpener;

const GROUP: AccountId = AccountId::new(Prefix::Group, [3; 32]);

fn account(byte: u8) -> Account {
    Account::from_seed(&Seed::from([byte; 32]))
}

/// Opens a dict that whoever has the key has encrypted.
fn open(dict: &[u8]) -> Result<Vec<u8>, Error> {
    let keys = [SymmetricKey::from_bytes([1; 32])];
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let ciphertext = xchacha20::encrypt(&keys[0], dict, &mut rng).unwrap();
    let mut opener = GroupOpener::new(&GROUP, &keys).unwrap();
    let decrypted = opener.decrypt(&ciphertext)?;
    assert_eq!(decrypted.sender, account(1).id());
    Ok(decrypted.plaintext.to_vec())
}

/// A dict by Alice, with what is given instead of what belongs there.
struct Dict {
    version: Option<Value>,
    author: Option<Vec<u8>>,
    plain: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
    compressed: Option<Vec<u8>>,
    unknown: &'static [&'static str],
    after: &'static [u8],
}

enum Value {
    Int(i64),
    Text(&'static [u8]),
}

impl Dict {
    fn new(plain: Option<&[u8]>, compressed: Option<&[u8]>) -> Self {
        let alice = account(1);
        let signed = plain.or(compressed).unwrap_or_default();
        let signed = [signed, GROUP.key_bytes()].concat();
        let signature = alice.expose_signing_key().sign(&signed);
        Self {
            version: Some(Value::Int(1)),
            author: Some(alice.ed25519_key().as_bytes().to_vec()),
            plain: plain.map(<[u8]>::to_vec),
            signature: Some(signature.as_bytes().to_vec()),
            compressed: compressed.map(<[u8]>::to_vec),
            unknown: &[],
            after: &[],
        }
    }

    fn open(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![];
        let mut dict = DictWriter::new(&mut bytes);
        let mut unknown = self.unknown.iter();
        for (name, value) in [
            ("a", &self.author),
            ("d", &self.plain),
            ("s", &self.signature),
            ("z", &self.compressed),
        ] {
            match (name, &self.version) {
                ("a", Some(Value::Int(version))) => {
                    dict.int("", *version).unwrap();
                }
                ("a", Some(Value::Text(version))) => {
                    dict.bytes("", version).unwrap();
                }
                _ => {}
            }
            if let Some(value) = value {
                dict.bytes(name, value).unwrap();
            }
            if let Some(key) = unknown.next() {
                dict.bytes(key, b"unknown").unwrap();
            }
        }
        dict.finish();
        bytes.extend_from_slice(self.after);
        open(&bytes)
    }
}

fn plain() -> Dict {
    Dict::new(Some(b"hello"), None)
}

#[test]
fn dicts_that_are_as_they_must_be() {
    let text = b"hello, ".repeat(20);
    let frame = compress(&text).unwrap();
    assert_eq!(plain().open().as_deref(), Ok(&b"hello"[..]));
    let compressed = || Dict::new(None, Some(&frame));
    assert_eq!(compressed().open().as_deref(), Ok(&*text));
    let many_zeros = Dict {
        after: &[0; 1000],
        ..compressed()
    };
    assert_eq!(many_zeros.open().as_deref(), Ok(&*text));
    let with_unknown = Dict {
        unknown: &["b", "e", "t", "zz"],
        ..plain()
    };
    assert_eq!(with_unknown.open().as_deref(), Ok(&b"hello"[..]));
}

#[test]
fn dicts_with_a_fault_are_refused() {
    let encoding = Err(Error::Encoding { what: WHAT });
    let missing = |field| {
        Err(Error::Missing {
            message: WHAT,
            field,
        })
    };
    let length = |got, expected| {
        Err(Error::Length {
            what: "key or signature of a group message",
            expected,
            got,
        })
    };
    let version = |version| Dict { version, ..plain() }.open();
    assert_eq!(version(None), missing(""));
    let unknown = Err(Error::Version { what: WHAT });
    assert_eq!(version(Some(Value::Int(2))), unknown);
    assert_eq!(version(Some(Value::Int(0))), unknown);
    assert_eq!(version(Some(Value::Int(-1))), encoding);
    assert_eq!(version(Some(Value::Text(b"1"))), encoding);

    let author = |author| Dict { author, ..plain() }.open();
    assert_eq!(author(None), missing("a"));
    assert_eq!(author(Some(vec![1; 31])), length(31, 32));
    assert_eq!(author(Some(vec![0; 32])), Err(Error::Signature));
    let bob = account(2).ed25519_key().as_bytes().to_vec();
    assert_eq!(author(Some(bob)), Err(Error::Signature));

    let signature = |signature| {
        Dict {
            signature,
            ..plain()
        }
        .open()
    };
    assert_eq!(signature(None), missing("s"));
    assert_eq!(signature(Some(vec![1; 63])), length(63, 64));
    assert_eq!(signature(Some(vec![1; 64])), Err(Error::Signature));
    // As it was before the group's key was signed.
    let old = account(1).expose_signing_key().sign(b"hello");
    assert_eq!(
        signature(Some(old.as_bytes().to_vec())),
        Err(Error::Signature)
    );

    assert_eq!(Dict::new(None, None).open(), missing("d"));
    let empty = Err(Error::Length {
        what: WHAT,
        expected: 1,
        got: 0,
    });
    assert_eq!(Dict::new(Some(b""), None).open(), empty);
    assert_eq!(Dict::new(None, Some(b"")).open(), empty);
    assert_eq!(Dict::new(Some(b"a"), Some(b"a")).open(), encoding);
    for after in [&b"e"[..], b"a\0e", b"x", b"\0x"] {
        let dict = Dict { after, ..plain() };
        assert_eq!(dict.open(), encoding, "{after:?}");
    }
    for inside in [&b""[..], b"\0\0\0", b"d", b"le", b"i1e", b"d1:d1:a0:i1ee"] {
        assert!(open(inside).is_err(), "{inside:?}");
    }
    assert_eq!(open(b"d1:d1:x0:i1ee"), missing(""));
    assert_eq!(open(b"d0:i1e1:a32:e"), encoding);
}

#[test]
fn a_frame_is_decompressed_only_if_it_is_signed() {
    const FRAME: &str = "zstd frame of a group message";
    let corrupt = Dict::new(None, Some(b"no frame"));
    assert_eq!(corrupt.open(), Err(Error::Encoding { what: FRAME }));
    let unsigned = Dict {
        signature: Some(vec![1; 64]),
        ..corrupt
    };
    assert_eq!(unsigned.open(), Err(Error::Signature));
    let two = compress(&vec![0; MAX_PLAINTEXT_LEN]).unwrap().repeat(2);
    assert!(matches!(
        Dict::new(None, Some(&two)).open(),
        Err(Error::Length {
            expected: MAX_PLAINTEXT_LEN,
            ..
        })
    ));
}
