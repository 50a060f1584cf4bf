//! A real identity provider, samlp of npm: its metadata, its signatures, its encryption, its logout.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use serde_json::json;
use tempfile::TempDir;
use vestibule_kernel::{Clock, ExposeSecret as _, SystemClock};
use vestibule_saml_idp::{KeyType, SigningKey};
use vestibule_sandbox::check::{Answer, Browser};
use vestibule_tests::Interop;

use crate::introduced::{Introduced, Terms, walk};

/// samlp with a key of its own; `None` where there is no Node for it. The folder holds the key as long as it lives.
fn samlp() -> Result<Option<(Interop, TempDir)>> {
    let folder = tempfile::tempdir()?;
    let (key_file, certificate_file) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    let now = SystemClock.now();
    let key = SigningKey::generate(KeyType::Rsa2048, "idp.samlp.test", now, now.plus(Duration::from_hours(24)))?;
    fs::write(&key_file, key.private_key_pem().expose_secret())?;
    let body = BASE64_STANDARD.encode(key.certificate_der());
    fs::write(&certificate_file, format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"))?;
    let provider = Interop::node("samlp.mjs", &[&key_file.to_string_lossy(), &certificate_file.to_string_lossy()])?;
    Ok(provider.map(|provider| (provider, folder)))
}

#[tokio::test]
async fn samlp_signs_people_in_whatever_it_signs() -> Result<()> {
    for sign_response in [false, true] {
        let Some((provider, _folder)) = samlp()? else { return Ok(()) };
        let trust = json!({ "sign_response": sign_response });
        let both = Introduced::new(provider, &Terms { trust, ..Terms::default() }).await?;
        let claims = both.claims(&mut Browser::new()?).await?;
        assert_eq!(
            (&claims["email"], &claims["email_verified"]),
            (&json!("ada@acme.test"), &json!(true)),
            "{claims:#}"
        );
        assert_eq!((&claims["given_name"], &claims["family_name"]), (&json!("Ada"), &json!("Lovelace")), "{claims:#}");
    }
    Ok(())
}

/// It encrypts with AES in GCM mode.
#[tokio::test]
async fn samlp_encrypts_and_verifies_requests() -> Result<()> {
    let Some((provider, _folder)) = samlp()? else { return Ok(()) };
    let configure = &["--sign-requests", "always", "--encryption", "required"][..];
    let trust = json!({ "encrypt": true, "signed_requests": true });
    let both = Introduced::new(provider, &Terms { configure, trust }).await?;
    let claims = both.claims(&mut Browser::new()?).await?;
    assert_eq!(claims["email"], "ada@acme.test", "{claims:#}");
    Ok(())
}

#[tokio::test]
async fn samlp_is_asked_to_sign_a_person_out_and_asks_us() -> Result<()> {
    for binding in ["redirect", "post"] {
        let Some((provider, _folder)) = samlp()? else { return Ok(()) };
        let trust = json!({ "logout_binding": binding });
        let both = Introduced::new(provider, &Terms { trust, ..Terms::default() }).await?;
        let mut browser = Browser::new()?;
        both.claims(&mut browser).await?;
        let logout = both.described["logout"].as_str().unwrap_or_default().parse()?;
        // It says so when everybody else has answered.
        let is_done = |answer: &Answer| answer.url.path() == "/slo" && answer.body.trim() == "200";
        walk(&mut browser, &logout, is_done).await.context(binding)?;
        both.heard(1).await?;
    }
    let Some((provider, _folder)) = samlp()? else { return Ok(()) };
    let both = Introduced::new(provider, &Terms::default()).await?;
    let mut browser = Browser::new()?;
    both.claims(&mut browser).await?;
    both.sign_out(&mut browser).await
}
