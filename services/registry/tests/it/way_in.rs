//! A connection over which nobody can get in is no way in, whatever its state says: nothing is left to it alone.

use std::time::Duration;

use tonic::Code;
use vestibule_rpc::registry::v1::{
    Connection, DisableConnectionRequest, GetConnectionRequest, GetDomainRequest, MoveDomainRequest, SamlSettings,
    connection::State, domain, saml_settings::CertificateValidity,
};

use crate::{
    registry::{Registry, assert_refused},
    replacement::by,
};

impl Registry {
    async fn hold_to_validity(&self, connection: &Connection, validity: CertificateValidity) {
        let settings = SamlSettings { certificate_validity: validity.into(), ..SamlSettings::default() };
        self.configure(&connection.name, settings, "certificate_validity").await;
    }

    /// One over which nobody gets in: its only certificate has expired, and it is held to its validity.
    async fn locked(&self, organization: &str) -> Connection {
        let connection = self.live(organization).await;
        self.hold_to_validity(&connection, CertificateValidity::Enforce).await;
        connection
    }

    async fn is_enabled(&self, connection: &Connection) -> Option<bool> {
        let request = GetConnectionRequest { name: connection.name.clone() };
        let found = self.connections().get_connection(request).await.ok()?.into_inner().connection?;
        Some(found.state() == State::Enabled)
    }

    /// Long after every certificate has expired.
    fn years_pass(&self) {
        self.clock.advance(Duration::from_hours(24 * 365 * 3));
    }
}

#[tokio::test]
async fn the_last_one_that_lets_people_in_stays() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let (open, locked) = (registry.live(&acme).await, registry.locked(&acme).await);
    registry.years_pass();
    assert_refused(registry.turn_off(&open.name, false).await, Code::FailedPrecondition, "LAST_CONNECTION");
    // The other one may go, and where the key is what is trusted an expired certificate lets people in.
    registry.hold_to_validity(&locked, CertificateValidity::Warn).await;
    registry.turn_off(&open.name, false).await.unwrap();
    // That nobody gets in over it just now makes it no less the last one: its certificate may be renewed any moment.
    registry.hold_to_validity(&locked, CertificateValidity::Enforce).await;
    assert_refused(registry.turn_off(&locked.name, false).await, Code::FailedPrecondition, "LAST_CONNECTION");
    registry.turn_off(&locked.name, true).await.unwrap();
}

#[tokio::test]
async fn nobody_is_sent_to_a_replacement_that_lets_nobody_in() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let (old, live) = (registry.live(&acme).await, registry.locked(&acme).await);
    let fresh = registry.create_connection(&acme, &crate::registry::identity_provider().metadata_xml()).await.unwrap();
    registry.hold_to_validity(&fresh, CertificateValidity::Enforce).await;
    registry.years_pass();
    for replacement in [&live, &fresh] {
        // Also with an override, which is about steps that nobody has done, not about a door that is shut.
        let refused = registry.replace_by(by(&old.name, &replacement.name)).await;
        let status = assert_refused(refused, Code::FailedPrecondition, "REPLACEMENT_UNUSABLE");
        assert!(status.message().contains("certificate"), "{status:?}");
    }
    assert_eq!([registry.is_enabled(&old).await, registry.is_enabled(&fresh).await], [Some(true), Some(false)]);
    registry.hold_to_validity(&live, CertificateValidity::Warn).await;
    registry.replace_by(by(&old.name, &live.name)).await.unwrap();
}

#[tokio::test]
async fn a_domain_goes_only_where_people_get_in() {
    let registry = Registry::start().await;
    let acme = registry.create_organization("acme").await.name;
    let globex = registry.create_organization("globex").await.name;
    let domain = registry.verified(&acme, "acme.test").await;
    let locked = registry.locked(&globex).await;
    registry.years_pass();
    let lonely = registry.move_domain(&domain.name, &globex, false).await;
    assert_refused(lonely, Code::FailedPrecondition, "NO_ENABLED_CONNECTION");
    registry.hold_to_validity(&locked, CertificateValidity::Warn).await;
    registry.move_domain(&domain.name, &globex, false).await.unwrap();
}

#[tokio::test]
async fn a_domain_on_its_way_finds_the_door_that_was_looked_for() {
    let registry = Registry::start().await;
    for round in 0..8 {
        let acme = registry.create_organization(&format!("acme-{round}")).await.name;
        let globex = registry.create_organization(&format!("globex-{round}")).await.name;
        let domain = registry.verified(&acme, &format!("acme-{round}.test")).await;
        let (one, other) = (registry.live(&globex).await, registry.live(&globex).await);
        let (mut moving, mut disabling) = (registry.domains(), registry.connections());
        let request = MoveDomainRequest {
            name: domain.name.clone(),
            destination: globex.clone(),
            note: "bought".to_owned(),
            ..MoveDomainRequest::default()
        };
        let moved = tokio::spawn(async move { moving.move_domain(request).await });
        let disabled = tokio::spawn(async move {
            for (name, leave_without_sign_in) in [(one.name, false), (other.name, true)] {
                let request = DisableConnectionRequest { name, leave_without_sign_in, ..Default::default() };
                disabling.disable_connection(request).await.unwrap();
            }
        });
        let moved = moved.await.unwrap();
        disabled.await.unwrap();
        let request = GetDomainRequest { name: domain.name };
        let left = registry.domains().get_domain(request).await.unwrap().into_inner().domain.unwrap();
        match moved {
            // It came while a door was open, which was shut afterwards by somebody who meant it.
            Ok(_) => assert_eq!(left.state(), domain::State::Released, "round {round}"),
            lost => {
                assert_refused(lost, Code::FailedPrecondition, "NO_ENABLED_CONNECTION");
                assert_eq!(left.state(), domain::State::Verified, "round {round}");
            }
        }
        let events = registry.events().await;
        let place = |name: &str| events.iter().rposition(|event| event.name == name);
        if let (Some(released), Some(shut)) = (place("domain.released"), place("connection.disabled")) {
            assert!(
                left.state() != domain::State::Released || released < shut,
                "round {round}: the door was shut before"
            );
        }
    }
}
