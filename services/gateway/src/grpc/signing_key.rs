//! The signing keys, for operators.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use uuid::Uuid;
use vestibule_kernel::{Explain, Explanation, Kind};
use vestibule_oidc::Algorithm;
use vestibule_rpc::{
    Caller,
    gateway::v1::{
        ListSigningKeysRequest, ListSigningKeysResponse, RevokeSigningKeyRequest, RevokeSigningKeyResponse,
        RotateSigningKeysRequest, RotateSigningKeysResponse, SigningKey, SigningKeyRotation, signing_key::State,
        signing_key_service_server::SigningKeyService,
    },
    proto_timestamp, to_status,
};
use vestibule_storage::KeyId;
use vestibule_tenancy::{NameError, Note};

use super::DOMAIN;
use crate::{
    gateway::Gateway,
    keyring::{ALGORITHMS, KeyringError, Line, Place, Published, Standing},
};

/// Who may rotate keys and take them out.
const OPERATOR: &str = "operator";

/// `vestibule.gateway.v1.SigningKeyService`.
pub(crate) struct SigningKeyApi {
    gateway: Gateway,
}

impl SigningKeyApi {
    /// The service over a gateway's keys.
    pub(crate) const fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }

    async fn list(&self) -> Result<ListSigningKeysResponse, Error> {
        let published = self.gateway.keyring.current().await?;
        Ok(ListSigningKeysResponse { signing_keys: keys(&published), rotations: rotations(&published) })
    }

    async fn rotate(&self, request: &Request<RotateSigningKeysRequest>) -> Result<RotateSigningKeysResponse, Error> {
        operators_only(request)?;
        let algorithms = match &*request.get_ref().algorithm {
            "" => ALGORITHMS.to_vec(),
            name => vec![Algorithm::from_name(name).ok_or(Error::Algorithm)?],
        };
        self.gateway.keyring.rotate(&algorithms, &vestibule_host::metadata(request)).await?;
        let published = self.gateway.keyring.current().await?;
        Ok(RotateSigningKeysResponse { signing_keys: keys(&published), rotations: rotations(&published) })
    }

    async fn revoke(&self, request: &Request<RevokeSigningKeyRequest>) -> Result<RevokeSigningKeyResponse, Error> {
        operators_only(request)?;
        let RevokeSigningKeyRequest { name, note } = request.get_ref();
        let id = name.strip_prefix("signingKeys/").and_then(|id| Uuid::try_parse(id).ok()).ok_or(Error::Name)?;
        let note = Note::required(note)?;
        self.gateway.keyring.revoke(KeyId(id), note, &vestibule_host::metadata(request)).await?;
        let published = self.gateway.keyring.current().await?;
        Ok(RevokeSigningKeyResponse { signing_keys: keys(&published), rotations: rotations(&published) })
    }
}

#[tonic::async_trait]
impl SigningKeyService for SigningKeyApi {
    #[tracing::instrument(name = "gateway.list_signing_keys", skip_all)]
    async fn list_signing_keys(
        &self,
        _request: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        self.list().await.map(Response::new).map_err(|error| to_status(DOMAIN, &error))
    }

    #[tracing::instrument(name = "gateway.rotate_signing_keys", skip_all)]
    async fn rotate_signing_keys(
        &self,
        request: Request<RotateSigningKeysRequest>,
    ) -> Result<Response<RotateSigningKeysResponse>, Status> {
        self.rotate(&request).await.map(Response::new).map_err(|error| to_status(DOMAIN, &error))
    }

    #[tracing::instrument(name = "gateway.revoke_signing_key", skip_all)]
    async fn revoke_signing_key(
        &self,
        request: Request<RevokeSigningKeyRequest>,
    ) -> Result<Response<RevokeSigningKeyResponse>, Status> {
        self.revoke(&request).await.map(Response::new).map_err(|error| to_status(DOMAIN, &error))
    }
}

/// A question about signing keys that has no answer.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("only who presents the registry's token may change keys")]
    NotTheOperator,
    #[error("name is not of the form signingKeys/{{signing_key}}")]
    Name,
    #[error("algorithm is neither RS256 nor ES256")]
    Algorithm,
    #[error(transparent)]
    Note(#[from] NameError),
    #[error(transparent)]
    Keys(#[from] KeyringError),
}

impl Explain for Error {
    fn explain(&self) -> Explanation {
        match self {
            Self::NotTheOperator => Explanation::new(Kind::Forbidden, "REGISTRY_TOKEN_REQUIRED"),
            Self::Name => {
                Explanation::field("RESOURCE_NAME_INVALID", "name", "must have the form signingKeys/{signing_key}")
            }
            Self::Algorithm => {
                Explanation::field("SIGNING_ALGORITHM_INVALID", "algorithm", "use RS256, ES256 or nothing")
            }
            Self::Note(error) => Explanation::field(error.explain().reason, "note", error.to_string()),
            Self::Keys(error) => error.explain(),
        }
    }
}

fn operators_only<T>(request: &Request<T>) -> Result<(), Error> {
    if Caller::of(request).actor == OPERATOR { Ok(()) } else { Err(Error::NotTheOperator) }
}

fn keys(published: &Arc<Published>) -> Vec<SigningKey> {
    let of_line = |line: &Line| {
        let newest_first = line.places.iter().rev();
        newest_first.map(|place| signing_key(line.algorithm, place)).collect::<Vec<_>>()
    };
    published.lines.iter().flat_map(of_line).collect()
}

fn signing_key(algorithm: Algorithm, place: &Place) -> SigningKey {
    let (state, published_until) = match place.standing {
        Standing::Next => (State::Next, place.needed_until),
        Standing::Signing => (State::Signing, place.needed_until),
        Standing::Retired => (State::Retired, place.needed_until),
        Standing::Gone => (State::Gone, place.needed_until),
        Standing::Revoked => (State::Revoked, place.made.revoked_at),
        Standing::FromTheFuture => (State::FromTheFuture, None),
    };
    SigningKey {
        name: format!("signingKeys/{}", place.made.id),
        algorithm: algorithm.as_str().to_owned(),
        state: state.into(),
        create_time: Some(proto_timestamp(place.made.created_at)),
        sign_time: Some(proto_timestamp(place.signs_from)),
        retire_time: place.signs_until.map(proto_timestamp),
        remove_time: published_until.map(proto_timestamp),
    }
}

fn rotations(published: &Arc<Published>) -> Vec<SigningKeyRotation> {
    let rotation = |line: &Line| SigningKeyRotation {
        algorithm: line.algorithm.as_str().to_owned(),
        rotate_time: line.due.map(proto_timestamp),
    };
    published.lines.iter().map(rotation).collect()
}
