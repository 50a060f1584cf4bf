//! Black-box tests of the SAML engine: real signatures by an independent identity provider, and every forgery we
//! know of with the reason it is refused for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set itself up fails")]

mod accepted;
mod addressed;
mod algorithm;
mod attributes;
mod corpus;
mod differential;
mod encryption;
mod forgery;
#[cfg(test)]
mod fuzz;
mod limits;
#[cfg(test)]
mod logout;
mod metadata;
#[cfg(test)]
mod metadata_signature;
mod oracle;
mod property;
mod recorded;
mod requests;
mod second_opinion;
mod signing;
mod support;
mod timing;
mod trust;
mod vendor;
mod xmlsec1;
