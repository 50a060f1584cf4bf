//! OpenID Connect provider engine, sans-I/O.
