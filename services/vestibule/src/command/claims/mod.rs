//! `vestibule claims`.

mod file;
mod flags;
mod preview;
mod print;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vestibule_rpc::registry::v1::{
    ClaimPolicy, ClearClaimPolicyRequest, GetClaimPolicyRequest, ReplaceClaimPolicyRequest,
    claim_policy_service_client::ClaimPolicyServiceClient,
};

use super::{Operator, org, pool};
use crate::output::note;
use flags::Said;
use preview::Preview;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the policy of a user pool, an organization or an app client, and what of it is not in force.
    Show {
        #[command(flatten)]
        owner: Owner,
    },
    /// Set the policy: that of a file, or the one that is saved, with what the flags say in addition.
    Set(Box<Set>),
    /// Take the policy away, so that those above hold.
    Clear {
        #[command(flatten)]
        owner: Owner,
    },
    /// Show what goes into both tokens of a person, real or hypothetical, before anything goes live.
    Preview(Preview),
}

/// Whose policy. Without --org it is that of a user pool, or of one of its app clients.
#[derive(Args, Debug)]
pub(crate) struct Owner {
    /// An organization: slug, id or name.
    #[arg(long, value_name = "ORGANIZATION", conflicts_with_all = ["pool", "client"])]
    org: Option<String>,
    /// A user pool: id, name or Cognito's id; may be left out when there is one only.
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    /// An app client of the user pool: Cognito's id of it.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Set {
    #[command(flatten)]
    owner: Owner,
    /// The policy in TOML, or in JSON when the name ends in `.json`; `-` reads TOML from standard input.
    file: Option<PathBuf>,
    #[command(flatten)]
    said: Said,
    /// Check it and show its effect; save nothing.
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: show the tokens of somebody of this organization; not needed for the policy of an organization.
    #[arg(long = "as", value_name = "ORGANIZATION", requires = "dry_run")]
    shown_as: Option<String>,
    /// With --dry-run: a role of that person; repeat for more.
    #[arg(long = "role", value_name = "ROLE", requires = "dry_run")]
    roles: Vec<String>,
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = ClaimPolicyServiceClient::new(operator.channel.clone());
    match command {
        Command::Show { owner } => {
            let name = owner.policy_name(operator).await?;
            let answer = client.get_claim_policy(GetClaimPolicyRequest { name }).await;
            let answer = answer.map_err(|status| operator.refused(&status))?.into_inner();
            operator.format.print("vestibule.registry.v1.GetClaimPolicyResponse", &answer, |answer| {
                print::policy(&answer.claim_policy.clone().unwrap_or_default(), &answer.notices)
            })
        }
        Command::Clear { owner } => {
            let name = owner.policy_name(operator).await?;
            let answer = client.clear_claim_policy(ClearClaimPolicyRequest { name, etag: String::new() }).await;
            let cleared = answer.map_err(|status| operator.refused(&status))?.into_inner().claim_policy;
            let cleared = cleared.unwrap_or_default();
            operator.format.print(TYPE, &cleared, |policy| print::policy(policy, &[]))
        }
        Command::Set(set) => self::set(*set, operator).await,
        Command::Preview(preview) => preview.run(operator).await,
    }
}

/// The type whose JSON is printed.
const TYPE: &str = "vestibule.registry.v1.ClaimPolicy";

async fn set(set: Set, operator: &Operator) -> anyhow::Result<()> {
    anyhow::ensure!(
        set.file.is_some() || !set.said.is_nothing(),
        "nothing to set: name a file, or flags such as --claim tenant_id=organization.id"
    );
    let mut client = ClaimPolicyServiceClient::new(operator.channel.clone());
    let name = set.owner.policy_name(operator).await?;
    let answer = client.get_claim_policy(GetClaimPolicyRequest { name: name.clone() }).await;
    let saved = answer.map_err(|status| operator.refused(&status))?.into_inner().claim_policy.unwrap_or_default();
    // Whoever saved something between reading and writing is not overwritten.
    let etag = saved.etag.clone();
    let base = match &set.file {
        Some(file) => file::read(file)?,
        None => saved,
    };
    let claim_policy = ClaimPolicy { name, etag, ..set.said.onto(base)? };
    let request = ReplaceClaimPolicyRequest { claim_policy: Some(claim_policy.clone()), validate_only: set.dry_run };
    let answer = client.replace_claim_policy(request).await.map_err(|status| operator.refused(&status))?.into_inner();
    operator.format.print("vestibule.registry.v1.ReplaceClaimPolicyResponse", &answer, |answer| {
        print::policy(&answer.claim_policy.clone().unwrap_or_default(), &answer.notices)
    })?;
    if !set.dry_run {
        return Ok(());
    }
    let Some(organization) = set.owner.org.or(set.shown_as) else {
        note("Nothing was saved. Name an organization with --as to see the tokens of its people.");
        return Ok(());
    };
    note("Nothing was saved. These would be the tokens:");
    preview::effect(operator, &organization, set.roles, set.owner.client.unwrap_or_default(), claim_policy).await
}

impl Owner {
    async fn policy_name(&self, operator: &Operator) -> anyhow::Result<String> {
        if let Some(organization) = &self.org {
            return Ok(format!("{}/claimPolicy", org::name_of(operator, organization).await?));
        }
        let pool = pool::find(operator, self.pool.as_deref()).await?.name;
        Ok(match &self.client {
            Some(client) => format!("{pool}/appClients/{client}/claimPolicy"),
            None => format!("{pool}/claimPolicy"),
        })
    }
}
