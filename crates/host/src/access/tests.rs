use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use vestibule_rpc::FILE_DESCRIPTOR_SET;

use super::*;

const READ: &str = "/vestibule.registry.v1.OrganizationService/GetOrganization";
const WRITE: &str = "/vestibule.registry.v1.OrganizationService/CreateOrganization";
const NOTICE: &str = "/vestibule.registry.v1.ConnectionService/NoticeUnknownCertificate";
const VALIDATE: &str = "/vestibule.saml.v1.SamlService/ValidateResponse";
const EVENTS: &str = "/vestibule.events.v1.EventService/SubscribeEvents";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

fn asked(access: &Access, path: &str, token: Option<&str>) -> Result<String, Denied> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    access.caller(path, &headers).map(|(caller, _)| caller.actor)
}

#[test]
fn with_a_service_token_everything_but_health_needs_a_token() {
    let access = Access::new(Some(&"service".into()), &"registry".into());
    assert_eq!(asked(&access, HEALTH, None), Ok("anonymous".to_owned()));
    for path in [READ, WRITE, VALIDATE, "nonsense"] {
        assert_eq!(asked(&access, path, None), Err(Denied::Missing), "{path}");
        assert_eq!(asked(&access, path, Some("other")), Err(Denied::Unknown), "{path}");
        assert_eq!(asked(&access, path, Some("registry")), Ok("operator".to_owned()), "{path}");
    }
    assert_eq!(asked(&access, READ, Some("service")), Ok("service".to_owned()));
    assert_eq!(asked(&access, VALIDATE, Some("service")), Ok("service".to_owned()));
    assert_eq!(asked(&access, WRITE, Some("service")), Err(Denied::NotAWriter));
    // A notice is no change; what only looks like one is.
    assert_eq!(asked(&access, NOTICE, Some("service")), Ok("service".to_owned()));
    assert_eq!(asked(&access, NOTICE, None), Err(Denied::Missing));
    for path in [format!("/{NOTICE}"), format!("{NOTICE}/"), NOTICE.replace("Notice", "notice")] {
        assert_eq!(asked(&access, &path, Some("service")), Err(Denied::NotAWriter), "{path}");
    }
}

#[test]
fn on_loopback_reading_is_open_and_writing_is_not() {
    let access = Access::new(None, &"registry".into());
    assert_eq!(asked(&access, READ, None), Ok("anonymous".to_owned()));
    assert_eq!(asked(&access, WRITE, None), Err(Denied::Missing));
    assert_eq!(asked(&access, WRITE, Some("")), Err(Denied::Unknown));
    assert_eq!(asked(&access, WRITE, Some("registry")), Ok("operator".to_owned()));
}

#[test]
fn events_take_a_token_that_opens_nothing_else() {
    let access = Access::new(Some(&"service".into()), &"registry".into()).with_events(Some(&"events".into()));
    assert_eq!(asked(&access, EVENTS, Some("events")), Ok("events".to_owned()));
    assert_eq!(asked(&access, EVENTS, Some("registry")), Ok("operator".to_owned()));
    assert_eq!(asked(&access, EVENTS, Some("service")), Err(Denied::NotForEvents));
    assert_eq!(asked(&access, EVENTS, Some("other")), Err(Denied::Unknown));
    assert_eq!(asked(&access, EVENTS, None), Err(Denied::Missing));
    for path in [READ, WRITE, VALIDATE, "nonsense"] {
        assert_eq!(asked(&access, path, Some("events")), Err(Denied::EventsOnly), "{path}");
    }
    assert_eq!(asked(&access, HEALTH, Some("events")), Ok("anonymous".to_owned()));
    // On loopback, where others read without a token, and without an events token.
    let open = Access::new(None, &"registry".into());
    assert_eq!(asked(&open, EVENTS, None), Err(Denied::Missing));
    assert_eq!(asked(&open, EVENTS, Some("events")), Err(Denied::Unknown));
    assert_eq!(asked(&open, EVENTS, Some("registry")), Ok("operator".to_owned()));
}

