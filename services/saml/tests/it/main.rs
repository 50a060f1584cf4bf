//! The SAML service, black box: over gRPC, on a store in a temporary directory, against a simulated identity provider
//! that shares no code with it.

#[cfg(test)]
mod acceptance;
#[cfg(test)]
mod authn_request;
#[cfg(test)]
mod certificate;
#[cfg(test)]
mod email;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod life;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod mapping;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod notice;
#[cfg(test)]
mod person;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod second_opinion;
#[cfg(test)]
mod service_provider_key;
#[cfg(test)]
mod service_provider_key_end;
#[cfg(test)]
mod test_sign_in;
#[cfg(test)]
mod tried;
#[cfg(test)]
mod unsolicited;
#[cfg(test)]
mod world;
