//! What a person may see of us: a few small pages without scripts of any use to an attacker.

mod problem;
mod security;
mod test_result;

pub(crate) use problem::{Words, problem};
pub(crate) use security::{SecurityHeaders, secure};
pub(crate) use test_result::{TestResult, test_result};

use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use vestibule_kernel::Chain;
use vestibule_rpc::{routing::v1::ConnectionChoice, saml::v1::PostForm};

use crate::{entity::Entity, pending::Handle};

/// Submits the form at once; without scripts the button does it. The policy allows exactly this text, by its digest.
const FORWARD_SCRIPT: &str = "document.getElementById('forward').submit()";

#[derive(Template)]
#[template(path = "organization.html")]
struct Organization<'a> {
    handle: &'a str,
    email: &'a str,
    invalid: bool,
    way_back: &'a str,
}

/// Asks for an address, again when the last one was none.
pub(crate) fn organization(handle: &Handle, refused_email: Option<&str>, way_back: &str) -> Response {
    let status = if refused_email.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Organization {
        handle: handle.as_str(),
        email: refused_email.unwrap_or_default(),
        invalid: refused_email.is_some(),
        way_back,
    };
    respond(status, &page)
}

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose<'a> {
    handle: &'a str,
    organization: &'a str,
    choices: &'a [ConnectionChoice],
    way_back: &'a str,
}

/// Asks over which connection to go.
pub(crate) fn choose(handle: &Handle, organization: &str, choices: &[ConnectionChoice], way_back: &str) -> Response {
    respond(StatusCode::OK, &Choose { handle: handle.as_str(), organization, choices, way_back })
}

#[derive(Template)]
#[template(path = "forward.html")]
struct Forward<'a> {
    action: &'a str,
    saml_request: &'a str,
    relay_state: &'a str,
    script: &'static str,
}

/// Carries an `AuthnRequest` to the identity provider over the POST binding (SAML Bindings section 3.5).
pub(crate) fn forward(form: &PostForm) -> Response {
    let page = Forward {
        action: &form.action,
        saml_request: &form.saml_request,
        relay_state: &form.relay_state,
        script: FORWARD_SCRIPT,
    };
    respond(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "forward_logout.html")]
struct ForwardLogout<'a> {
    action: &'a str,
    field: &'static str,
    message: &'a str,
    relay_state: &'a str,
    script: &'static str,
}

/// Carries a logout message to the identity provider over the POST binding (SAML Bindings section 3.5).
pub(crate) fn forward_logout(form: &PostForm) -> Response {
    let (field, message) = if form.saml_response.is_empty() {
        ("SAMLRequest", &form.saml_request)
    } else {
        ("SAMLResponse", &form.saml_response)
    };
    let (action, relay_state) = (&form.action, &form.relay_state);
    respond(StatusCode::OK, &ForwardLogout { action, field, message, relay_state, script: FORWARD_SCRIPT })
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut;

/// The end of a sign-out that leads nowhere else.
pub(crate) fn signed_out() -> Response {
    respond(StatusCode::OK, &SignedOut)
}

/// The style sheet of all pages.
pub(crate) fn style(request: &HeaderMap, sheet: &Entity) -> Response {
    sheet.respond(request, "text/css; charset=utf-8")
}

/// The style sheet, to be kept as an [`Entity`].
pub(crate) const STYLE: &str = include_str!("../../templates/style.css");

fn respond(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(error = %Chain(&error), "a page could not be rendered");
            let text = "The page could not be shown. Please start again from the application.";
            (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
                .into_response()
        }
    }
}
