use std::time::Duration;

use async_nats::jetstream::{
    kv,
    stream::{Config, Info},
};

use super::{
    BucketDeclaration,
    change::{Danger, Differences, Planned, Write, if_less},
    declaration::HOUR_SECONDS,
};

/// The stream that a bucket is made of (NATS ADR-8).
pub(super) fn stream_name(declared: &BucketDeclaration) -> String {
    format!("KV_{}", declared.name)
}

pub(super) fn compare(declared: &BucketDeclaration, found: Option<Info>) -> Option<Planned> {
    let mut differences = Differences::of(format!("bucket {}", declared.name));
    let max_age = Duration::from_secs(u64::from(declared.retention_hours) * HOUR_SECONDS);
    let Some(is) = found.map(|info| info.config) else {
        let config = kv::Config {
            bucket: declared.name.clone(),
            description: "Events that were handled".to_owned(),
            max_age,
            num_replicas: declared.replicas,
            ..kv::Config::default()
        };
        return Some(Planned { changes: differences.absent(), write: Write::MakeBucket(Box::new(config)) });
    };
    let fewer = if_less(is.num_replicas, declared.replicas, "fewer servers keep what is there");
    differences.field("replicas", (is.num_replicas, declared.replicas), fewer);
    let forgets = is.max_age.is_zero() || max_age < is.max_age;
    let forgets = forgets.then_some(Danger::Loses("an event that comes again is handled again"));
    differences.field("retention_hours", (is.max_age.as_secs() / HOUR_SECONDS, declared.retention_hours), forgets);
    let changes = differences.into_changes();
    let wanted = Config { max_age, num_replicas: declared.replicas, ..is };
    (!changes.is_empty()).then(|| Planned { changes, write: Write::ChangeStream(Box::new(wanted)) })
}
