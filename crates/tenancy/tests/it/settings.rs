use std::time::Duration;

use serde_json::json;
use vestibule_decider::{Decider, Scenario};
use vestibule_tenancy::connection::{
    AttributeRule, CheckedSettings, ClaimName, Command, Configure, Configured, Connection, Create, Event, Provider,
    RoleRule, SamlSettings, SubjectSource,
    settings::{SettingsProblem, limit},
};

use crate::sample::{checked_settings, connection_created, create_connection, now, settings};

/// The fields that are refused, and why.
fn refused(settings: SamlSettings) -> Vec<(&'static str, SettingsProblem)> {
    let violations = CheckedSettings::check(settings, &SamlSettings::default(), now()).unwrap_err();
    violations.into_iter().map(|violation| (violation.field, violation.problem)).collect()
}

fn rule(claim: ClaimName, attributes: &[&str]) -> AttributeRule {
    AttributeRule { claim, attributes: attributes.iter().map(|&name| name.to_owned()).collect() }
}

fn role(group: &str, role: &str) -> RoleRule {
    RoleRule { group: group.to_owned(), role: role.to_owned() }
}

#[test]
fn settings_are_replaced_as_a_whole_and_repeating_adds_nothing() {
    let configure = |settings| Command::Configure(Configure { settings: Some(settings), ..Configure::default() });
    let configured = |settings| Event::from(Configured { settings: Some(settings), ..Configured::default() });
    let created = Event::from(connection_created());
    Scenario::<Connection>::given([created.clone()])
        .when(&configure(checked_settings()))
        .then([configured(settings())]);
    Scenario::<Connection>::given([created.clone(), configured(settings())])
        .when(&configure(checked_settings()))
        .then_nothing();
    Scenario::<Connection>::given([created.clone(), configured(settings())])
        .when(&configure(CheckedSettings::default()))
        .then([configured(SamlSettings::default())]);
    let state = Connection::replay(&[created.clone(), configured(settings())]);
    assert_eq!(state.trust().unwrap().settings, settings());
    assert_eq!(Connection::replay(&[created]).trust().unwrap().settings, SamlSettings::default());
}

#[test]
fn a_connection_may_begin_with_settings() {
    let create = Command::Create(Create { settings: checked_settings(), ..create_connection() });
    let configured = Configured { settings: Some(settings()), ..Configured::default() };
    Scenario::<Connection>::given_nothing().when(&create).then([Event::from(connection_created()), configured.into()]);
}

#[test]
fn what_was_saved_by_an_older_release_is_the_default_in_what_it_leaves_out() {
    assert_eq!(serde_json::from_value::<SamlSettings>(json!({})).unwrap(), SamlSettings::default());
    assert_eq!(serde_json::to_value(SamlSettings::default()).unwrap(), json!({}));
    let partly = serde_json::from_value::<SamlSettings>(json!({ "idp_initiated": true })).unwrap();
    assert_eq!(partly, SamlSettings { idp_initiated: true, ..SamlSettings::default() });
}

#[test]
fn names_of_attributes_are_honest_lines() {
    for name in ["", " mail", "mail\n", "ma\u{202E}il", &"x".repeat(limit::NAME_CHARS_MAX + 1)] {
        let subject = SubjectSource::Attribute { name: name.to_owned() };
        let wanted = SamlSettings { subject, ..SamlSettings::default() };
        assert_eq!(refused(wanted), [("subject", SettingsProblem::AttributeName)], "{name:?}");
        let attributes = vec![rule(ClaimName::Email, &[name])];
        let wanted = SamlSettings { attributes, ..SamlSettings::default() };
        assert_eq!(refused(wanted), [("attributes", SettingsProblem::AttributeName)], "{name:?}");
    }
}

