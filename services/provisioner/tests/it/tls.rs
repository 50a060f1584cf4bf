//! A service behind TLS, whose certificate comes from an authority of its own.

use std::sync::Arc;

use serde_json::json;
use vestibule_consumer::Handler as _;
use vestibule_host::pki;
use vestibule_kernel::{Clock as _, SystemClock, SystemIds};
use vestibule_provisioner::{Provide, Served};

use crate::{
    people::{People, World, event, organization, person},
    service::Service,
};

#[tokio::test]
async fn only_the_authority_that_was_named_is_believed() {
    vestibule_host::install_crypto_provider();
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str| folder.path().join(name);
    for deployment in ["ours", "others"] {
        pki::init(&named(deployment), vec!["localhost".to_owned()], SystemClock.now(), &SystemIds).unwrap();
    }
    let served = || Served::Only([organization(1)].into());
    let service = Service::start_with_tls(&named("ours"));
    let world = World::at(People::default(), served(), service.clone(), |target| {
        target.authority_file = Some(named("ours/authority.pem"));
    });
    world.happened("person.first_seen").await.unwrap();
    assert_eq!(world.ada()["active"], true);

    let asked = service.kept.lock().unwrap().asked.len();
    for authority in [Some(named("others/authority.pem")), None] {
        let world = World::at(People::default(), served(), service.clone(), |target| target.authority_file = authority);
        let provisioner = Arc::clone(&world.provisioner);
        let data = json!({ "organization": organization(1), "person": person(1) });
        let waiting =
            tokio::spawn(async move { Provide::new(provisioner).handle(&event("person.updated", data)).await });
        while !world.provisioner.ready().unwrap_err().contains("does not answer") {
            tokio::task::yield_now().await;
        }
        waiting.abort();
    }
    assert_eq!(service.kept.lock().unwrap().asked.len(), asked, "nothing was said to it");
}
