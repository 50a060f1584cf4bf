//! A real identity provider, SimpleSAMLphp: its metadata, its login page, its signatures, its encryption, its logout.

use anyhow::Result;
use serde_json::json;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Interop, PeerVariable, required};

use crate::introduced::{Introduced, Terms, walk};

/// SimpleSAMLphp with a folder of its own; `None` where there is none.
fn simplesamlphp() -> Result<Option<Interop>> {
    let Some(program) = required(PeerVariable::SimpleSamlPhp)? else { return Ok(None) };
    Interop::python("simplesamlphp.py", &[&program])
}

#[tokio::test]
async fn simplesamlphp_signs_people_in() -> Result<()> {
    let Some(provider) = simplesamlphp()? else { return Ok(()) };
    let both = Introduced::new(provider, &Terms::default()).await?;
    let claims = both.claims(&mut Browser::new()?).await?;
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("ada@acme.test"), &json!(true)), "{claims:#}");
    assert_eq!((&claims["given_name"], &claims["family_name"]), (&json!("Ada"), &json!("Lovelace")), "{claims:#}");
    let again = both.claims(&mut Browser::new()?).await?;
    assert_eq!(again["sub"], claims["sub"], "the same person");
    Ok(())
}

/// It encrypts with AES in CBC mode, inside of a Response that it signs; and it takes no request without our signature.
#[tokio::test]
async fn simplesamlphp_encrypts_and_takes_signed_requests_only() -> Result<()> {
    let Some(provider) = simplesamlphp()? else { return Ok(()) };
    let configure = &["--sign-requests", "always", "--encryption", "required"][..];
    let trust = json!({ "encrypt": true, "signed_requests": true });
    let both = Introduced::new(provider, &Terms { configure, trust }).await?;
    let claims = both.claims(&mut Browser::new()?).await?;
    assert_eq!(claims["email"], "ada@acme.test", "{claims:#}");
    assert_eq!(claims["groups"], json!(["engineering", "analysts"]), "{claims:#}");
    Ok(())
}

#[tokio::test]
async fn simplesamlphp_is_asked_to_sign_a_person_out() -> Result<()> {
    let Some(provider) = simplesamlphp()? else { return Ok(()) };
    let both = Introduced::new(provider, &Terms::default()).await?;
    let mut browser = Browser::new()?;
    both.claims(&mut browser).await?;
    both.sign_out(&mut browser).await?;
    // It asks for the password again.
    let start = both.client.authorize(&mut browser, &both.customer).await?;
    walk(&mut browser, &start, |answer| answer.forms().iter().any(|form| form.field("password").is_some())).await?;
    Ok(())
}

#[tokio::test]
async fn a_person_who_signs_out_at_simplesamlphp_is_signed_out_here() -> Result<()> {
    let Some(provider) = simplesamlphp()? else { return Ok(()) };
    let both = Introduced::new(provider, &Terms::default()).await?;
    let mut browser = Browser::new()?;
    both.claims(&mut browser).await?;
    let logout = both.described["logout"].as_str().unwrap_or_default().parse()?;
    walk(&mut browser, &logout, |answer| answer.url.path().ends_with("/logout.php")).await?;
    both.heard(1).await?;
    Ok(())
}
