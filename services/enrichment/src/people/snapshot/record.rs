//! The records of a snapshot. A change here is another format.

use prost::Message;

/// How many of each kind follow, in this order.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Counts {
    #[prost(uint32, tag = "1")]
    pub(super) organizations: u32,
    #[prost(uint32, tag = "2")]
    pub(super) connections: u32,
    #[prost(uint32, tag = "3")]
    pub(super) role_sets: u32,
    #[prost(uint32, tag = "4")]
    pub(super) persons: u32,
    #[prost(uint32, tag = "5")]
    pub(super) enabled_connections: u32,
    #[prost(uint32, tag = "6")]
    pub(super) native_users: u32,
    #[prost(uint32, tag = "7")]
    pub(super) own_app_clients: u32,
    #[prost(uint32, tag = "8")]
    pub(super) policies: u32,
    #[prost(uint32, tag = "9")]
    pub(super) user_pools: u32,
    #[prost(uint32, tag = "10")]
    pub(super) user_pool_domains: u32,
    /// How often the domains of any user pool changed.
    #[prost(uint64, tag = "11")]
    pub(super) user_pool_revision: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OrganizationRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) id: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) profile: Option<ProfileRecord>,
    #[prost(bool, tag = "3")]
    pub(super) is_suspended: bool,
    #[prost(message, repeated, tag = "4")]
    pub(super) domains: Vec<DomainRecord>,
    #[prost(bool, tag = "5")]
    pub(super) had_domain: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ProfileRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) id: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) slug: String,
    #[prost(string, optional, tag = "3")]
    pub(super) external_id: Option<String>,
    #[prost(string, tag = "4")]
    pub(super) display_name: String,
    #[prost(string, tag = "5")]
    pub(super) tier: String,
    #[prost(string, tag = "6")]
    pub(super) region: String,
    #[prost(message, required, tag = "7")]
    pub(super) placement: PlacementRecord,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PlacementRecord {
    /// 1 in a shared pool, 2 with a group, 3 in a pool of its own, 4 with an app client of its own.
    #[prost(uint32, tag = "1")]
    pub(super) kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) user_pool: Vec<u8>,
    /// The group, or the app client.
    #[prost(string, tag = "3")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DomainRecord {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(bool, tag = "2")]
    pub(super) below: bool,
}

/// Ids of sixteen bytes, one behind the other.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Ids {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) ids: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RoleSet {
    #[prost(string, repeated, tag = "1")]
    pub(super) roles: Vec<String>,
}

/// Persons, one column for each thing that is known of them.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PersonsRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) ids: Vec<u8>,
    #[prost(uint32, repeated, tag = "2")]
    pub(super) organizations: Vec<u32>,
    /// 0 for none.
    #[prost(uint32, repeated, tag = "3")]
    pub(super) connections: Vec<u32>,
    #[prost(uint32, repeated, tag = "4")]
    pub(super) roles: Vec<u32>,
    #[prost(bytes = "vec", tag = "5")]
    pub(super) flags: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NativeUserRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) user_pool: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) native_user: String,
    #[prost(uint32, tag = "3")]
    pub(super) person: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OwnAppClientRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) user_pool: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) app_client_id: String,
    #[prost(uint32, tag = "3")]
    pub(super) organization: u32,
}

/// A policy as its event has it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PolicyRecord {
    #[prost(string, tag = "1")]
    pub(super) replaced_json: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct UserPoolRecord {
    #[prost(string, tag = "1")]
    pub(super) pool_id: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) id: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(super) provider_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct UserPoolDomainsRecord {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) id: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) pool_id: String,
    #[prost(string, repeated, tag = "3")]
    pub(super) domains: Vec<String>,
}
