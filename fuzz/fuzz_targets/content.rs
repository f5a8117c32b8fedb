//! See [`session_fuzz::content`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(content);
