//! A real identity provider, SimpleSAMLphp: its metadata, its login page, its signatures, its encryption, its logout.

use anyhow::Result;
use serde_json::json;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Interop, PeerVariable, required};

use crate::introduced::{Introduced, Terms};

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
