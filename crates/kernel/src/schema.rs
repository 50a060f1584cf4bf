//! How ids and moments look in JSON, for documents about published events.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{ConnectionId, DomainId, EventId, OrganizationId, PersonId, Timestamp, UserPoolId};

macro_rules! texts {
    ($($name:ident: $format:literal;)+) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $format })
            }
        }
    )+};
}

texts! {
    OrganizationId: "uuid";
    DomainId: "uuid";
    ConnectionId: "uuid";
    PersonId: "uuid";
    UserPoolId: "uuid";
    EventId: "uuid";
    Timestamp: "date-time";
}
