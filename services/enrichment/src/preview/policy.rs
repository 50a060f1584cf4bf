use std::collections::HashMap;

use vestibule_claims::{InvalidPolicy, checked, policy_name, read, saved, target};
use vestibule_eventlog::EventLog;
use vestibule_rpc::registry::v1::ClaimPolicy as Message;
use vestibule_tenancy::claim_policy::{ClaimPolicy, Effective, Level, Problem, Target};

use super::{PreviewError, subject::Subject};

/// The policies that the tokens depend on, laid over each other.
pub(super) struct Layers {
    pub(super) effective: Effective,
    /// What a saved policy says and what is not in force.
    pub(super) problems: Vec<Problem>,
    names: Vec<(Level, String)>,
}

impl Layers {
    /// How the policy of a level is called.
    pub(super) fn name(&self, level: Level) -> String {
        let name = self.names.iter().find(|(of, _)| *of == level);
        name.map_or_else(|| "defaults".to_owned(), |(_, name)| name.clone())
    }
}

/// The saved policies, with proposed ones in their place.
pub(super) async fn layers(
    log: &EventLog,
    subject: &Subject,
    app_client_id: &str,
    proposed: &[Message],
) -> Result<Layers, PreviewError> {
    let user_pool = subject.user_pool();
    let targets = [
        Target::UserPool { user_pool },
        Target::Organization { organization: subject.id },
        Target::AppClient { user_pool, app_client_id: app_client_id.to_owned() },
    ];
    let mut proposals = proposals(&targets, proposed)?;
    let mut layers = Layers { effective: Effective::default(), problems: Vec::new(), names: Vec::new() };
    let mut of_pool = Effective::default();
    for target in targets {
        let policy = if let Some((field, policy)) = proposals.remove(&target) {
            // As the registry would: against the policy of the pool, whatever it meets in the tokens of one organization.
            checked(&field, target.clone(), policy, &of_pool)?.policy().clone()
        } else {
            saved(log, &target).await?.state.policy
        };
        let name = policy_name(&target);
        let (effective, problems) = layers.effective.with(target.level(), &policy);
        layers.problems.extend(
            problems.into_iter().map(|problem| Problem { field: format!("{name}: {}", problem.field), ..problem }),
        );
        layers.names.push((target.level(), name));
        layers.effective = effective;
        if target.level() == Level::UserPool {
            of_pool = layers.effective.clone();
        }
    }
    Ok(layers)
}

type Proposals = HashMap<Target, (String, ClaimPolicy)>;

fn proposals(targets: &[Target], proposed: &[Message]) -> Result<Proposals, PreviewError> {
    let mut proposals = HashMap::new();
    // As many as there are targets, and one more to find the one too many.
    for (index, message) in proposed.iter().enumerate().take(targets.len() + 1) {
        let field = format!("proposed[{index}]");
        let target = target("proposed.name", &message.name)?;
        if !targets.contains(&target) {
            return Err(PreviewError::PolicyNotUsed { field });
        }
        let policy = read(message).map_err(|problems| InvalidPolicy { field: field.clone(), problems })?;
        if proposals.insert(target, (field.clone(), policy)).is_some() {
            return Err(PreviewError::PolicyTwice { field });
        }
    }
    Ok(proposals)
}
