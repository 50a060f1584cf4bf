//! Triggers that let a sign-in pass or not, and change nothing else.

use serde_json::{Value, json};
use vestibule_kernel::{IdSource as _, PersonId, SystemIds};

use crate::{
    deployment::Deployment,
    event::{authentication, event, federation, sign_up, with},
};

fn stranger() -> PersonId {
    PersonId::from_uuid(SystemIds.uuid_v4())
}

fn nothing_confirmed() -> Value {
    json!({"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false})
}

#[tokio::test]
async fn who_may_sign_in_passes_and_only_the_response_is_written() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    let kept = json!({"userAttributesToMap": {}});
    assert_eq!(deployment.trigger(&federation(ann)).await.unwrap(), with(federation(ann), "/response", kept));
    let answer = deployment.trigger(&sign_up(ann)).await.unwrap();
    assert_eq!(answer, with(sign_up(ann), "/response", nothing_confirmed()));
    for source in [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
        "PostConfirmation_ConfirmSignUp",
        "PostConfirmation_ConfirmForgotPassword",
    ] {
        let event = authentication(source, ann);
        assert_eq!(deployment.trigger(&event).await.unwrap(), event, "{source}");
    }
}

#[tokio::test]
async fn a_subject_that_we_never_minted_is_stopped_before_it_is_stored() {
    let mut deployment = Deployment::start().await;
    deployment.ann().await;
    deployment.settle().await;
    assert_eq!(deployment.refused(&federation(stranger())).await, "PERSON_UNKNOWN");
    assert_eq!(deployment.refused(&sign_up(stranger())).await, "PERSON_UNKNOWN");
    let named = with(sign_up(stranger()), "/userName", json!("Vestibule_admin"));
    assert_eq!(deployment.refused(&named).await, "PERSON_UNKNOWN");
}

#[tokio::test]
async fn a_federation_that_contradicts_itself_is_refused() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    let (_, bob) = deployment.ann().await;
    deployment.settle().await;
    for (pointer, value) in [
        ("/userName", json!(format!("vestibule_{bob}"))),
        ("/userName", json!(bob.to_string())),
        ("/request/attributes/userInfo/sub", json!(bob.to_string())),
        ("/request/providerName", json!("VESTIBULE")),
    ] {
        let event = with(federation(ann), pointer, value.clone());
        assert_eq!(deployment.refused(&event).await, "IDENTITY_CONTRADICTORY", "{pointer} {value}");
    }
    for (pointer, value) in [
        ("/request", json!([])),
        ("/request/attributes", json!([])),
        ("/request/attributes/idToken", json!([])),
        ("/request/attributes/idToken", json!(null)),
        ("/request/providerName", json!(null)),
        ("/callerContext", json!("x")),
    ] {
        let event = with(federation(ann), pointer, value.clone());
        assert_eq!(deployment.refused(&event).await, "TRIGGER_MALFORMED", "{pointer} {value}");
    }
}

#[tokio::test]
async fn other_providers_are_none_of_ours() {
    let mut deployment = Deployment::start().await;
    deployment.settle().await;
    let google = with(federation(stranger()), "/request/providerName", json!("Google"));
    let kept = json!({"userAttributesToMap": {}});
    assert_eq!(deployment.trigger(&google).await.unwrap(), with(google, "/response", kept));
    let google = with(sign_up(stranger()), "/userName", json!("google_117"));
    assert_eq!(deployment.trigger(&google).await.unwrap(), with(google, "/response", nothing_confirmed()));
}

#[tokio::test]
async fn nobody_signs_up_under_a_name_of_ours() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    let request = json!({"userAttributes": {"email": "eve@evil.test"}, "validationData": null});
    for source in ["PreSignUp_SignUp", "PreSignUp_AdminCreateUser"] {
        for name in [format!("vestibule_{ann}"), "Vestibule_anything".to_owned(), "VESTIBULE_x".to_owned()] {
            assert_eq!(
                deployment.refused(&event(source, &name, &request)).await,
                "USERNAME_RESERVED",
                "{source} {name}"
            );
        }
        let own = event(source, "eve", &request);
        assert_eq!(deployment.trigger(&own).await.unwrap(), with(own, "/response", nothing_confirmed()));
    }
}

#[tokio::test]
async fn a_user_who_does_not_exist_is_not_told_from_one_of_others() {
    let mut deployment = Deployment::start().await;
    deployment.settle().await;
    for request in [json!({"userAttributes": {}, "userNotFound": true}), json!({"userAttributes": {"sub": "s"}})] {
        let event = event("PreAuthentication_Authentication", "eve", &request);
        assert_eq!(deployment.trigger(&event).await.unwrap(), event);
    }
}

#[tokio::test]
async fn a_pool_that_is_not_registered_gets_no_answer_to_any_trigger() {
    let mut deployment = Deployment::start().await;
    let (_, ann) = deployment.ann().await;
    deployment.settle().await;
    let challenge = event("DefineAuthChallenge_Authentication", "eve", &json!({"session": []}));
    let authentication = authentication("PreAuthentication_Authentication", ann);
    for event in [federation(ann), sign_up(ann), authentication, challenge] {
        let elsewhere = with(event, "/userPoolId", json!("eu-west-1_Nowhere"));
        assert_eq!(deployment.refused(&elsewhere).await, "USER_POOL_UNKNOWN");
    }
}
