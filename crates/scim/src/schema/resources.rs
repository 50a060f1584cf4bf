use super::{Attribute, Kind};

/// What every resource has (RFC 7643 section 3.1).
pub(crate) static COMMON: [Attribute; 3] = [
    Attribute::text("id", "The id that the service provider gave the resource.").exact().read_only().always(),
    Attribute::text("externalId", "The id that the directory gave the resource.").exact(),
    Attribute::complex("meta", &META, "What is known about the resource.").read_only(),
];

static META: [Attribute; 5] = [
    Attribute::text("resourceType", "The type of the resource.").exact().read_only(),
    Attribute::new("created", Kind::DateTime, "When the resource was made.").read_only(),
    Attribute::new("lastModified", Kind::DateTime, "When the resource was changed last.").read_only(),
    Attribute::reference("location", &["uri"], "Where the resource is.").read_only(),
    Attribute::text("version", "The version of the resource; its ETag.").exact().read_only(),
];

/// Users (RFC 7643 section 4.1).
pub(crate) static USER: [Attribute; 6] = [
    Attribute::text("userName", "The name by which the directory knows the person, unique in the directory.")
        .required()
        .unique(),
    Attribute::complex("name", &NAME, "The parts of the person's name."),
    Attribute::text("displayName", "The name that is shown."),
    Attribute::new("active", Kind::Boolean, "Whether the person may sign in and get tokens."),
    Attribute::complex("emails", &EMAIL, "Addresses; the primary one is released inside verified domains.").several(),
    Attribute::complex("groups", &GROUP_REF, "The groups whose member the person is; changed through the groups.")
        .several()
        .read_only(),
];

static NAME: [Attribute; 6] = [
    Attribute::text("formatted", "The full name."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "Middle names."),
    Attribute::text("honorificPrefix", "What stands before the name."),
    Attribute::text("honorificSuffix", "What stands behind the name."),
];

static EMAIL: [Attribute; 3] = [
    Attribute::text("value", "The address."),
    Attribute::text("type", "What the address is for.").usually(&["work", "home", "other"]),
    Attribute::new("primary", Kind::Boolean, "Whether it is the preferred address."),
];

static GROUP_REF: [Attribute; 3] = [
    Attribute::text("value", "The id of the group.").exact().read_only(),
    Attribute::reference("$ref", &["Group"], "Where the group is.").read_only(),
    Attribute::text("display", "The name of the group.").read_only(),
];

/// Groups (RFC 7643 section 4.2).
pub(crate) static GROUP: [Attribute; 2] = [
    Attribute::text("displayName", "The name of the group.").required(),
    Attribute::complex("members", &MEMBER, "The users who are members.").several(),
];

static MEMBER: [Attribute; 3] = [
    Attribute::text("value", "The id of the user.").exact().immutable(),
    Attribute::reference("$ref", &["User"], "Where the user is.").immutable(),
    Attribute::text("type", "What the member is.").usually(&["User"]).immutable(),
];

/// Attributes of the core schema that directories send and that are not kept: a PATCH operation on one of them is taken
/// and does nothing, as is what they say in a whole resource. A password is among them: it is never kept.
pub(crate) const NOT_KEPT: [&str; 20] = [
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
    "employeeNumber",
    "costCenter",
    "division",
    "department",
    "manager",
];
