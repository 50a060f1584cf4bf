//! A real identity provider, pysaml2, onboarded by its metadata.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::Interop;

use crate::{
    introduced::{Introduced, Terms},
    provider::posted,
    refusal,
};

async fn introduced() -> Result<Option<Introduced>> {
    let Some(python) = Interop::python("idp.py", &[])? else { return Ok(None) };
    let both = Introduced::new(python, &Terms::default()).await?;
    assert_eq!(both.saml("entity_id")?, both.described["entity_id"], "{:#}", both.connection);
    Ok(Some(both))
}

/// Has pysaml2 read our request and do something about it.
async fn ask(both: &mut Introduced, browser: &mut Browser, command: &Value) -> Result<Value> {
    let location = both.client.authorize(browser, &both.customer).await?;
    let mut command = command.clone();
    command["location"] = json!(location.as_str());
    both.provider.ask(&command).await
}

fn ada(sign: &str) -> Value {
    let attributes = json!({ "mail": ["ada@acme.test"], "givenName": ["Ada"], "sn": ["Lovelace"] });
    json!({ "do": "respond", "name_id": "ada@acme.test", "attributes": attributes, "sign": sign })
}

fn form(answer: &Value) -> Result<vestibule_sandbox::check::Form> {
    let text = |name: &str| answer[name].as_str().with_context(|| format!("{name} in {answer}"));
    posted(text("acs")?, text("saml_response")?, text("relay_state")?)
}

#[tokio::test]
async fn pysaml2_signs_people_in_whatever_it_signs() -> Result<()> {
    let Some(mut both) = introduced().await? else { return Ok(()) };
    let mut subjects = Vec::new();
    for sign in ["assertion", "response", "both"] {
        let mut browser = Browser::new()?;
        let answer = ask(&mut both, &mut browser, &ada(sign)).await?;
        let accepted = browser.submit(&form(&answer)?, None).await?;
        let code = both.client.code_of(&accepted).context(sign)?;
        let claims = both.client.redeem(&code).await?.id_token;
        assert_eq!(
            (&claims["email"], &claims["email_verified"]),
            (&json!("ada@acme.test"), &json!(true)),
            "{claims:#}"
        );
        assert_eq!((&claims["given_name"], &claims["family_name"]), (&json!("Ada"), &json!("Lovelace")), "{claims:#}");
        subjects.push(claims["sub"].clone());
    }
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "one person");
    Ok(())
}

#[tokio::test]
async fn pysaml2_with_one_byte_changed_is_refused_with_the_right_reason() -> Result<()> {
    let Some(mut both) = introduced().await? else { return Ok(()) };
    let events = both.vestibule.events()?;
    for sign in ["assertion", "response"] {
        let mut browser = Browser::new()?;
        let mut answer = ask(&mut both, &mut browser, &ada(sign)).await?;
        let xml = answer["response"].as_str().context("XML")?;
        let changed = xml.replacen("Lovelace", "Lovelacf", 1);
        assert_ne!(xml, changed);
        answer["saml_response"] = json!(vestibule_saml_idp::saml_response_value(&changed));
        let refused = browser.submit(&form(&answer)?, None).await?;
        let sign_in = refusal::traced_page(&both.vestibule, &refused.problem())?;
        assert_eq!(sign_in["reason"], "SIGNATURE_INVALID", "{sign_in:#}");
        assert_eq!(
            (&sign_in["stage"], &sign_in["responsible"]),
            (&json!("acs"), &json!("RESPONSIBLE_IDENTITY_PROVIDER"))
        );
    }
    assert_eq!(both.vestibule.events()?, events);
    Ok(())
}

#[tokio::test]
async fn pysaml2_reads_our_request_and_its_refusal_is_understood() -> Result<()> {
    let Some(mut both) = introduced().await? else { return Ok(()) };
    let mut browser = Browser::new()?;
    let read = ask(&mut both, &mut browser, &json!({ "do": "read" })).await?;
    assert!(read["acs"].as_str().is_some_and(|acs| acs.ends_with("/acs")), "{read:#}");
    let id = read["id"].as_str().unwrap_or_default();
    assert!(id.len() > 32, "128 bits: {id}");
    let relay_state = read["relay_state"].as_str().unwrap_or_default();
    assert!((1..=80).contains(&relay_state.len()), "SAML Bindings section 3.4.3: {relay_state}");

    let answer = ask(&mut both, &mut browser, &json!({ "do": "fail" })).await?;
    let refused = browser.submit(&form(&answer)?, None).await?;
    let sign_in = refusal::traced_page(&both.vestibule, &refused.problem())?;
    assert_eq!(sign_in["reason"], "STATUS_NOT_SUCCESS", "{sign_in:#}");
    Ok(())
}
