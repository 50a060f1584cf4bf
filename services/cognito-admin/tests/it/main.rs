//! Whom an event signs out, and what becomes of it when that does not work. The registry, NATS and Cognito are real in the
//! black-box tests of the workspace.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use vestibule_cognito_admin::{
    Cognito, CognitoError, Directory, DirectoryError, SignOut, UserPool, Username, subjects,
};
use vestibule_consumer::{Event, HandleError, Handler as _};

/// Ada comes over one connection, Grace over another.
struct People;

fn user(name: &str) -> (UserPool, Username) {
    let pool = UserPool { region: "eu-west-1".to_owned(), pool_id: "eu-west-1_AbCd12345".to_owned() };
    (pool, Username(format!("vestibule_{name}")))
}

#[async_trait]
impl Directory for People {
    async fn person(&self, organization: &str, person: &str) -> Result<Vec<(UserPool, Username)>, DirectoryError> {
        Ok(match (organization, person) {
            ("organizations/acme", known @ ("ada" | "grace")) => vec![user(known)],
            ("organizations/away", _) => return Err(DirectoryError::OffContract("no person")),
            _ => Vec::new(),
        })
    }

    async fn everybody(
        &self,
        organization: &str,
        connection: Option<&str>,
    ) -> Result<Vec<(UserPool, Username)>, DirectoryError> {
        let all = [("ada", "organizations/acme/connections/one"), ("grace", "organizations/acme/connections/two")];
        let fits = |(_, over): &&(&str, &str)| {
            organization == "organizations/acme" && connection.is_none_or(|connection| connection == *over)
        };
        Ok(all.iter().filter(fits).map(|(name, _)| user(name)).collect())
    }
}

/// Notes whom it signed out; `busy` and `gone` are what it answers instead, the next time.
#[derive(Default)]
struct Notes {
    signed_out: Mutex<Vec<String>>,
    answer: Mutex<Option<&'static str>>,
    /// For whom it is busy once.
    busy_for: Mutex<Option<&'static str>>,
}

#[async_trait]
impl Cognito for Notes {
    async fn sign_out(&self, pool: &UserPool, username: &Username) -> Result<(), CognitoError> {
        match self.answer.lock().unwrap().take() {
            Some("busy") => return Err(CognitoError::Again("TooManyRequestsException".into())),
            Some(_) => return Err(CognitoError::Never("ResourceNotFoundException".into())),
            None => {}
        }
        let mut busy_for = self.busy_for.lock().unwrap();
        if busy_for.is_some_and(|busy_for| username.0 == busy_for) {
            *busy_for = None;
            return Err(CognitoError::Again("TooManyRequestsException".into()));
        }
        assert_eq!((pool.region.as_str(), pool.pool_id.as_str()), ("eu-west-1", "eu-west-1_AbCd12345"));
        self.signed_out.lock().unwrap().push(username.0.clone());
        Ok(())
    }
}

fn event(name: &str, data: Value) -> Event {
    Event {
        id: "1".to_owned(),
        name: name.to_owned(),
        resource: "organizations/acme".to_owned(),
        time: "2026-11-21T10:00:00Z".to_owned(),
        organization: Some("acme".to_owned()),
        traceparent: None,
        data,
    }
}

async fn signed_out(name: &str, data: Value) -> Vec<String> {
    let notes = Arc::new(Notes::default());
    SignOut::new(Arc::new(People), notes.clone()).handle(&event(name, data)).await.unwrap();
    notes.signed_out.lock().unwrap().clone()
}

#[tokio::test]
async fn an_event_signs_out_whom_it_is_about() {
    let ada = json!({ "organization": "acme", "person": "ada" });
    assert_eq!(signed_out("person.deactivated", ada.clone()).await, ["vestibule_ada"]);
    assert_eq!(signed_out("person.signed_out", ada.clone()).await, ["vestibule_ada"]);
    assert_eq!(signed_out("person.superseded", ada).await, ["vestibule_ada"]);
    let connection = json!({ "organization": "acme", "connection": "two" });
    assert_eq!(signed_out("connection.disabled", connection).await, ["vestibule_grace"]);
    let everybody = json!({ "organization": "acme" });
    assert_eq!(signed_out("organization.suspended", everybody).await, ["vestibule_ada", "vestibule_grace"]);
    let stranger = json!({ "organization": "acme", "person": "eve" });
    assert_eq!(signed_out("person.deactivated", stranger).await, [""; 0], "who never came is signed out");
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_cannot_be_is_not() {
    let notes = Arc::new(Notes::default());
    let handler = SignOut::new(Arc::new(People), notes.clone());
    let ada = event("person.deactivated", json!({ "organization": "acme", "person": "ada" }));
    *notes.answer.lock().unwrap() = Some("busy");
    assert!(matches!(handler.handle(&ada).await, Err(HandleError::Again(_))));
    *notes.answer.lock().unwrap() = Some("gone");
    assert!(matches!(handler.handle(&ada).await, Err(HandleError::Never(_))));
    handler.handle(&ada).await.unwrap();
    let away = event("person.deactivated", json!({ "organization": "away", "person": "ada" }));
    assert!(matches!(handler.handle(&away).await, Err(HandleError::Again(_))), "the registry may come back");
    for malformed in [json!({}), json!({ "organization": "acme" }), json!({ "organization": 1, "person": "ada" })] {
        let refused = handler.handle(&event("person.deactivated", malformed)).await;
        assert!(matches!(refused, Err(HandleError::Never(_))));
    }
    let other = handler.handle(&event("organization.updated", json!({ "organization": "acme" }))).await;
    assert!(matches!(other, Err(HandleError::Never(_))));
}

#[tokio::test]
async fn of_many_each_is_signed_out_once_whatever_becomes_of_another() {
    let notes = Arc::new(Notes::default());
    let handler = SignOut::new(Arc::new(People), notes.clone());
    let suspended = event("organization.suspended", json!({ "organization": "acme" }));
    // Nothing can be done about Ada, and Cognito is too busy for Grace at first.
    *notes.answer.lock().unwrap() = Some("gone");
    *notes.busy_for.lock().unwrap() = Some("vestibule_grace");
    assert!(matches!(handler.handle(&suspended).await, Err(HandleError::Again(_))));
    assert!(matches!(handler.handle(&suspended).await, Err(HandleError::Never(_))), "it was not done for everybody");
    assert_eq!(*notes.signed_out.lock().unwrap(), ["vestibule_grace"]);
    // Who was signed out already is not again, because somebody else has to wait.
    *notes.busy_for.lock().unwrap() = Some("vestibule_grace");
    assert!(matches!(handler.handle(&suspended).await, Err(HandleError::Again(_))));
    handler.handle(&suspended).await.unwrap();
    assert_eq!(*notes.signed_out.lock().unwrap(), ["vestibule_grace", "vestibule_ada", "vestibule_grace"]);
}

#[test]
fn it_waits_for_as_long_as_aws_is_away() {
    assert_eq!(SignOut::new(Arc::new(People), Arc::new(Notes::default())).attempts_max(), None);
}

#[test]
fn it_asks_for_what_ends_sessions_in_its_environment() {
    assert_eq!(subjects("production")[0], "vestibule.production.*.person.deactivated");
    assert_eq!(subjects("production").len(), 5);
}
