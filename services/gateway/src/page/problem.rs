use askama::Template;
use axum::{http::StatusCode, response::Response};
use uuid::Uuid;

use super::respond;

/// What a person reads who knows nothing of protocols.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Words {
    /// What happened.
    pub(crate) title: &'static str,
    /// What it means.
    pub(crate) text: &'static str,
    /// What to do now.
    pub(crate) advice: &'static str,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    title: &'static str,
    text: &'static str,
    advice: &'static str,
    reference: Uuid,
    way_back: Option<&'a str>,
}

/// The page on which a sign-in ends, with the reference id under which the trace tells more.
pub(crate) fn problem(status: StatusCode, words: Words, reference: Uuid, way_back: Option<&str>) -> Response {
    let Words { title, text, advice } = words;
    respond(status, &Problem { title, text, advice, reference, way_back })
}
