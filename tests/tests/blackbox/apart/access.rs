use std::net::{Ipv4Addr, TcpStream};

use anyhow::{Context, Result, ensure};
use tonic::Code;
use vestibule_rpc::{
    Outgoing, reason_of,
    registry::v1::{
        CreateOrganizationRequest, ListOrganizationsRequest, organization_service_client::OrganizationServiceClient,
    },
};
use vestibule_tests::{Cli, Fleet, free_port};

/// The exit code for configuration that cannot be used.
const USAGE: i32 = 64;

#[test]
fn an_open_port_without_tls_and_token_is_refused() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let cli = Cli::new(directory.path());
    cli.run(["tls", "init", "--directory", "tls"])?.ok()?;
    let port = free_port()?;
    let listen = format!("grpc.listen=0.0.0.0:{port}");
    let certificate = "grpc.tls.certificate_file=tls/server.pem";
    let key = "grpc.tls.key_file=tls/server.key";
    let token = "grpc.service_token_file=tls/service.token";
    for settings in [vec![], vec![certificate, key], vec![token]] {
        for service in ["registry", "routing", "saml", "enrichment", "gateway", "scim", "all"] {
            let flags = [listen.as_str()].into_iter().chain(settings.iter().copied());
            let arguments = ["serve", service].into_iter().chain(flags.flat_map(|setting| ["--set", setting]));
            let ran = cli.run(arguments)?;
            let said = ran.refused(USAGE)?;
            ensure!(said.contains("grpc.listen") && said.contains("vestibule tls init"), "it does not help: {said}");
        }
    }
    ensure!(!directory.path().join("vestibule-data").exists(), "something was made before the refusal");
    ensure!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "something listens");
    Ok(())
}

#[tokio::test]
async fn services_apart_serve_on_every_interface_with_tls_and_tokens_only() -> Result<()> {
    let port = free_port()?;
    let listen = ("grpc.listen", format!("0.0.0.0:{port}").into());
    let Some(fleet) = Fleet::registry_with(&[listen]).await? else { return Ok(()) };
    let registry = fleet.service("registry");

    let mut nobody = OrganizationServiceClient::new(Outgoing::anonymous().over(registry.transport()?));
    let refused = nobody.list_organizations(ListOrganizationsRequest::default()).await.err().context("it answered")?;
    assert_eq!((refused.code(), reason_of(&refused).as_deref()), (Code::Unauthenticated, Some("TOKEN_MISSING")));

    let mut service = OrganizationServiceClient::new(registry.channel()?);
    service.list_organizations(ListOrganizationsRequest::default()).await?;
    let refused = service.create_organization(CreateOrganizationRequest::default()).await.err().context("it wrote")?;
    let expected = (Code::PermissionDenied, Some("REGISTRY_TOKEN_REQUIRED"));
    assert_eq!((refused.code(), reason_of(&refused).as_deref()), expected);

    // The command line presents the registry's token, and trusts nobody but the deployment's authority.
    registry.run(["org", "list", "--json"])?.json()?;
    registry.run(["tls", "init", "--directory", "other"])?.ok()?;
    let other = fleet.path().join("other/authority.pem");
    let stranger = registry.cli()?.with("VESTIBULE_AUTHORITY_FILE", other.to_string_lossy());
    assert_eq!(stranger.run(["org", "list"])?.code, Some(1));
    let plain = registry.addresses.grpc.replace("https:", "http:");
    assert_eq!(registry.cli()?.with("VESTIBULE_SERVER", plain).run(["org", "list"])?.code, Some(1));
    Ok(())
}
