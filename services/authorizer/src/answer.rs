use serde_json::{Value, json};
use vestibule_cognito_verifier::VerifiedToken;

use crate::request::{AnswerForm, Request};

/// The request goes through, and the backend learns for whom.
pub(crate) fn allowed(request: &Request, token: &VerifiedToken) -> String {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let context = json!({
        "organization": text(token.organization()),
        "subject": text(token.subject()),
        "username": text(token.username()),
        "clientId": text(token.client_id()),
        "userPoolId": token.user_pool_id(),
    });
    match request.form {
        AnswerForm::Simple => json!({ "isAuthorized": true, "context": context }).to_string(),
        AnswerForm::Policy => policy(request, "Allow", token.subject().unwrap_or("unknown"), Some(context)),
    }
}

/// The request is forbidden.
pub(crate) fn denied(request: &Request) -> String {
    match request.form {
        AnswerForm::Simple => json!({ "isAuthorized": false }).to_string(),
        AnswerForm::Policy => policy(request, "Deny", "unknown", None),
    }
}

fn policy(request: &Request, effect: &str, principal: &str, context: Option<Value>) -> String {
    let mut answer = json!({
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": request.resource }],
        },
    });
    if let (Some(context), Some(answer)) = (context, answer.as_object_mut()) {
        answer.insert("context".to_owned(), context);
    }
    answer.to_string()
}
