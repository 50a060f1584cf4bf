use std::time::SystemTime;

use serde_json::json;
use vestibule_cognito_verifier::{Clients, RemoteVerifier, Requirements, VerifiedToken, VerifyError};
use vestibule_lambda::{Context, Diagnostic, line};

use crate::{
    answer,
    config::Config,
    denial::{Denial, unauthorized},
    request::{AnswerForm, Request},
};

/// The longest method that is repeated in the log.
const METHOD_CHARS_MAX: usize = 16;

/// Decides about requests.
pub(crate) struct Authorizer {
    verifier: RemoteVerifier,
    config: Config,
}

impl Authorizer {
    pub(crate) fn new(config: Config, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        let verifier = RemoteVerifier::new(clock);
        let requirements = requirements(&config);
        for pool in &config.user_pools {
            verifier.trust(pool, &requirements);
        }
        Self { verifier, config }
    }

    /// The answer for API Gateway, as JSON text.
    pub(crate) async fn authorize(&self, event_json: Option<&str>, context: &Context) -> Result<String, Diagnostic> {
        let Some(request) = event_json.and_then(Request::parse) else {
            record(&Denial::Malformed, None, context);
            return Err(unauthorized());
        };
        let denial = match self.decide(&request).await {
            Ok(token) => return Ok(answer::allowed(&request, &token)),
            Err(denial) => denial,
        };
        record(&denial, Some(&request), context);
        match &denial {
            // Nobody is to blame but us: status 500, so that clients try again and somebody is alarmed.
            Denial::Token(VerifyError::KeysUnavailable(_)) => Err(Diagnostic {
                error_type: "KeysUnavailable".to_owned(),
                error_message: "The token cannot be verified at the moment.".to_owned(),
            }),
            denial if denial.is_unauthorized() && request.form == AnswerForm::Policy => Err(unauthorized()),
            _ => Ok(answer::denied(&request)),
        }
    }

    async fn decide(&self, request: &Request) -> Result<VerifiedToken, Denial> {
        let scopes = self.config.methods.scopes(&request.method).ok_or(Denial::Method)?;
        let token = request.token().ok_or(Denial::TokenMissing)?;
        let named = request.organization(&self.config.organization_from)?;
        let mut wanted = requirements(&self.config);
        if !scopes.is_empty() {
            wanted = wanted.any_scope_of(scopes);
        }
        if let Some(organization) = named {
            wanted = wanted.organization_one_of([organization]);
        }
        self.verifier.verify_against(token, &wanted).await.map_err(Denial::Token)
    }
}

fn requirements(config: &Config) -> Requirements {
    Requirements::new(config.token_uses, Clients::one_of(config.app_clients.iter().cloned()))
        .organization_claim(config.organization_claim.clone())
        .organization_required()
}

/// Says why, and nothing of the token.
fn record(denial: &Denial, request: Option<&Request>, context: &Context) {
    let method = request.map(|request| request.method.chars().take(METHOD_CHARS_MAX).collect::<String>());
    line(&json!({
        "level": "INFO",
        "outcome": "Denied",
        "reason": denial.reason(),
        "method": method,
        "requestId": context.request_id,
    }));
}
