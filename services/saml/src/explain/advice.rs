use vestibule_rpc::saml::v1::Check;
use vestibule_saml::{Refusal as Said, SubjectFault};
use vestibule_tenancy::connection::SubjectSource;

use crate::{connection::ReadyConnection, refusal::Refusal, second_opinion::Objection};

/// The sentence to send to whoever has to act. It names what they know, in their words, and holds no personal value.
pub(super) fn of(refusal: Refusal, connection: &ReadyConnection, failed: Option<&Check>) -> String {
    let found = failed.map_or("", |check| check.found.as_str());
    match refusal {
        Refusal::Response(said) => of_response(said, connection, found),
        Refusal::NoTrustedCertificate => format!(
            "Vestibule's operator: connection {} has no usable signing certificate; import the current metadata of {}.",
            connection.id, connection.identity_provider
        ),
        Refusal::OrganizationSuspended => {
            "Vestibule's operator: the organization is suspended; reinstate it when its people may sign in again."
                .to_owned()
        }
        Refusal::ConnectionDisabled => format!(
            "Vestibule's operator: connection {} is disabled; enable it when people may sign in through it.",
            connection.id
        ),
        Refusal::PersonDeactivated => "Vestibule's operator: the person is deactivated; reactivate them when they may \
            sign in again."
            .to_owned(),
        Refusal::Subject(fault) => to_provider(connection, &of_subject(fault, connection)),
        Refusal::RequiredClaimMissing => to_provider(
            connection,
            &format!(
                "the assertion came {found}; please send what is missing under a name that this connection knows, or tell \
                 us the name"
            ),
        ),
        Refusal::EmailMissing => to_provider(
            connection,
            "the assertion holds no single, well-formed e-mail address; please send exactly one, in an attribute `email`",
        ),
        Refusal::EmailForeign => format!(
            "Vestibule's operator: the address lies outside of the domains that the organization of connection {} has \
             verified; verify its domain, ask the organization to send addresses of its own domains, or let such people \
             sign in without an address, if the user pool allows that.",
            connection.id
        ),
        Refusal::SecondOpinion(Objection::Disagrees) => format!(
            "Vestibule's operator: two independent engines do not agree about this Response over connection {} ({found}). \
             One of them is wrong, or somebody found a way to make one wrong: keep the Response, let nobody in with it, \
             and report it.",
            connection.id
        ),
        Refusal::SecondOpinion(Objection::CannotProcess) => format!(
            "Vestibule's operator: the second engine cannot process what comes over connection {}: {found}. Ask the \
             administrator of {} to sign the Assertion with RSA or ECDSA and SHA-256, or do not require a second opinion.",
            connection.id, connection.identity_provider
        ),
        Refusal::SecondOpinion(Objection::Unavailable) => format!(
            "Vestibule's operator: the second engine gave no answer ({found}); see whether its program starts, and how \
             busy it is. The person can try again."
        ),
        Refusal::AssertionTooOld => of_response(Said::AssertionTooOld, connection, found),
        Refusal::Unsolicited => format!(
            "The person: please begin at the application. For people who begin at {} instead, Vestibule's operator can \
             allow it: vestibule connection configure --idp-initiated true, for connection {}.",
            connection.identity_provider, connection.id
        ),
        Refusal::AssertionReplayed | Refusal::RequestAlreadyAnswered | Refusal::LogoutRequestReplayed => {
            "The person: this sign-in was completed before; please begin it anew from the application.".to_owned()
        }
    }
}

fn of_subject(fault: SubjectFault, connection: &ReadyConnection) -> String {
    let attribute = match &connection.settings.subject {
        SubjectSource::NameId => "",
        SubjectSource::Attribute { name } => name,
    };
    match fault {
        SubjectFault::Transient => "the NameID has the format transient, another one at each sign-in; please send a \
            persistent NameID, or an attribute that never changes for a person and tell us its name"
            .to_owned(),
        SubjectFault::Missing => format!("please send the attribute `{attribute}` for every person"),
        SubjectFault::NotSingle => {
            format!("the attribute `{attribute}` has several values; please send exactly one")
        }
        SubjectFault::Unusable => {
            format!("the value of the attribute `{attribute}` is too long or is no text; please send a short text")
        }
    }
}

