//! Makes the Response that the program proves itself with, and forgets the key that signed it.

use std::{fs, path::Path, time::Duration};

use vestibule_kernel::{SystemIds, Timestamp};
use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, Signed, SigningKey, Subject};

#[expect(clippy::unwrap_used, reason = "whoever makes it sees it fail")]
fn main() {
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    let key = SigningKey::generate(KeyType::Rsa2048, "proof.test", now, now.plus(Duration::from_hours(24))).unwrap();
    let idp = IdentityProvider::new("https://proof.test/idp", "https://proof.test/sso", key.clone());
    let terms = ResponseTerms::new("https://proof.test/acs", "https://proof.test/sp", now, &SystemIds);
    let response = idp.respond(&Subject::persistent("genuine"), &terms.signed(Signed::Both)).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/second-opinion/src/proof");
    fs::write(folder.join("response.xml"), response).unwrap();
    fs::write(folder.join("certificate.der"), key.certificate_der()).unwrap();
}
