use std::collections::HashMap;

use url::Url;
use vestibule_kernel::{IdSource as _, SystemIds, UserPoolId};
use vestibule_rpc::{
    resource,
    routing::v1::{Application, Decision, ResolveSignInRequest, resolve_sign_in_request::Person},
};
use vestibule_tenancy::organization;

use crate::deployment::{Deployment, application, of, outcome};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636 appendix B

async fn url_for(
    deployment: &Deployment,
    person: Person,
    application: Application,
) -> (Decision, HashMap<String, String>) {
    let user_pool = deployment.pool_name();
    let (person, application) = (Some(person), Some(application));
    let request = ResolveSignInRequest { person, user_pool, application, ..ResolveSignInRequest::default() };
    let answer = deployment.ask(request).await.unwrap();
    if answer.authorize_url.is_empty() {
        return (answer.decision(), HashMap::new());
    }
    let url = Url::parse(&answer.authorize_url).unwrap();
    assert_eq!((url.scheme(), url.host_str(), url.path()), ("https", Some("login.acme.example"), "/oauth2/authorize"));
    (answer.decision(), url.query_pairs().into_owned().collect())
}

#[tokio::test]
async fn brokered_goes_to_us_with_the_address_as_it_was_written() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let full = Application {
        client_id: "otherclient".to_owned(),
        scopes: vec!["openid".to_owned(), "api/read".to_owned()],
        state: "a b&c".to_owned(),
        nonce: "n".to_owned(),
        code_challenge: CHALLENGE.to_owned(),
        switch_account: true,
        ..application()
    };
    let (decision, query) = url_for(&deployment, Person::Email(" Ada+x@ACME.test.".to_owned()), full).await;
    assert_eq!(decision, Decision::Brokered);
    let expected = [
        ("response_type", "code"),
        ("client_id", "otherclient"),
        ("redirect_uri", "https://app.acme.example/callback"),
        ("scope", "openid api/read"),
        ("state", "a b&c"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("identity_provider", "Vestibule"),
        ("login_hint", "Ada+x@ACME.test."),
        ("prompt", "login"),
    ];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn people_without_an_address_carry_a_ticket() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    deployment.connection(acme, "Entra").await;
    deployment.settle().await;

    for person in [Person::Domain("acme.test".to_owned()), Person::OrganizationCode("acme".to_owned())] {
        let (decision, query) = url_for(&deployment, person, application()).await;
        assert_eq!((decision, query["identity_provider"].as_str()), (Decision::Choose, "Vestibule"));
        assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("3n4b5example", "openid email"));
        let hinted = deployment.resolve(Person::LoginHint(query["login_hint"].clone())).await;
        assert_eq!(outcome(&hinted), (Decision::Choose, "SEVERAL_CONNECTIONS"));
        let ticket = hinted.connections[1].ticket.clone();
        let (decision, query) = url_for(&deployment, Person::Ticket(ticket.clone()), application()).await;
        assert_eq!((decision, &query["login_hint"]), (Decision::Brokered, &ticket));
    }
}

#[tokio::test]
async fn standard_goes_to_the_pools_own_login() {
    let mut deployment = Deployment::start().await;
    deployment.settle().await;
    let (decision, query) = url_for(&deployment, Person::Email("ada@free.test".to_owned()), application()).await;
    assert_eq!(decision, Decision::Standard);
    assert!(!query.contains_key("identity_provider"));
    assert_eq!(query["login_hint"], "ada@free.test", "fills the login page");
    let (_, query) = url_for(&deployment, Person::OrganizationCode("nobody".to_owned()), application()).await;
    assert!(!query.contains_key("login_hint") && !query.contains_key("identity_provider"));

    let mut without_pool = of(Person::Email("ada@free.test".to_owned()));
    without_pool.application = Some(application());
    assert_eq!(deployment.ask(without_pool).await.unwrap().authorize_url, "", "no pool is known");
}

#[tokio::test]
async fn refused_goes_nowhere() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    deployment.change(acme, organization::Suspended { note: String::new() }).await;
    deployment.settle().await;
    let (decision, query) = url_for(&deployment, Person::Email("ada@acme.test".to_owned()), application()).await;
    assert_eq!((decision, query.len()), (Decision::Refused, 0));
}

