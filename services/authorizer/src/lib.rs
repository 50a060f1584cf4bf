//! A Lambda authorizer for API Gateway: it lets a request through when its token was issued by one of the trusted user
//! pools, for this use, to one of these app clients, names an organization, and has what the HTTP method asks for. Nothing
//! is allowed that is not written down.
//!
//! - **Events.** HTTP APIs (payload 2.0, simple answers or policies), REST APIs (`TOKEN` and `REQUEST`). WebSocket APIs are
//!   `REQUEST` too.
//! - **The token** comes in the header `Authorization`, with or without `Bearer`; two of them are none.
//! - **The organization.** The one that the token names goes to the backend in the context, as `organization`. Where the
//!   request names one too, in its path or a header, both must be the same: else somebody reads a neighbour's data with a
//!   token of their own.
//! - **The method.** Each is listed with the scopes of which the token must have one, or with none; what is not listed is
//!   denied. `HEAD` and `OPTIONS` are methods like others.
//! - **The answer.** A policy names the one resource that was asked for and no other, so that a cached answer opens nothing
//!   else: a request for another resource within the cache's lifetime is denied by API Gateway. Set
//!   `authorizerResultTtlInSeconds` to 0, or let the method and the path be among the identity sources.
//!   A missing or bad token is `Unauthorized` (401) to REST APIs; everything else is denied (403).
//! - **What it says.** One line of JSON for a refusal: the reason, the method, the request id. Nothing of the token.
//!
//! A revoked token is accepted until it expires; so is one of an organization that was suspended since, at most for the
//! lifetime of a token, because each refresh asks Vestibule.
//!
//! # Settings
//!
//! Environment variables; one that begins with `VESTIBULE_` and is not in this list keeps the function from starting.
//!
//! | variable | meaning |
//! |---|---|
//! | `VESTIBULE_USER_POOLS` | ids of user pools, separated by commas; needed |
//! | `VESTIBULE_APP_CLIENTS` | ids of app clients, separated by commas; needed |
//! | `VESTIBULE_METHODS` | `GET HEAD=invoices/read; POST PUT DELETE=invoices/write admin; PATCH=`: methods, `=`, and the scopes of which one is needed; needed |
//! | `VESTIBULE_TOKEN_USE` | `access` unless set, or `id`; ID tokens have no scopes |
//! | `VESTIBULE_ORGANIZATION_FROM` | where the request names its organization: `path:<parameter>`, `header:<name>`, or `token` (nowhere else) unless set |
//! | `VESTIBULE_ORGANIZATION_CLAIM` | the claim that names the organization, `org_id` unless set |
//! | `VESTIBULE_EMULATED_ISSUERS` | `<pool id>=<issuer>`, separated by commas: for emulators on the loopback interface |
//!
//! # Build and deploy
//!
//! ```console
//! $ AWS_LC_SYS_NO_JITTER_ENTROPY=1 cargo build --profile lambda -p vestibule-authorizer
//! $ cp target/lambda/vestibule-authorizer bootstrap && zip vestibule-authorizer.zip bootstrap
//! ```
//!
//! A function for `provided.al2023` with the handler `bootstrap`, as the trigger's; it needs a way to Cognito's key sets
//! (`https://cognito-idp.<region>.amazonaws.com`) and no permission but that to write its log.

mod answer;
mod authorizer;
mod config;
mod denial;
mod request;
mod rule;

use std::{process::ExitCode, time::SystemTime};

use vestibule_lambda::{Context, Diagnostic, Function, SettingError};

use authorizer::Authorizer;
use config::Config;

/// Answers invocations until Lambda ends the process. A configuration that cannot be used ends it at once, with a line in
/// the log that says why.
#[must_use]
pub fn run() -> ExitCode {
    vestibule_lambda::run::<Authorizer>()
}

impl Function for Authorizer {
    type StartError = SettingError;

    #[expect(clippy::disallowed_methods, reason = "a program of its own: this is where the clock comes from")]
    async fn start() -> Result<Self, SettingError> {
        Ok(Self::new(Config::from_environment()?, SystemTime::now))
    }

    async fn answer(&self, event: Option<&str>, context: &Context) -> Result<String, Diagnostic> {
        self.authorize(event, context).await
    }

    fn malformed(_: &Context) -> Diagnostic {
        denial::unauthorized()
    }
}
