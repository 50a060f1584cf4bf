//! Validated names and texts: parsed once at the edge, never checked again.

mod application_uri;
mod cognito;
mod domain_name;
mod email;
mod error;
mod role;
mod slug;
mod text;

pub use application_uri::ApplicationUri;
pub use cognito::{AppClientId, GroupName, NativeUserId, PoolDomain, PoolId, ProviderName, Region};
pub use domain_name::DomainName;
pub use email::EmailAddress;
pub use error::NameError;
pub use role::Role;
pub use slug::Slug;
pub(crate) use text::is_one_line;
pub use text::{DisplayName, ExternalId, Note, Tier};

/// Declares a text that is only made by `check`, which answers the normal form.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// Reads it.
            ///
            /// # Errors
            /// [`NameError`](crate::NameError) with the rule that the text breaks.
            pub fn parse(text: &str) -> Result<Self, $crate::NameError> {
                $check(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself.
            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}
use checked_text;
