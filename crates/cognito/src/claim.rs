/// One of the two tokens that Cognito signs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Token {
    /// The ID token.
    Id,
    /// The access token.
    Access,
}

/// Sorted, for the binary search.
const RESERVED: [&str; 22] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "device_key",
    "event_id",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];

/// Whether a trigger cannot add, change or suppress this claim: Cognito's own claims and all that begin with `cognito:`.
///
/// Counted in are `aud`, which an access token takes only with the one value it would have anyway, and the access token's
/// `scope`, which has lists of its own.
#[must_use]
pub fn is_reserved_claim(token: Token, name: &str) -> bool {
    let own = RESERVED.binary_search(&name).is_ok();
    name.starts_with("cognito:") || (own && (token == Token::Access || name != "scope"))
}
