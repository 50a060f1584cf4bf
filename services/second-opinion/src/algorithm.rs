use quick_xml::{NsReader, events::Event, name::ResolveResult};
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

/// Whether every signature and digest algorithm that the document names is one of [`ALLOWED`]. It decides between "it
/// cannot tell" and asking; nothing is accepted by it, so that reading an unverified document does no harm.
pub(crate) fn are_allowed(document: &str) -> bool {
    let mut reader = NsReader::from_str(document);
    loop {
        let Ok((namespace, event)) = reader.read_resolved_event() else { return false };
        let (Event::Start(element) | Event::Empty(element)) = event else {
            if matches!(event, Event::Eof) {
                return true;
            }
            continue;
        };
        if !matches!(namespace, ResolveResult::Bound(name) if name.as_ref() == DSIG) {
            continue;
        }
        let known: fn(&Allowed) -> &'static str = match element.local_name().as_ref() {
            b"SignatureMethod" => Allowed::signature_uri,
            b"DigestMethod" => Allowed::digest_uri,
            _ => continue,
        };
        let named = element.try_get_attribute("Algorithm").ok().flatten();
        if !named.is_some_and(|named| ALLOWED.iter().any(|each| known(each).as_bytes() == &*named.value)) {
            return false;
        }
    }
}
