//! People who begin at the portal of their identity provider rather than at the application.

use anyhow::{Context, Result};
use serde_json::Value;
use url::Url;
use vestibule_sandbox::check::{Answer, Browser, Walk};
use vestibule_tests::{Launch, Vestibule};

use crate::refusal;

/// What the portal of a login sends the browser to, as the person with this id.
async fn open(sandbox: &Vestibule, browser: &mut Browser, login: &str, person: &str) -> Result<Answer> {
    let connections = sandbox.run(["connection", "list", login, "--json"])?.json()?;
    let sso = &connections["connections"][0]["saml"]["single_sign_on"][0]["location"];
    let sso: Url = sso.as_str().with_context(|| connections.to_string())?.parse()?;
    let portal = sso.join("portal")?;
    let page = browser.get(&portal).await?;
    let form = page.forms().into_iter().next().context("the portal's form")?.with("person", person);
    let posted = browser.submit(&form, None).await?.forms().into_iter().next().context("the Response")?;
    Ok(browser.submit(&posted, None).await?)
}

#[tokio::test]
async fn a_person_who_begins_at_the_portal_signs_in_by_an_ordinary_sign_in() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let mut walk = Walk::new(sandbox.app()?, Browser::new()?);
    let events = sandbox.events()?;
    let sent = open(&sandbox, &mut walk.browser, "globex", "g-2001").await?;
    let application = sent.location.clone().with_context(|| sent.problem().to_string())?;
    assert!(application.as_str().starts_with(sandbox.app()?.join("/login/initiate?")?.as_str()), "{application}");
    assert_eq!(sandbox.events()?, events, "the identity is discarded: nobody was made, nothing is used up");
    assert!(!application.as_str().contains("alan"), "the ticket names the organization, not the person: {application}");

    // The application begins; whoever answers at the identity provider is who signs in.
    let begun = walk.browser.get(&application).await?;
    let cognito = begun.location.clone().with_context(|| begun.problem().to_string())?;
    let known = vestibule_sandbox::roster::find_person("katherine@globex.test").context("Katherine")?;
    let claims = walk.from_cognito(&cognito, known).await?;
    assert_eq!(claims.id_token["email"], Value::from("katherine@globex.test"));
    assert!(claims.id_token["org_id"].is_string(), "{:#}", claims.id_token);
    Ok(())
}

#[tokio::test]
async fn where_the_connection_does_not_allow_it_the_portal_leads_nowhere() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let events = sandbox.events()?;
    let sent = open(&sandbox, &mut Browser::new()?, "acme", "a-1001").await?;
    let sign_in = refusal::traced_page(&sandbox, &sent.problem())?;
    assert_eq!((&sign_in["reason"], &sign_in["stage"]), (&"RESPONSE_UNSOLICITED".into(), &"acs".into()), "{sign_in:#}");
    assert_eq!(sandbox.events()?, events);
    Ok(())
}
