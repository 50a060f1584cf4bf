//! Responses that somebody has tampered with, lost, kept or sent elsewhere, at the assertion consumer service of the
//! sandbox: each is refused for one reason, none writes an event.

use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use vestibule_saml_idp::Forgery;
use vestibule_sandbox::{
    check::{PostedResponse, Walk},
    roster::find_person,
};
use vestibule_tests::{Cli, Launch, Vestibule};

use crate::{
    person::{to_identity_provider, to_response, walk},
    refusal,
};

const ADA: &str = "ada@acme.test";
/// Globex and the partners of Initech use the same software: one entity id, one signing key.
const ALAN: &str = "alan@globex.test";
const EDSGER: &str = "edsger@initech.test";

/// Posts a Response that must be refused, and answers what the trace knows of it.
async fn refused(sandbox: &Vestibule, walk: &mut Walk, response: &PostedResponse, reason: &str) -> Result<()> {
    let events = sandbox.events()?;
    let Err(error) = walk.post_response(response).await else { panic!("accepted in spite of {reason}") };
    let sign_in = refusal::traced(sandbox, &error)?;
    assert_eq!((&sign_in["reason"], &sign_in["stage"]), (&reason.into(), &"acs".into()), "{sign_in:#}");
    assert_eq!(sandbox.events()?, events, "{reason} is not in the log");
    Ok(())
}

fn without(text: &str, from: &str, to: &str) -> Option<String> {
    let (before, rest) = text.split_once(from)?;
    Some(format!("{before}{}", rest.split_once(to)?.1))
}

#[tokio::test]
async fn whatever_the_hostile_identity_provider_sends_is_refused_and_writes_no_event() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let fresh = walk(&sandbox)?;
    let (_, ada) = find_person(ADA).context("Ada")?;
    for forgery in Forgery::ALL {
        let mut walk = fresh.clone();
        let page = to_identity_provider(&mut walk, ADA).await?;
        let response = walk.forge(&page, ada.id, *forgery).await?;
        refused(&sandbox, &mut walk, &response, forgery.reason()).await.context(forgery.name())?;
    }
    Ok(())
}

#[test]
fn the_check_tells_of_every_forgery_why_it_is_refused() -> Result<()> {
    let launch = Launch::sandbox()?;
    let ran = Cli::new(launch.directory()).run(["sandbox", "--check", "--forgeries"])?;
    for forgery in Forgery::ALL {
        assert!(ran.ok()?.contains(&format!("ok {}: {}", forgery.name(), forgery.reason())), "{forgery:?}\n{ran}");
    }
    Ok(())
}

