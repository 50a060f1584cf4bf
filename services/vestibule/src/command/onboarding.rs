//! `vestibule onboarding`, and `vestibule connection test`.

use std::{process::Stdio, time::Duration};

use clap::Subcommand;
use vestibule_rpc::registry::v1::{
    CreateTestSignInRequest, GetOnboardingRequest, GetTestSignInRequest, ListOnboardingsRequest,
    ListOnboardingsResponse, Onboarding, OnboardingStep, ReviewMappingRequest, TestSignIn, onboarding,
    onboarding_service_client::OnboardingServiceClient, onboarding_step, test_sign_in,
};

use super::{
    Operator,
    connection::{find, mapping},
    org,
    sign_ins::{check_line, mended_by},
};
use crate::output::{moment, note, plain, properties, table};

/// How often it is looked whether somebody came back from the identity provider.
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what is done, what is missing, and who has to act.
    Show {
        /// Slug, id or name of the organization.
        organization: String,
        /// Id, name or display name of the connection; the one that is furthest when it is left out.
        connection: Option<String>,
    },
    /// List how far connections are.
    List {
        /// Only those of this organization: slug, id or name.
        #[arg(long)]
        org: Option<String>,
        /// Also those where nothing is missing.
        #[arg(long)]
        all: bool,
    },
    /// Say that you have looked at what the identity provider's attributes become (`vestibule saml preview-mapping`), and that it
    /// is right.
    ReviewMapping {
        organization: String,
        connection: String,
        /// The state of the connection that you have looked at; without it, it is shown.
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = OnboardingServiceClient::new(operator.channel.clone());
    let shown = match command {
        Command::Show { organization, connection } => {
            let name = match connection {
                Some(connection) => find(operator, &organization, &connection).await?.name,
                None => org::name_of(operator, &organization).await?,
            };
            let answer = client.get_onboarding(GetOnboardingRequest { name }).await;
            answer.map_err(|status| operator.refused(&status))?.into_inner().onboarding
        }
        Command::ReviewMapping { organization, connection, etag } => {
            let found = find(operator, &organization, &connection).await?;
            let Some(etag) = etag else {
                anyhow::bail!(
                    "look at how people and what they may is read, and say that this is what you have seen:\n{}\n  --etag {}",
                    mapping(&found),
                    found.etag
                )
            };
            let request = ReviewMappingRequest { name: found.name, etag };
            let answer = client.review_mapping(request).await;
            answer.map_err(|status| operator.refused(&status))?.into_inner().onboarding
        }
        Command::List { org, all } => {
            let onboardings = list(operator, org, !all).await?;
            let answer = ListOnboardingsResponse { onboardings, next_page_token: String::new() };
            return operator.format.print("vestibule.registry.v1.ListOnboardingsResponse", &answer, rows);
        }
    };
    operator.format.print("vestibule.registry.v1.Onboarding", &shown.unwrap_or_default(), human)
}

async fn list(operator: &Operator, org: Option<String>, incomplete_only: bool) -> anyhow::Result<Vec<Onboarding>> {
    let parent = match org {
        Some(org) => org::name_of(operator, &org).await?,
        None => "organizations/-".to_owned(),
    };
    let mut client = OnboardingServiceClient::new(operator.channel.clone());
    let mut onboardings = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListOnboardingsRequest { parent: parent.clone(), page_size: 1000, page_token, incomplete_only };
        let page = client.list_onboardings(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        onboardings.extend(page.onboardings);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(onboardings);
        }
    }
}

fn rows(answer: &ListOnboardingsResponse) -> String {
    let row = |one: &Onboarding| {
        let missing: Vec<String> = one.steps.iter().filter(|step| is_open(step)).map(name).collect();
        let waits_for = one.steps.iter().find(|step| is_open(step)).map(actor).unwrap_or_default();
        [one.connection.clone(), state(one), waits_for, missing.join(", ")]
    };
    let rows: Vec<[String; 4]> = answer.onboardings.iter().map(row).collect();
    table(["CONNECTION", "STATE", "WAITS FOR", "MISSING"], &rows, "Nothing is missing anywhere.")
}

fn human(onboarding: &Onboarding) -> String {
    let next = onboarding.steps.iter().find(|step| is_open(step));
    let next = next.map(|step| format!("{}: {}", actor(step), step.instruction)).unwrap_or_default();
    let steps: Vec<String> = onboarding.steps.iter().map(line).collect();
    properties(&[
        ("organization", onboarding.organization.clone()),
        ("connection", onboarding.connection.clone()),
        ("state", state(onboarding)),
        ("next", next),
        ("steps", steps.join("\n")),
        ("started", moment(onboarding.start_time.as_ref())),
    ])
}

