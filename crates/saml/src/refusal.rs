use std::fmt;

use vestibule_kernel::{Explain, Explanation, Kind};

/// Who has to act so that the next sign-in works.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Responsible {
    /// The administrator of the enterprise's identity provider.
    IdentityProvider,
    /// Whoever operates Vestibule: the connection is not set up as the identity provider is.
    Operator,
    /// The settings of the Cognito user pool.
    Cognito,
    /// The application that sent the person here.
    Application,
}

impl Responsible {
    /// Stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityProvider => "identity_provider",
            Self::Operator => "operator",
            Self::Cognito => "cognito",
            Self::Application => "application",
        }
    }
}

impl fmt::Display for Responsible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! refusals {
    ($($name:ident = $reason:literal, $responsible:ident, $message:literal;)+) => {
        /// Why a Response is refused. Each has one stable reason; details stand in the failed [`crate::Check`].
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
        #[non_exhaustive]
        pub enum Refusal {
            $(#[doc = concat!("`", $reason, "`: ", $message, ".")] #[error($message)] $name,)+
        }

        impl Refusal {
            /// All refusals.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Stable, `UPPER_SNAKE_CASE`; programs branch on it.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)+ }
            }

            /// Who has to act.
            #[must_use]
            pub const fn responsible(self) -> Responsible {
                match self { $(Self::$name => Responsible::$responsible,)+ }
            }
        }
    };
}

