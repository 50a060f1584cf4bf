//! A person at a real browser. Its pictures of the pages are left in `target/interop/screens`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_tests::{Interop, Launch, PeerVariable, required};

use crate::person::{to_response, walk};

fn screens() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    target.join("interop/screens")
}

#[tokio::test]
async fn a_person_signs_in_with_chromium_and_every_page_can_be_used() -> Result<()> {
    let Some(chromium) = required(PeerVariable::Chromium)? else { return Ok(()) };
    let Some(browser) = Interop::node("browser.mjs", &[])? else { return Ok(()) };
    let sandbox = Launch::sandbox()?.start().await?;

    // Pages that a person sees on other ways.
    let mut aside = walk(&sandbox)?;
    let response = to_response(&mut aside, "ada@acme.test").await?;
    let page = aside.open().await?;
    let known = vestibule_sandbox::roster::find_person("ada@acme.test").context("Ada")?;
    let cognito = aside.submit_email(&page, known).await?;
    let mut native = cognito.clone();
    let others: Vec<_> = cognito.query_pairs().into_owned().filter(|(name, _)| name != "identity_provider").collect();
    native.query_pairs_mut().clear().extend_pairs(others);
    let to_us = aside.browser.get(&cognito).await?.location.context("Cognito sends the browser to us")?;
    let with_hint = |hint: Option<&str>| {
        let mut url = to_us.clone();
        let others: Vec<_> = to_us.query_pairs().into_owned().filter(|(name, _)| name != "login_hint").collect();
        url.query_pairs_mut().clear().extend_pairs(others);
        if let Some(hint) = hint {
            url.query_pairs_mut().append_pair("login_hint", hint);
        }
        String::from(url)
    };
    let visits = json!([
        { "name": "cognito-login", "url": native.as_str() },
        { "name": "vestibule-organization", "url": with_hint(None) },
        { "name": "vestibule-choose", "url": with_hint(Some("dorothy@initech.test")) },
        { "name": "vestibule-suspended", "url": with_hint(Some("gavin@hooli.test")) },
        { "name": "vestibule-standard", "url": with_hint(Some("eve@nowhere.test")) },
        { "name": "vestibule-acs-reloaded", "url": response.form.action.as_str() },
        { "name": "vestibule-unknown-client", "url": sandbox.gateway("/oauth2/authorize?client_id=x")?.as_str() },
    ]);
    let answer = browser
        .order(&json!({
            "url": sandbox.app()?.as_str(), "email": "ada@acme.test", "chromium": chromium, "screens": screens(), "visits": visits,
        }))
        .await?;
    assert_eq!(answer["ok"], true, "{answer:#}");
    for token in ["id_token", "access_token"] {
        assert!(answer[token]["org_id"].as_str().is_some_and(|id| !id.is_empty()), "{answer:#}");
    }
    assert_eq!(answer["id_token"]["org_id"], answer["access_token"]["org_id"]);
    assert_eq!(answer["id_token"]["email"], "ada@acme.test");
    assert_eq!(answer["final_url"], sandbox.app()?.as_str());
    let field = &answer["email_field"];
    assert_eq!((&field["type"], &field["in_form"]), (&json!("email"), &json!(true)), "{field}");
    assert!(field["autocomplete"].as_str().is_some_and(|words| words.contains("email")), "{field}");

    let pages = answer["pages"].as_array().context("the pages")?;
    assert!(pages.len() >= 10, "{pages:#?}");
    for page in pages {
        assert_eq!(page["problems"], Value::Array(Vec::new()), "{page:#}");
        assert!(page["screenshot"].as_str().is_some_and(|file| PathBuf::from(file).is_file()), "{page:#}");
    }
    assert_eq!(answer["console"], Value::Array(Vec::new()), "the browser complains about nothing");
    Ok(())
}
