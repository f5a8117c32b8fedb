//! stub
use crate::case::Suite;
pub(crate) const SUITES: &[(&str, Suite)] = &[];
