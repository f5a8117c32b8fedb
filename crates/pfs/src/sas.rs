//! stub
use crate::GroupId;

/// stub
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sas([u8; 16]);

impl Sas {
    /// stub
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
    /// stub
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
    /// stub
    pub fn of_group(_: &GroupId) -> Self {
        todo!()
    }
    /// stub
    pub fn indices(&self) -> [u8; 21] {
        todo!()
    }
}
