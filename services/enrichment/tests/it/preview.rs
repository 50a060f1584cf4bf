//! What would go into the tokens, before anything goes live.

use std::collections::BTreeMap;

use serde_json::json;
use tonic::{Code, Status};
use vestibule_claims::{from_json, to_json};
use vestibule_kernel::{IdSource as _, OrganizationId, SystemIds, UserPoolId};
use vestibule_rpc::{
    enrichment::v1::{
        HypotheticalPerson, PreviewClaimsRequest, PreviewClaimsResponse, PreviewedText, PreviewedToken,
        preview_claims_request::Subject,
    },
    field_violations, reason_of,
    registry::v1::{ClaimPolicy, ClaimRule, claim_policy::EventVersion, claim_rule},
};
use vestibule_tenancy::{
    claim_policy::{Attribute, ClaimSource, Target},
    organization::Placement,
    person::RolesChanged,
};

use crate::{deployment::Deployment, event::sign_in};

type Stored = vestibule_tenancy::claim_policy::ClaimPolicy;

fn stored(name: &str, source: ClaimSource) -> Stored {
    let rule = vestibule_tenancy::claim_policy::ClaimRule { source: Some(source), tokens: None };
    Stored { claims: [(name.to_owned(), rule)].into(), ..Stored::default() }
}

fn from(source: &str) -> ClaimRule {
    ClaimRule { source: Some(claim_rule::Source::From(source.to_owned())), tokens: 0 }
}

fn constant(text: &str) -> ClaimRule {
    let value = from_json(&text.into());
    ClaimRule { source: Some(claim_rule::Source::Constant(value)), tokens: 0 }
}

fn proposed(name: String, claim: &str, rule: ClaimRule) -> ClaimPolicy {
    ClaimPolicy { name, claims: [(claim.to_owned(), rule)].into(), ..ClaimPolicy::default() }
}

fn somebody(organization: OrganizationId, roles: &[&str]) -> PreviewClaimsRequest {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let organization = format!("organizations/{organization}");
    let person = HypotheticalPerson { organization, roles, connection: String::new() };
    PreviewClaimsRequest { subject: Some(Subject::Hypothetical(person)), ..PreviewClaimsRequest::default() }
}

async fn preview(of: &Deployment, request: PreviewClaimsRequest) -> Result<PreviewClaimsResponse, Status> {
    Ok(of.client.clone().preview_claims(request).await?.into_inner())
}

/// The claims of a token and who says their values.
fn claims(token: Option<&PreviewedToken>) -> BTreeMap<String, (serde_json::Value, String)> {
    let claims = token.unwrap().claims.iter();
    claims.map(|claim| (claim.name.clone(), (to_json(claim.value.as_ref().unwrap()), claim.policy.clone()))).collect()
}

fn reasons(answer: &PreviewClaimsResponse) -> Vec<&str> {
    answer.warnings.iter().map(|warning| warning.reason.as_str()).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Code, reason: &str) -> Vec<String> {
    let status = outcome.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (code, Some(reason)), "{status:?}");
    field_violations(&status).into_iter().map(|(field, _)| field).collect()
}

#[tokio::test]
async fn without_a_policy_the_defaults_are_shown() {
    let mut deployment = Deployment::start().await;
    let acme = deployment.organization().await;
    let answer = preview(&deployment, somebody(acme, &["admin"])).await.unwrap();
    for token in [&answer.id_token, &answer.access_token] {
        let expected = [("org_id".to_owned(), (acme.to_string().into(), "defaults".to_owned()))];
        assert_eq!(claims(token.as_ref()), expected.into());
    }
    assert_eq!(answer.scopes_suppressed, ["aws.cognito.signin.user.admin"]);
    assert_eq!((answer.app_client_id.as_str(), answer.event_version()), ("3n4b5example", EventVersion::V20));
    assert_eq!((answer.groups_overridden, answer.refused.as_str(), reasons(&answer)), (false, "", vec![]));
}

