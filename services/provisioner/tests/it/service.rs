//! A SCIM service of our own: it keeps users and groups, says which requests came, and misbehaves when it is told to.

use std::{
    collections::{HashSet, VecDeque},
    future::pending,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;
use vestibule_host::config::{Http, Tls};

/// What it does instead of what it was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Only says this, with this `Retry-After`.
    Status(u16, Option<&'static str>),
    /// Says that with a body.
    Says(u16, &'static str),
    /// Never answers.
    Silent,
    /// Does it, and never answers.
    LosesAnswer,
    /// Does it, and answers without end.
    Endless,
    /// Does it, and answers with the resource under another id.
    OtherId,
    /// Sends elsewhere.
    Redirect,
    /// Somebody else makes the same user at the same moment.
    Overtaken,
    /// Somebody else changes the resource at the same moment.
    ChangedMeanwhile,
}

/// What it always does otherwise than others.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Quirk {
    WithoutPatch,
    WithoutConfig,
    IgnoresFilters,
    RepeatsPages,
    /// Of a user who is there.
    RefusesNames,
    /// Says of no group who is in it.
    HidesMembers,
    /// Says that, whatever it is asked.
    Says(u16, &'static str),
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) users: Vec<Map<String, Value>>,
    pub(crate) groups: Vec<Map<String, Value>>,
    pub(crate) asked: Vec<Asked>,
    /// The next requests with this method, below this path.
    pub(crate) faults: VecDeque<(Method, &'static str, Fault)>,
    pub(crate) quirks: HashSet<Quirk>,
    pub(crate) page_max: usize,
    made: u64,
}

#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) kept: Arc<Mutex<Kept>>,
    pub(crate) address: Url,
}

pub(crate) const TOKEN: &str = "a-token-of-the-service";

impl Service {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self::at(format!("http://{}/scim/v2", listener.local_addr().unwrap()).parse().unwrap());
        let routes = service.routes();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        service
    }

    /// The same behind TLS, with the certificate of `localhost` in this folder.
    pub(crate) fn start_with_tls(folder: &Path) -> Self {
        let tls = Tls { certificate_file: folder.join("server.pem"), key_file: folder.join("server.key") };
        let listen = Http { listen: ([127, 0, 0, 1], 0).into(), tls: Some(tls), ..Http::default() };
        let bound = vestibule_host::http::bind(&listen).unwrap();
        let service = Self::at(format!("https://localhost:{}/scim/v2", bound.address().port()).parse().unwrap());
        let routes = service.routes();
        tokio::spawn(async move { bound.serve(routes, Vec::new(), CancellationToken::new()).await.unwrap() });
        service
    }

    fn at(address: Url) -> Self {
        Self { kept: Arc::new(Mutex::new(Kept { page_max: 3, ..Kept::default() })), address }
    }

    fn routes(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    pub(crate) fn fails(&self, method: Method, path: &'static str, fault: Fault) {
        self.kept.lock().unwrap().faults.push_back((method, path, fault));
    }

    /// The one user with this `externalId`.
    pub(crate) fn user(&self, external_id: &str) -> Map<String, Value> {
        let kept = self.kept.lock().unwrap();
        let mut found = kept.users.iter().filter(|user| user["externalId"] == external_id);
        let user = found.next().unwrap_or_else(|| panic!("no user {external_id}")).clone();
        assert!(found.next().is_none(), "two users {external_id}");
        user
    }

    pub(crate) fn has_user(&self, external_id: &str) -> bool {
        self.kept.lock().unwrap().users.iter().any(|user| user["externalId"] == external_id)
    }

    /// The `externalId` of everybody in a group.
    pub(crate) fn members(&self, external_id: &str) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        let group = kept.groups.iter().find(|group| group["externalId"] == external_id).unwrap();
        let name = |member: &Value| {
            let user = kept.users.iter().find(|user| user["id"] == member["value"]);
            user.and_then(|user| user["externalId"].as_str()).unwrap_or("somebody").to_owned()
        };
        let mut members: Vec<String> = group["members"].as_array().unwrap().iter().map(name).collect();
        members.sort();
        members
    }

    /// The requests that change something.
    pub(crate) fn changes(&self) -> Vec<Asked> {
        let kept = self.kept.lock().unwrap();
        kept.asked.iter().filter(|asked| asked.method != Method::GET).cloned().collect()
    }

    pub(crate) fn count(&self, method: &Method, path: &str) -> usize {
        let kept = self.kept.lock().unwrap();
        kept.asked.iter().filter(|asked| asked.method == method && asked.path.starts_with(path)).count()
    }
}

