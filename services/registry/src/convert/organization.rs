use vestibule_rpc::{proto_timestamp, registry::v1 as pb, resource};
use vestibule_tenancy::{
    DisplayName, ExternalId, Region, Slug, Tier,
    organization::{Organization, Placement, Update},
};

use super::mask::Mask;
use crate::{
    app::NewOrganization,
    error::Error,
    field::{Fields, InvalidFields},
    resource::Resource,
};

const UPDATABLE: &[&str] = &["slug", "external_id", "display_name", "tier", "region", "placement"];

pub(crate) fn new(organization: Option<&pb::Organization>) -> Result<NewOrganization, Error> {
    let wanted = organization.ok_or_else(|| missing("organization"))?;
    let mut fields = Fields::default();
    let external_id = fields.read_optional("organization.external_id", &wanted.external_id, ExternalId::parse);
    let slug = fields.read("organization.slug", Slug::parse(&wanted.slug));
    let display_name = fields.read("organization.display_name", DisplayName::parse(&wanted.display_name));
    let tier = fields.read("organization.tier", Tier::parse(&wanted.tier));
    let region = fields.read("organization.region", Region::parse(&wanted.region));
    let placement = placement(&mut fields, wanted.placement.as_ref());
    let values = slug.zip(display_name).zip(tier).zip(region).zip(placement);
    let values = values.map(|((((slug, display_name), tier), region), placement)| NewOrganization {
        slug,
        external_id,
        display_name,
        tier,
        region,
        placement,
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
    fields.finish()?;
    Ok(update)
}

pub(crate) fn missing(field: &'static str) -> InvalidFields {
    InvalidFields::one("FIELD_REQUIRED", field, "required")
}

fn placement(fields: &mut Fields, placement: Option<&pb::Placement>) -> Option<Placement> {
    const FIELD: &str = "organization.placement.shared_pool.user_pool";
    let Some(pb::placement::Kind::SharedPool(shared)) = placement.and_then(|placement| placement.kind.as_ref()) else {
        fields.refuse("FIELD_REQUIRED", "organization.placement", "required");
        return None;
    };
    let user_pool = resource::user_pool(FIELD, &shared.user_pool);
    let user_pool = user_pool.map_err(|error| {
        fields.refuse("RESOURCE_NAME_INVALID", FIELD, format!("must have the form {}", error.form));
    });
    Some(Placement::SharedPool { user_pool: user_pool.ok()? })
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
    }
}

fn placement_message(placement: &Placement) -> pb::Placement {
    let Placement::SharedPool { user_pool } = placement;
    let shared = pb::placement::SharedPool { user_pool: resource::user_pool_name(*user_pool) };
    pb::Placement { kind: Some(pb::placement::Kind::SharedPool(shared)) }
}