#[tokio::test]
async fn a_person_is_shown_with_what_is_known_and_which_policy_said_so() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let connection = deployment.connection(acme).await;
    let roles = vec!["admin".to_owned(), "owner".to_owned()];
    deployment.change_person(acme, ann, RolesChanged { person: ann, roles, directory: None }).await;
    let pool = deployment.pool;
    let of_pool = stored("roles", ClaimSource::From(Attribute::PersonRoles));
    let of_pool = Stored { scopes: vec!["tenant/{organization.id}".to_owned()], ..of_pool };
    deployment.set_policy(Target::UserPool { user_pool: pool }, of_pool).await;
    let of_acme = stored("via", ClaimSource::From(Attribute::PersonConnection));
    deployment.set_policy(Target::Organization { organization: acme }, of_acme).await;
    let of_app = Target::AppClient { user_pool: pool, app_client_id: "app".to_owned() };
    deployment.set_policy(of_app, stored("kind", ClaimSource::Constant("mobile".into()))).await;

    let request = PreviewClaimsRequest {
        subject: Some(Subject::Person(format!("organizations/{acme}/persons/{ann}"))),
        app_client_id: "app".to_owned(),
        groups: vec!["beta".to_owned()],
        ..PreviewClaimsRequest::default()
    };
    let answer = preview(&deployment, request.clone()).await.unwrap();
    let (pool_policy, acme_policy) =
        (format!("userPools/{pool}/claimPolicy"), format!("organizations/{acme}/claimPolicy"));
    let app_policy = format!("userPools/{pool}/appClients/app/claimPolicy");
    let shown = claims(answer.access_token.as_ref());
    assert_eq!(shown["roles"], (json!(["admin", "owner"]), pool_policy.clone()));
    assert_eq!(shown["via"], (connection.to_string().into(), acme_policy));
    assert_eq!(shown["kind"], ("mobile".into(), app_policy));
    assert_eq!(answer.scopes, [PreviewedText { text: format!("tenant/{acme}"), policy: pool_policy }]);
    assert_eq!(answer.groups, [PreviewedText { text: "beta".to_owned(), policy: String::new() }]);

    // What an app client does not say holds for no other.
    let answer =
        preview(&deployment, PreviewClaimsRequest { app_client_id: "web".to_owned(), ..request }).await.unwrap();
    assert!(!claims(answer.id_token.as_ref()).contains_key("kind"));
}

#[tokio::test]
async fn a_proposed_policy_is_shown_and_nothing_is_saved() {
    let mut deployment = Deployment::start().await;
    let acme = deployment.organization().await;
    let pool = deployment.pool;
    let saved = stored("plan", ClaimSource::Constant("basic".into()));
    deployment.set_policy(Target::UserPool { user_pool: pool }, saved).await;
    let name = format!("organizations/{acme}/claimPolicy");
    let request = PreviewClaimsRequest {
        proposed: vec![
            proposed(name.clone(), "plan", constant("gold")),
            proposed(
                format!("userPools/{pool}/appClients/3n4b5example/claimPolicy"),
                "tier",
                from("organization.tier"),
            ),
        ],
        ..somebody(acme, &[])
    };
    let answer = preview(&deployment, request).await.unwrap();
    let shown = claims(answer.id_token.as_ref());
    assert_eq!(shown["plan"], ("gold".into(), name));
    assert_eq!(shown["tier"].0, "gold");
    let now = preview(&deployment, somebody(acme, &[])).await.unwrap();
    assert_eq!(claims(now.id_token.as_ref())["plan"].0, "basic");
}

#[tokio::test]
async fn a_proposal_that_may_not_be_saved_is_refused_as_the_registry_would() {
    let mut deployment = Deployment::start().await;
    let acme = deployment.organization().await;
    let pool = deployment.pool;
    let of_acme = format!("organizations/{acme}/claimPolicy");
    let with = |proposed| PreviewClaimsRequest { proposed, ..somebody(acme, &[]) };
    let bad = Code::InvalidArgument;
    let forged = with(vec![proposed(of_acme.clone(), "sub", constant("x"))]);
    assert_eq!(refused(preview(&deployment, forged).await, bad, "CLAIM_RESERVED"), ["proposed[0].claims[sub]"]);
    let unknown = with(vec![proposed(of_acme.clone(), "a", from("person.shoe_size"))]);
    assert_eq!(
        refused(preview(&deployment, unknown).await, bad, "CLAIM_SOURCE_UNKNOWN"),
        ["proposed[0].claims[a].from"]
    );
    let one = proposed(of_acme.clone(), "a", constant("x"));
    let twice = with(vec![one.clone(), one.clone()]);
    assert_eq!(refused(preview(&deployment, twice).await, bad, "POLICY_TWICE"), ["proposed[1]"]);
    let other = OrganizationId::from_uuid(SystemIds.uuid_v4());
    let unused = with(vec![proposed(format!("organizations/{other}/claimPolicy"), "a", constant("x"))]);
    assert_eq!(refused(preview(&deployment, unused).await, bad, "POLICY_NOT_USED"), ["proposed[0]"]);
    let nameless = with(vec![ClaimPolicy::default()]);
    assert_eq!(refused(preview(&deployment, nameless).await, bad, "RESOURCE_NAME_INVALID"), ["proposed.name"]);
    // Against the policy of the pool as it is proposed, too.
    let pair = with(vec![
        proposed(format!("userPools/{pool}/claimPolicy"), "tenant_id", from("organization.id")),
        proposed(of_acme, "tenant_id", constant("globex")),
    ]);
    assert_eq!(
        refused(preview(&deployment, pair).await, bad, "CLAIM_FIXED_ABOVE"),
        ["proposed[1].claims[tenant_id].source"]
    );
}

