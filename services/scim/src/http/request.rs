use std::{future::Future, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header},
};
use tokio::time::timeout;
use vestibule_kernel::DirectoryId;
use vestibule_rpc::provisioning::v1::{Access, AuthenticateRequest};
use vestibule_scim::{Refusal, Search};

use crate::{
    admission::{Admitted, Place},
    failure::Failure,
    limit::{BODY_BYTES_MAX, BODY_TIMEOUT, PAGE_DEFAULT, PAGE_MAX, QUERY_BYTES_MAX},
    start::Edge,
};

/// A request of a directory whose token was good when it was looked at last. Nothing is waited for, and nobody is asked,
/// without one.
pub(super) struct Asked {
    edge: Edge,
    id: DirectoryId,
    token: String,
    place: Arc<Place>,
}

impl Edge {
    /// Takes the bearer token (RFC 6750 section 2.1) of a request that may be looked at now. A token that was never good is shown
    /// to the registry first, from a place that only strangers have.
    pub(super) async fn asked(&self, directory: &str, headers: &HeaderMap) -> Result<Asked, Failure> {
        let token = bearer(headers).ok_or(Failure::Unauthenticated)?;
        let id: DirectoryId = directory.parse().map_err(|_| Failure::Unauthenticated)?;
        let admission = &self.0.admission;
        let place = match self.admitted(id, token)? {
            Admitted::Known(place) => place,
            Admitted::Stranger(place) => {
                let access = Some(Access { directory: id.to_string(), token: token.to_owned() });
                self.registry().authenticate(AuthenticateRequest { access }).await?;
                drop(place);
                if !admission.remember(id, token, self.0.clock.now()) {
                    return Err(Failure::TooManyRequests);
                }
                match self.admitted(id, token)? {
                    Admitted::Known(place) => place,
                    // Forgotten again meanwhile: it was retired.
                    Admitted::Stranger(_) => return Err(Failure::Unauthenticated),
                }
            }
        };
        Ok(Asked { edge: self.clone(), id, token: token.to_owned(), place: Arc::new(place) })
    }

    fn admitted(&self, id: DirectoryId, token: &str) -> Result<Admitted, Failure> {
        self.0.admission.admit(id, token, self.0.clock.now()).ok_or(Failure::TooManyRequests)
    }
}

impl Asked {
    pub(super) fn access(&self) -> Access {
        Access { directory: self.id.to_string(), token: self.token.clone() }
    }

    /// The place, to be kept until the answer has gone.
    pub(super) fn place(&self) -> Arc<Place> {
        Arc::clone(&self.place)
    }

    /// Asks the registry, when it is this request's turn, and remembers when the token is good no more.
    pub(super) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
    ) -> Result<T, Failure> {
        let answer = match self.edge.0.asking.acquire().await {
            Ok(_turn) => question.await,
            Err(_) => return Err(Failure::Busy),
        };
        let answer = answer.map(tonic::Response::into_inner).map_err(Failure::from);
        if matches!(answer, Err(Failure::Unauthenticated)) {
            self.edge.0.admission.forget(self.id, &self.token);
        }
        answer
    }

    /// The body as text; what it says is for the registry to read.
    pub(super) async fn body(&self, headers: &HeaderMap, body: Body) -> Result<String, Failure> {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !["application/scim+json", "application/json"].iter().any(|known| known.eq_ignore_ascii_case(essence)) {
            return Err(Failure::MediaType);
        }
        let _place = self.edge.0.bodies.try_acquire().map_err(|_| Failure::Busy)?;
        let read = timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await.map_err(|_| Failure::BodyTooSlow)?;
        let bytes = read.map_err(|_| Failure::TooLarge)?;
        String::from_utf8(bytes.into()).map_err(|_| Failure::Refused(Refusal::NotJson))
    }

    /// Where the directory's resources are.
    pub(super) fn base(&self) -> String {
        self.edge.0.public_url.join(&format!("/scim/v2/{}", self.id))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut said = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(said), None) = (said.next(), said.next()) else { return None };
    let (scheme, token) = said.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The query parameters of RFC 7644 section 3.4.2. Those for sorting are not supported, and change nothing.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Query {
    pub(super) filter: Option<String>,
    pub(super) start_index: u32,
    pub(super) count: u32,
    pub(super) attributes: Option<String>,
    pub(super) excluded_attributes: Option<String>,
}

