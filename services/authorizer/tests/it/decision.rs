use serde_json::{Value, json};

use crate::{
    event::{http_api, resource, rest_api, token_only},
    issuer::{CLIENT, Issuer, POOL},
};

fn context() -> Value {
    json!({
        "organization": "acme", "subject": "9b1c6d1e-0000-4000-8000-000000000001", "username": "vestibule_u42",
        "clientId": CLIENT, "userPoolId": POOL,
    })
}

#[tokio::test]
async fn a_token_with_what_the_method_asks_for_goes_through_and_opens_this_resource_only() {
    let issuer = Issuer::start().await;
    let mut authorizer = issuer.authorizer(&[("VESTIBULE_ORGANIZATION_FROM", "path:organization")]).await;
    let bearer = format!("Bearer {}", issuer.access_token(json!({})));

    let answer = authorizer.invoke(http_api("GET", &bearer)).await.json();
    assert_eq!(answer, json!({ "isAuthorized": true, "context": context() }));

    let answer = authorizer.invoke(rest_api("GET", &bearer)).await.json();
    assert_eq!(answer["principalId"], context()["subject"]);
    assert_eq!(answer["context"], context());
    let statement = json!([{
        "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource("GET", "organizations/acme/invoices"),
    }]);
    assert_eq!(answer["policyDocument"]["Statement"], statement, "no wildcard");
    // Without a scope asked for.
    assert_eq!(authorizer.invoke(http_api("OPTIONS", &bearer)).await.json()["isAuthorized"], true);
    assert_eq!(authorizer.end(), "", "nothing to say");
}

#[tokio::test]
async fn a_token_alone_is_enough_where_the_request_names_no_organization() {
    let issuer = Issuer::start().await;
    let mut authorizer = issuer.authorizer(&[]).await;
    let token = issuer.access_token(json!({}));
    let answer = authorizer.invoke(token_only("GET", &token)).await.json();
    assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Allow");
    assert_eq!(answer["context"]["organization"], "acme");
}

#[tokio::test]
async fn the_organization_of_the_request_must_be_that_of_the_token() {
    let issuer = Issuer::start().await;
    let globex = format!("Bearer {}", issuer.access_token(json!({ "org_id": "globex" })));
    let nobody = format!("Bearer {}", issuer.access_token(json!({ "org_id": null })));
    for from in ["path:organization", "header:X-Organization", "token"] {
        let mut authorizer = issuer.authorizer(&[("VESTIBULE_ORGANIZATION_FROM", from)]).await;
        let denied = authorizer.invoke(http_api("GET", &globex)).await.json();
        assert_eq!(denied["isAuthorized"], from == "token", "{from}");
        let denied = authorizer.invoke(http_api("GET", &nobody)).await.json();
        assert_eq!(denied, json!({ "isAuthorized": false }), "{from}");
        let log = authorizer.log();
        let reasons: Vec<&Value> = log.iter().map(|line| &line["reason"]).collect();
        match from {
            "token" => assert_eq!(reasons, ["TOKEN_ORGANIZATION_MISSING"]),
            _ => assert_eq!(reasons, ["TOKEN_ORGANIZATION_WRONG", "TOKEN_ORGANIZATION_MISSING"], "{from}"),
        }
    }
    // Where it must be named and is not, nothing is guessed.
    let mut authorizer = issuer.authorizer(&[("VESTIBULE_ORGANIZATION_FROM", "path:tenant")]).await;
    let bearer = format!("Bearer {}", issuer.access_token(json!({})));
    assert_eq!(authorizer.invoke(http_api("GET", &bearer)).await.json()["isAuthorized"], false);
    assert_eq!(authorizer.log()[0]["reason"], "ORGANIZATION_UNNAMED");
}
