//! A policy in a file.

use std::path::Path;

use anyhow::Context;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::Value;
use vestibule_rpc::{FILE_DESCRIPTOR_SET, registry::v1::ClaimPolicy};

use crate::input;

/// Reads a policy.
pub(super) fn read(file: &Path) -> anyhow::Result<ClaimPolicy> {
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    parse(&input::read(file)?, is_json).with_context(|| format!("the policy file {}", file.display()))
}

fn parse(text: &str, is_json: bool) -> anyhow::Result<ClaimPolicy> {
    let mut value: Value = if is_json { serde_json::from_str(text)? } else { toml::from_str(text)? };
    spell_out(&mut value, "event_version", "EVENT_VERSION_");
    if let Some(Value::Object(claims)) = value.get_mut("claims") {
        claims.values_mut().for_each(|claim| spell_out(claim, "tokens", "TOKENS_"));
    }
    if let Some(groups) = value.get_mut("groups") {
        spell_out(groups, "mode", "MODE_");
    }
    if let Some(suppress) = value.get_mut("suppress") {
        spell_out(suppress, "custom_attributes", "CUSTOM_ATTRIBUTES_");
    }
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).context("the descriptors built into this program")?;
    let descriptor = pool.get_message_by_name(super::TYPE).context("the descriptors know no policy")?;
    let message = DynamicMessage::deserialize(descriptor, value).context("it is not a claim policy")?;
    Ok(message.transcode_to()?)
}

/// People write `access`, the interface `TOKENS_ACCESS`; both are read.
fn spell_out(object: &mut Value, member: &str, prefix: &str) {
    if let Some(Value::String(text)) = object.get_mut(member)
        && !text.starts_with(prefix)
    {
        *text = format!("{prefix}{}", text.to_uppercase());
    }
}

#[cfg(test)]
mod tests {
    use prost_types::value::Kind;
    use vestibule_rpc::registry::v1::{claim_groups, claim_policy, claim_rule, claim_suppression};

    use super::*;

    const TOML: &str = r#"
        event_version = "v2_0"
        scopes = ["tenant/{organization.id}"]
        [claims]
        tenant_id = { from = "organization.id" }
        seats = { constant = 5, tokens = "access" }
        [groups]
        mode = "replace"
        template = "{organization.slug}:{role}"
        [suppress]
        user_admin_scope = false
        custom_attributes = "suppress_all"
        claims = ["phone_number"]
    "#;

    #[test]
    fn a_policy_is_read_as_people_write_it() {
        let policy = parse(TOML, false).unwrap();
        assert_eq!(policy.event_version(), claim_policy::EventVersion::V20);
        assert_eq!(policy.scopes, ["tenant/{organization.id}"]);
        let tenant = &policy.claims["tenant_id"];
        assert_eq!(tenant.source, Some(claim_rule::Source::From("organization.id".to_owned())));
        let seats = &policy.claims["seats"];
        assert_eq!(seats.tokens(), claim_rule::Tokens::Access);
        let five = prost_types::Value { kind: Some(Kind::NumberValue(5.0)) };
        assert_eq!(seats.source, Some(claim_rule::Source::Constant(five)));
        assert_eq!(policy.groups.unwrap().mode(), claim_groups::Mode::Replace);
        let suppress = policy.suppress.unwrap();
        assert_eq!(suppress.user_admin_scope, Some(false));
        assert_eq!(suppress.custom_attributes(), claim_suppression::CustomAttributes::SuppressAll);
        let json = r#"{ "claims": { "tier": { "from": "organization.tier", "tokens": "TOKENS_ID" } } }"#;
        assert_eq!(parse(json, true).unwrap().claims["tier"].tokens(), claim_rule::Tokens::Id);
    }

    #[test]
    fn what_is_no_policy_is_refused_and_not_ignored() {
        for bad in [
            "claim = 1",
            "scopes = \"a\"",
            "[groups]\nmode = \"none\"",
            "[claims]\ntier = { form = \"organization.tier\" }",
            "[claims]\ntier = { from = \"a\", constant = 1 }",
            "not toml",
        ] {
            assert!(parse(bad, false).is_err(), "{bad}");
        }
        assert!(parse("[]", true).is_err() && parse("{", true).is_err());
    }
}
