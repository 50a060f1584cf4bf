//! Fetches documents from addresses that somebody else chose, such as the metadata address of a customer's identity
//! provider. Whoever chooses the address must gain nothing by it: not a request to a machine of the own network, not a
//! byte of what such a machine answers, not memory, not time.
//!
//! - **Which addresses.** [`Policy`] tells public addresses from all others: private, loopback, link-local, shared,
//!   multicast, reserved ones, the services that tell a cloud machine its credentials, and whatever IPv6 wraps around an
//!   IPv4 address. What is not public is refused unless a network of the operator's names it.
//! - **The address that was looked at is the one that is spoken to.** Names are resolved here, through [`Resolver`]; the
//!   client connects to nothing but the addresses that passed, and resolves nothing itself. A name that answers another
//!   address a moment later ("DNS rebinding") gains nothing.
//! - **https**, unless the operator allows plain http. No proxy, no cookies, no credentials, no decompression.
//! - **Redirects** are followed on the very same origin only, and few.
//! - **Bounded**: bytes, header fields, time to connect, time without a byte, time altogether. See [`limit`].
//! - **Conditional**: [`Validators`] of the last answer make the next one cheap (RFC 9110 section 13).
//!
//! ```
//! use vestibule_fetch::{Fetched, Fetcher, Policy, Settings, Validators};
//!
//! # async fn example() -> Result<(), vestibule_fetch::FetchError> {
//! let fetcher = Fetcher::new(Settings::default());
//! let address = fetcher.address("https://idp.acme.test/metadata")?;
//! match fetcher.fetch(&address, &Validators::default(), 512 * 1024).await? {
//!     Fetched::Document(document) => println!("{} bytes", document.bytes.len()),
//!     Fetched::NotModified => println!("nothing new"),
//! }
//! # Ok(()) }
//! ```

mod address;
mod document;
mod error;
mod fetcher;
pub mod limit;
mod network;
mod policy;
mod resolver;
mod wrapping;

pub use address::Address;
pub use document::{Document, Fetched, Validators};
pub use error::FetchError;
pub use fetcher::{Fetcher, Settings, Timeouts};
pub use network::{Network, ParseNetworkError};
pub use policy::{Policy, Refused};
pub use resolver::{Resolver, SystemResolver};
