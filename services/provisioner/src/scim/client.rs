use std::{collections::HashSet, path::PathBuf, sync::Arc, time::Duration};

use reqwest::{
    Method, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, IF_MATCH},
    redirect::Policy,
};
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;
use vestibule_kernel::Clock;
use vestibule_scim::ListResponse;

use super::{
    ScimError,
    answer::{document, refusal, required},
    feature::Features,
    pace::Pace,
    resource::{id, quoted},
    token::TokenFile,
};
use crate::{
    limit::{CONNECT_TIMEOUT, IN_FLIGHT_MAX, PAGE_SIZE, RESOURCES_MAX},
    trace::Cause,
};

/// RFC 7644 section 3.1.
const MEDIA_TYPE: &str = "application/scim+json";

/// How a service is reached.
#[derive(Clone, Debug)]
pub(crate) struct ClientSettings {
    pub(crate) address: Url,
    pub(crate) token_file: PathBuf,
    pub(crate) authority_file: Option<PathBuf>,
    pub(crate) timeout: Duration,
    pub(crate) requests_per_second: u32,
}

/// The service cannot be reached as configured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// The authority's certificate cannot be read.
    #[error("the authority file {} cannot be read", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

/// What there is at a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    User,
    Group,
}

impl Kind {
    /// RFC 7643 section 6.
    const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }
}

/// Asks a service: within its pace, within our limits of time and size, following no redirect.
pub(crate) struct Client {
    http: reqwest::Client,
    address: Url,
    token: TokenFile,
    pace: Pace,
    in_flight: Semaphore,
    clock: Arc<dyn Clock>,
    features: OnceCell<Features>,
}

/// A request, before it has credentials.
struct Question<'a> {
    method: Method,
    url: Url,
    body: Option<&'a Value>,
    if_match: Option<&'a str>,
    /// Whether the address is that of one resource, which may be gone.
    is_resource: bool,
}

