//! See [`session_fuzz::community_auth`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(community_auth);
