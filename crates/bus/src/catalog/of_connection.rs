use vestibule_eventlog::Recorded;
use vestibule_kernel::{ConnectionId, OrganizationId};
use vestibule_tenancy::connection::{self, Event};

use super::{Fact, MapError, key, owner, said};
use crate::payload;

/// The connection that an event is of.
#[derive(Clone, Copy)]
struct Of {
    organization: OrganizationId,
    connection: ConnectionId,
}

pub(super) fn fact(recorded: &Recorded, event: Event) -> Result<Option<Fact>, MapError> {
    let of = Of { organization: owner(recorded)?, connection: key(recorded)? };
    let resource = format!("organizations/{}/connections/{}", of.organization, of.connection);
    match event {
        Event::Created(created) => said("connection.created", resource, &of.created(created)),
        Event::Configured(configured) => said("connection.configured", resource, &of.configured(configured)),
        Event::Enabled(_) => said("connection.enabled", resource, &of.changed()),
        Event::Disabled(_) => said("connection.disabled", resource, &of.changed()),
        Event::Tested(_) => said("connection.tested", resource, &of.changed()),
        Event::Replaced(connection::Replaced { by, until }) => {
            let Of { organization, connection } = of;
            said("connection.replaced", resource, &payload::ConnectionReplaced { organization, connection, by, until })
        }
        Event::CertificateObserved(known) => said("certificate.observed", resource, &of.known(known.certificate)),
        Event::CertificateTrusted(known) => said("certificate.trusted", resource, &of.known(known.certificate)),
        Event::CertificateOverlapping(event) => said("certificate.overlapping", resource, &of.overlapping(event)),
        Event::CertificatePromoted(event) => said("certificate.promoted", resource, &of.certificate(event.fingerprint)),
        Event::CertificateRenewalRequired(event) => said("certificate.renewal_required", resource, &of.required(event)),
        Event::CertificateRenewed(renewed) => said("certificate.renewed", resource, &of.renewed(renewed)),
        Event::CertificateExpired(expired) => said("certificate.expired", resource, &of.expired(expired)),
        Event::CertificateRetired(event) => said("certificate.retired", resource, &of.certificate(event.fingerprint)),
        Event::MetadataChangeProposed(event) => said("metadata.change_proposed", resource, &of.proposed(event)),
        Event::MetadataChangeSettled(event) => said("metadata.change_settled", resource, &of.settled(&event)),
        Event::MetadataRefreshed(event) => said("metadata.refreshed", resource, &of.refreshed(&event)),
        Event::MetadataRefreshFailed(event) => said("metadata.refresh_failed", resource, &of.refresh_failed(event)),
        Event::KeyAdded(added) => said("key.added", resource, &of.key_added(added)),
        Event::KeyActionRequired(required) => said("key.action_required", resource, &of.key_required(required)),
        Event::KeyActivated(activated) => said("key.activated", resource, &of.key(activated.key_id)),
        Event::KeyRetired(retired) => said("key.retired", resource, &of.key(retired.key_id)),
        Event::KeyDestroyed(destroyed) => said("key.destroyed", resource, &of.key(destroyed.key_id)),
    }
}

impl Of {
    const fn changed(self) -> payload::ConnectionChanged {
        let Self { organization, connection } = self;
        payload::ConnectionChanged { organization, connection }
    }

    fn created(self, created: connection::Created) -> payload::ConnectionCreated {
        let Self { organization, connection } = self;
        payload::ConnectionCreated {
            organization,
            connection,
            display_name: created.display_name,
            identity_provider: identity_provider(created.identity_provider),
            certificates: created.certificates.into_iter().map(certificate).collect(),
        }
    }

    fn configured(self, configured: connection::Configured) -> payload::ConnectionConfigured {
        let Self { organization, connection } = self;
        payload::ConnectionConfigured {
            organization,
            connection,
            display_name: configured.display_name,
            identity_provider: configured.identity_provider.map(identity_provider),
            settings_changed: configured.settings.is_some(),
            metadata_source_changed: configured.metadata_source.is_some(),
        }
    }

