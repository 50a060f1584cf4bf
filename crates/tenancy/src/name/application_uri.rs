use url::{Host, Url};

use super::checked_text;
use crate::NameError;

checked_text! {
    /// An address of the application that people are sent to: absolute, https (http on loopback hosts only), without user
    /// and fragment, at most 1,024 ASCII characters. It is kept as it was given, because it is compared character by
    /// character (OpenID Connect RP-Initiated Logout 1.0 section 3).
    ApplicationUri, application_uri
}

const BYTES_MAX: usize = 1024;

fn application_uri(text: &str) -> Result<String, NameError> {
    let printable = text.len() <= BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Some(text).filter(|_| printable).and_then(|text| Url::parse(text).ok());
    let fits = url.is_some_and(|url| {
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        // The parser mends backslashes and missing slashes; browsers and other parsers may mend them otherwise.
        let plain = text.starts_with(&format!("{}://", url.scheme())) && !text.contains('\\');
        secure && bare && plain && url.host().is_some()
    });
    if fits { Ok(text.to_owned()) } else { Err(NameError::ApplicationUri) }
}

/// Loopback addresses, and the names that mean them (RFC 6761 section 6.3).
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_absolute_secure_and_kept_as_it_is() {
        for good in [
            "https://app.example",
            "https://app.example/",
            "https://App.example:8443/signed-out?from=vestibule&x=%20",
            "http://localhost:8830/",
            "http://127.0.0.1/",
            "http://[::1]:1/",
        ] {
            assert_eq!(ApplicationUri::parse(good).unwrap().as_str(), good);
        }
        let long = format!("https://app.example/{}", "x".repeat(1005));
        for bad in [
            "",
            "/signed-out",
            "app.example",
            "http://app.example/",
            "ftp://app.example/",
            "javascript:alert(1)",
            "https:app.example",
            "https:/app.example",
            "https:\\\\app.example",
            "https://app.example\\@eve.test/",
            "https://ada@app.example/",
            "https://ada:secret@app.example/",
            "https://app.example/#signed-out",
            "https://app.example/ x",
            "https://app.example/\u{e9}",
            "HTTPS://app.example/",
            "http://localhost.eve.test/",
            &long,
        ] {
            assert_eq!(ApplicationUri::parse(bad), Err(NameError::ApplicationUri), "{bad}");
        }
    }
}
