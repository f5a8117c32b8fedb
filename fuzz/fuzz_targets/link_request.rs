//! See [`session_fuzz::link_request`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(link_request);
