//! See [`session_fuzz::account_id`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(account_id);
