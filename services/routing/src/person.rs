use vestibule_kernel::Timestamp;
use vestibule_rpc::routing::v1::resolve_sign_in_request::Person as Asked;
use vestibule_storage::Key;
use vestibule_tenancy::{DomainName, EmailAddress, Slug};

use crate::{error::RoutingError, ticket::Ticket};

/// The longest text that names a person, an organization or a domain.
const TEXT_BYTES_MAX: usize = 1024;

/// What is known of the person who wants to sign in, read.
#[derive(Debug)]
pub(crate) enum Person {
    /// The address and the text it was read from.
    Email {
        domain: DomainName,
        written: String,
    },
    Domain(DomainName),
    Code(Slug),
    /// What the ticket says and the ticket itself.
    Ticket {
        ticket: Ticket,
        written: String,
    },
}

impl Person {
    /// Reads what the caller knows; `keys` verify tickets.
    pub(crate) fn read(asked: Option<Asked>, keys: &[Key], now: Timestamp) -> Result<Self, RoutingError> {
        let ticket = |field, text: &str| {
            let ticket = Ticket::verify(text, keys, now).map_err(|source| RoutingError::Ticket { field, source })?;
            Ok(Self::Ticket { ticket, written: text.to_owned() })
        };
        match asked.ok_or(RoutingError::PersonMissing)? {
            Asked::Email(text) => email("email", trimmed("email", &text)?),
            Asked::Domain(text) => {
                let name = DomainName::parse(trimmed("domain", &text)?);
                name.map(Self::Domain).map_err(|source| RoutingError::Name { field: "domain", source })
            }
            Asked::OrganizationCode(text) => code("organization_code", trimmed("organization_code", &text)?),
            Asked::Ticket(text) => ticket("ticket", trimmed("ticket", &text)?),
            Asked::LoginHint(text) => match trimmed("login_hint", &text)? {
                hint if hint.contains('@') => email("login_hint", hint),
                hint if Ticket::is_meant_by(hint) => ticket("login_hint", hint),
                hint => code("login_hint", hint),
            },
        }
    }
}

/// People paste with blanks around.
fn trimmed<'a>(field: &'static str, text: &'a str) -> Result<&'a str, RoutingError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(RoutingError::TooLong { field });
    }
    Ok(text.trim_matches(' '))
}

fn email(field: &'static str, text: &str) -> Result<Person, RoutingError> {
    let address = EmailAddress::parse(text).map_err(|source| RoutingError::Name { field, source })?;
    Ok(Person::Email { domain: address.domain().clone(), written: text.to_owned() })
}

/// People type codes in any case.
fn code(field: &'static str, text: &str) -> Result<Person, RoutingError> {
    let slug = Slug::parse(&text.to_ascii_lowercase()).map_err(|source| RoutingError::Name { field, source })?;
    Ok(Person::Code(slug))
}
