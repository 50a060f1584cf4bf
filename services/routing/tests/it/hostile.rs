use tonic::Code;
use vestibule_rpc::routing::v1::{ResolveSignInRequest, resolve_sign_in_request::Person};

use crate::deployment::Deployment;

#[tokio::test]
async fn what_is_no_address_domain_or_code_has_a_reason_and_a_field() {
    let mut deployment = Deployment::start().await;
    deployment.customer("acme", "acme.test").await;
    deployment.settle().await;

    let email = |text: &str| Person::Email(text.to_owned());
    let domain = |text: &str| Person::Domain(text.to_owned());
    let code = |text: &str| Person::OrganizationCode(text.to_owned());
    let hint = |text: &str| Person::LoginHint(text.to_owned());
    let oversize = "x".repeat(1025);
    let cases = [
        (email(""), "EMAIL_INVALID"),
        (email("acme.test"), "EMAIL_INVALID"),
        (email("@acme.test"), "EMAIL_INVALID"),
        (email("ada@evil.test@acme.test"), "EMAIL_INVALID"),
        (email("\"ada@evil.test\"@acme.test"), "EMAIL_INVALID"),
        (email("\"ada\"@acme.test"), "EMAIL_INVALID"),
        (email("Ada <ada@acme.test>"), "EMAIL_INVALID"),
        (email("ada@acme.test, bob@acme.test"), "EMAIL_INVALID"),
        (email("ada\0@acme.test"), "EMAIL_INVALID"),
        (email("ada\r\n@acme.test"), "EMAIL_INVALID"),
        (email(&format!("{}@acme.test", "x".repeat(65))), "EMAIL_INVALID"),
        (email("ada@"), "DOMAIN_NAME_INVALID"),
        (email("ada@acme"), "DOMAIN_NAME_INVALID"),
        (email("ada@acme..test"), "DOMAIN_NAME_INVALID"),
        (email("ada@[127.0.0.1]"), "DOMAIN_NAME_INVALID"),
        (email("ada@127.0.0.1"), "DOMAIN_NAME_INVALID"),
        (email("ada@acme.test\0"), "DOMAIN_NAME_INVALID"),
        (email("ada@acme .test"), "DOMAIN_NAME_INVALID"),
        (email(&oversize), "TEXT_TOO_LONG"),
        (domain(""), "DOMAIN_NAME_INVALID"),
        (domain("ada@acme.test"), "DOMAIN_NAME_INVALID"),
        (domain("https://acme.test"), "DOMAIN_NAME_INVALID"),
        (domain(&format!("{}.test", "a".repeat(300))), "DOMAIN_NAME_INVALID"),
        (domain(&oversize), "TEXT_TOO_LONG"),
        (code(""), "SLUG_INVALID"),
        (code("a"), "SLUG_INVALID"),
        (code("ac me"), "SLUG_INVALID"),
        (code("acme\n"), "SLUG_INVALID"),
        (code("acm\u{435}"), "SLUG_INVALID"),
        (hint(""), "SLUG_INVALID"),
        (hint("@"), "EMAIL_INVALID"),
        (hint("acme.test"), "SLUG_INVALID"),
        (hint(&oversize), "TEXT_TOO_LONG"),
    ];
    for (person, reason) in cases {
        let shown = format!("{person:?}");
        let request = ResolveSignInRequest { person: Some(person), ..ResolveSignInRequest::default() };
        let status = deployment.ask(request).await.expect_err(&shown);
        assert_eq!(status.code(), Code::InvalidArgument, "{shown}");
        assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some(reason), "{shown}");
        assert_eq!(vestibule_rpc::field_violations(&status).len(), 1, "{shown}");
    }
    let status = deployment.ask(ResolveSignInRequest::default()).await.unwrap_err();
    assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("PERSON_MISSING"));
    let (person, user_pool) = (Some(code("acme")), "pools/x".to_owned());
    let pool = ResolveSignInRequest { person, user_pool, ..ResolveSignInRequest::default() };
    let status = deployment.ask(pool).await.unwrap_err();
    assert_eq!(vestibule_rpc::reason_of(&status).as_deref(), Some("RESOURCE_NAME_INVALID"));
}

#[tokio::test]
async fn an_oversized_request_is_refused_before_it_is_read() {
    let mut deployment = Deployment::start().await;
    deployment.settle().await;
    let request =
        ResolveSignInRequest { person: Some(Person::Email("x".repeat(100_000))), ..ResolveSignInRequest::default() };
    assert_eq!(deployment.ask(request).await.unwrap_err().code(), Code::OutOfRange);
    deployment.resolve_email("ada@acme.test").await;
}
