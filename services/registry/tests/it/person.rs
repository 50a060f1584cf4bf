use tonic::{Code, Status};
use vestibule_rpc::registry::v1::{
    DeactivatePersonRequest, GetPersonRequest, ListPersonsRequest, ListPersonsResponse, Person, Profile,
    ReactivatePersonRequest, list_persons_request::FoundBy, person::State,
};

use crate::{
    people::{Tenant, get, person_id},
    registry::{Registry, assert_field, assert_refused},
};

async fn deactivate(registry: &Registry, name: &str, etag: &str) -> Result<Person, Status> {
    let request = DeactivatePersonRequest { name: name.to_owned(), etag: etag.to_owned(), note: "left".to_owned() };
    Ok(registry.persons().deactivate_person(request).await?.into_inner().person.unwrap())
}

async fn reactivate(registry: &Registry, name: &str) -> Result<Person, Status> {
    let request = ReactivatePersonRequest { name: name.to_owned(), etag: String::new() };
    Ok(registry.persons().reactivate_person(request).await?.into_inner().person.unwrap())
}

async fn page(registry: &Registry, request: ListPersonsRequest) -> Result<ListPersonsResponse, Status> {
    Ok(registry.persons().list_persons(request).await?.into_inner())
}

fn of(tenant: &Tenant) -> ListPersonsRequest {
    ListPersonsRequest { parent: tenant.organization.name.clone(), ..ListPersonsRequest::default() }
}

#[tokio::test]
async fn a_person_is_read_with_what_the_identity_provider_said() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    let person = get(&registry, &acme.name(person_id(1))).await;
    let expected = Person {
        name: acme.name(person_id(1)),
        state: State::Active.into(),
        connection: acme.connection.name.clone(),
        profile: Some(Profile {
            subject: "ada".to_owned(),
            email: "ada@acme.test".to_owned(),
            display_name: "Ada Lovelace".to_owned(),
            ..Profile::default()
        }),
        roles: vec!["admin".to_owned()],
        create_time: person.create_time,
        update_time: person.update_time,
        etag: "2".to_owned(),
        ..Person::default()
    };
    assert_eq!(person, expected);
    assert_eq!(person.create_time.unwrap().seconds, crate::registry::now().unix_seconds());
}

#[tokio::test]
async fn what_is_personal_is_for_the_registry_token_only() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    let request = GetPersonRequest { name: acme.name(person_id(1)) };
    for (actor, sees) in
        [("operator", true), ("people", true), ("service", false), ("events", false), ("anonymous", false), ("", false)]
    {
        let mut persons = registry.persons_as(actor);
        let person = persons.get_person(request.clone()).await.unwrap().into_inner().person.unwrap();
        assert_eq!((person.profile.is_some(), person.roles.len()), (sees, 1), "{actor}");
        let listed = persons.list_persons(of(&acme)).await.unwrap().into_inner();
        assert_eq!(listed.persons, [person], "{actor}");
        assert_eq!(format!("{listed:?}").contains("Ada"), sees, "{actor}");
        let by_subject = ListPersonsRequest { found_by: Some(FoundBy::Subject(acme.subject("ada"))), ..of(&acme) };
        match persons.list_persons(by_subject).await {
            Ok(_) => assert!(sees, "{actor}"),
            refused => {
                assert!(!sees, "{actor}");
                assert_refused(refused, Code::PermissionDenied, "REGISTRY_TOKEN_REQUIRED");
            }
        }
    }
}

#[tokio::test]
async fn a_destroyed_key_leaves_the_person_without_a_profile() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    registry.keys.destroy("person", &person_id(1).to_string()).await.unwrap();
    let person = get(&registry, &acme.name(person_id(1))).await;
    assert_eq!((person.profile, person.state), (None, State::Active.into()));
    assert_eq!(page(&registry, of(&acme)).await.unwrap().persons.len(), 1);
}

#[tokio::test]
async fn a_person_is_deactivated_and_reactivated() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    let name = acme.name(person_id(1));
    assert_refused(deactivate(&registry, &name, "1").await, Code::Aborted, "ETAG_MISMATCH");
    let deactivated = deactivate(&registry, &name, "2").await.unwrap();
    assert_eq!((deactivated.state(), deactivated.etag.as_str()), (State::Deactivated, "3"));
    assert_eq!(deactivate(&registry, &name, "").await.unwrap(), deactivated, "twice is once");
    let refused = acme.sign_in(&registry, person_id(1), "ada").await.unwrap_err();
    assert!(refused.contains("deactivated"), "{refused}");

    let back = reactivate(&registry, &name).await.unwrap();
    assert_eq!((back.state(), back.etag.as_str()), (State::Active, "4"));
    assert_eq!(reactivate(&registry, &name).await.unwrap(), back, "twice is once");
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    assert_eq!(get(&registry, &name).await, back, "the same person");
}

