//! Changes in who signs in where: each in one append, so that at no moment people of the organization have nowhere to go.

use std::time::Duration;

use tonic::{Code, Status};
use vestibule_eventlog::{Metadata, Recorded, StreamId};
use vestibule_kernel::Clock as _;
use vestibule_rpc::registry::v1::{
    AttestDomainRequest, Connection, DisableConnectionRequest, Domain, EnableConnectionRequest, GetConnectionRequest,
    GetDomainRequest, MoveDomainRequest, ReplaceConnectionRequest, connection::State, domain,
};
use vestibule_tenancy::connection;

use crate::registry::{Registry, assert_field, assert_refused, identity_provider};

impl Registry {
    pub(crate) async fn live(&self, organization: &str) -> Connection {
        let created = self.create_connection(organization, &identity_provider().metadata_xml()).await.unwrap();
        let (name, override_note) = (created.name, "tried by phone".to_owned());
        let request = EnableConnectionRequest { name, etag: String::new(), override_note };
        self.connections().enable_connection(request).await.unwrap().into_inner().connection.unwrap()
    }

    pub(crate) async fn replace_by(
        &self,
        request: ReplaceConnectionRequest,
    ) -> Result<(Connection, Connection), Status> {
        let answer = self.connections().replace_connection(request).await?.into_inner();
        Ok((answer.connection.unwrap(), answer.replacement.unwrap()))
    }

    pub(crate) async fn turn_off(&self, name: &str, leave_without_sign_in: bool) -> Result<Connection, Status> {
        let request = DisableConnectionRequest {
            name: name.to_owned(),
            leave_without_sign_in,
            ..DisableConnectionRequest::default()
        };
        Ok(self.connections().disable_connection(request).await?.into_inner().connection.unwrap())
    }

    /// What the worker does when time has passed.
    async fn note_time(&self, name: &str) {
        let (organization, id) = vestibule_rpc::resource::connection("name", name).unwrap();
        let stream = StreamId::of_id(connection::CATEGORY, Some(organization), id.uuid());
        let note = connection::Command::NoteTime { now: self.clock.now() };
        self.log.execute::<connection::Connection>(&stream, None, Metadata::default(), &note).await.unwrap();
    }

    pub(crate) async fn verified(&self, organization: &str, name: &str) -> Domain {
        let name = self.create_domain(organization, name).await.unwrap().name;
        let request =
            AttestDomainRequest { name, note: "contract".to_owned(), include_subdomains: true, ..Default::default() };
        self.domains().attest_domain(request).await.unwrap().into_inner().domain.unwrap()
    }

    pub(crate) async fn move_domain(&self, name: &str, destination: &str, anyway: bool) -> Result<Domain, Status> {
        let request = MoveDomainRequest {
            name: name.to_owned(),
            destination: destination.to_owned(),
            note: "bought".to_owned(),
            etag: String::new(),
            leave_without_sign_in: anyway,
        };
        Ok(self.domains().move_domain(request).await?.into_inner().domain.unwrap())
    }
}

pub(crate) fn by(old: &str, new: &str) -> ReplaceConnectionRequest {
    let (name, replacement, override_note) = (old.to_owned(), new.to_owned(), "tried by phone".to_owned());
    ReplaceConnectionRequest { name, replacement, override_note, ..ReplaceConnectionRequest::default() }
}

fn names(events: &[Recorded], wanted: &[&str]) -> Vec<String> {
    events.iter().map(|event| event.name.clone()).filter(|name| wanted.contains(&&**name)).collect()
}

#[tokio::test]
async fn a_provider_is_replaced_in_one_append_and_goes_on_for_whoever_has_begun() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let old = registry.live(&acme).await;
    let new = registry.create_connection(&acme, &identity_provider().metadata_xml()).await.unwrap();
    let unready = ReplaceConnectionRequest { override_note: String::new(), ..by(&old.name, &new.name) };
    assert_refused(registry.replace_by(unready).await, Code::FailedPrecondition, "ONBOARDING_INCOMPLETE");
    let before = registry.events().await.len();
    let (left, came) = registry.replace_by(by(&old.name, &new.name)).await.unwrap();
    assert_eq!((left.state(), came.state()), (State::Enabled, State::Enabled));
    assert_eq!(left.replaced_by, new.name);
    let told = registry.events().await;
    let moved = names(&told[before..], &["connection.enabled", "connection.replaced", "onboarding.overridden"]);
    assert_eq!(moved, ["connection.enabled", "onboarding.overridden", "connection.replaced"]);
    assert_eq!(
        told[before].recorded_at,
        told.iter().find(|event| event.name == "connection.replaced").unwrap().recorded_at
    );
    // Again changes nothing at the same moment, and it can be undone, or ended at once: there is another one.
    registry.replace_by(by(&old.name, &new.name)).await.unwrap();
    assert_eq!(names(&registry.events().await, &["connection.replaced"]).len(), 1);
    registry.turn_off(&old.name, false).await.unwrap();
    assert_refused(registry.turn_off(&new.name, false).await, Code::FailedPrecondition, "LAST_CONNECTION");
    let ended = registry.replace_by(by(&old.name, &new.name)).await;
    assert_refused(ended, Code::FailedPrecondition, "CONNECTION_DISABLED");
}

