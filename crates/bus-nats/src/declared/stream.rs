use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};

use super::{
    StreamDeclaration, WhenFull,
    change::{Danger, Differences, Planned, Write, if_less, if_narrower, listed},
    declaration::{HOUR_SECONDS, MEGABYTE},
};

/// What older messages come to when less is kept.
const DELETED: &str = "what is older or more is deleted at once";

pub(super) fn compare(declared: &StreamDeclaration, found: Option<Info>) -> Option<Planned> {
    let mut differences = Differences::of(format!("stream {}", declared.name));
    let Some(is) = found.map(|info| info.config) else {
        let config =
            applied(declared, Config { description: Some("Events of Vestibule".to_owned()), ..Config::default() });
        return Some(Planned { changes: differences.absent(), write: Write::MakeStream(Box::new(config)) });
    };
    let wanted = applied(declared, is.clone());
    let lost = "messages on other subjects are refused from now on";
    let narrower = if_narrower(&is.subjects, &wanted.subjects, lost);
    differences.field("subjects", (listed(&is.subjects), listed(&wanted.subjects)), narrower);
    let fewer = if_less(is.num_replicas, wanted.num_replicas, "fewer servers keep what is there");
    differences.field("replicas", (is.num_replicas, wanted.num_replicas), fewer);
    // Nothing and 0 mean that there is no limit.
    let tighter = is.max_age.is_zero() || wanted.max_age < is.max_age;
    differences.field(
        "retention_hours",
        (hours(is.max_age), hours(wanted.max_age)),
        tighter.then_some(Danger::Loses(DELETED)),
    );
    let tighter = is.max_bytes <= 0 || wanted.max_bytes < is.max_bytes;
    differences.field(
        "max_megabytes",
        (megabytes(is.max_bytes), megabytes(wanted.max_bytes)),
        tighter.then_some(Danger::Loses(DELETED)),
    );
    let dropped = "what is acknowledged is deleted before its time";
    let drops =
        (wanted.discard == DiscardPolicy::Old && is.discard == DiscardPolicy::New).then_some(Danger::Loses(dropped));
    differences.field("when_full", (full(is.discard), full(wanted.discard)), drops);
    let forgets =
        if_less(is.duplicate_window, wanted.duplicate_window, "what is sent twice is recognised for a shorter time");
    let seconds = (is.duplicate_window.as_secs(), wanted.duplicate_window.as_secs());
    differences.field("dedupe_window_seconds", seconds, forgets);
    let unchangeable = Some(Danger::Impossible);
    differences.field("storage", (storage(is.storage), storage(wanted.storage)), unchangeable);
    differences.field("retention policy", (policy(is.retention), policy(wanted.retention)), unchangeable);
    let changes = differences.into_changes();
    (!changes.is_empty()).then(|| Planned { changes, write: Write::ChangeStream(Box::new(wanted)) })
}

/// What is declared, over what is there: what the file does not speak of stays.
fn applied(declared: &StreamDeclaration, before: Config) -> Config {
    Config {
        name: declared.name.clone(),
        subjects: declared.subjects.clone(),
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: match declared.when_full {
            WhenFull::Refuse => DiscardPolicy::New,
            WhenFull::DropOldest => DiscardPolicy::Old,
        },
        max_age: Duration::from_secs(u64::from(declared.retention_hours) * HOUR_SECONDS),
        max_bytes: i64::try_from(u64::from(declared.max_megabytes) * MEGABYTE).unwrap_or(i64::MAX),
        duplicate_window: Duration::from_secs(declared.dedupe_window_seconds.into()),
        num_replicas: declared.replicas,
        ..before
    }
}

fn hours(age: Duration) -> String {
    match age.as_secs() {
        0 => "unlimited".to_owned(),
        seconds if seconds.is_multiple_of(HOUR_SECONDS) => (seconds / HOUR_SECONDS).to_string(),
        seconds => format!("{seconds} s"),
    }
}

fn megabytes(bytes: i64) -> String {
    match u64::try_from(bytes) {
        Ok(0) | Err(_) => "unlimited".to_owned(),
        Ok(bytes) if bytes.is_multiple_of(MEGABYTE) => (bytes / MEGABYTE).to_string(),
        Ok(bytes) => format!("{bytes} bytes"),
    }
}

const fn full(policy: DiscardPolicy) -> &'static str {
    match policy {
        DiscardPolicy::New => "refuse",
        DiscardPolicy::Old => "drop_oldest",
    }
}

const fn storage(storage: StorageType) -> &'static str {
    match storage {
        StorageType::File => "file",
        StorageType::Memory => "memory",
    }
}

const fn policy(policy: RetentionPolicy) -> &'static str {
    match policy {
        RetentionPolicy::Limits => "limits",
        RetentionPolicy::Interest => "interest",
        RetentionPolicy::WorkQueue => "workqueue",
    }
}
