//! See [`session_fuzz::relay_dict`].
#![cfg_attr(fuzzing, no_main)]
session_fuzz::target!(relay_dict);
