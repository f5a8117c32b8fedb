//! See [`session_fuzz::path_policy`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(path_policy);
