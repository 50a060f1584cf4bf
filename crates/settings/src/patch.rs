use prost_types::Timestamp as ProtoTimestamp;
use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    from_proto_timestamp,
    registry::v1::{
        self as pb,
        saml_settings::{
            CertificateValidity as PbValidity, Encryption as PbEncryption, Provider as PbProvider,
            SignRequests as PbSignRequests,
        },
    },
};
use vestibule_tenancy::connection::{AttributeRule, CheckedSettings, ClaimName, RoleRule, SamlSettings, SubjectSource};

use crate::{
    Invalid, InvalidSettings, UPDATE_MASK,
    choice::{certificate_validity, encryption, provider, sign_requests},
};

/// A setting, for whom changes only some of them.
#[derive(Clone, Copy, Debug)]
struct Setting {
    field: &'static str,
    is_set: fn(&pb::SamlSettings) -> bool,
    apply: fn(&pb::SamlSettings, &mut SamlSettings, &mut Reader),
}

macro_rules! settings {
    ($($name:ident: $is_set:expr, $apply:expr;)+) => {
        const SETTINGS: &[Setting] = &[$(Setting {
            field: stringify!($name),
            is_set: $is_set,
            apply: $apply,
        },)+];
    };
}

settings! {
    provider: |wanted| wanted.provider != 0, |wanted, settings, reader| {
        settings.provider = reader.choice(PbProvider::try_from(wanted.provider).ok().map(provider));
    };
    subject_attribute: |wanted| wanted.subject_attribute.is_some(), |wanted, settings, _| {
        settings.subject = subject(wanted.subject_attribute.as_deref().unwrap_or_default());
    };
    attributes: |wanted| !wanted.attributes.is_empty(), |wanted, settings, reader| {
        let rules = wanted.attributes.iter();
        settings.attributes = rules.filter_map(|rule| {
            Some(AttributeRule { claim: reader.claim(&rule.claim)?, attributes: rule.attributes.clone() })
        }).collect();
    };
    required_claims: |wanted| !wanted.required_claims.is_empty(), |wanted, settings, reader| {
        settings.required_claims = wanted.required_claims.iter().filter_map(|name| reader.claim(name)).collect();
    };
    roles: |wanted| !wanted.roles.is_empty(), |wanted, settings, _| {
        let rules = wanted.roles.iter();
        settings.roles = rules.map(|rule| RoleRule { group: rule.group.clone(), role: rule.role.clone() }).collect();
    };
    clock_skew_seconds: |wanted| wanted.clock_skew_seconds.is_some(), |wanted, settings, _| {
        // What does not fit is beyond the limit in either form.
        settings.clock_skew_seconds = wanted.clock_skew_seconds.map(|skew| u16::try_from(skew).unwrap_or(u16::MAX));
    };
    sign_requests: |wanted| wanted.sign_requests != 0, |wanted, settings, reader| {
        settings.sign_requests = reader.choice(PbSignRequests::try_from(wanted.sign_requests).ok().map(sign_requests));
    };
    name_id_format: |wanted| !wanted.name_id_format.is_empty(), |wanted, settings, _| {
        settings.name_id_format = Some(wanted.name_id_format.clone()).filter(|format| !format.is_empty());
    };
    requested_authn_context: |wanted| !wanted.requested_authn_context.is_empty(), |wanted, settings, _| {
        settings.requested_authn_context.clone_from(&wanted.requested_authn_context);
    };
    force_authn: |wanted| wanted.force_authn, |wanted, settings, _| settings.force_authn = wanted.force_authn;
    encryption: |wanted| wanted.encryption != 0, |wanted, settings, reader| {
        settings.encryption = reader.choice(PbEncryption::try_from(wanted.encryption).ok().map(encryption));
    };
    idp_initiated: |wanted| wanted.idp_initiated, |wanted, settings, _| settings.idp_initiated = wanted.idp_initiated;
    sha1_until: |wanted| wanted.sha1_until.is_some(), |wanted, settings, reader| {
        settings.sha1_until = reader.moment(wanted.sha1_until.as_ref());
    };
    certificate_validity: |wanted| wanted.certificate_validity != 0, |wanted, settings, reader| {
        let chosen = PbValidity::try_from(wanted.certificate_validity).ok().map(certificate_validity);
        settings.certificate_validity = reader.choice(chosen);
    };
}

/// The names of all settings, as they stand in update masks.
pub fn fields() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.field)
}

/// Which settings a caller wants, in place of those there are.
#[derive(Clone, Debug)]
pub struct Patch {
    wanted: pb::SamlSettings,
    settings: Vec<Setting>,
}

