use vestibule_kernel::Explain;
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{self as pb, refresh_metadata_response},
};
use vestibule_tenancy::connection::{MetadataSource, Trust};

use super::{
    connection::{certificate, endpoint, metadata_xml},
    mask::Mask,
};
use crate::{
    app::{MetadataOrigin, PinPatch, SourcePatch},
    field::Fields,
    metadata::{self, Entry, Outcome, Pending},
};

const URL: &str = "saml.metadata_url";
const SIGNING_CERTIFICATE: &str = "saml.metadata_signing_certificate";
const APPROVE: &str = "saml.approve_new_certificates";

/// What can be updated of where metadata comes from.
pub(super) const PATHS: [&str; 3] = [URL, SIGNING_CERTIFICATE, APPROVE];

/// Where the metadata of a new connection comes from.
pub(super) fn origin(wanted: &pb::Connection, fields: &mut Fields) -> Option<MetadataOrigin> {
    let document = metadata_xml(wanted);
    let saml = saml(wanted).filter(|saml| !saml.metadata_url.is_empty());
    match saml {
        None if document.is_empty() => {
            fields.refuse("FIELD_REQUIRED", "connection.saml.metadata_xml", "required, or a metadata_url");
            None
        }
        None => Some(MetadataOrigin::Document(document.to_owned())),
        Some(_) if !document.is_empty() => {
            refuse_both(fields);
            None
        }
        Some(saml) => {
            let pinned_key_der = read_pin(&saml.metadata_signing_certificate, fields);
            let (url, requires_approval) = (saml.metadata_url.clone(), saml.approve_new_certificates);
            Some(MetadataOrigin::Source(MetadataSource { url, pinned_key_der, requires_approval }))
        }
    }
}

pub(super) fn refuse_both(fields: &mut Fields) {
    fields.refuse("METADATA_AMBIGUOUS", "connection.saml.metadata_url", "give an address or a document, not both");
}

/// What of the source is to change.
pub(super) fn patch(wanted: &pb::Connection, mask: &Mask<'_>, fields: &mut Fields) -> SourcePatch {
    let nothing = pb::SamlIdentityProvider::default();
    let saml = saml(wanted).unwrap_or(&nothing);
    let mut patch = SourcePatch::default();
    if mask.means(URL, !saml.metadata_url.is_empty()) {
        patch.url = Some(saml.metadata_url.clone());
    }
    if mask.means(SIGNING_CERTIFICATE, !saml.metadata_signing_certificate.is_empty()) {
        patch.pin = read_pin(&saml.metadata_signing_certificate, fields).map_or(PinPatch::Remove, PinPatch::Set);
    }
    if mask.means(APPROVE, saml.approve_new_certificates) {
        patch.requires_approval = Some(saml.approve_new_certificates);
    }
    patch
}

fn read_pin(text: &str, fields: &mut Fields) -> Option<String> {
    let field = "connection.saml.metadata_signing_certificate";
    let read = Some(text).filter(|text| !text.is_empty()).map(metadata::pin)?;
    read.map_err(|error| fields.refuse(error.explain().reason, field, error.to_string())).ok()
}

fn saml(connection: &pb::Connection) -> Option<&pb::SamlIdentityProvider> {
    match &connection.identity_provider {
        Some(pb::connection::IdentityProvider::Saml(saml)) => Some(saml),
        None => None,
    }
}

pub(super) fn pinned(trust: &Trust) -> String {
    let pinned = trust.metadata_source.as_ref().and_then(|source| source.pinned_key_der.clone());
    pinned.unwrap_or_default()
}

pub(super) fn pending(pending: &Pending<'_>) -> pb::PendingMetadataChange {
    let provider = &pending.metadata.identity_provider;
    pb::PendingMetadataChange {
        change: pending.change.clone(),
        differences: pending.differences(),
        entity_id: provider.entity_id.clone(),
        single_sign_on: provider.single_sign_on.iter().map(endpoint).collect(),
        certificates: pending.metadata.certificates.iter().map(certificate).collect(),
        declined: pending.declined,
    }
}

/// The connection with how reading its metadata goes.
pub(crate) fn with_status(mut connection: pb::Connection, entry: Option<Entry>) -> pb::Connection {
    if let (Some(pb::connection::IdentityProvider::Saml(saml)), Some(entry)) =
        (&mut connection.identity_provider, entry)
    {
        let (reason, message) =
            entry.trouble.map_or_else(Default::default, |trouble| (trouble.reason, trouble.message));
        saml.metadata_status = Some(pb::MetadataStatus {
            success_time: entry.succeeded_at.map(proto_timestamp),
            attempt_time: entry.attempted_at.map(proto_timestamp),
            next_time: Some(proto_timestamp(entry.next_at)),
            failures: entry.failures,
            reason,
            message,
        });
    }
    connection
}

pub(crate) const fn refresh_outcome(outcome: Outcome) -> refresh_metadata_response::Outcome {
    match outcome {
        Outcome::Unchanged => refresh_metadata_response::Outcome::Unchanged,
        Outcome::Changed => refresh_metadata_response::Outcome::Changed,
        Outcome::Failed { .. } => refresh_metadata_response::Outcome::Failed,
    }
}
