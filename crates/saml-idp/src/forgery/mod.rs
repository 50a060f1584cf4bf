//! Forgeries: what somebody sends who wants to be another person. Each begins with a genuine Response about the forger,
//! who has an account at the identity provider, and ends with a message that says, somewhere, that they are the victim.

mod content;
mod protocol;
mod signature;
mod wrapping;

use crate::{IdentityProvider, IdpError, ResponseTerms, Signed, SigningKey, Subject};

/// What a forger has to work with. The key of the identity provider is not among it, except where the identity provider
/// itself is the forger ([`Forgery::by_provider`]).
#[derive(Clone, Debug)]
pub struct Forger<'a> {
    /// Who signs genuine Responses.
    pub provider: &'a IdentityProvider,
    /// A key that nobody trusts.
    pub stranger: &'a SigningKey,
    /// The forger's own account.
    pub subject: &'a Subject,
    /// The terms of a genuine Response at this moment.
    pub terms: &'a ResponseTerms,
    /// The NameID of the person the forger wants to be.
    pub victim: &'a str,
}

macro_rules! forgeries {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $reference:literal, $reason:literal, $forge:path;)+) => {
        /// One way to forge a Response.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Forgery {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Forgery {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// A short name for people.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The CVE or paper that tells of it; empty where it is common knowledge.
            #[must_use]
            pub const fn reference(self) -> &'static str {
                match self { $(Self::$variant => $reference,)+ }
            }

            /// The reason that a service provider of ours gives for its refusal.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason,)+ }
            }

            fn forge(self, forger: &Forger<'_>) -> Result<String, IdpError> {
                match self { $(Self::$variant => $forge(forger),)+ }
            }
        }
    };
}

