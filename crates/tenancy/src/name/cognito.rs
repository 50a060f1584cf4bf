use super::{checked_text, text::is_treacherous};
use crate::{DomainName, NameError};

checked_text! {
    /// An AWS region such as `eu-west-1` or `us-gov-west-1`.
    Region, region
}

checked_text! {
    /// Cognito's id of a user pool, `[\w-]+_[0-9a-zA-Z]+`, at most 55 characters.
    PoolId, pool_id
}

checked_text! {
    /// A domain of a user pool: a host name, with a port on the loopback hosts of a sandbox only.
    PoolDomain, pool_domain
}

checked_text! {
    /// The name of the identity provider in a user pool: 3 to 32 characters. Usernames are `<name>_<sub>`, so it has no
    /// `_` itself, and is none of Cognito's own; name and `sub` together stay within the 128 characters of a username.
    ProviderName, provider_name
}

checked_text! {
    /// The id of an app client, `[\w+]+`, at most 128 characters.
    AppClientId, app_client_id
}

checked_text! {
    /// The name of a group of a user pool: 1 to 128 characters without white space.
    GroupName, group_name
}

checked_text! {
    /// The `sub` of a user whom a user pool holds itself: a UUID, which never changes, as a username may.
    NativeUserId, native_user_id
}

const REGION_BYTES_MAX: usize = 32;
const POOL_ID_BYTES_MAX: usize = 55;
const PROVIDER_NAME_CHARS_MIN: usize = 3;
const PROVIDER_NAME_CHARS_MAX: usize = 32;
/// What `identity_provider` means to Cognito itself.
const COGNITO_PROVIDER_NAMES: [&str; 5] = ["COGNITO", "Google", "Facebook", "LoginWithAmazon", "SignInWithApple"];
const APP_CLIENT_ID_BYTES_MAX: usize = 128;
const GROUP_NAME_CHARS_MAX: usize = 128;
const USERNAME_CHARS_MAX: usize = 128;
/// A hyphenated UUID.
const SUB_CHARS: usize = 36;

const _: () = assert!(PROVIDER_NAME_CHARS_MAX + 1 + SUB_CHARS <= USERNAME_CHARS_MAX);