fn line(step: &OnboardingStep) -> String {
    let since = moment(step.since_time.as_ref());
    match step.state() {
        onboarding_step::State::Completed => format!("done        {} since {since}", name(step)),
        onboarding_step::State::Overridden => {
            format!("overridden  {} since {since}: {}", name(step), step.override_note)
        }
        onboarding_step::State::Open | onboarding_step::State::Unspecified => {
            format!("open        {} since {since}\n              {}: {}", name(step), actor(step), step.instruction)
        }
    }
}

fn is_open(step: &OnboardingStep) -> bool {
    step.state() == onboarding_step::State::Open
}

fn name(step: &OnboardingStep) -> String {
    plain(step.step().as_str_name(), "STEP_")
}

fn actor(step: &OnboardingStep) -> String {
    match step.actor() {
        onboarding_step::Actor::ItAdmin => "the customer's IT admin".to_owned(),
        onboarding_step::Actor::Operator => "you, the operator".to_owned(),
        onboarding_step::Actor::Application => "the application".to_owned(),
        onboarding_step::Actor::Unspecified => "somebody".to_owned(),
    }
}

fn state(onboarding: &Onboarding) -> String {
    let state: onboarding::State = onboarding.state();
    plain(state.as_str_name(), "STATE_")
}

/// How `vestibule connection test` goes about it.
#[derive(clap::Args, Debug)]
pub(crate) struct Test {
    organization: String,
    connection: String,
    /// For how many minutes the link is good: 1 to 1440.
    #[arg(long, default_value_t = 60, value_name = "MINUTES")]
    minutes: u32,
    /// Open the link in a browser here.
    #[arg(long)]
    open: bool,
    /// Print the link and do not wait for what comes of it.
    #[arg(long, conflicts_with = "open")]
    no_wait: bool,
}

/// Makes the link of a test sign-in, and waits until somebody has used it.
pub(crate) async fn test(test: Test, operator: &Operator) -> anyhow::Result<()> {
    let connection = find(operator, &test.organization, &test.connection).await?.name;
    let mut client = OnboardingServiceClient::new(operator.channel.clone());
    let seconds = i64::from(test.minutes) * 60;
    let lifetime = Some(prost_types::Duration { seconds, nanos: 0 });
    let answer = client.create_test_sign_in(CreateTestSignInRequest { connection, lifetime }).await;
    let made = answer.map_err(|status| operator.refused(&status))?.into_inner();
    if test.no_wait {
        return operator
            .format
            .print("vestibule.registry.v1.CreateTestSignInResponse", &made, |made| format!("{}\n", made.url));
    }
    note(&format!("Open this link, or have the customer's IT admin open it, and sign in:\n\n  {}\n", made.url));
    if test.open && !open(&made.url) {
        note("No browser could be started here.");
    }
    note("Waiting for what comes of it; interrupting changes nothing.");
    let name = made.test_sign_in.unwrap_or_default().name;
    let mut told = None;
    let ended = loop {
        let answer = client.get_test_sign_in(GetTestSignInRequest { name: name.clone() }).await;
        let known = answer.map_err(|status| operator.refused(&status))?.into_inner().test_sign_in.unwrap_or_default();
        match known.state() {
            test_sign_in::State::Passed | test_sign_in::State::Expired => break known,
            test_sign_in::State::Refused if told != known.end_time => {
                told = known.end_time;
                note(&format!("{}\nThe link can be used again.\n", report(&known)));
            }
            _ => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let has_passed = ended.state() == test_sign_in::State::Passed;
    operator.format.print("vestibule.registry.v1.TestSignIn", &ended, report)?;
    anyhow::ensure!(has_passed, "nobody has passed the test in time");
    Ok(())
}

/// Asks the desktop for a browser.
fn open(url: &str) -> bool {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = || Stdio::null();
    std::process::Command::new(program).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().is_ok()
}

fn report(test: &TestSignIn) -> String {
    let state: test_sign_in::State = test.state();
    let refused = test.refused.clone().unwrap_or_default();
    let why =
        if refused.reason.is_empty() { String::new() } else { format!("{} ({})", refused.message, refused.reason) };
    let checks: Vec<String> = test.checks.iter().map(check_line).collect();
    properties(&[
        ("test sign-in", test.name.clone()),
        ("state", plain(state.as_str_name(), "STATE_")),
        ("refused", why),
        ("to be mended by", mended_by(refused.responsible())),
        ("claims", test.claims.join(", ")),
        ("checks", checks.join("\n")),
        ("ended", moment(test.end_time.as_ref())),
    ])
}