#[tokio::test]
async fn a_response_that_was_changed_or_is_none_is_refused() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let fresh = walk(&sandbox)?;
    let field = |response: &PostedResponse, value: &str| PostedResponse {
        form: response.form.clone().with("SAMLResponse", value),
    };
    for reason in [
        "SIGNATURE_INVALID",
        "SIGNATURE_MISSING",
        "XML_MALFORMED",
        "XML_DOCTYPE_FORBIDDEN",
        "NOT_A_RESPONSE",
        "MESSAGE_ENCODING_INVALID",
        "MESSAGE_TOO_LARGE",
        "RESPONSE_TOO_LARGE",
        "RESPONSE_FORM_MALFORMED",
    ] {
        let mut walk = fresh.clone();
        let response = to_response(&mut walk, ADA).await?;
        let xml = response.xml().context("XML")?;
        let bent = match reason {
            "SIGNATURE_INVALID" => response.with_xml(&xml.replacen("Lovelace", "Lovelacf", 1)),
            "SIGNATURE_MISSING" => {
                response.with_xml(&without(&xml, "<ds:Signature ", "</ds:Signature>").context("one")?)
            }
            "XML_MALFORMED" => response.with_xml(&xml.replacen("</", "<", 1)),
            "XML_DOCTYPE_FORBIDDEN" => response.with_xml(&format!("<!DOCTYPE r [<!ENTITY e \"x\">]>{xml}")),
            "NOT_A_RESPONSE" => response.with_xml("<a/>"),
            "MESSAGE_ENCODING_INVALID" => field(&response, "this is not base64"),
            "MESSAGE_TOO_LARGE" => field(&response, &BASE64_STANDARD.encode(vec![b' '; 150 * 1024])),
            "RESPONSE_TOO_LARGE" => field(&response, &"A".repeat(300 * 1024)),
            _ => {
                let mut form = response.form.clone();
                form.fields.retain(|(name, _)| name != "SAMLResponse");
                PostedResponse { form }
            }
        };
        refused(&sandbox, &mut walk, &bent, reason).await?;
        // Nothing was used up: the true answer is still good.
        if reason == "SIGNATURE_INVALID" {
            let back = walk.post_response(&response).await?;
            let callback = walk.back_to_application(&back).await?;
            assert!(walk.finish(&callback).await?.id_token["org_id"].is_string());
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_response_that_comes_again_is_refused_with_and_without_its_cookies() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let mut walk = walk(&sandbox)?;
    let response = to_response(&mut walk, ADA).await?;
    let (before, events) = (walk.browser.clone(), sandbox.events()?);
    walk.post_response(&response).await?;
    assert!(sandbox.events()? > events, "an acceptance is in the log");
    // Somebody loads the page again.
    refused(&sandbox, &mut walk, &response, "PENDING_SIGN_IN_FINISHED").await?;
    // Somebody who has taken the cookies sends it once more.
    walk.browser = before.clone();
    refused(&sandbox, &mut walk, &response, "ASSERTION_REPLAYED").await?;
    // Another browser has no part in it.
    walk.browser = before.another();
    refused(&sandbox, &mut walk, &response, "PENDING_SIGN_IN_LOST").await
}

#[tokio::test]
async fn a_response_for_another_request_address_or_browser_is_refused() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let fresh = walk(&sandbox)?;

    // Two tabs: the answer of one in the place of the other.
    let mut tabs = fresh.clone();
    let first = to_response(&mut tabs, ADA).await?;
    let second = to_response(&mut tabs, ADA).await?;
    let crossed = second.with_xml(&first.xml().context("XML")?);
    refused(&sandbox, &mut tabs, &crossed, "IN_RESPONSE_TO_MISMATCH").await?;
    for response in [&second, &first] {
        tabs.post_response(response).await.context("each tab for itself is fine")?;
    }

    // Two customers of one software, whose signature is good for both.
    let (mut alan, mut edsger) = (fresh.clone(), fresh.clone());
    let globex = to_response(&mut alan, ALAN).await?;
    let initech = to_response(&mut edsger, EDSGER).await?;
    let foreign = initech.with_xml(&globex.xml().context("XML")?);
    refused(&sandbox, &mut edsger, &foreign, "DESTINATION_MISMATCH").await?;
    let mut elsewhere = globex.clone();
    elsewhere.form.action = initech.form.action.clone();
    refused(&sandbox, &mut alan, &elsewhere, "RESPONSE_OVER_OTHER_CONNECTION").await?;
    // And of two softwares.
    let mut ada = fresh.clone();
    let acme = to_response(&mut ada, ADA).await?;
    let foreign = acme.with_xml(&globex.xml().context("XML")?);
    refused(&sandbox, &mut ada, &foreign, "CERTIFICATE_NOT_TRUSTED").await?;

    // Nobody asked.
    let mut form = acme.form.clone();
    form.fields.retain(|(name, _)| name != "RelayState");
    refused(&sandbox, &mut ada, &PostedResponse { form }, "RESPONSE_UNSOLICITED").await?;
    // There is nobody at this address.
    let mut nowhere = acme.clone();
    nowhere.form.action = sandbox.gateway("/saml/01a1fd4a-db76-7ab8-b692-b111312e9c7c/acs")?;
    refused(&sandbox, &mut ada, &nowhere, "CONNECTION_NOT_FOUND").await?;
    // The cookies are gone.
    ada.browser.forget(|_| true);
    refused(&sandbox, &mut ada, &acme, "PENDING_SIGN_IN_LOST").await
}

#[tokio::test]
async fn a_person_who_cancels_reads_why_and_finds_back() -> Result<()> {
    let sandbox = Launch::sandbox()?.set("log.checkpoint_seconds", 0).start().await?;
    let mut walk = walk(&sandbox)?;
    let page = to_identity_provider(&mut walk, ADA).await?;
    let response = walk.cancel(&page).await?;
    let Err(error) = walk.post_response(&response).await else { panic!("accepted without an assertion") };
    let sign_in = refusal::traced(&sandbox, &error)?;
    assert_eq!(sign_in["reason"], "STATUS_NOT_SUCCESS", "{sign_in:#}");
    // What whoever is called for help reads.
    let name = sign_in["name"].as_str().unwrap_or_default();
    let shown = sandbox.run(["sign-ins", "show", name])?;
    for line in
        ["STATUS_NOT_SUCCESS", "identity provider", "failed      response.status: expected", "DECISION_BROKERED"]
    {
        assert!(shown.ok()?.contains(line), "{line}\n{shown}");
    }
    let listed = sandbox.run(["sign-ins", "list", "--org", "acme"])?;
    let reference = name.trim_start_matches("signIns/");
    assert!(listed.ok()?.contains(reference), "{listed}");
    assert!(!sandbox.run(["sign-ins", "list", "--org", "globex"])?.ok()?.contains(reference));
    let back = error.problem().and_then(|problem| problem.way_back.clone()).context("a way back")?;
    // Cognito tells the application, which shows it.
    let callback = walk.browser.get(&back).await?.location.context("Cognito sends the browser back")?;
    let shown = walk.browser.get(&callback).await?;
    assert!(shown.body.contains("The sign-in failed"), "{}", shown.problem());
    Ok(())
}
