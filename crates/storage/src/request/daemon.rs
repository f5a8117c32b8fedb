//! Questions to the node's daemon: `oxend_request` (spec 04 §6.15).

use alloc::borrow::Cow;
use core::fmt;

use crate::endpoint::{Endpoint, sealed};
use crate::params::{Params, optional, required};
use crate::value::{Value, json_value};
use crate::write::ObjectWriter;
use crate::{Error, Rejection};

/// What may be asked of a node's daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DaemonEndpoint {
    /// The list of nodes (spec 03 §7.1).
    GetServiceNodes,
    /// The record of a name (spec 01 §9).
    OnsResolve,
}

impl DaemonEndpoint {
    /// The endpoint's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetServiceNodes => "get_service_nodes",
            Self::OnsResolve => "ons_resolve",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::GetServiceNodes, Self::OnsResolve]
            .into_iter()
            .find(|endpoint| endpoint.name() == name)
    }
}

/// Passes a question on to the node's daemon. Answered by [`DaemonReply`](crate::DaemonReply).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DaemonRequest<'a> {
    /// Which question.
    pub endpoint: DaemonEndpoint,
    /// Its parameters: the text of one JSON value, if there are any.
    params: Option<Cow<'a, str>>,
}

/// Names the length of the parameters instead of showing them: they tell whose name is looked up.
impl fmt::Debug for DaemonRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DaemonRequest")
            .field("endpoint", &self.endpoint)
            .field(
                "params_len",
                &self.params.as_ref().map(|params| params.len()),
            )
            .finish()
    }
}

impl<'a> DaemonRequest<'a> {
    /// Name of the method.
    pub const METHOD: &'static str = "oxend_request";

    /// A question. `params` is the text of one JSON value; `null` is none.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it is not.
    pub fn new(endpoint: DaemonEndpoint, params: Option<&'a str>) -> Result<Self, Error> {
        let what = "daemon parameters";
        let read = |text| json_value(text).ok_or(Error::Malformed { what });
        Ok(Self::of_json(endpoint, params.map(read).transpose()?))
    }

    fn of_json(endpoint: DaemonEndpoint, params: Option<&'a str>) -> Self {
        // In JSON null is the same as absent.
        let params = params.filter(|json| *json != "null").map(Cow::Borrowed);
        Self { endpoint, params }
    }

    /// The parameters, as JSON.
    #[must_use]
    pub fn params(&self) -> Option<&str> {
        self.params.as_deref()
    }

    /// The same request, which owns its parameters.
    #[must_use]
    pub fn into_owned(self) -> DaemonRequest<'static> {
        DaemonRequest {
            endpoint: self.endpoint,
            params: self.params.map(|params| Cow::Owned(params.into_owned())),
        }
    }

    pub(crate) fn from_params(params: &Params<'a>) -> Result<Self, Rejection> {
        let endpoint = required("endpoint", params.endpoint, Value::text)?;
        let endpoint = DaemonEndpoint::named(&endpoint).ok_or(Rejection::DaemonEndpoint)?;
        let params = optional("params", params.params, Value::json)?;
        Ok(Self::of_json(endpoint, params))
    }
}

impl sealed::Fields for DaemonRequest<'_> {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        out.text("endpoint", self.endpoint.name());
        if let Some(params) = &self.params {
            out.raw_json("params", params);
        }
    }
}

impl Endpoint for DaemonRequest<'_> {
    fn method(&self) -> &'static str {
        Self::METHOD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Request, parse_bt};
    use alloc::format;
    use session_core::Network;

    const ENDPOINT: DaemonEndpoint = DaemonEndpoint::OnsResolve;

    /// Otherwise a request would be another one once it has been through JSON.
    #[test]
    fn parameters_are_the_same_in_both_forms() {
        for (text, expected) in [(" {} \n", Some("{}")), ("null", None), (" null", None)] {
            let request = DaemonRequest::new(ENDPOINT, Some(text)).unwrap();
            assert_eq!(request.params(), expected);
            let bt = format!("d8:endpoint11:ons_resolve6:params{}:{text}e", text.len());
            let read = parse_bt(DaemonRequest::METHOD, bt.as_bytes(), Network::Mainnet);
            assert_eq!(read, Ok(Request::Daemon(request)));
        }
        let what = "daemon parameters";
        let error = DaemonRequest::new(ENDPOINT, Some("{"));
        assert_eq!(error, Err(Error::Malformed { what }));
    }
}
