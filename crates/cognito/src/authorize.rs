use std::fmt;

use url::{Url, form_urlencoded};

use crate::pool_url;

/// Room for an authorize URL with an application's usual parameters.
const USUAL_BYTES: usize = 768;

/// A request to a pool's authorization endpoint, `/oauth2/authorize` (RFC 6749 section 4.1.1), as an application starts
/// a sign-in with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthorizeUrl<'a> {
    /// The pool's domain, already known to be one.
    pub domain: &'a str,
    /// The app client.
    pub client_id: &'a str,
    /// Where the application takes the answer. Whether the app client may use it is for Cognito to say.
    pub redirect_uri: &'a str,
    /// At least one.
    pub scopes: &'a [&'a str],
    /// Left out when empty, like everything below.
    pub state: &'a str,
    /// Ends up in the ID token. Applications should always send one: Cognito invents its own for federated sign-ins
    /// otherwise, and strict clients refuse that.
    pub nonce: &'a str,
    /// PKCE with S256 (RFC 7636 section 4.2).
    pub code_challenge: &'a str,
    /// Goes to this identity provider without showing Cognito's login page.
    pub identity_provider: &'a str,
    /// Handed on to the identity provider, or filled into Cognito's login page.
    pub login_hint: &'a str,
    /// Adds `prompt=login`: Cognito's session cookie must not answer for whoever signed in before.
    pub prompt_login: bool,
}

impl AuthorizeUrl<'_> {
    /// The most scopes: as many as an app client can have.
    pub const SCOPES_MAX: usize = 50;
    /// The longest scope: resource server and scope name together.
    pub const SCOPE_BYTES_MAX: usize = 513;
    /// The longest client id.
    pub const CLIENT_ID_BYTES_MAX: usize = 128;
    /// The longest redirect URI.
    pub const REDIRECT_URI_BYTES_MAX: usize = 1024;
    /// The longest state.
    pub const STATE_BYTES_MAX: usize = 2048;
    /// The longest nonce.
    pub const NONCE_BYTES_MAX: usize = 256;
    /// The length of an S256 challenge: 32 bytes in base64url without padding.
    pub const CODE_CHALLENGE_BYTES: usize = 43;
    /// The longest login hint: an e-mail address (RFC 5321 section 4.5.3.1: 64 + 1 + 255).
    pub const LOGIN_HINT_BYTES_MAX: usize = 320;
    /// The longest name of an identity provider.
    pub const IDENTITY_PROVIDER_CHARS_MAX: usize = 32;

    /// The URL.
    ///
    /// # Errors
    /// [`InvalidParameter`] names the first parameter that cannot stand in it.
    pub fn build(&self) -> Result<String, InvalidParameter> {
        self.check()?;
        let mut url = String::with_capacity(USUAL_BYTES);
        url.push_str(&pool_url(self.domain));
        url.push_str("/oauth2/authorize?");
        let start = url.len();
        let mut query = form_urlencoded::Serializer::for_suffix(url, start);
        query.append_pair("response_type", "code");
        query.append_pair("client_id", self.client_id);
        query.append_pair("redirect_uri", self.redirect_uri);
        query.append_pair("scope", &self.scopes.join(" "));
        let mut optional = |name, value: &str| {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        };
        optional("state", self.state);
        optional("nonce", self.nonce);
        optional("code_challenge", self.code_challenge);
        optional("code_challenge_method", if self.code_challenge.is_empty() { "" } else { "S256" });
        optional("identity_provider", self.identity_provider);
        optional("login_hint", self.login_hint);
        optional("prompt", if self.prompt_login { "login" } else { "" });
        Ok(query.finish())
    }

    fn check(&self) -> Result<(), InvalidParameter> {
        let printable = |text: &str| !text.chars().any(char::is_control);
        check(is_client_id(self.client_id), Parameter::ClientId, "expected 1 to 128 letters, digits, '_' or '+'")?;
        check_redirect_uri(self.redirect_uri)?;
        let scopes = (1..=Self::SCOPES_MAX).contains(&self.scopes.len());
        check(scopes, Parameter::Scope, "expected 1 to 50 scopes")?;
        let scope = "a scope has 1 to 513 visible ASCII characters, and no '\"' or '\\'";
        check(self.scopes.iter().all(|scope| is_scope(scope)), Parameter::Scope, scope)?;
        let state = self.state.len() <= Self::STATE_BYTES_MAX && printable(self.state);
        check(state, Parameter::State, "expected at most 2048 bytes without control characters")?;
        let nonce = self.nonce.len() <= Self::NONCE_BYTES_MAX && printable(self.nonce);
        check(nonce, Parameter::Nonce, "expected at most 256 bytes without control characters")?;
        let challenge = self.code_challenge.is_empty() || is_challenge(self.code_challenge);
        check(challenge, Parameter::CodeChallenge, "expected the 43 base64url characters of an S256 challenge")?;
        let provider = self.identity_provider.chars().count() <= Self::IDENTITY_PROVIDER_CHARS_MAX
            && printable(self.identity_provider);
        check(provider, Parameter::IdentityProvider, "expected at most 32 characters")?;
        let hint = self.login_hint.len() <= Self::LOGIN_HINT_BYTES_MAX && printable(self.login_hint);
        check(hint, Parameter::LoginHint, "expected at most 320 bytes without control characters")
    }
}

