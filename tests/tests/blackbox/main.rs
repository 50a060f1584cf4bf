//! The product as its users meet it: the program, its command line, its pages, and the software of others around it.

#[cfg(test)]
mod apart;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod check;
#[cfg(test)]
mod chromium;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod closed;
#[cfg(test)]
mod cognito;
#[cfg(test)]
mod customer;
#[cfg(test)]
mod deactivated;
#[cfg(test)]
mod events;
#[cfg(test)]
mod expired;
#[cfg(test)]
mod explained;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod global_sign_out;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod introduced;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod metadata_url;
#[cfg(test)]
mod onboarding;
#[cfg(test)]
mod onboarding_events;
#[cfg(test)]
mod openid_client;
#[cfg(test)]
mod person;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod portal;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod provisioner;
#[cfg(test)]
mod pysaml2;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod released;
#[cfg(test)]
mod replaced;
#[cfg(test)]
mod samlp;
#[cfg(test)]
mod scim;
#[cfg(test)]
mod second_opinion;
#[cfg(test)]
mod session;
#[cfg(test)]
mod simplesamlphp;
#[cfg(test)]
mod store;
#[cfg(test)]
mod suspended;
#[cfg(test)]
mod tamper;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod test_sign_in;
#[cfg(test)]
mod told;
#[cfg(test)]
mod walk;
