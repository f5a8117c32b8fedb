//! See [`session_fuzz::inbox_open`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(inbox_open);
