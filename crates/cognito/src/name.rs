use std::{fmt, str::FromStr};

/// The longest username that Cognito's API takes.
pub const USERNAME_CHARS_MAX: usize = 128;

/// The characters of our `sub`: a UUID in canonical form.
const SUB_CHARS: usize = 36;

const _: () = assert!(
    ProviderName::CHARS_MAX + "_".len() + SUB_CHARS <= USERNAME_CHARS_MAX,
    "every username we cause must fit into the pool"
);

/// The names that Cognito gives a meaning of its own in `identity_provider`.
const TAKEN: [&str; 5] = ["COGNITO", "Google", "Facebook", "LoginWithAmazon", "SignInWithApple"];

/// The name under which a pool knows us as its identity provider. It cannot be changed there: usernames begin with it.
///
/// Narrower than what Cognito takes: ASCII letters, digits, `-` and `.`, beginning with a letter or digit. Above all
/// without `_`, so that `<provider>_<sub>` has one reading.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ProviderName(String);

impl ProviderName {
    /// The fewest characters (Cognito's pattern asks for three).
    pub const CHARS_MIN: usize = 3;
    /// The most characters.
    pub const CHARS_MAX: usize = 32;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ProviderName {
    /// `Vestibule`.
    fn default() -> Self {
        Self("Vestibule".to_owned())
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot be the name of an identity provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidProviderName {
    /// Too short, too long, or with another character.
    #[error(
        "a provider name has {} to {} letters, digits, '-' or '.', begins with a letter or digit, and has no '_'",
        ProviderName::CHARS_MIN,
        ProviderName::CHARS_MAX
    )]
    Malformed,
    /// One of Cognito's own.
    #[error("this name means something else to Cognito: choose another one")]
    Taken,
}

impl FromStr for ProviderName {
    type Err = InvalidProviderName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let well_formed = (Self::CHARS_MIN..=Self::CHARS_MAX).contains(&text.len())
            && text.bytes().all(allowed)
            && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if !well_formed {
            Err(InvalidProviderName::Malformed)
        } else if TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(text)) {
            Err(InvalidProviderName::Taken)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The username that a pool gives to a federated user: `<provider>_<sub>`, the whole of it in lower case, as pools with
/// case-insensitive usernames do.
#[must_use]
pub fn username(provider: &str, sub: &str) -> String {
    format!("{provider}_{sub}").to_lowercase()
}

/// The parts of a federated user's username.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParsedUsername<'a> {
    /// The identity provider, usually in lower case.
    pub provider: &'a str,
    /// The subject, usually in lower case.
    pub sub: &'a str,
}

/// Takes a username apart at its first `_`; `None` when it cannot be that of a federated user. Native users choose their
/// names freely, so this alone says nothing about who somebody is.
#[must_use]
pub fn parse_username(username: &str) -> Option<ParsedUsername<'_>> {
    let (provider, sub) = username.split_once('_')?;
    let possible = !provider.is_empty() && !sub.is_empty() && username.chars().count() <= USERNAME_CHARS_MAX;
    possible.then_some(ParsedUsername { provider, sub })
}
