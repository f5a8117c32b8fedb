//! See [`session_fuzz::pro_reply`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(pro_reply);
