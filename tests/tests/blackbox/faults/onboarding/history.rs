use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use vestibule_rpc::{
    Channel,
    events::v1::{Event, ListEventsRequest, event_service_client::EventServiceClient},
    registry::v1::{
        GetOnboardingRequest, ListOnboardingsRequest, Onboarding, onboarding,
        onboarding_service_client::OnboardingServiceClient, onboarding_step,
    },
};
use vestibule_tests::until;

use super::Onboarded;

/// The steps before people sign in that are done without a person, and those that somebody has to do.
const GIVEN: [&str; 3] = ["domain_verified", "metadata_imported", "certificate_checked"];
const BY_PEOPLE: [&str; 2] = ["mapping_reviewed", "test_sign_in_passed"];

/// What was published of one connection's onboarding.
#[derive(Debug, Default)]
struct History {
    is_started: bool,
    is_complete: bool,
    /// Each step that is not open, and whether it was gone without.
    settled: BTreeMap<String, bool>,
}

impl History {
    /// Each event has to change something: what is so already is not told again.
    fn hear(&mut self, fact: &str, data: &Value) -> Result<()> {
        ensure!(self.is_started != (fact == "started"), "it starts once, before everything else");
        let step = || data["step"].as_str().map(str::to_owned).context("a step");
        match fact {
            "started" => self.is_started = true,
            "step_completed" => ensure!(self.settled.insert(step()?, false) != Some(false), "done already: {data}"),
            "step_reopened" => {
                ensure!(self.settled.remove(&step()?) == Some(false), "open already: {data}");
                self.is_complete = false;
            }
            "overridden" => {
                let steps = data["steps"].as_array().context("steps")?.iter();
                for step in steps.map(|step| step.as_str().context("a step")) {
                    ensure!(self.settled.insert(step?.to_owned(), true).is_none(), "was not missing: {data}");
                }
            }
            "completed" => {
                ensure!(!self.is_complete, "complete already");
                ensure!(self.settled.len() == 6, "complete, and something is missing: {:?}", self.settled);
                self.is_complete = true;
            }
            other => bail!("what is {other}?"),
        }
        Ok(())
    }

    /// What is told when somebody asks is what was published.
    fn require_is(&self, told: &Onboarding) -> Result<()> {
        use onboarding_step::State;
        let mut asked = BTreeMap::new();
        for step in &told.steps {
            let name = step.step().as_str_name().trim_start_matches("STEP_").to_lowercase();
            match step.state() {
                State::Completed => drop(asked.insert(name, false)),
                State::Overridden => drop(asked.insert(name, true)),
                State::Open | State::Unspecified => {}
            }
        }
        ensure!(asked == self.settled, "told {asked:?}, published {:?}", self.settled);
        ensure!((told.state() == onboarding::State::Complete) == self.is_complete, "{told:?}");
        Ok(())
    }
}

/// Waits until everything is recorded, and holds what was published against what operators were told.
pub(super) async fn every_step_is_told_once(registry: Channel, onboarded: &[Onboarded]) -> Result<()> {
    println!("{} organizations onboarded", onboarded.len());
    until("every onboarding to be recorded", async || {
        let recorded = recorded(&registry).await?;
        let is_complete = |one: &Onboarded| recorded.get(&one.connection) == Some(&onboarding::State::Complete);
        Ok(onboarded.iter().all(is_complete).then_some(()))
    })
    .await?;
    let events = events(&registry).await?;
    let mut ids = HashSet::new();
    let (mut histories, mut created): (BTreeMap<String, History>, BTreeSet<String>) =
        (BTreeMap::new(), BTreeSet::new());
    for event in &events {
        ensure!(ids.insert(&event.id), "{} was told twice", event.id);
        let fact = event.r#type.trim_start_matches("vestibule.");
        ensure!(!["person.first_seen", "sign_in.succeeded"].contains(&fact), "a test signs nobody in: {event:?}");
        if fact == "connection.created" {
            ensure!(created.insert(event.subject.clone()), "{} was created twice", event.subject);
        }
        let Some(fact) = fact.strip_prefix("onboarding.") else { continue };
        let connection = event.subject.strip_suffix("/onboarding").context("a connection")?;
        let history = histories.entry(connection.to_owned()).or_default();
        history.hear(fact, &serde_json::from_str(&event.data)?).with_context(|| format!("{fact} of {connection}"))?;
    }
    let acknowledged: BTreeSet<String> = onboarded.iter().map(|one| one.connection.clone()).collect();
    ensure!(created == acknowledged, "what was created is not what was acknowledged");
    for Onboarded { connection, is_overridden } in onboarded {
        let history = histories.get(connection).context("nothing was published of it")?;
        let gone_without =
            |steps: &[&str]| steps.iter().filter(|step| history.settled.get(**step) == Some(&true)).count();
        ensure!(gone_without(&GIVEN) == 0, "{history:?}");
        let without = gone_without(&BY_PEOPLE);
        ensure!(without == if *is_overridden { BY_PEOPLE.len() } else { 0 }, "{connection}: {history:?}");
        let request = GetOnboardingRequest { name: connection.clone() };
        let told = OnboardingServiceClient::new(registry.clone()).get_onboarding(request).await?.into_inner();
        history.require_is(&told.onboarding.context("an onboarding")?)?;
    }
    Ok(())
}

async fn recorded(registry: &Channel) -> Result<BTreeMap<String, onboarding::State>> {
    let mut recorded = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let parent = "organizations/-".to_owned();
        let request = ListOnboardingsRequest { parent, page_size: 1000, page_token, incomplete_only: false };
        let page = OnboardingServiceClient::new(registry.clone()).list_onboardings(request).await?.into_inner();
        recorded.extend(page.onboardings.into_iter().map(|one| (one.connection.clone(), one.state())));
        if page.next_page_token.is_empty() {
            return Ok(recorded);
        }
        page_token = page.next_page_token;
    }
}

/// Everything that was published, in its order.
async fn events(registry: &Channel) -> Result<Vec<Event>> {
    let (mut events, mut after) = (Vec::new(), String::new());
    loop {
        let request = ListEventsRequest { after, page_size: 500, ..ListEventsRequest::default() };
        let page = EventServiceClient::new(registry.clone()).list_events(request).await?.into_inner();
        events.extend(page.events);
        if page.at_end {
            return Ok(events);
        }
        after = page.next;
    }
}
