use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{self as pb, ListCertificatesRequest, connection_certificate::State},
    resource::{self, InvalidName},
};
use vestibule_tenancy::connection::{CertificateState, Event};

use crate::{
    app::{CertificateKind, CertificateName, Happened, ListedCertificate as Listed, WantedCertificates},
    error::Error,
    field::InvalidFields,
};

/// Hexadecimal digits of a fingerprint.
const FINGERPRINT_CHARS: usize = 64;

pub(crate) fn name(text: &str) -> Result<CertificateName, InvalidName> {
    let invalid = InvalidName {
        field: "name",
        form: "organizations/{organization}/connections/{connection}/certificates/{sha256_fingerprint}",
    };
    let (parent, fingerprint) = text.split_once("/certificates/").ok_or(invalid.clone())?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if fingerprint.len() != FINGERPRINT_CHARS || !fingerprint.bytes().all(is_hex) {
        return Err(invalid);
    }
    let (organization, connection) = resource::connection("name", parent).map_err(|_| invalid)?;
    Ok(CertificateName { organization, connection, fingerprint: fingerprint.to_owned() })
}

pub(crate) fn wanted(request: &ListCertificatesRequest, now: Timestamp) -> Result<WantedCertificates, Error> {
    let organization = match request.organization.as_str() {
        "" => None,
        name => Some(resource::organization("organization", name)?),
    };
    let within = request.expiring_within.map(|within| std::time::Duration::try_from(within).map_err(|_| ()));
    let within = within.transpose().map_err(|()| {
        InvalidFields::one("DURATION_INVALID", "expiring_within", "must be a time that is not negative")
    })?;
    let states = request.states().map(|state| {
        kind(state).ok_or_else(|| InvalidFields::one("STATE_INVALID", "states", "must be states of a certificate"))
    });
    let states = states.collect::<Result<_, _>>()?;
    Ok(WantedCertificates { organization, ends_until: within.map(|within| now.plus(within)), states })
}

fn kind(state: State) -> Option<CertificateKind> {
    Some(std::mem::discriminant(&match state {
        State::Unspecified => return None,
        State::Observed => CertificateState::Observed,
        State::Trusted => CertificateState::Trusted,
        State::Overlapping => CertificateState::Overlapping,
        State::Promoted => CertificateState::Promoted,
        State::RenewalRequired => CertificateState::RenewalRequired { days: 0 },
        State::Renewed => CertificateState::Renewed,
        State::Expired => CertificateState::Expired,
        State::Retired => CertificateState::Retired,
    }))
}

const fn state(state: CertificateState) -> State {
    match state {
        CertificateState::Observed => State::Observed,
        CertificateState::Trusted => State::Trusted,
        CertificateState::Overlapping => State::Overlapping,
        CertificateState::Promoted => State::Promoted,
        CertificateState::RenewalRequired { .. } => State::RenewalRequired,
        CertificateState::Renewed => State::Renewed,
        CertificateState::Expired => State::Expired,
        CertificateState::Retired => State::Retired,
    }
}

pub(crate) fn message(one: &Listed) -> pb::ConnectionCertificate {
    let CertificateName { organization, connection, fingerprint } = &one.name;
    let parent = resource::connection_name(*organization, *connection);
    pb::ConnectionCertificate {
        name: format!("{parent}/certificates/{fingerprint}"),
        state: state(one.state).into(),
        sha256_fingerprint: fingerprint.clone(),
        subject: one.certificate.subject.clone(),
        not_before: Some(proto_timestamp(one.certificate.not_before)),
        not_after: Some(proto_timestamp(one.certificate.not_after)),
        connection_display_name: one.display_name.clone(),
        promoted: one.progress.promoted,
        retire_time: one.progress.retires_at.map(proto_timestamp),
        renewal_required_days: one.progress.announced_days.map_or(0, u32::from),
        etag: one.version.to_string(),
    }
}

pub(crate) fn event(happened: &Happened) -> pb::CertificateEvent {
    let (fingerprint, details) = told(&happened.event);
    pb::CertificateEvent {
        r#type: happened.name.to_owned(),
        time: Some(proto_timestamp(happened.recorded.recorded_at)),
        actor: happened.recorded.metadata.actor.clone(),
        sha256_fingerprint: fingerprint.to_owned(),
        details,
    }
}

fn told(event: &Event) -> (&str, String) {
    match event {
        Event::Created(created) => {
            let fingerprints: Vec<&str> = created.certificates.iter().map(|one| one.fingerprint.as_str()).collect();
            ("", format!("trusts {}", fingerprints.join(", ")))
        }
        Event::Configured(configured) => {
            let parts = [
                (configured.display_name.is_some(), "display name"),
                (configured.identity_provider.is_some(), "identity provider"),
                (configured.settings.is_some(), "settings"),
                (configured.metadata_source.is_some(), "source of metadata"),
            ];
            let changed: Vec<&str> = parts.into_iter().filter_map(|(changed, name)| changed.then_some(name)).collect();
            ("", format!("changed: {}", changed.join(", ")))
        }
        Event::CertificateObserved(observed) => {
            let certificate = &observed.certificate;
            (
                &certificate.fingerprint,
                format!("{}, until {}: awaits approval", certificate.subject, certificate.not_after),
            )
        }
        Event::CertificateTrusted(trusted) => {
            let certificate = &trusted.certificate;
            (&certificate.fingerprint, format!("{}, until {}", certificate.subject, certificate.not_after))
        }
        Event::CertificateOverlapping(overlapping) => {
            let details = overlapping.retires_at.map_or_else(
                || "beside a successor".to_owned(),
                |at| format!("metadata names it no more: trusted until {at}"),
            );
            (&overlapping.fingerprint, details)
        }
        Event::CertificatePromoted(promoted) => (&promoted.fingerprint, "first sign-in".to_owned()),
        Event::CertificateRenewalRequired(required) => {
            let details = format!("ends at {}, within {} days", required.not_after, required.days);
            (&required.fingerprint, details)
        }
        Event::CertificateRenewed(renewed) => (&renewed.fingerprint, format!("{} lasts longer", renewed.successor)),
        Event::CertificateExpired(expired) => (&expired.fingerprint, format!("ended at {}", expired.not_after)),
        Event::CertificateRetired(retired) => {
            let details = if retired.by_operator { "by an operator: metadata does not bring it back" } else { "" };
            (&retired.fingerprint, details.to_owned())
        }
        Event::KeyAdded(added) => {
            let details =
                format!("our {} key {}, used from {}", added.key_use.as_str(), added.key_id, added.active_from);
            (&added.fingerprint, details)
        }
        Event::KeyActionRequired(required) => {
            let details = format!(
                "our key {} is used from {}, within {} days",
                required.key_id, required.active_from, required.days
            );
            ("", details)
        }
        Event::KeyActivated(activated) => ("", format!("our key {}", activated.key_id)),
        Event::KeyRetired(retired) => ("", format!("our key {}", retired.key_id)),
        Event::KeyDestroyed(destroyed) => ("", format!("our key {}", destroyed.key_id)),
        Event::MetadataChangeProposed(proposed) => {
            let provider = &proposed.identity_provider;
            let addresses: Vec<&str> = provider.single_sign_on.iter().map(|one| one.location.as_str()).collect();
            ("", format!("awaits approval: {} at {}", provider.entity_id, addresses.join(", ")))
        }
        Event::MetadataChangeSettled(settled) => {
            ("", if settled.approved { "approved" } else { "withdrawn" }.to_owned())
        }
        _ => ("", String::new()),
    }
}