fn region(text: &str) -> Result<String, NameError> {
    let parts: Vec<&str> = text.split('-').collect();
    let well_formed = match parts.as_slice() {
        [partition, middle @ .., number] => {
            partition.len() == 2
                && !middle.is_empty()
                && middle.iter().chain([partition]).all(|part| !part.is_empty() && is_lower(part))
                && (1..=2).contains(&number.len())
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    if well_formed && text.len() <= REGION_BYTES_MAX { Ok(text.to_owned()) } else { Err(NameError::Region) }
}

fn is_lower(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn pool_id(text: &str) -> Result<String, NameError> {
    let (before, after) = text.rsplit_once('_').ok_or(NameError::PoolId)?;
    let before_is_plain =
        !before.is_empty() && before.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let after_is_plain = !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let fits = text.len() <= POOL_ID_BYTES_MAX;
    if before_is_plain && after_is_plain && fits { Ok(text.to_owned()) } else { Err(NameError::PoolId) }
}

fn pool_domain(text: &str) -> Result<String, NameError> {
    if matches!(host_of_loopback(text), Some("localhost" | "127.0.0.1")) {
        return Ok(text.to_owned());
    }
    // Redirect URIs are compared byte by byte, so only the normal form is taken.
    match DomainName::parse(text) {
        Ok(name) if name.as_str() == text => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(NameError::PoolDomain),
    }
}

fn host_of_loopback(text: &str) -> Option<&str> {
    let Some((host, port)) = text.split_once(':') else { return Some(text) };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.starts_with('0');
    (digits && port.parse::<u16>().is_ok()).then_some(host)
}

fn provider_name(text: &str) -> Result<String, NameError> {
    let fits = (PROVIDER_NAME_CHARS_MIN..=PROVIDER_NAME_CHARS_MAX).contains(&text.chars().count());
    let plain = text.chars().all(|character| {
        // Cognito's pattern takes letters, marks, symbols, numbers and punctuation; these are not among them.
        let invisible =
            matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}');
        !character.is_whitespace() && !character.is_control() && !invisible && character != '_'
    });
    // Usernames are compared without case, so a name that differs in case only would stand for the same users.
    let reserved = COGNITO_PROVIDER_NAMES.iter().any(|own| own.eq_ignore_ascii_case(text));
    if fits && plain && !reserved { Ok(text.to_owned()) } else { Err(NameError::ProviderName) }
}

fn app_client_id(text: &str) -> Result<String, NameError> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'));
    let fits = (1..=APP_CLIENT_ID_BYTES_MAX).contains(&text.len());
    if plain && fits { Ok(text.to_owned()) } else { Err(NameError::AppClientId) }
}

fn group_name(text: &str) -> Result<String, NameError> {
    let fits = (1..=GROUP_NAME_CHARS_MAX).contains(&text.chars().count());
    let plain = text.chars().all(|character| !character.is_whitespace() && !is_treacherous(character));
    if fits && plain { Ok(text.to_owned()) } else { Err(NameError::GroupName) }
}

fn native_user_id(text: &str) -> Result<String, NameError> {
    let well_formed = text.len() == SUB_CHARS
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
    if well_formed { Ok(text.to_owned()) } else { Err(NameError::NativeUserId) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions() {
        for good in ["eu-west-1", "us-gov-west-1", "ap-southeast-12"] {
            assert!(Region::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "eu", "eu-1", "EU-west-1", "eu-west", "eu-west-", "eu--1", "eu-west-1a", "euw-est-1"] {
            assert_eq!(Region::parse(bad), Err(NameError::Region), "{bad}");
        }
    }

    #[test]
    fn pool_ids() {
        for good in ["eu-west-1_AbCd12345", "local_4x2", "a_b_C9"] {
            assert!(PoolId::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "_AbC", "eu-west-1_", "eu-west-1", "eu west_1", "eu-west-1_a-b", &format!("{}_b", "a".repeat(54))]
        {
            assert_eq!(PoolId::parse(bad), Err(NameError::PoolId), "{bad}");
        }
    }

    #[test]
    fn pool_domains() {
        for good in [
            "acme.auth.eu-west-1.amazoncognito.com",
            "login.acme.example",
            "localhost:8820",
            "127.0.0.1:80",
            "localhost",
        ] {
            assert!(PoolDomain::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://login.acme.example",
            "login.acme.example/",
            "login.acme.example:443",
            "Login.acme.example",
            "login.acme.example.",
            "localhost:",
            "localhost:0",
            "localhost:080",
            "localhost:70000",
            "localhost:+1",
            "127.0.0.2:80",
            "evil.test#localhost:80",
            "localhost:80@evil.test",
        ] {
            assert_eq!(PoolDomain::parse(bad), Err(NameError::PoolDomain), "{bad}");
        }
    }

    #[test]
    fn provider_names() {
        for good in ["Vestibule", "abc", "Acme-SSO", "Größe", &"x".repeat(32)] {
            assert!(ProviderName::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "ab", "a_b", "_ab", "a b", "ab\u{a0}", "a\u{200B}bc", "a\nb", "cognito", "Google", &"x".repeat(33)]
        {
            assert_eq!(ProviderName::parse(bad), Err(NameError::ProviderName), "{bad:?}");
        }
    }

    #[test]
    fn group_names() {
        for good in ["acme", "Org:Acme", "größe", &"x".repeat(128)] {
            assert!(GroupName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\tb", "a\u{202E}b", &"x".repeat(129)] {
            assert_eq!(GroupName::parse(bad), Err(NameError::GroupName), "{bad:?}");
        }
    }

    #[test]
    fn native_user_ids() {
        assert!(NativeUserId::parse("33ba4a1e-9f0c-7b3e-8a37-0a1b2c3d4e5f").is_ok());
        for bad in [
            "",
            "ada",
            "33BA4A1E-9f0c-7b3e-8a37-0a1b2c3d4e5f",
            "33ba4a1e9f0c7b3e8a370a1b2c3d4e5f",
            "{33ba4a1e-9f0c-7b3e-8a37-0a1b2c3d4e5}",
            "33ba4a1e-9f0c-7b3e-8a37-0a1b2c3d4e5f ",
        ] {
            assert_eq!(NativeUserId::parse(bad), Err(NameError::NativeUserId), "{bad:?}");
        }
    }

    #[test]
    fn app_client_ids() {
        assert!(AppClientId::parse("1h57kf5cpq17m0eml12EXAMPLE").is_ok());
        for bad in ["", "a-b", "a b", &"x".repeat(129)] {
            assert_eq!(AppClientId::parse(bad), Err(NameError::AppClientId), "{bad}");
        }
    }
}
