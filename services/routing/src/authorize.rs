use vestibule_cognito::AuthorizeUrl;
use vestibule_rpc::routing::v1::{Application, Decision};

use crate::{error::RoutingError, person::Person, resolution::Resolution};

/// What an application asks for when it does not say.
const SCOPES: [&str; 2] = ["openid", "email"];

/// The authorize URL that carries the decision out; empty when there is nothing to go to: no redirect URI, no known pool,
/// or a person who is refused.
///
/// `ticket` names the organization for people of whom no address is known.
pub(crate) fn url(
    application: Option<&Application>,
    resolution: &Resolution,
    person: &Person,
    ticket: impl FnOnce() -> Result<String, RoutingError>,
) -> Result<String, RoutingError> {
    let Some(application) = application.filter(|application| !application.redirect_uri.is_empty()) else {
        return Ok(String::new());
    };
    let Some(pool) = resolution.user_pool.as_deref().filter(|_| resolution.decision != Decision::Refused) else {
        return Ok(String::new());
    };
    let through_us = matches!(resolution.decision, Decision::Brokered | Decision::Choose);
    let login_hint = match person {
        Person::Email { written, .. } => written.clone(),
        Person::Ticket { written, .. } if through_us => written.clone(),
        Person::Domain(_) | Person::Code(_) if through_us => ticket()?,
        Person::Domain(_) | Person::Code(_) | Person::Ticket { .. } => String::new(),
    };
    let asked: Vec<&str> = application.scopes.iter().map(String::as_str).collect();
    let url = AuthorizeUrl {
        domain: &pool.domain,
        client_id: match (application.client_id.as_str(), resolution.app_client_id.as_deref()) {
            ("", own) => own.unwrap_or(&pool.app_client_id),
            (asked, _) => asked,
        },
        redirect_uri: &application.redirect_uri,
        scopes: if asked.is_empty() { &SCOPES } else { &asked },
        state: &application.state,
        nonce: &application.nonce,
        code_challenge: &application.code_challenge,
        identity_provider: if through_us { &pool.provider_name } else { "" },
        login_hint: &login_hint,
        prompt_login: application.switch_account,
    };
    Ok(url.build()?)
}