#[tokio::test]
async fn placements_and_clients_are_shown_as_they_are() {
    let mut deployment = Deployment::start().await;
    let acme = deployment.organization().await;
    let user_pool = deployment.pool;
    deployment.place(acme, Placement::Group { user_pool, group: "acme".to_owned() }).await;
    let answer = preview(&deployment, somebody(acme, &[])).await.unwrap();
    assert!(answer.groups_overridden);
    assert_eq!(answer.groups, [PreviewedText { text: "acme".to_owned(), policy: "defaults".to_owned() }]);

    deployment.place(acme, Placement::AppClient { user_pool, app_client_id: "own".to_owned() }).await;
    let answer = preview(&deployment, somebody(acme, &[])).await.unwrap();
    assert_eq!((answer.app_client_id.as_str(), answer.refused.as_str()), ("own", ""));
    let other = PreviewClaimsRequest { app_client_id: "other".to_owned(), ..somebody(acme, &[]) };
    let answer = preview(&deployment, other).await.unwrap();
    assert_eq!(answer.refused, "APP_CLIENT_NOT_ALLOWED");
    assert!(answer.id_token.is_none() && answer.access_token.is_none());

    let client = PreviewClaimsRequest {
        subject: Some(Subject::ClientOf(format!("organizations/{acme}"))),
        event_version: EventVersion::V30.into(),
        ..PreviewClaimsRequest::default()
    };
    let answer = preview(&deployment, client).await.unwrap();
    assert!(answer.id_token.is_none());
    assert_eq!(claims(answer.access_token.as_ref())["org_id"].0, acme.to_string());
}

#[tokio::test]
async fn what_cannot_be_is_warned_of() {
    let mut deployment = Deployment::start().await;
    let acme = deployment.organization().await;
    let policy = Stored { scopes: vec!["crm/{organization.external_id}".to_owned()], ..Stored::default() };
    deployment.set_policy(Target::UserPool { user_pool: deployment.pool }, policy).await;
    let answer = preview(&deployment, somebody(acme, &[])).await.unwrap();
    assert_eq!(reasons(&answer), ["VALUE_UNUSABLE"], "the organization has no external id");
    let roles: Vec<String> = (0..101).map(|index| format!("role-{index}")).collect();
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let answer = preview(&deployment, somebody(acme, &roles)).await.unwrap();
    assert_eq!(reasons(&answer), ["ROLES_REFERENCED", "VALUE_UNUSABLE"]);
    let first = PreviewClaimsRequest { event_version: EventVersion::V10.into(), ..somebody(acme, &[]) };
    let answer = preview(&deployment, first).await.unwrap();
    assert!(answer.access_token.is_none() && answer.scopes.is_empty());
    assert_eq!(reasons(&answer), ["NOT_IN_V1_0", "NOT_IN_V1_0"]);
    // An organization's policy that the pool's has overtaken.
    let forged = stored("tier", ClaimSource::Constant("diamond".into()));
    deployment.set_policy(Target::Organization { organization: acme }, forged).await;
    let tier = stored("tier", ClaimSource::From(Attribute::OrganizationTier));
    deployment.set_policy(Target::UserPool { user_pool: deployment.pool }, tier).await;
    let answer = preview(&deployment, somebody(acme, &[])).await.unwrap();
    assert_eq!(reasons(&answer), ["CLAIM_FIXED_ABOVE"]);
    assert_eq!(answer.warnings[0].field, format!("organizations/{acme}/claimPolicy: claims[tier].source"));
    assert_eq!(claims(answer.id_token.as_ref())["tier"].0, "gold");
}