impl Query {
    /// Reads the query string; what comes twice is refused, because readers differ in which one counts.
    pub(super) fn read(raw: Option<&str>) -> Result<Self, Failure> {
        let raw = raw.unwrap_or_default();
        if raw.len() > QUERY_BYTES_MAX {
            return Err(Failure::Query);
        }
        let pairs: Vec<(String, String)> = serde_html_form::from_str(raw).map_err(|_| Failure::Query)?;
        let one = |name: &str| {
            let mut values = pairs.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
            match (values.next(), values.next()) {
                (value, None) => Ok(value.filter(|value| !value.is_empty()).cloned()),
                (_, Some(_)) => Err(Failure::Query),
            }
        };
        let number = |name: &str| one(name)?.map(|text| text.parse::<i64>().map_err(|_| Failure::Query)).transpose();
        let (start_index, count) = (number("startIndex")?, number("count")?);
        let (attributes, excluded_attributes) = (one("attributes")?, one("excludedAttributes")?);
        Ok(Self::of(Search { filter: one("filter")?, start_index, count, attributes, excluded_attributes }))
    }

    /// RFC 7644 section 3.4.2.4: a first one below 1 is 1, a negative count is 0.
    pub(super) fn of(search: Search) -> Self {
        let start_index = search.start_index.unwrap_or(1).clamp(1, i64::from(u32::MAX));
        let count = search.count.unwrap_or(i64::from(PAGE_DEFAULT)).clamp(0, i64::from(PAGE_MAX));
        Self {
            filter: search.filter,
            start_index: u32::try_from(start_index).unwrap_or(u32::MAX),
            count: u32::try_from(count).unwrap_or(PAGE_MAX),
            attributes: search.attributes,
            excluded_attributes: search.excluded_attributes,
        }
    }
}

/// The version of `If-Match` (RFC 7644 section 3.14); empty for none. What we never gave out matches nothing.
pub(super) fn if_match(headers: &HeaderMap) -> Result<String, Failure> {
    let mut said = headers.get_all(header::IF_MATCH).iter();
    match (said.next().map(|said| said.to_str()), said.next()) {
        (None, _) | (Some(Ok("*")), None) => Ok(String::new()),
        (Some(Ok(tag)), None) => version(tag).map(str::to_owned).ok_or(Failure::PreconditionFailed),
        _ => Err(Failure::PreconditionFailed),
    }
}

/// Whether the directory has the version already (RFC 9110 section 13.1.2).
pub(super) fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    let said = headers.get(header::IF_NONE_MATCH).and_then(|said| said.to_str().ok());
    said.is_some_and(|said| said.trim() == "*" || said.split(',').any(|tag| version(tag.trim()) == Some(etag)))
}

/// What stands in an entity tag of ours: the version of a stream.
fn version(tag: &str) -> Option<&str> {
    let tag = tag.trim();
    let version = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
    let is_version = !version.is_empty() && version.len() <= 20 && version.bytes().all(|byte| byte.is_ascii_digit());
    is_version.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_the_protocol_says() {
        let read = |raw| Query::read(Some(raw)).unwrap();
        assert_eq!((read("").start_index, read("").count), (1, 100));
        assert_eq!((read("startIndex=0&count=-3").start_index, read("startIndex=0&count=-3").count), (1, 0));
        assert_eq!(read("count=1000000").count, PAGE_MAX);
        assert_eq!(read("filter=userName%20eq%20%22a%2Bb%22").filter.unwrap(), "userName eq \"a+b\"");
        for wrong in ["count=x", "filter=a&filter=b", "count=1&COUNT=2", "startIndex=99999999999999999999"] {
            assert!(Query::read(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(Query::read(Some(&format!("filter={}", "a".repeat(QUERY_BYTES_MAX)))).is_err());
    }

    #[test]
    fn what_we_never_gave_out_matches_nothing() {
        let of = |tag: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, tag.parse().unwrap());
            if_match(&headers)
        };
        assert_eq!(of("W/\"3\"").unwrap(), "3");
        assert_eq!(of("\"3\"").unwrap(), "3");
        assert_eq!(of("*").unwrap(), "");
        for foreign in ["3", "\"x\"", "W/\"3\", W/\"4\"", "W/\"\"", "\"-1\""] {
            assert!(of(foreign).is_err(), "{foreign}");
        }
    }
}
