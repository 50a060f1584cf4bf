//! What settings make of a sample. The sample is judged as any other Response, and nothing comes of it.

use std::sync::Arc;

use vestibule_rpc::{
    resource,
    saml::v1::{
        PreviewMappingRequest, PreviewMappingResponse,
        preview_mapping_response::{Claim as ClaimMessage, Subject},
    },
};
use vestibule_saml::{
    self as saml, Claim, NormalisedIdentity, Sample, SubjectId, Unverified, normalise, pasted_form_value,
};
use vestibule_settings::Patch;

use super::{Api, Arrived, sample::request_of};
use crate::{connection::ReadyConnection, error::Error, explain, mapping, refusal::Refusal};

impl Api {
    pub(super) async fn preview(&self, asked: &PreviewMappingRequest) -> Result<PreviewMappingResponse, Error> {
        let named = request_of(&asked.request_id)?;
        let now = self.moment(asked.time.as_ref())?;
        let connection = self.proposed(asked).await?;
        let saml_response = pasted_form_value(&asked.saml_response);
        let unverified = Unverified::read(&saml_response).map_err(Error::Sample)?;
        let request_id = explain::request_id(named.as_ref(), Some(&unverified));
        let email_required = asked.email_required;
        let arrived = Arrived { saml_response: &saml_response, request_id: &request_id, email_required, now };
        let case = self.case(&connection, arrived);
        let genuine = self
            .decryptions
            .verdict(case.connection, &case.asked(), &self.credentials)
            .await?
            .and_then(|verdict| verdict.outcome.ok());
        let identity = match &genuine {
            Some(assertion) => Some(normalise(assertion, &connection.mapping)),
            None => match Sample::read(&saml_response) {
                Ok(sample) => Some(sample.normalise(&connection.mapping)),
                // What does not verify is not shown in plain text: its key is ours, and its sender is anybody.
                Err(saml::Refusal::AssertionEncrypted) => None,
                Err(refusal) => return Err(Error::Sample(refusal)),
            },
        };
        let (checks, verdict) = self.judge_sample(&case).await?;
        Ok(PreviewMappingResponse {
            verified: genuine.is_some(),
            refused: verdict.err().map(Refusal::message),
            checks: checks.finish(),
            ..answer(&connection, identity)
        })
    }

    /// The connection as it is, or as it would be.
    async fn proposed(&self, asked: &PreviewMappingRequest) -> Result<Arc<ReadyConnection>, Error> {
        let connection = self.connection(&asked.connection).await?;
        let mask = asked.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
        let patch = Patch::named(asked.settings.as_ref(), mask)?;
        if patch.is_empty() {
            return Ok(connection);
        }
        let settings = patch.change(&connection.settings, self.clock.now())?.into_settings();
        let proposed = self.directory.with_settings(connection.id, settings);
        proposed.map(Arc::new).ok_or(Error::ConnectionNotFound)
    }
}

fn answer(connection: &ReadyConnection, identity: Option<NormalisedIdentity>) -> PreviewMappingResponse {
    let blank = PreviewMappingResponse {
        settings: Some(vestibule_settings::message(&connection.settings)),
        connection: resource::connection_name(connection.organization, connection.id),
        ..PreviewMappingResponse::default()
    };
    let Some(identity) = identity else { return blank };
    let names = |claims: &[Claim]| claims.iter().map(|claim| claim.as_str().to_owned()).collect();
    let settings = &connection.settings;
    let missing = settings.required_claims.iter().filter(|name| !identity.has(mapping::claim(**name)));
    PreviewMappingResponse {
        missing: missing.map(|name| name.as_str().to_owned()).collect(),
        claims: claims(&identity),
        roles: settings.roles(&identity.groups).iter().map(ToString::to_string).collect(),
        ambiguous: names(&identity.ambiguous),
        oversized: names(&identity.oversized),
        groups_truncated: identity.groups_truncated,
        subject: identity.subject.ok().map(subject),
        unusable: identity.unusable,
        unmapped: identity.unmapped,
        ..blank
    }
}

fn claims(identity: &NormalisedIdentity) -> Vec<ClaimMessage> {
    let one = |value: &Option<String>| value.iter().cloned().collect();
    let values = |claim| match claim {
        Claim::Email => one(&identity.email),
        Claim::GivenName => one(&identity.given_name),
        Claim::FamilyName => one(&identity.family_name),
        Claim::Name => one(&identity.name),
        Claim::Groups => identity.groups.clone(),
    };
    let message = |claim| {
        let source = identity.sources.iter().find(|(of, _)| *of == claim);
        let attribute = source.map(|(_, attribute)| attribute.clone()).unwrap_or_default();
        ClaimMessage { name: Claim::as_str(claim).to_owned(), values: values(claim), attribute }
    };
    Claim::ALL.into_iter().filter(|claim| identity.has(*claim)).map(message).collect()
}

fn subject(subject: SubjectId) -> Subject {
    match subject {
        SubjectId::NameId(name_id) => {
            Subject { attribute: String::new(), format: name_id.format, value: name_id.value }
        }
        SubjectId::Attribute { name, value } => Subject { attribute: name, format: String::new(), value },
        SubjectId::NameIdAttribute { name, value } => {
            Subject { attribute: name, format: value.format, value: value.value }
        }
    }
}
