use std::fmt;

use crate::{DomainName, NameError};

/// One e-mail address: the local part exactly as written, the domain in its normal form.
///
/// Only the plain form `local@domain` is read (RFC 5321 section 4.1.2 Dot-string, with RFC 6531 letters): no display
/// names, comments, quoting, lists or address literals. So nothing can hide a second address or another domain.
///
/// `Debug` does not show it.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct EmailAddress {
    local: String,
    domain: DomainName,
}

/// RFC 5321 section 4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;
/// RFC 5321 section 4.5.3.1.3, as RFC 3696 erratum 1690 counts it.
const ADDRESS_BYTES_MAX: usize = 254;

impl EmailAddress {
    /// Reads exactly one address.
    ///
    /// # Errors
    /// [`NameError::Email`], or what is wrong with its domain.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (local, domain) = text.split_once('@').ok_or(NameError::Email)?;
        if !is_local_part(local) || domain.contains('@') {
            return Err(NameError::Email);
        }
        let domain = DomainName::parse(domain)?;
        if local.len() + 1 + domain.as_str().len() > ADDRESS_BYTES_MAX {
            return Err(NameError::Email);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands behind it, normalised.
    #[must_use]
    pub const fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// Whether the address lies in a verified domain; `verified` answers as [`DomainName::is_owned`] says.
    pub fn is_owned(&self, verified: impl Fn(&str) -> Option<bool>) -> bool {
        self.domain.is_owned(verified)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(redacted)")
    }
}

fn is_local_part(local: &str) -> bool {
    (1..=LOCAL_BYTES_MAX).contains(&local.len())
        && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_text))
}

/// RFC 5322 section 3.2.3 `atext`; beyond ASCII letters, digits and marks only, which excludes blanks, controls and
/// everything that changes the direction of the text.
fn is_atom_text(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character)
    } else {
        character.is_alphanumeric()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_normalised_and_the_local_part_kept() {
        for (written, normal) in [
            ("ada@acme.test", "ada@acme.test"),
            ("Ada.Lovelace+x@ACME.test.", "Ada.Lovelace+x@acme.test"),
            ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::parse(written).unwrap().to_string(), normal);
        }
    }

    #[test]
    fn anything_but_one_plain_address_is_refused() {
        for bad in [
            "",
            "ada",
            "@acme.test",
            "ada@",
            "ada@acme",
            "ada@@acme.test",
            "ada@evil.test@acme.test",
            "ada@acme.test,eve@acme.test",
            "ada@acme.test;eve@acme.test",
            "ada@acme.test eve@acme.test",
            "Ada <ada@acme.test>",
            "\"ada@evil.test\"@acme.test",
            "ada(comment)@acme.test",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            ".ada@acme.test",
            "ada.@acme.test",
            "a..da@acme.test",
            " ada@acme.test",
            "ada@acme.test ",
            "ada\n@acme.test",
            "a\u{202E}da@acme.test",
            "a\u{200B}da@acme.test",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
        assert!(EmailAddress::parse(&format!("{}@acme.test", "a".repeat(64))).is_ok());
        assert!(EmailAddress::parse(&format!("{}@acme.test", "a".repeat(65))).is_err());
    }

    #[test]
    fn an_address_is_not_printed_by_debug() {
        let address = EmailAddress::parse("ada@acme.test").unwrap();
        assert!(!format!("{address:?}").contains("ada"));
    }
}
