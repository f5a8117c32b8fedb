//! See [`session_fuzz::device_group`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(device_group);
