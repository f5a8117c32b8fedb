//! See [`session_fuzz::monitor`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(monitor);