#[test]
fn the_events_of_one_organization_take_a_token_of_its_own() {
    let acme: OrganizationId = "01890a5d-ac96-774b-bcce-b302099a8051".parse().unwrap();
    let globex: OrganizationId = "01890a5d-ac96-774b-bcce-b302099a8052".parse().unwrap();
    let tokens: [(OrganizationId, SecretString); 2] = [(acme, "acme".into()), (globex, "globex".into())];
    let access = || Access::new(Some(&"service".into()), &"registry".into()).with_events(Some(&"events".into()));
    let access = access().with_people(Some(&"people".into()));
    let confined = access.clone().with_events_of(&tokens).unwrap();
    let known = |path: &str, token: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        confined.caller(path, &headers)
    };
    let events = Caller { actor: "events".to_owned() };
    assert_eq!(known(EVENTS, "acme"), Ok((events.clone(), Some(Confined(acme)))));
    assert_eq!(known(EVENTS, "globex"), Ok((events.clone(), Some(Confined(globex)))));
    // Those of the whole deployment are confined to nothing.
    assert_eq!(known(EVENTS, "events"), Ok((events, None)));
    assert_eq!(known(EVENTS, "registry").unwrap().1, None);
    assert_eq!(known(EVENTS, "acm"), Err(Denied::Unknown));
    for path in every_path().iter().map(String::as_str).filter(|path| !opens_events(path)).chain(["nonsense"]) {
        assert_eq!(known(path, "acme"), Err(Denied::EventsOnly), "{path}");
    }
    // One that opens something else, or another organization's, too, is none.
    for other in ["service", "registry", "events", "people", "acme"] {
        let tokens = [(acme, SecretString::from("acme")), (globex, other.into())];
        let refused = access.clone().with_events_of(&tokens).err();
        assert!(matches!(refused, Some(TokenError::Repeated(which)) if which == globex), "{other}");
    }
}

/// Every method that there is, as the descriptors tell.
fn every_path() -> Vec<String> {
    let known = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let of = |file: &FileDescriptorProto| {
        let services = file.service.iter().flat_map(|service| {
            service.method.iter().map(|method| format!("/{}.{}/{}", file.package(), service.name(), method.name()))
        });
        services.collect::<Vec<_>>()
    };
    known.file.iter().flat_map(of).collect()
}

#[test]
fn people_take_a_token_that_reads_them_and_nothing_else() {
    let access = Access::new(Some(&"service".into()), &"registry".into())
        .with_events(Some(&"events".into()))
        .with_people(Some(&"people".into()));
    let every = every_path();
    let opened: Vec<&String> =
        every.iter().filter(|path| asked(&access, path, Some("people")) == Ok("people".to_owned())).collect();
    assert_eq!(opened.len(), OF_PEOPLE.len(), "{opened:?}");
    assert!(opened.iter().all(|path| OF_PEOPLE.contains(&path.as_str()) && !changes_registry(path)), "{opened:?}");
    for path in every.iter().filter(|path| !OF_PEOPLE.contains(&path.as_str())) {
        assert_eq!(asked(&access, path, Some("people")), Err(Denied::PeopleOnly), "{path}");
    }
    // What only looks like one of them.
    let person = OF_PEOPLE[3];
    for path in
        [format!("/{person}"), format!("{person}/"), person.to_lowercase(), format!("{person}?"), WRITE.to_owned()]
    {
        assert_eq!(asked(&access, &path, Some("people")), Err(Denied::PeopleOnly), "{path}");
    }
    assert_eq!(asked(&access, HEALTH, Some("people")), Ok("anonymous".to_owned()));
    // Where none is configured it is nobody's.
    for access in [Access::new(None, &"registry".into()), Access::new(Some(&"service".into()), &"registry".into())] {
        assert_eq!(asked(&access, OF_PEOPLE[3], Some("people")), Err(Denied::Unknown));
    }
}
