//! See [`session_fuzz::group_open`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(group_open);
