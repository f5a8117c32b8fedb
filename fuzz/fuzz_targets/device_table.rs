//! See [`session_fuzz::device_table`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(device_table);
