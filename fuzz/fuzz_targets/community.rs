//! See [`session_fuzz::community`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(community);
