//! See [`session_fuzz::proto_sift`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(proto_sift);
