//! See [`session_fuzz::client_inputs`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(client_inputs);
