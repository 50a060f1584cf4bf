//! Signing out, from the application and from the identity provider, and everybody who tries to do it to somebody else.

use anyhow::{Context, Result};
use url::Url;
use vestibule_kernel::{Clock, SystemClock, SystemIds};
use vestibule_saml_idp::{LogoutKind, LogoutTerms, Subject};
use vestibule_sandbox::{
    check::{Answer, Browser, Walk},
    roster::{Login, Person, find_person},
};
use vestibule_tests::{Launch, Vestibule, until};

use crate::{
    cognito::Pool,
    customer::Customer,
    person::{to_identity_provider, walk},
    refusal,
};

const ADA: &str = "ada@acme.test";

fn known(email: &str) -> Result<(&'static Login, &'static Person)> {
    find_person(email).context("nobody of the sandbox")
}

/// Signs in, and answers the address of the identity provider.
async fn sign_in(walk: &mut Walk, email: &str) -> Result<Url> {
    let page = to_identity_provider(walk, email).await?;
    let idp = page.form.action.join("/")?;
    let response = walk.choose(&page, known(email)?.1.id).await?;
    let back = walk.post_response(&response).await?;
    let callback = walk.back_to_application(&back).await?;
    walk.finish(&callback).await?;
    Ok(idp)
}

fn reason_of(vestibule: &Vestibule, page: &Answer) -> Result<String> {
    let sign_in = refusal::traced_page(vestibule, &page.problem())?;
    assert_eq!(sign_in["stage"], "logout", "{sign_in}");
    Ok(sign_in["reason"].as_str().context("a reason")?.to_owned())
}

/// The same address with one parameter's raw value replaced.
fn with_raw(url: &Url, name: &str, value: &str) -> Url {
    let query = url.query().unwrap_or_default();
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((found, _)) if found == name => format!("{name}={value}"),
        _ => pair.to_owned(),
    });
    let mut changed = url.clone();
    changed.set_query(Some(&pairs.collect::<Vec<_>>().join("&")));
    changed
}

fn without(url: &Url, name: &str) -> Url {
    let query = url.query().unwrap_or_default();
    let kept = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
    let mut changed = url.clone();
    changed.set_query(Some(&kept.collect::<Vec<_>>().join("&")));
    changed
}

#[tokio::test]
async fn a_sign_out_goes_from_the_application_to_the_identity_provider_and_back() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    sign_in(&mut walk, ADA).await?;
    let written = sandbox.events()?;
    walk.sign_out().await?;
    assert!(walk.hops.iter().flat_map(|hop| &hop.checks).all(|check| check.passed), "{:?}", walk.hops);
    assert_eq!(sandbox.events()?, written, "a browser that signs out writes nothing");
    let left: Vec<_> = walk.browser.cookies().iter().filter(|cookie| cookie.name.starts_with("__Host-s")).collect();
    assert!(left.iter().all(|cookie| cookie.value == "finished"), "{left:?}");
    // The identity provider knows the session no more, and Cognito asks anew.
    sign_in(&mut walk, ADA).await?;
    Ok(())
}

#[tokio::test]
async fn whoever_holds_no_session_goes_straight_to_the_application() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    sign_in(&mut walk, ADA).await?;
    let end_session = walk.begin_sign_out().await?;
    let mut stranger = walk.browser.another();
    let answer = stranger.get(&end_session).await?;
    assert_eq!(answer.location, Some(sandbox.app()?));
    // It did not end Ada's session.
    let request = walk.end_session(&end_session).await?;
    assert!(request.query().is_some_and(|query| query.contains("SAMLRequest=")));
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_not_the_identity_providers_is_refused_and_leads_on() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    for (name, value, reason) in [
        ("Signature", "AAAA", "SIGNATURE_INVALID"),
        ("SigAlg", "http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23rsa-sha1", "SIGNATURE_ALGORITHM_NOT_ALLOWED"),
        ("SAMLResponse", "AAAA", "SIGNATURE_INVALID"),
    ] {
        sign_in(&mut walk, ADA).await?;
        let end_session = walk.begin_sign_out().await?;
        let request = walk.end_session(&end_session).await?;
        let answer = walk.ask_identity_provider(&request).await?;
        // In another browser, nobody waits for it.
        let mut stranger = walk.browser.another();
        let elsewhere = stranger.get(&answer).await?;
        assert_eq!(reason_of(&sandbox, &elsewhere)?, "LOGOUT_RESPONSE_UNSOLICITED");
        let page = walk.browser.get(&with_raw(&answer, name, value)).await?;
        assert_eq!(reason_of(&sandbox, &page)?, reason);
        assert_eq!(page.problem().way_back, Some(sandbox.app()?), "the page leads on");
        // One answer for each request.
        let again = walk.browser.get(&answer).await?;
        assert_eq!(reason_of(&sandbox, &again)?, "LOGOUT_RESPONSE_UNSOLICITED");
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_not_registered_is_nowhere_to_go() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    sign_in(&mut walk, ADA).await?;
    let end_session = walk.begin_sign_out().await?;
    for (name, value, reason) in [
        ("post_logout_redirect_uri", "https%3A%2F%2Feve.test%2F", "POST_LOGOUT_REDIRECT_URI_UNREGISTERED"),
        ("client_id", "eve", "END_SESSION_CLIENT_UNKNOWN"),
    ] {
        let page = walk.browser.get(&with_raw(&end_session, name, value)).await?;
        assert_eq!(reason_of(&sandbox, &page)?, reason);
        assert_eq!(page.problem().way_back, None);
    }
    walk.end_session(&end_session).await?;
    Ok(())
}

