use std::collections::BTreeMap;

use vestibule_rpc::registry::v1 as pb;
use vestibule_tenancy::claim_policy::{
    Attribute, Budget, ClaimPolicy, ClaimRule, ClaimSource, CustomAttributes, EventVersion, GroupMode, Groups, Problem,
    Suppress, Tokens,
};

use crate::value::to_json;

/// Reads a policy. What it may say is for [`checked`](crate::checked) to tell.
///
/// # Errors
/// What cannot be read as a policy at all.
pub fn read(message: &pb::ClaimPolicy) -> Result<ClaimPolicy, Vec<Problem>> {
    let mut problems = Problems::default();
    let groups = message.groups.clone().unwrap_or_default();
    let suppress = message.suppress.clone().unwrap_or_default();
    let budget = message.budget.clone().unwrap_or_default();
    let policy = ClaimPolicy {
        event_version: problems.read("event_version", event_version(message.event_version)),
        claims: claims(message, &mut problems),
        scopes: message.scopes.clone(),
        groups: Groups { mode: problems.read("groups.mode", mode(groups.mode)), template: some(groups.template) },
        suppress: Suppress {
            user_admin_scope: suppress.user_admin_scope,
            custom_attributes: problems
                .read("suppress.custom_attributes", custom_attributes(suppress.custom_attributes)),
            claims: suppress.claims,
            scopes: suppress.scopes,
        },
        app_clients: message.app_clients.clone(),
        budget: Budget {
            claims: budget.claims.map(saturated),
            roles: budget.roles.map(saturated),
            reference_claim: some(budget.reference_claim),
        },
    };
    if problems.0.is_empty() { Ok(policy) } else { Err(problems.0) }
}

/// The version that an enum value of the interface means; `Ok(None)` for none.
///
/// # Errors
/// When it means nothing.
pub fn event_version(value: i32) -> Result<Option<EventVersion>, UnknownValue> {
    use pb::claim_policy::EventVersion as Message;
    Ok(match Message::try_from(value).map_err(|_| UnknownValue)? {
        Message::Unspecified => None,
        Message::V10 => Some(EventVersion::V1),
        Message::V20 => Some(EventVersion::V2),
        Message::V30 => Some(EventVersion::V3),
    })
}

/// An enum has a value that this program does not know.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this value is not known here")]
pub struct UnknownValue;

fn mode(value: i32) -> Result<Option<GroupMode>, UnknownValue> {
    use pb::claim_groups::Mode;
    Ok(match Mode::try_from(value).map_err(|_| UnknownValue)? {
        Mode::Unspecified => None,
        Mode::Keep => Some(GroupMode::Keep),
        Mode::Replace => Some(GroupMode::Replace),
        Mode::Suppress => Some(GroupMode::Suppress),
    })
}

fn custom_attributes(value: i32) -> Result<Option<CustomAttributes>, UnknownValue> {
    use pb::claim_suppression::CustomAttributes as Message;
    Ok(match Message::try_from(value).map_err(|_| UnknownValue)? {
        Message::Unspecified => None,
        Message::Keep => Some(CustomAttributes::Keep),
        Message::SuppressNamesakes => Some(CustomAttributes::SuppressNamesakes),
        Message::SuppressAll => Some(CustomAttributes::SuppressAll),
    })
}

fn tokens(value: i32) -> Result<Option<Tokens>, UnknownValue> {
    use pb::claim_rule::Tokens as Message;
    Ok(match Message::try_from(value).map_err(|_| UnknownValue)? {
        Message::Unspecified => None,
        Message::Both => Some(Tokens::Both),
        Message::Id => Some(Tokens::Id),
        Message::Access => Some(Tokens::Access),
        Message::Neither => Some(Tokens::Neither),
    })
}

fn claims(message: &pb::ClaimPolicy, problems: &mut Problems) -> BTreeMap<String, ClaimRule> {
    let mut claims = BTreeMap::new();
    // In an order that does not change, so that the first problem is the same each time.
    for (name, rule) in message.claims.iter().collect::<BTreeMap<_, _>>() {
        let source = match &rule.source {
            None => None,
            Some(pb::claim_rule::Source::Constant(value)) => Some(ClaimSource::Constant(to_json(value))),
            Some(pb::claim_rule::Source::From(from)) => {
                let attribute = Attribute::parse(from);
                if attribute.is_none() {
                    let known: Vec<&str> = Attribute::ALL.iter().map(|(_, name)| *name).collect();
                    let description = format!("none of {}", known.join(", "));
                    problems.note("CLAIM_SOURCE_UNKNOWN", format!("{}.from", Problem::claim_field(name)), description);
                }
                attribute.map(ClaimSource::From)
            }
        };
        let tokens = problems.read(&format!("{}.tokens", Problem::claim_field(name)), tokens(rule.tokens));
        claims.insert(name.clone(), ClaimRule { source, tokens });
    }
    claims
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// What is too large for a budget is refused there.
fn saturated(value: u32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn note(&mut self, reason: &'static str, field: String, description: String) {
        self.0.push(Problem { reason, field, description });
    }

    fn read<T>(&mut self, field: &str, value: Result<Option<T>, UnknownValue>) -> Option<T> {
        value.unwrap_or_else(|unknown| {
            self.note("ENUM_VALUE_UNKNOWN", field.to_owned(), unknown.to_string());
            None
        })
    }
}
