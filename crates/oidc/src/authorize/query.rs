use super::{
    AuthorizeError, AuthorizeErrorCode, AuthorizeFailure, AuthorizePageError, AuthorizeRequest, State,
    request::{self, Refused},
};
use crate::{
    Client, RedirectUri,
    limit::{CLIENT_ID_BYTES_MAX, QUERY_BYTES_MAX, REDIRECT_URI_BYTES_MAX},
    parameter::{Found, ParameterError, Parameters},
};

/// The query of an authorize request, read far enough to look the client up.
pub struct AuthorizeQuery<'a> {
    parameters: Parameters<'a>,
    client_id: String,
}

impl<'a> AuthorizeQuery<'a> {
    /// Reads the query string of a GET, or the body of a POST, as it arrived.
    ///
    /// # Errors
    /// [`AuthorizePageError`] when no client can be looked up.
    pub fn parse(query: &'a str) -> Result<Self, AuthorizePageError> {
        if query.len() > QUERY_BYTES_MAX {
            return Err(AuthorizePageError::TooLong);
        }
        let parameters = Parameters::parse(query).map_err(AuthorizePageError::from)?;
        match parameters.text("client_id")? {
            Some(id) if id.len() <= CLIENT_ID_BYTES_MAX => Ok(Self { parameters, client_id: id }),
            Some(_) => Err(AuthorizePageError::UnknownClient),
            None => Err(AuthorizePageError::ClientIdMissing),
        }
    }

    /// The client to look up.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Checks the request against the client that was found.
    ///
    /// # Errors
    /// [`AuthorizeError::Page`] until the redirect URI is known to be the client's,
    /// [`AuthorizeError::Failure`] from then on.
    pub fn validate(self, client: Option<&Client>) -> Result<AuthorizeRequest, AuthorizeError> {
        let client = client.filter(|client| client.id == self.client_id).ok_or(AuthorizePageError::UnknownClient)?;
        let redirect_uri = self.redirect_uri(client)?;
        let (state, state_is_sound) = match self.parameters.raw("state") {
            Found::Absent => (None, true),
            Found::Once(raw) => State::from_raw(raw).map_or((None, false), |state| (Some(state), true)),
            Found::Repeated => (None, false),
        };
        let checked = if self.parameters.any_repeated() {
            // RFC 6749 section 3.1: a parameter must not be included more than once.
            Err(Refused(AuthorizeErrorCode::InvalidRequest, "a parameter is repeated"))
        } else if state_is_sound {
            request::Fields::read(&self.parameters)
        } else {
            Err(Refused(AuthorizeErrorCode::InvalidRequest, "state is too long"))
        };
        match checked {
            Ok(fields) => Ok(fields.into_request(self.client_id, redirect_uri, state)),
            Err(Refused(code, description)) => Err(AuthorizeFailure { redirect_uri, state, code, description }.into()),
        }
    }

    /// Exact comparison with the registered addresses (OpenID Connect Core 1.0 section 3.1.2.1).
    fn redirect_uri(&self, client: &Client) -> Result<RedirectUri, AuthorizePageError> {
        let presented = self.parameters.text("redirect_uri")?.ok_or(AuthorizePageError::RedirectUriMissing)?;
        if presented.len() > REDIRECT_URI_BYTES_MAX {
            return Err(AuthorizePageError::TooLong);
        }
        let registered = client.redirect_uris.iter().find(|registered| registered.as_str() == presented);
        registered.cloned().ok_or(AuthorizePageError::RedirectUriUnregistered)
    }
}

impl From<ParameterError> for AuthorizePageError {
    fn from(error: ParameterError) -> Self {
        match error {
            ParameterError::TooMany => Self::TooLong,
            ParameterError::NotText => Self::Malformed,
        }
    }
}
