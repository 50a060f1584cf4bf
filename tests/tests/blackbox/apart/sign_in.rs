use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio_stream::StreamExt as _;
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use vestibule_sandbox::{check::Claims, roster::find_person};
use vestibule_tests::{Fleet, SERVICES, Surroundings, Vestibule};

#[tokio::test]
async fn people_sign_in_through_services_apart() -> Result<()> {
    let Some(mut fleet) = Fleet::start().await? else { return Ok(()) };
    let surroundings = fleet.surroundings().await?;
    // One organization with one connection, one with several, of which the person's is chosen by a signed ticket.
    for email in ["ada@acme.test", "edsger@initech.test"] {
        let claims = surroundings.walk().sign_in(email).await?;
        the_organization_is_in_both_tokens(&claims, email, &surroundings)?;
    }
    let subject = |claims: &Claims| claims.id_token.get("sub").cloned();
    let (first, second) =
        (surroundings.walk().sign_in("ada@acme.test").await?, surroundings.walk().sign_in("ada@acme.test").await?);
    assert_eq!(subject(&first), subject(&second), "who signs in again is the same person");

    for name in SERVICES {
        let service = fleet.service(name);
        assert_eq!(service.run(["health"])?.ok()?, "the server is serving\n");
        assert_eq!(service.run(["health", name])?.ok()?, format!("{name} is serving\n"));
        assert_eq!(reflected(service).await?, expected(name), "{name}");
    }
    let said = fleet.terminate().await?;
    ensure!(!said.contains("ERROR") && !said.contains("WARN"), "something was not right: {said}");
    Ok(())
}

fn the_organization_is_in_both_tokens(claims: &Claims, email: &str, surroundings: &Surroundings) -> Result<()> {
    let (login, _) = find_person(email).context("nobody has this address")?;
    let organizations = &surroundings.sandbox.seeded.organizations;
    let mine = organizations.iter().find(|one| one.connections.iter().any(|(path, _)| *path == login.path));
    let id = mine.and_then(|one| one.name.strip_prefix("organizations/")).context("an organization")?;
    for token in [&claims.id_token, &claims.access_token] {
        ensure!(token.get("org_id").and_then(Value::as_str) == Some(id), "{email} belongs to {id}: {token}");
    }
    Ok(())
}

/// The services that the server tells of.
async fn reflected(service: &Vestibule) -> Result<Vec<String>> {
    let question = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let mut client = ServerReflectionClient::new(service.channel()?);
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
    let answer = answers.next().await.context("no answer")??.message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { anyhow::bail!("{answer:?}") };
    let mut names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    Ok(names)
}

fn expected(service: &str) -> Vec<String> {
    let own: &[&str] = match service {
        "registry" => &[
            "events.v1.EventService",
            "provisioning.v1.ProvisioningService",
            "registry.v1.CertificateService",
            "registry.v1.ClaimPolicyService",
            "registry.v1.ConnectionService",
            "registry.v1.DirectoryService",
            "registry.v1.DomainService",
            "registry.v1.OnboardingService",
            "registry.v1.OrganizationService",
            "registry.v1.PersonService",
            "registry.v1.UserPoolService",
        ],
        "routing" => &["routing.v1.RoutingService"],
        "saml" => &["saml.v1.SamlService"],
        "enrichment" => &["enrichment.v1.EnrichmentService"],
        "gateway" => &["gateway.v1.SignInService", "gateway.v1.SigningKeyService"],
        _ => &[],
    };
    let general = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"].map(str::to_owned);
    general.into_iter().chain(own.iter().map(|name| format!("vestibule.{name}"))).collect()
}
