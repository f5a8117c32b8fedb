//! See [`session_fuzz::storage_request`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(storage_request);