async fn answer(State(service): State<Service>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().strip_prefix("/scim/v2").unwrap_or("/elsewhere").to_owned();
    let asked = Asked { method: method.clone(), path: path.clone(), headers };
    let (fault, answer) = {
        let mut kept = service.kept.lock().unwrap();
        kept.asked.push(asked.clone());
        if let Some(Quirk::Says(code, body)) = kept.quirks.iter().find(|quirk| matches!(quirk, Quirk::Says(..))) {
            return refusal(*code, None, body);
        }
        if asked.headers.get("authorization").is_none_or(|value| value != &format!("Bearer {TOKEN}")) {
            return status(401);
        }
        let place = kept.faults.iter().position(|(of, below, _)| *of == method && path.starts_with(below));
        let fault = place.and_then(|place| kept.faults.remove(place)).map(|(_, _, fault)| fault);
        match fault {
            Some(Fault::Status(code, retry_after)) => return refusal(code, retry_after, ""),
            Some(Fault::Says(code, body)) => return refusal(code, None, body),
            Some(Fault::Redirect) => {
                let location = uri.to_string().replace("/scim/v2", "/elsewhere");
                return Response::builder().status(307).header("location", location).body(Body::empty()).unwrap();
            }
            Some(Fault::Overtaken) => {
                kept.ask(&asked, uri.query().unwrap_or_default(), &body);
            }
            Some(Fault::ChangedMeanwhile) => kept.touch(&path),
            _ => {}
        }
        let answer = match fault {
            Some(Fault::Silent) => (200, Value::Null),
            _ => kept.ask(&asked, uri.query().unwrap_or_default(), &body),
        };
        (fault, answer)
    };
    let (code, mut document) = answer;
    match fault {
        Some(Fault::Silent | Fault::LosesAnswer) => pending().await,
        Some(Fault::Endless) => {
            let body = format!("{{\"x\":\"{}\"}}", "x".repeat(9 * 1024 * 1024));
            return Response::builder().status(200).body(body.into()).unwrap();
        }
        Some(Fault::OtherId) => document["id"] = "somebody-else".into(),
        _ => {}
    }
    let body = if document.is_null() { Body::empty() } else { document.to_string().into() };
    Response::builder().status(code).header("content-type", "application/scim+json").body(body).unwrap()
}

fn status(code: u16) -> Response {
    refusal(code, None, "")
}

fn refusal(code: u16, retry_after: Option<&str>, body: &'static str) -> Response {
    let mut response = Response::builder().status(StatusCode::from_u16(code).unwrap());
    if let Some(wait) = retry_after {
        response = response.header("retry-after", wait);
    }
    response.body(body.into()).unwrap()
}

impl Kept {
    fn ask(&mut self, asked: &Asked, query: &str, body: &[u8]) -> (u16, Value) {
        let segments: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        if segments == ["ServiceProviderConfig"] {
            let supported = json!({ "supported": true });
            let patch = json!({ "supported": !self.quirks.contains(&Quirk::WithoutPatch) });
            let config = json!({ "patch": patch, "filter": supported, "etag": supported });
            return if self.quirks.contains(&Quirk::WithoutConfig) { (404, Value::Null) } else { (200, config) };
        }
        let is_user = segments[0] == "Users";
        assert!(is_user || segments[0] == "Groups", "{}", asked.path);
        if let [_, id] = segments.as_slice() {
            let found = self.all(is_user).iter().position(|resource| resource["id"] == *id);
            let Some(place) = found else { return (404, Value::Null) };
            return self.one(asked, is_user, place, body);
        }
        match asked.method {
            Method::GET => (200, self.list(is_user, query)),
            Method::POST => self.create(is_user, serde_json::from_slice(body).unwrap()),
            _ => (405, Value::Null),
        }
    }

    fn all(&mut self, is_user: bool) -> &mut Vec<Map<String, Value>> {
        if is_user { &mut self.users } else { &mut self.groups }
    }

    fn one(&mut self, asked: &Asked, is_user: bool, place: usize, body: &[u8]) -> (u16, Value) {
        let resource = self.all(is_user)[place].clone();
        let version = resource["meta"]["version"].as_str().unwrap();
        if asked.headers.get("if-match").is_some_and(|wanted| wanted != version) {
            return (412, Value::Null);
        }
        let changed = match asked.method {
            Method::GET => {
                let mut shown = resource;
                if self.quirks.contains(&Quirk::HidesMembers) {
                    shown.remove("members");
                }
                return (200, shown.into());
            }
            Method::PUT => {
                let mut new: Map<String, Value> = serde_json::from_slice(body).unwrap();
                assert!(!new.contains_key("meta"), "read-only");
                new.insert("meta".to_owned(), resource["meta"].clone());
                new
            }
            Method::PATCH if !self.quirks.contains(&Quirk::WithoutPatch) => {
                match patched(resource, &serde_json::from_slice(body).unwrap()) {
                    Some(changed) => changed,
                    None => return (400, json!({ "scimType": "noTarget" })),
                }
            }
            _ => return (501, Value::Null),
        };
        let is_renamed = changed.get("displayName") != self.all(is_user)[place].get("displayName");
        if is_user && is_renamed && self.quirks.contains(&Quirk::RefusesNames) {
            return (400, json!({ "scimType": "invalidValue" }));
        }
        self.all(is_user)[place] = changed;
        self.touch(&asked.path);
        (200, self.all(is_user)[place].clone().into())
    }

