use std::collections::BTreeMap;

use vestibule_decider::{EventBody, Schema};
use vestibule_tenancy::{
    assertion, claim_policy, connection, directory, directory_group, directory_user, domain, organization, person,
    signing_key, user_pool,
};

use crate::page::{cells, code, files, text};

/// Revision and "personal" of each event, by name.
type Catalogue = BTreeMap<String, (u16, bool)>;

/// What the page says; the heading above a table is the category.
fn told() -> Catalogue {
    let mut catalogue = Catalogue::new();
    let mut category = String::new();
    for line in text("crates/manual/src/events.md").lines() {
        if line.starts_with("# ") {
            category = String::from(code(line).next().unwrap());
        }
        let Some([name, revision, _, personal]) = cells(line).and_then(|row| <[&str; 4]>::try_from(row).ok()) else {
            continue;
        };
        let Some(name) = code(name).next() else { continue };
        assert_eq!(name.split('.').next(), Some(category.as_str()), "{name} stands under the wrong heading");
        catalogue.insert(name.to_owned(), (revision.parse().unwrap(), personal == "yes"));
    }
    catalogue
}

/// What the sources say: every schema, also of an event that nobody put into the list below.
fn declared() -> Catalogue {
    let mut catalogue = Catalogue::new();
    for (path, source) in files("crates/tenancy/src", "/event.rs") {
        for body in source.split("impl EventBody for ").skip(1) {
            let (_, schema) = body.split_once("Schema::new(\"").unwrap_or_else(|| panic!("{}", path.display()));
            let (name, rest) = schema.split_once("\", ").unwrap();
            let (revision, _) = rest.split_once(',').unwrap();
            catalogue.insert(name.to_owned(), (revision.parse().unwrap(), body.contains("fn personal(&self)")));
        }
    }
    catalogue
}

/// What the compiler says.
fn compiled() -> Vec<Schema> {
    vec![
        organization::Created::SCHEMA,
        organization::Updated::SCHEMA,
        organization::Suspended::SCHEMA,
        organization::Reinstated::SCHEMA,
        domain::Claimed::SCHEMA,
        domain::Verified::SCHEMA,
        domain::Released::SCHEMA,
        connection::Created::SCHEMA,
        connection::Configured::SCHEMA,
        connection::MetadataRefreshed::SCHEMA,
        connection::MetadataRefreshFailed::SCHEMA,
        connection::CertificateObserved::SCHEMA,
        connection::CertificateTrusted::SCHEMA,
        connection::CertificateOverlapping::SCHEMA,
        connection::CertificatePromoted::SCHEMA,
        connection::CertificateRenewalRequired::SCHEMA,
        connection::CertificateRenewed::SCHEMA,
        connection::CertificateExpired::SCHEMA,
        connection::CertificateRetired::SCHEMA,
        connection::KeyAdded::SCHEMA,
        connection::KeyActionRequired::SCHEMA,
        connection::KeyActivated::SCHEMA,
        connection::KeyRetired::SCHEMA,
        connection::KeyDestroyed::SCHEMA,
        connection::MetadataChangeProposed::SCHEMA,
        connection::MetadataChangeSettled::SCHEMA,
        connection::Enabled::SCHEMA,
        connection::Disabled::SCHEMA,
        signing_key::Published::SCHEMA,
        signing_key::Activated::SCHEMA,
        signing_key::Retired::SCHEMA,
        signing_key::Removed::SCHEMA,
        user_pool::Registered::SCHEMA,
        user_pool::Updated::SCHEMA,
        user_pool::SecretAdded::SCHEMA,
        user_pool::SecretRetired::SCHEMA,
        person::FirstSeen::SCHEMA,
        person::Updated::SCHEMA,
        person::RolesChanged::SCHEMA,
        person::Deactivated::SCHEMA,
        person::Reactivated::SCHEMA,
        person::Relinked::SCHEMA,
        person::Superseded::SCHEMA,
        person::SignedOut::SCHEMA,
        person::SignedIn::SCHEMA,
        person::NativeUserLinked::SCHEMA,
        person::NativeUserUnlinked::SCHEMA,
        directory::Created::SCHEMA,
        directory::TokenAdded::SCHEMA,
        directory::TokenRetired::SCHEMA,
        directory_user::Created::SCHEMA,
        directory_user::Changed::SCHEMA,
        directory_user::GroupsChanged::SCHEMA,
        directory_user::Deleted::SCHEMA,
        directory_group::Created::SCHEMA,
        directory_group::Changed::SCHEMA,
        directory_group::MembersChanged::SCHEMA,
        directory_group::Deleted::SCHEMA,
        claim_policy::Replaced::SCHEMA,
        claim_policy::Cleared::SCHEMA,
        assertion::Accepted::SCHEMA,
        assertion::Redeemed::SCHEMA,
    ]
}

#[test]
fn the_catalogue_holds_every_event_as_it_is() {
    let told = told();
    assert_eq!(told, declared(), "crates/manual/src/events.md differs from crates/tenancy/src/*/event.rs");
    for schema in compiled() {
        assert_eq!(
            told.get(schema.name()).map(|(revision, _)| *revision),
            Some(schema.revision()),
            "{}",
            schema.name()
        );
    }
}

#[test]
fn reserved_names_are_the_codes() {
    let page = text("crates/manual/src/events.md");
    let names = [
        organization::SLUG,
        organization::EXTERNAL_ID,
        organization::OWN_POOL,
        organization::APP_CLIENT,
        domain::CLAIMED_NAME,
        domain::VERIFIED_NAME,
        user_pool::POOL_ID,
        user_pool::CLIENT_ID,
        person::SUBJECT,
        person::NATIVE_USER,
        assertion::REQUEST,
        directory::CONNECTION,
        directory_user::USER_NAME,
        directory_user::EXTERNAL_ID,
    ];
    for name in names {
        assert!(code(&page).any(|word| word == name), "{name} is reserved, and the page does not say so");
    }
}
