use secrecy::ExposeSecret;
use tonic::{Request, Response, Status};
use vestibule_eventlog::Version;
use vestibule_kernel::{DirectoryId, DirectoryTokenId};
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{
        self as pb, CreateDirectoryRequest, CreateDirectoryResponse, CreateDirectoryTokenRequest,
        CreateDirectoryTokenResponse, GetDirectoryRequest, GetDirectoryResponse, ListDirectoriesRequest,
        ListDirectoriesResponse, RetireDirectoryTokenRequest, RetireDirectoryTokenResponse, UpdateDirectoryRequest,
        UpdateDirectoryResponse, directory, directory_service_server::DirectoryService,
    },
    resource, to_status,
};
use vestibule_tenancy::directory::{Create, RolesFrom, Settings, SubjectFrom};

use super::{Inner, Provisioning, admin::Known, error::Error};
use crate::{ERROR_DOMAIN, convert::mask::Mask, field::InvalidFields};

/// What of a directory can be changed.
const UPDATABLE: &[&str] = &["subject", "name_id_format", "roles"];

/// Characters of a NameID format.
const FORMAT_CHARS_MAX: usize = 512;

fn refused(error: impl Into<Error>) -> Status {
    to_status(ERROR_DOMAIN, &error.into())
}

fn etag(text: &str) -> Result<Option<Version>, Status> {
    crate::resource::etag("etag", text).map_err(|error| to_status(ERROR_DOMAIN, &error))
}

impl Inner {
    fn message(&self, known: &Known) -> pb::Directory {
        let (terms, settings) = (&known.terms, &known.terms.settings);
        let tokens = known.terms.tokens.iter().map(|token| pb::DirectoryToken {
            id: token.token.to_string(),
            create_time: Some(proto_timestamp(token.at)),
        });
        pb::Directory {
            name: resource::directory_name(terms.organization, terms.directory),
            connection: resource::connection_name(terms.organization, terms.connection),
            subject: match settings.subject {
                SubjectFrom::UserName => directory::Subject::UserName,
                SubjectFrom::ExternalId => directory::Subject::ExternalId,
            }
            .into(),
            name_id_format: settings.name_id_format.clone().unwrap_or_default(),
            roles: match settings.roles {
                RolesFrom::SignIn => directory::Roles::SignIn,
                RolesFrom::Directory => directory::Roles::Directory,
            }
            .into(),
            tokens: tokens.collect(),
            scim_url: self.public_url.join(&format!("/scim/v2/{}", terms.directory)),
            create_time: Some(proto_timestamp(known.resource.created_at)),
            update_time: Some(proto_timestamp(known.resource.updated_at)),
            etag: known.resource.etag(),
        }
    }

    fn wanted(&self, request: &CreateDirectoryRequest) -> Result<Create, Error> {
        let organization = resource::organization("parent", &request.parent)?;
        let wanted = request.directory.clone().unwrap_or_default();
        let (owner, connection) = resource::connection("directory.connection", &wanted.connection)?;
        if owner != organization {
            let description = "the connection belongs to another organization";
            return Err(InvalidFields::one("OTHER_ORGANIZATION", "directory.connection", description).into());
        }
        let settings =
            Settings { subject: subject(&wanted), name_id_format: name_id_format(&wanted)?, roles: roles(&wanted) };
        let directory = DirectoryId::from_uuid(self.new_id());
        Ok(Create { directory, organization, connection, settings })
    }
}

fn subject(wanted: &pb::Directory) -> SubjectFrom {
    match wanted.subject() {
        directory::Subject::Unspecified | directory::Subject::UserName => SubjectFrom::UserName,
        directory::Subject::ExternalId => SubjectFrom::ExternalId,
    }
}

fn roles(wanted: &pb::Directory) -> RolesFrom {
    match wanted.roles() {
        directory::Roles::Unspecified | directory::Roles::SignIn => RolesFrom::SignIn,
        directory::Roles::Directory => RolesFrom::Directory,
    }
}

fn name_id_format(wanted: &pb::Directory) -> Result<Option<String>, Error> {
    if wanted.name_id_format.chars().count() > FORMAT_CHARS_MAX {
        let description = format!("at most {FORMAT_CHARS_MAX} characters");
        return Err(InvalidFields::one("NAME_ID_FORMAT_INVALID", "directory.name_id_format", description).into());
    }
    Ok(Some(wanted.name_id_format.clone()).filter(|format| !format.is_empty()))
}

