//! What keeps people from signing in over a connection, or will: told whenever it is shown.

use std::time::Duration;

use vestibule_kernel::Timestamp;
use vestibule_rpc::registry::v1::ConnectionWarning;
use vestibule_saml::name_id_format::TRANSIENT;
use vestibule_tenancy::connection::{CertificateValidity, SubjectSource, Trust};

/// What ends within this time is worth a warning.
const SOON: Duration = Duration::from_hours(30 * 24);

pub(crate) fn of(trust: &Trust, now: Timestamp) -> Vec<ConnectionWarning> {
    let mut warnings = Vec::new();
    let mut warn = |reason: &str, message: String| {
        warnings.push(ConnectionWarning { reason: reason.to_owned(), message });
    };
    let (provider, settings) = (&trust.identity_provider, &trust.settings);
    let only_transient =
        !provider.name_id_formats.is_empty() && provider.name_id_formats.iter().all(|format| format == TRANSIENT);
    if only_transient && settings.subject == SubjectSource::NameId {
        let message = "the identity provider offers transient NameIDs only, by which nobody can be recognised: every \
            sign-in will be refused until the connection names an attribute as the subject";
        warn("SUBJECT_NOT_STABLE", message.to_owned());
    }
    let immutable = settings.provider.immutable_attributes();
    if settings.subject == SubjectSource::NameId
        && let Some(best) = immutable.first()
    {
        let message = format!(
            "people are recognised by their NameID, which may change or change hands; this product can send `{best}`, \
             which does neither"
        );
        warn("SUBJECT_NOT_IMMUTABLE", message);
    }
    if let Some(until) = provider.metadata_valid_until.filter(|until| *until <= now.plus(SOON)) {
        let message = if until <= now {
            format!("the metadata was meant to be believed until {until}: import a current document")
        } else {
            format!("the metadata is meant to be believed until {until}: import the next document before")
        };
        warn(if until <= now { "METADATA_EXPIRED" } else { "METADATA_EXPIRES_SOON" }, message);
    }
    if trust.proposed.is_some() {
        let message = "the identity provider's metadata names another entity id or host, or goes back to what it has replaced: \
            nothing of it counts until `vestibule connection approve-metadata`";
        warn("METADATA_CHANGE_PENDING", message.to_owned());
    }
    if let Some(since) = trust.refresh.failing_since {
        let message =
            format!("the metadata cannot be read from its address since {since}: what was known before counts");
        warn("METADATA_REFRESH_FAILING", message);
    }
    if let Some(until) = settings.sha1_until {
        let message = if until <= now {
            format!("signatures over SHA-1 are refused again since {until}: the exception can be removed")
        } else {
            format!("signatures over SHA-1 are taken until {until}: have the identity provider sign over SHA-256")
        };
        warn(if until <= now { "SHA1_EXCEPTION_ENDED" } else { "SHA1_EXCEPTION" }, message);
    }
    of_trust(trust, &mut warn);
    of_certificates(trust, now, &mut warn);
    warnings
}

/// What keeps an honest identity provider out: certificates that await approval, and the last one going.
fn of_trust(trust: &Trust, warn: &mut impl FnMut(&str, String)) {
    if !trust.observed.is_empty() {
        let names: Vec<&str> = trust.observed.iter().map(|one| one.fingerprint.as_str()).collect();
        let message = format!(
            "metadata names certificates that await approval, {}: signatures by them are refused until then",
            names.join(", ")
        );
        warn("CERTIFICATE_AWAITS_APPROVAL", message);
    }
    let ends: Option<Vec<Timestamp>> =
        trust.certificates.iter().map(|one| trust.retires_at(&one.fingerprint)).collect();
    match ends.map(|ends| ends.into_iter().max()) {
        Some(None) => warn("NO_TRUSTED_CERTIFICATE", "no certificate is trusted: every sign-in is refused".to_owned()),
        Some(Some(last)) => {
            let message = format!("metadata names no trusted certificate any more: the last one goes at {last}");
            warn("LAST_CERTIFICATE_LEAVES", message);
        }
        None => {}
    }
}

/// Where certificates are held to their validity, the last valid one going is an outage.
fn of_certificates(trust: &Trust, now: Timestamp, warn: &mut impl FnMut(&str, String)) {
    if trust.settings.certificate_validity != CertificateValidity::Enforce {
        return;
    }
    let valid = trust.certificates.iter().filter(|one| one.not_before <= now && now <= one.not_after);
    match valid.map(|certificate| certificate.not_after).max() {
        None => warn(
            "NO_VALID_CERTIFICATE",
            "certificates are held to their validity and none is valid now: every sign-in will be refused".to_owned(),
        ),
        Some(end) if end <= now.plus(SOON) => warn(
            "LAST_CERTIFICATE_EXPIRES_SOON",
            format!(
                "certificates are held to their validity and the last valid one ends at {end}: import the next one"
            ),
        ),
        Some(_) => {}
    }
}