fn of_response(refusal: Said, connection: &ReadyConnection, found: &str) -> String {
    if let Some(advice) = to_operator(refusal, connection, found) {
        return advice;
    }
    let (entity_id, acs_url) = (&connection.service_provider.entity_id, &connection.service_provider.acs_url);
    let please = match refusal {
        Said::AudienceMismatch | Said::AudienceMissing => {
            format!(
                "the Audience is {found}; please set the Audience (Identifier, Entity ID) of the application to {entity_id}"
            )
        }
        Said::DestinationMismatch | Said::DestinationMissing | Said::RecipientMismatch => {
            format!("the Response is addressed to {found}; please set the ACS URL (Reply URL, Recipient) to {acs_url}")
        }
        Said::InResponseToMissing => {
            "the Response answers no request; this connection takes no sign-ins that begin at \
            the identity provider, so people have to begin at the application; where they did, please return the \
            request's ID as InResponseTo"
                .to_owned()
        }
        Said::InResponseToMismatch => "the Response answers another request than the one that was sent; please return \
            the request's own ID as InResponseTo, and do not answer one request twice"
            .to_owned(),
        Said::AssertionExpired | Said::AssertionNotYetValid | Said::AssertionTooOld => {
            format!("{refusal} ({found}); please compare your server's clock with a time server (NTP)")
        }
        Said::SignatureMissing => "nothing is signed; please sign the Assertion or the Response".to_owned(),
        Said::SignatureAlgorithmNotAllowed => {
            format!("it is signed with {found}; please sign with RSA or ECDSA and SHA-256")
        }
        Said::SignatureInvalid => "the signature does not verify: the message was changed on its way or signed with \
            another key; please check that nothing rewrites it, and send your current metadata"
            .to_owned(),
        Said::NameIdMissing => "the Subject has no NameID; please send a persistent one".to_owned(),
        Said::StatusNotSuccess => {
            format!("it reports {found} instead of success; please look into your sign-in log for the reason")
        }
        Said::AuthnContextMismatch => {
            format!("the person was authenticated with {found}; please authenticate as the request asks, and say so")
        }
        other => of_encryption(other, found).unwrap_or_else(|| format!("{other} ({}; found: {found})", other.reason())),
    };
    to_provider(connection, &please)
}

/// What only Vestibule's operator can mend.
fn to_operator(refusal: Said, connection: &ReadyConnection, found: &str) -> Option<String> {
    let (id, provider) = (connection.id, &connection.identity_provider);
    let advice = match refusal {
        Said::CertificateNotTrusted => format!(
            "the Response is {found}, which connection {id} does not trust. Ask the administrator of {provider} whether \
             the signing certificate was renewed, compare the fingerprint over another channel, and import the new \
             metadata; if they know nothing of it, somebody forged the Response."
        ),
        Said::CertificateNotValid => format!(
            "the Response is signed with a trusted key, but its certificate is {found}, and connection {id} holds \
             certificates to their validity. Ask the administrator of {provider} for metadata with a valid certificate \
             and import it, or let the connection warn only."
        ),
        Said::IssuerMismatch => format!(
            "the Response comes from {found}, but connection {id} is set up for {provider}. Import the metadata of the \
             identity provider that really sends, or ask its administrator to send to its own connection."
        ),
        _ => return None,
    };
    Some(format!("Vestibule's operator: {advice}"))
}

fn of_encryption(refusal: Said, found: &str) -> Option<String> {
    Some(match refusal {
        Said::AssertionEncrypted => "the Assertion is encrypted with a certificate that is not ours; please read our \
            metadata again, or switch encryption off for this application"
            .to_owned(),
        Said::AssertionNotEncrypted => {
            "the Assertion is not encrypted; please encrypt it with the certificate in our metadata".to_owned()
        }
        Said::EncryptionUnauthenticated => {
            "it is encrypted with AES-CBC, which proves nothing by itself; please sign the Response too (in AD FS: \
             -SamlResponseSignature MessageAndAssertion), encrypt with AES-GCM, or switch encryption off"
                .to_owned()
        }
        Said::EncryptionAlgorithmNotAllowed => {
            format!("it is encrypted with {found}; please encrypt with AES-256-GCM and RSA-OAEP (rsa-oaep-mgf1p)")
        }
        Said::DecryptionFailed => {
            "what is encrypted does not open to an Assertion; please read our metadata again and \
            encrypt with the first certificate for encryption in it"
                .to_owned()
        }
        _ => return None,
    })
}

fn to_provider(connection: &ReadyConnection, please: &str) -> String {
    format!("To the administrator of {}: {please}.", connection.identity_provider)
}
