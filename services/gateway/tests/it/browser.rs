//! A browser, as far as the gateway can tell: it keeps cookies, and it can hold back.

use std::{cell::RefCell, collections::BTreeMap};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::Url;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).expect("a redirect").to_str().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A parameter of the redirect, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(self.location()).unwrap();
        url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value between the first `before` and the `after` that follows it.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) = self.body.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", self.body));
        rest.split_once(after).unwrap().0
    }

    pub(crate) fn reference(&self) -> &str {
        self.between("<code>", "</code>")
    }
}

pub(crate) async fn send(routes: &Router, request: Request<Body>) -> Answer {
    let response = routes.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

pub(crate) fn form(path: &str, body: String) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Body::from(body)).unwrap()
}

pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(crate) struct Browser {
    routes: Router,
    pub(crate) cookies: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    pub(crate) fn new(routes: &Router) -> Self {
        Self { routes: routes.clone(), cookies: RefCell::default() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: String) -> Answer {
        self.send(form(path, body)).await
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let pairs: Vec<String> = self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            request.headers_mut().insert(header::COOKIE, pairs.join("; ").parse().unwrap());
        }
        assert!(matches!(*request.method(), Method::GET | Method::POST));
        let answer = send(&self.routes, request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        answer
    }

    /// Keeps a cookie the way browsers do, and insists on what makes a `__Host-` cookie one.
    fn keep(&self, cookie: &str) {
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        assert!(name.starts_with("__Host-"), "{name}");
        // Only what another site has to bring along comes along with a request of another site.
        let same_site = if name.starts_with("__Host-session.") { "Lax" } else { "None" };
        assert!(attributes.ends_with(&format!("; Path=/; Secure; HttpOnly; SameSite={same_site}")), "{attributes}");
        assert!(name.len() + value.len() <= 4096, "a browser would drop {name}");
        if attributes.starts_with("Max-Age=0;") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
        }
    }
}