impl Client {
    pub(crate) fn new(settings: ClientSettings, clock: Arc<dyn Clock>) -> Result<Self, Unusable> {
        vestibule_host::install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            .user_agent("vestibule-provisioner")
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout);
        if settings.address.scheme() == "http" {
            // Only the loopback interface is reached so, by itself and without certificates.
            builder = builder.no_proxy().tls_certs_only([]);
        } else if let Some(path) = &settings.authority_file {
            let pem = std::fs::read(path).map_err(|source| Unusable::Authority { path: path.clone(), source })?;
            builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).map_err(Unusable::Client)?);
        }
        Ok(Self {
            http: builder.build().map_err(Unusable::Client)?,
            address: settings.address,
            token: TokenFile::new(settings.token_file),
            pace: Pace::new(settings.requests_per_second),
            in_flight: Semaphore::new(IN_FLIGHT_MAX),
            clock,
            features: OnceCell::new(),
        })
    }

    /// All resources of a kind, page by page (RFC 7644 section 3.4.2.4), as `read` makes them smaller; none twice.
    pub(crate) async fn list<T>(
        &self,
        kind: Kind,
        filter: Option<&str>,
        cause: &Cause,
        mut read: impl FnMut(Map<String, Value>) -> Result<Option<T>, ScimError>,
    ) -> Result<Vec<T>, ScimError> {
        let (mut found, mut ids, mut start) = (Vec::new(), HashSet::new(), 1_u64);
        loop {
            let page = self.page(kind, filter, (start, PAGE_SIZE), cause).await?;
            if page.resources.is_empty() {
                return Ok(found);
            }
            // Some answer with fewer than was asked for: the next page begins behind what came.
            start = start.saturating_add(page.resources.len() as u64);
            let before = ids.len();
            for resource in page.resources {
                if ids.insert(id(&resource)?)
                    && let Some(read) = read(resource)?
                {
                    found.push(read);
                }
            }
            if ids.len() == before {
                return Err(ScimError::OffContract("pages that repeat without end"));
            }
            if ids.len() > RESOURCES_MAX {
                return Err(ScimError::OffContract("more resources than anybody has"));
            }
            if start > page.total_results {
                return Ok(found);
            }
        }
    }

    /// Those resources whose `externalId` is this, or begins with it. The service may filter as it likes: `read` keeps only
    /// what fits.
    pub(crate) async fn find<T>(
        &self,
        kind: Kind,
        (operator, external_id): (&str, &str),
        cause: &Cause,
        mut read: impl FnMut(Map<String, Value>) -> Result<Option<T>, ScimError>,
    ) -> Result<Vec<T>, ScimError> {
        if self.features(cause).await?.has_filter {
            let filter = format!("externalId {operator} {}", quoted(external_id));
            match self.list(kind, Some(&filter), cause, &mut read).await {
                // It knows filters, and not this one.
                Err(ScimError::Refused { status: 400, .. } | ScimError::Unsupported) => {}
                answered => return answered,
            }
        }
        self.list(kind, None, cause, read).await
    }

    /// One resource, as it is now.
    pub(crate) async fn get(&self, kind: Kind, id: &str, cause: &Cause) -> Result<Map<String, Value>, ScimError> {
        let question =
            Question { method: Method::GET, url: self.of(kind, id), body: None, if_match: None, is_resource: true };
        let resource = required(self.ask(question, cause).await?)?;
        if super::resource::id(&resource)? == id {
            Ok(resource)
        } else {
            Err(ScimError::OffContract("another resource than the one that was asked for"))
        }
    }

    /// Makes a resource (RFC 7644 section 3.3).
    pub(crate) async fn create(
        &self,
        kind: Kind,
        body: &Value,
        cause: &Cause,
    ) -> Result<Map<String, Value>, ScimError> {
        let url = self.endpoint(&[kind.endpoint()]);
        let question = Question { method: Method::POST, url, body: Some(body), if_match: None, is_resource: false };
        let made = required(self.ask(question, cause).await?)?;
        id(&made)?;
        // Without it the resource would not be found again.
        if made.get("externalId") == body.get("externalId") {
            Ok(made)
        } else {
            Err(ScimError::OffContract("a new resource without the externalId it was given"))
        }
    }

    /// Changes a resource: `patch` where the service can (RFC 7644 section 3.5.2), otherwise what `put` makes of the resource
    /// as it is now (section 3.5.1). Only the version it was decided on, where there are versions.
    pub(crate) async fn change(
        &self,
        (kind, id): (Kind, &str),
        version: Option<&str>,
        patch: &Value,
        put: impl FnOnce(Map<String, Value>) -> Value,
        cause: &Cause,
    ) -> Result<(), ScimError> {
        let features = self.features(cause).await?;
        let version = version.filter(|_| features.has_etag);
        if features.has_patch {
            let question = Question {
                method: Method::PATCH,
                url: self.of(kind, id),
                body: Some(patch),
                if_match: version,
                is_resource: true,
            };
            match self.ask(question, cause).await {
                Err(ScimError::Unsupported) => {}
                done => return done.map(drop),
            }
        }
        let now = self.get(kind, id, cause).await?;
        let found = super::resource::version(&now)?.filter(|_| features.has_etag);
        if version.is_some() && found.as_deref() != version {
            return Err(ScimError::Changed);
        }
        let body = put(now);
        let question = Question {
            method: Method::PUT,
            url: self.of(kind, id),
            body: Some(&body),
            if_match: found.as_deref(),
            is_resource: true,
        };
        self.ask(question, cause).await.map(drop)
    }

    /// Whether single attributes can be changed.
    pub(crate) async fn has_patch(&self, cause: &Cause) -> Result<bool, ScimError> {
        Ok(self.features(cause).await?.has_patch)
    }

    /// Whether it answers anything: the smallest question that needs the right to read users.
    pub(crate) async fn is_well(&self, cause: &Cause) -> Result<(), ScimError> {
        let page = self.page(Kind::User, None, (1, 1), cause).await?;
        page.resources.iter().try_for_each(|user| id(user).map(drop))
    }

    /// What the service says of itself (RFC 7644 section 4), asked once.
    async fn features(&self, cause: &Cause) -> Result<Features, ScimError> {
        let known = self.features.get_or_try_init(|| async {
            let url = self.endpoint(&["ServiceProviderConfig"]);
            let question = Question { method: Method::GET, url, body: None, if_match: None, is_resource: true };
            match self.ask(question, cause).await.and_then(required) {
                Ok(config) => Ok(Features::read(&config)),
                Err(ScimError::Gone | ScimError::Forbidden | ScimError::Unsupported) => Ok(Features::UNSAID),
                // Some answer with a page for people. A service that answers so to everything has said nothing of itself.
                Err(error @ (ScimError::OffContract(_) | ScimError::Refused { .. })) => {
                    self.is_well(cause).await.map(|()| Features::UNSAID).map_err(|_| error)
                }
                Err(error) => Err(error),
            }
        });
        known.await.copied()
    }

    async fn page(
        &self,
        kind: Kind,
        filter: Option<&str>,
        (start, count): (u64, usize),
        cause: &Cause,
    ) -> Result<ListResponse<Map<String, Value>>, ScimError> {
        let mut url = self.endpoint(&[kind.endpoint()]);
        {
            let mut query = url.query_pairs_mut();
            if let Some(filter) = filter {
                query.append_pair("filter", filter);
            }
            query.append_pair("startIndex", &start.to_string()).append_pair("count", &count.to_string());
            if kind == Kind::Group {
                // RFC 7644 section 3.9: a page of groups with all their members would be without end.
                query.append_pair("excludedAttributes", "members");
            }
        }
        let question = Question { method: Method::GET, url, body: None, if_match: None, is_resource: false };
        let page = Value::Object(required(self.ask(question, cause).await?)?);
        serde_json::from_value(page).map_err(|_| ScimError::OffContract("a list that is none"))
    }

    fn of(&self, kind: Kind, id: &str) -> Url {
        self.endpoint(&[kind.endpoint(), id])
    }

    /// An address below that of the service; whatever the segments hold stays in them.
    fn endpoint(&self, segments: &[&str]) -> Url {
        let mut url = self.address.clone();
        // Never an error: the configuration takes http and https only.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    async fn ask(&self, question: Question<'_>, cause: &Cause) -> Result<Option<Map<String, Value>>, ScimError> {
        // Never an error: nobody closes it.
        let _place = self.in_flight.acquire().await;
        self.pace.turn().await;
        let method = question.method.clone();
        let is_resource = question.is_resource;
        let answered = self.answer(question, cause).await;
        let status = match &answered {
            Ok(response) => response.status().as_u16(),
            Err(_) => 0,
        };
        tracing::debug!(monotonic_counter.vestibule_provisioner_requests = 1_u64, method = %method, status);
        let response = answered?;
        if response.status().is_success() {
            return document(response).await;
        }
        let refused = refusal(response, is_resource, self.clock.now()).await;
        if let ScimError::Busy { wait: Some(wait), .. } = &refused {
            self.pace.hold(*wait).await;
        }
        Err(refused)
    }

    async fn answer(&self, question: Question<'_>, cause: &Cause) -> Result<Response, ScimError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.token.authorization().await?);
        headers.insert(ACCEPT, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(version) = question.if_match {
            let value = HeaderValue::from_str(version).map_err(|_| ScimError::OffContract("a version that is none"))?;
            headers.insert(IF_MATCH, value);
        }
        if let Some(traceparent) = cause.traceparent().and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert("traceparent", traceparent);
        }
        let mut request = self.http.request(question.method, question.url);
        if let Some(body) = question.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
            request = request.body(body.to_string());
        }
        // An address may hold what a person is called.
        request.headers(headers).send().await.map_err(|error| ScimError::Unreachable(error.without_url()))
    }
}
