use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::Malformed;

/// The claims of a token (RFC 7519 section 4): an object whose names are unique.
#[derive(Clone)]
pub(crate) struct Claims(Map<String, Value>);

/// The claims that are text wherever they appear.
const TEXTS: [&str; 4] = ["iss", "sub", "scope", "jti"];
/// The claims that are moments wherever they appear.
const MOMENTS: [&str; 3] = ["exp", "nbf", "iat"];

impl Claims {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Malformed> {
        let claims: Self = serde_json::from_slice(json).map_err(|_| Malformed::Claims)?;
        for name in TEXTS {
            claims.text(name)?;
        }
        for name in MOMENTS {
            claims.moment(name)?;
        }
        let is_audience = |aud: &Value| match aud {
            Value::String(_) => true,
            Value::Array(several) => several.iter().all(Value::is_string),
            _ => false,
        };
        if claims.0.get("aud").is_some_and(|aud| !is_audience(aud)) {
            return Err(Malformed::ClaimType("aud"));
        }
        Ok(claims)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that must be text if it is there.
    pub(crate) fn text(&self, name: &'static str) -> Result<Option<&str>, Malformed> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Malformed::ClaimType(name)),
        }
    }

    /// A claim that must be a `NumericDate` if it is there (RFC 7519 section 2): seconds since 1970, not always whole.
    pub(crate) fn moment(&self, name: &'static str) -> Result<Option<f64>, Malformed> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(Malformed::ClaimType(name)),
        }
    }

    /// The text of a claim that may be anything.
    pub(crate) fn lenient_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The groups: always an array in Cognito's tokens; single text counts as one.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self.0.get("cognito:groups") {
            Some(Value::String(one)) => (Some(one.as_str()), None),
            Some(Value::Array(several)) => (None, Some(several)),
            _ => (None, None),
        };
        one.into_iter().chain(several.into_iter().flatten().filter_map(Value::as_str))
    }

    /// The scopes of an access token (RFC 8693 section 4.2).
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.lenient_text("scope").into_iter().flat_map(|scope| scope.split(' ')).filter(|scope| !scope.is_empty())
    }

    /// When the token expires, as a time since 1970.
    pub(crate) fn expiry(&self) -> Option<Duration> {
        self.0.get("exp").and_then(Value::as_f64).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueNames).map(Self)
    }
}

/// Two readers of a token with a repeated name may read different values, so it is refused (RFC 7519 section 4).
struct UniqueNames;

impl<'de> Visitor<'de> for UniqueNames {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with unique names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is repeated"));
            }
        }
        Ok(map)
    }
}
