//! See [`session_fuzz::pro_proof`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(pro_proof);
