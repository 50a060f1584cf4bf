//! Where the people of an organization live, by the command line.

use anyhow::Result;
use serde_json::Value;
use vestibule_tests::{Launch, Vestibule};

fn kind(organization: &Value) -> (String, Value) {
    let placement = organization["placement"].as_object().expect("a placement");
    let (kind, terms) = placement.iter().find(|(_, terms)| terms.is_object()).expect("a kind");
    (kind.clone(), terms.clone())
}

fn pool(vestibule: &Vestibule, pool_id: &str) -> Result<()> {
    let create = ["pool", "create", pool_id, "--domain", "login.acme.example", "--app-client", "usual"];
    vestibule.run(create)?.ok()?;
    Ok(())
}

#[tokio::test]
async fn an_organization_is_placed_and_moved_by_the_command_line() -> Result<()> {
    let vestibule = Launch::serve("registry")?.start().await?;
    pool(&vestibule, "eu-west-1_Shared001")?;
    pool(&vestibule, "eu-west-1_Silo00001")?;
    let shared = ["--pool", "eu-west-1_Shared001", "--json"];
    let run = |words: &[&str]| vestibule.run(words.iter().chain(&shared));

    let acme = run(&["org", "create", "acme", "--group", "acme-people"])?.json()?;
    let (found, terms) = kind(&acme);
    assert_eq!(
        (found.as_str(), &terms["group"], &acme["foreign_email"]),
        ("group", &"acme-people".into(), &"FOREIGN_EMAIL_WITHHOLD".into())
    );
    let globex = run(&["org", "create", "globex", "--own-app-client", "globexclient", "--foreign-email", "refuse"])?;
    let globex = globex.json()?;
    assert_eq!((kind(&globex).0.as_str(), &globex["foreign_email"]), ("app_client", &"FOREIGN_EMAIL_REFUSE".into()));
    let refused = run(&["org", "create", "hooli", "--own-app-client", "globexclient"])?;
    assert!(refused.refused(1)?.contains("NAME_TAKEN"), "{refused}");
    let both = run(&["org", "create", "hooli", "--own-pool", "--group", "x"])?;
    assert!(both.code != Some(0) && both.stderr.contains("cannot be used with"), "{both}");

    // Where nothing else is said, the pool stays; where a pool is named, people move there.
    let moved = vestibule.run(["org", "update", "acme", "--shared-pool", "--json"])?.json()?;
    assert_eq!(kind(&moved), ("shared_pool".to_owned(), serde_json::json!({ "user_pool": terms["user_pool"] })));
    let silo = ["org", "update", "acme", "--pool", "eu-west-1_Silo00001", "--own-pool"];
    let moved = vestibule.run(silo)?;
    assert!(moved.ok()?.contains("in its own pool"), "{moved}");
    let intruder = vestibule.run(["org", "update", "globex", "--pool", "eu-west-1_Silo00001"])?;
    assert!(intruder.refused(1)?.contains("USER_POOL_NOT_SHARED"), "{intruder}");
    let nothing = vestibule.run(["org", "update", "globex"])?;
    assert!(nothing.refused(1)?.contains("nothing to change"), "{nothing}");
    Ok(())
}
