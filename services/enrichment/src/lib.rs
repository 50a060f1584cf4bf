//! Organization claims for the tokens that Cognito signs (gRPC).
