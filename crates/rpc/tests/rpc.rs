//! Black-box tests of the contract's plumbing: statuses, resource names, the in-memory transport.

use tonic::{Code, Request, Response, Status};
use vestibule_kernel::{ConnectionId, Explain, Explanation, Kind, OrganizationId, Timestamp, UserPoolId};
use vestibule_rpc::{
    Caller, field_violations, from_proto_timestamp, memory, proto_timestamp, reason_of,
    registry::v1::{
        GetOrganizationRequest, GetOrganizationResponse,
        organization_service_client::OrganizationServiceClient,
        organization_service_server::{OrganizationService, OrganizationServiceServer},
    },
    resource, to_status,
};

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("slug has an upper-case letter")]
    Slug,
    #[error("the password is hunter2")]
    Inside,
}

impl Explain for Trouble {
    fn explain(&self) -> Explanation {
        match self {
            Self::Slug => Explanation::field("SLUG_INVALID", "organization.slug", "use lower-case letters"),
            Self::Inside => Explanation::new(Kind::Internal, "INSIDE"),
        }
    }
}

#[test]
fn a_refusal_names_reason_and_field() {
    let status = to_status("registry.vestibule", &Trouble::Slug);
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "slug has an upper-case letter");
    assert_eq!(reason_of(&status).as_deref(), Some("SLUG_INVALID"));
    assert_eq!(field_violations(&status), [("organization.slug".to_owned(), "use lower-case letters".to_owned())]);
}

#[test]
fn what_went_wrong_inside_stays_inside() {
    let status = to_status("registry.vestibule", &Trouble::Inside);
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::Internal, Some("INSIDE")));
    assert!(!format!("{status:?}").contains("hunter2"));
}

#[test]
fn resource_names_are_read_exactly() {
    let organization: OrganizationId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let connection: ConnectionId = "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
    let name = resource::connection_name(organization, connection);
    assert_eq!(resource::connection("name", &name), Ok((organization, connection)));
    for wrong in [format!("{name}/"), format!("/{name}"), name.replace("organizations", "Organizations"), String::new()]
    {
        let refused = resource::connection("name", &wrong).unwrap_err();
        assert_eq!(refused.explain().reason, "RESOURCE_NAME_INVALID", "{wrong}");
    }
    let pool: UserPoolId = "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap();
    assert_eq!(resource::user_pool("name", &resource::user_pool_name(pool)), Ok(pool));
}

#[test]
fn timestamps_survive_protobuf() {
    let moment = Timestamp::from_unix_millis(1_795_246_201_250);
    assert_eq!(from_proto_timestamp(&proto_timestamp(moment)), Some(moment));
    assert_eq!(from_proto_timestamp(&prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }), None);
    assert_eq!(from_proto_timestamp(&prost_types::Timestamp { seconds: 1, nanos: -1 }), None);
}

/// Answers who called.
struct Echo;

#[tonic::async_trait]
impl OrganizationService for Echo {
    async fn get_organization(
        &self,
        request: Request<GetOrganizationRequest>,
    ) -> Result<Response<GetOrganizationResponse>, Status> {
        Err(Status::not_found(Caller::of(&request).actor))
    }

    async fn list_organizations(
        &self,
        _: Request<vestibule_rpc::registry::v1::ListOrganizationsRequest>,
    ) -> Result<Response<vestibule_rpc::registry::v1::ListOrganizationsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn create_organization(
        &self,
        _: Request<vestibule_rpc::registry::v1::CreateOrganizationRequest>,
    ) -> Result<Response<vestibule_rpc::registry::v1::CreateOrganizationResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn update_organization(
        &self,
        _: Request<vestibule_rpc::registry::v1::UpdateOrganizationRequest>,
    ) -> Result<Response<vestibule_rpc::registry::v1::UpdateOrganizationResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn suspend_organization(
        &self,
        _: Request<vestibule_rpc::registry::v1::SuspendOrganizationRequest>,
    ) -> Result<Response<vestibule_rpc::registry::v1::SuspendOrganizationResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn reinstate_organization(
        &self,
        _: Request<vestibule_rpc::registry::v1::ReinstateOrganizationRequest>,
    ) -> Result<Response<vestibule_rpc::registry::v1::ReinstateOrganizationResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

#[tokio::test]
async fn a_process_speaks_grpc_to_itself_in_memory_and_is_known_as_service() {
    let channel = memory::serve(tonic::service::Routes::new(OrganizationServiceServer::new(Echo)));
    let mut client = OrganizationServiceClient::new(channel);
    for _ in 0..2 {
        let status = client.get_organization(GetOrganizationRequest::default()).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "service"));
    }
}