#[tokio::test]
async fn what_is_no_person_or_somebody_elses_is_refused() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let globex = Tenant::new(&registry, "globex").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    for name in [acme.name(person_id(2)), globex.name(person_id(1))] {
        let read = registry.persons().get_person(GetPersonRequest { name: name.clone() }).await;
        assert_refused(read, Code::NotFound, "PERSON_NOT_FOUND");
        assert_refused(deactivate(&registry, &name, "1").await, Code::NotFound, "PERSON_NOT_FOUND");
        assert_refused(reactivate(&registry, &name).await, Code::NotFound, "PERSON_NOT_FOUND");
    }
    assert_field(reactivate(&registry, "persons/1").await, "RESOURCE_NAME_INVALID", "name");
    let long = DeactivatePersonRequest { name: acme.name(person_id(1)), note: "x".repeat(501), ..Default::default() };
    assert_field(registry.persons().deactivate_person(long).await, "NOTE_INVALID", "note");
    let nobody = ListPersonsRequest {
        parent: "organizations/01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        ..ListPersonsRequest::default()
    };
    assert_refused(page(&registry, nobody).await, Code::NotFound, "ORGANIZATION_NOT_FOUND");
}

#[tokio::test]
async fn pages_have_the_people_of_one_organization_once() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let globex = Tenant::new(&registry, "globex").await;
    for digit in 0..5 {
        acme.sign_in(&registry, person_id(digit), &format!("person-{digit}")).await.unwrap();
    }
    globex.sign_in(&registry, person_id(9), "other").await.unwrap();
    deactivate(&registry, &acme.name(person_id(3)), "").await.unwrap();
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let answer =
            page(&registry, ListPersonsRequest { page_size: 2, page_token: token, ..of(&acme) }).await.unwrap();
        assert!(answer.persons.len() <= 2);
        names.extend(answer.persons.into_iter().map(|person| person.name));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let expected: Vec<String> = (0..5).map(|digit| acme.name(person_id(digit))).collect();
    assert_eq!(names, expected);
    let first = page(&registry, ListPersonsRequest { page_size: 1, ..of(&acme) }).await.unwrap();
    let foreign = ListPersonsRequest { page_token: first.next_page_token, ..of(&globex) };
    assert_field(page(&registry, foreign).await, "PAGE_TOKEN_INVALID", "page_token");
    let wide = ListPersonsRequest { page_size: 101, ..of(&acme) };
    assert_field(page(&registry, wide).await, "PAGE_SIZE_INVALID", "page_size");
}

#[tokio::test]
async fn a_person_is_found_by_the_exact_subject() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    let globex = Tenant::new(&registry, "globex").await;
    acme.sign_in(&registry, person_id(1), "ada").await.unwrap();
    let found = async |tenant: &Tenant, value: &str| {
        let request = ListPersonsRequest { found_by: Some(FoundBy::Subject(tenant.subject(value))), ..of(tenant) };
        let answer = page(&registry, request).await.unwrap();
        answer.persons.into_iter().map(|person| person.name).collect::<Vec<_>>()
    };
    assert_eq!(found(&acme, "ada").await, [acme.name(person_id(1))]);
    assert!(found(&acme, "Ada").await.is_empty());
    assert!(found(&globex, "ada").await.is_empty(), "the same name at another identity provider is somebody else");
    let foreign = ListPersonsRequest { found_by: Some(FoundBy::Subject(acme.subject("ada"))), ..of(&globex) };
    assert_field(page(&registry, foreign).await, "OTHER_ORGANIZATION", "subject.connection");
}

#[tokio::test]
async fn nothing_personal_is_in_the_view_or_the_log() {
    let registry = Registry::start().await;
    let acme = Tenant::new(&registry, "acme").await;
    acme.sign_in(&registry, person_id(1), "q7x-ada-lovelace").await.unwrap();
    page(&registry, of(&acme)).await.unwrap();
    let mut store = Vec::new();
    for file in std::fs::read_dir(registry.store_directory()).unwrap() {
        store.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| store.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&person_id(1).to_string()), "the search must find what is there");
    assert!(!holds("q7x-ada-lovelace") && !holds("Lovelace"));
}