#[tokio::test]
async fn a_person_who_signs_out_at_the_identity_provider_is_signed_out_once() -> Result<()> {
    let sandbox = Launch::sandbox()?.start().await?;
    let mut walk = walk(&sandbox)?;
    let idp = sign_in(&mut walk, ADA).await?;
    let written = sandbox.events()?;
    let request = walk.logout_request_of(&idp, known(ADA)?).await?;

    // Whatever is done to the request on its way, it counts for nothing then.
    let hostile = [
        (without(&without(&request, "SigAlg"), "Signature"), "SIGNATURE_MISSING"),
        (with_raw(&request, "Signature", "AAAA"), "SIGNATURE_INVALID"),
        (with_raw(&request, "RelayState", "another"), "SIGNATURE_INVALID"),
        (without(&request, "RelayState"), "SIGNATURE_INVALID"),
        (format!("{request}&RelayState=another").parse()?, "QUERY_MALFORMED"),
        (
            request.as_str().replace("?SAMLRequest=", "?SAML%52equest=AAAA&SAMLRequest=").parse()?,
            "LOGOUT_MESSAGE_MALFORMED",
        ),
    ];
    for (address, reason) in hostile {
        let page = walk.browser.another().get(&address).await?;
        let found = reason_of(&sandbox, &page)?;
        assert!(found == reason || found == "QUERY_MALFORMED", "{found} instead of {reason}: {address}");
    }
    assert_eq!(sandbox.events()?, written);

    let answer = walk.browser.get(&request).await?;
    let back = answer.location.clone().with_context(|| answer.problem().to_string())?;
    let page = walk.browser.get(&back).await?;
    assert_eq!(page.text("logout-status").as_deref(), Some("urn:oasis:names:tc:SAML:2.0:status:Success"));
    assert_eq!(sandbox.events()?, written + 1);
    assert!(!walk.browser.cookies().iter().any(|cookie| cookie.name.starts_with("__Host-session.")));
    let heard = refusal::newest(&sandbox, "SIGNED_OUT")?;
    assert_eq!(heard["answer"], "signed out; a LogoutResponse");

    // Who caught the request cannot sign Ada out again. The application itself was told nothing: Cognito tells nobody.
    walk.browser = walk.browser.another();
    sign_in(&mut walk, ADA).await?;
    let written = sandbox.events()?;
    let page = walk.browser.another().get(&request).await?;
    assert_eq!(reason_of(&sandbox, &page)?, "LOGOUT_REQUEST_REPLAYED");
    assert_eq!(sandbox.events()?, written);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_signed_out_by_the_identity_provider_gets_no_tokens_until_they_sign_in_again() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    let tokens = pool.sign_in(&customer).await?;
    assert_eq!(pool.refresh(&tokens.refresh).await?.0, 200);

    let connections = vestibule.run(["connection", "list", "acme", "--json"])?.json()?;
    let name = connections["connections"][0]["name"].as_str().context("a connection")?;
    let slo = vestibule.gateway(&format!("/saml/{}/slo", name.rsplit('/').next().unwrap_or_default()))?;
    let idp = &customer.provider.idp;
    let logout = |subject: &Subject| -> Result<Url> {
        let terms = LogoutTerms::new(slo.as_str(), SystemClock.now(), &SystemIds);
        let query = idp.logout_query(LogoutKind::Request, &idp.logout_request(subject, &terms), None)?;
        Ok(format!("{slo}?{query}").parse()?)
    };
    let (local, _) = customer.email.split_once('@').context("an address")?;
    let somebody_else = Browser::new()?.get(&logout(&Subject::persistent("somebody-else"))?).await?;
    assert!(somebody_else.status.is_success() || somebody_else.status.is_redirection(), "{}", somebody_else.problem());
    assert_eq!(pool.refresh(&tokens.refresh).await?.0, 200);

    let heard = Browser::new()?.get(&logout(&Subject::persistent(format!("id-of-{local}")))?).await?;
    assert!(heard.status.is_success() || heard.status.is_redirection(), "{}", heard.problem());
    until("the refresh to be refused", async || Ok((pool.refresh(&tokens.refresh).await?.0 == 400).then_some(())))
        .await?;
    let again = pool.sign_in(&customer).await?;
    assert_eq!(again.id["sub"], tokens.id["sub"]);
    until("the refresh to work again", async || Ok((pool.refresh(&again.refresh).await?.0 == 200).then_some(())))
        .await?;
    Ok(())
}
