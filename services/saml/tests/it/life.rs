//! What became of a person, at the next sign-in.

use vestibule_eventlog::StreamId;
use vestibule_rpc::saml::v1::{ExplainResponseRequest, Identity, check::Status, refusal::Responsible};
use vestibule_saml_idp::Subject;
use vestibule_storage::SubjectIndex;
use vestibule_tenancy::{
    Note,
    connection::{CheckedSettings, Command as Connect, Configure, RoleRule, SamlSettings},
    person::{self, Command, Person},
};

use crate::world::{Customer, World, accepted, ada, identity_provider, now, refused, validation};

const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

fn stream(identity: &Identity) -> StreamId {
    let organization = identity.organization.strip_prefix("organizations/").unwrap().parse().unwrap();
    StreamId::of_id(person::CATEGORY, Some(organization), identity.sub.parse().unwrap())
}

async fn tell(world: &World, identity: &Identity, command: Command) {
    world.execute::<Person>(&stream(identity), &command).await;
}

/// Re-links by a persistent NameID, as the registry does.
async fn relink(world: &World, identity: &Identity, customer: &Customer, name_id: &str) {
    let subject = vestibule_storage::Subject::NameId { format: PERSISTENT, value: name_id };
    let index = SubjectIndex::open(&world.keys).await.unwrap();
    let subject_digest = index.digest(customer.connection, subject);
    tell(world, identity, Command::Relink { connection: customer.connection, subject_digest }).await;
}

#[tokio::test]
async fn a_deactivated_person_is_refused_and_nothing_is_used_up() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let known = world.sign_in(&acme, &ada()).await;
    tell(&world, &known, Command::Deactivate { note: Note::parse("left").unwrap() }).await;

    let request_id = world.request(&acme).await;
    let response = world.response(&acme, &ada(), &request_id);
    let head = world.log.head().await.unwrap();
    let answer = world.validate(&acme, &response, &request_id).await.unwrap();
    let check = |name: &str| answer.checks.iter().find(|check| check.name == name).unwrap().clone();
    assert_eq!(
        (check("person.active").status(), check("person.active").found.as_str()),
        (Status::Failed, "deactivated")
    );
    assert_eq!(check("assertion.unused").status(), Status::NotReached);
    let refusal = refused(answer.clone());
    assert_eq!((refusal.reason.as_str(), refusal.responsible()), ("PERSON_DEACTIVATED", Responsible::Operator));
    assert_eq!(world.log.head().await.unwrap(), head, "a refusal leaves nothing behind");

    // Whoever explains it comes to the same verdict.
    let explained = ExplainResponseRequest {
        connection: acme.connection.to_string(),
        saml_response: response.clone(),
        request_id: request_id.clone(),
        ..ExplainResponseRequest::default()
    };
    let explained = world.saml().explain_response(explained).await.unwrap().into_inner();
    assert_eq!(explained.refused.unwrap().reason, "PERSON_DEACTIVATED");
    assert!(explained.advice.contains("reactivate"), "{}", explained.advice);

    // Somebody else is not concerned, and the same answer counts once the person is back.
    world.sign_in(&acme, &Subject::persistent("bob")).await;
    tell(&world, &known, Command::Reactivate).await;
    let back = accepted(world.validate(&acme, &response, &request_id).await.unwrap());
    assert_eq!((back.sub, back.first_seen), (known.sub, false));
}

#[tokio::test]
async fn the_sub_survives_another_identity_provider_and_another_name() {
    let world = World::start().await;
    let old = world.customer("acme", "acme.test").await;
    let new = world.connect(old.organization, identity_provider("new")).await;
    let before = world.sign_in(&old, &Subject::persistent("ada")).await;
    relink(&world, &before, &new, "0xADA").await;

    let after = world.sign_in(&new, &Subject::persistent("0xADA")).await;
    assert_eq!((&after.sub, after.first_seen), (&before.sub, false));
    assert!(after.connection.ends_with(&new.connection.to_string()));
    let stranger = world.sign_in(&old, &Subject::persistent("ada")).await;
    assert!(stranger.first_seen && stranger.sub != before.sub, "the old name is nobody's");
    assert_eq!(world.sign_in(&new, &Subject::persistent("0xADA")).await.sub, before.sub);
}

