use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;
use vestibule_kernel::Timestamp;

/// The claims of an ID token (OpenID Connect Core 1.0 section 2).
#[derive(Clone, Debug, Serialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person; together with the provider's name it becomes the Cognito username.
    pub sub: String,
    /// The client the token is for.
    pub aud: String,
    /// When it ends.
    #[serde(serialize_with = "seconds")]
    pub exp: Timestamp,
    /// When it was made.
    #[serde(serialize_with = "seconds")]
    pub iat: Timestamp,
    /// When the person signed in at the identity provider, if it said so.
    #[serde(serialize_with = "optional_seconds", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// The `nonce` of the authorize request, byte by byte. Cognito sends none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How strongly the person was authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Who the person is.
    #[serde(flatten)]
    pub person: PersonClaims,
}

/// The answer of the userinfo endpoint (OpenID Connect Core 1.0 section 5.3.2).
///
/// It says the same as the ID token: Cognito lets the ID token win, other relying parties may not.
#[derive(Clone, Debug, Serialize)]
pub struct UserinfoClaims {
    /// The person, as in the ID token.
    pub sub: String,
    /// Who the person is.
    #[serde(flatten)]
    pub person: PersonClaims,
}

/// What is released about a person.
///
/// A name that is not known goes out as an explicit blank: Cognito keeps the old value of a claim that is missing, so
/// that a name which the identity provider no longer asserts would stay for ever.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct PersonClaims {
    /// The e-mail address, if it may be released.
    #[serde(flatten)]
    pub email: EmailClaim,
    /// The whole name as it is shown.
    pub name: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// What else the connection's mapping releases.
    #[serde(flatten)]
    pub additional: AdditionalClaims,
}

/// Whether an e-mail address is released. One that is released is also verified, because it lies in a domain that the
/// person's organization has proven to own; one that is not goes out as a blank and `email_verified: false`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum EmailClaim {
    /// No address may be released.
    #[default]
    Withheld,
    /// This address is released.
    Verified(String),
}

#[derive(Deserialize, Serialize)]
struct EmailPair {
    email: String,
    email_verified: bool,
}

impl Serialize for EmailClaim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (email, email_verified) = match self {
            Self::Withheld => ("", false),
            Self::Verified(email) => (email.as_str(), true),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("email", email)?;
        map.serialize_entry("email_verified", &email_verified)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for EmailClaim {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pair = EmailPair::deserialize(deserializer)?;
        Ok(if pair.email_verified { Self::Verified(pair.email) } else { Self::Withheld })
    }
}

/// Claims beside the standard ones, for example roles. They cannot take the place of a registered claim.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct AdditionalClaims(BTreeMap<String, Value>);

/// The name belongs to a registered claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the name belongs to a registered claim")]
pub struct ReservedClaim;

/// Claims whose meaning is fixed by JWT and OpenID Connect and which a mapping must never supply.
const RESERVED: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "sid",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
];

impl AdditionalClaims {
    /// Adds a claim, or replaces the one of the same name.
    ///
    /// # Errors
    /// [`ReservedClaim`] when the name is that of a registered claim.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Result<(), ReservedClaim> {
        let name = name.into();
        if RESERVED.contains(&name.as_str()) {
            return Err(ReservedClaim);
        }
        self.0.insert(name, value.into());
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn seconds<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    // NumericDate (RFC 7519 section 2): whole seconds, which every library reads.
    serializer.serialize_i64(moment.unix_seconds())
}

#[expect(clippy::ref_option, reason = "serde hands over references")]
fn optional_seconds<S: Serializer>(moment: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => seconds(moment, serializer),
        None => serializer.serialize_none(),
    }
}
