//! See [`session_fuzz::onion_peel`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(onion_peel);
