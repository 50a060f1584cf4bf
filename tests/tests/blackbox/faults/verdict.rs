use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use url::Url;
use vestibule_kernel::ExposeSecret as _;
use vestibule_rpc::{
    Channel,
    gateway::v1::{GetSignInRequest, sign_in_service_client::SignInServiceClient},
};
use vestibule_tests::{Surroundings, http_client};

use super::crowd::{Posted, is_definite};
use crate::store::Store;

/// What is known after all rounds.
#[derive(Default)]
pub(crate) struct Verdict {
    subjects: BTreeMap<&'static str, String>,
    posted: u64,
    accepted: u64,
    redeemed: u64,
}

impl Verdict {
    /// Holds the promises against what one round has seen; everything runs again.
    pub(crate) async fn of_round(
        &mut self,
        seen: Vec<Posted>,
        surroundings: &Surroundings,
        gateway: &Channel,
        public_url: &str,
    ) -> Result<()> {
        for posted in seen {
            self.posted += 1;
            self.accepted += u64::from(posted.accepted.is_some());
            self.redeemed += u64::from(posted.subject.is_some());
            a_response_is_accepted_once(&posted, gateway).await?;
            if let Some(accepted) = &posted.accepted {
                a_code_is_redeemed_once(accepted, posted.subject.is_some(), surroundings, public_url).await?;
            }
            if let Some(subject) = posted.subject {
                let known = self.subjects.entry(posted.email).or_insert_with(|| subject.clone());
                ensure!(*known == subject, "{} became another person", posted.email);
            }
        }
        Ok(())
    }

    /// Holds the promises against the log itself.
    pub(crate) async fn of_log(&self, mut store: Store<'_>) -> Result<()> {
        let Self { subjects, posted, accepted, redeemed } = self;
        println!(
            "{posted} Responses posted, {accepted} acknowledged, {redeemed} sign-ins whole, {} people",
            subjects.len()
        );
        ensure!(*redeemed > 0, "nobody signed in");
        let accepted_events = store.count("events WHERE name = 'assertion.accepted'").await?;
        ensure!((*accepted..=*posted).contains(&accepted_events), "{accepted} <= {accepted_events} <= {posted}");
        let redeemed_events = store.count("events WHERE name = 'assertion.redeemed'").await?;
        ensure!((*redeemed..=accepted_events).contains(&redeemed_events), "{redeemed} <= {redeemed_events}");
        for name in ["assertion.accepted", "assertion.redeemed"] {
            let twice =
                format!("(SELECT stream FROM events WHERE name = '{name}' GROUP BY stream HAVING count(*) > 1) t");
            ensure!(store.count(&twice).await? == 0, "{name} twice in one stream");
        }
        let people = store.count("events WHERE name = 'person.first_seen'").await?;
        ensure!(people == subjects.len() as u64, "{people} persons were made for {}", subjects.len());
        Ok(())
    }
}

/// Whoever posts it again is refused, whatever was killed meanwhile; also when no answer has come, one at most is taken.
async fn a_response_is_accepted_once(posted: &Posted, gateway: &Channel) -> Result<()> {
    if posted.accepted.is_none() && posted.before.clone().post_response(&posted.response).await.is_ok() {
        // It never arrived before.
    }
    let again = posted.before.clone().post_response(&posted.response).await;
    let refused = again.err().context("a Response was accepted twice")?;
    ensure!(is_definite(&refused), "{refused:?}");
    let reference = refused.problem().and_then(|problem| problem.reference.clone()).context("a reference")?;
    let request = GetSignInRequest { name: format!("signIns/{reference}") };
    let sign_in = SignInServiceClient::new(gateway.clone()).get_sign_in(request).await?.into_inner().sign_in;
    let reason = sign_in.context("a sign-in")?.reason;
    ensure!(["ASSERTION_REPLAYED", "REQUEST_ALREADY_ANSWERED"].contains(&reason.as_str()), "{reason}");
    Ok(())
}

async fn a_code_is_redeemed_once(
    accepted: &Url,
    is_redeemed: bool,
    surroundings: &Surroundings,
    public_url: &str,
) -> Result<()> {
    let (_, code) = accepted.query_pairs().find(|(name, _)| name == "code").context("a code")?;
    if !is_redeemed {
        // Whether Cognito came to redeem it is not known: this may be the first time.
        redeem(&code, surroundings, public_url).await?;
    }
    let answer = redeem(&code, surroundings, public_url).await?;
    let text = |field: &str| answer.get(field).and_then(Value::as_str).unwrap_or_default();
    let expected = ("invalid_grant", "the code has been redeemed already");
    ensure!((text("error"), text("error_description")) == expected, "{answer}");
    Ok(())
}

async fn redeem(code: &str, surroundings: &Surroundings, public_url: &str) -> Result<Value> {
    let seeded = &surroundings.sandbox.seeded;
    let redirect_uri = surroundings.redirect_uri();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect_uri),
        ("client_id", &seeded.client_id),
        ("client_secret", seeded.client_secret.expose_secret()),
    ];
    let answer = http_client()?.post(format!("{public_url}/oauth2/token")).form(&form).send().await?;
    if answer.status().is_server_error() {
        bail!("the token endpoint answers {}", answer.status());
    }
    Ok(answer.json().await?)
}
