use tonic::{Code, Status};
use vestibule_rpc::{
    reason_of,
    registry::v1::{
        DeactivatePersonRequest, Person, ReactivatePersonRequest, RelinkPersonRequest, Subject, person::State,
        relink_person_request::FoundBy,
    },
};

use crate::{
    people::{PERSISTENT, Tenant, get, person_id},
    registry::{Registry, assert_field, assert_refused, identity_provider},
};

async fn relink_at(registry: &Registry, name: &str, etag: &str, found_by: FoundBy) -> Result<Person, Status> {
    let request = RelinkPersonRequest { name: name.to_owned(), etag: etag.to_owned(), found_by: Some(found_by) };
    Ok(registry.persons().relink_person(request).await?.into_inner().person.unwrap())
}

async fn relink(registry: &Registry, name: &str, found_by: FoundBy) -> Result<Person, Status> {
    relink_at(registry, name, "", found_by).await
}

fn subject(tenant: &Tenant, value: &str) -> FoundBy {
    FoundBy::Subject(tenant.subject(value))
}

/// A second connection of the same organization.
async fn another_connection(registry: &Registry, tenant: &Tenant) -> Tenant {
    let metadata = identity_provider().metadata_xml();
    let connection = registry.create_connection(&tenant.organization.name, &metadata).await.unwrap();
    Tenant { organization: tenant.organization.clone(), connection }
}

#[tokio::test]
async fn the_sub_survives_a_change_of_the_identity_provider() {
    let registry = Registry::start().await;
    let old = Tenant::new(&registry, "acme").await;
    let new = another_connection(&registry, &old).await;
    old.sign_in(&registry, person_id(1), "ada").await.unwrap();
    let name = old.name(person_id(1));

    let relinked = relink(&registry, &name, subject(&new, "0xADA")).await.unwrap();
    assert_eq!((relinked.name.as_str(), &relinked.connection), (name.as_str(), &new.connection.name));
    assert_eq!(relinked.profile.unwrap().subject, "", "not known in clear until the next sign-in");
    assert_eq!(new.found(&registry, "0xADA").await, Some(name.clone()));
    assert_eq!(old.found(&registry, "ada").await, None, "whoever comes with the old subject is a new person");
    let late = old.sign_in(&registry, person_id(1), "ada").await.unwrap_err();
    assert!(late.contains("does not belong"), "{late}");

    new.sign_in(&registry, person_id(1), "0xADA").await.unwrap();
    assert_eq!(get(&registry, &name).await.profile.unwrap().subject, "0xADA");
    let events = registry.events().await.len();
    relink(&registry, &name, subject(&new, "0xADA")).await.unwrap();
    assert_eq!(registry.events().await.len(), events, "twice is once");
    // What was released may be taken by another person.
    old.sign_in(&registry, person_id(2), "ada").await.unwrap();
    assert_eq!(old.found(&registry, "ada").await, Some(old.name(person_id(2))));
}

#[tokio::test]
async fn a_subject_of_somebody_else_is_not_taken_away() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    acme.sign_in(&registry, person_id(2), "bob").await.unwrap();
    let events = registry.events().await.len();
    let refused = relink(&registry, &acme.name(person_id(1)), subject(&acme, "bob")).await;
    let status = assert_refused(refused, Code::AlreadyExists, "SUBJECT_TAKEN");
    assert!(status.message().contains(&acme.name(person_id(2))), "{status:?}");
    assert_eq!(registry.events().await.len(), events);
    assert_eq!(acme.found(&registry, "ada").await, Some(acme.name(person_id(1))));
}

#[tokio::test]
async fn a_duplicate_hands_its_subject_over_and_is_superseded() {
    let registry = Registry::start().await;
    let old = Tenant::new(&registry, "acme").await;
    let new = another_connection(&registry, &old).await;
    old.sign_in(&registry, person_id(1), "ada").await.unwrap();
    new.sign_in(&registry, person_id(2), "0xADA").await.unwrap();
    let (survivor, duplicate) = (old.name(person_id(1)), old.name(person_id(2)));

    let stale = relink_at(&registry, &survivor, "1", FoundBy::Duplicate(duplicate.clone())).await;
    assert_refused(stale, Code::Aborted, "ETAG_MISMATCH");
    let before = registry.log.head().await.unwrap();
    let merged = relink_at(&registry, &survivor, "2", FoundBy::Duplicate(duplicate.clone())).await.unwrap();
    assert_eq!((merged.connection.as_str(), merged.etag.as_str()), (new.connection.name.as_str(), "3"));
    assert_eq!(new.found(&registry, "0xADA").await, Some(survivor.clone()));
    assert_eq!(old.found(&registry, "ada").await, None);
    let gone = get(&registry, &duplicate).await;
    assert_eq!((gone.state(), &gone.superseded_by, gone.connection.as_str()), (State::Superseded, &survivor, ""));
    // In one append: at no moment were both found by it, or nobody.
    let events = registry.log.read_all(before, &vestibule_eventlog::Filter::default(), 10).await.unwrap().events;
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["person.superseded", "person.relinked"]);

    let again = relink(&registry, &survivor, FoundBy::Duplicate(duplicate.clone())).await.unwrap();
    assert_eq!(again.etag, merged.etag, "twice is once");
    for refused in [
        relink(&registry, &duplicate, subject(&old, "eve")).await,
        relink(&registry, &duplicate, FoundBy::Duplicate(survivor.clone())).await,
        reactivate(&registry, &duplicate).await,
    ] {
        assert_refused(refused, Code::FailedPrecondition, "PERSON_SUPERSEDED");
    }
    let late = new.sign_in(&registry, person_id(2), "0xADA").await.unwrap_err();
    assert!(late.contains("does not belong"), "{late}");
}

