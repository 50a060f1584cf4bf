use tonic::{Request, Response, Status};
use vestibule_rpc::{
    Caller,
    registry::v1::{
        DeactivatePersonRequest, DeactivatePersonResponse, GetPersonRequest, GetPersonResponse, LinkNativeUserRequest,
        LinkNativeUserResponse, ListPersonsRequest, ListPersonsResponse, ReactivatePersonRequest,
        ReactivatePersonResponse, RelinkPersonRequest, RelinkPersonResponse, UnlinkNativeUserRequest,
        UnlinkNativeUserResponse, person_service_server::PersonService,
    },
    resource,
};

use super::{Api, change, refused};
use crate::{
    convert::{
        note,
        person::{Relink, Sight, found_by, message, new_native_user, relink},
    },
    listing::Listing,
};

/// People on a page at most: each is opened with a key of their own.
const PAGE_SIZE_MAX: usize = 100;

/// As who presents the registry token, or the people token, is known.
const READERS: [&str; 2] = ["operator", "people"];

fn sight<T>(request: &Request<T>) -> Sight {
    if READERS.contains(&Caller::of(request).actor.as_str()) { Sight::Personal } else { Sight::Impersonal }
}

#[tonic::async_trait]
impl PersonService for Api {
    #[tracing::instrument(name = "registry.get_person", skip_all)]
    async fn get_person(&self, request: Request<GetPersonRequest>) -> Result<Response<GetPersonResponse>, Status> {
        let id = resource::person("name", &request.get_ref().name).map_err(refused)?;
        let person = self.registry.person(id).await.map_err(refused)?;
        Ok(Response::new(GetPersonResponse { person: Some(message(&person, sight(&request))) }))
    }

    #[tracing::instrument(name = "registry.list_persons", skip_all)]
    async fn list_persons(
        &self,
        request: Request<ListPersonsRequest>,
    ) -> Result<Response<ListPersonsResponse>, Status> {
        let sight = sight(&request);
        let ListPersonsRequest { parent, page_size, page_token, found_by: one } = request.into_inner();
        let organization = resource::organization("parent", &parent).map_err(refused)?;
        let list = format!("{parent}/persons");
        let listing = Listing::read_up_to(PAGE_SIZE_MAX, &list, page_size, &page_token).map_err(refused)?;
        let (persons, next_page_token) = match one {
            Some(one) => {
                let one = found_by(organization, one, sight).map_err(refused)?;
                let found = self.registry.find_person(organization, one).await.map_err(refused)?;
                (found.into_iter().collect(), String::new())
            }
            None => self.registry.persons(organization, &listing).await.map_err(refused)?,
        };
        let persons = persons.iter().map(|person| message(person, sight)).collect();
        Ok(Response::new(ListPersonsResponse { persons, next_page_token }))
    }

    #[tracing::instrument(name = "registry.deactivate_person", skip_all)]
    async fn deactivate_person(
        &self,
        request: Request<DeactivatePersonRequest>,
    ) -> Result<Response<DeactivatePersonResponse>, Status> {
        let DeactivatePersonRequest { name, etag, note: text } = request.get_ref();
        let id = resource::person("name", name).map_err(refused)?;
        let (change, note) = (change(&request, "etag", etag)?, note(text).map_err(refused)?);
        let person = self.registry.deactivate_person(id, change, note).await.map_err(refused)?;
        Ok(Response::new(DeactivatePersonResponse { person: Some(message(&person, sight(&request))) }))
    }

    #[tracing::instrument(name = "registry.reactivate_person", skip_all)]
    async fn reactivate_person(
        &self,
        request: Request<ReactivatePersonRequest>,
    ) -> Result<Response<ReactivatePersonResponse>, Status> {
        let ReactivatePersonRequest { name, etag } = request.get_ref();
        let id = resource::person("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let person = self.registry.reactivate_person(id, change).await.map_err(refused)?;
        Ok(Response::new(ReactivatePersonResponse { person: Some(message(&person, sight(&request))) }))
    }

    #[tracing::instrument(name = "registry.relink_person", skip_all)]
    async fn relink_person(
        &self,
        request: Request<RelinkPersonRequest>,
    ) -> Result<Response<RelinkPersonResponse>, Status> {
        let sight = sight(&request);
        let RelinkPersonRequest { name, etag, .. } = request.get_ref();
        let id = resource::person("name", name).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let person = match relink(id.0, request.into_inner().found_by).map_err(refused)? {
            Relink::Subject(subject) => self.registry.relink_person(id, change, subject).await,
            Relink::Duplicate(duplicate) => self.registry.merge_person(id, change, duplicate).await,
        };
        let person = person.map_err(refused)?;
        Ok(Response::new(RelinkPersonResponse { person: Some(message(&person, sight)) }))
    }

    #[tracing::instrument(name = "registry.link_native_user", skip_all)]
    async fn link_native_user(
        &self,
        request: Request<LinkNativeUserRequest>,
    ) -> Result<Response<LinkNativeUserResponse>, Status> {
        let new = new_native_user(request.get_ref()).map_err(refused)?;
        let metadata = vestibule_host::metadata(&request);
        let person = self.registry.link_native_user(metadata, new).await.map_err(refused)?;
        Ok(Response::new(LinkNativeUserResponse { person: Some(message(&person, sight(&request))) }))
    }

    #[tracing::instrument(name = "registry.unlink_native_user", skip_all)]
    async fn unlink_native_user(
        &self,
        request: Request<UnlinkNativeUserRequest>,
    ) -> Result<Response<UnlinkNativeUserResponse>, Status> {
        let UnlinkNativeUserRequest { name, user_pool, etag } = request.get_ref();
        let id = resource::person("name", name).map_err(refused)?;
        let user_pool = resource::user_pool("user_pool", user_pool).map_err(refused)?;
        let change = change(&request, "etag", etag)?;
        let person = self.registry.unlink_native_user(id, change, user_pool).await.map_err(refused)?;
        Ok(Response::new(UnlinkNativeUserResponse { person: Some(message(&person, sight(&request))) }))
    }
}
