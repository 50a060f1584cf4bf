use std::collections::HashMap;

use serde_json::Value;
use vestibule_eventlog::{Current, StreamId};
use vestibule_kernel::{OrganizationId, PersonId};
use vestibule_saml::name_id_format::TRANSIENT;
use vestibule_scim::{Document, Refusal};
use vestibule_storage::{Subject, SubjectIndex};
use vestibule_tenancy::{
    EmailAddress,
    connection::{SamlSettings, SubjectSource},
    directory::{Settings, SubjectFrom},
    directory_user::{self, Kept},
    domain::{self, Domain},
    person::{self, Person, Profile, SUBJECT},
};

use super::{Inner, access::Access, error::Error, user::stream as user_stream};

/// How often a person may have turned out to be another one.
const SUPERSEDED_MAX: usize = 8;

/// `eduPersonTargetedID`, whose value is a NameID with qualifiers, which no text attribute of SCIM holds.
const TARGETED_ID: &str = "urn:oid:1.3.6.1.4.1.5923.1.1.1.10";

/// Under which names the connection looks for what the directory calls people.
pub(super) fn subject<'a>(
    settings: &'a Settings,
    connection: &'a SamlSettings,
    value: &'a str,
) -> Result<Subject<'a>, Error> {
    let chosen = settings.name_id_format.as_deref();
    match &connection.subject {
        SubjectSource::NameId => match chosen.or(connection.name_id_format.as_deref()) {
            None | Some("") => Err(Error::SubjectUnknown("say of which Format its NameIDs are")),
            Some(TRANSIENT) => Err(Error::SubjectUnknown("a transient NameID finds nobody again")),
            Some(format) => Ok(Subject::NameId { format, value }),
        },
        SubjectSource::Attribute { .. } if chosen.is_some() => {
            Err(Error::SubjectUnknown("it recognises people by an attribute, which has no NameID format"))
        }
        SubjectSource::Attribute { name } if name == TARGETED_ID => {
            Err(Error::SubjectUnknown("an eduPersonTargetedID is a NameID with qualifiers"))
        }
        SubjectSource::Attribute { name } => Ok(Subject::Attribute { name, value }),
    }
}

/// What the identity provider will call the person at sign-in.
pub(super) fn subject_value<'a>(settings: &Settings, document: &'a Document) -> Result<&'a str, Error> {
    let attribute = match settings.subject {
        SubjectFrom::UserName => "userName",
        SubjectFrom::ExternalId => "externalId",
    };
    text(document, attribute).ok_or(Error::Refused(Refusal::Required(attribute)))
}

pub(super) fn text<'a>(document: &'a Document, attribute: &str) -> Option<&'a str> {
    document.get(attribute).and_then(Value::as_str)
}

pub(super) fn stream(organization: OrganizationId, person: PersonId) -> StreamId {
    StreamId::of_id(person::CATEGORY, Some(organization), person.uuid())
}

impl Inner {
    /// The digest by which the SAML service finds whom the directory means.
    pub(super) async fn subject_digest(&self, access: &Access, document: &Document) -> Result<String, Error> {
        let value = subject_value(&access.directory.settings, document)?;
        let subject = subject(&access.directory.settings, &access.settings, value)?;
        Ok(SubjectIndex::open(&self.keys).await?.digest(access.directory.connection, subject))
    }

    /// The person with this subject, if there is one.
    pub(super) async fn found(&self, organization: OrganizationId, digest: &str) -> Result<Option<PersonId>, Error> {
        let holder = self.log.holder(SUBJECT, digest).await?;
        let holder = holder.filter(|holder| holder.organization() == Some(organization));
        Ok(holder.and_then(|stream| stream.key().parse().ok()))
    }

    /// The person, or whom they turned out to be: who is deactivated is who gets tokens.
    pub(super) async fn person(
        &self,
        organization: OrganizationId,
        mut person: PersonId,
    ) -> Result<(PersonId, Current<Person>), Error> {
        for _ in 0..SUPERSEDED_MAX {
            let current = self.log.load::<Person>(&stream(organization, person)).await?;
            match current.state {
                Person::Superseded { by, .. } => person = by,
                Person::Unknown | Person::Active(_) | Person::Deactivated(_) => return Ok((person, current)),
            }
        }
        Err(Error::rejected(person::Rejection::Superseded))
    }

    /// Whether it is this user whom the person signs in as. A person whom an operator has merged with another one may have
    /// several users; the others speak for nobody, or for somebody else.
    pub(super) async fn speaks(&self, access: &Access, user: &Kept, person: &Person) -> Result<bool, Error> {
        let subject = person.known().and_then(|known| known.subject.as_ref());
        let Some(subject) = subject.filter(|subject| subject.connection == access.directory.connection) else {
            return Ok(true);
        };
        if user.subject_digest.as_ref() == Some(&subject.digest) {
            return Ok(true);
        }
        let speaker = self.log.holder(directory_user::SUBJECT, &subject.digest).await?;
        Ok(speaker.is_none_or(|speaker| speaker == user_stream(access, user.user)))
    }

    /// What the directory says of the person. An address outside of the organization's verified domains is not the
    /// person's, whoever says it.
    pub(super) async fn profile(&self, access: &Access, document: &Document) -> Result<Profile, Error> {
        let name = document.get("name").and_then(Value::as_object);
        let part = |part: &str| name.and_then(|name| text(name, part)).map(str::to_owned);
        let shown = part("formatted").or_else(|| text(document, "displayName").map(str::to_owned));
        Ok(Profile {
            subject: subject_value(&access.directory.settings, document)?.to_owned(),
            email: self.releasable(access.organization(), document).await?,
            name: shown,
            given_name: part("givenName"),
            family_name: part("familyName"),
        })
    }

    async fn releasable(&self, organization: OrganizationId, document: &Document) -> Result<Option<String>, Error> {
        let Some(address) = preferred(document).and_then(|text| EmailAddress::parse(text).ok()) else {
            return Ok(None);
        };
        let mut verified = HashMap::new();
        let names = std::iter::once(address.domain().as_str()).chain(address.domain().parents());
        for name in names {
            let holder = self.log.holder(domain::VERIFIED_NAME, name).await?;
            if let Some(holder) = holder.filter(|holder| holder.organization() == Some(organization)) {
                let domain = self.log.load::<Domain>(&holder).await?.state;
                verified.extend(domain.ownership().map(|ownership| (name, ownership.include_subdomains)));
            }
        }
        Ok(address.is_owned(|name| verified.get(name).copied()).then(|| address.to_string()))
    }
}

/// The primary address, or the one for work, or the only one.
fn preferred(document: &Document) -> Option<&str> {
    let emails = document.get("emails").and_then(Value::as_array)?;
    let is_primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
    let is_work = |email: &&Value| {
        email.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
    };
    let only = || if let [only] = emails.as_slice() { Some(only) } else { None };
    let email = emails.iter().find(is_primary).or_else(|| emails.iter().find(is_work)).or_else(only)?;
    email.get("value").and_then(Value::as_str)
}
