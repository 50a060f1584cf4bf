//! Somebody with all rights on the database changes the log: `vestibule log verify` says so and what.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use vestibule_tests::{Cli, Fleet, Interop, Launch, Ran, Surroundings};

use crate::store::Store;

/// What is done to the log, and how the finding begins.
#[derive(Clone, Copy, Debug)]
enum Attack {
    Change,
    Remove,
    Truncate,
    Recompute,
}

const ATTACKS: [(Attack, &str); 4] = [
    (Attack::Change, "changed: stream person/"),
    (Attack::Remove, "removed: position "),
    (Attack::Truncate, "truncated: the log ends at position "),
    (Attack::Recompute, "recomputed: stream person/"),
];

#[tokio::test]
async fn a_log_in_sqlite_that_was_changed_is_found() -> Result<()> {
    let Some(mut python) = Interop::python("store.py", &[])? else { return Ok(()) };
    let mut all = Launch::serve("all")?.set("log.checkpoint_seconds", 0).start().await?;
    let surroundings = Surroundings::around(&all).await?;
    sign_in_around_a_checkpoint(&surroundings, &all.cli()?).await?;
    ensure!(all.process.terminate().await?.success(), "it did not end well");
    is_whole(&verify(&all.cli()?)?)?;

    let data = all.directory().join("vestibule-data");
    for (attack, finding) in ATTACKS {
        let copy = all.directory().join(format!("{attack:?}"));
        copy_files(&data, &copy)?;
        strike(attack, &mut Store::sqlite(&copy, &mut python)).await?;
        let cli = all.cli()?.with("VESTIBULE__DEPLOYMENT__DATA_DIRECTORY", copy.to_string_lossy());
        is_found(&cli, &data.join("checkpoints"), finding)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_log_in_postgres_that_was_changed_is_found() -> Result<()> {
    let Some(mut python) = Interop::python("store.py", &[])? else { return Ok(()) };
    let Some(mut fleet) = Fleet::start_with(&[("log.checkpoint_seconds", 0.into())]).await? else { return Ok(()) };
    let cli = fleet.service("registry").cli()?;
    sign_in_around_a_checkpoint(&fleet.surroundings().await?, &cli).await?;
    fleet.terminate().await?;
    is_whole(&verify(&cli)?)?;

    for (attack, finding) in ATTACKS {
        let copy = fleet.database.copy()?;
        strike(attack, &mut Store::postgres(&copy, Some(&mut python))).await?;
        let url = fleet.path().join(format!("{attack:?}.url"));
        fs::write(&url, copy.url().as_str())?;
        let cli = cli.clone().with("VESTIBULE__STORE__POSTGRES_URL_FILE", url.to_string_lossy());
        is_found(&cli, &fleet.path().join("registry/checkpoints"), finding)?;
    }
    Ok(())
}

/// Ada signs in, a checkpoint is exported, Alan signs in.
async fn sign_in_around_a_checkpoint(surroundings: &Surroundings, cli: &Cli) -> Result<()> {
    surroundings.walk().sign_in("ada@acme.test").await?;
    let said = cli.run(["log", "checkpoint"])?;
    ensure!(said.ok()?.starts_with("1 checkpoints added"), "{said}");
    surroundings.walk().sign_in("alan@globex.test").await?;
    Ok(())
}

fn verify(cli: &Cli) -> Result<Ran> {
    cli.run(["log", "verify", "--json"])
}

fn is_whole(ran: &Ran) -> Result<()> {
    let report = ran.json()?;
    let number = |field: &str| report.get(field).and_then(Value::as_u64).unwrap_or_default();
    ensure!(number("checkpoints") == 1 && number("uncovered") > 0 && number("findings_total") == 0, "{report}");
    Ok(())
}

/// The exit code tells a script, the report tells a person.
fn is_found(cli: &Cli, checkpoints: &Path, finding: &str) -> Result<()> {
    let checkpoints = checkpoints.to_string_lossy();
    let ran = cli.run(["log", "verify", "--checkpoints", &checkpoints])?;
    ensure!(ran.code == Some(1) && ran.stdout.lines().any(|line| line.starts_with(finding)), "{finding}\n{ran}");
    ensure!(ran.stdout.trim_end().ends_with("THE LOG HAS BEEN CHANGED") && ran.stderr.contains("findings"), "{ran}");
    let ran = cli.run(["log", "verify", "--json", "--checkpoints", &checkpoints])?;
    let report: Value = serde_json::from_str(&ran.stdout)?;
    let findings = report.get("findings").and_then(Value::as_array).context("findings")?;
    let named = findings.iter().filter_map(Value::as_str).any(|found| found.starts_with(finding));
    ensure!(ran.code == Some(1) && named, "{finding}\n{ran}");
    Ok(())
}

/// Does it to the first person's first event, which the checkpoint covers.
async fn strike(attack: Attack, store: &mut Store<'_>) -> Result<()> {
    let first = "SELECT min(position) FROM events WHERE name = 'person.first_seen'";
    let position: u64 = store.read(first).await?.parse()?;
    let statements = match attack {
        Attack::Change => format!("UPDATE events SET data = replace(data, '{{', '{{ ') WHERE position = {position}"),
        Attack::Remove => format!("DELETE FROM events WHERE position = {position}"),
        Attack::Truncate => format!("DELETE FROM events WHERE position >= {position}"),
        Attack::Recompute => recomputed(store, position).await?,
    };
    store.overpower(&statements).await
}

/// The event is changed, and all hashes of its stream are made anew.
async fn recomputed(store: &mut Store<'_>, position: u64) -> Result<String> {
    let mut events = store.stream_of(position).await?;
    let hashes: Vec<String> = events.iter().filter_map(|event| Some(event.get("hash")?.as_str()?.to_owned())).collect();
    ensure!(store.rechain(&events).await? == hashes, "the chain is not understood, so the attack would prove nothing");
    let text = events.first().and_then(|event| event.get("data")).and_then(Value::as_str).context("data")?;
    let forged = text.replacen('{', "{ ", 1);
    if let Some(event) = events.first_mut().and_then(Value::as_object_mut) {
        event.insert("data".to_owned(), forged.into());
    }
    let hashes = store.rechain(&events).await?;
    let updates = events.iter().zip(hashes).map(|(event, hash)| {
        let (data, hash) = (event.get("data").and_then(Value::as_str).unwrap_or_default(), store.bytes(&hash));
        let position = event.get("position").and_then(Value::as_u64).unwrap_or_default();
        format!("UPDATE events SET data = '{}', hash = {hash} WHERE position = {position};", data.replace('\'', "''"))
    });
    Ok(updates.collect())
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
