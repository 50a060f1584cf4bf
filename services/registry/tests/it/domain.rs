use tonic::Code;
use vestibule_rpc::registry::v1::{
    AttestDomainRequest, DeleteDomainRequest, Domain, GetDomainRequest, ListDomainsRequest, domain::State,
};

use crate::registry::{Registry, assert_field, assert_refused};

async fn attest(registry: &Registry, name: &str, include_subdomains: bool) -> Result<Domain, tonic::Status> {
    let note = "seen in the contract".to_owned();
    let request = AttestDomainRequest { name: name.to_owned(), include_subdomains, note, etag: String::new() };
    Ok(registry.domains().attest_domain(request).await?.into_inner().domain.unwrap())
}

async fn delete(registry: &Registry, name: &str, etag: &str) -> Result<(), tonic::Status> {
    let request = DeleteDomainRequest { name: name.to_owned(), etag: etag.to_owned() };
    registry.domains().delete_domain(request).await.map(|_| ())
}

#[tokio::test]
async fn a_domain_is_claimed_attested_and_given_up() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let claimed = registry.create_domain(&acme.name, "BÜCHER.Example.").await.unwrap();
    assert!(claimed.name.starts_with(&format!("{}/domains/", acme.name)));
    assert_eq!((claimed.domain_name.as_str(), claimed.state()), ("xn--bcher-kva.example", State::Claimed));
    assert_eq!(claimed.verify_time, None);

    registry.clock.advance(std::time::Duration::from_secs(5));
    let verified = attest(&registry, &claimed.name, true).await.unwrap();
    assert_eq!((verified.state(), verified.include_subdomains), (State::Verified, true));
    assert_eq!(verified.verify_time.unwrap().seconds, claimed.create_time.unwrap().seconds + 5);
    // Repeating it is not an error and changes nothing; changing the wildcard does.
    assert_eq!(attest(&registry, &claimed.name, true).await.unwrap(), verified);
    let narrowed = attest(&registry, &claimed.name, false).await.unwrap();
    assert_eq!((narrowed.include_subdomains, narrowed.etag.as_str()), (false, "3"));

    assert_refused(delete(&registry, &claimed.name, "2").await, Code::Aborted, "ETAG_MISMATCH");
    delete(&registry, &claimed.name, "3").await.unwrap();
    delete(&registry, &claimed.name, "").await.unwrap();
    let request = GetDomainRequest { name: claimed.name.clone() };
    let released = registry.domains().get_domain(request).await.unwrap().into_inner().domain.unwrap();
    assert_eq!((released.state(), released.verify_time), (State::Released, None));
    assert_refused(attest(&registry, &claimed.name, true).await, Code::FailedPrecondition, "DOMAIN_RELEASED");
    let request = ListDomainsRequest { parent: acme.name, ..ListDomainsRequest::default() };
    assert!(registry.domains().list_domains(request).await.unwrap().into_inner().domains.is_empty());
}

#[tokio::test]
async fn an_organization_claims_a_name_once_and_again_after_giving_it_up() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let claimed = registry.create_domain(&acme.name, "acme.test").await.unwrap();
    let again = registry.create_domain(&acme.name, "ACME.test.").await;
    assert_refused(again, Code::AlreadyExists, "NAME_TAKEN");
    delete(&registry, &claimed.name, "").await.unwrap();
    let anew = registry.create_domain(&acme.name, "acme.test").await.unwrap();
    assert_ne!(anew.name, claimed.name);
}

#[tokio::test]
async fn many_may_claim_a_name_and_one_owns_it() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let globex = registry.create_organization("globex").await;
    let ours = registry.create_domain(&acme.name, "acme.test").await.unwrap();
    let theirs = registry.create_domain(&globex.name, "acme.test").await.unwrap();
    attest(&registry, &ours.name, false).await.unwrap();
    assert_refused(attest(&registry, &theirs.name, false).await, Code::AlreadyExists, "NAME_TAKEN");
    delete(&registry, &ours.name, "").await.unwrap();
    assert_eq!(attest(&registry, &theirs.name, false).await.unwrap().state(), State::Verified);
}

#[tokio::test]
async fn of_eight_who_attest_the_same_name_one_succeeds() {
    let registry = Registry::start().await;
    let mut claims = Vec::new();
    for index in 0..8 {
        let organization = registry.create_organization(&format!("acme-{index}")).await;
        claims.push(registry.create_domain(&organization.name, "acme.test").await.unwrap().name);
    }
    let attempts: Vec<_> = claims
        .into_iter()
        .map(|name| {
            let mut domains = registry.domains();
            let request =
                AttestDomainRequest { name, include_subdomains: false, note: "x".to_owned(), etag: String::new() };
            tokio::spawn(async move { domains.attest_domain(request).await })
        })
        .collect();
    let mut won = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => won += 1,
            lost => drop(assert_refused(lost, Code::AlreadyExists, "NAME_TAKEN")),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn what_is_no_domain_or_nobodys_is_refused() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    for name in ["", "localhost", "127.0.0.1", "acme test", "acme..test", &"a.".repeat(200)] {
        let outcome = registry.create_domain(&acme.name, name).await;
        assert_field(outcome, "DOMAIN_NAME_INVALID", "domain.domain_name");
    }
    let nobody = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";
    let outcome = registry.create_domain(nobody, "acme.test").await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    assert_field(registry.create_domain("acme", "acme.test").await, "RESOURCE_NAME_INVALID", "parent");

    let unknown = format!("{}/domains/01890a5d-ac96-774b-bcce-b302099a8057", acme.name);
    assert_refused(attest(&registry, &unknown, true).await, Code::NotFound, "DOMAIN_NOT_FOUND");
    assert_refused(delete(&registry, &unknown, "1").await, Code::NotFound, "DOMAIN_NOT_FOUND");
    let outcome = registry.domains().get_domain(GetDomainRequest { name: unknown }).await;
    assert_refused(outcome, Code::NotFound, "DOMAIN_NOT_FOUND");

    let claimed = registry.create_domain(&acme.name, "acme.test").await.unwrap();
    for (note, reason) in [(" ", "NOTE_REQUIRED"), (&*"x".repeat(501), "NOTE_INVALID")] {
        let request = AttestDomainRequest {
            name: claimed.name.clone(),
            include_subdomains: false,
            note: note.to_owned(),
            etag: String::new(),
        };
        assert_field(registry.domains().attest_domain(request).await, reason, "note");
    }
}

#[tokio::test]
async fn the_domain_of_one_organization_is_not_found_under_another() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await;
    let globex = registry.create_organization("globex").await;
    let ours = registry.create_domain(&acme.name, "acme.test").await.unwrap();
    let id = ours.name.rsplit('/').next().unwrap();
    let smuggled = format!("{}/domains/{id}", globex.name);
    assert_refused(attest(&registry, &smuggled, true).await, Code::NotFound, "DOMAIN_NOT_FOUND");
}
