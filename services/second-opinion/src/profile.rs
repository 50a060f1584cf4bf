use quick_xml::{
    NsReader,
    events::{BytesStart, Event},
    name::ResolveResult,
};
use samael::crypto::AllowedSignatureAlgorithm as Allowed;

const DSIG: &[u8] = b"http://www.w3.org/2000/09/xmldsig#";

/// What this engine may verify with. It could do SHA-1, SHA-224 and DSA; it is not asked to.
pub(crate) const ALLOWED: [Allowed; 6] = [
    Allowed::RsaSha256,
    Allowed::RsaSha384,
    Allowed::RsaSha512,
    Allowed::EcdsaSha256,
    Allowed::EcdsaSha384,
    Allowed::EcdsaSha512,
];

/// What SAML allows to happen to what is signed (core section 5.4.4); everything else is a program.
const TRANSFORMS: [&str; 2] =
    ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/2001/10/xml-exc-c14n#"];

/// Whether the document has no DTD, and its signatures name nothing but [`ALLOWED`] and [`TRANSFORMS`] and refer to
/// nothing outside of it. The first engine refuses anything else; but what libxmlsec1 does with it, run programs and open
/// connections, is too much to stand behind one check. Nothing is accepted by this one, so that it may read a document
/// that nobody has verified.
pub(crate) fn is_kept(document: &str) -> bool {
    let mut reader = NsReader::from_str(document);
    loop {
        let Ok((namespace, event)) = reader.read_resolved_event() else { return false };
        match event {
            Event::Eof => return true,
            Event::DocType(_) => return false,
            Event::Start(element) | Event::Empty(element) => {
                let is_signature = matches!(namespace, ResolveResult::Bound(name) if name.as_ref() == DSIG);
                if is_signature && !allows(&element) {
                    return false;
                }
            }
            _ => {}
        }
    }
}

fn allows(element: &BytesStart<'_>) -> bool {
    let algorithm = |list: &[&str]| list.iter().any(|each| is(element, "Algorithm", |value| value == each.as_bytes()));
    match element.local_name().as_ref() {
        b"SignatureMethod" => algorithm(&ALLOWED.map(|each| each.signature_uri())),
        b"DigestMethod" => algorithm(&ALLOWED.map(|each| each.digest_uri())),
        b"CanonicalizationMethod" | b"Transform" => algorithm(&TRANSFORMS),
        b"Reference" => is(element, "URI", is_id),
        b"RetrievalMethod" | b"Manifest" | b"XPath" => false,
        _ => true,
    }
}

fn is(element: &BytesStart<'_>, attribute: &str, wanted: impl FnOnce(&[u8]) -> bool) -> bool {
    element.try_get_attribute(attribute).ok().flatten().is_some_and(|found| wanted(&found.value))
}

/// `#` and an ID, which is no `XPointer`.
fn is_id(uri: &[u8]) -> bool {
    uri.strip_prefix(b"#").is_some_and(|id| !id.is_empty() && !id.iter().any(|byte| b"()/&".contains(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GENUINE: &str = include_str!("proof/response.xml");

    #[test]
    fn a_plain_signature_is_kept() {
        assert!(is_kept(GENUINE));
    }

    #[test]
    fn whatever_runs_or_fetches_something_is_not() {
        let c14n = "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>";
        for (old, new) in [
            ("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256"),
            ("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha224"),
            ("2001/04/xmldsig-more#rsa-sha256", "2007/05/xmldsig-more#sha256-rsa-MGF1"),
            ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
            (c14n, "Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/></ds:Transforms>"),
            (c14n, "Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"/></ds:Transforms>"),
            (c14n, "/></ds:Transforms>"),
            ("URI=\"#", "URI=\"http://169.254.169.254/#"),
            ("URI=\"#", "URI=\"file:///etc/passwd#"),
            ("URI=\"#", "URI=\"#xpointer(/)"),
            ("URI=\"#", "URN=\"#"),
            ("<ds:X509Data>", "<ds:RetrievalMethod URI=\"http://a.test/\"/><ds:X509Data>"),
            ("<samlp:Response", "<!DOCTYPE a><samlp:Response"),
            ("</samlp:Response>", "</samlp:Respons>"),
        ] {
            assert!(GENUINE.contains(old), "{old}");
            assert!(!is_kept(&GENUINE.replacen(old, new, 1)), "{new}");
        }
    }
}
