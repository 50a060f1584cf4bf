//! A real identity provider, pysaml2, onboarded by its metadata.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use vestibule_sandbox::check::{Browser, Form};
use vestibule_tests::Interop;

use crate::{
    introduced::{Introduced, SIGNED_OUT, Terms},
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

fn form(answer: &Value) -> Result<Form> {
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

#[tokio::test]
async fn our_metadata_and_our_requests_keep_to_the_schemas() -> Result<()> {
    let Some(mut both) = introduced().await? else { return Ok(()) };
    let metadata = both.our_metadata().await?;
    for element in ["KeyDescriptor use=\"signing\"", "KeyDescriptor use=\"encryption\"", "SingleLogoutService"] {
        assert!(metadata.contains(element), "{element}\n{metadata}");
    }
    both.provider.ask(&json!({ "do": "validate", "document": metadata })).await?;
    let broken = metadata.replacen("SPSSODescriptor", "SPDescriptor", 2);
    let refused = both.provider.try_ask(&json!({ "do": "validate", "document": broken })).await?;
    assert_eq!(refused["ok"], false, "the schemas are looked at");
    Ok(())
}

/// It verifies what we sign, in both bindings, before it reads it.
#[tokio::test]
async fn pysaml2_verifies_our_signed_requests() -> Result<()> {
    let Some(python) = Interop::python("idp.py", &["--signed-requests"])? else { return Ok(()) };
    let terms = Terms { configure: &["--sign-requests", "always", "--force-authn"], ..Terms::default() };
    let mut both = Introduced::new(python, &terms).await?;
    let mut browser = Browser::new()?;
    let read = ask(&mut both, &mut browser, &json!({ "do": "read" })).await?;
    assert_eq!(read["force_authn"], "true", "{read:#}");
    let location = both.client.authorize(&mut browser, &both.customer).await?;
    let unsigned: Vec<_> = location.query_pairs().filter(|(name, _)| name == "SAMLRequest").collect();
    let bare = url::Url::parse_with_params("https://idp.pysaml2.test/sso", unsigned)?;
    let refused = both.provider.try_ask(&json!({ "do": "read", "location": bare.as_str() })).await?;
    assert_eq!(refused["ok"], false, "signatures are looked at: {refused}");
    let answer = ask(&mut both, &mut browser, &ada("assertion")).await?;
    both.client.code_of(&browser.submit(&form(&answer)?, None).await?)?;
    Ok(())
}

/// pysaml2 can encrypt with triple DES only, which nobody should take.
#[tokio::test]
async fn pysaml2_with_triple_des_is_refused() -> Result<()> {
    let Some(mut both) = introduced().await? else { return Ok(()) };
    let mut browser = Browser::new()?;
    let mut command = ada("both");
    command["encrypt"] = json!(true);
    let answer = ask(&mut both, &mut browser, &command).await?;
    let refused = browser.submit(&form(&answer)?, None).await?;
    let sign_in = refusal::traced_page(&both.vestibule, &refused.problem())?;
    assert_eq!(sign_in["reason"], "ENCRYPTION_ALGORITHM_NOT_ALLOWED", "{sign_in:#}");
    Ok(())
}

#[tokio::test]
async fn pysaml2_signs_people_out_in_both_directions() -> Result<()> {
    let Some(mut both) = introduced().await? else { return Ok(()) };
    let sp = both.saml("service_provider_entity_id")?.to_owned();
    for binding in ["redirect", "post"] {
        let mut browser = Browser::new()?;
        let answer = ask(&mut both, &mut browser, &ada("assertion")).await?;
        both.client.code_of(&browser.submit(&form(&answer)?, None).await?)?;
        let session_index = answer["session_index"].clone();
        let order = json!({
            "do": "log out", "sp_entity_id": sp, "name_id": "ada@acme.test", "binding": binding,
            "name_id_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "session_index": [session_index],
        });
        let request = both.provider.ask(&order).await?;
        let answered = if let Some(location) = request["location"].as_str() {
            browser.get(&location.parse()?).await?
        } else {
            let value = request["saml_request"].as_str().context("a request")?;
            let fields = vec![("SAMLRequest".to_owned(), value.to_owned())];
            let action = format!("{sp}/slo").parse()?;
            browser.submit(&Form { action, is_post: true, fields, buttons: Vec::new() }, None).await?
        };
        let back = answered.location.with_context(|| format!("{binding}: {}", answered.body))?;
        let heard = both.provider.ask(&json!({ "do": "logged out", "location": back.as_str() })).await?;
        assert_eq!(heard["in_response_to"], request["id"], "{heard}");
        assert_eq!(heard["status"], "urn:oasis:names:tc:SAML:2.0:status:Success");
    }
    both.heard(2).await?;

    let mut browser = Browser::new()?;
    let answer = ask(&mut both, &mut browser, &ada("assertion")).await?;
    both.client.code_of(&browser.submit(&form(&answer)?, None).await?)?;
    let sent = browser.get(&both.end_session()?).await?;
    let request = sent.location.with_context(|| sent.body.clone())?;
    let answered = both.provider.ask(&json!({ "do": "answer logout", "location": request.as_str() })).await?;
    assert_eq!(answered["name_id"], "ada@acme.test");
    assert_eq!(answered["session_index"], json!([answer["session_index"]]));
    let location = answered["location"].as_str().context("an answer")?;
    let home = browser.get(&location.parse()?).await?;
    assert_eq!(home.location.as_ref().map(url::Url::as_str), Some(SIGNED_OUT), "{}", home.body);
    Ok(())
}
