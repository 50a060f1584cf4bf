use serde::Serialize;

use crate::Issuer;

/// The discovery document (OpenID Connect Discovery 1.0 section 3), served at
/// `<issuer>/.well-known/openid-configuration`. Serialise it once and serve the bytes.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 2],
    token_endpoint_auth_methods_supported: [&'static str; 1],
    scopes_supported: [&'static str; 3],
    claims_supported: [&'static str; 13],
    code_challenge_methods_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

impl ProviderMetadata {
    /// Where the discovery document lies below the issuer.
    pub const PATH: &str = "/.well-known/openid-configuration";
    /// The authorization endpoint below the issuer.
    pub const AUTHORIZE_PATH: &str = "/oauth2/authorize";
    /// The token endpoint below the issuer.
    pub const TOKEN_PATH: &str = "/oauth2/token";
    /// The userinfo endpoint below the issuer.
    pub const USERINFO_PATH: &str = "/oauth2/userinfo";
    /// The JWK set below the issuer.
    pub const JWKS_PATH: &str = "/oauth2/jwks";

    /// The end session endpoint below the issuer (RP-Initiated Logout 1.0 section 2.1).
    pub const END_SESSION_PATH: &str = "/oauth2/end_session";

    /// The document of `issuer`.
    #[must_use]
    pub fn new(issuer: &Issuer) -> Self {
        Self {
            issuer: issuer.as_str().to_owned(),
            authorization_endpoint: issuer.at(Self::AUTHORIZE_PATH),
            token_endpoint: issuer.at(Self::TOKEN_PATH),
            userinfo_endpoint: issuer.at(Self::USERINFO_PATH),
            jwks_uri: issuer.at(Self::JWKS_PATH),
            end_session_endpoint: issuer.at(Self::END_SESSION_PATH),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: ["authorization_code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256", "ES256"],
            token_endpoint_auth_methods_supported: ["client_secret_post"],
            scopes_supported: ["openid", "email", "profile"],
            claims_supported: [
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "acr",
                "email",
                "email_verified",
                "name",
                "given_name",
                "family_name",
            ],
            code_challenge_methods_supported: ["S256"],
            prompt_values_supported: ["none", "login", "select_account", "consent"],
            claims_parameter_supported: false,
            request_parameter_supported: false,
            // The default is true (Discovery section 3), so it must be said.
            request_uri_parameter_supported: false,
        }
    }
}
