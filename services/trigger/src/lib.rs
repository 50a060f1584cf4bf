//! The Lambda shim: a function that hands Cognito's trigger events to the enrichment service, and its answers back to
//! Cognito. It decides nothing.
//!
//! - **What leaves it.** The event without passwords, tokens and SAML responses of identity providers, and codes. Events that
//!   are about nothing else (user migration, messages to users) come back as they came; those of triggers that nobody knows
//!   are refused.
//! - **What comes back.** The event as Cognito sent it, byte for byte, with the `response` of the service.
//! - **How long it takes.** Two seconds at most, over a connection that is opened before the first event and kept. When the
//!   connection or the service is not available, the service is asked once more; a refusal is final.
//! - **When there is no answer.** Cognito gets an error, so that there are no tokens: a fixed sentence and the id of the
//!   request, for Cognito shows them to the person, and a word that never changes as `errorType`. A pool may want tokens
//!   without an organization rather than none, see `VESTIBULE_FAIL_OPEN_POOLS`; a refusal is never passed over.
//! - **What it says.** Nothing while all goes well. Else one line of JSON, without anything of the person: outcome, reason,
//!   trigger, pool, request id. `CloudWatch` makes the metric `Triggers` by `outcome` of it, in the namespace `Vestibule`.
//!   Alarm on `FailedOpen`, `Unavailable` and `AnswerMalformed`.
//!
//! # Settings
//!
//! Environment variables; one that begins with `VESTIBULE_` and is not in this list keeps the function from starting.
//!
//! | variable | meaning |
//! |---|---|
//! | `VESTIBULE_ENRICHMENT_URL` | the enrichment service, such as `https://enrichment.internal:8801`; `http` on loopback only |
//! | `VESTIBULE_SERVICE_TOKEN` or `…_FILE` | the service token; needed with `https` |
//! | `VESTIBULE_AUTHORITY` or `…_FILE` | certificates, as PEM, that vouch for the service; without it, the system's |
//! | `VESTIBULE_FAIL_OPEN_POOLS` | ids of pools, separated by commas, that get tokens without an organization when the service is not available or does not answer a trigger |
//! | `VESTIBULE_ORGANIZATION_CLAIMS` | the claims that such tokens must not hold, `org_id` unless set |
//! | `VESTIBULE_ORGANIZATION_SCOPE_PREFIXES` | how the scopes begin that such tokens must not hold, `tenant/` unless set |
//!
//! Tokens that are issued without the service hold none of those claims, no `custom:` attribute, no group, none of those
//! scopes, and not `aws.cognito.signin.user.admin`. Challenges have no such answer and stay closed.
//!
//! The token need not stand in the function's configuration: the AWS Parameters and Secrets extension or a wrapper script
//! (`AWS_LAMBDA_EXEC_WRAPPER`) can fetch it from Secrets Manager, write it to `/tmp`, and name the file here. The authority's
//! certificate is no secret and may lie in the function's archive, beside `bootstrap` in `/var/task`.
//!
//! # Build and deploy
//!
//! ```console
//! $ AWS_LC_SYS_NO_JITTER_ENTROPY=1 cargo build --profile lambda -p vestibule-trigger
//! $ zip --junk-paths vestibule-trigger.zip target/lambda/bootstrap authority.pem
//! $ aws lambda create-function --function-name vestibule-trigger \
//!     --runtime provided.al2023 --architectures x86_64 --handler bootstrap --memory-size 256 --timeout 4 \
//!     --zip-file fileb://vestibule-trigger.zip --role "$ROLE" \
//!     --environment 'Variables={VESTIBULE_ENRICHMENT_URL=https://…,VESTIBULE_AUTHORITY_FILE=/var/task/authority.pem,…}'
//! $ aws lambda add-permission --function-name vestibule-trigger --statement-id cognito --action lambda:InvokeFunction \
//!     --principal cognito-idp.amazonaws.com --source-account "$ACCOUNT" \
//!     --source-arn "arn:aws:cognito-idp:$REGION:$ACCOUNT:userpool/$POOL"
//! ```
//!
//! Then name the function in the pool's `PreTokenGenerationConfig`, with `LambdaVersion` `V2_0`, and in `InboundFederation`
//! and `PreSignUp`, which stop people before Cognito stores them; the handbook's page on Cognito says what each trigger does. It
//! needs a way to the service (usually the service's VPC) and no permission but that to write its log.
//!
//! The variable leaves seeding to the operating system and the processor's generator; measuring the jitter of the clock, as
//! aws-lc does otherwise, is most of a cold start (here 53 of 60 ms). The program works without it.
//!
//! The program needs no newer glibc than 2.34, that of Amazon Linux 2023; a test looks. When a later toolchain asks for
//! more, build in a container of `amazonlinux:2023`, or with `cargo zigbuild --target x86_64-unknown-linux-gnu.2.34`.
//!
//! For `arm64` (not built in our own checks): `rustup target add aarch64-unknown-linux-gnu`, the packages
//! `gcc-aarch64-linux-gnu` and `libc6-dev-arm64-cross`, and
//!
//! ```console
//! $ CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
//!     cargo build --profile lambda -p vestibule-trigger --target aarch64-unknown-linux-gnu
//! ```
//!
//! The example `measure` reports size, cold start and what a warm call costs.

mod config;
mod enrichment;
mod event;
mod failure;
mod invocation;
mod open;
mod record;
mod shim;
mod withheld;

use std::{process::ExitCode, sync::Arc};

use vestibule_kernel::SystemClock;
use vestibule_lambda::{Context, Diagnostic, Function, SettingError};

use config::Config;
use shim::Shim;

/// Answers invocations until Lambda ends the process. A configuration that cannot be used ends it at once, with a line in
/// the log that says why.
#[must_use]
pub fn run() -> ExitCode {
    vestibule_lambda::run::<Shim>()
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("the configuration cannot be used")]
    Config(#[from] SettingError),
    #[error("the enrichment service cannot be reached as configured")]
    Setup(#[from] enrichment::SetupError),
}

impl Function for Shim {
    type StartError = StartError;

    async fn start() -> Result<Self, StartError> {
        Ok(Self::new(Config::from_environment()?, Arc::new(SystemClock)).await?)
    }

    async fn answer(&self, event: Option<&str>, context: &Context) -> Result<String, Diagnostic> {
        self.handle(event, context).await
    }

    fn malformed(context: &Context) -> Diagnostic {
        failure::Failure::AnswerMalformed.diagnostic(&context.request_id)
    }
}