fn check(holds: bool, parameter: Parameter, problem: &'static str) -> Result<(), InvalidParameter> {
    if holds { Ok(()) } else { Err(InvalidParameter { parameter, problem }) }
}

fn is_client_id(text: &str) -> bool {
    (1..=AuthorizeUrl::CLIENT_ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'))
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope(text: &str) -> bool {
    (1..=AuthorizeUrl::SCOPE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// RFC 7636 section 4.2.
fn is_challenge(text: &str) -> bool {
    text.len() == AuthorizeUrl::CODE_CHALLENGE_BYTES
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// RFC 6749 section 3.1.2: absolute, without a fragment. Cognito takes `http` on loopback hosts only, and schemes of
/// native applications (RFC 8252 section 7.1).
fn check_redirect_uri(text: &str) -> Result<(), InvalidParameter> {
    let invalid = |problem| InvalidParameter { parameter: Parameter::RedirectUri, problem };
    if text.len() > AuthorizeUrl::REDIRECT_URI_BYTES_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("expected at most 1024 visible ASCII characters"));
    }
    let url = Url::parse(text).map_err(|_| invalid("expected an absolute URL"))?;
    if url.fragment().is_some() {
        return Err(invalid("a redirect URI has no fragment"));
    }
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "http" && !loopback {
        return Err(invalid("http is allowed on loopback hosts only"));
    }
    Ok(())
}

/// A parameter of the authorization endpoint that somebody else decides about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Parameter {
    /// `client_id`.
    ClientId,
    /// `redirect_uri`.
    RedirectUri,
    /// `scope`.
    Scope,
    /// `state`.
    State,
    /// `nonce`.
    Nonce,
    /// `code_challenge`.
    CodeChallenge,
    /// `identity_provider`.
    IdentityProvider,
    /// `login_hint`.
    LoginHint,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientId => "client_id",
            Self::RedirectUri => "redirect_uri",
            Self::Scope => "scope",
            Self::State => "state",
            Self::Nonce => "nonce",
            Self::CodeChallenge => "code_challenge",
            Self::IdentityProvider => "identity_provider",
            Self::LoginHint => "login_hint",
        })
    }
}

/// A parameter that cannot stand in an authorize URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{parameter}: {problem}")]
pub struct InvalidParameter {
    /// Which.
    pub parameter: Parameter,
    /// What is wrong and what was expected.
    pub problem: &'static str,
}