#[tokio::test]
async fn what_is_no_replacement_is_refused() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let globex = registry.create_organization("globex").await.name;
    let (old, theirs) = (registry.live(&acme).await, registry.live(&globex).await);
    for other in [&old, &theirs] {
        assert_field(registry.replace_by(by(&old.name, &other.name)).await, "REPLACEMENT_INVALID", "replacement");
    }
    let new = registry.live(&acme).await;
    for seconds in [-1, 0, 599, 30 * 86_400 + 1] {
        let overlap = Some(prost_types::Duration { seconds, nanos: 0 });
        let request = ReplaceConnectionRequest { overlap, ..by(&old.name, &new.name) };
        assert_field(registry.replace_by(request).await, "OVERLAP_INVALID", "overlap");
    }
    let stale = ReplaceConnectionRequest { etag: "1".to_owned(), ..by(&old.name, &new.name) };
    assert_refused(registry.replace_by(stale).await, Code::Aborted, "ETAG_MISMATCH");
    let unknown = format!("{acme}/connections/01890a5d-ac96-774b-bcce-b302099a8057");
    assert_refused(registry.replace_by(by(&old.name, &unknown)).await, Code::NotFound, "CONNECTION_NOT_FOUND");
    assert_refused(registry.replace_by(by(&unknown, &new.name)).await, Code::NotFound, "CONNECTION_NOT_FOUND");
    // A live one takes over without another word about its onboarding.
    let request = ReplaceConnectionRequest { override_note: String::new(), ..by(&old.name, &new.name) };
    registry.replace_by(request).await.unwrap();
}

#[tokio::test]
async fn the_last_connection_goes_only_when_that_is_meant() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let (first, second) = (registry.live(&acme).await, registry.live(&acme).await);
    registry.turn_off(&first.name, false).await.unwrap();
    let status =
        assert_refused(registry.turn_off(&second.name, false).await, Code::FailedPrecondition, "LAST_CONNECTION");
    assert!(status.message().contains("cannot sign in"), "{status:?}");
    registry.turn_off(&second.name, true).await.unwrap();
    // What is off already is nobody's last one.
    registry.turn_off(&second.name, false).await.unwrap();
}

#[tokio::test]
async fn of_two_that_are_turned_off_at_once_one_stays() {
    let registry = Registry::start().await;
    for round in 0..6 {
        let acme = registry.create_organization(&format!("acme-{round}")).await.name;
        let (first, second) = (registry.live(&acme).await, registry.live(&acme).await);
        let attempts = [first.name, second.name].map(|name| {
            let request = DisableConnectionRequest { name, ..DisableConnectionRequest::default() };
            let mut connections = registry.connections();
            tokio::spawn(async move { connections.disable_connection(request).await })
        });
        let mut disabled = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(_) => disabled += 1,
                lost => drop(assert_refused(lost, Code::FailedPrecondition, "LAST_CONNECTION")),
            }
        }
        assert_eq!(disabled, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_replacement_is_not_turned_off_while_it_takes_over() {
    let registry = Registry::start().await;
    for round in 0..6 {
        let acme = registry.create_organization(&format!("acme-{round}")).await.name;
        let (old, new) = (registry.live(&acme).await, registry.live(&acme).await);
        let (mut replacing, mut disabling) = (registry.connections(), registry.connections());
        let (replace, disable) = (
            by(&old.name, &new.name),
            DisableConnectionRequest { name: new.name.clone(), ..DisableConnectionRequest::default() },
        );
        let replaced = tokio::spawn(async move { replacing.replace_connection(replace).await });
        let disabled = tokio::spawn(async move { disabling.disable_connection(disable).await });
        let (replaced, disabled) = (replaced.await.unwrap(), disabled.await.unwrap());
        replaced.unwrap();
        let new = registry.connections().get_connection(GetConnectionRequest { name: new.name }).await.unwrap();
        // Either it was off first, and is turned on again by taking over; or it is the last one and stays.
        assert_eq!(new.into_inner().connection.unwrap().state(), State::Enabled, "round {round}");
        if disabled.is_err() {
            assert_refused(disabled, Code::FailedPrecondition, "LAST_CONNECTION");
        }
    }
}

#[tokio::test]
async fn one_that_is_being_replaced_is_no_way_in() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let (old, new) = (registry.live(&acme).await, registry.live(&acme).await);
    registry.replace_by(by(&old.name, &new.name)).await.unwrap();
    assert_refused(registry.turn_off(&new.name, false).await, Code::FailedPrecondition, "LAST_CONNECTION");
    // Enabling it makes it everybody's again.
    let (name, override_note) = (old.name.clone(), String::new());
    let request = EnableConnectionRequest { name, etag: String::new(), override_note };
    let back =
        registry.connections().enable_connection(request).await.map(|answer| answer.into_inner().connection.unwrap());
    assert_eq!(back.unwrap().replaced_by, "");
    registry.turn_off(&new.name, false).await.unwrap();
}

