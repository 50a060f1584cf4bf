use vestibule_kernel::Timestamp;
use vestibule_oidc::{Algorithm, Client, ClientSecrets, RedirectUri, SecretDigest};

pub(crate) const IDP_RESPONSE: &str = "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse";

pub(crate) fn client() -> Client {
    Client {
        id: "acme-pool".to_owned(),
        redirect_uris: vec![
            RedirectUri::parse(IDP_RESPONSE).unwrap(),
            RedirectUri::parse("https://rp.test/callback?tenant=7").unwrap(),
        ],
        secrets: ClientSecrets::new(vec![SecretDigest::of("old secret"), SecretDigest::of("new secret")]).unwrap(),
        algorithm: Algorithm::Rs256,
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-21T07:30:00Z".parse().unwrap()
}

pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
