//! Who may call what: bearer tokens on gRPC.
//!
//! Health is open. Everything else needs the service token where one is configured (it must be, beyond loopback).
//! Changing the registry needs the registry's own token, always. Published events and people hold personal data, so reading
//! them takes that one, too, or a token that opens nothing else; of events perhaps one organization's only.

use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    task::{Context, Poll},
};

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::{Either, Ready, ready};
use secrecy::{ExposeSecret, SecretString};
use tonic::{
    Status,
    body::Body,
    codegen::http::{HeaderMap, Request, Response},
};
use tower::{Layer, Service};
use vestibule_kernel::{Explain, Explanation, IdSource, Kind, OrganizationId, constant_time_eq};
use vestibule_rpc::{Caller, Confined, to_status};

/// The least number of characters of a token.
const TOKEN_CHARS_MIN: usize = 32;
/// The largest token file that is read.
const TOKEN_BYTES_MAX: u64 = 4096;

/// A call that may not go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Denied {
    /// No token came with it.
    #[error("this call needs a token: send `authorization: Bearer <token>`")]
    Missing,
    /// The token is none of ours.
    #[error("the token is not valid here")]
    Unknown,
    /// The token is ours and not enough.
    #[error("changing the registry needs the registry token")]
    NotAWriter,
    /// The token is ours, and events are not for it.
    #[error("reading events needs the events token or the registry token")]
    NotForEvents,
    /// The token opens nothing but events.
    #[error("an events token opens the event service only")]
    EventsOnly,
    /// The token opens nothing but reading of people.
    #[error("the people token opens reading of people, their organizations and their connections only")]
    PeopleOnly,
}

impl Explain for Denied {
    fn explain(&self) -> Explanation {
        match self {
            Self::Missing => Explanation::new(Kind::Unauthenticated, "TOKEN_MISSING"),
            Self::Unknown => Explanation::new(Kind::Unauthenticated, "TOKEN_UNKNOWN"),
            Self::NotAWriter => Explanation::new(Kind::Forbidden, "REGISTRY_TOKEN_REQUIRED"),
            Self::NotForEvents => Explanation::new(Kind::Forbidden, "EVENTS_TOKEN_REQUIRED"),
            Self::EventsOnly => Explanation::new(Kind::Forbidden, "EVENTS_TOKEN_ONLY"),
            Self::PeopleOnly => Explanation::new(Kind::Forbidden, "PEOPLE_TOKEN_ONLY"),
        }
    }
}

/// A token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It cannot be read or made.
    #[error("token file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is too short or too long to be a token.
    #[error("token file {} must hold one token of at least {TOKEN_CHARS_MIN} printable characters", .0.display())]
    Unfit(PathBuf),
    /// Another file holds the same one: it would open more than one of them says.
    #[error("the token of {0}'s events is another's, too: each needs a token of its own")]
    Repeated(OrganizationId),
}

/// Reads a token file.
///
/// # Errors
/// [`TokenError`].
pub fn read_token(path: &Path) -> Result<SecretString, TokenError> {
    let unreadable = |source| TokenError::Unreadable { path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > TOKEN_BYTES_MAX {
        return Err(TokenError::Unfit(path.to_owned()));
    }
    let text = SecretString::from(std::fs::read_to_string(path).map_err(unreadable)?);
    let token = text.expose_secret().trim();
    if token.len() < TOKEN_CHARS_MIN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Unfit(path.to_owned()));
    }
    Ok(SecretString::from(token))
}

