//! See [`session_fuzz::batch`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(batch);
