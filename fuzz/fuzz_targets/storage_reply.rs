//! See [`session_fuzz::storage_reply`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(storage_reply);
