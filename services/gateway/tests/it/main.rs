//! Black-box tests of the gateway: its router and its gRPC service over embedded SQLite, with a clock that stands still
//! and stand-ins for routing and saml that speak the real contract.

#[cfg(test)]
mod acs;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod end_session;
#[cfg(test)]
mod logout_peer;
#[cfg(test)]
mod page;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod rule;
#[cfg(test)]
mod signing_key;
#[cfg(test)]
mod signing_key_trouble;
#[cfg(test)]
mod slo;
#[cfg(test)]
mod test_peer;
#[cfg(test)]
mod test_sign_in;
#[cfg(test)]
mod token;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod world;
