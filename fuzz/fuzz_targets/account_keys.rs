//! See [`session_fuzz::account_keys`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(account_keys);