#[tokio::test]
async fn nobody_is_made_up() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let (globex, _) = deployment.ann().await;
    let of = |subject| PreviewClaimsRequest { subject, ..PreviewClaimsRequest::default() };
    let bad = Code::InvalidArgument;
    assert_eq!(refused(preview(&deployment, of(None)).await, bad, "SUBJECT_REQUIRED"), ["subject"]);
    let person = |text: String| of(Some(Subject::Person(text)));
    for nonsense in ["", "ann", &format!("organizations/{acme}/persons/"), &format!("persons/{ann}")] {
        let outcome = preview(&deployment, person(nonsense.to_owned())).await;
        assert_eq!(refused(outcome, bad, "RESOURCE_NAME_INVALID"), ["person"], "{nonsense}");
    }
    // She is known, and not there.
    let elsewhere = preview(&deployment, person(format!("organizations/{globex}/persons/{ann}"))).await;
    refused(elsewhere, Code::NotFound, "PERSON_UNKNOWN");
    let nowhere = OrganizationId::from_uuid(UserPoolId::from_uuid(SystemIds.uuid_v4()).uuid());
    refused(preview(&deployment, somebody(nowhere, &[])).await, Code::NotFound, "ORGANIZATION_UNKNOWN");
    let outcome = preview(&deployment, somebody(acme, &["admin", "Not a role"])).await;
    assert_eq!(refused(outcome, bad, "ROLE_INVALID"), ["hypothetical.roles[1]"]);
    let many = vec!["a"; 1_001];
    let outcome = preview(&deployment, somebody(acme, &many)).await;
    assert_eq!(refused(outcome, bad, "LIST_TOO_LONG"), ["hypothetical.roles"]);
    let scopes = PreviewClaimsRequest { scopes: vec!["a".to_owned(); 101], ..somebody(acme, &[]) };
    assert_eq!(refused(preview(&deployment, scopes).await, bad, "LIST_TOO_LONG"), ["scopes"]);
    let connection = deployment.connection(globex).await;
    let foreign = HypotheticalPerson {
        organization: format!("organizations/{acme}"),
        roles: Vec::new(),
        connection: format!("organizations/{globex}/connections/{connection}"),
    };
    let outcome = preview(&deployment, of(Some(Subject::Hypothetical(foreign)))).await;
    assert_eq!(refused(outcome, bad, "RESOURCE_NAME_INVALID"), ["hypothetical.connection"]);
    let version = PreviewClaimsRequest { event_version: 9, ..somebody(acme, &[]) };
    assert_eq!(refused(preview(&deployment, version).await, bad, "ENUM_VALUE_UNKNOWN"), ["event_version"]);
}

/// As a program of another version may have written it, or somebody who writes to the store.
#[tokio::test]
async fn a_stored_policy_that_says_what_it_may_not_does_no_harm() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let forged: Stored = serde_json::from_value(json!({
        "claims": {
            "sub": { "source": { "constant": "globex-admin" } },
            "iss": { "source": { "constant": "https://evil.example" } },
            "org_id": { "source": { "constant": "globex" } },
            "custom:org_id": { "source": { "constant": "globex" } },
            "cognito:groups": { "source": { "constant": ["admin"] } },
            "email_verified": { "source": { "constant": true } },
            "plan": { "source": { "constant": "gold" } },
        },
        "scopes": ["openid", "aws.cognito.signin.user.admin", "t/{nobody}"],
        "groups": { "template": "{organization.slug}-{role}" },
        "suppress": { "user_admin_scope": false, "claims": ["org_id", "exp"] },
    }))
    .unwrap();
    deployment.set_policy(Target::Organization { organization: acme }, forged).await;
    deployment.settle().await;
    let answered = deployment.trigger(&sign_in(ann)).await.unwrap();
    let details = &answered["response"]["claimsAndScopeOverrideDetails"];
    for token in ["idTokenGeneration", "accessTokenGeneration"] {
        let expected = json!({ "org_id": acme.to_string(), "plan": "gold" });
        assert_eq!(details[token]["claimsToAddOrOverride"], expected, "{details:#}");
        let suppressed = details[token]["claimsToSuppress"].as_array().cloned().unwrap_or_default();
        assert!(!suppressed.iter().any(|name| name == "org_id" || name == "exp"), "{details:#}");
    }
    let scopes = &details["accessTokenGeneration"];
    assert!(scopes["scopesToAdd"].as_array().is_none_or(Vec::is_empty), "{details:#}");
    assert_eq!(scopes["scopesToSuppress"], json!(["aws.cognito.signin.user.admin"]));
    let told = preview(&deployment, somebody(acme, &[])).await.unwrap();
    assert_eq!(reasons(&told).len(), 6 + 3 + 1 + 3, "{:#?}", told.warnings);
}
