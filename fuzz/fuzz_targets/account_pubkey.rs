//! See [`session_fuzz::account_pubkey`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(account_pubkey);