async fn reactivate(registry: &Registry, name: &str) -> Result<Person, Status> {
    let request = ReactivatePersonRequest { name: name.to_owned(), etag: String::new() };
    Ok(registry.persons().reactivate_person(request).await?.into_inner().person.unwrap())
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused_and_changes_nothing() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let globex = Tenant::new(&registry, "globex").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    acme.sign_in(&registry, person_id(2), "eve").await.unwrap();
    globex.sign_in(&registry, person_id(3), "ada").await.unwrap();
    let deactivate = DeactivatePersonRequest { name: acme.name(person_id(2)), ..DeactivatePersonRequest::default() };
    registry.persons().deactivate_person(deactivate).await.unwrap();
    let events = registry.events().await.len();
    let ada = acme.name(person_id(1));
    for (duplicate, code, reason) in [
        // Who is deactivated could sign in again as the other one.
        (acme.name(person_id(2)), Code::FailedPrecondition, "PERSON_DEACTIVATED"),
        (acme.name(person_id(7)), Code::NotFound, "PERSON_NOT_FOUND"),
        (globex.name(person_id(3)), Code::InvalidArgument, "OTHER_ORGANIZATION"),
        (ada.clone(), Code::InvalidArgument, "PERSON_SUPERSEDES_THEMSELVES"),
        ("persons/1".to_owned(), Code::InvalidArgument, "RESOURCE_NAME_INVALID"),
    ] {
        let refused = relink(&registry, &ada, FoundBy::Duplicate(duplicate.clone())).await;
        assert_eq!(reason_of(refused.as_ref().unwrap_err()).as_deref(), Some(reason), "{duplicate}");
        assert_refused(refused, code, reason);
    }
    let unknown = relink(&registry, &acme.name(person_id(7)), FoundBy::Duplicate(ada)).await;
    assert_refused(unknown, Code::NotFound, "PERSON_NOT_FOUND");
    assert_eq!(registry.events().await.len(), events);
}

#[tokio::test]
async fn of_many_who_relink_to_one_subject_one_succeeds() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    for digit in 0..8 {
        acme.sign_in(&registry, person_id(digit), &format!("person-{digit}")).await.unwrap();
    }
    let attempts: Vec<_> = (0..8)
        .map(|digit| {
            let mut persons = registry.persons();
            let found_by = Some(subject(&acme, "prize"));
            let request = RelinkPersonRequest { name: acme.name(person_id(digit)), etag: String::new(), found_by };
            tokio::spawn(async move { persons.relink_person(request).await })
        })
        .collect();
    let mut won = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => won += 1,
            lost => drop(assert_refused(lost, Code::AlreadyExists, "SUBJECT_TAKEN")),
        }
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_subject_is_what_the_connection_recognises_people_by() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    let name = acme.name(person_id(1));
    let wanted = |value: &str, format: &str| {
        FoundBy::Subject(Subject { name_id_format: format.to_owned(), ..acme.subject(value) })
    };
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    for (found_by, reason, field) in [
        (wanted("x", ""), "FIELD_REQUIRED", "subject.name_id_format"),
        (wanted("x", transient), "NAME_ID_FORMAT_INVALID", "subject.name_id_format"),
        (wanted("", PERSISTENT), "FIELD_REQUIRED", "subject.value"),
        (wanted(&"x".repeat(1_025), PERSISTENT), "SUBJECT_INVALID", "subject.value"),
    ] {
        assert_field(relink(&registry, &name, found_by).await, reason, field);
    }
    let unsaid = RelinkPersonRequest { name: name.clone(), ..RelinkPersonRequest::default() };
    assert_field(registry.persons().relink_person(unsaid).await, "FIELD_REQUIRED", "found_by");

    acme.recognise_by_attribute(&registry, "objectidentifier").await;
    let refused = relink(&registry, &name, wanted("0x1", PERSISTENT)).await;
    assert_field(refused, "NAME_ID_FORMAT_INVALID", "subject.name_id_format");
    relink(&registry, &name, wanted("0x1", "")).await.unwrap();
    let attribute = vestibule_storage::Subject::Attribute { name: "objectidentifier", value: "0x1" };
    let digest = acme.digest(&registry, attribute).await;
    let holder = registry.log.holder(vestibule_tenancy::person::SUBJECT, &digest).await.unwrap().unwrap();
    assert_eq!(holder.key(), person_id(1).to_string());
}
