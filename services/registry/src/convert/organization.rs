use vestibule_kernel::UserPoolId;
use vestibule_rpc::{
    proto_timestamp,
    registry::v1::{self as pb, placement::Kind},
    resource::{self, InvalidName},
};
use vestibule_tenancy::{
    AppClientId, DisplayName, ExternalId, GroupName, Region, Slug, Tier,
    organization::{ForeignEmail, Organization, Placement, Update},
};

use super::mask::Mask;
use crate::{
    app::NewOrganization,
    error::Error,
    field::{Fields, InvalidFields},
    resource::Resource,
};

const UPDATABLE: &[&str] = &["slug", "external_id", "display_name", "tier", "region", "placement", "foreign_email"];

pub(crate) fn new(organization: Option<&pb::Organization>) -> Result<NewOrganization, Error> {
    let wanted = organization.ok_or_else(|| missing("organization"))?;
    let mut fields = Fields::default();
    let external_id = fields.read_optional("organization.external_id", &wanted.external_id, ExternalId::parse);
    let slug = fields.read("organization.slug", Slug::parse(&wanted.slug));
    let display_name = fields.read("organization.display_name", DisplayName::parse(&wanted.display_name));
    let tier = fields.read("organization.tier", Tier::parse(&wanted.tier));
    let region = fields.read("organization.region", Region::parse(&wanted.region));
    let placement = placement(&mut fields, wanted.placement.as_ref());
    let foreign_email = foreign_email(&mut fields, wanted);
    let values = slug.zip(display_name).zip(tier).zip(region).zip(placement).zip(foreign_email);
    let values = values.map(|(((((slug, display_name), tier), region), placement), foreign_email)| NewOrganization {
        slug,
        external_id,
        display_name,
        tier,
        region,
        placement,
        foreign_email,
    });
    Ok(fields.finish_with(values)?)
}

pub(crate) fn update(wanted: &pb::Organization, mask: Option<&prost_types::FieldMask>) -> Result<Update, Error> {
    let mask = Mask::read(mask, UPDATABLE)?;
    let mut fields = Fields::default();
    let mut update = Update::default();
    if mask.means("slug", !wanted.slug.is_empty()) {
        update.slug = fields.read("organization.slug", Slug::parse(&wanted.slug));
    }
    if mask.means("external_id", !wanted.external_id.is_empty()) {
        let id = fields.read_optional("organization.external_id", &wanted.external_id, ExternalId::parse);
        update.external_id = Some(id);
    }
    if mask.means("display_name", !wanted.display_name.is_empty()) {
        update.display_name = fields.read("organization.display_name", DisplayName::parse(&wanted.display_name));
    }
    if mask.means("tier", !wanted.tier.is_empty()) {
        update.tier = fields.read("organization.tier", Tier::parse(&wanted.tier));
    }
    if mask.means("region", !wanted.region.is_empty()) {
        update.region = fields.read("organization.region", Region::parse(&wanted.region));
    }
    if mask.means("placement", wanted.placement.is_some()) {
        update.placement = placement(&mut fields, wanted.placement.as_ref());
    }
    if mask.means("foreign_email", wanted.foreign_email != 0) {
        update.foreign_email = foreign_email(&mut fields, wanted);
    }
    fields.finish()?;
    Ok(update)
}

pub(crate) fn missing(field: &'static str) -> InvalidFields {
    InvalidFields::one("FIELD_REQUIRED", field, "required")
}

fn foreign_email(fields: &mut Fields, wanted: &pb::Organization) -> Option<ForeignEmail> {
    match pb::organization::ForeignEmail::try_from(wanted.foreign_email) {
        Ok(pb::organization::ForeignEmail::Unspecified | pb::organization::ForeignEmail::Withhold) => {
            Some(ForeignEmail::Withhold)
        }
        Ok(pb::organization::ForeignEmail::Refuse) => Some(ForeignEmail::Refuse),
        Err(_) => {
            fields.refuse("FOREIGN_EMAIL_INVALID", "organization.foreign_email", "not a value of ForeignEmail");
            None
        }
    }
}

