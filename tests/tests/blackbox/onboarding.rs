//! Onboarding an enterprise customer by the command line, as the README shows it, and what goes wrong on the way.

use std::fs;

use anyhow::Result;
use vestibule_rpc::{
    reason_of,
    registry::v1::{Organization, UpdateOrganizationRequest, organization_service_client::OrganizationServiceClient},
};
use vestibule_tests::{Cli, Launch, free_port};

use crate::{
    cognito::{POOL_ID, Pool},
    customer::Customer,
    provider::Provider,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_onboarded_and_its_person_gets_both_tokens_with_the_organization() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let customer = Customer::onboard(&vestibule, &pool.client, "acme").await?;
    let tokens = pool.sign_in(&customer).await?;
    for token in [&tokens.id, &tokens.access] {
        assert_eq!(token["org_id"], customer.organization.as_str(), "{token:#}");
    }
    assert_eq!(tokens.id["email"], "ada@acme.test");
    let username = tokens.id["cognito:username"].as_str().unwrap_or_default();
    assert!(username.starts_with("vestibule_"), "{username}");
    let again = pool.sign_in(&customer).await?;
    assert_eq!(again.id["sub"], tokens.id["sub"], "the same person");

    // What a person reads.
    let shown = vestibule.run(["org", "show", "acme"])?;
    let words = shown.ok()?.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in ["organization acme", "state active", &customer.organization] {
        assert!(words.contains(line), "{line}\n{shown}");
    }
    let shown = vestibule.run(["connection", "list", "acme"])?;
    for word in ["NAME", "Single sign-on", "enabled", "https://idp.acme.test/saml"] {
        assert!(shown.ok()?.contains(word), "{word}\n{shown}");
    }
    let shown = vestibule.run(["domain", "show", "acme", "ACME.test."])?;
    assert!(shown.ok()?.contains("verified"), "{shown}");
    let shown = vestibule.run(["pool", "show"])?;
    assert!(shown.ok()?.contains(&pool.client.redirect_uri) && shown.ok()?.contains("RS256"), "{shown}");
    assert!(!shown.stdout.contains(&pool.client.secret), "the secret is shown once");

    // What a script reads.
    let connection = vestibule.run(["connection", "show", "acme", "Single sign-on", "--json"])?.json()?;
    let saml = &connection["saml"];
    assert_eq!(
        (&connection["state"], &saml["entity_id"]),
        (&"STATE_ENABLED".into(), &"https://idp.acme.test/saml".into())
    );
    let acs = format!("{}/acs", saml["service_provider_entity_id"].as_str().unwrap_or_default());
    assert_eq!(saml["assertion_consumer_service_url"], acs.as_str(), "{connection:#}");
    let organizations = vestibule.run(["org", "list", "--json"])?.json()?;
    assert_eq!(organizations["organizations"][0]["slug"], "acme", "{organizations:#}");
    Ok(())
}

#[tokio::test]
async fn a_step_that_is_repeated_or_impossible_is_told_with_its_reason() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let refused = |arguments: &[&str], words: &[&str]| -> Result<()> {
        let ran = vestibule.run(arguments)?;
        let told = ran.refused(1)?;
        for word in words {
            assert!(told.contains(word), "{word} is not told\n{ran}");
        }
        let mut lines: Vec<_> = told.lines().map(|line| line.trim_start_matches("error: ").trim()).collect();
        lines.sort_unstable();
        let said_twice = lines.windows(2).any(|pair| pair[1].starts_with(pair[0]));
        assert!(!said_twice, "{ran}");
        Ok(())
    };
    refused(&["org", "create", "acme"], &["no user pool is registered yet", "vestibule pool create"])?;
    refused(&["pool", "create", "nonsense", "--domain", "d.test", "--app-client", "a"], &["eu-west-1_AbCd12345"])?;
    vestibule
        .run(["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"])?
        .ok()?;
    let created = vestibule.run(["org", "create", "acme", "--external-id", "crm-1"])?;
    assert!(created.ok()?.contains("acme"), "{created}");

    refused(&["org", "create", "acme"], &["the slug is taken", "NAME_TAKEN"])?;
    refused(&["org", "create", "other", "--external-id", "crm-1"], &["is taken", "NAME_TAKEN"])?;
    refused(&["org", "create", "Not A Slug"], &["slug"])?;
    refused(&["org", "show", "nobody"], &["no organization with the slug `nobody`", "vestibule org list"])?;
    refused(&["org", "update", "acme"], &["nothing to change"])?;
    refused(&["domain", "create", "acme", "not a domain", "--attest", "x"], &["domain"])?;
    refused(&["connection", "create", "acme", "--metadata", "missing.xml"], &["missing.xml"])?;
    for (text, reason) in [
        ("not XML", "METADATA_MALFORMED"),
        ("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>", "METADATA_DOCTYPE_FORBIDDEN"),
        ("<a/>", "METADATA_NOT_SAML"),
    ] {
        fs::write(vestibule.directory().join("bad.xml"), text)?;
        refused(&["connection", "create", "acme", "--metadata", "bad.xml"], &[reason, "saml.metadata_xml"])?;
    }
    refused(&["sign-ins", "show", "01a1fd4a-db76-7ab8-b692-b111312e9c7c"], &["SIGN_IN_NOT_FOUND"])?;

    // A domain has one owner.
    vestibule.run(["org", "create", "globex"])?.ok()?;
    vestibule.run(["domain", "create", "acme", "acme.test", "--attest", "contract"])?.ok()?;
    refused(&["domain", "create", "globex", "acme.test", "--attest", "contract"], &["NAME_TAKEN"])?;

    // What is said twice happens once.
    let events = vestibule.events()?;
    for _ in 0..2 {
        vestibule.run(["org", "suspend", "globex", "--note", "unpaid"])?.ok()?;
    }
    vestibule.run(["domain", "attest", "acme", "acme.test", "--note", "again"])?.ok()?;
    assert_eq!(vestibule.events()?, events + 1, "one suspension and nothing else");
    Ok(())
}

