use serde_json::{Map, Value};

/// Members that hold a secret, whatever their parent: passwords (user migration), the identity provider's tokens and SAML
/// response (inbound federation), codes (messages to users). Compared without case, `_`, `-` and the prefix of custom
/// attributes.
const SECRETS: [&str; 16] = [
    "accesstoken",
    "assertion",
    "authorizationcode",
    "clientsecret",
    "code",
    "codeparameter",
    "newpassword",
    "password",
    "previouspassword",
    "proposedpassword",
    "refreshtoken",
    "samlassertion",
    "samlresponse",
    "secrethash",
    "temporarypassword",
    "tokenresponse",
];

/// The claims of the provider's ID token, which say who somebody is, or the token itself.
const ID_TOKEN: &str = "idtoken";

/// What a challenge of our own compares with: whoever answers the challenge needs it as it is.
const CHALLENGE: &str = "privateChallengeParameters";

/// Takes out of an event what must not leave the function. The rest is enough to answer it: who the user is, in which
/// pool, through which app client.
///
/// Names alone would not do, since a pool may map a token of the provider to any attribute: text that is a JWT or a SAML
/// message goes, too. Of an attribute that the pool defined the name stays: a policy may keep it out of the tokens.
pub(crate) fn withhold(members: &mut Map<String, Value>) {
    members.retain(|name, value| is_of_pool(name) || !is_secret(name, value));
    for (name, value) in members.iter_mut() {
        if is_of_pool(name) && is_secret(name, value) {
            *value = Value::from("");
        } else if name != CHALLENGE {
            descend(value);
        }
    }
}

fn is_of_pool(name: &str) -> bool {
    name.starts_with("custom:") || name.starts_with("dev:")
}

fn descend(value: &mut Value) {
    match value {
        Value::Object(members) => withhold(members),
        Value::Array(list) => {
            list.retain(|item| !item.as_str().is_some_and(is_credential));
            list.iter_mut().for_each(descend);
        }
        _ => {}
    }
}

fn is_secret(name: &str, value: &Value) -> bool {
    let name = ["custom:", "dev:custom:", "dev:"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let name: String = name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    SECRETS.binary_search(&name.as_str()).is_ok()
        || (name == ID_TOKEN && !value.is_object())
        || (name != CHALLENGE && value.as_str().is_some_and(is_credential))
}

/// Whether text is or holds a JWT (RFC 7519 section 3: `eyJ` is `{"` in base64url) or a SAML message, as XML or in base64.
fn is_credential(text: &str) -> bool {
    let token = text
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '=' | '[' | ']'))
        .any(|word| word.starts_with("eyJ") && word.bytes().filter(|byte| *byte == b'.').count() >= 2);
    let saml = ["urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"];
    // `<saml`, `<?xml` and `<Resp` in base64.
    let encoded = ["PHNhbW", "PD94bW", "PFJlc3"];
    token
        || saml.iter().any(|name| text.contains(name))
        || encoded.iter().any(|start| text.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(event: Value) -> Value {
        let Value::Object(mut members) = event else { panic!("an object") };
        withhold(&mut members);
        Value::Object(members)
    }

    #[test]
    fn the_names_are_sorted_for_the_search() {
        assert!(SECRETS.is_sorted());
    }

    #[test]
    fn secrets_go_at_any_depth_and_in_any_spelling() {
        let event = json!({"request": {
            "password": "x", "Code": "x", "validationData": {"new_password": "x", "team": "a"},
            "userAttributes": {"custom:refresh-token": "x", "custom:any": "eyJ9.e30.c2ln", "email": "ann@acme.test"},
            "attributes": {"tokenResponse": {"access_token": "x"}, "samlResponse": ["x"], "idToken": {"sub": "s"}},
        }});
        let kept = json!({"request": {
            "validationData": {"team": "a"},
            "userAttributes": {"custom:refresh-token": "", "custom:any": "", "email": "ann@acme.test"},
            "attributes": {"idToken": {"sub": "s"}},
        }});
        assert_eq!(left(event), kept);
    }

    #[test]
    fn credentials_go_under_any_name() {
        for text in [
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
            "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
            "PHNhbWxwOlJlc3BvbnNlIHhtbG5z",
            "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>",
        ] {
            assert_eq!(left(json!({"a": text, "b": [text, {"c": text}]})), json!({"b": [{}]}), "{text}");
        }
        assert_eq!(left(json!({"idToken": "x"})), json!({}));
    }

    #[test]
    fn what_looks_a_little_like_it_stays() {
        let event = json!({
            "identities": "[{\"userId\":\"p.q.r\",\"providerName\":\"Vestibule\"}]",
            "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            "challengeAnswer": "123456",
            "privateChallengeParameters": {"code": "123456"},
        });
        assert_eq!(left(event.clone()), event);
    }
}
