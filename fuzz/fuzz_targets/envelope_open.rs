//! See [`session_fuzz::envelope_open`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(envelope_open);
