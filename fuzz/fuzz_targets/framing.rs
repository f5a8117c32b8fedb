//! See [`session_fuzz::framing`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(framing);
