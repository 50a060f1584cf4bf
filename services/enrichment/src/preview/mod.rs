//! Shows what goes into the tokens of somebody, before anything goes live.
//!
//! It reads the log and not the view, so it shows what was saved a moment ago; nothing waits for it.

mod answer;
mod error;
mod policy;
mod subject;

use vestibule_rpc::enrichment::v1::{PreviewClaimsRequest, PreviewClaimsResponse};
use vestibule_tenancy::claim_policy::{EventVersion, Existing, Facts};

pub(crate) use error::PreviewError;

use crate::enrichment::Enrichment;

/// How many scopes, groups or attributes a request may name.
const LIST_MAX: usize = 100;

/// How many claims both tokens of a person have without us, about: those of a token, and a profile.
const USUAL_CLAIMS: usize = 40;

impl Enrichment {
    pub(crate) async fn preview_claims(
        &self,
        request: &PreviewClaimsRequest,
    ) -> Result<PreviewClaimsResponse, PreviewError> {
        for (field, list) in [
            ("scopes", &request.scopes),
            ("groups", &request.groups),
            ("custom_attributes", &request.custom_attributes),
        ] {
            if list.len() > LIST_MAX {
                return Err(PreviewError::ListTooLong { field, max: LIST_MAX });
            }
        }
        let subject = subject::read(&self.log, request).await?;
        let app_client_id = match request.app_client_id.as_str() {
            "" => subject.app_client_id().to_owned(),
            named => named.to_owned(),
        };
        let layers = policy::layers(&self.log, &subject, &app_client_id, &request.proposed).await?;
        let wanted = vestibule_claims::event_version(request.event_version)?;
        let event_version = wanted.or(layers.effective.event_version()).unwrap_or(EventVersion::V2);
        let (scopes, groups) = (texts(&request.scopes), texts(&request.groups));
        let custom_attributes = texts(&request.custom_attributes);
        let roles = texts(subject.roles());
        let facts = Facts {
            organization: subject.organization(),
            person: subject.person(&roles),
            app_client_id: &app_client_id,
            event_version,
            existing: Existing {
                claims: USUAL_CLAIMS + custom_attributes.len(),
                scopes: &scopes,
                groups: &groups,
                custom_attributes: &custom_attributes,
            },
        };
        Ok(answer::answer(&layers, &facts))
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}
