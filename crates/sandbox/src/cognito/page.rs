use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::web::page;

/// The pool's own login: an e-mail address, or another way in.
#[derive(Template)]
#[template(path = "cognito/login.html")]
pub(super) struct LoginPage<'a> {
    pub(super) action: &'a str,
    pub(super) email: &'a str,
    pub(super) providers: &'a [(String, String)],
    pub(super) problem: Option<&'a str>,
}

/// The code that was sent by e-mail, which the sandbox shows instead.
#[derive(Template)]
#[template(path = "cognito/code.html")]
pub(super) struct CodePage<'a> {
    pub(super) action: &'a str,
    pub(super) handle: &'a str,
    pub(super) email: &'a str,
    pub(super) code: &'a str,
    pub(super) problem: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "cognito/problem.html")]
struct ProblemPage<'a> {
    problem: &'a str,
}

/// The page for people when no application can be told.
pub(super) fn problem(problem: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &ProblemPage { problem })
}
