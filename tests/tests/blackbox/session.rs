//! What Cognito's own session and its own login do around Vestibule.

use anyhow::{Context, Result};
use vestibule_sandbox::{
    check::{Answer, Claims, Upstream, Walk},
    roster::find_person,
};
use vestibule_tests::Launch;

use crate::{person::walk, refusal};

/// Types an address of nobody in the roster.
async fn typed(walk: &mut Walk, email: &str) -> Result<Answer> {
    let page = walk.open().await?;
    let form = page.forms().into_iter().find(|form| form.action.path() == "/login").context("the login form")?;
    Ok(walk.browser.submit(&form.with("email", email), None).await?)
}

/// The organization in both tokens.
fn organization(claims: &Claims) -> (&str, &str) {
    (claims.id_token["org_id"].as_str().unwrap_or_default(), claims.access_token["org_id"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn within_the_hour_another_organization_needs_another_prompt() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    let ada = walk.sign_in("ada@acme.test").await?;
    let acme = organization(&ada).0.to_owned();

    // Without `prompt=login` Cognito's cookie answers for Ada, whatever address is typed; the application notices.
    let mut elsewhere = walk.clone();
    elsewhere.browser.forget(|cookie| cookie.name == "demo-session");
    let page = elsewhere.open().await?;
    let mut cognito = elsewhere.submit_email(&page, find_person("alan@globex.test").context("Alan")?).await?;
    let asked: Vec<_> = cognito.query_pairs().into_owned().collect();
    assert!(asked.contains(&("prompt".to_owned(), "login".to_owned())), "another person: {cognito}");
    cognito.query_pairs_mut().clear().extend_pairs(asked.iter().filter(|(name, _)| name != "prompt"));
    let Upstream::Session(callback) = walk.through_cognito(&cognito).await? else {
        panic!("the cookie is an hour old")
    };
    let shown = walk.browser.get(&callback).await?;
    assert_eq!(shown.status, 409, "{}", shown.problem());
    assert!(shown.problem().text.contains("Cognito remembers Ada Lovelace"), "{}", shown.problem());

    // With it Vestibule is asked again.
    let alan = walk.switch_account("alan@globex.test").await?;
    let (id, access) = organization(&alan);
    assert_eq!(id, access);
    assert!(!id.is_empty() && id != acme, "{id}");
    assert_eq!(alan.id_token["email"], "alan@globex.test");
    // And back, with what the application does by itself.
    walk.browser.forget(|cookie| cookie.name == "demo-session");
    let again = walk.sign_in("ada@acme.test").await?;
    assert_eq!((organization(&again).0, &again.id_token["sub"]), (acme.as_str(), &ada.id_token["sub"]));
    Ok(())
}

#[tokio::test]
async fn who_belongs_to_no_organization_signs_in_at_cognito_and_gets_none() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    let sent = typed(&mut walk, "eve@nowhere.test").await?;
    let cognito = sent.location.clone().with_context(|| sent.problem().to_string())?;
    let login = walk.browser.get(&cognito).await?.location.context("Cognito's own login")?;
    assert_eq!(login.path(), "/login", "{login}");
    let page = walk.browser.get(&login).await?;
    let form = page.forms().into_iter().next().context("a form")?;
    assert_eq!(form.field("email"), Some("eve@nowhere.test"), "the address is filled in");
    let page = walk.browser.submit(&form, None).await?;
    let code = page.text("email-code").context("the code from the e-mail")?;
    let form = page.forms().into_iter().next().context("a form")?;
    let callback = walk.browser.submit(&form.with("code", &code), None).await?.location.context("the way back")?;
    let claims = walk.finish(&callback).await?;
    assert_eq!(claims.id_token["email"], "eve@nowhere.test");
    for token in [&claims.id_token, &claims.access_token] {
        assert_eq!(token.get("org_id"), None, "{token:#}");
    }
    Ok(())
}

#[tokio::test]
async fn people_of_a_suspended_organization_are_refused_before_and_in_vestibule() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    let shown = typed(&mut walk, "gavin@hooli.test").await?;
    assert_eq!(shown.status, 403);
    assert_eq!(shown.text("reason").as_deref(), Some("ORGANIZATION_SUSPENDED"));

    // An application that does not ask routing sends them to Cognito, and Cognito to us.
    let page = walk.open().await?;
    let mut cognito = walk.submit_email(&page, find_person("ada@acme.test").context("Ada")?).await?;
    let others: Vec<_> = cognito.query_pairs().into_owned().filter(|(name, _)| name != "login_hint").collect();
    cognito.query_pairs_mut().clear().extend_pairs(others).append_pair("login_hint", "gavin@hooli.test");
    let Upstream::Provider(vestibule) = walk.through_cognito(&cognito).await? else { panic!("nobody is signed in") };
    let shown = walk.browser.get(&vestibule).await?.problem();
    let sign_in = refusal::traced_page(&sandbox, &shown)?;
    assert_eq!((&sign_in["reason"], &sign_in["stage"]), (&"ORGANIZATION_SUSPENDED".into(), &"authorize".into()));
    // The way back leads over Cognito to the application.
    let back = walk.browser.get(&shown.way_back.context("a way back")?).await?;
    let told = back.location_parameter("error_description").with_context(|| back.problem().to_string())?;
    assert!(told.contains("Vestibule"), "{told}");
    Ok(())
}
