//! Our keys towards an identity provider, by the command line.

use anyhow::Result;
use vestibule_tests::Launch;

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
