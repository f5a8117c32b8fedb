//! See [`session_fuzz::ons_record`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(ons_record);
