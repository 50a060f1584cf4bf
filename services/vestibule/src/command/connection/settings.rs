//! Settings of a SAML connection as flags, and as people read them.

use clap::Args;
use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{
        AttributeRule, RoleRule, SamlSettings,
        saml_settings::{CertificateValidity, Encryption, Provider, SignRequests},
    },
};

use crate::output::{moment, plain};

/// What can be set; what is not named stays as it is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SettingFlags {
    /// The product, whose attribute names are then known: generic, entra-id, okta, ad-fs, google, ping, one-login, keycloak,
    /// simple-saml-php or shibboleth.
    #[arg(long, value_name = "PRODUCT", value_parser = |text: &str| named(text, "PROVIDER_", Provider::from_str_name))]
    provider: Option<Provider>,
    /// Recognise people by this attribute, by its exact Name; empty for the NameID. Everybody is a new person then,
    /// until re-linked.
    #[arg(long, value_name = "ATTRIBUTE")]
    subject_attribute: Option<String>,
    /// Take a claim (`email`, `given_name`, `family_name`, `name`, `groups`) from this attribute and from no other; repeat
    /// it for the next best.
    #[arg(long = "map", value_name = "CLAIM=ATTRIBUTE", value_parser = pair)]
    maps: Vec<(String, String)>,
    /// Let nobody sign in without this claim.
    #[arg(long = "require", value_name = "CLAIM")]
    requires: Vec<String>,
    /// What a group of the identity provider means in our words.
    #[arg(long = "role", value_name = "ROLE=GROUP", value_parser = pair)]
    roles: Vec<(String, String)>,
    /// By how many seconds the identity provider's clock may differ, at most 300.
    #[arg(long, value_name = "SECONDS")]
    clock_skew: Option<u32>,
    /// Sign our requests: when-asked, always or never.
    #[arg(long, value_name = "WHEN", value_parser = |text: &str| named(text, "SIGN_REQUESTS_", SignRequests::from_str_name))]
    sign_requests: Option<SignRequests>,
    /// Ask for this NameID format; empty for none.
    #[arg(long, value_name = "URI")]
    name_id_format: Option<String>,
    /// Ask for one of these authentication contexts.
    #[arg(long = "authn-context", value_name = "URI")]
    authn_contexts: Vec<String>,
    /// Have people prove anew who they are at every sign-in.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    force_authn: Option<bool>,
    /// Take plain assertions too, or encrypted ones only: optional or required.
    #[arg(long, value_name = "WHETHER", value_parser = |text: &str| named(text, "ENCRYPTION_", Encryption::from_str_name))]
    encryption: Option<Encryption>,
    /// Send the browser on to begin a sign-in when a Response comes that nobody asked for.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    idp_initiated: Option<bool>,
    /// Take signatures over SHA-1 until then, at most 90 days: a date or a moment.
    #[arg(long, value_name = "DATE", value_parser = date)]
    sha1_until: Option<Timestamp>,
    /// Outside its validity a certificate is a warning, or verifies nothing: warn or enforce.
    #[arg(
        long,
        value_name = "WHAT",
        value_parser = |text: &str| named(text, "CERTIFICATE_VALIDITY_", CertificateValidity::from_str_name)
    )]
    certificate_validity: Option<CertificateValidity>,
    /// Put a setting back to its default, by its name in the contract, such as `roles`.
    #[arg(long = "reset", value_name = "SETTING")]
    resets: Vec<String>,
}

impl SettingFlags {
    /// The settings, and the names of those that are meant.
    pub(crate) fn read(self) -> (SamlSettings, Vec<String>) {
        let mut fields: Vec<&str> = Vec::new();
        let mut meant = |is_meant: bool, field| fields.extend(is_meant.then_some(field));
        meant(self.provider.is_some(), "provider");
        meant(self.subject_attribute.is_some(), "subject_attribute");
        meant(!self.maps.is_empty(), "attributes");
        meant(!self.requires.is_empty(), "required_claims");
        meant(!self.roles.is_empty(), "roles");
        meant(self.clock_skew.is_some(), "clock_skew_seconds");
        meant(self.sign_requests.is_some(), "sign_requests");
        meant(self.name_id_format.is_some(), "name_id_format");
        meant(!self.authn_contexts.is_empty(), "requested_authn_context");
        meant(self.force_authn.is_some(), "force_authn");
        meant(self.encryption.is_some(), "encryption");
        meant(self.idp_initiated.is_some(), "idp_initiated");
        meant(self.sha1_until.is_some(), "sha1_until");
        meant(self.certificate_validity.is_some(), "certificate_validity");
        let fields = fields.into_iter().map(str::to_owned).chain(self.resets).collect();
        let role = |(role, group)| RoleRule { group, role };
        let settings = SamlSettings {
            provider: self.provider.unwrap_or_default().into(),
            subject_attribute: self.subject_attribute,
            attributes: rules(self.maps),
            required_claims: self.requires,
            roles: self.roles.into_iter().map(role).collect(),
            clock_skew_seconds: self.clock_skew,
            sign_requests: self.sign_requests.unwrap_or_default().into(),
            name_id_format: self.name_id_format.unwrap_or_default(),
            requested_authn_context: self.authn_contexts,
            force_authn: self.force_authn.unwrap_or_default(),
            encryption: self.encryption.unwrap_or_default().into(),
            idp_initiated: self.idp_initiated.unwrap_or_default(),
            sha1_until: self.sha1_until.map(proto_timestamp),
            certificate_validity: self.certificate_validity.unwrap_or_default().into(),
        };
        (settings, fields)
    }
}

