use serde_json::{Map, Value};

use super::{
    config::{Guard, OidcProvider},
    event,
    mapping::Update,
    pool::Pool,
    profile::Profile,
    trigger::{TRIGGER_TIMEOUT, TriggerError},
    upstream::Redeemed,
};

/// A trigger does not let a sign-in pass. The texts go to the application whole, so they hold what caused them.
#[derive(Debug, thiserror::Error)]
pub(super) enum GuardError {
    #[error("{trigger} failed with error {error}.")]
    Failed { trigger: &'static str, error: TriggerError },
    #[error("Unrecognizable lambda output")]
    Unrecognizable,
}

/// The trigger that runs when somebody has been authenticated, by whether they were known before.
pub(super) const fn after(was_known: bool) -> (Guard, &'static str) {
    if was_known {
        (Guard::PostAuthentication, "PostAuthentication_Authentication")
    } else {
        (Guard::PostConfirmation, "PostConfirmation_ConfirmSignUp")
    }
}

impl Pool {
    /// Before anything is stored. Answers the claims that are mapped: what the function says in their place, or they
    /// themselves.
    pub(super) async fn inbound_federation(
        &self,
        provider: &OidcProvider,
        client_id: &str,
        user_name: &str,
        redeemed: &Redeemed,
    ) -> Result<Map<String, Value>, GuardError> {
        let event = || event::inbound_federation(&self.config, provider, client_id, user_name, redeemed);
        let response = self.guard(Guard::InboundFederation, event).await?;
        match response.as_ref().and_then(|response| response.get("userAttributesToMap")) {
            None => Ok(redeemed.claims()),
            Some(Value::Object(replacement)) if replacement.is_empty() => Ok(redeemed.claims()),
            Some(Value::Object(replacement)) => Ok(replacement.clone()),
            Some(_) => Err(GuardError::Unrecognizable),
        }
    }

    /// Before a user is made. What the answer would confirm or verify is not simulated.
    pub(super) async fn pre_sign_up(
        &self,
        source: &str,
        client_id: &str,
        user_name: &str,
        attributes: &Update,
    ) -> Result<(), GuardError> {
        let event = || event::pre_sign_up(&self.config, source, client_id, user_name, attributes);
        let response = self.guard(Guard::PreSignUp, event).await?;
        let is_flag =
            |name: &&str| response.as_ref().and_then(|response| response.get(*name)).is_none_or(Value::is_boolean);
        let flags = ["autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"];
        if flags.iter().all(is_flag) { Ok(()) } else { Err(GuardError::Unrecognizable) }
    }

    /// About a user who exists.
    pub(super) async fn about(
        &self,
        guard: Guard,
        source: &str,
        client_id: &str,
        profile: &Profile,
    ) -> Result<(), GuardError> {
        self.guard(guard, || event::about(&self.config, source, client_id, profile)).await.map(drop)
    }

    /// Calls the function if this trigger is configured, and answers its response.
    async fn guard(
        &self,
        guard: Guard,
        event: impl FnOnce() -> Value,
    ) -> Result<Option<Map<String, Value>>, GuardError> {
        if !self.config.lambda_config.guards.contains(&guard) {
            return Ok(None);
        }
        let answer = tokio::time::timeout(TRIGGER_TIMEOUT, self.trigger.invoke(event())).await;
        let answer = answer.unwrap_or(Err(TriggerError::Timeout));
        let answer = answer.map_err(|error| GuardError::Failed { trigger: guard.name(), error })?;
        let response = answer.get("response").and_then(Value::as_object).cloned();
        response.map(Some).ok_or(GuardError::Unrecognizable)
    }
}