#[tokio::test]
async fn a_merged_duplicate_signs_in_as_the_other_one() {
    let world = World::start().await;
    let old = world.customer("acme", "acme.test").await;
    let new = world.connect(old.organization, identity_provider("new")).await;
    let survivor = world.sign_in(&old, &Subject::persistent("ada")).await;
    let duplicate = world.sign_in(&new, &Subject::persistent("0xADA")).await;
    assert_ne!(duplicate.sub, survivor.sub, "two persons until re-linked");
    tell(&world, &duplicate, Command::Supersede { by: survivor.sub.parse().unwrap() }).await;
    relink(&world, &survivor, &new, "0xADA").await;
    let merged = world.sign_in(&new, &Subject::persistent("0xADA")).await;
    assert_eq!((merged.sub, merged.first_seen), (survivor.sub, false));
}

#[tokio::test]
async fn sign_ins_and_re_links_at_the_same_moment_never_cross() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let known = world.sign_in(&acme, &Subject::persistent("name-0")).await;
    for round in 0..8 {
        let (name, next) = (format!("name-{round}"), format!("name-{}", round + 1));
        let request_id = world.request(&acme).await;
        let response = world.response(&acme, &Subject::persistent(&name), &request_id);
        let asked = validation(&acme, &response, &request_id);
        let mut saml = world.saml();
        let (answer, ()) = tokio::join!(
            async { accepted(saml.validate_response(asked).await.unwrap().into_inner()) },
            relink(&world, &known, &acme, &next),
        );
        // Whoever comes with the old name is the person, when it is before the re-link, or else a new one.
        assert_eq!(answer.sub == known.sub, !answer.first_seen, "round {round}");
        let held = world.sign_in(&acme, &Subject::persistent(&next)).await;
        assert_eq!(held.sub, known.sub, "round {round}");
    }
}

#[tokio::test]
async fn roles_are_what_the_groups_mean_now() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let rule = |group: &str, role: &str| RoleRule { group: group.to_owned(), role: role.to_owned() };
    let roles = vec![rule("admins", "admin"), rule("staff", "member"), rule("nobody", "owner")];
    let settings = SamlSettings { roles, ..SamlSettings::default() };
    let settings = Some(CheckedSettings::check(settings, &SamlSettings::default(), now()).unwrap());
    world.change_connection(&acme, Connect::Configure(Configure { settings, ..Configure::default() })).await;
    world.settle().await;

    let identity = world.sign_in(&acme, &ada()).await;
    let roles =
        async || world.log.load::<Person>(&stream(&identity)).await.unwrap().state.known().unwrap().roles.clone();
    assert_eq!(roles().await, ["admin", "member"]);
    world.sign_in(&acme, &ada()).await;
    assert_eq!(world.count("person.roles_changed").await, 1, "what did not change is not recorded");
    let demoted = Subject::persistent("a1b2c3-Ada").with("groups", ["staff"]);
    world.sign_in(&acme, &demoted).await;
    assert_eq!(roles().await, ["member"]);
}

#[tokio::test]
async fn who_signed_out_is_signed_in_by_the_next_sign_in() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let known = world.sign_in(&acme, &ada()).await;
    tell(&world, &known, Command::SignOut { connection: acme.connection, request_digest: None }).await;
    world.sign_in(&acme, &ada()).await;
    world.sign_in(&acme, &ada()).await;
    assert_eq!((world.count("person.signed_out").await, world.count("person.signed_in").await), (1, 1));
    let state = world.log.load::<Person>(&stream(&known)).await.unwrap().state;
    assert!(!state.known().unwrap().is_signed_out);
}

#[tokio::test]
async fn nobody_is_accepted_after_having_been_deactivated() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let known = world.sign_in(&acme, &ada()).await;
    for _ in 0..8 {
        let mut tabs = Vec::new();
        for _ in 0..4 {
            let request_id = world.request(&acme).await;
            let asked = validation(&acme, &world.response(&acme, &ada(), &request_id), &request_id);
            let mut saml = world.saml();
            tabs.push(tokio::spawn(async move { saml.validate_response(asked).await.unwrap() }));
        }
        tell(&world, &known, Command::Deactivate { note: Note::parse("").unwrap() }).await;
        for tab in tabs {
            tab.await.unwrap();
        }
        // Nothing of the person changes at a sign-in, and still it is bound to what they were when it was accepted.
        let order: Vec<String> = world.events().await.into_iter().map(|event| event.name).collect();
        let (last, _) = order.iter().enumerate().rfind(|(_, name)| *name == "person.deactivated").unwrap();
        assert!(!order[last..].contains(&"assertion.accepted".to_owned()), "{:?}", &order[last..]);
        tell(&world, &known, Command::Reactivate).await;
    }
}