#[test]
fn a_claim_has_one_rule_with_a_few_names() {
    let many: Vec<String> = (0..=limit::NAMES_PER_CLAIM_MAX).map(|at| format!("a{at}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for names in [&[][..], &["mail", "mail"], &many] {
        let attributes = vec![rule(ClaimName::Email, names)];
        let wanted = SamlSettings { attributes, ..SamlSettings::default() };
        assert_eq!(refused(wanted), [("attributes", SettingsProblem::AttributeNames)], "{names:?}");
    }
    let attributes = vec![rule(ClaimName::Email, &["mail"]), rule(ClaimName::Email, &["email"])];
    let wanted = SamlSettings { attributes, ..SamlSettings::default() };
    assert_eq!(refused(wanted), [("attributes", SettingsProblem::ClaimTwice)]);
    let required_claims = vec![ClaimName::Email, ClaimName::Email];
    let wanted = SamlSettings { required_claims, ..SamlSettings::default() };
    assert_eq!(refused(wanted), [("required_claims", SettingsProblem::RequiredTwice)]);
}

#[test]
fn rules_for_roles_are_few_and_say_something_each() {
    for (roles, problem) in [
        (vec![role("", "admin")], SettingsProblem::Group),
        (vec![role("Admins", "Admin")], SettingsProblem::Role),
        (vec![role("Admins", "admin"), role("Admins", "admin")], SettingsProblem::RoleTwice),
        (
            (0..=limit::ROLE_RULES_MAX).map(|at| role(&format!("g{at}"), "admin")).collect(),
            SettingsProblem::RolesTooMany,
        ),
    ] {
        assert_eq!(refused(SamlSettings { roles, ..SamlSettings::default() }), [("roles", problem)]);
    }
}

#[test]
fn requests_ask_for_what_can_be_used() {
    const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let format = |text: &str| SamlSettings { name_id_format: Some(text.to_owned()), ..SamlSettings::default() };
    for text in ["", "persistent", "urn:a b", "urn:é"] {
        assert_eq!(refused(format(text)), [("name_id_format", SettingsProblem::NameIdFormat)], "{text:?}");
    }
    assert_eq!(refused(format(TRANSIENT)), [("name_id_format", SettingsProblem::NameIdTransient)]);
    let subject = SubjectSource::Attribute { name: "uid".to_owned() };
    let wanted = SamlSettings { subject, ..format(TRANSIENT) };
    assert!(CheckedSettings::check(wanted, &SamlSettings::default(), now()).is_ok());

    let contexts = |uris: Vec<String>| SamlSettings { requested_authn_context: uris, ..SamlSettings::default() };
    let many = (0..=limit::CONTEXTS_MAX).map(|at| format!("urn:{at}")).collect();
    for uris in [vec!["password".to_owned()], vec!["urn:a".to_owned(), "urn:a".to_owned()], many] {
        assert_eq!(refused(contexts(uris)), [("requested_authn_context", SettingsProblem::AuthnContext)]);
    }
}

#[test]
fn clocks_differ_by_five_minutes_at_most() {
    let skew = |seconds| SamlSettings { clock_skew_seconds: Some(seconds), ..SamlSettings::default() };
    assert_eq!(refused(skew(301)), [("clock_skew_seconds", SettingsProblem::ClockSkew)]);
    for seconds in [0, 300] {
        assert!(CheckedSettings::check(skew(seconds), &SamlSettings::default(), now()).is_ok());
    }
}

#[test]
fn an_exception_for_sha1_ends_and_stays_saved_when_it_has_ended() {
    let until = |moment| SamlSettings { sha1_until: Some(moment), ..SamlSettings::default() };
    let day = Duration::from_hours(24);
    let latest = now().plus(90 * day);
    for moment in [now(), now().minus(day), latest.plus(Duration::from_secs(1))] {
        assert_eq!(refused(until(moment)), [("sha1_until", SettingsProblem::Sha1Until)]);
    }
    let saved = until(latest);
    assert!(CheckedSettings::check(saved.clone(), &SamlSettings::default(), now()).is_ok());
    let later = latest.plus(day);
    let renamed = SamlSettings { provider: Provider::Okta, ..saved.clone() };
    assert!(CheckedSettings::check(renamed, &saved, later).is_ok(), "what was saved does not stand in the way");
    let prolonged = until(later);
    assert!(CheckedSettings::check(prolonged, &saved, later).is_err(), "it is not prolonged into the past");
}

#[test]
fn roles_come_from_exactly_these_groups_each_once_in_the_order_of_the_rules() {
    let roles =
        vec![role("Admins", "admin"), role("Ops", "operator"), role("Root", "admin"), role("All", "Not A Role")];
    let settings = SamlSettings { roles, ..SamlSettings::default() };
    let of = |groups: &[&str]| {
        let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
        settings.roles(&groups).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(of(&["Ops", "Root", "Admins"]), ["admin", "operator"]);
    assert!(of(&["admins", "Admins ", "Àdmins", "All"]).is_empty());
    assert!(of(&[]).is_empty());
}
