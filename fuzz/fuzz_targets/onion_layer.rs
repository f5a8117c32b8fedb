//! See [`session_fuzz::onion_layer`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(onion_layer);
