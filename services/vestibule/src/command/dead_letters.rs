//! `vestibule nats dead-letters`: what consumers have set aside, and another turn for it.

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use serde_json::json;
use vestibule_bus_nats::{DeadLetter, DeadLetters};
use vestibule_kernel::Timestamp;

use super::nats::NO_ADDRESS;
use crate::{
    config::Config,
    output::{line, note, still_read, table},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what waits for a person, oldest first: whose it is, why, and which event. What the event says is not printed.
    List {
        /// Only that of this consumer, such as `provisioner-crm`.
        #[arg(long, value_name = "NAME")]
        consumer: Option<String>,
        /// Only what is behind this one.
        #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
        after: u64,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print each as JSON, one a line.
        #[arg(long)]
        json: bool,
    },
    /// Give events to their consumer again, once their cause is gone. What is refused again comes back with its reason.
    Redrive {
        /// The consumer, such as `provisioner-crm`. A running one gets them at once, another when it runs.
        consumer: String,
        /// Only this one; repeat for more. All of the consumer's when absent.
        #[arg(long, value_name = "SEQUENCE")]
        sequence: Vec<u64>,
    },
}

pub(crate) async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    let settings = config.nats.connection(&config.deployment).context(NO_ADDRESS)?;
    match command {
        Command::List { consumer, after, limit, json } => {
            named(consumer.as_deref())?;
            let letters = DeadLetters::connect(&settings).await?;
            list(&letters, consumer.as_deref(), (after, limit), json).await
        }
        Command::Redrive { consumer, sequence } => {
            named(Some(&consumer))?;
            redrive(&DeadLetters::connect(&settings).await?, &consumer, &sequence).await
        }
    }
}

/// The name becomes part of a subject.
fn named(consumer: Option<&str>) -> anyhow::Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name = consumer.is_none_or(|name| !name.is_empty() && name.bytes().all(plain));
    ensure!(is_name, "a consumer's name is letters, digits and hyphens");
    Ok(())
}

async fn list(
    letters: &DeadLetters,
    consumer: Option<&str>,
    (after, limit): (u64, usize),
    as_json: bool,
) -> anyhow::Result<()> {
    let (mut rows, mut after, mut count) = (Vec::new(), after, 0);
    while let Some(letter) = letters.next(consumer, after).await? {
        if count == limit {
            note(&format!("there are more: go on with --after {after}"));
            break;
        }
        (after, count) = (letter.sequence, count + 1);
        if !as_json {
            rows.push(row(letter));
        } else if !still_read(&document(&letter).to_string()) {
            return Ok(());
        }
    }
    if !as_json {
        let heading = ["SEQUENCE", "SINCE", "CONSUMER", "EVENT", "ABOUT", "REASON"];
        line(table(heading, &rows, "nothing waits for a person").trim_end());
    }
    Ok(())
}

fn row(letter: DeadLetter) -> [String; 6] {
    let since = since(&letter);
    [letter.sequence.to_string(), since, letter.consumer, letter.name, letter.resource, letter.reason]
}

fn document(letter: &DeadLetter) -> serde_json::Value {
    json!({
        "sequence": letter.sequence,
        "time": since(letter),
        "consumer": letter.consumer,
        "id": letter.id,
        "type": letter.name,
        "subject": letter.resource,
        "reason": letter.reason,
    })
}

fn since(letter: &DeadLetter) -> String {
    Timestamp::from_unix_seconds(letter.unix_seconds).to_string()
}

async fn redrive(letters: &DeadLetters, consumer: &str, wanted: &[u64]) -> anyhow::Result<()> {
    let (last, mut after, mut moved) = (letters.last(), 0, Vec::new());
    while let Some(letter) = letters.next(Some(consumer), after).await? {
        // What failed once more meanwhile is for another time.
        if letter.sequence > last {
            break;
        }
        after = letter.sequence;
        if wanted.is_empty() || wanted.contains(&letter.sequence) {
            letters.redrive(&letter).await?;
            moved.push(letter.sequence);
        }
    }
    if let Some(missing) = wanted.iter().find(|sequence| !moved.contains(sequence)) {
        bail!("{consumer} has no dead letter {missing}: `vestibule nats dead-letters list` shows what there is");
    }
    line(&match moved.len() {
        0 => format!("{consumer} has set nothing aside"),
        1 => format!("1 event is given to {consumer} again"),
        count => format!("{count} events are given to {consumer} again"),
    });
    Ok(())
}
