//! See [`session_fuzz::node_list_bin`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(node_list_bin);
