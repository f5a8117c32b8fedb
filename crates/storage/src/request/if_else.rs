//! Conditional requests: `ifelse` (spec 04 §6.14).

use alloc::boxed::Box;

use super::Request;
use crate::endpoint::{Endpoint, sealed};
use crate::params::{fields, optional};
use crate::value::Value;
use crate::write::ObjectWriter;
use crate::{Error, Rejection};

/// A request that depends on the node's version and the state of its network. Answered by
/// [`IfElseReply`](crate::IfElseReply).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfElse<'a> {
    condition: Condition,
    then: Option<Box<Request<'a>>>,
    otherwise: Option<Box<Request<'a>>>,
}

/// What has to hold for the first branch: everything that is given, and something is.
///
/// Versions count as lists of numbers, the first one most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// The hard fork, major and minor, is this or a later one.
    pub hf_at_least: Option<[i64; 2]>,
    /// The hard fork, major and minor, is before this one.
    pub hf_before: Option<[i64; 2]>,
    /// The storage server's version is this or a later one.
    pub v_at_least: Option<[i64; 3]>,
    /// The storage server's version is before this one.
    pub v_before: Option<[i64; 3]>,
    /// The height of the chain is this or greater.
    pub height_at_least: Option<i64>,
    /// The height of the chain is less than this.
    pub height_before: Option<i64>,
}

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "conditions know no more")]
pub struct NetworkState {
    /// Hard fork, major and minor.
    pub hard_fork: [u16; 2],
    /// Version of the storage server.
    pub version: [u16; 3],
    /// Height of the chain, in blocks.
    pub height: u64,
}

fields! {
    /// A condition that was not looked at.
    ConditionFields {
        "height_at_least" => height_at_least,
        "height_before" => height_before,
        "hf_at_least" => hf_at_least,
        "hf_before" => hf_before,
        "v_at_least" => v_at_least,
        "v_before" => v_before,
    }
}

impl Condition {
    /// Whether nothing is asked for.
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, state: &NetworkState) -> bool {
        let hard_fork = state.hard_fork.map(i64::from);
        let version = state.version.map(i64::from);
        let height = i64::try_from(state.height).unwrap_or(i64::MAX);
        within(hard_fork, self.hf_at_least, self.hf_before)
            && within(version, self.v_at_least, self.v_before)
            && within(height, self.height_at_least, self.height_before)
    }

    pub(crate) fn read(value: Value<'_>) -> Result<Self, Rejection> {
        let invalid = Rejection::Invalid { field: "if" };
        let fields = ConditionFields::read(value).ok_or(invalid)?;
        let condition = Self {
            hf_at_least: optional("hf_at_least", fields.hf_at_least, padded)?.flatten(),
            hf_before: optional("hf_before", fields.hf_before, padded)?.flatten(),
            v_at_least: optional("v_at_least", fields.v_at_least, padded)?.flatten(),
            v_before: optional("v_before", fields.v_before, padded)?.flatten(),
            height_at_least: optional("height_at_least", fields.height_at_least, Value::integer)?,
            height_before: optional("height_before", fields.height_before, Value::integer)?,
        };
        if condition.is_empty() {
            return Err(Rejection::NoCondition);
        }
        Ok(condition)
    }

    fn write(&self, out: &mut ObjectWriter<'_>) {
        if let Some(height) = self.height_at_least {
            out.integer("height_at_least", height);
        }
        if let Some(height) = self.height_before {
            out.integer("height_before", height);
        }
        let mut list = |key, version: Option<&[i64]>| {
            if let Some(version) = version {
                out.integers(key, version.iter().copied());
            }
        };
        list("hf_at_least", self.hf_at_least.as_ref().map(|v| &v[..]));
        list("hf_before", self.hf_before.as_ref().map(|v| &v[..]));
        list("v_at_least", self.v_at_least.as_ref().map(|v| &v[..]));
        list("v_before", self.v_before.as_ref().map(|v| &v[..]));
    }
}

fn within<T: PartialOrd>(value: T, at_least: Option<T>, before: Option<T>) -> bool {
    at_least.is_none_or(|least| value >= least) && before.is_none_or(|end| value < end)
}

/// A version: missing numbers are 0, further ones ignored, none at all is absent.
fn padded<const N: usize>(value: Value<'_>) -> Option<Option<[i64; N]>> {
    let (mut version, mut count) = ([0; N], 0usize);
    let mut slots = version.iter_mut();
    value.each(|number| {
        let number = number.integer()?;
        count = count.saturating_add(1);
        if let Some(slot) = slots.next() {
            *slot = number;
        }
        Some(())
    })?;
    Some((count > 0).then_some(version))
}

impl<'a> IfElse<'a> {
    /// A conditional request. Each branch may be a batch or conditional in turn.
    ///
    /// # Errors
    /// [`Error::Empty`] without a condition or without any branch.
    pub fn new(
        condition: Condition,
        then: Option<Request<'a>>,
        otherwise: Option<Request<'a>>,
    ) -> Result<Self, Error> {
        if condition.is_empty() {
            return Err(Error::Empty { what: "condition" });
        }
        if then.is_none() && otherwise.is_none() {
            return Err(Error::Empty { what: "branches" });
        }
        Ok(Self {
            condition,
            then: then.map(Box::new),
            otherwise: otherwise.map(Box::new),
        })
    }

    /// The condition.
    #[must_use]
    pub const fn condition(&self) -> &Condition {
        &self.condition
    }

    /// What is to be done when the condition holds.
    #[must_use]
    pub fn then(&self) -> Option<&Request<'a>> {
        self.then.as_deref()
    }

    /// What is to be done when it does not.
    #[must_use]
    pub fn otherwise(&self) -> Option<&Request<'a>> {
        self.otherwise.as_deref()
    }

    /// The same request, which owns its data.
    #[must_use]
    pub fn into_owned(self) -> IfElse<'static> {
        let owned = |branch: Option<Box<Request<'a>>>| {
            branch.map(|request| Box::new((*request).into_owned()))
        };
        IfElse {
            condition: self.condition,
            then: owned(self.then),
            otherwise: owned(self.otherwise),
        }
    }

    /// The branch to take.
    #[must_use]
    pub fn into_branch(self, condition: bool) -> Option<Request<'a>> {
        let branch = if condition { self.then } else { self.otherwise };
        branch.map(|request| *request)
    }
}

impl sealed::Fields for IfElse<'_> {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        if let Some(request) = self.otherwise() {
            out.object("else", |out| request.write_nested(out));
        }
        out.object("if", |out| self.condition.write(out));
        if let Some(request) = self.then() {
            out.object("then", |out| request.write_nested(out));
        }
    }
}

impl Endpoint for IfElse<'_> {
    fn method(&self) -> &'static str {
        "ifelse"
    }
}
