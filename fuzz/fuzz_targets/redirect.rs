//! See [`session_fuzz::redirect`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(redirect);
