//! See [`session_fuzz::bt`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(bt);