/// Reads a token file, or makes it, readable by its owner only, when it does not exist.
///
/// # Errors
/// [`TokenError`].
pub fn open_or_create_token(path: &Path, ids: &dyn IdSource) -> Result<SecretString, TokenError> {
    let token = hex::encode(ids.bytes::<32>());
    match crate::pki::write_private(path, format!("{token}\n").as_bytes()) {
        Ok(()) => Ok(SecretString::from(token)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_token(path),
        Err(source) => Err(TokenError::Unreadable { path: path.to_owned(), source }),
    }
}

/// Which tokens open what. Holds digests only.
#[derive(Clone)]
pub struct Access {
    service: Option<Arc<[u8]>>,
    registry: Arc<[u8]>,
    events: Option<Arc<[u8]>>,
    people: Option<Arc<[u8]>>,
    /// Each opens the events of one organization.
    confined: Arc<[(OrganizationId, Arc<[u8]>)]>,
}

/// Who a token says that a caller is.
type Known = (Caller, Option<Confined>);

impl Access {
    /// `service` opens everything but changes to the registry, and may be absent on loopback; `registry` opens everything.
    #[must_use]
    pub fn new(service: Option<&SecretString>, registry: &SecretString) -> Self {
        Self {
            service: service.map(hashed),
            registry: hashed(registry),
            events: None,
            people: None,
            confined: Arc::from([]),
        }
    }

    /// `events` opens the event service and nothing else.
    #[must_use]
    pub fn with_events(self, events: Option<&SecretString>) -> Self {
        Self { events: events.map(hashed), ..self }
    }

    /// `people` opens reading of people, with their names, and of the organizations and connections they belong to, and nothing
    /// else: it is for programs that tell others of people.
    #[must_use]
    pub fn with_people(self, people: Option<&SecretString>) -> Self {
        Self { people: people.map(hashed), ..self }
    }

    /// Each of these opens the events of one organization, and nothing else. The last to be added: it may be none of the others.
    ///
    /// # Errors
    /// [`TokenError::Repeated`].
    pub fn with_events_of(mut self, tokens: &[(OrganizationId, SecretString)]) -> Result<Self, TokenError> {
        let others = [self.service.as_ref(), Some(&self.registry), self.events.as_ref(), self.people.as_ref()];
        let mut known: HashSet<Arc<[u8]>> = others.into_iter().flatten().cloned().collect();
        let confined = tokens.iter().map(|(organization, token)| {
            let token = hashed(token);
            if known.insert(Arc::clone(&token)) {
                Ok((*organization, token))
            } else {
                Err(TokenError::Repeated(*organization))
            }
        });
        self.confined = confined.collect::<Result<_, _>>()?;
        Ok(self)
    }

    fn caller(&self, path: &str, headers: &HeaderMap) -> Result<Known, Denied> {
        let known_as = |actor: &str| Ok((Caller { actor: actor.to_owned() }, None));
        if path.starts_with("/grpc.health.v1.Health/") {
            return known_as("anonymous");
        }
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
        let digest = token.map(|token| digest(&SHA256, token.as_bytes()));
        let is = |known: &[u8]| digest.as_ref().is_some_and(|digest| constant_time_eq(digest.as_ref(), known));
        if is(&self.registry) {
            return known_as("operator");
        }
        if self.events.as_deref().is_some_and(is) {
            return if opens_events(path) { known_as("events") } else { Err(Denied::EventsOnly) };
        }
        if let Some((organization, _)) = self.confined.iter().find(|(_, known)| is(known)) {
            let (caller, _) = if opens_events(path) { known_as("events")? } else { return Err(Denied::EventsOnly) };
            return Ok((caller, Some(Confined(*organization))));
        }
        if self.people.as_deref().is_some_and(is) {
            return if OF_PEOPLE.contains(&path) { known_as("people") } else { Err(Denied::PeopleOnly) };
        }
        let service = self.service.as_deref().map(is);
        match (service, digest.is_some()) {
            (Some(true), _) if changes_registry(path) => Err(Denied::NotAWriter),
            (Some(true), _) if opens_events(path) => Err(Denied::NotForEvents),
            (Some(true), _) => known_as("service"),
            (_, true) => Err(Denied::Unknown),
            (None, false) if !changes_registry(path) && !opens_events(path) => known_as("anonymous"),
            (Some(false) | None, false) => Err(Denied::Missing),
        }
    }
}

fn hashed(token: &SecretString) -> Arc<[u8]> {
    Arc::from(digest(&SHA256, token.expose_secret().as_bytes()).as_ref())
}

/// What tells the registry something and changes nothing by itself.
const NOTICES: [&str; 1] = ["/vestibule.registry.v1.ConnectionService/NoticeUnknownCertificate"];

/// What the people token opens. What is not named here it does not open, so a new method is closed to it.
const OF_PEOPLE: [&str; 5] = [
    "/vestibule.registry.v1.OrganizationService/GetOrganization",
    "/vestibule.registry.v1.OrganizationService/ListOrganizations",
    "/vestibule.registry.v1.ConnectionService/GetConnection",
    "/vestibule.registry.v1.PersonService/GetPerson",
    "/vestibule.registry.v1.PersonService/ListPersons",
];

fn changes_registry(path: &str) -> bool {
    if NOTICES.contains(&path) {
        return false;
    }
    let Some((service, method)) = path.trim_start_matches('/').split_once('/') else { return true };
    service.starts_with("vestibule.registry.") && !method.starts_with("Get") && !method.starts_with("List")
}

fn opens_events(path: &str) -> bool {
    path.starts_with("/vestibule.events.")
}

impl<S> Layer<S> for Access {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { inner, access: self.clone() }
    }
}

/// What [`Access`] makes of a service.
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    access: Access,
}

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<Body>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.access.caller(request.uri().path(), request.headers()) {
            Ok((caller, confined)) => {
                request.extensions_mut().insert(caller);
                if let Some(confined) = confined {
                    request.extensions_mut().insert(confined);
                }
                Either::Left(self.inner.call(request))
            }
            Err(denied) => {
                let status: Status = to_status("access.vestibule", &denied);
                Either::Right(ready(Ok(status.into_http())))
            }
        }
    }
}

#[cfg(test)]
mod tests;
