use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use vestibule_host::Readiness;
use vestibule_kernel::{Chain, Timestamp};
use vestibule_saml::{TrustedCertificates, Verified};
use vestibule_second_opinion_protocol::{Answer, Question};

use super::{
    Mode,
    compare::{Addressed, differences},
    engine::{Engine, NoOpinion},
    gate::Gate,
    pool::Pool,
};
use crate::{
    Config,
    checklist::{Check, Checklist},
    connection::ReadyConnection,
    judge::{Acceptable, Case},
    refusal::Refusal,
};

/// Asks for second opinions, and knows what they are asked for.
pub(crate) struct SecondOpinion {
    is_required: bool,
    wait: Duration,
    engine: Arc<dyn Engine>,
    gate: Gate,
}

/// Why nobody signs in where a second opinion is required.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Objection {
    /// It does not verify what ours verified, or reads something else there.
    #[error("the second engine does not agree that the Response is genuine and says this")]
    Disagrees,
    /// It has no means to tell.
    #[error("the second engine cannot process the Response")]
    CannotProcess,
    /// It did not answer.
    #[error("the second engine did not answer")]
    Unavailable,
}

impl Objection {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Disagrees => "SECOND_OPINION_DISAGREES",
            Self::CannotProcess => "SECOND_OPINION_CANNOT_PROCESS",
            Self::Unavailable => "SECOND_OPINION_UNAVAILABLE",
        }
    }
}

/// What came of asking.
enum Finding {
    Agrees,
    Objects(Objection, String),
}

impl SecondOpinion {
    /// Starts the program's processes; `None` when nobody is to be asked.
    pub(crate) fn start(config: &Config, stop: &CancellationToken) -> Option<Self> {
        let program = config.second_opinion_program.clone()?;
        if config.second_opinion == Mode::Off {
            return None;
        }
        let engine = Pool::start(program, config.second_opinion_children_max, stop.clone());
        Some(Self::with(config, Arc::new(engine)))
    }

    fn with(config: &Config, engine: Arc<dyn Engine>) -> Self {
        // Half of the processes for one connection, so that another one finds the other half.
        let gate = Gate::new(config.second_opinion_per_connection_second_max, config.second_opinion_children_max / 2);
        Self {
            is_required: config.second_opinion == Mode::Require,
            wait: Duration::from_millis(config.second_opinion_wait_milliseconds),
            engine,
            gate,
        }
    }

    /// Where it is required, nobody can sign in without its program.
    pub(crate) fn readiness(&self) -> Option<Readiness> {
        let engine = Arc::clone(&self.engine);
        self.is_required.then(|| ("second opinion", Arc::new(move || engine.check()) as _))
    }

    /// Asks about what would sign somebody in. Without effect where it is only observed.
    pub(crate) async fn consult(
        &self,
        case: &Case<'_>,
        verdict: Result<Acceptable, Refusal>,
        checks: &mut Checklist,
    ) -> Result<Acceptable, Refusal> {
        checks.expect_second_opinion();
        // Nobody asks about what is refused anyway: the other engine is not fit to read it.
        let acceptable = verdict?;
        match self.find(case, &acceptable).await {
            Finding::Agrees => {
                note(case, "agrees", None);
                checks.pass(Check::SecondOpinion);
            }
            Finding::Objects(objection, found) => {
                note(case, objection.reason(), Some((objection, &found)));
                if self.is_required {
                    return Err(checks.fail(Check::SecondOpinion, &found, objection.into()));
                }
                checks.warn(Check::SecondOpinion, &found);
            }
        }
        Ok(acceptable)
    }

    async fn find(&self, case: &Case<'_>, acceptable: &Acceptable) -> Finding {
        let Some(verified) = &acceptable.verified else {
            let found = "no signature covers in the clear what was encrypted".to_owned();
            return Finding::Objects(Objection::CannotProcess, found);
        };
        let question = question(verified, case.connection, case.now);
        match timeout(self.wait, self.ask(case.connection, case.now, &question)).await.unwrap_or(Err(NoOpinion::Late)) {
            Ok(Answer::Verified { reading }) => {
                let differences = differences(&acceptable.assertion, &addressed(case), &reading);
                if differences.is_empty() {
                    return Finding::Agrees;
                }
                Finding::Objects(Objection::Disagrees, format!("it reads otherwise: {}", differences.join(", ")))
            }
            Ok(Answer::Rejected) => {
                Finding::Objects(Objection::Disagrees, "it does not verify the signature".to_owned())
            }
            Ok(Answer::CannotProcess { obstacle }) => Finding::Objects(Objection::CannotProcess, obstacle.to_string()),
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "no second opinion");
                Finding::Objects(Objection::Unavailable, error.to_string())
            }
        }
    }

    async fn ask(
        &self,
        connection: &ReadyConnection,
        now: Timestamp,
        question: &Question,
    ) -> Result<Answer, NoOpinion> {
        let _place = self.gate.enter(connection.id, now).await?;
        self.engine.ask(question).await
    }
}

/// The document that our engine verified, and the certificates that it verified it with.
fn question(verified: &Verified, connection: &ReadyConnection, now: Timestamp) -> Question {
    let trusted = connection.trusted.at(now).into_iter().flat_map(TrustedCertificates::certificates);
    let signed_by = trusted.filter(|certificate| verified.signed_by.contains(&certificate.fingerprint()));
    Question {
        document: verified.document.clone(),
        certificates: signed_by.map(|certificate| BASE64_STANDARD.encode(certificate.der())).collect(),
    }
}

fn addressed<'a>(case: &'a Case<'_>) -> Addressed<'a> {
    Addressed {
        identity_provider: &case.connection.identity_provider,
        service_provider: &case.connection.service_provider.entity_id,
        acs_url: &case.connection.service_provider.acs_url,
        in_response_to: case.request_id,
    }
}

/// Counts what came of it. A disagreement is an alarm: one of two engines is wrong about who somebody is, and it may be
/// the one that lets people in.
fn note(case: &Case<'_>, outcome: &str, objection: Option<(Objection, &str)>) {
    tracing::debug!(monotonic_counter.vestibule_second_opinions = 1_u64, outcome);
    let (connection, sign_in) = (case.connection.id, reference(case.sign_in));
    match objection {
        None => {}
        Some((Objection::Disagrees, found)) => {
            tracing::error!(
                monotonic_counter.vestibule_second_opinion_disagreements = 1_u64,
                %connection, sign_in, found, "the second opinion disagrees"
            );
        }
        Some((_, found)) => tracing::warn!(%connection, sign_in, outcome, found, "no second opinion"),
    }
}

/// A reference id as the gateway makes them; nothing else goes into the log.
fn reference(text: &str) -> &str {
    let is_reference = text.len() <= 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_reference { text } else { "" }
}
