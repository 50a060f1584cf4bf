use vestibule_kernel::ExposeSecret as _;
use vestibule_oidc::{AccessToken, AuthorizationCode, MalformedValue, OpenError, open, seal};

#[test]
fn a_value_has_one_text_and_is_found_by_its_digest() {
    let code = AuthorizationCode::from_random([0xA5; 32]);
    let text = code.text();
    assert_eq!(text.expose_secret().len(), 43);
    assert_eq!(AuthorizationCode::parse(text.expose_secret()).unwrap().digest(), code.digest());
    // `printf %s paWl…aU | sha256sum`
    assert_eq!(text.expose_secret(), "paWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaU");
    assert_eq!(hex::encode(code.digest().bytes()), "f3292af7ea635b019f8d1827c080a70cc45fa6148296a7915ac7528116268fc9");
    for bad in ["", "short", &format!("{}=", text.expose_secret()), &text.expose_secret().replace("paU", "paV")] {
        assert_eq!(AuthorizationCode::parse(bad).unwrap_err(), MalformedValue, "{bad}");
    }
}

#[test]
fn what_is_sealed_opens_with_the_same_value_purpose_and_binding_only() {
    let code = AuthorizationCode::from_random([1; 32]);
    let sealed = seal(&code, "grant", b"acme-pool", b"the identity").unwrap();
    assert!(!sealed.windows(8).any(|window| window == b"identity"));
    assert_eq!(open(&code, "grant", b"acme-pool", &sealed).unwrap(), b"the identity");
    assert_eq!(open(&code, "userinfo", b"acme-pool", &sealed), Err(OpenError));
    assert_eq!(open(&code, "grant", b"other-pool", &sealed), Err(OpenError));
    assert_eq!(open(&AuthorizationCode::from_random([2; 32]), "grant", b"acme-pool", &sealed), Err(OpenError));
    assert_eq!(open(&code, "grant", b"acme-pool", &sealed[..4]), Err(OpenError));
    let mut changed = sealed;
    changed[0] ^= 1;
    assert_eq!(open(&code, "grant", b"acme-pool", &changed), Err(OpenError));
}

#[test]
fn a_value_is_not_printed() {
    assert!(!format!("{:?}", AccessToken::from_random([0x41; 32])).contains("QUFB"));
}