#[tokio::test]
async fn who_may_not_write_or_has_seen_an_older_state_is_refused() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    vestibule
        .run(["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"])?
        .ok()?;
    let made = vestibule.run(["org", "create", "acme", "--json"])?.json()?;
    let events = vestibule.events()?;

    fs::write(vestibule.directory().join("wrong.token"), "a-token-that-is-long-enough-but-not-ours")?;
    let ran = vestibule.run(["org", "create", "other", "--token-file", "wrong.token"])?;
    assert!(ran.refused(1)?.contains("TOKEN_UNKNOWN") && ran.stderr.contains("--token-file"), "{ran}");
    let ran = vestibule.run(["org", "create", "other", "--token-file", "no.token"])?;
    assert!(ran.refused(1)?.contains("no.token"), "{ran}");
    // From another directory nobody finds the token; reading needs none.
    let elsewhere = tempfile::tempdir()?;
    let stranger = Cli::new(elsewhere.path()).with("VESTIBULE_SERVER", &vestibule.addresses.grpc);
    let ran = stranger.run(["org", "suspend", "acme"])?;
    assert!(ran.refused(1)?.contains("--token-file"), "{ran}");
    assert!(stranger.run(["org", "list"])?.ok()?.contains("acme"));

    let mut organizations = OrganizationServiceClient::new(vestibule.writer()?);
    let stale = |tier: &str| UpdateOrganizationRequest {
        organization: Some(Organization {
            name: made["name"].as_str().unwrap_or_default().to_owned(),
            etag: made["etag"].as_str().unwrap_or_default().to_owned(),
            tier: tier.to_owned(),
            ..Organization::default()
        }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["tier".to_owned()] }),
    };
    organizations.update_organization(stale("gold")).await?;
    let refused = organizations.update_organization(stale("silver")).await.expect_err("the etag is the one before");
    assert_eq!((refused.code(), reason_of(&refused).as_deref()), (tonic::Code::Aborted, Some("ETAG_MISMATCH")));
    assert_eq!(vestibule.events()?, events + 1, "the one update");
    Ok(())
}

#[tokio::test]
async fn without_a_server_or_with_wrong_settings_the_program_says_what_to_do() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let nowhere = format!("http://127.0.0.1:{}", free_port()?);
    let cli = Cli::new(directory.path()).with("VESTIBULE_SERVER", &nowhere);
    let ran = cli.run(["org", "list"])?;
    for words in
        [format!("{nowhere} cannot be reached: Connection refused"), format!("Is a server running at {nowhere}?")]
    {
        assert!(ran.refused(1)?.contains(&words), "{ran}");
    }
    let ran = cli.run(["health"])?;
    assert!(ran.refused(1)?.contains("Is a server running at"), "{ran}");

    let ran = cli.run(["org", "create"])?;
    assert!(ran.refused(2)?.contains("<SLUG>"), "{ran}");
    for (setting, words) in [
        ("grpc.lissten=127.0.0.1:1", "lissten"),
        ("grpc.listen=0.0.0.0:9000", "vestibule tls init"),
        ("deployment.public_url=http://login.example", "must begin with https://"),
    ] {
        let ran = cli.run(["serve", "all", "--set", setting])?;
        assert!(ran.refused(64)?.contains(words), "{words}\n{ran}");
    }
    let ran = cli.run(["--config", "no.toml", "serve", "all"])?;
    assert!(ran.refused(64)?.contains("no.toml does not exist"), "{ran}");
    assert_eq!(fs::read_dir(directory.path())?.count(), 0, "nothing was begun");
    Ok(())
}

#[tokio::test]
async fn new_metadata_is_imported_without_moving_our_addresses() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    vestibule
        .run(["pool", "create", POOL_ID, "--domain", "login.acme.test", "--app-client", "1example23456789"])?
        .ok()?;
    vestibule.run(["org", "create", "acme"])?.ok()?;
    let file = Provider::new("acme")?.metadata_file(&vestibule)?;
    let file = file.to_string_lossy();
    let create = ["connection", "create", "acme", "--metadata", &file, "--display-name", "Acme Login", "--json"];
    let before = vestibule.run(create)?.json()?;
    assert_eq!(before["state"], "STATE_DISABLED", "{before:#}");
    // The same entity with another key.
    Provider::new("acme")?.metadata_file(&vestibule)?;
    let after = vestibule.run(["connection", "update", "acme", "Acme Login", "--metadata", &file, "--json"])?.json()?;
    for kept in ["name", "create_time"] {
        assert_eq!(before[kept], after[kept], "{after:#}");
    }
    for kept in ["service_provider_entity_id", "assertion_consumer_service_url", "service_provider_metadata_url"] {
        assert_eq!(before["saml"][kept], after["saml"][kept], "{after:#}");
    }
    let fingerprints = |connection: &serde_json::Value| connection["saml"]["certificates"].to_string();
    assert_ne!(fingerprints(&before), fingerprints(&after));
    Ok(())
}
