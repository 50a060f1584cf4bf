use serde_json::{Value, json};
use vestibule_kernel::{IdSource as _, OrganizationId, PersonId, SystemIds, UserPoolId};

use crate::{
    deployment::Deployment,
    event::{sign_in, with},
};

fn container(organization: OrganizationId) -> Value {
    let added = json!({"org_id": organization.to_string()});
    json!({"claimsAndScopeOverrideDetails": {
        "idTokenGeneration": {"claimsToAddOrOverride": added, "claimsToSuppress": ["custom:org_id"]},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": added,
            "scopesToSuppress": ["aws.cognito.signin.user.admin"],
        },
    }})
}

#[tokio::test]
async fn the_organization_is_in_both_tokens_and_nothing_else_changes() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let (corp, bob) = deployment.ann().await;
    deployment.settle().await;

    for (organization, person) in [(acme, ann), (corp, bob)] {
        let event = sign_in(person);
        let answer = deployment.trigger(&event).await.unwrap();
        assert_eq!(answer, with(event, "/response", container(organization)));
    }
}

#[tokio::test]
async fn what_is_not_the_response_comes_back_byte_for_byte() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;

    let text = sign_in(ann).to_string().replacen('{', "{ \"unknown\" : [1.0e0, 18446744073709551616],", 1);
    let answer = deployment.send(text.clone()).await.unwrap();
    let request = text.split("\"request\":").nth(1).unwrap().split(",\"response\"").next().unwrap();
    assert!(answer.contains(&format!("\"request\":{request}")), "{answer}");
    assert!(answer.contains("{ \"unknown\" : [1.0e0, 18446744073709551616],"), "{answer}");
}

#[tokio::test]
async fn every_user_source_and_a_refresh_are_answered() {
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    deployment.settle().await;
    for source in ["HostedAuth", "RefreshTokens", "Authentication", "NewPasswordChallenge", "AuthenticateDevice"] {
        let event = with(sign_in(ann), "/triggerSource", json!(format!("TokenGeneration_{source}")));
        assert_eq!(deployment.trigger(&event).await.unwrap()["response"], container(acme), "{source}");
    }
}

#[tokio::test]
async fn users_of_others_get_no_organization_and_stay_as_they_are() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    let (_, bob) = deployment.ann().await;
    deployment.settle().await;

    let theirs = |from: &str, to: &str| {
        let event = sign_in(ann).to_string();
        assert!(event.contains(from));
        serde_json::from_str::<Value>(&event.replace(from, to)).unwrap()
    };
    let mut native = with(sign_in(ann), "/userName", json!("ann"));
    native["request"]["userAttributes"] =
        json!({"sub": "x", "cognito:user_status": "CONFIRMED", "custom:org_id": "acme"});
    let mut claiming = native.clone();
    claiming["userName"] = json!(format!("vestibule_{ann}"));
    let others = [
        ("a native user", native),
        ("a native user who is called like one of ours", claiming),
        ("an external user who was given a password", theirs("EXTERNAL_PROVIDER", "CONFIRMED")),
        ("an identity that was linked to a user of another provider", theirs("vestibule_", "google_")),
    ];
    for (who, event) in others {
        assert_eq!(deployment.trigger(&event).await.unwrap(), event, "{who}");
    }
    let forged = [
        ("a username of somebody else", theirs(&format!("vestibule_{ann}"), &format!("vestibule_{bob}"))),
        ("another provider", theirs("\\\"providerName\\\":\\\"Vestibule\\\"", "\\\"providerName\\\":\\\"Google\\\"")),
        ("another provider, in our spelling", theirs("\\\"Vestibule\\\"", "\\\"vestibule\\\"")),
        ("no identity at all", theirs("\"identities\"", "\"custom:identities\"")),
    ];
    for (who, event) in forged {
        assert_eq!(deployment.refused(&event).await, "IDENTITY_CONTRADICTORY", "{who}");
    }
}

#[tokio::test]
async fn the_providers_name_is_that_of_the_pool() {
    let mut deployment = Deployment::start().await;
    let organization = deployment.organization().await;
    let ann = deployment.person(organization).await;
    let other = UserPoolId::from_uuid(SystemIds.uuid_v4());
    deployment.register_pool(other, "eu-west-1_Other", "AcmeSSO").await;
    deployment.settle().await;

    let elsewhere = with(sign_in(ann), "/userPoolId", json!("eu-west-1_Other"));
    assert_eq!(deployment.trigger(&elsewhere).await.unwrap(), elsewhere, "Vestibule is not our name in that pool");
    let swapped = elsewhere.to_string().replace("vestibule_", "acmesso_");
    assert_eq!(deployment.refused(&serde_json::from_str(&swapped).unwrap()).await, "IDENTITY_CONTRADICTORY");
    let text = elsewhere.to_string().replace("Vestibule", "AcmeSSO").replace("vestibule_", "acmesso_");
    let renamed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(deployment.refused(&renamed).await, "OTHER_USER_POOL");
    let unknown = with(sign_in(ann), "/userPoolId", json!("eu-west-1_Nowhere"));
    assert_eq!(deployment.refused(&unknown).await, "USER_POOL_UNKNOWN");
}

#[tokio::test]
async fn a_subject_that_we_never_minted_is_refused() {
    let mut deployment = Deployment::start().await;
    deployment.ann().await;
    deployment.settle().await;
    let stranger = PersonId::from_uuid(SystemIds.uuid_v4());
    assert_eq!(deployment.refused(&sign_in(stranger)).await, "PERSON_UNKNOWN");
    let text = sign_in(stranger).to_string().replace(&stranger.to_string(), "not-an-id");
    assert_eq!(deployment.refused(&serde_json::from_str(&text).unwrap()).await, "PERSON_UNKNOWN");
}
