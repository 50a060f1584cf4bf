use tonic::{Request, Response, Status};
use vestibule_rpc::{
    registry::v1::{
        CreateTestSignInRequest, CreateTestSignInResponse, GetOnboardingRequest, GetOnboardingResponse,
        GetTestSignInRequest, GetTestSignInResponse, ListOnboardingsRequest, ListOnboardingsResponse,
        ReviewMappingRequest, ReviewMappingResponse, onboarding_service_server::OnboardingService,
    },
    resource,
};

use super::{Api, change, refused};
use crate::{
    app::TestSignIn,
    convert::onboarding::{Name, lifetime, message, name, parent, reviewed, test_message, test_name},
    listing::Listing,
};

#[tonic::async_trait]
impl OnboardingService for Api {
    #[tracing::instrument(name = "registry.get_onboarding", skip_all)]
    async fn get_onboarding(
        &self,
        request: Request<GetOnboardingRequest>,
    ) -> Result<Response<GetOnboardingResponse>, Status> {
        let onboarding = match name(&request.get_ref().name).map_err(refused)? {
            Name::Connection(id) => self.registry.onboarding(id).await,
            Name::Organization(id) => self.registry.onboarding_of_organization(id).await,
        };
        Ok(Response::new(GetOnboardingResponse { onboarding: Some(message(&onboarding.map_err(refused)?)) }))
    }

    #[tracing::instrument(name = "registry.list_onboardings", skip_all)]
    async fn list_onboardings(
        &self,
        request: Request<ListOnboardingsRequest>,
    ) -> Result<Response<ListOnboardingsResponse>, Status> {
        let ListOnboardingsRequest { parent: of, page_size, page_token, incomplete_only } = request.get_ref();
        let organization = parent(of).map_err(refused)?;
        let listing = Listing::read(&format!("{of}/onboardings"), *page_size, page_token).map_err(refused)?;
        let listed = self.registry.onboardings(organization, *incomplete_only, &listing).await;
        let (onboardings, next_page_token) = listed.map_err(refused)?;
        let onboardings = onboardings.iter().map(message).collect();
        Ok(Response::new(ListOnboardingsResponse { onboardings, next_page_token }))
    }

    #[tracing::instrument(name = "registry.review_mapping", skip_all)]
    async fn review_mapping(
        &self,
        request: Request<ReviewMappingRequest>,
    ) -> Result<Response<ReviewMappingResponse>, Status> {
        let ReviewMappingRequest { name, etag } = request.get_ref();
        let id = resource::connection("name", name).map_err(refused)?;
        let change = change(&request, "etag", reviewed(etag).map_err(refused)?)?;
        let onboarding = self.registry.review_mapping(id, change).await.map_err(refused)?;
        Ok(Response::new(ReviewMappingResponse { onboarding: Some(message(&onboarding)) }))
    }

    #[tracing::instrument(name = "registry.create_test_sign_in", skip_all)]
    async fn create_test_sign_in(
        &self,
        request: Request<CreateTestSignInRequest>,
    ) -> Result<Response<CreateTestSignInResponse>, Status> {
        let CreateTestSignInRequest { connection, lifetime: wanted } = request.get_ref();
        let id = resource::connection("connection", connection).map_err(refused)?;
        let lifetime = lifetime(wanted.as_ref()).map_err(refused)?;
        let made = self.registry.create_test_sign_in(id, lifetime).await.map_err(refused)?;
        let test = TestSignIn { ticket: made.ticket, has_passed: false, outcome: None };
        let test_sign_in = Some(test_message(&test, self.registry.now()));
        Ok(Response::new(CreateTestSignInResponse { test_sign_in, url: made.url }))
    }

    #[tracing::instrument(name = "registry.get_test_sign_in", skip_all)]
    async fn get_test_sign_in(
        &self,
        request: Request<GetTestSignInRequest>,
    ) -> Result<Response<GetTestSignInResponse>, Status> {
        let (connection, test) = test_name(&request.get_ref().name).map_err(refused)?;
        let found = self.registry.test_sign_in(connection, test).await.map_err(refused)?;
        Ok(Response::new(GetTestSignInResponse { test_sign_in: Some(test_message(&found, self.registry.now())) }))
    }
}
