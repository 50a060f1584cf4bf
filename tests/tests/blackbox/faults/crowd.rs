use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use url::Url;
use vestibule_sandbox::check::{HopError, PostedResponse, Walk};
use vestibule_tests::Surroundings;

use crate::walk::up_to_the_response;

/// How long one round may take.
const ROUND_MAX: Duration = Duration::from_secs(50);
/// How long somebody waits before trying again.
const PAUSE: Duration = Duration::from_millis(20);

/// How far a crowd has come, and whether it has done enough.
#[derive(Default)]
pub(crate) struct Pulse {
    steps: AtomicU64,
    enough: AtomicBool,
}

impl Pulse {
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::SeqCst)
    }

    pub(crate) fn step(&self) {
        self.steps.fetch_add(1, Ordering::SeqCst);
    }

    /// Everybody may go home after one more whole sign-in.
    pub(crate) fn finish(&self) {
        self.enough.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_enough(&self) -> bool {
        self.enough.load(Ordering::SeqCst)
    }
}

/// What a browser saw of one Response that it has posted.
pub(crate) struct Posted {
    pub(crate) email: &'static str,
    pub(crate) response: PostedResponse,
    /// The browser as it was before.
    pub(crate) before: Walk,
    /// Where Vestibule sent it with a code: the acknowledgement.
    pub(crate) accepted: Option<Url>,
    /// Cognito's subject, when the sign-in came to its end: the code has been redeemed.
    pub(crate) subject: Option<String>,
}

/// Two browsers for each of these people, all at once, until [`Pulse::finish`].
pub(crate) struct Crowd(JoinSet<Result<Vec<Posted>>>);

impl Crowd {
    pub(crate) fn start(surroundings: &Arc<Surroundings>, people: &[&'static str], pulse: &Arc<Pulse>) -> Self {
        let mut browsers = JoinSet::new();
        for email in people.iter().flat_map(|email| [*email; 2]) {
            browsers.spawn(sign_in_again_and_again(Arc::clone(surroundings), email, Arc::clone(pulse)));
        }
        Self(browsers)
    }

    /// Everything that everybody saw.
    pub(crate) async fn seen(self) -> Result<Vec<Posted>> {
        let everybody = tokio::time::timeout(ROUND_MAX, self.0.join_all()).await;
        let everybody = everybody.context("after the restart not everybody could sign in")?;
        let seen = everybody.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(seen.into_iter().flatten().collect())
    }
}

async fn sign_in_again_and_again(
    surroundings: Arc<Surroundings>,
    email: &'static str,
    pulse: Arc<Pulse>,
) -> Result<Vec<Posted>> {
    let mut seen = Vec::new();
    loop {
        let is_last = pulse.is_enough();
        let twice = seen.len() % 2 == 1;
        match sign_in(&surroundings, email, twice, &pulse, &mut seen).await? {
            true if is_last => return Ok(seen),
            true => {}
            false => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// One sign-in; whether it came to its end. Fails only when a promise was broken.
async fn sign_in(
    surroundings: &Surroundings,
    email: &'static str,
    twice: bool,
    pulse: &Pulse,
    seen: &mut Vec<Posted>,
) -> Result<bool> {
    let mut walk = surroundings.walk();
    let Ok(response) = up_to_the_response(&mut walk, email).await else { return Ok(false) };
    pulse.step();
    let before = walk.clone();
    let accepted = post(&mut walk, &response, twice).await?;
    pulse.step();
    let posted = Posted { email, response, before, accepted: accepted.clone(), subject: None };
    seen.push(posted);
    let Some(back) = accepted else { return Ok(false) };
    let Ok(callback) = walk.back_to_application(&back).await else { return Ok(false) };
    pulse.step();
    let Ok(claims) = walk.finish(&callback).await else { return Ok(false) };
    pulse.step();
    let subject = claims.id_token.get("cognito:username").and_then(|name| name.as_str()).context("a user name")?;
    if let Some(posted) = seen.last_mut() {
        posted.subject = Some(subject.to_owned());
    }
    Ok(true)
}

/// Posts the Response, again while nobody answers, and from two tabs at once when `twice`. Answers where Vestibule sent
/// the browser: one tab at most.
async fn post(walk: &mut Walk, response: &PostedResponse, twice: bool) -> Result<Option<Url>> {
    let mut other = walk.clone();
    if twice {
        let (first, second) = tokio::join!(insist(walk, response), insist(&mut other, response));
        ensure!(first.is_none() || second.is_none(), "one Response was accepted from two tabs");
        return Ok(first.or(second));
    }
    Ok(insist(walk, response).await)
}

async fn insist(walk: &mut Walk, response: &PostedResponse) -> Option<Url> {
    loop {
        match walk.post_response(response).await {
            Ok(back) => return Some(back),
            Err(refused) if is_definite(&refused) => return None,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// A page that says no, in contrast to one that says "not now", and to silence.
pub(crate) fn is_definite(refused: &HopError) -> bool {
    refused.problem().is_some_and(|problem| problem.status < 500)
}
