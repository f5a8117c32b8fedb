//! See [`session_fuzz::pfs_state`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(pfs_state);
