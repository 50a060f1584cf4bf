use axum::{
    Router,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};

const CSS: &str = include_str!("../../assets/sandbox.css");
const SUBMIT: &str = include_str!("../../assets/submit.js");

/// The style sheet and the one script that every site serves from its own origin.
pub(crate) fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/sandbox.css", get(async || asset("text/css; charset=utf-8", CSS)))
        .route("/assets/submit.js", get(async || asset("text/javascript; charset=utf-8", SUBMIT)))
}

fn asset(content_type: &'static str, body: &'static str) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
}
