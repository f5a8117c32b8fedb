//! See [`session_fuzz::node_inputs`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(node_inputs);
