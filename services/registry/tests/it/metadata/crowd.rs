//! Many connections that point to one host, or that belong to one organization.

use std::time::Duration;

use vestibule_host::{Job, Turn};
use vestibule_rpc::registry::v1::NoticeUnknownCertificateRequest;

use super::publisher::{Publisher, key, metadata, registry, source};
use crate::registry::Registry;

/// So many connections of an organization that read one document.
async fn connect(registry: &Registry, organization: &str, publisher: &Publisher, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        names.push(registry.connect(organization, source(publisher.url())).await.unwrap().name);
    }
    names
}

/// Notices each after the one before has been read early, or was not: `free` reads it where it is allowed.
async fn notice(registry: &Registry, names: &[String], publisher: &Publisher, free: usize) {
    for (number, name) in names.iter().enumerate() {
        let before = publisher.asked();
        let request = NoticeUnknownCertificateRequest { name: name.clone() };
        registry.connections().notice_unknown_certificate(request).await.unwrap();
        while number < free && publisher.asked() == before {
            tokio::task::yield_now().await;
        }
    }
}

/// Whatever was noticed before is done when this one has been read.
async fn settled(registry: &Registry, organization: &str, host: &str) {
    let publisher = Publisher::at(host, metadata(&[&key("other")])).await;
    let names = connect(registry, organization, &publisher, 1).await;
    notice(registry, &names, &publisher, 1).await;
}

#[tokio::test]
async fn strangers_make_us_read_for_one_organization_so_often_and_no_more() {
    let (registry, acme) = registry().await;
    let globex = registry.create_organization("globex").await.name;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let names = connect(&registry, &acme, &publisher, 10).await;
    let others = connect(&registry, &globex, &publisher, 1).await;
    let begun = publisher.asked();
    notice(&registry, &names, &publisher, 8).await;
    // What one has used up is not taken from others at the same host.
    notice(&registry, &others, &publisher, 1).await;
    assert_eq!(publisher.asked(), begun + 8 + 1);
    // It is not forgotten, only not early: in the next five minutes it may be.
    registry.clock.advance(Duration::from_mins(5));
    notice(&registry, &names[8..], &publisher, 2).await;
    assert_eq!(publisher.asked(), begun + 8 + 1 + 2);
}

#[tokio::test]
async fn strangers_make_us_ask_one_host_so_often_and_no_more() {
    let (registry, acme) = registry().await;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let mut names = Vec::new();
    for number in 0..5 {
        let organization = registry.create_organization(&format!("customer-{number}")).await.name;
        names.extend(connect(&registry, &organization, &publisher, 7).await);
    }
    let begun = publisher.asked();
    notice(&registry, &names, &publisher, 32).await;
    settled(&registry, &acme, "127.0.0.2").await;
    assert_eq!(publisher.asked(), begun + 32);
    registry.clock.advance(Duration::from_mins(5));
    notice(&registry, &names[32..], &publisher, 3).await;
    assert_eq!(publisher.asked(), begun + 32 + 3);
}

#[tokio::test]
async fn in_a_round_one_host_is_asked_so_often_and_whoever_waits_longest_is_first() {
    let (registry, acme) = registry().await;
    let globex = registry.create_organization("globex").await.name;
    let publisher = Publisher::of(metadata(&[&key("a")])).await;
    let elsewhere = Publisher::at("127.0.0.2", metadata(&[&key("b")])).await;
    connect(&registry, &acme, &publisher, 20).await;
    connect(&registry, &globex, &publisher, 20).await;
    connect(&registry, &globex, &elsewhere, 1).await;
    registry.clock.advance(Duration::from_hours(6));
    let (job, turn, begun) = (registry.job(), Turn::alone(), publisher.asked());
    job.round(&turn).await.unwrap();
    assert_eq!((publisher.asked(), elsewhere.asked()), (begun + 32, 1 + 1));
    job.round(&turn).await.unwrap();
    assert_eq!((publisher.asked(), elsewhere.asked()), (begun + 40, 1 + 1), "nobody waits for ever");
}

#[tokio::test]
async fn in_a_round_one_organization_has_so_many_read() {
    let (registry, acme) = registry().await;
    let globex = registry.create_organization("globex").await.name;
    let publishers =
        [Publisher::of(metadata(&[&key("a")])).await, Publisher::at("127.0.0.2", metadata(&[&key("b")])).await];
    for publisher in &publishers {
        connect(&registry, &acme, publisher, 20).await;
    }
    connect(&registry, &globex, &publishers[1], 1).await;
    registry.clock.advance(Duration::from_hours(6));
    let (job, turn) = (registry.job(), Turn::alone());
    let asked = || publishers.iter().map(Publisher::asked).sum::<usize>();
    let begun = asked();
    job.round(&turn).await.unwrap();
    assert_eq!(asked(), begun + 32 + 1);
    job.round(&turn).await.unwrap();
    assert_eq!(asked(), begun + 40 + 1);
}
