use axum::http::{HeaderMap, header};
use tonic::Code;
use vestibule_rpc::provisioning::v1::{Access, AuthenticateRequest};

use crate::{
    admission::Admitted,
    failure::Failure,
    limit::{PAGE_DEFAULT, PAGE_MAX, QUERY_BYTES_MAX},
    start::Edge,
};

/// Who asks, before anybody has looked at the token.
pub(super) struct Asked {
    pub(super) access: Access,
    admitted: Admitted,
}

impl Edge {
    /// Takes the bearer token (RFC 6750 section 2.1) of a request that may be looked at now.
    pub(super) fn asked(&self, directory: &str, headers: &HeaderMap) -> Result<Asked, Failure> {
        let mut said = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(said), None) = (said.next(), said.next()) else { return Err(Failure::Unauthenticated) };
        let (scheme, token) =
            said.to_str().ok().and_then(|said| said.split_once(' ')).ok_or(Failure::Unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(Failure::Unauthenticated);
        }
        let token = token.trim();
        let admitted = self.0.admission.admit(token, self.0.clock.now()).ok_or(Failure::TooManyRequests)?;
        Ok(Asked { access: Access { directory: directory.to_owned(), token: token.to_owned() }, admitted })
    }

    /// Takes a request whose body is to be waited for. A token that was never good is shown to the registry first: bodies
    /// that do not come, of whoever has none, would hold every place there is.
    pub(super) async fn asked_with_body(&self, directory: &str, headers: &HeaderMap) -> Result<Asked, Failure> {
        let asked = self.asked(directory, headers)?;
        if !self.0.admission.is_good(asked.admitted) {
            let request = AuthenticateRequest { access: Some(asked.access.clone()) };
            self.learned(asked.admitted, self.registry().authenticate(request).await)?;
        }
        Ok(asked)
    }

    /// Remembers what the registry thinks of the token, and hands the answer on.
    pub(super) fn learned<T>(
        &self,
        asked: Admitted,
        answer: Result<tonic::Response<T>, tonic::Status>,
    ) -> Result<T, Failure> {
        let answer = answer.map(tonic::Response::into_inner).map_err(Failure::from);
        let now = self.0.clock.now();
        match &answer {
            Err(Failure::Unauthenticated) => self.0.admission.learn(asked, false, now),
            // The registry looks at the token before it says anything else.
            Ok(_) | Err(Failure::NotFound | Failure::PreconditionFailed) => self.0.admission.learn(asked, true, now),
            Err(Failure::Registry(status)) if matches!(status.code(), Code::InvalidArgument | Code::AlreadyExists) => {
                self.0.admission.learn(asked, true, now);
            }
            Err(_) => {}
        }
        answer
    }

    /// Where the directory's resources are.
    pub(super) fn base(&self, directory: &str) -> String {
        self.0.public_url.join(&format!("/scim/v2/{directory}"))
    }
}

impl Asked {
    pub(super) const fn admitted(&self) -> Admitted {
        self.admitted
    }
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
        // RFC 7644 section 3.4.2.4: less than 1 is 1, a negative count is 0.
        let start_index = number("startIndex")?.unwrap_or(1).clamp(1, i64::from(u32::MAX));
        let count = number("count")?.unwrap_or(i64::from(PAGE_DEFAULT)).clamp(0, i64::from(PAGE_MAX));
        Ok(Self {
            filter: one("filter")?,
            start_index: u32::try_from(start_index).unwrap_or(u32::MAX),
            count: u32::try_from(count).unwrap_or(PAGE_MAX),
            attributes: one("attributes")?,
            excluded_attributes: one("excludedAttributes")?,
        })
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
    said.is_some_and(|said| said.split(',').any(|tag| version(tag.trim()) == Some(etag)))
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
