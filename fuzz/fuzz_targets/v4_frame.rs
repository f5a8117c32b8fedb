//! See [`session_fuzz::v4_frame`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(v4_frame);
