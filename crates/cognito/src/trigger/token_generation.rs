use serde_json::{Map, Value};

use super::{ReservedClaim, TriggerError, TriggerEvent, parse_identities};
use crate::{Token, is_reserved_claim, username};

/// The version of the event that reaches both tokens of a user (`V2_0` in the pool's configuration).
const VERSION: &str = "2";

/// What the response holds.
const CONTAINER: &str = "claimsAndScopeOverrideDetails";

/// The status of a user who lives at an external identity provider. A password set by an administrator turns it into
/// `CONFIRMED`.
const EXTERNAL_PROVIDER: &str = "EXTERNAL_PROVIDER";

/// An event of the trigger "pre token generation", version `V2_0`: a user is about to get an ID and an access token.
#[derive(Debug)]
pub struct PreTokenGeneration<'a> {
    event: TriggerEvent<'a>,
    user_pool_id: String,
    user_name: String,
    user_attributes: Map<String, Value>,
}

impl<'a> PreTokenGeneration<'a> {
    /// Reads an event of any source that concerns a user, also of one that is not known yet.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger or version, [`TriggerError::Member`] when it lacks what every
    /// event of this trigger has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        let source = event.trigger_source()?;
        let of_user = source.starts_with("TokenGeneration_") && source != "TokenGeneration_ClientCredentials";
        if !of_user || event.version()? != VERSION {
            return Err(TriggerError::Unsupported);
        }
        let (user_pool_id, user_name) = (event.user_pool_id()?, event.user_name()?);
        let Value::Object(mut request) = event.value("request")? else {
            return Err(TriggerError::Member { member: "request" });
        };
        let Some(Value::Object(user_attributes)) = request.remove("userAttributes") else {
            return Err(TriggerError::Member { member: "request.userAttributes" });
        };
        Ok(Self { event, user_pool_id, user_name, user_attributes })
    }

    /// Cognito's id of the pool.
    pub fn user_pool_id(&self) -> &str {
        &self.user_pool_id
    }

    /// The subject under which the user lives at `provider`, when that is what the user lives by: the user's status is
    /// that of an external user, Cognito holds an identity of that provider, and the username is made of that very
    /// identity. `None` for everybody else: native users, users of other providers, users to whom an identity was only
    /// linked, and external users who were given a password.
    ///
    /// # Errors
    /// [`TriggerError::Identities`] when the identities cannot be read.
    pub fn external_subject(&self, provider: &str) -> Result<Option<String>, TriggerError> {
        if self.user_attributes.get("cognito:user_status").and_then(Value::as_str) != Some(EXTERNAL_PROVIDER) {
            return Ok(None);
        }
        let identities = parse_identities(self.user_attributes.get("identities").unwrap_or(&Value::Null))?;
        let user_name = self.user_name.to_lowercase();
        let own = identities
            .into_iter()
            .find(|identity| identity.provider_name == provider && username(provider, &identity.user_id) == user_name);
        Ok(own.map(|identity| identity.user_id))
    }

    /// The event as it came: the tokens get what they would get without the trigger.
    #[must_use]
    pub fn unchanged(&self) -> String {
        self.event.to_json(None)
    }

    /// The event with `claims` in its response. What is there already stays, above all groups: an empty
    /// `groupOverrideDetails` would take them away, so none is added.
    ///
    /// # Errors
    /// [`TriggerError::Member`] when there is something in the response that is not an answer to this trigger.
    pub fn answered(&self, claims: &ClaimsOverride) -> Result<String, TriggerError> {
        let malformed = || TriggerError::Member { member: "response" };
        let mut response = object_or_nothing(self.event.value("response").unwrap_or_default()).ok_or_else(malformed)?;
        let mut container = member(&mut response, CONTAINER).ok_or_else(malformed)?;
        for (token, added) in [("idTokenGeneration", &claims.id), ("accessTokenGeneration", &claims.access)] {
            let mut section = member(&mut container, token).ok_or_else(malformed)?;
            let mut to_add = member(&mut section, "claimsToAddOrOverride").ok_or_else(malformed)?;
            to_add.extend(added.clone());
            section.insert("claimsToAddOrOverride".to_owned(), Value::Object(to_add));
            // A claim that is both added and suppressed is suppressed.
            if let Some(Value::Array(suppressed)) = section.get_mut("claimsToSuppress") {
                suppressed.retain(|name| name.as_str().is_none_or(|name| !added.contains_key(name)));
            }
            container.insert(token.to_owned(), Value::Object(section));
        }
        response.insert(CONTAINER.to_owned(), Value::Object(container));
        Ok(self.event.to_json(Some(&Value::Object(response))))
    }
}

/// Cognito writes "nothing yet" as `null`, `[]` or `{}`.
fn object_or_nothing(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        Value::Null => Some(Map::new()),
        Value::Array(list) if list.is_empty() => Some(Map::new()),
        _ => None,
    }
}

fn member(of: &mut Map<String, Value>, name: &str) -> Option<Map<String, Value>> {
    object_or_nothing(of.remove(name).unwrap_or_default())
}

/// Claims for the tokens that are about to be signed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimsOverride {
    id: Map<String, Value>,
    access: Map<String, Value>,
}

impl ClaimsOverride {
    /// Adds a claim to one token, or puts it in the place of another.
    ///
    /// # Errors
    /// [`ReservedClaim`]: what Cognito does with such a claim is not documented, so it is never sent.
    pub fn add(&mut self, token: Token, name: &str, value: impl Into<Value>) -> Result<(), ReservedClaim> {
        if is_reserved_claim(token, name) {
            return Err(ReservedClaim { token, name: name.to_owned() });
        }
        let claims = match token {
            Token::Id => &mut self.id,
            Token::Access => &mut self.access,
        };
        claims.insert(name.to_owned(), value.into());
        Ok(())
    }
}
