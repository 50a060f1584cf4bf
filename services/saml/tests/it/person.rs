use vestibule_eventlog::StreamId;
use vestibule_rpc::saml::v1::Identity;
use vestibule_saml_idp::Subject;
use vestibule_tenancy::person::{self, Person};

use crate::world::{World, accepted, ada, identity_provider, validation};

async fn profile(world: &World, identity: &Identity) -> Option<person::Profile> {
    let organization = identity.organization.strip_prefix("organizations/").unwrap().parse().unwrap();
    let stream = StreamId::of_id(person::CATEGORY, Some(organization), identity.sub.parse().unwrap());
    let person = world.log.load::<Person>(&stream).await.unwrap().state;
    person.known().expect("somebody has this sub").profile.clone()
}

#[tokio::test]
async fn a_person_has_one_sub_for_ever_and_is_recorded_when_something_changes() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let first = world.sign_in(&acme, &ada()).await;
    let again = world.sign_in(&acme, &ada()).await;
    assert_eq!((again.sub.as_str(), again.first_seen), (first.sub.as_str(), false));
    assert_eq!((world.count("person.first_seen").await, world.count("person.updated").await), (1, 0));

    let married = Subject::persistent("a1b2c3-Ada").with("email", ["ada.king@acme.test"]).with("sn", ["King"]);
    let changed = world.sign_in(&acme, &married).await;
    assert_eq!((changed.sub.as_str(), changed.email.as_str()), (first.sub.as_str(), "ada.king@acme.test"));
    assert_eq!((world.count("person.first_seen").await, world.count("person.updated").await), (1, 1));
    let known = profile(&world, &changed).await.unwrap();
    assert_eq!((known.subject.as_str(), known.family_name.as_deref()), ("a1b2c3-Ada", Some("King")));
    assert_eq!(known.given_name, None);
}

#[tokio::test]
async fn eight_tabs_of_one_new_person_get_one_sub() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let mut tabs = Vec::new();
    for _ in 0..8 {
        let request_id = world.request(&acme).await;
        tabs.push(validation(&acme, &world.response(&acme, &ada(), &request_id), &request_id));
    }
    let attempts: Vec<_> = tabs
        .into_iter()
        .map(|tab| {
            let mut saml = world.saml();
            tokio::spawn(async move { saml.validate_response(tab).await.unwrap().into_inner() })
        })
        .collect();
    let mut identities = Vec::new();
    for attempt in attempts {
        identities.push(accepted(attempt.await.unwrap()));
    }
    assert!(identities.iter().all(|identity| identity.sub == identities[0].sub));
    assert_eq!(identities.iter().filter(|identity| identity.first_seen).count(), 1);
    assert_eq!((world.count("assertion.accepted").await, world.count("person.first_seen").await), (8, 1));
}

#[tokio::test]
async fn the_same_name_elsewhere_is_somebody_else() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let contractors = world.connect(acme.organization, identity_provider("contractors")).await;
    let globex = world.customer("globex", "globex.test").await;
    let name = "ada@acme.test";
    let mut subs = vec![
        world.sign_in(&acme, &Subject::persistent(name)).await.sub,
        // Another format, another case, another connection, another organization.
        world.sign_in(&acme, &Subject::email(name)).await.sub,
        world.sign_in(&acme, &Subject::persistent("Ada@acme.test")).await.sub,
        world.sign_in(&contractors, &Subject::persistent(name)).await.sub,
        world.sign_in(&globex, &Subject::persistent(name)).await.sub,
    ];
    subs.sort_unstable();
    subs.dedup();
    assert_eq!(subs.len(), 5);
}

#[tokio::test]
async fn an_address_finds_nobody() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let ada = world.sign_in(&acme, &Subject::persistent("ada").with("email", ["ada@acme.test"])).await;
    let heir = world.sign_in(&acme, &Subject::persistent("heir").with("email", ["ada@acme.test"])).await;
    assert_eq!(heir.email, ada.email);
    assert_ne!(heir.sub, ada.sub);
}

#[tokio::test]
async fn what_is_personal_is_in_the_store_as_ciphertext_only() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    world.sign_in(&acme, &ada()).await;
    let married = Subject::persistent("a1b2c3-Ada").with("email", ["ada.king@acme.test"]).with("sn", ["King-Noel"]);
    let identity = world.sign_in(&acme, &married).await;
    let mut store = Vec::new();
    for file in std::fs::read_dir(world.store_directory()).unwrap() {
        store.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let contains = |needle: &str| store.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(contains(&identity.sub), "the search must find what is there");
    for personal in ["a1b2c3-Ada", "ada@acme.test", "ada.king", "Lovelace", "King-Noel", "admins", "YTFiMmMz"] {
        assert!(!contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn a_person_whose_key_was_destroyed_keeps_the_sub() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let before = world.sign_in(&acme, &ada()).await;
    world.keys.destroy("person", &before.sub).await.unwrap();
    assert_eq!(profile(&world, &before).await, None);
    let after = world.sign_in(&acme, &ada()).await;
    assert_eq!((after.sub.as_str(), after.first_seen), (before.sub.as_str(), false));
    assert_eq!(profile(&world, &after).await.unwrap().subject, "a1b2c3-Ada");
}

#[tokio::test]
async fn a_transient_name_recognises_nobody() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let head = world.log.head().await.unwrap();
    let refusal = world.refused_sign_in(&acme, &Subject::transient("x").with("email", ["ada@acme.test"])).await;
    assert_eq!(refusal.reason, "SUBJECT_NOT_STABLE");
    assert_eq!(world.log.head().await.unwrap(), head);
}
