//! What an operator says of tokens is in the tokens.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_tests::{Launch, Vestibule, until};

use crate::{
    cognito::{AppTokens, POOL_ID, Pool},
    customer::{Customer, claims},
};

const POLICY: &str = r#"
scopes = ["tenant/{organization.id}"]

[claims]
tenant_id = { from = "organization.id" }
plan = { constant = { name = "gold", seats = 5 }, tokens = "access" }

[groups]
mode = "replace"
template = "{organization.slug}:{role}"
"#;

/// Both tokens of the next refresh that is like that.
async fn refreshed(pool: &Pool, tokens: &AppTokens, is_so: impl Fn(&Value) -> bool) -> Result<(Value, Value)> {
    until("the tokens to follow the policy", async || {
        let (_, answer) = pool.refresh(&tokens.refresh).await?;
        let text = |name: &str| answer[name].as_str().with_context(|| answer.to_string());
        let (id, access) = (claims(text("id_token")?)?, claims(text("access_token")?)?);
        Ok(is_so(&access).then_some((id, access)))
    })
    .await
}

fn previewed(answer: &Value, token: &str, name: &str) -> Value {
    let claims = answer[token]["claims"].as_array().cloned().unwrap_or_default();
    claims.into_iter().find(|claim| claim["name"] == name).map_or(Value::Null, |claim| claim["value"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_tried_saved_seen_in_the_tokens_and_cleared() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    let tokens = pool.sign_in(&customer).await?;
    assert_eq!(tokens.access["org_id"], customer.organization.as_str());
    assert_eq!(tokens.access["tenant_id"], Value::Null);

    let file = vestibule.directory().join("pool.toml");
    fs::write(&file, POLICY)?;
    let file = file.to_string_lossy().into_owned();
    let tried = ["claims", "set", "--pool", POOL_ID, &file, "--dry-run", "--as", "acme", "--role", "admin"];
    let shown = vestibule.run(tried)?;
    let shown = shown.ok()?;
    let tenant = format!("tenant/{}", customer.organization);
    for expected in [tenant.as_str(), "acme:admin", "tenant_id", "\"gold\""] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let saved = vestibule.run(["claims", "show", "--pool", POOL_ID, "--json"])?.json()?;
    assert_eq!(saved["claim_policy"]["claims"], json!({}), "a dry run saves nothing");

    vestibule.run(["claims", "set", "--pool", POOL_ID, &file])?.ok()?;
    let (id, access) = refreshed(&pool, &tokens, |access| access["tenant_id"] != Value::Null).await?;
    assert_eq!(id["tenant_id"], customer.organization.as_str());
    assert_eq!(access["plan"], json!({ "name": "gold", "seats": 5 }));
    assert_eq!(id["plan"], Value::Null);
    let scopes = access["scope"].as_str().unwrap_or_default();
    assert!(scopes.split(' ').any(|scope| scope == tenant), "{scopes}");
    assert_eq!(access["cognito:groups"], Value::Null, "the person has no roles, and groups are replaced");

    // By flags, in addition to what is saved.
    vestibule.run(["claims", "set", "--org", "acme", "--constant", "kind=trial", "--suppress-claim", "email"])?.ok()?;
    let (id, access) = refreshed(&pool, &tokens, |access| access["kind"] == "trial").await?;
    assert_eq!((&id["kind"], &access["tenant_id"]), (&json!("trial"), &json!(customer.organization)));
    assert_eq!(id["email"], Value::Null);

    let preview = vestibule.run(["claims", "preview", "--org", "acme", "--role", "admin", "--json"])?.json()?;
    assert_eq!(previewed(&preview, "id_token", "kind"), "trial");
    assert_eq!(preview["groups"][0]["text"], "acme:admin");
    let person = format!("organizations/{}/persons/{}", customer.organization, username(&tokens));
    let preview = vestibule.run(["claims", "preview", "--person", &person, "--json"])?.json()?;
    assert_eq!(previewed(&preview, "access_token", "plan"), json!({ "name": "gold", "seats": 5.0 }));

    vestibule.run(["claims", "clear", "--org", "acme"])?.ok()?;
    vestibule.run(["claims", "clear", "--pool", POOL_ID])?.ok()?;
    let (id, access) =
        refreshed(&pool, &tokens, |access| access["kind"].is_null() && access["tenant_id"].is_null()).await?;
    for token in [id, access] {
        assert_eq!(token["org_id"], customer.organization.as_str());
    }
    forged(&vestibule)
}

/// The `sub` that Vestibule gave the person: what is behind the provider in the username.
fn username(tokens: &AppTokens) -> String {
    let username = tokens.access["username"].as_str().unwrap_or_default();
    username.split_once('_').map_or_else(String::new, |(_, sub)| sub.to_owned())
}

/// What a policy may not say is refused with the field.
fn forged(vestibule: &Vestibule) -> Result<()> {
    vestibule.run(["claims", "set", "--pool", POOL_ID, "--claim", "tenant_id=organization.id"])?.ok()?;
    for (arguments, reason, field) in [
        (["--org", "acme", "--constant", "sub=globex"], "CLAIM_RESERVED", "claims[sub]"),
        (["--org", "acme", "--constant", "org_id=globex"], "CLAIM_FIXED", "claims[org_id]"),
        (["--org", "acme", "--constant", "tenant_id=globex"], "CLAIM_FIXED_ABOVE", "claims[tenant_id].source"),
        (["--org", "acme", "--scope", "openid"], "TEMPLATE_INVALID", "scopes[0]"),
        (["--org", "acme", "--group-template", "{organization.slug}-{role}"], "TEMPLATE_INVALID", "groups.template"),
        (["--org", "acme", "--custom-attributes", "keep"], "SUPPRESSED_ABOVE", "suppress.custom_attributes"),
        (["--client", "app", "--app-client", "app"], "NOT_AT_THIS_LEVEL", "app_clients"),
    ] {
        let ran = vestibule.run(["claims", "set"].iter().chain(&arguments))?;
        let said = ran.refused(1)?;
        assert!(said.contains(reason) && said.contains(field), "{reason} {field}: {ran}");
    }
    Ok(())
}
