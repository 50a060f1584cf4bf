use std::borrow::Cow;

use super::{
    Trigger, TriggerError, TriggerEvent,
    event::is_null,
    members::{Members, is_true},
    user::{is_username, same},
};

/// An event of the trigger "inbound federation": an external identity provider has said who somebody is, and nothing was
/// written yet.
#[derive(Debug)]
pub struct InboundFederation<'a> {
    event: TriggerEvent<'a>,
    user_name: Cow<'a, str>,
    provider: Cow<'a, str>,
    id_token: Members<'a>,
    user_info: Members<'a>,
}

impl<'a> InboundFederation<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger, [`TriggerError::Member`] when it lacks what every event of this
    /// trigger has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        if event.trigger() != Trigger::InboundFederation {
            return Err(TriggerError::Unsupported);
        }
        let request = event.request()?;
        let member = "request.providerName";
        let provider =
            request.text("providerName").filter(|name| !name.is_empty()).ok_or(TriggerError::Member { member })?;
        let member = "request.attributes";
        let attributes = request.get("attributes").ok_or(TriggerError::Member { member })?;
        let attributes = Members::parse(attributes.get()).map_err(|_| TriggerError::Member { member })?;
        let part = |name| match attributes.get(name) {
            Some(part) if !is_null(part) => Members::parse(part.get()).map_err(|_| TriggerError::Member { member }),
            _ => Ok(Members::default()),
        };
        // The tokens themselves may have been taken out on the way, the claims not.
        let (id_token, user_info) = (part("idToken")?, part("userInfo")?);
        let user_name = event.user_name()?;
        Ok(Self { event, user_name, provider, id_token, user_info })
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.event
    }

    /// Whom `provider` has named, `None` when another provider has spoken. The username, of which Cognito has two
    /// spellings here, must agree.
    ///
    /// # Errors
    /// [`TriggerError::Contradictory`] when subject and username do not belong together, or when the provider is called
    /// like ours in another case; [`TriggerError::Member`] without a subject.
    pub fn subject(&self, provider: &str) -> Result<Option<Cow<'a, str>>, TriggerError> {
        if self.provider != provider {
            let alike = same(&self.provider, provider);
            return if alike { Err(TriggerError::Contradictory) } else { Ok(None) };
        }
        let member = "request.attributes.idToken.sub";
        let subject = self.id_token.text("sub").ok_or(TriggerError::Member { member })?;
        // OpenID Connect Core section 5.3.2.
        let same_info = self.user_info.get("sub").is_none() || self.user_info.text("sub").as_ref() == Some(&subject);
        if same_info && (same(&self.user_name, &subject) || is_username(&self.user_name, provider, &subject)) {
            Ok(Some(subject))
        } else {
            Err(TriggerError::Contradictory)
        }
    }

    /// The address that the provider says is verified. The ID token wins over the userinfo, as it does in Cognito.
    pub fn verified_email(&self) -> Option<Cow<'a, str>> {
        let value = |name| self.id_token.get(name).or_else(|| self.user_info.get(name));
        let verified = value("email_verified").is_some_and(is_true);
        value("email").and_then(super::members::text).filter(|email| verified && !email.is_empty())
    }

    /// The event with an answer that lets everything in as it is.
    #[must_use]
    pub fn kept(&self) -> String {
        self.event.answered(r#"{"userAttributesToMap":{}}"#)
    }
}
