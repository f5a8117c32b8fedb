//! See [`session_fuzz::multi`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(multi);