impl Patch {
    /// The settings that are set.
    #[must_use]
    pub fn new(wanted: Option<&pb::SamlSettings>) -> Self {
        Self::of(wanted, |_, is_set| is_set)
    }

    /// The settings that a caller `means`, who is asked with each one's name and whether it is set.
    #[must_use]
    pub fn of(wanted: Option<&pb::SamlSettings>, means: impl Fn(&str, bool) -> bool) -> Self {
        let wanted = wanted.cloned().unwrap_or_default();
        let wanted_one = |setting: &&Setting| means(setting.field, (setting.is_set)(&wanted));
        Self { settings: SETTINGS.iter().filter(wanted_one).copied().collect(), wanted }
    }

    /// The settings that an update mask names, or those that are set when it names none.
    ///
    /// # Errors
    /// [`InvalidSettings`] when it names something else.
    pub fn named(wanted: Option<&pb::SamlSettings>, mask: &[String]) -> Result<Self, InvalidSettings> {
        if mask.iter().all(|path| fields().any(|field| field == path)) {
            return Ok(Self::of(
                wanted,
                |name, is_set| {
                    if mask.is_empty() { is_set } else { mask.iter().any(|path| path == name) }
                },
            ));
        }
        let description = format!("the fields are {}", fields().collect::<Vec<_>>().join(", "));
        Err(InvalidSettings(vec![Invalid { field: UPDATE_MASK, reason: "UPDATE_MASK_INVALID", description }]))
    }

    /// Whether no setting is meant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The settings of a connection that begins: the subject that the product is known for, unless the caller names one.
    ///
    /// # Errors
    /// [`InvalidSettings`].
    pub fn begin(&self, now: Timestamp) -> Result<CheckedSettings, InvalidSettings> {
        let mut settings = self.laid_over(SamlSettings::default())?;
        if self.wanted.subject_attribute.is_none() {
            settings.subject = settings.provider.usual_subject();
        }
        check(settings, &SamlSettings::default(), now)
    }

    /// The settings of a connection that has `before`.
    ///
    /// # Errors
    /// [`InvalidSettings`].
    pub fn change(&self, before: &SamlSettings, now: Timestamp) -> Result<CheckedSettings, InvalidSettings> {
        check(self.laid_over(before.clone())?, before, now)
    }

    fn laid_over(&self, mut settings: SamlSettings) -> Result<SamlSettings, InvalidSettings> {
        let mut reader = Reader::default();
        for setting in &self.settings {
            reader.field = setting.field;
            (setting.apply)(&self.wanted, &mut settings, &mut reader);
        }
        if reader.invalid.is_empty() { Ok(settings) } else { Err(InvalidSettings(reader.invalid)) }
    }
}

fn check(settings: SamlSettings, before: &SamlSettings, now: Timestamp) -> Result<CheckedSettings, InvalidSettings> {
    let checked = CheckedSettings::check(settings, before, now);
    checked.map_err(|violations| InvalidSettings(violations.into_iter().map(Invalid::from).collect()))
}

/// Reads what has a form of its own; what is wrong is noted with the field in hand.
#[derive(Default)]
struct Reader {
    field: &'static str,
    invalid: Vec<Invalid>,
}

impl Reader {
    fn refuse(&mut self, reason: &'static str, description: impl Into<String>) {
        self.invalid.push(Invalid { field: self.field, reason, description: description.into() });
    }

    fn choice<T: Default>(&mut self, chosen: Option<T>) -> T {
        chosen.unwrap_or_else(|| {
            self.refuse("CHOICE_UNKNOWN", "not one of the values that this service knows");
            T::default()
        })
    }

    fn claim(&mut self, name: &str) -> Option<ClaimName> {
        let claim = ClaimName::of(name);
        if claim.is_none() {
            let known = ClaimName::ALL.map(ClaimName::as_str).join(", ");
            self.refuse("CLAIM_UNKNOWN", format!("the claims are {known}"));
        }
        claim
    }

    fn moment(&mut self, moment: Option<&ProtoTimestamp>) -> Option<Timestamp> {
        let read = from_proto_timestamp(moment?);
        if read.is_none() {
            self.refuse("TIME_INVALID", "not a moment between the years 1970 and 9999");
        }
        read
    }
}

fn subject(attribute: &str) -> SubjectSource {
    if attribute.is_empty() { SubjectSource::NameId } else { SubjectSource::Attribute { name: attribute.to_owned() } }
}
