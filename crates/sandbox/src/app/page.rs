use askama::Template;
use axum::{http::StatusCode, response::Response};
use serde_json::Value;
use vestibule_rpc::routing::v1::ConnectionChoice;

use super::site::SignedIn;
use crate::{roster::ORGANIZATIONS, web::page};

#[derive(Template)]
#[template(path = "app/login.html")]
struct LoginPage<'a> {
    switch_account: bool,
    problem: Option<&'a str>,
    known_domains: String,
}

#[derive(Template)]
#[template(path = "app/choose.html")]
struct ChoosePage<'a> {
    organization: &'a str,
    connections: &'a [ConnectionChoice],
    switch_account: bool,
}

#[derive(Template)]
#[template(path = "app/refused.html")]
struct RefusedPage<'a> {
    organization: &'a str,
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "app/account.html")]
struct AccountPage<'a> {
    name: &'a str,
    id_token: String,
    access_token: String,
}

#[derive(Template)]
#[template(path = "app/another_organization.html")]
struct AnotherOrganizationPage<'a> {
    name: &'a str,
}

#[derive(Template)]
#[template(path = "app/problem.html")]
struct ProblemPage<'a> {
    problem: &'a str,
    detail: &'a str,
}

pub(super) fn login(switch_account: bool, problem: Option<&str>) -> Response {
    let domains: Vec<&str> = ORGANIZATIONS.iter().map(|organization| organization.domain).collect();
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &LoginPage { switch_account, problem, known_domains: domains.join(", ") })
}

pub(super) fn choose(organization: &str, connections: &[ConnectionChoice], switch_account: bool) -> Response {
    page(StatusCode::OK, &ChoosePage { organization, connections, switch_account })
}

pub(super) fn refused(organization: &str, reason: &str) -> Response {
    page(StatusCode::FORBIDDEN, &RefusedPage { organization, reason })
}

pub(super) fn account(person: &SignedIn) -> Response {
    // `{:#}` writes JSON with indentation.
    let (id_token, access_token) = (format!("{:#}", person.id_token), format!("{:#}", person.access_token));
    page(StatusCode::OK, &AccountPage { name: name(person), id_token, access_token })
}

pub(super) fn another_organization(person: &SignedIn) -> Response {
    page(StatusCode::CONFLICT, &AnotherOrganizationPage { name: name(person) })
}

fn name(person: &SignedIn) -> &str {
    let claim = |name: &str| person.id_token.get(name).and_then(Value::as_str);
    claim("name").or_else(|| claim("email")).or_else(|| claim("sub")).unwrap_or_default()
}

pub(super) fn problem(problem: &str, detail: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &ProblemPage { problem, detail })
}
