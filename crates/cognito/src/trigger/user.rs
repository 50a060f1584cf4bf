use std::borrow::Cow;

use super::{
    TriggerError, TriggerEvent,
    event::is_null,
    identity,
    members::{Members, is_true},
};
use crate::parse_username;

/// The status of a user who lives at an external identity provider. A password set by an administrator turns it into
/// `CONFIRMED`.
const EXTERNAL_PROVIDER: &str = "EXTERNAL_PROVIDER";

/// A user, as an event describes them.
#[derive(Debug)]
pub struct User<'a> {
    user_name: Cow<'a, str>,
    attributes: Members<'a>,
}

impl<'a> User<'a> {
    /// The user of an event that always has attributes.
    pub(super) fn read(event: &TriggerEvent<'a>, request: &Members<'a>) -> Result<Self, TriggerError> {
        let member = "request.userAttributes";
        let attributes = request.get("userAttributes").ok_or(TriggerError::Member { member })?;
        let attributes = Members::parse(attributes.get()).map_err(|_| TriggerError::Member { member })?;
        Ok(Self { user_name: event.user_name()?, attributes })
    }

    /// The user of an event that may be about somebody who does not exist.
    pub(super) fn read_if_any(event: &TriggerEvent<'a>, request: &Members<'a>) -> Result<Self, TriggerError> {
        if request.get("userAttributes").is_none_or(is_null) {
            return Ok(Self { user_name: event.user_name()?, attributes: Members::default() });
        }
        Self::read(event, request)
    }

    /// The username in the pool.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// Cognito's own id of the user.
    pub fn sub(&self) -> Option<Cow<'a, str>> {
        self.attributes.text("sub")
    }

    /// Whether the user lives at an external identity provider.
    pub fn is_external(&self) -> bool {
        self.attributes.text("cognito:user_status").is_some_and(|status| status == EXTERNAL_PROVIDER)
    }

    /// Whether the username is one that `provider` could have given, as that of anybody may be.
    pub fn is_named_after(&self, provider: &str) -> bool {
        parse_username(&self.user_name).is_some_and(|name| same(name.provider, provider))
    }

    /// The subject under which the user lives at `provider`, when that is what the user lives by: the user's status is
    /// that of an external user, Cognito holds an identity of that provider, and the username is made of that very
    /// identity. `None` for everybody else: native users, users of other providers, users to whom an identity was only
    /// linked, and external users who were given a password.
    ///
    /// # Errors
    /// [`TriggerError::Identities`] when the identities cannot be read; [`TriggerError::Contradictory`] for an external
    /// user who is called like a user of the provider and has no such identity there.
    pub fn external_subject(&self, provider: &str) -> Result<Option<String>, TriggerError> {
        if !self.is_external() {
            return Ok(None);
        }
        let identities = self.attributes.text("identities").unwrap_or(Cow::Borrowed(""));
        let user_id = identity::find(&identities, self.attributes.get("identities"), |identity_provider, user_id| {
            identity_provider == provider && is_username(&self.user_name, provider, user_id)
        })?;
        if user_id.is_none() && self.is_named_after(provider) {
            return Err(TriggerError::Contradictory);
        }
        Ok(user_id)
    }

    /// Whether Cognito holds an identity of `provider` for the user, which may be one of several and no more than linked.
    ///
    /// # Errors
    /// [`TriggerError::Identities`] when the identities cannot be read.
    pub fn has_identity_of(&self, provider: &str) -> Result<bool, TriggerError> {
        let identities = self.attributes.text("identities").unwrap_or(Cow::Borrowed(""));
        let of_provider = |named: &str, _: &str| same(named, provider);
        Ok(identity::find(&identities, self.attributes.get("identities"), of_provider)?.is_some())
    }

    /// The address that Cognito counts as verified.
    pub fn verified_email(&self) -> Option<Cow<'a, str>> {
        let verified = self.attributes.get("email_verified").is_some_and(is_true);
        self.email().filter(|_| verified)
    }

    /// The address, whoever says so.
    pub(super) fn email(&self) -> Option<Cow<'a, str>> {
        self.attributes.text("email").filter(|email| !email.is_empty())
    }

    /// The names of the attributes that the pool or an app client defined for itself.
    pub fn custom_attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.names().filter(|name| name.starts_with("custom:") || name.starts_with("dev:"))
    }

    pub(super) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    pub(super) fn attribute_count(&self) -> usize {
        self.attributes.len()
    }
}

/// Whether this is the username that a pool gives to `subject` of `provider`, in any case.
pub(super) fn is_username(user_name: &str, provider: &str, subject: &str) -> bool {
    if user_name.is_ascii() && provider.is_ascii() {
        let parts = user_name.split_at_checked(provider.len());
        return parts.is_some_and(|(own, rest)| {
            let own_subject = rest.strip_prefix('_');
            own.eq_ignore_ascii_case(provider) && own_subject.is_some_and(|own| same(own, subject))
        });
    }
    let composed = provider.chars().chain(['_']).chain(subject.chars());
    user_name.chars().flat_map(char::to_lowercase).eq(composed.flat_map(char::to_lowercase))
}

/// Whether two names are the same in any case.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
        || one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}
