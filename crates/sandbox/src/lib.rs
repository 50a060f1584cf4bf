//! Simulated identity providers, a simulated Cognito and a demo application.
