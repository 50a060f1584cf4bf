//! What a message says, without any proof: to explain a refusal to people, never to decide anything.

mod redact;
mod sample;

use std::borrow::Cow;

use vestibule_kernel::Timestamp;

use crate::{
    Fingerprint, Refusal,
    check::{self, Checklist},
    limit,
    name::{ASSERTION, DSIG, PROTOCOL},
    response::{decode, embedded_certificates},
    xml::{self, Limits, Node},
};

pub use sample::Sample;

/// How many values of one kind are kept.
const VALUES_MAX: usize = 16;

/// What a message says about itself. **Nothing of it is proven**; it stands here for people who look for a mistake.
///
/// It holds neither NameID nor attribute values. Each value is cut to [`limit::FINDING_CHARS_MAX`] characters without
/// control characters, and of each kind there are at most 16.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unverified {
    /// The document, indented, with everything that may be personal masked; cut at
    /// [`limit::DOCUMENT_BYTES_MAX`].
    pub document: String,
    /// The Issuers of the Response and of its assertions, each once.
    pub issuers: Vec<String>,
    /// The Response's Destination.
    pub destination: Option<String>,
    /// The Response's InResponseTo.
    pub in_response_to: Option<String>,
    /// The Recipients of all confirmations, each once.
    pub recipients: Vec<String>,
    /// All Audiences, each once.
    pub audiences: Vec<String>,
    /// The latest IssueInstant of the Response and its assertions.
    pub issue_instant: Option<Timestamp>,
    /// The fingerprints of the certificates that the signatures name.
    pub certificates: Vec<Fingerprint>,
}

impl Unverified {
    /// Reads the form value `SAMLResponse`, under the same limits as [`crate::validate`].
    ///
    /// # Errors
    /// The refusal, when it is no Base64 of well-formed XML within the limits.
    pub fn read(saml_response: &str) -> Result<Self, Refusal> {
        root(saml_response, |root| {
            let mut read = Self {
                document: redact::redact(root.document()),
                destination: root.attribute("Destination").map(check::finding),
                in_response_to: root.attribute("InResponseTo").map(check::finding),
                ..Self::default()
            };
            for node in root.walk() {
                read.take(node);
            }
            // Certificates elsewhere are not the signer's: an EncryptedKey names our own.
            let signatures = root.walk().filter(|node| node.is(DSIG, "Signature"));
            read.certificates = signatures.flat_map(embedded_certificates).take(VALUES_MAX).collect();
            Ok(read)
        })
    }

    fn take(&mut self, node: Node<'_>) {
        if node.is(ASSERTION, "Issuer") {
            add(&mut self.issuers, node.uri().ok());
        } else if node.is(ASSERTION, "Audience") {
            add(&mut self.audiences, node.uri().ok());
        } else if node.is(ASSERTION, "SubjectConfirmationData") {
            add(&mut self.recipients, node.attribute("Recipient"));
        } else if node.is(PROTOCOL, "Response") || node.is(ASSERTION, "Assertion") {
            let instant = node.attribute("IssueInstant").and_then(|text| text.parse().ok());
            self.issue_instant = self.issue_instant.max(instant);
        }
    }
}

/// Reads the tree of a form value, for as long as `reader` looks at it.
fn root<T>(saml_response: &str, reader: impl FnOnce(Node<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
    let xml = decode(saml_response, &mut Checklist::default())?;
    let document = xml::parse(&xml, Limits::RESPONSE)?;
    reader(Node::root(&document).ok_or(Refusal::XmlMalformed)?)
}

fn add(values: &mut Vec<String>, value: Option<&str>) {
    if let Some(value) = value.map(check::finding)
        && values.len() < VALUES_MAX
        && !values.contains(&value)
    {
        values.push(value);
    }
}

/// The form value that people mean by what they paste: the XML itself, the form value, or a whole form body
/// (`SAMLResponse=...&RelayState=...`) as a browser's developer tools show it.
#[must_use]
pub fn pasted_form_value(pasted: &str) -> Cow<'_, str> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = pasted.trim();
    let xml = text.trim_start_matches('\u{feff}');
    // What is beyond every limit is refused as it is.
    if xml.len() <= limit::RESPONSE_BYTES_MAX && xml.starts_with('<') {
        return Cow::Owned(STANDARD.encode(xml));
    }
    if text.contains('%') || text.contains('&') || text.starts_with("SAMLResponse=") {
        let mut fields = url::form_urlencoded::parse(text.as_bytes());
        if let Some((_, value)) = fields.find(|(name, _)| name == "SAMLResponse") {
            return Cow::Owned(value.into_owned());
        }
    }
    Cow::Borrowed(text)
}
