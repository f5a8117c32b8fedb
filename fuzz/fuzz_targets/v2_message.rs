//! See [`session_fuzz::v2_message`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(v2_message);
