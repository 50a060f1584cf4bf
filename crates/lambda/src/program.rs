use std::{env, error::Error, future::Future, process::ExitCode};

use lambda_runtime::{Context, Diagnostic, LambdaEvent, Runtime, service_fn};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::record;

/// `EX_USAGE` of sysexits.h: what every program of ours says about its configuration.
const BAD_CONFIGURATION: u8 = 64;

/// What the Lambda runtime takes for granted.
const OF_LAMBDA: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

/// A function that answers invocations.
pub trait Function: Sized {
    /// Why it cannot start.
    type StartError: Error + Send + Sync + 'static;

    /// Reads the settings and gets ready. Whatever it refuses ends the process before the first invocation.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    fn start() -> impl Future<Output = Result<Self, Self::StartError>>;

    /// Answers one invocation, JSON for JSON. `event` is `None` when the body of the invocation is not JSON.
    ///
    /// # Errors
    /// What whoever invoked the function gets instead of an answer.
    fn answer(&self, event: Option<&str>, context: &Context) -> impl Future<Output = Result<String, Diagnostic>>;

    /// What to say when [`Self::answer`] gave text that is not JSON.
    fn malformed(context: &Context) -> Diagnostic;
}

/// The program was started by something else than AWS Lambda.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0} is missing: this program is started by AWS Lambda")]
pub struct NotLambda(&'static str);

#[derive(Debug, thiserror::Error)]
enum Failure<E: Error + 'static> {
    #[error(transparent)]
    Start(E),
    #[error(transparent)]
    NotLambda(#[from] NotLambda),
    #[error("the asynchronous runtime cannot start")]
    Runtime(#[source] std::io::Error),
    #[error("the Lambda Runtime API cannot be used any more")]
    Ended(#[source] lambda_runtime::Error),
}

/// Answers invocations until Lambda ends the process. A configuration that cannot be used ends it at once, with a line in
/// the log that says why.
#[must_use]
pub fn run<F: Function>() -> ExitCode {
    match try_run::<F>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = if matches!(error, Failure::Ended(_)) { 1 } else { BAD_CONFIGURATION };
            record::start_failure(&error);
            ExitCode::from(code)
        }
    }
}

fn try_run<F: Function>() -> Result<(), Failure<F::StartError>> {
    if let Some(missing) = OF_LAMBDA.into_iter().find(|name| env::var_os(name).is_none_or(|value| value.is_empty())) {
        return Err(NotLambda(missing).into());
    }
    // An error says that somebody installed one already, which nobody can have done.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // One invocation at a time needs one thread.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        let function = F::start().await.map_err(Failure::Start)?;
        serve(&function).await.map_err(Failure::Ended)
    })
}

async fn serve<F: Function>(function: &F) -> Result<(), lambda_runtime::Error> {
    let handler = service_fn(|event: LambdaEvent<Payload>| async move {
        let text = event.payload.0.as_deref().map(RawValue::get);
        let answer = function.answer(text, &event.context).await?;
        RawValue::from_string(answer).map_err(|_| F::malformed(&event.context))
    });
    Runtime::new(handler).run().await
}

/// The body of an invocation, as text; nothing when it is not JSON. That is the function's to say: the runtime would tell
/// in words of its own.
struct Payload(Option<Box<RawValue>>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer).ok()))
    }
}
