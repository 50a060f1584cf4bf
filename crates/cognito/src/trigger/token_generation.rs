use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    AnswerError, TokenOverride, Trigger, TriggerError, TriggerEvent, User,
    event::{is_nothing, is_null},
    members::{Members, Text},
    overriding::{Container, IamRoles, laid_over},
};

/// What the response of the first version holds, and that of the later ones.
const CONTAINERS: [&str; 2] = ["claimsOverrideDetails", "claimsAndScopeOverrideDetails"];

/// A client gets tokens of its own (RFC 6749 section 4.4).
const CLIENT_CREDENTIALS: &str = "TokenGeneration_ClientCredentials";

/// The first version of the event in which that happens.
const CLIENT_CREDENTIALS_VERSION: u8 = 3;

/// What Cognito writes into both tokens by itself, attributes, groups and scopes aside; generously.
const OWN_CLAIMS: usize = 50;

/// An event of the trigger "pre token generation", version `V1_0`, `V2_0` or `V3_0`.
#[derive(Debug)]
pub struct PreTokenGeneration<'a> {
    event: TriggerEvent<'a>,
    bearer: Bearer<'a>,
    scopes: Vec<Cow<'a, str>>,
    groups: Vec<Cow<'a, str>>,
    iam_roles: IamRoles<'a>,
}

/// Whose tokens are about to be signed.
#[derive(Debug)]
pub enum Bearer<'a> {
    /// A user's, at a sign-in or a refresh.
    User(User<'a>),
    /// A client's own.
    Client,
}

impl<'a> PreTokenGeneration<'a> {
    /// Reads an event of any source, also of one that is not known yet.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger, [`TriggerError::VersionUnsupported`] for a client's own tokens in
    /// a version before the third, [`TriggerError::Contradictory`] for such tokens with the attributes of a user,
    /// [`TriggerError::Member`] when it lacks what every event of this trigger has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        if event.trigger() != Trigger::PreTokenGeneration {
            return Err(TriggerError::Unsupported);
        }
        let request = event.request()?;
        let user = User::read(&event, &request)?;
        let bearer = if event.source() == CLIENT_CREDENTIALS {
            if event.version() < CLIENT_CREDENTIALS_VERSION {
                return Err(TriggerError::VersionUnsupported);
            }
            if user.has_attributes() {
                return Err(TriggerError::Contradictory);
            }
            Bearer::Client
        } else {
            Bearer::User(user)
        };
        let scopes = texts(&request, "scopes").ok_or(TriggerError::Member { member: "request.scopes" })?;
        let (groups, iam_roles) =
            groups(&request).ok_or(TriggerError::Member { member: "request.groupConfiguration" })?;
        Ok(Self { event, bearer, scopes, groups, iam_roles })
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.event
    }

    /// Whose tokens are about to be signed.
    pub const fn bearer(&self) -> &Bearer<'a> {
        &self.bearer
    }

    /// The scopes that the access token would have.
    pub fn scopes(&self) -> &[Cow<'a, str>] {
        &self.scopes
    }

    /// The groups that the tokens would have.
    pub fn groups(&self) -> &[Cow<'a, str>] {
        &self.groups
    }

    /// At most how many claims Cognito would write into both tokens by itself, groups and scopes not counted.
    pub fn own_claims(&self) -> usize {
        let attributes = match &self.bearer {
            Bearer::User(user) => user.attribute_count(),
            Bearer::Client => 0,
        };
        OWN_CLAIMS + attributes
    }

    /// The names of the user's attributes that the pool or an app client defined for itself.
    pub fn custom_attributes(&self) -> impl Iterator<Item = &str> {
        let user = match &self.bearer {
            Bearer::User(user) => Some(user),
            Bearer::Client => None,
        };
        user.into_iter().flat_map(User::custom_attributes)
    }

    /// The event as it came: the tokens get what they would get without the trigger.
    #[must_use]
    pub fn unchanged(&self) -> String {
        self.event.unchanged()
    }

    /// The event with `tokens` in its response, in the layout of its version: the first one reaches the ID token and, by
    /// the groups, the access token. What a function before us has answered stays where it does not contradict.
    ///
    /// # Errors
    /// [`AnswerError`]: a claim of Cognito's own, or something in the response that is not an answer to this trigger.
    pub fn answered<V: Serialize>(&self, tokens: &TokenOverride<'_, V>) -> Result<String, AnswerError> {
        tokens.check(|| self.event.client_id().ok().flatten())?;
        let [first, later] = CONTAINERS;
        let is_first_version = self.event.version() == 1;
        let name = if is_first_version { first } else { later };
        let container = Container { tokens, iam_roles: &self.iam_roles, is_first_version };
        let before = self.event.earlier_response()?;
        // Next to always there is nothing: then the answer is written at once, without being built first.
        if before.iter().all(|(_, value)| is_nothing(value)) {
            let container = serde_json::to_string(&container).map_err(AnswerError::Unwritable)?;
            return Ok(self.event.answered(&format!("{{\"{name}\":{container}}}")));
        }
        let malformed = |_| TriggerError::Member { member: "response" };
        let mut response = Map::new();
        for (name, value) in before.iter() {
            response.insert(name.to_owned(), serde_json::from_str(value.get()).map_err(malformed)?);
        }
        let container = serde_json::to_value(&container).map_err(AnswerError::Unwritable)?;
        let theirs = response.remove(name).unwrap_or_default();
        response.insert(name.to_owned(), laid_over(theirs, container)?);
        Ok(self.event.answered(&Value::Object(response).to_string()))
    }
}

/// The groups and what comes with them; `null` for a client. Cognito's own sample has a list where a role or nothing should
/// be.
fn groups<'a>(request: &Members<'a>) -> Option<(Vec<Cow<'a, str>>, IamRoles<'a>)> {
    let Some(configuration) = request.get("groupConfiguration").filter(|raw| !is_null(raw)) else {
        return Some((Vec::new(), IamRoles::default()));
    };
    let configuration = Members::parse(configuration.get()).ok()?;
    let value = |name, start| configuration.get(name).filter(|raw| raw.get().starts_with(start));
    let iam_roles = IamRoles { roles: value("iamRolesToOverride", '['), preferred: value("preferredRole", '"') };
    Some((texts(&configuration, "groupsToOverride")?, iam_roles))
}

/// A list of texts; nothing for none.
fn texts<'a>(members: &Members<'a>, name: &str) -> Option<Vec<Cow<'a, str>>> {
    let Some(list) = members.get(name).filter(|raw| !is_null(raw)) else { return Some(Vec::new()) };
    let list: Vec<Text<'a>> = serde_json::from_str(list.get()).ok()?;
    Some(list.into_iter().map(|Text(text)| text).collect())
}
