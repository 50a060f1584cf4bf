//! What the benchmarks measure: one identity provider, and Responses as large companies get them.

use std::time::{Duration, Instant};

use vestibule_kernel::{SeededIds, Timestamp};
use vestibule_saml::{Certificate, Expectation, TrustedCertificates};
use vestibule_saml_idp::{EncryptionTerms, IdentityProvider, KeyType, ResponseTerms, Signed, SigningKey, Subject};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const IDP: &str = "https://idp.acme.test/saml";
const SP: &str = "https://sign-in.example/saml/acme";
const ACS: &str = "https://sign-in.example/saml/acme/acs";
const REQUEST: &str = "_0123456789abcdef0123456789abcdef";
const CLAIMS: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
const MICROSOFT: &str = "http://schemas.microsoft.com/identity/claims";

/// The groups of the typical Response.
pub(crate) const GROUPS: usize = 20;

/// The identity provider, and who trusts it.
pub(crate) struct Scene {
    /// Signs the Responses.
    pub(crate) key: SigningKey,
    trusted: TrustedCertificates,
}

impl Scene {
    /// A new key of 2,048 bits.
    pub(crate) fn new() -> Self {
        let until = NOW.plus(Duration::from_hours(24));
        let key = SigningKey::generate(KeyType::Rsa2048, "idp.acme.test", NOW, until).unwrap();
        let certificate = Certificate::from_der(key.certificate_der()).unwrap();
        Self { trusted: TrustedCertificates::new([certificate]).unwrap(), key }
    }

    /// A Response of 12 attributes, one of them the groups: with [`GROUPS`] of them some 7 KB.
    pub(crate) fn response(&self, signed: Signed, groups: usize) -> String {
        self.of_groups(signed, (0..groups).map(|at| format!("01890a5d-ac96-774b-bcce-{at:012}")), None)
    }

    /// The typical Response, encrypted.
    pub(crate) fn encrypted(&self, signed: Signed, encryption: EncryptionTerms) -> String {
        self.of_groups(signed, (0..GROUPS).map(|at| format!("01890a5d-ac96-774b-bcce-{at:012}")), Some(encryption))
    }

    fn of_groups(
        &self,
        signed: Signed,
        groups: impl Iterator<Item = String>,
        encryption: Option<EncryptionTerms>,
    ) -> String {
        let ada = Subject::persistent("01890a5d-ac96-774b-bcce-b302099a8057")
            .with(format!("{CLAIMS}/emailaddress"), ["ada.lovelace@acme.test"])
            .with(format!("{CLAIMS}/name"), ["ada.lovelace@acme.test"])
            .with(format!("{CLAIMS}/givenname"), ["Ada"])
            .with(format!("{CLAIMS}/surname"), ["Lovelace"])
            .with(format!("{MICROSOFT}/displayname"), ["Ada Lovelace"])
            .with(format!("{MICROSOFT}/tenantid"), ["01890a5d-ac96-774b-bcce-000000000001"])
            .with(format!("{MICROSOFT}/objectidentifier"), ["01890a5d-ac96-774b-bcce-b302099a8057"])
            .with(format!("{MICROSOFT}/identityprovider"), [IDP])
            .with("http://schemas.microsoft.com/claims/authnmethodsreferences", ["urn:example:password"])
            .with("department", ["Analytical Engines"])
            .with("title", ["Countess"])
            .with("http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", groups);
        let terms = ResponseTerms::new(ACS, SP, NOW, &SeededIds::new(1)).answering(REQUEST).signed(signed);
        let terms = ResponseTerms { encryption, ..terms };
        IdentityProvider::new(IDP, "https://idp.acme.test/sso", self.key.clone()).respond(&ada, &terms).unwrap()
    }

    /// A genuine Response of some `bytes`, made longer by groups as the typical one has them.
    pub(crate) fn of_size(&self, bytes: usize) -> String {
        self.grown(bytes, |at| format!("01890a5d-ac96-774b-bcce-{at:012}"))
    }

    /// A genuine Response of some `bytes` with as many groups as can be: their names are short.
    pub(crate) fn dense(&self, bytes: usize) -> String {
        self.grown(bytes, |at| format!("g{at}"))
    }

    fn grown(&self, bytes: usize, name: impl Fn(usize) -> String) -> String {
        let length = |signed, groups| self.of_groups(signed, (0..groups).map(&name), None).len();
        let empty = length(Signed::Assertion, 0);
        let per_group = (length(Signed::Nothing, 1000) - length(Signed::Nothing, 0)) / 1000;
        self.of_groups(Signed::Assertion, (0..bytes.saturating_sub(empty) / per_group).map(&name), None)
    }

    /// What the Responses are compared with.
    pub(crate) fn expectation(&self) -> Expectation<'_> {
        Expectation {
            service_provider: SP,
            acs_url: ACS,
            identity_provider: IDP,
            trusted: &self.trusted,
            in_response_to: Some(REQUEST),
            now: NOW,
            skew: Duration::from_mins(1),
            sha1_until: None,
            enforce_certificate_validity: false,
            decryption: None,
            encryption_required: false,
            required_authn_context: &[],
        }
    }
}

/// The best and the median time of `rounds` rounds for each of the works, which take turns so that whatever else the
/// machine does meets all of them.
pub(crate) fn in_turns<const N: usize>(
    rounds: u32,
    per_round: u32,
    works: [&dyn Fn(); N],
) -> [(Duration, Duration); N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (work, times) in works.iter().zip(&mut times) {
            let began = Instant::now();
            for _ in 0..per_round {
                work();
            }
            times.push(began.elapsed() / per_round);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        (times.first().copied().unwrap(), times.get(times.len() / 2).copied().unwrap())
    })
}