forgeries! {
    /// The genuine Response is hidden in an Object of its own signature.
    ResponseInObject = "XSW 1: the signed Response in its signature", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::response_in_object;
    /// The genuine Response stands before its signature, inside of the forged one.
    ResponseBeforeSignature = "XSW 2: the signed Response before its signature", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::response_before_signature;
    /// A forged Assertion stands before the genuine one.
    AssertionFirst = "XSW 3: a forged Assertion before the signed one", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::assertion_first;
    /// A forged Assertion stands around the genuine one.
    AssertionAround = "XSW 4: a forged Assertion around the signed one", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::assertion_around;
    /// The signature moved into the forged Assertion; the genuine one stands beside it.
    SignatureMoved = "XSW 5: the signature in the forged Assertion", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::signature_moved;
    /// The genuine Assertion is hidden in the signature that the forged one carries.
    AssertionInSignature = "XSW 6: the signed Assertion in the signature", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::assertion_in_signature;
    /// A forged Assertion is hidden in Extensions, where schemas allow anything.
    AssertionInExtensions = "XSW 7: a forged Assertion in Extensions", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::assertion_in_extensions;
    /// The genuine Assertion is hidden in an Object of the signature that the forged one carries.
    AssertionInObject = "XSW 8: the signed Assertion in the signature's Object", "Somorovsky et al., On Breaking SAML, 2012", "ASSERTION_NOT_SINGLE", wrapping::assertion_in_object;
    /// A forged Assertion has the ID of the genuine one.
    SameId = "two elements with one ID", "", "ID_NOT_UNIQUE", wrapping::same_id;

    /// Nothing is signed.
    Unsigned = "no signature", "", "SIGNATURE_MISSING", signature::unsigned;
    /// The signature is there, in a comment.
    SignatureInComment = "the signature in a comment", "", "SIGNATURE_MISSING", signature::in_comment;
    /// The name was changed and the signature left as it was.
    Tampered = "the NameID changed under the signature", "", "SIGNATURE_INVALID", signature::tampered;
    /// Signed with a key of the forger's, whose certificate the message brings along.
    ForeignKey = "signed with the forger's own key", "", "CERTIFICATE_NOT_TRUSTED", signature::foreign_key;
    /// Signed by HMAC, keyed with the bytes of the identity provider's public key.
    HmacOfPublicKey = "HMAC keyed with the public key", "Hill, Attacking XML Security, 2007", "SIGNATURE_ALGORITHM_NOT_ALLOWED", signature::hmac_of_public_key;
    /// The reference leads out of the document, to an address that the verifier would fetch.
    ReferenceOutside = "a reference that must be fetched", "Hill, Attacking XML Security, 2007", "SIGNATURE_REFERENCE_FORBIDDEN", signature::reference_outside;
    /// A transform that is a program.
    StylesheetTransform = "a transform that is a program", "Hill, Attacking XML Security, 2007", "SIGNATURE_TRANSFORM_FORBIDDEN", signature::stylesheet_transform;
    /// A second SignedInfo beside the signed one.
    TwoSignedInfo = "two SignedInfo in one signature", "CVE-2025-29774 (xml-crypto)", "SIGNATURE_PROFILE_VIOLATED", signature::two_signed_info;
    /// A comment in the DigestValue, which one reader skips and another does not.
    CommentInDigest = "a comment in the DigestValue", "CVE-2025-29775 (xml-crypto)", "SIGNATURE_PROFILE_VIOLATED", signature::comment_in_digest;

    /// A comment cuts the NameID: the signature holds, and a careless reader sees the victim.
    CommentInNameId = "a comment that cuts the NameID", "CVE-2017-11427, CVE-2018-0489", "VALUE_FORBIDDEN_CONTENT", content::comment_in_name_id;
    /// Entities that expand into very much.
    BillionLaughs = "an entity bomb", "CVE-2003-1564", "XML_DOCTYPE_FORBIDDEN", content::billion_laughs;
    /// An entity that is a file of the verifier's.
    ExternalEntity = "an entity that is a file", "CVE-2013-6440", "XML_DOCTYPE_FORBIDDEN", content::external_entity;
    /// Nested more deeply than a stack bears.
    DeepNesting = "deep nesting", "", "XML_TOO_DEEP", content::deep_nesting;
    /// Not well-formed, though lenient parsers read it.
    Malformed = "a second root element", "CVE-2025-25292 (ruby-saml)", "XML_MALFORMED", content::second_root;

    /// Meant for another service provider.
    OtherAudience = "for another audience", "", "AUDIENCE_MISMATCH", protocol::other_audience;
    /// To be presented elsewhere.
    OtherRecipient = "for another recipient", "", "RECIPIENT_MISMATCH", protocol::other_recipient;
    /// Sent elsewhere.
    OtherDestination = "for another destination", "", "DESTINATION_MISMATCH", protocol::other_destination;
    /// Said by another identity provider.
    OtherIssuer = "by another issuer", "", "ISSUER_MISMATCH", protocol::other_issuer;
    /// The answer to the request of another browser.
    OtherRequest = "the answer to another request", "", "IN_RESPONSE_TO_MISMATCH", protocol::other_request;
    /// The answer to no request.
    Unsolicited = "the answer to no request", "", "IN_RESPONSE_TO_MISSING", protocol::unsolicited;
    /// Its time is over.
    Expired = "expired", "", "ASSERTION_EXPIRED", protocol::expired;
    /// Its time has not come.
    NotYetValid = "not yet valid", "", "ASSERTION_NOT_YET_VALID", protocol::not_yet_valid;
    /// The identity provider says that the sign-in failed, and adds an Assertion.
    FailedStatus = "an Assertion under a failed Status", "", "STATUS_NOT_SUCCESS", protocol::failed_status;
}

impl Forgery {
    /// Whether the identity provider itself, or whoever has its key, is the forger: then the signature is genuine.
    #[must_use]
    pub const fn by_provider(self) -> bool {
        matches!(
            self,
            Self::OtherAudience
                | Self::OtherRecipient
                | Self::OtherDestination
                | Self::OtherIssuer
                | Self::OtherRequest
                | Self::Unsolicited
                | Self::Expired
                | Self::NotYetValid
                | Self::FailedStatus
        )
    }
}

impl Forger<'_> {
    /// The forged Response.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn forge(&self, forgery: Forgery) -> Result<String, IdpError> {
        forgery.forge(self)
    }

    /// A genuine Response about the forger.
    fn genuine(&self, signed: Signed) -> Result<String, IdpError> {
        self.provider.respond(self.subject, &self.terms.clone().signed(signed))
    }

    /// The same text about the victim.
    fn about_victim(&self, xml: &str) -> String {
        xml.replace(&self.subject.name_id, self.victim)
    }
}

/// The first element with this prefixed name, as it stands in the text; empty when there is none.
fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let close = format!("</{name}>");
    let start = xml.find(&format!("<{name} ")).or_else(|| xml.find(&format!("<{name}>")));
    let inside = start.and_then(|start| xml.get(start..));
    inside.and_then(|inside| inside.get(..inside.find(&close)? + close.len())).unwrap_or_default()
}

/// Puts `inside` behind the first Issuer: where a signature stands.
fn behind_issuer(xml: &str, inside: &str) -> String {
    xml.replacen("</saml:Issuer>", &format!("</saml:Issuer>{inside}"), 1)
}