refusals! {
    MessageTooLarge = "MESSAGE_TOO_LARGE", IdentityProvider, "the message is larger than the limit";
    MessageEncodingInvalid = "MESSAGE_ENCODING_INVALID", IdentityProvider, "the message is not Base64 of UTF-8";
    XmlMalformed = "XML_MALFORMED", IdentityProvider, "the message is not well-formed XML in UTF-8";
    XmlDoctypeForbidden = "XML_DOCTYPE_FORBIDDEN", IdentityProvider, "the message has a document type declaration";
    XmlTagTooLarge = "XML_TAG_TOO_LARGE", IdentityProvider, "a tag has too many bytes, attributes or namespaces";
    XmlTooDeep = "XML_TOO_DEEP", IdentityProvider, "the message is nested too deeply";
    XmlTooDense = "XML_TOO_DENSE", IdentityProvider, "the message has more markup than a message of its size can need";
    NotAResponse = "NOT_A_RESPONSE", IdentityProvider, "the message is not a SAML 2.0 Response";
    IdInvalid = "ID_INVALID", IdentityProvider, "an ID is missing, too long or not an XML name";
    IdNotUnique = "ID_NOT_UNIQUE", IdentityProvider, "two elements carry the same ID";
    StatusNotSuccess = "STATUS_NOT_SUCCESS", IdentityProvider, "the identity provider does not report success";
    AssertionMissing = "ASSERTION_MISSING", IdentityProvider, "the Response has no Assertion";
    AssertionNotSingle = "ASSERTION_NOT_SINGLE", IdentityProvider, "there is more than one Assertion";
    AssertionMisplaced = "ASSERTION_MISPLACED", IdentityProvider, "the Assertion is not a child of the Response";
    AssertionEncrypted = "ASSERTION_ENCRYPTED", IdentityProvider, "the Assertion, or a part of it, is encrypted, which this connection does not expect";
    AssertionNotEncrypted = "ASSERTION_NOT_ENCRYPTED", IdentityProvider, "the Assertion is not encrypted, which this connection requires";
    EncryptionProfileViolated = "ENCRYPTION_PROFILE_VIOLATED", IdentityProvider, "the encrypted element does not have the form that SAML prescribes";
    EncryptionAlgorithmNotAllowed = "ENCRYPTION_ALGORITHM_NOT_ALLOWED", IdentityProvider, "the encryption uses an algorithm that is not allowed";
    EncryptionUnauthenticated = "ENCRYPTION_UNAUTHENTICATED", IdentityProvider, "AES-CBC is accepted only inside of a signed Response";
    DecryptionFailed = "DECRYPTION_FAILED", IdentityProvider, "what is encrypted does not open to what it must be";
    SignatureMissing = "SIGNATURE_MISSING", IdentityProvider, "neither the message nor the Assertion in it is signed";
    SignatureMisplaced = "SIGNATURE_MISPLACED", IdentityProvider, "a signature stands where SAML allows none";
    SignatureProfileViolated = "SIGNATURE_PROFILE_VIOLATED", IdentityProvider, "the signature does not have the form that SAML prescribes";
    SignatureReferenceForbidden = "SIGNATURE_REFERENCE_FORBIDDEN", IdentityProvider, "the signature does not refer to the element it stands in";
    SignatureTransformForbidden = "SIGNATURE_TRANSFORM_FORBIDDEN", IdentityProvider, "the signature uses a transform that is not allowed";
    SignatureAlgorithmNotAllowed = "SIGNATURE_ALGORITHM_NOT_ALLOWED", IdentityProvider, "the signature uses an algorithm that is not allowed";
    SignatureInvalid = "SIGNATURE_INVALID", IdentityProvider, "the signature does not verify";
    CertificateNotTrusted = "CERTIFICATE_NOT_TRUSTED", Operator, "the signature was made with a certificate that is not trusted for this connection";
    CertificateNotValid = "CERTIFICATE_NOT_VALID", Operator, "the certificate is outside its validity, which this connection holds it to";
    ValueForbiddenContent = "VALUE_FORBIDDEN_CONTENT", IdentityProvider, "a value contains a comment, a processing instruction or an element";
    IssuerMissing = "ISSUER_MISSING", IdentityProvider, "the Issuer is missing";
    IssuerMismatch = "ISSUER_MISMATCH", Operator, "the Issuer is not the identity provider of this connection";
    DestinationMissing = "DESTINATION_MISSING", IdentityProvider, "the signed message has no Destination";
    DestinationMismatch = "DESTINATION_MISMATCH", IdentityProvider, "the message was sent to another address";
    InResponseToMissing = "IN_RESPONSE_TO_MISSING", IdentityProvider, "the message answers no request";
    InResponseToMismatch = "IN_RESPONSE_TO_MISMATCH", IdentityProvider, "the message answers another request";
    InResponseToUnexpected = "IN_RESPONSE_TO_UNEXPECTED", IdentityProvider, "the Response answers a request, but none was made in this browser";
    InstantMalformed = "INSTANT_MALFORMED", IdentityProvider, "a moment in time is missing or not written as SAML prescribes";
    AssertionTooOld = "ASSERTION_TOO_OLD", IdentityProvider, "the Assertion was made too long ago";
    AssertionNotYetValid = "ASSERTION_NOT_YET_VALID", IdentityProvider, "the Assertion is not valid yet: compare the clocks";
    AssertionExpired = "ASSERTION_EXPIRED", IdentityProvider, "the Assertion has expired";
    NameIdMissing = "NAME_ID_MISSING", IdentityProvider, "there is no readable NameID";
    ConfirmationMissing = "SUBJECT_CONFIRMATION_MISSING", IdentityProvider, "the Subject has no bearer confirmation";
    ConfirmationNotBefore = "SUBJECT_CONFIRMATION_NOT_BEFORE", IdentityProvider, "the bearer confirmation has a NotBefore, which SAML forbids";
    RecipientMismatch = "RECIPIENT_MISMATCH", IdentityProvider, "the Assertion may only be presented at another address";
    ConditionsMissing = "CONDITIONS_MISSING", IdentityProvider, "the Assertion has no Conditions";
    ConditionUnknown = "CONDITION_UNKNOWN", IdentityProvider, "the Assertion has a condition that is not understood";
    AudienceMissing = "AUDIENCE_MISSING", IdentityProvider, "the Assertion does not say for whom it is meant";
    AudienceMismatch = "AUDIENCE_MISMATCH", IdentityProvider, "the Assertion is meant for another service provider";
    AuthnStatementMissing = "AUTHN_STATEMENT_MISSING", IdentityProvider, "the Assertion does not say that anybody was authenticated";
    AuthnContextMismatch = "AUTHN_CONTEXT_MISMATCH", IdentityProvider, "the person was authenticated in another way than this connection requires";
    SessionExpired = "SESSION_EXPIRED", IdentityProvider, "the session at the identity provider has ended";
    NotALogoutMessage = "NOT_A_LOGOUT_MESSAGE", IdentityProvider, "the message is not a SAML 2.0 LogoutRequest or LogoutResponse as its parameter says";
    QueryMalformed = "QUERY_MALFORMED", IdentityProvider, "the query has a parameter twice, spelled with escapes, or no single message";
    LogoutMessageTooOld = "LOGOUT_MESSAGE_TOO_OLD", IdentityProvider, "the logout message was made too long ago";
    LogoutMessageNotYetValid = "LOGOUT_MESSAGE_NOT_YET_VALID", IdentityProvider, "the logout message was made in the future: compare the clocks";
    LogoutRequestExpired = "LOGOUT_REQUEST_EXPIRED", IdentityProvider, "the LogoutRequest has expired";
    LimitExceeded = "LIMIT_EXCEEDED", IdentityProvider, "the message has too many or too long values";
}

impl Explain for Refusal {
    fn explain(&self) -> Explanation {
        Explanation::new(Kind::Invalid, self.reason())
    }
}
