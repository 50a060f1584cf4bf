use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    Trigger, TriggerError,
    members::{self, Members, MembersError},
};

/// An event as Cognito hands it to a Lambda trigger. What is handed back is the same text, but for `response`.
#[derive(Debug)]
pub struct TriggerEvent<'a> {
    json: &'a str,
    members: Members<'a>,
    trigger: Trigger,
    source: Cow<'a, str>,
    version: u8,
}

impl<'a> TriggerEvent<'a> {
    /// The largest event.
    pub const JSON_BYTES_MAX: usize = 256 * 1024;

    /// Reads which trigger an event is for and in which version, and not what it says.
    ///
    /// # Errors
    /// [`TriggerError`] when it is too large, no JSON object, has a member twice, or is for a trigger or in a version that
    /// is not known.
    pub fn parse(json: &'a str) -> Result<Self, TriggerError> {
        if json.len() > Self::JSON_BYTES_MAX {
            return Err(TriggerError::TooLarge);
        }
        let members = Members::parse(json).map_err(|error| match error {
            MembersError::NotAnObject(source) => TriggerError::NotAnObject(source),
            MembersError::Repeated => TriggerError::Repeated,
        })?;
        let source = required(&members, "triggerSource")?;
        let version = version(&members)?;
        let trigger = Trigger::of(&source).ok_or(TriggerError::Unsupported)?;
        let version = version.parse().map_err(|_| TriggerError::VersionUnsupported)?;
        if !trigger.has_version(version) {
            return Err(TriggerError::VersionUnsupported);
        }
        Ok(Self { json, members, trigger, source, version })
    }

    /// The trigger.
    pub const fn trigger(&self) -> Trigger {
        self.trigger
    }

    /// What it is about, such as `TokenGeneration_HostedAuth`. Text, not an enum: Cognito adds sources.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The version of its layout: 1, 2 or 3.
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// Cognito's id of the pool.
    ///
    /// # Errors
    /// [`TriggerError::Member`].
    pub fn user_pool_id(&self) -> Result<Cow<'a, str>, TriggerError> {
        required(&self.members, "userPoolId")
    }

    /// The username in the pool.
    ///
    /// # Errors
    /// [`TriggerError::Member`].
    pub fn user_name(&self) -> Result<Cow<'a, str>, TriggerError> {
        required(&self.members, "userName")
    }

    /// The app client on whose behalf all this happens.
    ///
    /// # Errors
    /// [`TriggerError::Member`] when there is a `callerContext` or `clientId` of another type. Nothing, where Cognito names
    /// none: an administrator's call has none.
    pub fn client_id(&self) -> Result<Option<Cow<'a, str>>, TriggerError> {
        let malformed = || TriggerError::Member { member: "callerContext.clientId" };
        let Some(context) = self.members.get("callerContext").filter(|context| !is_null(context)) else {
            return Ok(None);
        };
        let context = Members::parse(context.get()).map_err(|_| malformed())?;
        match context.get("clientId") {
            Some(client_id) if !is_null(client_id) => members::text(client_id).map(Some).ok_or_else(malformed),
            _ => Ok(None),
        }
    }

    /// The members of `request`.
    pub(super) fn request(&self) -> Result<Members<'a>, TriggerError> {
        let member = "request";
        let request = self.members.get(member).ok_or(TriggerError::Member { member })?;
        Members::parse(request.get()).map_err(|_| TriggerError::Member { member })
    }

    fn response(&self) -> Option<&'a RawValue> {
        self.members.get("response")
    }

    /// What is in the response already: nothing may be written as `null`, `[]` or `{}`, or left out.
    pub(super) fn earlier_response(&self) -> Result<Members<'a>, TriggerError> {
        match self.response() {
            None => Ok(Members::default()),
            Some(raw) if is_nothing(raw) => Ok(Members::default()),
            Some(raw) => Members::parse(raw.get()).map_err(|_| TriggerError::Member { member: "response" }),
        }
    }

    /// The event as it came.
    #[must_use]
    pub fn unchanged(&self) -> String {
        self.json.to_owned()
    }

    /// The event with this JSON text as its response; every other byte is as it came.
    pub(super) fn answered(&self, response: &str) -> String {
        let Some(place) = self.response() else { return self.appended(response) };
        // The value is a part of the event's own text, so the distance between the two is its place.
        let start = (place.get().as_ptr() as usize).saturating_sub(self.json.as_ptr() as usize);
        let end = start + place.get().len();
        let (Some(before), Some(after)) = (self.json.get(..start), self.json.get(end..)) else {
            return self.appended(response);
        };
        let mut answer = String::with_capacity(before.len() + response.len() + after.len());
        answer.push_str(before);
        answer.push_str(response);
        answer.push_str(after);
        answer
    }

    /// An event without a response gets one as its last member; it has others, or it would not have been read.
    fn appended(&self, response: &str) -> String {
        let body = self.json.trim_end();
        let body = body.strip_suffix('}').unwrap_or(body);
        format!("{body},\"response\":{response}}}")
    }
}

fn required<'a>(members: &Members<'a>, member: &'static str) -> Result<Cow<'a, str>, TriggerError> {
    members.text(member).filter(|text| !text.is_empty()).ok_or(TriggerError::Member { member })
}

/// Text, or a number that stands for it.
fn version<'a>(members: &Members<'a>) -> Result<Cow<'a, str>, TriggerError> {
    let malformed = TriggerError::Member { member: "version" };
    let Some(raw) = members.get("version") else { return Err(malformed) };
    let is_number = raw.get().starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let version = if is_number { Some(Cow::Borrowed(raw.get())) } else { members::text(raw) };
    version.ok_or(malformed)
}

pub(super) fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// Cognito writes "nothing yet" as `null`, `[]` or `{}`.
pub(super) fn is_nothing(raw: &RawValue) -> bool {
    match raw.get().as_bytes() {
        b"null" => true,
        [b'[', between @ .., b']'] | [b'{', between @ .., b'}'] => between.iter().all(u8::is_ascii_whitespace),
        _ => false,
    }
}
