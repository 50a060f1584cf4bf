//! The registry, and one service that is kept as the registry knows the people.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;
use vestibule_consumer::{Event, HandleError, Handler as _};
use vestibule_kernel::{OrganizationId, PersonId, SystemClock};
use vestibule_provisioner::{
    Directory, DirectoryError, Provide, Provisioner, Served, Standing,
    config::{Groups, Target, UserName},
};

use crate::service::{Service, TOKEN};

pub(crate) fn organization(number: u128) -> OrganizationId {
    OrganizationId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn person(number: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(number))
}

/// Ada, as she is at first.
pub(crate) fn ada() -> Standing {
    Standing {
        person: person(1),
        is_admitted: true,
        connection: Some("00000000-0000-0000-0000-0000000000c1".parse().unwrap()),
        roles: vec!["admin".to_owned()],
        display_name: Some("Ada Lovelace".to_owned()),
        given_name: Some("Ada".to_owned()),
        family_name: Some("Lovelace".to_owned()),
        email: Some("ada@acme.test".to_owned()),
    }
}

/// Somebody else, of whom little is known.
pub(crate) fn somebody(number: u128) -> Standing {
    Standing {
        person: person(number),
        roles: Vec::new(),
        display_name: None,
        given_name: None,
        family_name: None,
        email: None,
        ..ada()
    }
}

/// What the registry knows.
#[derive(Default)]
pub(crate) struct People {
    pub(crate) known: Mutex<BTreeMap<(OrganizationId, PersonId), Standing>>,
    pub(crate) shows_no_profiles: bool,
    /// How often that was asked.
    pub(crate) asked: AtomicU32,
}

#[async_trait]
impl Directory for People {
    async fn shows_profiles(&self) -> Result<(), DirectoryError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.shows_no_profiles { Err(DirectoryError::NoProfiles) } else { Ok(()) }
    }

    async fn organizations(&self) -> Result<Vec<OrganizationId>, DirectoryError> {
        let mut all: Vec<_> = self.known.lock().unwrap().keys().map(|(organization, _)| *organization).collect();
        all.dedup();
        Ok(all)
    }

    async fn person(&self, organization: OrganizationId, person: PersonId) -> Result<Option<Standing>, DirectoryError> {
        Ok(self.known.lock().unwrap().get(&(organization, person)).cloned())
    }

    /// Two on a page.
    async fn people(
        &self,
        organization: OrganizationId,
        page_token: String,
    ) -> Result<(Vec<Standing>, String), DirectoryError> {
        let known = self.known.lock().unwrap();
        let all: Vec<_> = known.iter().filter(|((of, _), _)| *of == organization).map(|(_, one)| one.clone()).collect();
        let start = page_token.parse().unwrap_or(0);
        let next = if start + 2 < all.len() { (start + 2).to_string() } else { String::new() };
        Ok((all.into_iter().skip(start).take(2).collect(), next))
    }
}

/// Everything that a test needs.
pub(crate) struct World {
    pub(crate) people: Arc<People>,
    pub(crate) service: Service,
    pub(crate) provisioner: Arc<Provisioner>,
    pub(crate) folder: TempDir,
}

impl World {
    /// One organization with Ada.
    pub(crate) async fn of_acme() -> Self {
        Self::with(Served::Only([organization(1)].into()), |_| {}).await
    }

    pub(crate) async fn with(served: Served, change: impl FnOnce(&mut Target)) -> Self {
        Self::around(People::default(), served, change).await
    }

    pub(crate) async fn around(people: People, served: Served, change: impl FnOnce(&mut Target)) -> Self {
        Self::at(people, served, Service::start().await, change)
    }

    pub(crate) fn at(people: People, served: Served, service: Service, change: impl FnOnce(&mut Target)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        std::fs::write(&token_file, format!("{TOKEN}\n")).unwrap();
        let mut target = target(service.address.clone(), token_file);
        change(&mut target);
        let people = Arc::new(people);
        let made = Provisioner::new(&target, served, people.clone(), Arc::new(SystemClock)).unwrap();
        let world = Self { people, service, provisioner: Arc::new(made), folder };
        world.knows(1, ada());
        world
    }

    pub(crate) fn knows(&self, of: u128, standing: Standing) {
        self.people.known.lock().unwrap().insert((organization(of), standing.person), standing);
    }

    /// Something happened to Ada.
    pub(crate) async fn happened(&self, name: &str) -> Result<(), HandleError> {
        self.told(name, json!({ "organization": organization(1), "person": person(1) })).await
    }

    pub(crate) async fn told(&self, name: &str, data: Value) -> Result<(), HandleError> {
        Provide::new(Arc::clone(&self.provisioner)).handle(&event(name, data)).await
    }

    /// Ada's user.
    pub(crate) fn ada(&self) -> Value {
        self.service.user(&person(1).to_string()).into()
    }
}

/// A service, without much patience.
pub(crate) fn target(address: Url, token_file: PathBuf) -> Target {
    Target {
        name: "crm".to_owned(),
        organizations: ["*".to_owned()].into(),
        address,
        token_file,
        authority_file: None,
        user_name: UserName::Person,
        groups: Groups::Roles,
        requests_per_second: 1_000,
        timeout_seconds: 1,
    }
}

pub(crate) const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

pub(crate) fn event(name: &str, data: Value) -> Event {
    Event {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        name: name.to_owned(),
        resource: "organizations/o/persons/p".to_owned(),
        time: "2026-11-21T10:00:00Z".to_owned(),
        organization: Some(organization(1).to_string()),
        traceparent: Some(TRACEPARENT.to_owned()),
        data,
    }
}
