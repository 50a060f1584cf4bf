//! A real identity provider, pysaml2, onboarded by its metadata.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Interop, Launch, Vestibule, http_client};

use crate::{
    customer::{Client, Customer},
    provider::{Provider, posted},
    refusal,
};

/// Vestibule and pysaml2, each with the other's metadata.
struct Introduced {
    vestibule: Vestibule,
    python: Interop,
    client: Client,
    customer: Customer,
}

async fn introduced() -> Result<Option<Introduced>> {
    let Some(mut python) = Interop::python("idp.py", &[])? else { return Ok(None) };
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Pysaml201", &[])?;
    let metadata = python.ask(&json!({ "do": "metadata" })).await?;
    let file = vestibule.directory().join("pysaml2.xml");
    fs::write(&file, metadata["metadata"].as_str().context("metadata")?)?;
    let (provider, file) = (Provider::new("acme")?, file.to_string_lossy());
    let customer = Customer::onboard_with(&vestibule, &client, "acme", provider, &file).await?;
    let connections = vestibule.run(["connection", "list", "acme", "--json"])?.json()?;
    let saml = &connections["connections"][0]["saml"];
    assert_eq!(saml["entity_id"], metadata["entity_id"], "{connections:#}");
    let address = saml["service_provider_metadata_url"].as_str().context("our metadata")?;
    let ours = http_client()?.get(address).send().await?.error_for_status()?.text().await?;
    let trusted = python.ask(&json!({ "do": "trust", "sp_metadata": ours })).await?;
    assert_eq!(trusted["sp_entity_ids"], json!([saml["service_provider_entity_id"]]));
    Ok(Some(Introduced { vestibule, python, client, customer }))
}

impl Introduced {
    /// Has pysaml2 read our request and do something about it.
    async fn ask(&mut self, browser: &mut Browser, command: &Value) -> Result<Value> {
        let location = self.client.authorize(browser, &self.customer).await?;
        let mut command = command.clone();
        command["location"] = json!(location.as_str());
        self.python.ask(&command).await
    }
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
        let answer = both.ask(&mut browser, &ada(sign)).await?;
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
        let mut answer = both.ask(&mut browser, &ada(sign)).await?;
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
    let read = both.ask(&mut browser, &json!({ "do": "read" })).await?;
    assert!(read["acs"].as_str().is_some_and(|acs| acs.ends_with("/acs")), "{read:#}");
    let id = read["id"].as_str().unwrap_or_default();
    assert!(id.len() > 32, "128 bits: {id}");
    let relay_state = read["relay_state"].as_str().unwrap_or_default();
    assert!((1..=80).contains(&relay_state.len()), "SAML Bindings section 3.4.3: {relay_state}");

    let answer = both.ask(&mut browser, &json!({ "do": "fail" })).await?;
    let refused = browser.submit(&form(&answer)?, None).await?;
    let sign_in = refusal::traced_page(&both.vestibule, &refused.problem())?;
    assert_eq!(sign_in["reason"], "STATUS_NOT_SUCCESS", "{sign_in:#}");
    Ok(())
}
