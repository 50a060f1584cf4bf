//! SAML requests, verdicts and their acceptance (gRPC).