#[tokio::test]
async fn the_overlap_ends_by_itself() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let (old, new) = (registry.live(&acme).await, registry.live(&acme).await);
    let overlap = Some(prost_types::Duration { seconds: 3600, nanos: 0 });
    let (left, _) =
        registry.replace_by(ReplaceConnectionRequest { overlap, ..by(&old.name, &new.name) }).await.unwrap();
    let until = left.disable_time.unwrap().seconds;
    assert_eq!(until, crate::registry::now().unix_seconds() + 3600);
    registry.clock.advance(Duration::from_mins(59));
    registry.note_time(&old.name).await;
    let get = async || {
        let request = GetConnectionRequest { name: old.name.clone() };
        registry.connections().get_connection(request).await.unwrap().into_inner().connection.unwrap()
    };
    assert_eq!(get().await.state(), State::Enabled);
    registry.clock.advance(Duration::from_mins(1));
    registry.note_time(&old.name).await;
    assert_eq!((get().await.state(), &*get().await.replaced_by), (State::Disabled, ""));
}

#[tokio::test]
async fn a_domain_moves_in_one_append_and_always_has_an_owner() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let globex = registry.create_organization("globex").await.name;
    let domain = registry.verified(&acme, "acme.test").await;
    let lonely = registry.move_domain(&domain.name, &globex, false).await;
    assert_refused(lonely, Code::FailedPrecondition, "NO_ENABLED_CONNECTION");
    registry.live(&globex).await;
    let before = registry.events().await.len();
    let moved = registry.move_domain(&domain.name, &globex, false).await.unwrap();
    assert!(moved.name.starts_with(&format!("{globex}/domains/")), "{}", moved.name);
    assert_eq!((moved.state(), moved.include_subdomains), (domain::State::Verified, true));
    let told = names(&registry.events().await[before..], &["domain.claimed", "domain.verified", "domain.released"]);
    assert_eq!(told, ["domain.claimed", "domain.verified", "domain.released"], "an owner at every moment");
    let request = GetDomainRequest { name: domain.name.clone() };
    let left = registry.domains().get_domain(request).await.unwrap().into_inner().domain.unwrap();
    assert_eq!(left.state(), domain::State::Released);
    let again = registry.move_domain(&domain.name, &globex, false).await;
    assert_refused(again, Code::FailedPrecondition, "DOMAIN_NOT_VERIFIED");
    // And back, when that is meant, over a claim that is there already.
    let claim = registry.create_domain(&acme, "acme.test").await.unwrap();
    let back = registry.move_domain(&moved.name, &acme, true).await.unwrap();
    assert_eq!(back.name, claim.name);
    let taken = registry.create_domain(&globex, "acme.test").await.unwrap();
    let request = AttestDomainRequest { name: taken.name, note: "x".to_owned(), ..Default::default() };
    assert_refused(registry.domains().attest_domain(request).await, Code::AlreadyExists, "NAME_TAKEN");
}

#[tokio::test]
async fn what_is_no_move_is_refused_and_of_many_at_once_one_succeeds() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let domain = registry.verified(&acme, "acme.test").await;
    assert_field(registry.move_domain(&domain.name, &acme, true).await, "DESTINATION_INVALID", "destination");
    assert_field(registry.move_domain(&domain.name, "acme", true).await, "RESOURCE_NAME_INVALID", "destination");
    let nobody = "organizations/01890a5d-ac96-774b-bcce-b302099a8057";
    let outcome = registry.move_domain(&domain.name, nobody, true).await;
    assert_refused(outcome, Code::NotFound, "ORGANIZATION_NOT_FOUND");
    let unknown = format!("{acme}/domains/01890a5d-ac96-774b-bcce-b302099a8057");
    let globex = registry.create_organization("globex").await.name;
    assert_refused(registry.move_domain(&unknown, &globex, true).await, Code::NotFound, "DOMAIN_NOT_FOUND");
    let claimed = registry.create_domain(&acme, "other.test").await.unwrap();
    let outcome = registry.move_domain(&claimed.name, &globex, true).await;
    assert_refused(outcome, Code::FailedPrecondition, "DOMAIN_NOT_VERIFIED");
    let mut attempts = Vec::new();
    for index in 0..6 {
        let destination = registry.create_organization(&format!("buyer-{index}")).await.name;
        let request = MoveDomainRequest {
            name: domain.name.clone(),
            destination,
            note: "bought".to_owned(),
            etag: String::new(),
            leave_without_sign_in: true,
        };
        let mut domains = registry.domains();
        attempts.push(tokio::spawn(async move { domains.move_domain(request).await }));
    }
    let mut moved = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => moved += 1,
            lost => drop(assert_refused(lost, Code::FailedPrecondition, "DOMAIN_NOT_VERIFIED")),
        }
    }
    assert_eq!(moved, 1);
}
