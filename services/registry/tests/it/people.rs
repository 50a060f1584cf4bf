//! People as the SAML service would record them.

use vestibule_eventlog::{Metadata, StreamId, Transaction};
use vestibule_kernel::{ConnectionId, OrganizationId, PersonId};
use vestibule_rpc::{
    registry::v1::{Connection, GetPersonRequest, Organization, Person, Subject},
    resource,
};
use vestibule_storage::SubjectIndex;
use vestibule_tenancy::{
    Role,
    connection::{self, RoleRule, SamlSettings, SubjectSource},
    person::{self, Command, Profile, Recognise},
};

use crate::registry::{Registry, identity_provider};

pub(crate) const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// An organization with a connection.
pub(crate) struct Tenant {
    pub(crate) organization: Organization,
    pub(crate) connection: Connection,
}

impl Tenant {
    pub(crate) async fn new(registry: &Registry, slug: &str) -> Self {
        let organization = registry.create_organization(slug).await;
        let metadata = identity_provider().metadata_xml();
        let connection = registry.create_connection(&organization.name, &metadata).await.unwrap();
        Self { organization, connection }
    }

    pub(crate) fn id(&self) -> OrganizationId {
        resource::organization("", &self.organization.name).unwrap()
    }

    pub(crate) fn name(&self, person: PersonId) -> String {
        resource::person_name(self.id(), person)
    }

    /// The subject with this persistent NameID.
    pub(crate) fn subject(&self, value: &str) -> Subject {
        Subject {
            connection: self.connection.name.clone(),
            value: value.to_owned(),
            name_id_format: PERSISTENT.to_owned(),
        }
    }

    fn connection_id(&self) -> ConnectionId {
        resource::connection("", &self.connection.name).unwrap().1
    }

    pub(crate) async fn digest(&self, registry: &Registry, subject: vestibule_storage::Subject<'_>) -> String {
        SubjectIndex::open(&registry.keys).await.unwrap().digest(self.connection_id(), subject)
    }

    /// Somebody signs in with this persistent NameID for the first time, or again.
    pub(crate) async fn sign_in(&self, registry: &Registry, person: PersonId, name_id: &str) -> Result<(), String> {
        let subject = vestibule_storage::Subject::NameId { format: PERSISTENT, value: name_id };
        let recognise = Command::Recognise(Recognise {
            person,
            organization: self.id(),
            connection: self.connection_id(),
            subject_digest: self.digest(registry, subject).await,
            profile: Profile {
                subject: name_id.to_owned(),
                email: Some(format!("{name_id}@acme.test")),
                name: Some("Ada Lovelace".to_owned()),
                ..Profile::default()
            },
            roles: vec![Role::parse("admin").unwrap()],
        });
        let stream = StreamId::of_id(person::CATEGORY, Some(self.id()), person.uuid());
        let metadata = Metadata { actor: "service".to_owned(), ..Metadata::default() };
        let executed = registry.log.execute::<person::Person>(&stream, None, metadata, &recognise).await;
        executed.map(drop).map_err(|error| error.to_string())
    }

    /// From now on the connection recognises people by an attribute.
    pub(crate) async fn recognise_by_attribute(&self, registry: &Registry, name: &str) {
        let subject = SubjectSource::Attribute { name: name.to_owned() };
        let settings = Some(SamlSettings { subject, ..SamlSettings::default() });
        let configured = connection::Event::from(connection::Configured { settings, ..Default::default() });
        let stream = StreamId::of_id(connection::CATEGORY, Some(self.id()), self.connection_id().uuid());
        let version = registry.log.load::<connection::Connection>(&stream).await.unwrap().version;
        let transaction = Transaction::new(Metadata::default()).append(stream, version, &[configured]).unwrap();
        registry.log.append(transaction).await.unwrap();
    }

    /// From now on the groups of the first names mean the roles of the second.
    pub(crate) async fn roles_mean(&self, registry: &Registry, rules: &[(&str, &str)]) {
        let rule = |(group, role): &(&str, &str)| RoleRule { group: (*group).to_owned(), role: (*role).to_owned() };
        let settings = Some(SamlSettings { roles: rules.iter().map(rule).collect(), ..SamlSettings::default() });
        let configured = connection::Event::from(connection::Configured { settings, ..Default::default() });
        let stream = StreamId::of_id(connection::CATEGORY, Some(self.id()), self.connection_id().uuid());
        let version = registry.log.load::<connection::Connection>(&stream).await.unwrap().version;
        let transaction = Transaction::new(Metadata::default()).append(stream, version, &[configured]).unwrap();
        registry.log.append(transaction).await.unwrap();
    }

    /// The roles of whoever has this NameID.
    pub(crate) async fn roles_of(&self, registry: &Registry, name_id: &str) -> Vec<String> {
        let Some(name) = self.found(registry, name_id).await else { return Vec::new() };
        let (_, person) = resource::person("", &name).unwrap();
        let stream = StreamId::of_id(person::CATEGORY, Some(self.id()), person.uuid());
        let person = registry.log.load::<person::Person>(&stream).await.unwrap().state;
        person.known().map(|known| known.roles.clone()).unwrap_or_default()
    }

    /// Who has this NameID, by the same look-up as at a sign-in.
    pub(crate) async fn found(&self, registry: &Registry, name_id: &str) -> Option<String> {
        let subject = vestibule_storage::Subject::NameId { format: PERSISTENT, value: name_id };
        let digest = self.digest(registry, subject).await;
        let holder = registry.log.holder(person::SUBJECT, &digest).await.unwrap()?;
        Some(self.name(holder.key().parse().unwrap()))
    }
}

/// A person whose id ends in this digit.
pub(crate) fn person_id(digit: u8) -> PersonId {
    format!("5b0b4b0e-6f0e-4e0a-9d3c-2b1a4e5f6a7{digit}").parse().unwrap()
}

pub(crate) async fn get(registry: &Registry, name: &str) -> Person {
    let request = GetPersonRequest { name: name.to_owned() };
    registry.persons().get_person(request).await.unwrap().into_inner().person.unwrap()
}
