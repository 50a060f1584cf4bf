//! A policy in flags.

use anyhow::Context;
use clap::{Args, ValueEnum};
use prost_types::value::Kind;
use vestibule_rpc::registry::v1::{
    ClaimPolicy, ClaimRule, claim_groups::Mode, claim_policy::EventVersion as VersionMessage, claim_rule,
    claim_suppression::CustomAttributes as CustomMessage,
};

/// What is said beside the file, or beside what is saved.
#[derive(Args, Debug, Default)]
pub(super) struct Said {
    /// A claim, `NAME=SOURCE` or `NAME=SOURCE:TOKENS`, such as `tenant_id=organization.id` or `roles=person.roles:access`;
    /// tokens are `both`, `id`, `access` and `neither`. Repeat for more.
    #[arg(long = "claim", value_name = "NAME=SOURCE")]
    claims: Vec<String>,
    /// A claim with a constant text, `NAME=TEXT`, in both tokens. Repeat for more.
    #[arg(long = "constant", value_name = "NAME=TEXT")]
    constants: Vec<String>,
    /// A claim that the policy says nothing about any more. Repeat for more.
    #[arg(long = "without-claim", value_name = "NAME")]
    without_claims: Vec<String>,
    /// The template of a scope to add, such as `tenant/{organization.id}`. Repeat for more.
    #[arg(long = "scope", value_name = "TEMPLATE")]
    scopes: Vec<String>,
    /// What becomes of the groups that Cognito knows.
    #[arg(long, value_name = "MODE")]
    group_mode: Option<GroupMode>,
    /// The template of the group that a role becomes, such as `{organization.slug}:{role}`.
    #[arg(long, value_name = "TEMPLATE")]
    group_template: Option<String>,
    /// A claim that does not go into the tokens. Repeat for more.
    #[arg(long = "suppress-claim", value_name = "NAME")]
    suppressed_claims: Vec<String>,
    /// A scope that does not go into the token. Repeat for more.
    #[arg(long = "suppress-scope", value_name = "SCOPE")]
    suppressed_scopes: Vec<String>,
    /// Which raw `custom:*` claims do not go into the ID token.
    #[arg(long, value_name = "WHICH")]
    custom_attributes: Option<CustomAttributes>,
    /// An app client for which tokens are made; no other one is then. Repeat for more.
    #[arg(long = "app-client", value_name = "CLIENT_ID")]
    app_clients: Vec<String>,
    /// The version of the event that the pool's trigger is configured with.
    #[arg(long, value_name = "VERSION")]
    event_version: Option<EventVersion>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum GroupMode {
    Keep,
    Replace,
    Suppress,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CustomAttributes {
    Keep,
    SuppressNamesakes,
    SuppressAll,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum EventVersion {
    #[value(name = "v1_0")]
    V1,
    #[value(name = "v2_0")]
    V2,
    #[value(name = "v3_0")]
    V3,
}

impl EventVersion {
    pub(super) const fn message(self) -> VersionMessage {
        match self {
            Self::V1 => VersionMessage::V10,
            Self::V2 => VersionMessage::V20,
            Self::V3 => VersionMessage::V30,
        }
    }
}

impl Said {
    pub(super) fn is_nothing(&self) -> bool {
        let lists = [
            &self.claims,
            &self.constants,
            &self.without_claims,
            &self.scopes,
            &self.suppressed_claims,
            &self.suppressed_scopes,
            &self.app_clients,
        ];
        lists.into_iter().all(Vec::is_empty)
            && self.group_mode.is_none()
            && self.group_template.is_none()
            && self.custom_attributes.is_none()
            && self.event_version.is_none()
    }

    /// The policy with what is said in addition.
    pub(super) fn onto(&self, mut policy: ClaimPolicy) -> anyhow::Result<ClaimPolicy> {
        for name in &self.without_claims {
            anyhow::ensure!(policy.claims.remove(name).is_some(), "the policy says nothing about the claim `{name}`");
        }
        for text in &self.claims {
            let (name, rule) = claim(text)?;
            policy.claims.insert(name, rule);
        }
        for text in &self.constants {
            let (name, value) = text.split_once('=').with_context(|| format!("`{text}` is not NAME=TEXT"))?;
            let value = prost_types::Value { kind: Some(Kind::StringValue(value.to_owned())) };
            let rule = ClaimRule { source: Some(claim_rule::Source::Constant(value)), tokens: 0 };
            policy.claims.insert(name.to_owned(), rule);
        }
        add(&mut policy.scopes, &self.scopes);
        add(&mut policy.app_clients, &self.app_clients);
        if self.group_mode.is_some() || self.group_template.is_some() {
            let groups = policy.groups.get_or_insert_default();
            match self.group_mode {
                None => {}
                Some(GroupMode::Keep) => groups.set_mode(Mode::Keep),
                Some(GroupMode::Replace) => groups.set_mode(Mode::Replace),
                Some(GroupMode::Suppress) => groups.set_mode(Mode::Suppress),
            }
            if let Some(template) = &self.group_template {
                groups.template.clone_from(template);
            }
        }
        let suppressed = [&self.suppressed_claims, &self.suppressed_scopes];
        if self.custom_attributes.is_some() || suppressed.iter().any(|list| !list.is_empty()) {
            let suppress = policy.suppress.get_or_insert_default();
            match self.custom_attributes {
                None => {}
                Some(CustomAttributes::Keep) => suppress.set_custom_attributes(CustomMessage::Keep),
                Some(CustomAttributes::SuppressNamesakes) => {
                    suppress.set_custom_attributes(CustomMessage::SuppressNamesakes);
                }
                Some(CustomAttributes::SuppressAll) => suppress.set_custom_attributes(CustomMessage::SuppressAll),
            }
            add(&mut suppress.claims, &self.suppressed_claims);
            add(&mut suppress.scopes, &self.suppressed_scopes);
        }
        if let Some(version) = self.event_version {
            policy.set_event_version(version.message());
        }
        Ok(policy)
    }
}

/// What is said again is said once.
fn add(list: &mut Vec<String>, more: &[String]) {
    for one in more {
        if !list.contains(one) {
            list.push(one.clone());
        }
    }
}

fn claim(text: &str) -> anyhow::Result<(String, ClaimRule)> {
    let (name, source) = text.split_once('=').with_context(|| format!("`{text}` is not NAME=SOURCE"))?;
    let (source, tokens) = source.split_once(':').unwrap_or((source, ""));
    let tokens = match tokens {
        "" => claim_rule::Tokens::Unspecified,
        "both" => claim_rule::Tokens::Both,
        "id" => claim_rule::Tokens::Id,
        "access" => claim_rule::Tokens::Access,
        "neither" => claim_rule::Tokens::Neither,
        other => anyhow::bail!("`{other}` is none of both, id, access, neither"),
    };
    // Without a source, only the tokens are chosen.
    let source = (!source.is_empty()).then(|| claim_rule::Source::From(source.to_owned()));
    Ok((name.to_owned(), ClaimRule { source, tokens: tokens.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_said_in_addition_to_what_is_there() {
        let said = Said {
            claims: vec!["tenant_id=organization.id".to_owned(), "tier=:id".to_owned()],
            constants: vec!["plan=a=b:c".to_owned()],
            without_claims: vec!["old".to_owned()],
            scopes: vec!["a".to_owned(), "b".to_owned()],
            suppressed_claims: vec!["phone_number".to_owned()],
            group_mode: Some(GroupMode::Replace),
            ..Said::default()
        };
        let there = ClaimPolicy {
            claims: [("old".to_owned(), ClaimRule::default())].into(),
            scopes: vec!["a".to_owned()],
            ..ClaimPolicy::default()
        };
        let policy = said.onto(there).unwrap();
        let tenant = &policy.claims["tenant_id"];
        assert_eq!(tenant.source, Some(claim_rule::Source::From("organization.id".to_owned())));
        assert_eq!((policy.claims["tier"].tokens(), &policy.claims["tier"].source), (claim_rule::Tokens::Id, &None));
        let constant = prost_types::Value { kind: Some(Kind::StringValue("a=b:c".to_owned())) };
        assert_eq!(policy.claims["plan"].source, Some(claim_rule::Source::Constant(constant)));
        assert!(!policy.claims.contains_key("old"));
        assert_eq!(policy.scopes, ["a", "b"]);
        assert_eq!(policy.groups.unwrap().mode(), Mode::Replace);
        assert_eq!(policy.suppress.unwrap().claims, ["phone_number"]);
        assert!(Said::default().is_nothing() && !said.is_nothing());
        assert!(said.onto(ClaimPolicy::default()).is_err(), "a claim that is not there cannot go");
        for bad in ["tier", "tier=organization.tier:token"] {
            let said = Said { claims: vec![bad.to_owned()], ..Said::default() };
            assert!(said.onto(ClaimPolicy::default()).is_err(), "{bad}");
        }
    }
}