fn placement(fields: &mut Fields, placement: Option<&pb::Placement>) -> Option<Placement> {
    const FIELD: &str = "organization.placement";
    let Some(kind) = placement.and_then(|placement| placement.kind.as_ref()) else {
        fields.refuse("FIELD_REQUIRED", FIELD, "required");
        return None;
    };
    match kind {
        Kind::SharedPool(shared) => {
            let user_pool = user_pool(fields, "organization.placement.shared_pool.user_pool", &shared.user_pool)?;
            Some(Placement::SharedPool { user_pool })
        }
        Kind::Group(group) => {
            let user_pool = user_pool(fields, "organization.placement.group.user_pool", &group.user_pool);
            let group = fields.read("organization.placement.group.group", GroupName::parse(&group.group));
            Some(Placement::Group { user_pool: user_pool?, group: group?.into_string() })
        }
        Kind::OwnPool(own) => {
            let user_pool = user_pool(fields, "organization.placement.own_pool.user_pool", &own.user_pool)?;
            Some(Placement::OwnPool { user_pool })
        }
        Kind::AppClient(client) => {
            const CLIENT: &str = "organization.placement.app_client.app_client_id";
            let user_pool = user_pool(fields, "organization.placement.app_client.user_pool", &client.user_pool);
            let app_client_id = fields.read(CLIENT, AppClientId::parse(&client.app_client_id));
            Some(Placement::AppClient { user_pool: user_pool?, app_client_id: app_client_id?.into_string() })
        }
    }
}

fn user_pool(fields: &mut Fields, field: &'static str, name: &str) -> Option<UserPoolId> {
    let user_pool = resource::user_pool(field, name);
    let refuse = |error: InvalidName| {
        fields.refuse("RESOURCE_NAME_INVALID", field, format!("must have the form {}", error.form));
    };
    user_pool.map_err(refuse).ok()
}

pub(crate) fn message(organization: &Resource<Organization>) -> pb::Organization {
    let (state, terms) = match &organization.state {
        Organization::Absent => return pb::Organization::default(),
        Organization::Active(terms) => (pb::organization::State::Active, terms),
        Organization::Suspended(terms) => (pb::organization::State::Suspended, terms),
    };
    pb::Organization {
        name: resource::organization_name(terms.organization),
        slug: terms.slug.clone(),
        external_id: terms.external_id.clone().unwrap_or_default(),
        display_name: terms.display_name.clone(),
        tier: terms.tier.clone(),
        region: terms.region.clone(),
        placement: Some(placement_message(&terms.placement)),
        state: state.into(),
        create_time: Some(proto_timestamp(organization.created_at)),
        update_time: Some(proto_timestamp(organization.updated_at)),
        etag: organization.etag(),
        foreign_email: foreign_email_message(terms.foreign_email).into(),
    }
}

fn placement_message(placement: &Placement) -> pb::Placement {
    let user_pool = resource::user_pool_name(placement.user_pool());
    let kind = match placement {
        Placement::SharedPool { .. } => Kind::SharedPool(pb::placement::SharedPool { user_pool }),
        Placement::Group { group, .. } => Kind::Group(pb::placement::Group { user_pool, group: group.clone() }),
        Placement::OwnPool { .. } => Kind::OwnPool(pb::placement::OwnPool { user_pool }),
        Placement::AppClient { app_client_id, .. } => {
            Kind::AppClient(pb::placement::AppClient { user_pool, app_client_id: app_client_id.clone() })
        }
    };
    pb::Placement { kind: Some(kind) }
}

const fn foreign_email_message(policy: ForeignEmail) -> pb::organization::ForeignEmail {
    match policy {
        ForeignEmail::Withhold => pb::organization::ForeignEmail::Withhold,
        ForeignEmail::Refuse => pb::organization::ForeignEmail::Refuse,
    }
}
