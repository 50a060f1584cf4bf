use std::time::Duration;

use vestibule_rpc::registry::v1::NoticeUnknownCertificateRequest;

use super::publisher::{Publisher, key, metadata, registry, source};
use crate::registry::Registry;

async fn notice(registry: &Registry, name: &str) {
    let request = NoticeUnknownCertificateRequest { name: name.to_owned() };
    registry.connections().notice_unknown_certificate(request).await.unwrap();
}

/// Waits until so many requests have come, and what they were for is done: an operator's refresh waits in the same line.
async fn asked(registry: &Registry, publisher: &Publisher, times: usize, name: &str, certificates: usize) {
    while publisher.asked() < times || registry.look(name).await.certificates.len() < certificates {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_unknown_certificate_makes_the_metadata_read_early_once_in_five_minutes() {
    let (registry, acme) = registry().await;
    let (old, new, newer) = (key("old"), key("new"), key("newer"));
    let publisher = Publisher::of(metadata(&[&old])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    publisher.publish(metadata(&[&old, &new]));
    for _ in 0..100 {
        notice(&registry, &made.name).await;
    }
    asked(&registry, &publisher, 2, &made.name, 2).await;
    registry.clock.advance(Duration::from_mins(4));
    publisher.publish(metadata(&[&old, &new, &newer]));
    for _ in 0..100 {
        notice(&registry, &made.name).await;
    }
    // Whatever was noticed in time is done when another connection's has been.
    let other = Publisher::of(metadata(&[&old])).await;
    let second = registry.connect(&acme, source(other.url())).await.unwrap();
    other.publish(metadata(&[&old, &new]));
    notice(&registry, &second.name).await;
    asked(&registry, &other, 2, &second.name, 2).await;
    assert_eq!(publisher.asked(), 2);
    registry.clock.advance(Duration::from_mins(1));
    notice(&registry, &made.name).await;
    asked(&registry, &publisher, 3, &made.name, 3).await;
    assert_eq!(publisher.asked(), 3);
}

#[tokio::test]
async fn what_strangers_cause_is_recorded_only_when_it_is_new() {
    let (registry, acme) = registry().await;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let made = registry.connect(&acme, source(publisher.url())).await.unwrap();
    let known = registry.happened(0).await.len();
    for broken in [false, true] {
        if broken {
            publisher.break_down();
        }
        let before = publisher.asked();
        registry.clock.advance(Duration::from_mins(5));
        notice(&registry, &made.name).await;
        asked(&registry, &publisher, before + 1, &made.name, 1).await;
    }
    assert!(registry.happened(known).await.is_empty());
    // Nor does it spoil what is known of the schedule.
    let status = registry.look(&made.name).await.metadata_status.unwrap();
    assert_eq!((status.failures, status.reason.as_str()), (0, ""));
}

#[tokio::test]
async fn who_has_no_address_is_not_asked() {
    let (registry, acme) = registry().await;
    let made = registry.create_connection(&acme, &metadata(&[&key("a")])).await.unwrap();
    let unknown = made.name.replace(made.name.rsplit('/').next().unwrap(), "01890a5d-ac96-774b-bcce-b302099a8051");
    let known = registry.happened(0).await.len();
    notice(&registry, &made.name).await;
    notice(&registry, &unknown).await;
    assert!(registry.happened(known).await.is_empty());
    let request = NoticeUnknownCertificateRequest { name: "connections/x".to_owned() };
    assert!(registry.connections().notice_unknown_certificate(request).await.is_err());
}
