//! Verifying tokens: a user pool of the sandbox's kind, on the loopback interface, and one in AWS, which nobody reaches.

use std::{sync::LazyLock, time::Duration};

use axum::{Router, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tonic::{Code, Status};
use vestibule_kernel::{Clock as _, IdSource as _, OrganizationId, SystemIds, Timestamp, UserPoolId};
use vestibule_oidc::{Algorithm, JwkSet, SigningKey};
use vestibule_rpc::{
    enrichment::v1::{TokenUse, VerifyTokenRequest, VerifyTokenResponse},
    resource,
};
use vestibule_tenancy::user_pool;

use crate::{deployment::Deployment, store::Gate};

const POOL_ID: &str = "eu-west-1_Sandbox1";
const CLIENT: &str = "3n4b5example";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::parse(Algorithm::Rs256, None, &SigningKey::generate(Algorithm::Rs256).unwrap()).unwrap()
});

/// A deployment with a simulated user pool.
struct Simulated {
    deployment: Deployment,
    id: UserPoolId,
    issuer: String,
    organization: OrganizationId,
}

/// The domain of a simulated pool that publishes our key.
async fn domain() -> String {
    let keys = serde_json::to_string(&[KEY.jwk().clone()].into_iter().collect::<JwkSet>()).unwrap();
    let path = format!("/{POOL_ID}/.well-known/jwks.json");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let domain = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, Router::new().route(&path, get(async || keys))).await });
    domain
}

impl Simulated {
    async fn start() -> Self {
        let mut deployment = Deployment::start().await;
        let (domain, id) = (domain().await, UserPoolId::from_uuid(SystemIds.uuid_v4()));
        deployment.register_pool_at(id, POOL_ID, "Vestibule", &domain).await;
        deployment.settle().await;
        let organization = OrganizationId::from_uuid(SystemIds.uuid_v4());
        Self { deployment, id, issuer: format!("http://{domain}/{POOL_ID}"), organization }
    }

    fn now(&self) -> i64 {
        self.deployment.clock.now().unix_seconds()
    }

    /// An access token, with some claims set to something else.
    fn token(&self, changes: &Value) -> String {
        let mut claims = json!({
            "iss": self.issuer, "sub": "u-1", "client_id": CLIENT, "token_use": "access", "username": "vestibule_u1",
            "scope": "openid invoices/read", "cognito:groups": ["admin"], "org_id": self.organization.to_string(),
            "iat": self.now(), "exp": self.now() + 3_600,
        });
        for (name, value) in changes.as_object().unwrap() {
            *claims.pointer_mut(&format!("/{name}")).unwrap() = value.clone();
        }
        KEY.sign(&claims).unwrap()
    }

    fn request(&self, changes: &Value) -> VerifyTokenRequest {
        let token_use = TokenUse::Access.into();
        VerifyTokenRequest { token: self.token(changes), token_use, ..VerifyTokenRequest::default() }
    }

    async fn verify(&self, request: VerifyTokenRequest) -> Result<VerifyTokenResponse, Status> {
        Ok(self.deployment.client.clone().verify_token(request).await?.into_inner())
    }

    async fn refused(&self, request: VerifyTokenRequest) -> (Code, String) {
        let status = self.verify(request).await.unwrap_err();
        (status.code(), vestibule_rpc::reason_of(&status).unwrap())
    }
}

