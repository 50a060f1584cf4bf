use std::net::Ipv4Addr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::checked_text;
use crate::NameError;

checked_text! {
    /// A DNS name in its one normal form: lower-case A-labels without a trailing dot, at least two labels, at most 253
    /// bytes. Read from Unicode or A-labels, in any case, with or without a trailing dot (UTS 46, non-transitional).
    ///
    /// Whether a public suffix may be claimed is not decided here: ownership is proven, not guessed from a list.
    DomainName, domain_name
}

impl DomainName {
    /// The names above it, nearest first, as long as they have two labels: `a.b.acme.test` gives `b.acme.test`,
    /// `acme.test`.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(above(self.as_str()), |name| above(name))
    }

    /// Whether the name belongs to somebody whose verified names `verified` knows: it is one of them, or lies below
    /// one that was verified together with its subdomains. `verified` answers whether subdomains are included, or
    /// `None` for a name that is not verified.
    pub fn is_owned(&self, verified: impl Fn(&str) -> Option<bool>) -> bool {
        verified(self.as_str()).is_some() || self.parents().any(|parent| verified(parent) == Some(true))
    }
}

fn above(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'))
}

/// More than any name that normalises to 253 bytes can have; keeps the normaliser from chewing on a novel.
const INPUT_BYTES_MAX: usize = 1024;

fn domain_name(text: &str) -> Result<String, NameError> {
    if text.len() > INPUT_BYTES_MAX {
        return Err(NameError::DomainName);
    }
    if text.parse::<Ipv4Addr>().is_ok() || text.contains(':') || text.starts_with('[') {
        return Err(NameError::DomainNameIsAddress);
    }
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::VerifyAllowRootDot)
        .map_err(|_| NameError::DomainName)?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    let last = name.rsplit('.').next().unwrap_or_default();
    if !name.contains('.') {
        return Err(NameError::DomainNameSingleLabel);
    }
    // Resolvers and browsers read a name whose last label is a number as an IPv4 address, in any of its spellings.
    if last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") {
        return Err(NameError::DomainNameIsAddress);
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_form() {
        for (written, normal) in [
            ("acme.test", "acme.test"),
            ("ACME.Test.", "acme.test"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.EXAMPLE.", "xn--bcher-kva.example"),
            // The ideographic full stop separates labels, full-width letters are letters (UTS 46 mapping).
            ("ａｃｍｅ。test", "acme.test"),
            // Non-transitional: the sharp s is a letter of its own.
            ("straße.example", "xn--strae-oqa.example"),
        ] {
            assert_eq!(DomainName::parse(written).unwrap().as_str(), normal, "{written}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for (bad, error) in [
            ("", NameError::DomainName),
            ("acme..test", NameError::DomainName),
            (".acme.test", NameError::DomainName),
            ("acme.test..", NameError::DomainName),
            ("-acme.test", NameError::DomainName),
            ("ac_me.test", NameError::DomainName),
            ("ac me.test", NameError::DomainName),
            ("acme.test/path", NameError::DomainName),
            ("xn--a.test", NameError::DomainName),
            ("localhost", NameError::DomainNameSingleLabel),
            ("com.", NameError::DomainNameSingleLabel),
            ("127.0.0.1", NameError::DomainNameIsAddress),
            ("127.1", NameError::DomainNameIsAddress),
            ("acme.0x7f", NameError::DomainNameIsAddress),
            ("[::1]", NameError::DomainNameIsAddress),
            ("::1", NameError::DomainNameIsAddress),
            ("acme.test:443", NameError::DomainNameIsAddress),
        ] {
            assert_eq!(DomainName::parse(bad), Err(error), "{bad}");
        }
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(DomainName::parse(&longest).is_ok());
        assert!(DomainName::parse(&format!("{longest}.")).is_ok());
        assert_eq!(DomainName::parse(&format!("a{longest}")), Err(NameError::DomainName));
        assert_eq!(DomainName::parse(&format!("{label}a.test")), Err(NameError::DomainName));
    }

    #[test]
    fn a_name_is_owned_below_a_wildcard_only() {
        let verified = |name: &str| match name {
            "acme.test" => Some(false),
            "corp.example" => Some(true),
            _ => None,
        };
        let owned = |name| DomainName::parse(name).unwrap().is_owned(verified);
        assert!(owned("acme.test"));
        assert!(!owned("mail.acme.test"));
        assert!(owned("corp.example"));
        assert!(owned("eu.mail.corp.example"));
        assert!(!owned("notcorp.example"));
        assert!(!owned("corp.example.evil.test"));
    }

    proptest::proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{1,40}\\.\\PC{1,20}") {
            if let Ok(name) = DomainName::parse(&text) {
                proptest::prop_assert_eq!(DomainName::parse(name.as_str()).unwrap(), name);
            }
        }
    }
}
