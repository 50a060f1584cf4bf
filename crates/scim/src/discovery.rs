//! What the service provider says of itself (RFC 7643 sections 5 to 7, RFC 7644 section 4).

use serde_json::{Value, json};

use crate::{
    document::ResourceType,
    schema::{Attribute, Kind, Mutability, Returned, Uniqueness},
};

/// The schema of the service provider's configuration.
const CONFIG_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of resource types.
const RESOURCE_TYPE_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of schemas.
const SCHEMA_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// `ServiceProviderConfig`: what is supported. `base` is the service provider's base URL, without a slash at its end.
#[must_use]
pub fn service_provider_config(base: &str, results_max: usize) -> Value {
    json!({
        "schemas": [CONFIG_URN],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": results_max },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A token of the directory, in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// One of the `ResourceTypes`.
#[must_use]
pub fn resource_type(base: &str, resource_type: ResourceType) -> Value {
    let (name, endpoint) = (resource_type.name(), resource_type.endpoint());
    json!({
        "schemas": [RESOURCE_TYPE_URN],
        "id": name,
        "name": name,
        "description": description(resource_type),
        "endpoint": endpoint,
        "schema": resource_type.urn(),
        "schemaExtensions": [],
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}") },
    })
}

/// One of the `Schemas`.
#[must_use]
pub fn schema(base: &str, resource_type: ResourceType) -> Value {
    let urn = resource_type.urn();
    json!({
        "schemas": [SCHEMA_URN],
        "id": urn,
        "name": resource_type.name(),
        "description": description(resource_type),
        "attributes": resource_type.attributes().iter().map(attribute).collect::<Vec<_>>(),
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{urn}") },
    })
}

const fn description(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::User => "A person of the organization",
        ResourceType::Group => "A group of people of the organization",
    }
}

fn attribute(attribute: &Attribute) -> Value {
    let mut said = json!({
        "name": attribute.name,
        "type": match attribute.kind {
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::DateTime => "dateTime",
            Kind::Reference => "reference",
            Kind::Complex => "complex",
        },
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": match attribute.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
        },
        "returned": match attribute.returned {
            Returned::Always => "always",
            Returned::Default => "default",
        },
        "uniqueness": match attribute.uniqueness {
            Uniqueness::None => "none",
            Uniqueness::Server => "server",
        },
    });
    if let Some(said) = said.as_object_mut() {
        if !attribute.canonical_values.is_empty() {
            said.insert("canonicalValues".to_owned(), json!(attribute.canonical_values));
        }
        if !attribute.reference_types.is_empty() {
            said.insert("referenceTypes".to_owned(), json!(attribute.reference_types));
        }
        if !attribute.sub_attributes.is_empty() {
            let inside: Vec<Value> = attribute.sub_attributes.iter().map(self::attribute).collect();
            said.insert("subAttributes".to_owned(), json!(inside));
        }
    }
    said
}
