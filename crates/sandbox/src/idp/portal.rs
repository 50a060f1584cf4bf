//! The page of applications that enterprises show their people: whoever presses a button there sends a Response that no
//! application asked for (SAML profiles section 4.1.5).

use std::sync::{Arc, PoisonError};

use axum::{
    extract::{Path, RawForm, State},
    http::StatusCode,
    response::Response,
};
use vestibule_saml_idp::{ResponseTerms, saml_response_value};

use super::{
    page::{PortalPage, PostPage, ProblemPage},
    site::Site,
    subject::subject,
};
use crate::web::{page, pairs, text_of};

/// A service provider that people may be sent to.
#[derive(Clone, Debug)]
pub(super) struct Application {
    pub(super) entity_id: String,
    pub(super) acs_url: String,
}

/// `GET /{login}/portal`.
pub(super) async fn show(State(site): State<Arc<Site>>, Path(path): Path<String>) -> Response {
    match (site.login(&path), site.application(&path)) {
        (Some((login, _)), Some(_)) => page(StatusCode::OK, &PortalPage { login }),
        _ => problem(StatusCode::NOT_FOUND, "There is no such identity provider, or it knows no application."),
    }
}

/// `POST /{login}/portal`: sends the person there.
pub(super) async fn open(State(site): State<Arc<Site>>, Path(path): Path<String>, RawForm(form): RawForm) -> Response {
    let form = pairs(&String::from_utf8_lossy(&form));
    let (Some((login, provider)), Some(application)) = (site.login(&path), site.application(&path)) else {
        return problem(StatusCode::NOT_FOUND, "There is no such identity provider, or it knows no application.");
    };
    let Some(person) = login.people.iter().find(|person| Some(person.id) == text_of(&form, "person")) else {
        return problem(StatusCode::BAD_REQUEST, "There is nobody by that name.");
    };
    let Application { entity_id, acs_url } = application;
    let terms = ResponseTerms::new(&acs_url, entity_id, site.clock.now(), &*site.ids);
    match provider.respond(&subject(login.dialect, person), &terms) {
        Ok(xml) => {
            let saml_response = &saml_response_value(&xml);
            page(StatusCode::OK, &PostPage { acs_url: &acs_url, saml_response, relay_state: None })
        }
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &format!("No Response could be made: {error}.")),
    }
}

impl Site {
    /// Makes a service provider known to the people of a login.
    pub(super) fn introduce(&self, path: &'static str, application: Application) {
        self.applications.lock().unwrap_or_else(PoisonError::into_inner).insert(path, application);
    }

    fn application(&self, path: &str) -> Option<Application> {
        self.applications.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }
}

fn problem(status: StatusCode, problem: &str) -> Response {
    page(status, &ProblemPage { problem })
}