    fn touch(&mut self, path: &str) {
        self.made += 1;
        let made = self.made;
        for resource in
            self.users.iter_mut().chain(&mut self.groups).filter(|one| path.ends_with(one["id"].as_str().unwrap()))
        {
            resource["meta"]["version"] = format!("W/\"{made}\"").into();
        }
    }

    fn create(&mut self, is_user: bool, mut resource: Map<String, Value>) -> (u16, Value) {
        let unique = if is_user { "userName" } else { "displayName" };
        if self.all(is_user).iter().any(|other| other[unique] == resource[unique]) {
            return (409, json!({ "scimType": "uniqueness", "detail": format!("{} is taken", resource[unique]) }));
        }
        self.made += 1;
        resource.insert("id".to_owned(), format!("{}-{}", if is_user { "u" } else { "g" }, self.made).into());
        let created = format!("2026-11-21T10:00:{:02}Z", self.made % 60);
        resource.insert("meta".to_owned(), json!({ "created": created, "version": format!("W/\"{}\"", self.made) }));
        self.all(is_user).push(resource.clone());
        (201, resource.into())
    }

    fn list(&mut self, is_user: bool, query: &str) -> Value {
        let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let parameter = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let filter = parameter("filter").filter(|_| !self.quirks.contains(&Quirk::IgnoresFilters));
        let fits = |resource: &&Map<String, Value>| match &filter {
            None => true,
            Some(filter) => {
                let mut words = filter.splitn(3, ' ');
                assert_eq!(words.next(), Some("externalId"));
                let (operator, value) = (words.next().unwrap(), words.next().unwrap());
                let value: String = serde_json::from_str(value).unwrap();
                let external_id = resource.get("externalId").and_then(Value::as_str).unwrap_or_default();
                if operator == "eq" { external_id == value } else { external_id.starts_with(&value) }
            }
        };
        let page_max = self.page_max;
        let repeats = self.quirks.contains(&Quirk::RepeatsPages);
        let all: Vec<_> = self.all(is_user).iter().filter(fits).cloned().collect();
        let start: usize = parameter("startIndex").unwrap().parse().unwrap();
        let skipped = if repeats { 0 } else { start - 1 };
        let page: Vec<_> = all.iter().skip(skipped).take(page_max).cloned().collect();
        let page = page.into_iter().map(|mut resource| {
            if parameter("excludedAttributes").is_some() {
                resource.remove("members");
            }
            resource
        });
        let total = if repeats { 1_000_000 } else { all.len() };
        json!({ "totalResults": total, "startIndex": start, "Resources": page.collect::<Vec<_>>() })
    }
}

/// RFC 7644 section 3.5.2, as far as it is used here; none where a removal finds nothing.
fn patched(mut resource: Map<String, Value>, request: &Value) -> Option<Map<String, Value>> {
    for operation in request["Operations"].as_array().unwrap() {
        let (op, path) = (operation["op"].as_str().unwrap(), operation["path"].as_str().unwrap());
        if path == "members" {
            let members = resource.entry("members").or_insert_with(|| json!([])).as_array_mut().unwrap();
            members.extend(operation["value"].as_array().unwrap().iter().cloned());
        } else if let Some(rest) = path.strip_prefix("members[value eq ") {
            let gone: Value = serde_json::from_str(rest.strip_suffix(']').unwrap()).unwrap();
            let members = resource.get_mut("members")?.as_array_mut().unwrap();
            let before = members.len();
            members.retain(|member| member["value"] != gone);
            if members.len() == before {
                return None;
            }
        } else {
            let (place, name) = match path.split_once('.') {
                Some((outer, inner)) => {
                    let place = resource.entry(outer).or_insert_with(|| json!({}));
                    (place.as_object_mut().unwrap(), inner)
                }
                None => (&mut resource, path),
            };
            match op {
                "remove" => {
                    place.remove(name)?;
                }
                _ => {
                    place.insert(name.to_owned(), operation["value"].clone());
                }
            }
        }
    }
    Some(resource)
}
