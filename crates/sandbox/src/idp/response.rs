use vestibule_kernel::{IdSource, Timestamp};
use vestibule_saml_idp::{
    EncryptionTerms, Forger, Forgery, IdentityProvider, IdpError, KnownServiceProvider, ReceivedRequest, ResponseTerms,
    SigningKey,
};

use super::subject::subject;
use crate::roster::{Login, Person};

/// What the person decided on the page.
pub(super) enum Decision<'a> {
    SignIn(&'a Person),
    Cancel,
    /// To be somebody else.
    Forge {
        person: &'a Person,
        forgery: Forgery,
        /// A key that nobody trusts.
        stranger: &'a SigningKey,
    },
}

/// A Response, and the session that it tells of when it signs somebody in.
pub(super) struct Answer {
    pub(super) xml: String,
    pub(super) session_index: String,
}

/// Whom a forger wants to be: somebody whom the identity provider may or may not know.
const VICTIM: &str = "chief-executive";

/// The Response to `request` (SAML profiles section 4.1.4.2).
pub(super) fn respond(
    provider: &IdentityProvider,
    login: &Login,
    (request, acs_url, service_provider): (&ReceivedRequest, &str, Option<&KnownServiceProvider>),
    decision: &Decision<'_>,
    now: Timestamp,
    ids: &(dyn IdSource + 'static),
) -> Result<Answer, IdpError> {
    let terms = ResponseTerms::new(acs_url, &request.issuer, now, ids).answering(&request.id);
    let session_index = terms.session_index.clone();
    let xml = match decision {
        Decision::SignIn(person) => {
            let certificate = service_provider.and_then(|known| known.encryption.first());
            let encryption = certificate.map(|certificate| EncryptionTerms::new(certificate.clone(), ids));
            provider.respond(&subject(login.dialect, person), &ResponseTerms { encryption, ..terms })
        }
        Decision::Forge { person, forgery, stranger } => {
            let subject = subject(login.dialect, person);
            let forger = Forger { provider, stranger, subject: &subject, terms: &terms, victim: VICTIM };
            forger.forge(*forgery)
        }
        // Nobody authenticated: a Response without an Assertion (SAML core section 3.2.2.2).
        Decision::Cancel => provider.refuse("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", "cancelled", &terms),
    };
    Ok(Answer { xml: xml?, session_index })
}
