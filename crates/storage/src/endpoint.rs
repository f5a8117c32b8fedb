//! What all requests have in common.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Deref;

use session_core::{NetworkId, base64};

use crate::write::ObjectWriter;
use crate::{Access, Auth, Authorized, Context, Error, Rejection, Signer, Token};

/// Room for everything in a request but data.
const OVERHEAD: usize = 512;

/// What only this crate calls.
pub(crate) mod sealed {
    use crate::write::ObjectWriter;
    use crate::{Auth, Context, Rejection};

    pub trait Fields {
        /// Writes the parameters, in ascending order of their names.
        fn write_fields(&self, out: &mut ObjectWriter<'_>);

        /// How many bytes to make room for: a message's data, where there is any.
        fn data_len(&self) -> usize {
            0
        }
    }

    pub trait SignedFields {
        /// Writes the parameters, those of the signature among them, in ascending order.
        fn write_signed(&self, auth: &Auth, out: &mut ObjectWriter<'_>);

        /// Whether the node's clock allows the request.
        fn check_time(&self, context: &Context) -> Result<(), Rejection>;

        /// What else has to hold of who signed: nodes look at it after the signature.
        fn check_verified(&self, _auth: &Auth) -> Result<(), Rejection> {
            Ok(())
        }
    }
}

/// A request that can be sent. Sealed.
///
/// Of both forms: JSON goes into onion requests and over HTTPS, OMQ and QUIC; bt over OMQ and
/// QUIC, and between the members of a swarm (spec 04 §2, §5).
pub trait Endpoint: sealed::Fields {
    /// Name of the method.
    fn method(&self) -> &'static str;

    /// Appends the whole request as JSON: `{"method": name, "params": {..}}` (spec 04 §2.1).
    fn write_json(&self, out: &mut String) {
        let data = base64::encoded_len(self.data_len());
        out.reserve(data.saturating_add(OVERHEAD));
        let mut request = ObjectWriter::json(out);
        request.text("method", self.method());
        request.object("params", |params| self.write_fields(params));
    }

    /// Appends the parameters as a bt dict (spec 04 §5.2). The method's name travels beside them.
    fn write_bt(&self, out: &mut Vec<u8>) {
        out.reserve(self.data_len().saturating_add(OVERHEAD));
        self.write_fields(&mut ObjectWriter::bt(out));
    }
}

/// A request that nodes carry out only when it is signed. Sealed.
pub trait Signable: sealed::SignedFields + Sized {
    /// Name of the method.
    const METHOD: &'static str;

    /// The account that it is about.
    fn pubkey(&self) -> &NetworkId;

    /// What has to be signed (spec 04 §4.2).
    fn payload(&self) -> Vec<u8>;

    /// What a subaccount must be allowed; `None` when only the account itself may do this.
    fn needed_access(&self) -> Option<Access>;

    /// Signs the request.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when the key is not one that may sign this for the account: no node
    /// would accept it.
    fn sign<'k>(self, signer: impl Into<Signer<'k>>) -> Result<Signed<Self>, Error> {
        let auth = Auth::sign(
            self.pubkey(),
            &self.payload(),
            self.needed_access(),
            signer.into(),
        )?;
        self.check_verified(&auth).map_err(|_| Error::WrongKey)?;
        Ok(Signed {
            request: self,
            auth,
        })
    }
}

/// A request with its signature, which parsing does not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<R> {
    pub(crate) request: R,
    pub(crate) auth: Auth,
}

impl<R> Signed<R> {
    /// Who signed, and the signature.
    pub const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// The request without its signature.
    pub fn into_request(self) -> R {
        self.request
    }
}

impl<R> Deref for Signed<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.request
    }
}

impl<R: Signable> Signed<R> {
    /// Decides on the request (spec 04 §4.4, §4.5). `is_revoked` is asked when a subaccount has
    /// signed, and must say whether the account has revoked this token.
    ///
    /// # Errors
    /// In the order of the checks: [`Rejection::WrongSwarm`], what the method says of the time,
    /// [`Rejection::Signature`], and for `expire` [`Rejection::ShortenAccess`].
    pub fn authorize(
        self,
        context: &Context,
        is_revoked: impl FnOnce(&Token) -> bool,
    ) -> Result<Authorized<Self>, Rejection> {
        if !context.in_swarm {
            return Err(Rejection::WrongSwarm);
        }
        self.request.check_time(context)?;
        let verified = self.auth.verifies(
            self.pubkey(),
            &self.payload(),
            self.needed_access(),
            is_revoked,
        );
        if !verified {
            return Err(Rejection::Signature { method: R::METHOD });
        }
        self.request.check_verified(&self.auth)?;
        Ok(Authorized::new(self))
    }
}

impl<R: Signable> sealed::Fields for Signed<R> {
    fn write_fields(&self, out: &mut ObjectWriter<'_>) {
        self.request.write_signed(&self.auth, out);
    }
}

impl<R: Signable> Endpoint for Signed<R> {
    fn method(&self) -> &'static str {
        R::METHOD
    }
}
