//! See [`session_fuzz::blinded_id`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(blinded_id);
