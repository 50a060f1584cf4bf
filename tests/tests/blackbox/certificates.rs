//! Certificates of identity providers, by the command line.

use std::{fs, time::Duration};

use anyhow::Result;
use vestibule_kernel::{Clock as _, SystemClock};
use vestibule_saml_idp::{KeyType, SigningKey};
use vestibule_tests::Launch;

use crate::{cognito::POOL_ID, provider::Provider};

#[tokio::test]
async fn certificates_are_listed_by_their_end_told_of_and_retired() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"];
    vestibule.run(pool)?.ok()?;
    vestibule.run(["org", "create", "acme"])?.ok()?;
    let mut provider = Provider::new("acme")?;
    let file = provider.metadata_file(&vestibule)?;
    let file = file.to_string_lossy();
    let connection = vestibule.run(["connection", "create", "acme", "--metadata", &file, "--json"])?.json()?;
    let name = connection["name"].as_str().unwrap_or_default();

    let listed = |arguments: &[&str]| -> Result<Vec<serde_json::Value>> {
        let arguments: Vec<&str> = [&["certificates", "list"], arguments, &["--json"]].concat();
        let answer = vestibule.run(arguments)?.json()?;
        Ok(answer["certificates"].as_array().cloned().unwrap_or_default())
    };
    assert_eq!(listed(&["--expiring", "30d"])?.len(), 0);
    let soon = listed(&["--expiring", "100d", "--org", "acme"])?;
    let [first] = soon.as_slice() else { anyhow::bail!("one certificate ends soon: {soon:#?}") };
    assert_eq!(first["state"], "STATE_TRUSTED");
    let old = first["sha256_fingerprint"].as_str().unwrap_or_default().to_owned();
    let refused = vestibule.run(["certificates", "retire", "acme", name, &old[..12]])?;
    assert!(refused.to_string().contains("CERTIFICATE_LAST"), "{refused}");

    let now = SystemClock.now();
    let next = SigningKey::generate(KeyType::EcP256, "idp.acme.test", now, now.plus(Duration::from_hours(24 * 400)))?;
    provider.idp = provider.idp.clone().publishing(next.certificate_der());
    fs::write(&*file, provider.idp.metadata_xml())?;
    vestibule.run(["connection", "update", "acme", name, "--metadata", &file])?.ok()?;
    let renewed = listed(&["--state", "renewed"])?;
    assert_eq!(renewed.len(), 1, "{renewed:#?}");
    assert_eq!(renewed[0]["sha256_fingerprint"], *old);
    let shown = vestibule.run(["certificates", "show", "acme", name, &old[..12]])?;
    assert!(shown.to_string().contains("renewed") && shown.to_string().contains("not yet"), "{shown}");
    vestibule.run(["certificates", "retire", "acme", name, &old[..12]])?.ok()?;
    assert_eq!(listed(&["--state", "retired"])?.len(), 1);
    let timeline = vestibule.run(["certificates", "timeline", "acme", name])?.to_string();
    let told = [
        "connection.created",
        "certificate.trusted",
        "certificate.renewed",
        "certificate.overlapping",
        "certificate.retired",
        "operator",
    ];
    for word in told {
        assert!(timeline.contains(word), "{word}\n{timeline}");
    }
    vestibule.run(["certificates", "trust", "acme", name, &old[..12]])?.ok()?;
    assert_eq!(listed(&["--state", "retired"])?.len(), 0);
    let unknown = vestibule.run(["certificates", "show", "acme", name, "zz"])?;
    assert!(unknown.to_string().contains("vestibule certificates list"), "{unknown}");
    Ok(())
}
