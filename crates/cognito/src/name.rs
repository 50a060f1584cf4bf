/// The longest username that Cognito's API takes.
pub const USERNAME_CHARS_MAX: usize = 128;

/// The username that a pool gives to a federated user: `<provider>_<sub>`, the whole of it in lower case, as pools with
/// case-insensitive usernames do. A provider's name has no `_`, so this has one reading.
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
