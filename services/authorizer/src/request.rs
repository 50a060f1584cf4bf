use std::collections::HashMap;

use serde::Deserialize;

use crate::{denial::Denial, rule::OrganizationFrom};

/// The largest event; API Gateway's headers end at 10 KiB.
const EVENT_BYTES_MAX: usize = 256 * 1024;

/// What an answer to the event looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AnswerForm {
    /// `isAuthorized`, of HTTP APIs with payload 2.0.
    Simple,
    /// A policy document.
    Policy,
}

/// A request that waits for its permission.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) form: AnswerForm,
    pub(crate) method: String,
    /// The one resource that is asked for.
    pub(crate) resource: String,
    token: Option<String>,
    headers: HashMap<String, Vec<String>>,
    path_parameters: HashMap<String, String>,
}

/// As much of API Gateway's event as counts; everything else may be there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    version: Option<String>,
    r#type: Option<String>,
    method_arn: Option<String>,
    route_arn: Option<String>,
    authorization_token: Option<String>,
    http_method: Option<String>,
    headers: Option<HashMap<String, String>>,
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    path_parameters: Option<HashMap<String, String>>,
    request_context: Option<RequestContext>,
}

#[derive(Deserialize)]
struct RequestContext {
    http: Option<Http>,
}

#[derive(Deserialize)]
struct Http {
    method: Option<String>,
}

impl Request {
    /// `None` for what is no event of an authorizer.
    pub(crate) fn parse(event_json: &str) -> Option<Self> {
        if event_json.len() > EVENT_BYTES_MAX {
            return None;
        }
        let event: Event = serde_json::from_str(event_json).ok()?;
        let form = if event.version.as_deref() == Some("2.0") { AnswerForm::Simple } else { AnswerForm::Policy };
        let resource = event.route_arn.or(event.method_arn).filter(|arn| arn.starts_with("arn:"))?;
        let headers = headers(event.headers, event.multi_value_headers);
        let (method, token) = match event.r#type.as_deref() {
            // It has nothing but the token and the resource.
            Some("TOKEN") => (method_of(&resource)?.to_owned(), event.authorization_token),
            Some("REQUEST") => {
                let of_context = event.request_context.and_then(|context| context.http?.method);
                let method = event.http_method.or(of_context)?;
                // The resource is what is allowed in the end, so that it decides should they differ.
                if method_of(&resource).is_some_and(|allowed| allowed != method) {
                    return None;
                }
                (method, single(headers.get("authorization")))
            }
            _ => return None,
        };
        let path_parameters = event.path_parameters.unwrap_or_default();
        Some(Self { form, method, resource, token, headers, path_parameters })
    }

    /// The token, without `Bearer` (RFC 6750 section 2.1).
    pub(crate) fn token(&self) -> Option<&str> {
        let text = self.token.as_deref()?.trim();
        let token = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            Some(_) => return None,
            None => text,
        };
        Some(token).filter(|token| !token.is_empty())
    }

    /// The organization that the request names; `None` when it need not name one.
    ///
    /// # Errors
    /// [`Denial::OrganizationUnnamed`] when it must, and does not.
    pub(crate) fn organization(&self, from: &OrganizationFrom) -> Result<Option<String>, Denial> {
        let named = match from {
            OrganizationFrom::Token => return Ok(None),
            OrganizationFrom::PathParameter(name) => self.path_parameters.get(name).cloned(),
            OrganizationFrom::Header(name) => single(self.headers.get(name)),
        };
        named.filter(|named| !named.is_empty()).map(Some).ok_or(Denial::OrganizationUnnamed)
    }
}

/// By lower-case name, with all the values that are known.
fn headers(
    single: Option<HashMap<String, String>>,
    several: Option<HashMap<String, Vec<String>>>,
) -> HashMap<String, Vec<String>> {
    let mut headers: HashMap<String, Vec<String>> = HashMap::new();
    let several = several.filter(|several| !several.is_empty());
    let all: Vec<(String, Vec<String>)> = match several {
        Some(several) => several.into_iter().collect(),
        None => single.unwrap_or_default().into_iter().map(|(name, value)| (name, vec![value])).collect(),
    };
    for (name, values) in all {
        headers.entry(name.to_ascii_lowercase()).or_default().extend(values);
    }
    headers
}

/// Of two values nobody can say which the backend will read.
fn single(values: Option<&Vec<String>>) -> Option<String> {
    match values.map(Vec::as_slice) {
        Some([only]) => Some(only.clone()),
        _ => None,
    }
}

/// `arn:aws:execute-api:region:account:api/stage/METHOD/path`.
fn method_of(resource: &str) -> Option<&str> {
    let method = resource.splitn(6, ':').nth(5)?.split('/').nth(2)?;
    // The route of an HTTP API may be `$default`, and that of a WebSocket API is no method.
    Some(method).filter(|method| !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()))
}
