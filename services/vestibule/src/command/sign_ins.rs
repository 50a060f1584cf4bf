//! `vestibule sign-ins`.

use clap::Subcommand;
use vestibule_rpc::{
    gateway::v1::{
        GetSignInRequest, ListSignInsRequest, ListSignInsResponse, SignIn, sign_in_service_client::SignInServiceClient,
    },
    saml::v1::{Check, check, refusal},
};

use super::{Operator, org, resource_name};
use crate::output::{moment, plain, properties, table};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show one, by the reference that the person was shown.
    Show { sign_in: String },
    /// List recent ones, newest first.
    List {
        /// Only those of this organization: slug, id or name.
        #[arg(long)]
        org: Option<String>,
        /// Only those with this reason, such as `SIGNATURE_INVALID`.
        #[arg(long, default_value = "")]
        reason: String,
        /// How many, at most 200.
        #[arg(long, default_value_t = 20)]
        limit: i32,
    },
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = SignInServiceClient::new(operator.channel.clone());
    match command {
        Command::Show { sign_in } => {
            let id = sign_in.rsplit('/').next().unwrap_or_default();
            anyhow::ensure!(
                id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
                "`{sign_in}` is no reference as the page shows it, such as 01890a5d-ac96-774b-bcce-b302099a8057; `vestibule sign-ins list` shows the recent ones"
            );
            let name = resource_name("signIns", &sign_in);
            let answer = client.get_sign_in(GetSignInRequest { name }).await;
            let answer = answer.map_err(|status| operator.refused(&status))?.into_inner();
            operator.format.print("vestibule.gateway.v1.SignIn", &answer.sign_in.unwrap_or_default(), human)
        }
        Command::List { org, reason, limit } => {
            let organization = match org {
                Some(org) => org::name_of(operator, &org).await?,
                None => String::new(),
            };
            let request =
                ListSignInsRequest { organization, reason, page_size: limit, ..ListSignInsRequest::default() };
            let answer = client.list_sign_ins(request).await.map_err(|status| operator.refused(&status))?.into_inner();
            operator.format.print("vestibule.gateway.v1.ListSignInsResponse", &answer, rows)
        }
    }
}

fn rows(answer: &ListSignInsResponse) -> String {
    let rows: Vec<[String; 4]> = answer
        .sign_ins
        .iter()
        .map(|one| {
            let reference = one.name.rsplit('/').next().unwrap_or_default().to_owned();
            [moment(one.create_time.as_ref()), one.stage.clone(), one.reason.clone(), reference]
        })
        .collect();
    table(["WHEN", "STAGE", "REASON", "REFERENCE"], &rows, "No sign-ins are recorded.")
}

fn human(sign_in: &SignIn) -> String {
    let checks: Vec<String> = sign_in.checks.iter().map(check_line).collect();
    properties(&[
        ("sign-in", sign_in.name.clone()),
        ("when", moment(sign_in.create_time.as_ref())),
        ("ended at", sign_in.stage.clone()),
        ("reason", sign_in.reason.clone()),
        ("to be mended by", mended_by(sign_in.responsible())),
        ("organization", sign_in.organization.clone()),
        ("connection", sign_in.connection.clone()),
        ("routing", sign_in.routing_decision.clone()),
        ("certificate", sign_in.certificate_status.clone()),
        ("checks", checks.join("\n")),
        ("claims", sign_in.normalised_claims.join(", ")),
        ("answer to Cognito", sign_in.answer.clone()),
        ("trace", sign_in.trace_id.clone()),
    ])
}

pub(crate) fn mended_by(responsible: refusal::Responsible) -> String {
    match responsible {
        refusal::Responsible::Unspecified => String::new(),
        other => plain(other.as_str_name(), "RESPONSIBLE_"),
    }
}

pub(crate) fn check_line(check: &Check) -> String {
    let status: check::Status = check.status();
    let mark = plain(status.as_str_name(), "STATUS_");
    match status {
        check::Status::Failed | check::Status::Warning => {
            format!("{mark:11} {}: expected {}, found {}", check.name, check.expected, check.found)
        }
        _ => format!("{mark:11} {}", check.name),
    }
}
