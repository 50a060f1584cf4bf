use std::time::Duration;

use vestibule_host::{Job, Turn};
use vestibule_rpc::registry::v1::refresh_metadata_response::Outcome;

use super::publisher::{Publisher, key, metadata, registry, source};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn a_rotation_is_found_on_schedule_and_the_old_certificate_leaves_after_its_overlap() {
    let (registry, acme) = registry().await;
    let (old, new) = (key("old"), key("new"));
    let publisher = Publisher::of(metadata(&[&old])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let (job, turn) = (registry.job(), Turn::alone());
    let begun = registry.happened(0).await.len();
    job.round(&turn).await.unwrap();
    assert_eq!(publisher.asked(), 1, "it was read a moment ago");
    publisher.publish(metadata(&[&old, &new]));
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    let happened = registry.happened(begun).await;
    assert_eq!(
        happened,
        ["connection.certificate_trusted", "connection.certificate_overlapping", "connection.metadata_refreshed"]
    );
    assert_eq!(registry.look(&made.name).await.certificates.len(), 2);
    // Nothing new: asked with what is known, and nothing recorded.
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    assert_eq!((publisher.asked(), publisher.unmodified()), (3, 1));
    assert_eq!(registry.happened(begun).await.len(), 3);
    publisher.publish(metadata(&[&new]));
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    let happened = registry.happened(begun + 3).await;
    assert_eq!(happened, ["connection.certificate_overlapping", "connection.metadata_refreshed"]);
    assert_eq!(registry.look(&made.name).await.certificates.len(), 2, "whoever is about to arrive still gets in");
}

#[tokio::test]
async fn documents_say_how_often_they_are_read() {
    let (registry, acme) = registry().await;
    let document = metadata(&[&key("a")]);
    let with = |attribute: &str| document.replacen(" entityID=", &format!(" {attribute} entityID="), 1);
    for (attribute, hours) in
        [("cacheDuration=\"PT1M\"", 1), ("cacheDuration=\"PT12H\"", 12), ("cacheDuration=\"P30D\"", 24), ("", 6)]
    {
        let publisher = Publisher::of(with(attribute)).await;
        let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
        let next = registry.look(&made.name).await.metadata_status.unwrap().next_time.unwrap();
        let pause = u64::try_from(next.seconds - registry.resources.clock.now().unix_seconds()).unwrap();
        assert!((hours * 3600 * 79 / 100..=hours * 3600).contains(&pause), "{attribute}: {pause}");
    }
}

#[tokio::test]
async fn an_outage_is_told_once_a_day_and_takes_nothing_away() {
    let (registry, acme) = registry().await;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let (job, turn) = (registry.job(), Turn::alone());
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    let begun = registry.happened(0).await.len();
    publisher.break_down();
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    let status = registry.look(&made.name).await.metadata_status.unwrap();
    assert_eq!((status.reason.as_str(), status.failures), ("FETCH_STATUS", 1));
    let asked = publisher.asked();
    job.round(&turn).await.unwrap();
    assert_eq!(publisher.asked(), asked, "it is tried again after a pause");
    for _ in 0..4 {
        registry.clock.advance(6 * HOUR);
        job.round(&turn).await.unwrap();
    }
    assert_eq!(publisher.asked(), asked + 4);
    assert_eq!(registry.happened(begun).await, ["connection.metadata_refresh_failed"; 2]);
    assert_eq!(registry.look(&made.name).await.certificates.len(), 1);
    publisher.publish(metadata(&[&key("b")]));
    registry.clock.advance(6 * HOUR);
    job.round(&turn).await.unwrap();
    let status = registry.look(&made.name).await.metadata_status.unwrap();
    assert_eq!((status.reason.as_str(), status.failures), ("", 0));
    assert_eq!(registry.happened(begun + 2).await.last().unwrap(), "connection.metadata_refreshed");
}

#[tokio::test]
async fn an_unchanged_document_grows_old_all_the_same() {
    let (registry, acme) = registry().await;
    let document = metadata(&[&key("a")]);
    let document = document.replacen(" entityID=", " validUntil=\"2026-11-22T10:00:00Z\" entityID=", 1);
    let publisher = Publisher::of(document).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let (job, turn) = (registry.job(), Turn::alone());
    registry.clock.advance(12 * HOUR);
    job.round(&turn).await.unwrap();
    registry.clock.advance(13 * HOUR);
    job.round(&turn).await.unwrap();
    let status = registry.look(&made.name).await.metadata_status.unwrap();
    assert_eq!(status.reason, "METADATA_EXPIRED");
    assert_eq!(registry.refresh(&made.name).await.outcome(), Outcome::Failed);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_left_alone_and_keeps_no_other_waiting() {
    let (registry, acme) = registry().await;
    let (dead, alive) = (Publisher::of(metadata(&[&key("a")])).await, Publisher::of(metadata(&[&key("b")])).await);
    for _ in 0..5 {
        registry.connect(&acme, source(dead.url())).await.unwrap();
    }
    // The same machine by another name.
    let url = alive.url().replace("127.0.0.1", "localhost");
    let living = registry.connect(&acme, source(&url)).await;
    dead.break_down();
    registry.clock.advance(6 * HOUR);
    let (job, before) = (registry.job(), alive.asked());
    job.round(&Turn::alone()).await.unwrap();
    assert_eq!(dead.asked(), 5 + 3);
    if living.is_ok() {
        assert_eq!(alive.asked(), before + 1);
    }
}
