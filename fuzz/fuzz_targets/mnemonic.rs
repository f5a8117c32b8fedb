//! See [`session_fuzz::mnemonic`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(mnemonic);
