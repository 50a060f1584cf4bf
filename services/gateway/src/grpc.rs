//! The trace of sign-ins, and the signing keys, for operators.

mod signing_key;

use prost_types::Timestamp as ProtoTimestamp;
use tonic::{Request, Response, Status};
use uuid::Uuid;
use vestibule_kernel::{Explain, Explanation, Kind, Timestamp};
use vestibule_rpc::{
    gateway::v1::{
        GetSignInRequest, GetSignInResponse, ListSignInsRequest, ListSignInsResponse, SignIn,
        sign_in_service_server::SignInService,
    },
    proto_timestamp, resource,
    resource::InvalidName,
    saml::v1::Check,
    to_status,
};
use vestibule_storage::{RecordedSignIn, SignInTraceFilter, StorageError};

use crate::{gateway::Gateway, report::Document};

pub(crate) use signing_key::SigningKeyApi;

/// The domain of the reasons in error details.
const DOMAIN: &str = "gateway.vestibule";
const PAGE_SIZE_DEFAULT: u32 = 50;
const PAGE_SIZE_MAX: u32 = 200;

/// `vestibule.gateway.v1.SignInService`.
pub(crate) struct SignInApi {
    gateway: Gateway,
}

impl SignInApi {
    /// The service over a gateway's trace.
    pub(crate) const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn find(&self, name: &str) -> Result<SignIn, SignInError> {
        let id = name.strip_prefix("signIns/").and_then(|id| Uuid::try_parse(id).ok());
        let id = id.ok_or(SignInError::Name)?;
        let found = self.gateway.trace.find(id, self.gateway.now()).await?;
        found.as_ref().map(sign_in).ok_or(SignInError::NotFound)
    }

    async fn list(&self, request: &ListSignInsRequest) -> Result<ListSignInsResponse, SignInError> {
        let connection = optional(&request.connection, |name| resource::connection("connection", name))?;
        let organization = optional(&request.organization, |name| resource::organization("organization", name))?;
        let filter = SignInTraceFilter {
            organization,
            connection: connection.map(|(_, connection)| connection),
            reason: (!request.reason.is_empty()).then(|| request.reason.clone()),
            before: optional(&request.page_token, |token| parse_page_token(token).ok_or(SignInError::PageToken))?,
        };
        let size = match u32::try_from(request.page_size).map_err(|_| SignInError::PageSize)? {
            0 => PAGE_SIZE_DEFAULT,
            size => size.min(PAGE_SIZE_MAX),
        };
        let mut found = self.gateway.trace.list(&filter, self.gateway.now(), size + 1).await?;
        let more = found.len() > usize::try_from(size).unwrap_or(usize::MAX);
        found.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let next_page_token = found.last().filter(|_| more).map(page_token).unwrap_or_default();
        Ok(ListSignInsResponse { sign_ins: found.iter().map(sign_in).collect(), next_page_token })
    }
}

#[tonic::async_trait]
impl SignInService for SignInApi {
    #[tracing::instrument(name = "gateway.get_sign_in", skip_all)]
    async fn get_sign_in(&self, request: Request<GetSignInRequest>) -> Result<Response<GetSignInResponse>, Status> {
        let found = self.find(&request.get_ref().name).await.map_err(|error| to_status(DOMAIN, &error))?;
        Ok(Response::new(GetSignInResponse { sign_in: Some(found) }))
    }

    #[tracing::instrument(name = "gateway.list_sign_ins", skip_all)]
    async fn list_sign_ins(
        &self,
        request: Request<ListSignInsRequest>,
    ) -> Result<Response<ListSignInsResponse>, Status> {
        let page = self.list(request.get_ref()).await.map_err(|error| to_status(DOMAIN, &error))?;
        Ok(Response::new(page))
    }
}

/// A question about the trace that has no answer.
#[derive(Debug, thiserror::Error)]
enum SignInError {
    #[error("name is not of the form signIns/{{sign_in}}")]
    Name,
    #[error("no such sign-in, or it has expired")]
    NotFound,
    #[error("page_size is negative")]
    PageSize,
    #[error("page_token is not one that was handed out")]
    PageToken,
    #[error(transparent)]
    Resource(#[from] InvalidName),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Explain for SignInError {
    fn explain(&self) -> Explanation {
        match self {
            Self::Name => Explanation::field("RESOURCE_NAME_INVALID", "name", "must have the form signIns/{sign_in}"),
            Self::NotFound => Explanation::new(Kind::NotFound, "SIGN_IN_NOT_FOUND"),
            Self::PageSize => Explanation::field("PAGE_SIZE_INVALID", "page_size", "must not be negative"),
            Self::PageToken => Explanation::field("PAGE_TOKEN_INVALID", "page_token", "hand back what you were given"),
            Self::Resource(error) => error.explain(),
            Self::Storage(error) => error.explain(),
        }
    }
}

fn optional<'a, T, E>(text: &'a str, parse: impl FnOnce(&'a str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn page_token(last: &RecordedSignIn) -> String {
    format!("{}.{}", last.at.unix_millis(), last.id)
}

fn parse_page_token(token: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = token.split_once('.')?;
    Some((Timestamp::from_unix_millis(at.parse().ok()?), Uuid::try_parse(id).ok()?))
}

fn sign_in(recorded: &RecordedSignIn) -> SignIn {
    let connection = recorded.organization.zip(recorded.connection);
    let mut answer = SignIn {
        name: format!("signIns/{}", recorded.id),
        create_time: Some::<ProtoTimestamp>(proto_timestamp(recorded.at)),
        organization: recorded.organization.map(resource::organization_name).unwrap_or_default(),
        connection: connection.map(|(of, id)| resource::connection_name(of, id)).unwrap_or_default(),
        reason: recorded.reason.clone(),
        ..SignIn::default()
    };
    // A document of another version of this program is still worth its columns.
    if let Ok(document) = serde_json::from_value::<Document>(recorded.document.clone()) {
        let Document { stage, responsible, facts, trace_id } = document;
        stage.as_str().clone_into(&mut answer.stage);
        answer.responsible = responsible.map_or(0, |responsible| responsible.to_proto().into());
        answer.routing_decision = facts.routing_decision;
        answer.certificate_status = facts.certificate_status;
        answer.checks = facts
            .checks
            .into_iter()
            .map(|check| Check { name: check.name, status: check.status, expected: check.expected, found: check.found })
            .collect();
        answer.normalised_claims = facts.normalised_claims;
        answer.answer = facts.answer;
        answer.trace_id = trace_id;
    }
    answer
}
