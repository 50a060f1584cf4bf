//! What the command line refuses, and how it says what to do instead.

use anyhow::Result;
use serde_json::Value;
use vestibule_tests::Launch;

use crate::{
    cognito::POOL_ID,
    customer::{Client, Customer},
};

#[tokio::test]
async fn a_directory_is_made_by_the_names_that_everything_else_has() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = Client::register(&vestibule, POOL_ID, &[])?;
    Customer::onboard(&vestibule, &client, "acme").await?;
    assert_eq!(vestibule.run(["directory", "list", "acme"])?.ok()?, "No directories.\n");
    let half = vestibule.run(["directory", "create", "acme"])?;
    assert!(half.refused(1)?.contains("vestibule connection list acme"), "{half}");
    let unknown = vestibule.run(["directory", "create", "acme", "Elsewhere"])?;
    assert!(unknown.refused(1)?.contains("has no connection `Elsewhere`"), "{unknown}");
    let format = ["--name-id-format", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"];
    let made = ["directory", "create", "acme", "Single sign-on", "--json"];
    let made = vestibule.run(made.iter().chain(&format))?.json()?;
    let listed: Value = vestibule.run(["directory", "list", "acme", "--json"])?.json()?;
    assert_eq!(listed["directories"][0]["name"], made["name"]);
    Ok(())
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_to_do() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    for command in
        [&["nats", "apply"][..], &["nats", "dead-letters", "list"], &["nats", "dead-letters", "redrive", "crm"]]
    {
        let refused = vestibule.run(command)?;
        assert!(refused.refused(1)?.contains("--set nats.url="), "{refused}");
    }
    let reference = vestibule.run(["sign-ins", "show", "4711"])?;
    assert!(reference.refused(1)?.contains("vestibule sign-ins list"), "{reference}");
    let nobodys =
        vestibule.run(["nats", "dead-letters", "list", "--consumer", "a.b", "--set", "nats.url=nats://127.0.0.1:9"])?;
    assert!(nobodys.refused(1)?.contains("letters, digits and hyphens"), "{nobodys}");
    Ok(())
}
