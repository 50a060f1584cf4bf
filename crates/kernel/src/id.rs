use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text is not a UUID in lower-case hyphenated form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an id: expected a lower-case UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct ParseIdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id with this UUID.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Accepts the canonical form only: one id has one text, so that texts can be compared and hashed.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let uuid = Uuid::try_parse(text).map_err(|_| ParseIdError)?;
                let mut canonical = Uuid::encode_buffer();
                if *uuid.as_hyphenated().encode_lower(&mut canonical) == *text {
                    Ok(Self(uuid))
                } else {
                    Err(ParseIdError)
                }
            }
        }
    )+};
}

ids! {
    /// An organization: one customer of the SaaS.
    OrganizationId;
    /// A domain name as claimed by one organization.
    DomainId;
    /// A connection to one identity provider of an organization.
    ConnectionId;
    /// A person within an organization. Its text is the `sub` that Cognito sees: lower case, 36 characters, no `_`.
    PersonId;
    /// A Cognito user pool, in its role as our relying party.
    UserPoolId;
    /// An event of the log.
    EventId;
    /// A directory of an organization, which provisions people over SCIM.
    DirectoryId;
    /// A bearer token of a directory, by which it can be told apart and retired; not the token itself.
    DirectoryTokenId;
    /// A user as a directory has it.
    DirectoryUserId;
    /// A group as a directory has it.
    DirectoryGroupId;
}
