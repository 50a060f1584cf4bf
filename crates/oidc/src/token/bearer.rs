use vestibule_kernel::{Explain, Explanation, Kind};

use crate::{AccessToken, limit::TOKEN_BODY_BYTES_MAX, parameter::Parameters};

/// A userinfo request that is not accepted (RFC 6750 section 3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BearerError {
    /// No token at all.
    #[error("an access token is required")]
    Missing,
    /// Several tokens, a repeated one, or a form that cannot be read.
    #[error("the access token must be given in one way, once")]
    Ambiguous,
    /// Not one of ours, or it has expired.
    #[error("the access token is not valid")]
    Invalid,
}

impl BearerError {
    /// The HTTP status to answer with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Ambiguous => 400,
            Self::Missing | Self::Invalid => 401,
        }
    }

    /// The `WWW-Authenticate` header to answer with. A request without a token learns no error code (section 3.1).
    #[must_use]
    pub const fn challenge(self) -> &'static str {
        match self {
            Self::Missing => r#"Bearer realm="userinfo""#,
            Self::Ambiguous => r#"Bearer realm="userinfo", error="invalid_request""#,
            Self::Invalid => r#"Bearer realm="userinfo", error="invalid_token""#,
        }
    }
}

impl Explain for BearerError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Missing => Explanation::new(Kind::Unauthenticated, "USERINFO_TOKEN_MISSING"),
            Self::Ambiguous => Explanation::new(Kind::Invalid, "USERINFO_TOKEN_AMBIGUOUS"),
            Self::Invalid => Explanation::new(Kind::Unauthenticated, "USERINFO_TOKEN_INVALID"),
        }
    }
}

impl AccessToken {
    /// The token of a userinfo request: from the Authorization header, or from the form of a POST (RFC 6750 sections
    /// 2.1 and 2.2). A token in the query is not accepted: it would be written into access logs.
    ///
    /// # Errors
    /// [`BearerError`], to be answered with its status and challenge.
    pub fn from_request(authorization: Option<&str>, form: Option<&str>) -> Result<Self, BearerError> {
        let from_form = match form {
            Some(form) if form.len() > TOKEN_BODY_BYTES_MAX => return Err(BearerError::Ambiguous),
            Some(form) => {
                let form = Parameters::parse(form).map_err(|_| BearerError::Ambiguous)?;
                if form.any_repeated() {
                    return Err(BearerError::Ambiguous);
                }
                form.text("access_token").map_err(|_| BearerError::Ambiguous)?
            }
            None => None,
        };
        let presented = match (authorization, from_form) {
            (None, None) => return Err(BearerError::Missing),
            (Some(_), Some(_)) => return Err(BearerError::Ambiguous),
            (None, Some(token)) => token,
            (Some(header), None) => match header.split_once(' ') {
                // The scheme is compared without regard to case (RFC 9110 section 11.1).
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim().to_owned(),
                _ => return Err(BearerError::Missing),
            },
        };
        Self::parse(&presented).map_err(|_| BearerError::Invalid)
    }
}
