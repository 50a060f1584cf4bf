use vestibule_kernel::{OrganizationId, UserPoolId};
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{self as pb, list_persons_request, relink_person_request},
    resource,
};
use vestibule_tenancy::{
    NativeUserId,
    person::{Person, Profile},
};

use super::organization::missing;
use crate::{
    app::{FoundBy, NewNativeUser, WantedSubject},
    error::Error,
    field::{Fields, InvalidFields},
    resource::Resource,
};

/// What SAML allows for a NameID that is kept: SAML core section 8.3.7.
const SUBJECT_CHARS_MAX: usize = 1_024;

/// Whether the caller may see what is personal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sight {
    /// The registry token, or the people token.
    Personal,
    /// Any other.
    Impersonal,
}

pub(crate) fn found_by(
    organization: OrganizationId,
    found_by: list_persons_request::FoundBy,
    sight: Sight,
) -> Result<FoundBy, Error> {
    match found_by {
        list_persons_request::FoundBy::Subject(_) if sight == Sight::Impersonal => Err(Error::PersonalLookup),
        list_persons_request::FoundBy::Subject(wanted) => Ok(FoundBy::Subject(subject(organization, wanted)?)),
        list_persons_request::FoundBy::NativeUser(wanted) => {
            let (user_pool, native_user) = native_user(&wanted)?;
            Ok(FoundBy::NativeUser(user_pool, native_user))
        }
    }
}

/// By what a person shall be found.
pub(crate) enum Relink {
    Subject(WantedSubject),
    Duplicate(vestibule_kernel::PersonId),
}

pub(crate) fn relink(
    organization: OrganizationId,
    found_by: Option<relink_person_request::FoundBy>,
) -> Result<Relink, Error> {
    match found_by {
        None => Err(missing("found_by").into()),
        Some(relink_person_request::FoundBy::Subject(wanted)) => Ok(Relink::Subject(subject(organization, wanted)?)),
        Some(relink_person_request::FoundBy::Duplicate(name)) => {
            let (owner, person) = resource::person("duplicate", &name)?;
            if owner != organization {
                return Err(elsewhere("duplicate", "the person belongs to another organization").into());
            }
            Ok(Relink::Duplicate(person))
        }
    }
}

fn subject(organization: OrganizationId, wanted: pb::Subject) -> Result<WantedSubject, Error> {
    let (owner, connection) = resource::connection("subject.connection", &wanted.connection)?;
    if owner != organization {
        return Err(elsewhere("subject.connection", "the connection belongs to another organization").into());
    }
    let pb::Subject { value, name_id_format, .. } = wanted;
    for (field, text) in [("subject.value", &value), ("subject.name_id_format", &name_id_format)] {
        if text.chars().count() > SUBJECT_CHARS_MAX {
            let description = format!("at most {SUBJECT_CHARS_MAX} characters");
            return Err(InvalidFields::one("SUBJECT_INVALID", field, description).into());
        }
    }
    if value.is_empty() {
        return Err(missing("subject.value").into());
    }
    Ok(WantedSubject { connection, value, name_id_format })
}

fn elsewhere(field: &str, description: &str) -> InvalidFields {
    InvalidFields::one("OTHER_ORGANIZATION", field, description)
}

fn native_user(wanted: &pb::NativeUser) -> Result<(UserPoolId, NativeUserId), Error> {
    let user_pool = resource::user_pool("native_user.user_pool", &wanted.user_pool)?;
    let mut fields = Fields::default();
    let native_user = fields.read("native_user.native_user", NativeUserId::parse(&wanted.native_user));
    Ok((user_pool, fields.finish_with(native_user)?))
}

pub(crate) fn new_native_user(request: &pb::LinkNativeUserRequest) -> Result<NewNativeUser, Error> {
    let organization = resource::organization("parent", &request.parent)?;
    let wanted = request.native_user.as_ref().ok_or_else(|| missing("native_user"))?;
    let (user_pool, native_user) = native_user(wanted)?;
    let person = match request.person.as_str() {
        "" => None,
        name => Some(resource::person("person", name)?),
    };
    if person.is_some_and(|(owner, _)| owner != organization) {
        return Err(elsewhere("person", "the person belongs to another organization").into());
    }
    Ok(NewNativeUser { organization, user_pool, native_user, person: person.map(|(_, person)| person) })
}

pub(crate) fn message(person: &Resource<Person>, sight: Sight) -> pb::Person {
    let (state, known, superseded_by) = match &person.state {
        Person::Unknown => return pb::Person::default(),
        Person::Active(known) => (pb::person::State::Active, known, None),
        Person::Deactivated(known) => (pb::person::State::Deactivated, known, None),
        Person::Superseded { known, by } => (pb::person::State::Superseded, known, Some(*by)),
    };
    let organization = known.organization;
    let connection = known.subject.as_ref().map(|subject| subject.connection);
    let native_users = known.native_users.iter().map(|user| pb::NativeUser {
        user_pool: resource::user_pool_name(user.user_pool),
        native_user: user.native_user.clone(),
    });
    pb::Person {
        name: resource::person_name(organization, known.person),
        state: state.into(),
        connection: connection.map(|id| resource::connection_name(organization, id)).unwrap_or_default(),
        profile: known.profile.as_ref().filter(|_| sight == Sight::Personal).map(profile),
        roles: known.roles.clone(),
        signed_out: known.is_signed_out,
        native_users: native_users.collect(),
        superseded_by: superseded_by.map(|by| resource::person_name(organization, by)).unwrap_or_default(),
        create_time: Some(proto_timestamp(person.created_at)),
        update_time: Some(proto_timestamp(person.updated_at)),
        etag: person.etag(),
    }
}

fn profile(profile: &Profile) -> pb::Profile {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    pb::Profile {
        subject: profile.subject.clone(),
        email: text(&profile.email),
        display_name: text(&profile.name),
        given_name: text(&profile.given_name),
        family_name: text(&profile.family_name),
    }
}
