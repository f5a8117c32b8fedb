//! See [`session_fuzz::onion_reply`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(onion_reply);
