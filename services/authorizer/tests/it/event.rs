//! Events as API Gateway writes them, with the members that nobody looks at.

use serde_json::{Value, json};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef123/prod";

/// The resource of a method and a path.
pub(crate) fn resource(method: &str, path: &str) -> String {
    format!("{ARN}/{method}/{path}")
}

/// Of an HTTP API, payload 2.0.
pub(crate) fn http_api(method: &str, token: &str) -> Value {
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": resource(method, "organizations/acme/invoices"),
        "identitySource": [token],
        "routeKey": format!("{method} /organizations/{{organization}}/invoices"),
        "rawPath": "/organizations/acme/invoices",
        "rawQueryString": "",
        "cookies": ["a=b"],
        "headers": { "authorization": token, "x-organization": "acme", "host": "api.example" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "abcdef123",
            "http": { "method": method, "path": "/organizations/acme/invoices", "sourceIp": "192.0.2.1" },
        },
        "pathParameters": { "organization": "acme" },
    })
}

/// Of a REST API, type REQUEST.
pub(crate) fn rest_api(method: &str, token: &str) -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": resource(method, "organizations/acme/invoices"),
        "resource": "/organizations/{organization}/invoices",
        "path": "/organizations/acme/invoices",
        "httpMethod": method,
        "headers": { "Authorization": token },
        "multiValueHeaders": { "Authorization": [token] },
        "queryStringParameters": {},
        "pathParameters": { "organization": "acme" },
        "stageVariables": {},
        "requestContext": { "path": "/", "stage": "prod", "requestId": "1" },
    })
}

/// Of a REST API, type TOKEN.
pub(crate) fn token_only(method: &str, token: &str) -> Value {
    json!({ "type": "TOKEN", "methodArn": resource(method, "invoices"), "authorizationToken": token })
}
