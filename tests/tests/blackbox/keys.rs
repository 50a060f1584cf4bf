//! Our keys, towards identity providers and towards Cognito, by the command line.

use anyhow::Result;
use serde_json::Value;
use vestibule_tests::{Cli, Launch, http_client};

use crate::{cognito::POOL_ID, provider::Provider};

#[tokio::test]
async fn keys_are_shown_and_rotated_once() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"];
    vestibule.run(pool)?.ok()?;
    vestibule.run(["org", "create", "acme"])?.ok()?;
    let file = Provider::new("acme")?.metadata_file(&vestibule)?;
    let file = file.to_string_lossy();
    let connection = vestibule
        .run(["connection", "create", "acme", "--metadata", &file, "--enable", "--override-note", "test", "--json"])?
        .json()?;
    let name = connection["name"].as_str().unwrap_or_default();
    let keys = ["saml", "keys", "--connection", name, "--json"];
    let before = vestibule.run(keys)?.json()?;
    assert_eq!(before["keys"].as_array().map(Vec::len), Some(2), "{before:#}");
    assert_eq!(
        (&before["keys"][0]["use"], &before["keys"][1]["use"]),
        (&"USE_SIGNING".into(), &"USE_ENCRYPTION".into())
    );

    let rotated = vestibule.run(["saml", "keys", "--connection", name, "--rotate"])?;
    for word in ["signing", "encryption", "active", "published", "read our metadata again"] {
        assert!(rotated.to_string().contains(word), "{word}\n{rotated}");
    }
    let after = vestibule.run(keys)?.json()?;
    assert_eq!(after["keys"].as_array().map(Vec::len), Some(4), "{after:#}");
    assert_eq!(after["keys"][1], before["keys"][0], "the one before still signs\n{after:#}");
    let refused = vestibule.run(["saml", "keys", "--connection", name, "--rotate"])?;
    assert!(refused.to_string().contains("SERVICE_PROVIDER_KEYS_ROTATING"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn a_signing_key_that_was_lost_is_taken_out_by_the_command_line() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let list = || -> Result<Value> { vestibule.run(["keys", "list", "--json"])?.json() };
    let states = |answer: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let keys = answer["signing_keys"].as_array().cloned().unwrap_or_default();
        keys.iter().map(|key| (text(&key["algorithm"]), text(&key["state"]))).collect()
    };
    let state = |algorithm: &str, state: &str| (algorithm.to_owned(), format!("STATE_{state}"));
    let before = list()?;
    assert_eq!(states(&before), [state("RS256", "SIGNING"), state("ES256", "SIGNING")], "{before:#}");
    let shown = vestibule.run(["keys", "list"])?;
    for word in ["RS256", "signing", "the next ES256 key is made at"] {
        assert!(shown.to_string().contains(word), "{word}\n{shown}");
    }
    let rotated = vestibule.run(["keys", "rotate", "--algorithm", "es256"])?;
    assert!(rotated.to_string().contains("signs by itself when its time has come"), "{rotated}");
    let again = vestibule.run(["keys", "rotate", "--algorithm", "es256"])?;
    assert!(again.to_string().contains("SIGNING_KEYS_ROTATING"), "{again}");

    let signer = before["signing_keys"][0]["name"].as_str().unwrap_or_default().to_owned();
    let id = signer.trim_start_matches("signingKeys/");
    let jwks = async || -> Result<String> {
        Ok(http_client()?.get(vestibule.gateway("/oauth2/jwks")?).send().await?.text().await?)
    };
    assert!(jwks().await?.contains(id));
    let unexplained = vestibule.run(["keys", "revoke", id, "--note", ""])?;
    assert!(unexplained.to_string().contains("NOTE_REQUIRED"), "{unexplained}");
    let revoked = vestibule.run(["keys", "revoke", id, "--note", "lost with a laptop"])?;
    assert!(revoked.to_string().contains("refused from now on"), "{revoked}");
    assert!(!jwks().await?.contains(id), "the key set names it no more");
    let after = list()?;
    let expected = [("RS256", "SIGNING"), ("RS256", "REVOKED"), ("ES256", "NEXT"), ("ES256", "SIGNING")];
    assert_eq!(states(&after), expected.map(|(algorithm, name)| state(algorithm, name)), "{after:#}");
    let events = vestibule.run(["events", "list", "--type", "signing_key.removed", "--json"])?;
    assert!(events.to_string().contains(&signer), "{events}");
    Ok(())
}

#[test]
fn a_schedule_of_signing_keys_that_cannot_work_is_refused_before_anything_starts() -> Result<()> {
    let launch = Launch::serve("all")?;
    for (setting, word) in [
        ("gateway.signing_key_publish_ahead_hours=0", "read it again before a new key signs"),
        ("gateway.signing_key_kept_hours=200", "1 to 168"),
        ("gateway.signing_key_rotation_days=2", "3 to 730"),
    ] {
        let ran = Cli::new(launch.directory()).run(["serve", "all", "--check-config", "--set", setting])?;
        let told = ran.refused(64)?;
        assert!(told.contains(word), "{setting}: {told}");
    }
    Ok(())
}
