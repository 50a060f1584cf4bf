//! What is wrong with a Response, and what metadata holds, by the command line.

use std::{fs, time::Duration};

use anyhow::Result;
use vestibule_kernel::{Clock, SystemClock, SystemIds};
use vestibule_saml_idp::{Deviation, ResponseTerms, Subject};
use vestibule_tests::Launch;

use crate::{cognito::POOL_ID, provider::Provider};

#[tokio::test]
async fn metadata_is_looked_at_and_a_response_is_explained() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"];
    vestibule.run(pool)?.ok()?;
    vestibule.run(["org", "create", "acme"])?.ok()?;
    let provider = Provider::lasting("acme", Duration::from_hours(24))?;
    let file = provider.metadata_file(&vestibule)?;
    let file = file.to_string_lossy();

    let shown = vestibule.run(["saml", "inspect", &file])?;
    for word in ["https://idp.acme.test/saml", "trusted already    no", "CERTIFICATE_EXPIRES_SOON", "connection create"]
    {
        assert!(shown.ok()?.contains(word), "{word}\n{shown}");
    }
    let create = ["connection", "create", "acme", "--metadata", &file, "--enable", "--override-note", "test", "--json"];
    let connection = vestibule.run(create)?.json()?;
    let known = vestibule.run(["saml", "inspect", &file, "--json"])?.json()?;
    assert_eq!(known["entity_id_known"], true, "{known:#}");

    let text = |name: &str| connection["saml"][name].as_str().unwrap_or_default().to_owned();
    let (acs, entity_id) = (text("assertion_consumer_service_url"), text("service_provider_entity_id"));
    let arrived = SystemClock.now();
    let terms = ResponseTerms::new(&acs, &entity_id, arrived, &SystemIds).answering(format!("_{}", "0".repeat(32)));
    let subject = Subject::persistent("id-of-ada").with("email", ["ada@acme.test"]);
    let wrong = terms.clone().deviating(|odd| odd.audience = Deviation::instead("https://other.example/sp"));
    let response = vestibule.directory().join("response.xml");
    let (name, before) = (connection["name"].as_str().unwrap_or_default(), vestibule.events()?);
    let path = response.to_string_lossy().into_owned();
    let explain = ["saml", "explain", "--connection", name, &path];

    fs::write(&response, provider.idp.respond(&subject, &wrong)?)?;
    let shown = vestibule.run(explain)?;
    for word in
        ["AUDIENCE_MISMATCH", "identity provider", "https://other.example/sp", &entity_id, "failed", "<saml:Audience>"]
    {
        assert!(shown.ok()?.contains(word), "{word}\n{shown}");
    }
    assert!(!shown.stdout.contains("ada@") && !shown.stdout.contains("id-of"), "{shown}");

    fs::write(&response, vestibule_saml_idp::saml_response_value(&provider.idp.respond(&subject, &terms)?))?;
    let shown = vestibule.run(explain)?;
    assert!(shown.ok()?.contains("it signs somebody in"), "{shown}");
    let late = arrived.plus(std::time::Duration::from_mins(20)).to_string();
    let answer = vestibule.run(["saml", "explain", "--connection", name, "--at", &late, "--json", &path])?.json()?;
    assert_eq!(answer["refused"]["reason"], "ASSERTION_EXPIRED", "{answer:#}");
    assert_eq!(vestibule.events()?, before, "explaining records nothing");
    Ok(())
}

#[tokio::test]
async fn a_mapping_is_tried_on_a_sample_and_then_saved() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = ["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"];
    vestibule.run(pool)?.ok()?;
    vestibule.run(["org", "create", "acme"])?.ok()?;
    let provider = Provider::new("acme")?;
    let file = provider.metadata_file(&vestibule)?;
    let file = file.to_string_lossy();
    let create = [
        "connection",
        "create",
        "acme",
        "--metadata",
        &file,
        "--provider",
        "one-login",
        "--enable",
        "--override-note",
        "test",
        "--json",
    ];
    let connection = vestibule.run(create)?.json()?;
    assert_eq!(connection["saml"]["settings"]["provider"], "PROVIDER_ONE_LOGIN", "{connection:#}");
    let text = |name: &str| connection["saml"][name].as_str().unwrap_or_default().to_owned();
    let (acs, entity_id) = (text("assertion_consumer_service_url"), text("service_provider_entity_id"));
    let terms = ResponseTerms::new(&acs, &entity_id, SystemClock.now(), &SystemIds);
    let subject = Subject::transient("_1").with("PersonImmutableID", ["4711"]).with("Team", ["CN=Ops,DC=acme"]);
    let response = vestibule.directory().join("sample.xml");
    let sample = provider.idp.respond(&subject, &terms.answering(format!("_{}", "0".repeat(32))))?;
    fs::write(&response, sample)?;
    let (name, path) = (connection["name"].as_str().unwrap_or_default(), response.to_string_lossy().into_owned());

    let before = vestibule.events()?;
    let shown = vestibule.run(["saml", "preview-mapping", "--connection", name, &path])?;
    for word in ["genuine", "SUBJECT_NOT_STABLE", "nobody can be recognised", "PersonImmutableID, Team"] {
        assert!(shown.ok()?.contains(word), "{word}\n{shown}");
    }
    let flags = ["--subject-attribute", "PersonImmutableID", "--map", "groups=Team", "--role", "ops=CN=Ops,DC=acme"];
    let preview = ["saml", "preview-mapping", "--connection", name, "--json", &path];
    let tried = vestibule.run(preview.into_iter().chain(flags))?.json()?;
    assert_eq!((&tried["subject"]["value"], &tried["roles"][0]), (&"4711".into(), &"ops".into()), "{tried:#}");
    assert_eq!(vestibule.events()?, before, "a preview records nothing");

    let configure = ["connection", "configure", "acme", name, "--clock-skew", "90"];
    let saved = vestibule.run(configure.into_iter().chain(flags))?;
    for word in ["subject: attribute PersonImmutableID", "role ops for group CN=Ops,DC=acme", "90 seconds"] {
        assert!(saved.ok()?.contains(word), "{word}\n{saved}");
    }
    let now_saved = vestibule.run(preview)?.json()?;
    assert_eq!(now_saved["subject"], tried["subject"]);
    assert_eq!(now_saved["claims"], tried["claims"]);
    let refused = vestibule.run(["connection", "configure", "acme", name, "--clock-skew", "301"])?;
    assert!(refused.to_string().contains("CLOCK_SKEW_INVALID"), "{refused}");
    Ok(())
}
