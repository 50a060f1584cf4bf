use vestibule_saml_idp::Subject;

use crate::roster::{Dialect, Person};

/// What an identity provider of this dialect says about a person.
pub(super) fn subject(dialect: Dialect, person: &Person) -> Subject {
    const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
    let groups = person.groups.iter().copied();
    let subject = match dialect {
        Dialect::ClaimUris => Subject::persistent(person.id)
            .with(format!("{CLAIMS}/emailaddress"), [person.email])
            .with(format!("{CLAIMS}/givenname"), [person.given_name])
            .with(format!("{CLAIMS}/surname"), [person.family_name])
            .with("http://schemas.microsoft.com/identity/claims/displayname", [person.name()])
            .with("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", groups),
        Dialect::ShortNames => Subject::email(person.email)
            .with("email", [person.email])
            .with("firstName", [person.given_name])
            .with("lastName", [person.family_name])
            .with("displayName", [person.name()])
            .with("groups", groups),
        Dialect::ObjectIdentifiers => Subject::persistent(person.id)
            .with("urn:oid:0.9.2342.19200300.100.1.3", [person.email])
            .with("urn:oid:2.5.4.42", [person.given_name])
            .with("urn:oid:2.5.4.4", [person.family_name])
            .with("urn:oid:2.16.840.1.113730.3.1.241", [person.name()])
            .with("urn:oid:1.3.6.1.4.1.5923.1.5.1.1", groups),
    };
    // An attribute without values says nothing; real providers leave it out.
    Subject { attributes: subject.attributes.into_iter().filter(|each| !each.values.is_empty()).collect(), ..subject }
}
