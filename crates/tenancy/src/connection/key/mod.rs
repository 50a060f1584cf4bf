//! Our own keys towards an identity provider, as far as its administrator has to know of them.

mod event;
mod note;

pub use event::{KeyActionRequired, KeyActivated, KeyAdded, KeyDestroyed, KeyRetired, KeyUse};
pub use note::{KnownKey, ServiceProviderKey};