/// One rule a claim, its attributes in the order in which they were named.
fn rules(maps: Vec<(String, String)>) -> Vec<AttributeRule> {
    let mut rules: Vec<AttributeRule> = Vec::new();
    for (claim, attribute) in maps {
        match rules.iter_mut().find(|rule| rule.claim == claim) {
            Some(rule) => rule.attributes.push(attribute),
            None => rules.push(AttributeRule { claim, attributes: vec![attribute] }),
        }
    }
    rules
}

/// What stands before the first `=`, and the rest: distinguished names have more of them.
fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write it with `=` between")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn named<T>(text: &str, prefix: &str, of: fn(&str) -> Option<T>) -> Result<T, &'static str> {
    let name = format!("{prefix}{}", text.to_ascii_uppercase().replace('-', "_"));
    of(&name).ok_or("see --help for what it can be")
}

fn date(text: &str) -> Result<Timestamp, &'static str> {
    let moment = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    moment.parse().map_err(|_| "write it as 2026-12-31 or 2026-12-31T18:00:00Z")
}

/// What is not at its default, a line each.
pub(crate) fn lines(settings: &SamlSettings) -> String {
    let mut lines = vec![plain(settings.provider().as_str_name(), "PROVIDER_")];
    let subject = settings.subject_attribute.as_deref().filter(|name| !name.is_empty());
    lines.push(subject.map_or_else(|| "subject: NameID".to_owned(), |name| format!("subject: attribute {name}")));
    let mut say = |line: String| lines.push(line);
    for rule in &settings.attributes {
        say(format!("{} from {}", rule.claim, rule.attributes.join(", else ")));
    }
    if !settings.required_claims.is_empty() {
        say(format!("requires {}", settings.required_claims.join(", ")));
    }
    for rule in &settings.roles {
        say(format!("role {} for group {}", rule.role, rule.group));
    }
    if let Some(seconds) = settings.clock_skew_seconds {
        say(format!("clocks may differ by {seconds} seconds"));
    }
    if settings.sign_requests() != SignRequests::WhenAsked {
        say(format!("signs requests: {}", plain(settings.sign_requests().as_str_name(), "SIGN_REQUESTS_")));
    }
    if !settings.name_id_format.is_empty() {
        say(format!("asks for the NameID format {}", settings.name_id_format));
    }
    for context in &settings.requested_authn_context {
        say(format!("asks for the authentication context {context}"));
    }
    let choices = [
        (settings.force_authn, "people prove anew who they are at every sign-in"),
        (settings.encryption() == Encryption::Required, "assertions must be encrypted"),
        (settings.idp_initiated, "a Response that nobody asked for begins a sign-in"),
        (settings.certificate_validity() == CertificateValidity::Enforce, "certificates are held to their validity"),
    ];
    choices.into_iter().filter(|(chosen, _)| *chosen).for_each(|(_, line)| say(line.to_owned()));
    if settings.sha1_until.is_some() {
        say(format!("takes SHA-1 until {}", moment(settings.sha1_until.as_ref())));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        flags: SettingFlags,
    }

    fn read(line: &str) -> (SamlSettings, Vec<String>) {
        Line::try_parse_from(["x"].into_iter().chain(line.split(' '))).unwrap().flags.read()
    }

    #[test]
    fn flags_are_settings_and_their_names() {
        let (settings, fields) = read(
            "--provider entra-id --map email=mail --map email=upn --map groups=a=b --require email \
             --role admin=CN=Admins,DC=acme --clock-skew 120 --sha1-until 2026-12-31 --idp-initiated --force-authn false \
             --encryption required --reset name_id_format",
        );
        assert_eq!(settings.provider(), Provider::EntraId);
        let rules: Vec<_> =
            settings.attributes.iter().map(|rule| (rule.claim.as_str(), rule.attributes.join("|"))).collect();
        assert_eq!(rules, [("email", "mail|upn".to_owned()), ("groups", "a=b".to_owned())]);
        assert_eq!((settings.roles[0].role.as_str(), settings.roles[0].group.as_str()), ("admin", "CN=Admins,DC=acme"));
        assert_eq!(
            (settings.clock_skew_seconds, settings.idp_initiated, settings.force_authn),
            (Some(120), true, false)
        );
        assert_eq!(settings.sha1_until.unwrap().seconds, 1_798_675_200);
        assert_eq!(
            fields.join(" "),
            "provider attributes required_claims roles clock_skew_seconds force_authn encryption idp_initiated \
             sha1_until name_id_format"
        );
        let told = lines(&settings);
        for line in ["entra id", "email from mail, else upn", "role admin for group CN=Admins,DC=acme", "SHA-1 until"] {
            assert!(told.contains(line), "{told}");
        }
        assert_eq!(read("--force-authn").1, ["force_authn"]);
    }

    #[test]
    fn what_is_no_setting_is_refused_before_anything_is_sent() {
        for line in ["--provider enta-id", "--map email", "--sha1-until soon", "--encryption maybe", "--clock-skew -1"]
        {
            assert!(Line::try_parse_from(["x"].into_iter().chain(line.split(' '))).is_err(), "{line}");
        }
    }
}
