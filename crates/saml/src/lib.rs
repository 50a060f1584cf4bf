//! SAML 2.0 service provider engine, sans-I/O: bytes, time and trust in, verdict out.