    fn known(self, known: connection::Certificate) -> payload::CertificateKnown {
        let Self { organization, connection } = self;
        payload::CertificateKnown { organization, connection, certificate: certificate(known) }
    }

    const fn certificate(self, fingerprint: String) -> payload::CertificateChanged {
        let Self { organization, connection } = self;
        payload::CertificateChanged { organization, connection, fingerprint }
    }

    fn overlapping(self, event: connection::CertificateOverlapping) -> payload::CertificateOverlapping {
        let Self { organization, connection } = self;
        let connection::CertificateOverlapping { fingerprint, retires_at } = event;
        payload::CertificateOverlapping { organization, connection, fingerprint, retires_at }
    }

    fn required(self, event: connection::CertificateRenewalRequired) -> payload::CertificateRenewalRequired {
        let Self { organization, connection } = self;
        let connection::CertificateRenewalRequired { fingerprint, days, not_after } = event;
        payload::CertificateRenewalRequired { organization, connection, fingerprint, days, not_after }
    }

    fn renewed(self, event: connection::CertificateRenewed) -> payload::CertificateRenewed {
        let Self { organization, connection } = self;
        let connection::CertificateRenewed { fingerprint, successor } = event;
        payload::CertificateRenewed { organization, connection, fingerprint, successor }
    }

    fn expired(self, event: connection::CertificateExpired) -> payload::CertificateExpired {
        let Self { organization, connection } = self;
        let connection::CertificateExpired { fingerprint, not_after } = event;
        payload::CertificateExpired { organization, connection, fingerprint, not_after }
    }

    fn proposed(self, proposed: connection::MetadataChangeProposed) -> payload::MetadataChangeProposed {
        let Self { organization, connection } = self;
        payload::MetadataChangeProposed {
            organization,
            connection,
            identity_provider: identity_provider(proposed.identity_provider),
            certificates: proposed.certificates.into_iter().map(certificate).collect(),
        }
    }

    const fn settled(self, settled: &connection::MetadataChangeSettled) -> payload::MetadataChangeSettled {
        let Self { organization, connection } = self;
        payload::MetadataChangeSettled { organization, connection, approved: settled.approved }
    }

    const fn refreshed(self, refreshed: &connection::MetadataRefreshed) -> payload::MetadataRefreshed {
        let Self { organization, connection } = self;
        let connection::MetadataRefreshed { valid_until, cache_until, .. } = *refreshed;
        payload::MetadataRefreshed { organization, connection, valid_until, cache_until }
    }

    fn refresh_failed(self, failed: connection::MetadataRefreshFailed) -> payload::MetadataRefreshFailed {
        let Self { organization, connection } = self;
        let connection::MetadataRefreshFailed { reason, failing_since, .. } = failed;
        payload::MetadataRefreshFailed { organization, connection, reason, failing_since }
    }

    fn key_added(self, added: connection::KeyAdded) -> payload::KeyAdded {
        let Self { organization, connection } = self;
        let connection::KeyAdded { key_id, key_use, fingerprint, active_from } = added;
        let key_use = key_use.as_str();
        payload::KeyAdded { organization, connection, key_id, key_use, fingerprint, active_from }
    }

    fn key_required(self, required: connection::KeyActionRequired) -> payload::KeyActionRequired {
        let Self { organization, connection } = self;
        let connection::KeyActionRequired { key_id, days, active_from } = required;
        payload::KeyActionRequired { organization, connection, key_id, days, active_from }
    }

    const fn key(self, key_id: String) -> payload::KeyChanged {
        let Self { organization, connection } = self;
        payload::KeyChanged { organization, connection, key_id }
    }
}

fn identity_provider(known: connection::SamlIdentityProvider) -> payload::IdentityProvider {
    let single_sign_on = known.single_sign_on.into_iter().map(|endpoint| endpoint.location).collect();
    payload::IdentityProvider { entity_id: known.entity_id, single_sign_on }
}

fn certificate(known: connection::Certificate) -> payload::Certificate {
    let connection::Certificate { fingerprint, subject, not_before, not_after, .. } = known;
    payload::Certificate { fingerprint, subject, not_before, not_after }
}
