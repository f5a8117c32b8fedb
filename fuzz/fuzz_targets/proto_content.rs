//! See [`session_fuzz::proto_content`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(proto_content);