/// What an update makes of settings.
fn update(request: &UpdateDirectoryRequest) -> Result<impl Fn(Settings) -> Settings, Status> {
    let wanted = request.directory.clone().unwrap_or_default();
    let mask = Mask::read(request.update_mask.as_ref(), UPDATABLE).map_err(|error| to_status(ERROR_DOMAIN, &error))?;
    let format = name_id_format(&wanted).map_err(refused)?;
    let format = mask.means("name_id_format", format.is_some()).then_some(format);
    let is_set = wanted.subject() != directory::Subject::Unspecified;
    let subject = mask.means("subject", is_set).then(|| subject(&wanted));
    let is_set = wanted.roles() != directory::Roles::Unspecified;
    let roles = mask.means("roles", is_set).then(|| roles(&wanted));
    Ok(move |before: Settings| Settings {
        subject: subject.unwrap_or(before.subject),
        name_id_format: format.clone().unwrap_or(before.name_id_format),
        roles: roles.unwrap_or(before.roles),
    })
}

#[tonic::async_trait]
impl DirectoryService for Provisioning {
    #[tracing::instrument(name = "registry.create_directory", skip_all)]
    async fn create_directory(
        &self,
        request: Request<CreateDirectoryRequest>,
    ) -> Result<Response<CreateDirectoryResponse>, Status> {
        let create = self.0.wanted(request.get_ref()).map_err(refused)?;
        let metadata = vestibule_host::metadata(&request);
        let known = self.0.create_directory(metadata, create).await.map_err(refused)?;
        Ok(Response::new(CreateDirectoryResponse { directory: Some(self.0.message(&known)) }))
    }

    #[tracing::instrument(name = "registry.get_directory", skip_all)]
    async fn get_directory(
        &self,
        request: Request<GetDirectoryRequest>,
    ) -> Result<Response<GetDirectoryResponse>, Status> {
        let name = resource::directory("name", &request.get_ref().name).map_err(refused)?;
        let known = self.0.directory(name).await.map_err(refused)?;
        Ok(Response::new(GetDirectoryResponse { directory: Some(self.0.message(&known)) }))
    }

    #[tracing::instrument(name = "registry.list_directories", skip_all)]
    async fn list_directories(
        &self,
        request: Request<ListDirectoriesRequest>,
    ) -> Result<Response<ListDirectoriesResponse>, Status> {
        let organization = resource::organization("parent", &request.get_ref().parent).map_err(refused)?;
        let known = self.0.directories(organization).await.map_err(refused)?;
        let directories = known.iter().map(|known| self.0.message(known)).collect();
        Ok(Response::new(ListDirectoriesResponse { directories }))
    }

    #[tracing::instrument(name = "registry.update_directory", skip_all)]
    async fn update_directory(
        &self,
        request: Request<UpdateDirectoryRequest>,
    ) -> Result<Response<UpdateDirectoryResponse>, Status> {
        let wanted = request.get_ref().directory.clone().unwrap_or_default();
        let name = resource::directory("directory.name", &wanted.name).map_err(refused)?;
        let metadata = vestibule_host::metadata(&request);
        let etag = crate::resource::etag("directory.etag", &wanted.etag);
        let (etag, change) = (etag.map_err(|error| to_status(ERROR_DOMAIN, &error))?, update(request.get_ref())?);
        let known = self.0.configure_directory(name, etag, metadata, change).await.map_err(refused)?;
        Ok(Response::new(UpdateDirectoryResponse { directory: Some(self.0.message(&known)) }))
    }

    #[tracing::instrument(name = "registry.create_directory_token", skip_all)]
    async fn create_directory_token(
        &self,
        request: Request<CreateDirectoryTokenRequest>,
    ) -> Result<Response<CreateDirectoryTokenResponse>, Status> {
        let name = resource::directory("name", &request.get_ref().name).map_err(refused)?;
        let (etag, metadata) = (etag(&request.get_ref().etag)?, vestibule_host::metadata(&request));
        let (known, token, secret) = self.0.add_token(name, etag, metadata).await.map_err(refused)?;
        Ok(Response::new(CreateDirectoryTokenResponse {
            directory: Some(self.0.message(&known)),
            token_id: token.to_string(),
            token: secret.expose_secret().to_owned(),
        }))
    }

    #[tracing::instrument(name = "registry.retire_directory_token", skip_all)]
    async fn retire_directory_token(
        &self,
        request: Request<RetireDirectoryTokenRequest>,
    ) -> Result<Response<RetireDirectoryTokenResponse>, Status> {
        let name = resource::directory("name", &request.get_ref().name).map_err(refused)?;
        let token: DirectoryTokenId =
            request.get_ref().token_id.parse().map_err(|_| {
                refused(InvalidFields::one("DIRECTORY_TOKEN_INVALID", "token_id", "not the id of a token"))
            })?;
        let (etag, metadata) = (etag(&request.get_ref().etag)?, vestibule_host::metadata(&request));
        let known = self.0.retire_token(name, etag, metadata, token).await.map_err(refused)?;
        Ok(Response::new(RetireDirectoryTokenResponse { directory: Some(self.0.message(&known)) }))
    }
}