fn refusal(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn a_good_token_is_answered_with_what_it_says() {
    let simulated = Simulated::start().await;
    let organization = resource::organization_name(simulated.organization);
    let request = VerifyTokenRequest {
        client_ids: vec!["other".to_owned(), CLIENT.to_owned()],
        organization: organization.clone(),
        groups: vec!["admin".to_owned()],
        scopes: vec!["invoices/read".to_owned()],
        ..simulated.request(&json!({}))
    };
    let expires_at = Timestamp::from_unix_seconds(simulated.now() + 3_600);
    let expected = VerifyTokenResponse {
        user_pool: resource::user_pool_name(simulated.id),
        token_use: TokenUse::Access.into(),
        organization,
        subject: "u-1".to_owned(),
        username: "vestibule_u1".to_owned(),
        client_id: CLIENT.to_owned(),
        groups: vec!["admin".to_owned()],
        scopes: vec!["openid".to_owned(), "invoices/read".to_owned()],
        expire_time: Some(vestibule_rpc::proto_timestamp(expires_at)),
    };
    assert_eq!(simulated.verify(request).await.unwrap(), expected);
}

#[tokio::test]
async fn a_token_that_is_not_as_required_is_refused_with_the_reason() {
    let simulated = Simulated::start().await;
    let good = || simulated.request(&json!({}));
    let other = resource::organization_name(OrganizationId::from_uuid(SystemIds.uuid_v4()));
    let one = |text: &str| vec![text.to_owned()];
    let (stranger, intruder) = (Code::Unauthenticated, Code::PermissionDenied);
    for (request, code, reason) in [
        (simulated.request(&json!({ "exp": simulated.now() })), stranger, "TOKEN_EXPIRED"),
        (simulated.request(&json!({ "iss": format!("{}/", simulated.issuer) })), stranger, "TOKEN_ISSUER_UNKNOWN"),
        (VerifyTokenRequest { token_use: TokenUse::Id.into(), ..good() }, stranger, "TOKEN_USE_WRONG"),
        (VerifyTokenRequest { client_ids: one("other"), ..good() }, stranger, "TOKEN_CLIENT_WRONG"),
        (VerifyTokenRequest { groups: one("owner"), ..good() }, intruder, "TOKEN_GROUP_MISSING"),
        (VerifyTokenRequest { scopes: one("invoices/write"), ..good() }, intruder, "TOKEN_SCOPE_MISSING"),
        (VerifyTokenRequest { organization: other.clone(), ..good() }, intruder, "TOKEN_ORGANIZATION_WRONG"),
    ] {
        assert_eq!(simulated.refused(request).await, refusal(code, reason));
    }
    let mut forged = good();
    forged.token =
        format!("{}AAAA{}", &forged.token[..forged.token.len() - 8], &forged.token[forged.token.len() - 4..]);
    assert_eq!(simulated.refused(forged).await, refusal(stranger, "TOKEN_SIGNATURE_INVALID"));
}

#[tokio::test]
async fn a_malformed_question_is_refused_by_field() {
    let simulated = Simulated::start().await;
    let good = || simulated.request(&json!({}));
    let many = || vec!["x".to_owned(); 101];
    for (request, reason, field) in [
        (VerifyTokenRequest { token_use: 0, ..good() }, "TOKEN_USE_UNSPECIFIED", "token_use"),
        (VerifyTokenRequest { token_use: 7, ..good() }, "TOKEN_USE_UNSPECIFIED", "token_use"),
        (VerifyTokenRequest { organization: "acme".to_owned(), ..good() }, "RESOURCE_NAME_INVALID", "organization"),
        (VerifyTokenRequest { client_ids: many(), ..good() }, "LIST_TOO_LONG", "client_ids"),
        (VerifyTokenRequest { groups: many(), ..good() }, "LIST_TOO_LONG", "groups"),
        (VerifyTokenRequest { scopes: many(), ..good() }, "LIST_TOO_LONG", "scopes"),
        (VerifyTokenRequest { token: String::new(), ..good() }, "TOKEN_MALFORMED", "token"),
        (VerifyTokenRequest { token: "x".repeat(40_000), ..good() }, "TOKEN_TOO_LARGE", "token"),
    ] {
        let status = simulated.verify(request).await.unwrap_err();
        assert_eq!(
            (status.code(), vestibule_rpc::reason_of(&status).as_deref()),
            (Code::InvalidArgument, Some(reason))
        );
        assert_eq!(vestibule_rpc::field_violations(&status)[0].0, field);
    }
}

#[tokio::test]
async fn a_token_without_an_organization_of_ours_names_none() {
    let simulated = Simulated::start().await;
    let answer = simulated.verify(simulated.request(&json!({ "org_id": "acme" }))).await.unwrap();
    assert_eq!(answer.organization, "");
}

#[tokio::test]
async fn a_pool_issues_tokens_in_the_name_of_the_domains_it_has_now() {
    let mut simulated = Simulated::start().await;
    simulated.verify(simulated.request(&json!({}))).await.unwrap();
    let moved = user_pool::Updated { domains: Some(vec![domain().await]), ..user_pool::Updated::default() };
    simulated.deployment.change_pool(simulated.id, moved.clone()).await;
    simulated.deployment.settle().await;
    let before = simulated.refused(simulated.request(&json!({}))).await;
    assert_eq!(before, refusal(Code::Unauthenticated, "TOKEN_ISSUER_UNKNOWN"));
    simulated.issuer = format!("http://{}/{POOL_ID}", moved.domains.unwrap()[0]);
    simulated.verify(simulated.request(&json!({}))).await.unwrap();
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_nobodys_fault() {
    let mut simulated = Simulated::start().await;
    let id = UserPoolId::from_uuid(SystemIds.uuid_v4());
    // Nobody listens there: the listener is gone.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    simulated.deployment.register_pool_at(id, "eu-west-1_Gone1", "Vestibule", &closed.to_string()).await;
    simulated.deployment.settle().await;
    let request = simulated.request(&json!({ "iss": format!("http://{closed}/eu-west-1_Gone1") }));
    assert_eq!(simulated.refused(request).await, refusal(Code::Unavailable, "KEYS_UNAVAILABLE"));
}

#[tokio::test]
async fn an_issuer_that_may_be_new_is_not_refused_by_a_view_that_is_too_old() {
    let simulated = Simulated::start().await;
    let stranger = || simulated.request(&json!({ "iss": "http://127.0.0.1:1/eu-west-1_New1" }));
    assert_eq!(simulated.refused(stranger()).await, refusal(Code::Unauthenticated, "TOKEN_ISSUER_UNKNOWN"));
    simulated.deployment.store.stop_readers(Gate::Severed).await;
    simulated.deployment.clock.advance(Duration::from_secs(31));
    assert_eq!(simulated.refused(stranger()).await, refusal(Code::Unavailable, "VIEW_STALE"));
    simulated.verify(simulated.request(&json!({}))).await.unwrap();
}