#[tokio::test]
async fn what_cannot_stand_in_the_url_is_named() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;
    let cases = [
        (Application { redirect_uri: "/callback".to_owned(), ..application() }, "application.redirect_uri"),
        (
            Application { redirect_uri: "http://app.acme.example/".to_owned(), ..application() },
            "application.redirect_uri",
        ),
        (Application { client_id: "a b".to_owned(), ..application() }, "application.client_id"),
        (Application { scopes: vec!["a b".to_owned()], ..application() }, "application.scopes"),
        (Application { state: "x".repeat(2049), ..application() }, "application.state"),
        (Application { nonce: "\n".to_owned(), ..application() }, "application.nonce"),
        (Application { code_challenge: "plain".to_owned(), ..application() }, "application.code_challenge"),
    ];
    for (application, field) in cases {
        let request =
            ResolveSignInRequest { application: Some(application), ..of(Person::Email("ada@acme.test".to_owned())) };
        let status = deployment.ask(request).await.unwrap_err();
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("APPLICATION_INVALID"));
        assert_eq!(vestibule_rpc::field_violations(&status)[0].0, field);
    }
}

#[tokio::test]
async fn an_organization_with_an_app_client_of_its_own_signs_in_through_that_one() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    let placed = |placement| organization::Updated { placement: Some(placement), ..organization::Updated::default() };
    let user_pool = deployment.pool;
    let bridge = organization::Placement::AppClient { user_pool, app_client_id: "acmeclient".to_owned() };
    deployment.change(acme, placed(bridge)).await;
    deployment.settle().await;
    let ada = || Person::Email("ada@acme.test".to_owned());

    let (decision, query) = url_for(&deployment, ada(), application()).await;
    assert_eq!((decision, query["client_id"].as_str()), (Decision::Brokered, "acmeclient"));
    let named = Application { client_id: "acmeclient".to_owned(), ..application() };
    assert_eq!(url_for(&deployment, ada(), named).await, (decision, query));

    let other = Application { client_id: "3n4b5example".to_owned(), ..application() };
    let answer = deployment.ask(ResolveSignInRequest { application: Some(other.clone()), ..of(ada()) }).await.unwrap();
    assert_eq!(outcome(&answer), (Decision::Refused, "OTHER_APP_CLIENT"), "it would get no tokens there");
    assert_eq!((answer.authorize_url.as_str(), answer.connections.len()), ("", 0));

    // Nor does anybody else get tokens for the app client that is Acme's own.
    deployment.customer("globex", "globex.test").await;
    deployment.settle().await;
    let acmes = Application { client_id: "acmeclient".to_owned(), ..application() };
    let bob = || of(Person::Email("bob@globex.test".to_owned()));
    let answer = deployment.ask(ResolveSignInRequest { application: Some(acmes.clone()), ..bob() }).await.unwrap();
    assert_eq!(outcome(&answer), (Decision::Refused, "OTHER_APP_CLIENT"));
    assert_eq!(outcome(&deployment.ask(bob()).await.unwrap()), (Decision::Brokered, "DOMAIN_VERIFIED"));

    deployment.change(acme, placed(organization::Placement::Group { user_pool, group: "acme".to_owned() })).await;
    deployment.settle().await;
    let answer = deployment.ask(ResolveSignInRequest { application: Some(acmes), ..bob() }).await.unwrap();
    assert_eq!(outcome(&answer), (Decision::Brokered, "DOMAIN_VERIFIED"), "what is given up is nobody's");
    let (decision, query) = url_for(&deployment, ada(), other).await;
    assert_eq!((decision, query["client_id"].as_str()), (Decision::Brokered, "3n4b5example"));
}

#[tokio::test]
async fn an_organization_in_a_pool_of_its_own_signs_in_there() {
    let mut deployment = Deployment::start().await;
    let (acme, _) = deployment.customer("acme", "acme.test").await;
    let silo = UserPoolId::from_uuid(SystemIds.uuid_v4());
    deployment.register_pool(silo, "acme.login.example").await;
    let placement = Some(organization::Placement::OwnPool { user_pool: silo });
    deployment.change(acme, organization::Updated { placement, ..organization::Updated::default() }).await;
    deployment.settle().await;

    let mut request = of(Person::Email("ada@acme.test".to_owned()));
    request.application = Some(application());
    let answer = deployment.ask(request.clone()).await.unwrap();
    assert_eq!(answer.user_pool, resource::user_pool_name(silo));
    let url = Url::parse(&answer.authorize_url).unwrap();
    assert_eq!(url.host_str(), Some("acme.login.example"));
    request.user_pool = deployment.pool_name();
    assert_eq!(outcome(&deployment.ask(request).await.unwrap()), (Decision::Standard, "OTHER_USER_POOL"));
}
