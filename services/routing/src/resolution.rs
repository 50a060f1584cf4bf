use std::sync::Arc;

use vestibule_kernel::{ConnectionId, OrganizationId, UserPoolId};
use vestibule_rpc::routing::v1::Decision;

use crate::{
    directory::{Connection, Directory, Organization, State, UserPool},
    error::RoutingError,
    person::Person,
};

/// Why a decision was made. Stable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reason {
    DomainVerified,
    OrganizationCode,
    Ticket,
    DomainUnknown,
    OrganizationUnknown,
    OrganizationSuspended,
    NoEnabledConnection,
    SeveralConnections,
    OtherUserPool,
    OtherAppClient,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DomainVerified => "DOMAIN_VERIFIED",
            Self::OrganizationCode => "ORGANIZATION_CODE",
            Self::Ticket => "TICKET",
            Self::DomainUnknown => "DOMAIN_UNKNOWN",
            Self::OrganizationUnknown => "ORGANIZATION_UNKNOWN",
            Self::OrganizationSuspended => "ORGANIZATION_SUSPENDED",
            Self::NoEnabledConnection => "NO_ENABLED_CONNECTION",
            Self::SeveralConnections => "SEVERAL_CONNECTIONS",
            Self::OtherUserPool => "OTHER_USER_POOL",
            Self::OtherAppClient => "OTHER_APP_CLIENT",
        }
    }
}

/// Where a person signs in, and why: everything the answer needs of the directory.
#[derive(Debug)]
pub(crate) struct Resolution {
    pub(crate) decision: Decision,
    pub(crate) reason: Reason,
    pub(crate) organization: Option<Known>,
    pub(crate) connections: Vec<Choice>,
    pub(crate) user_pool: Option<Arc<UserPool>>,
    /// The app client that is the organization's own.
    pub(crate) app_client_id: Option<Box<str>>,
}

/// The organization that was found.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: OrganizationId,
    pub(crate) display_name: String,
}

/// A connection to sign in through.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) id: ConnectionId,
    pub(crate) display_name: String,
}

impl From<&Connection> for Choice {
    fn from(connection: &Connection) -> Self {
        Self { id: connection.id, display_name: connection.display_name.as_ref().to_owned() }
    }
}

/// Who wants to know where a person signs in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asking<'a> {
    pub(crate) user_pool: Option<UserPoolId>,
    /// Cognito's id of the app client, empty for the usual one; `None` when it does not matter.
    pub(crate) app_client_id: Option<&'a str>,
}

/// Decides where `person` signs in. Looks at organizations only, never at people.
pub(crate) fn resolve(
    directory: &Directory,
    person: &Person,
    Asking { user_pool, app_client_id }: Asking<'_>,
) -> Result<Resolution, RoutingError> {
    let pools = directory.user_pools();
    let asking = match user_pool {
        Some(id) => Some(pools.with_id(id).ok_or(RoutingError::UserPoolUnknown)?),
        None => None,
    };
    let standard = |reason| Resolution {
        decision: Decision::Standard,
        reason,
        organization: None,
        connections: Vec::new(),
        user_pool: asking.cloned(),
        app_client_id: None,
    };
    let (organization, found, not_found) = match person {
        Person::Email { domain, .. } | Person::Domain(domain) => {
            (directory.owner(domain), Reason::DomainVerified, Reason::DomainUnknown)
        }
        Person::Code(slug) => {
            (directory.with_slug(slug.as_str()), Reason::OrganizationCode, Reason::OrganizationUnknown)
        }
        Person::Ticket { ticket, .. } => {
            (directory.organization(ticket.organization), Reason::Ticket, Reason::OrganizationUnknown)
        }
    };
    let Some(organization) = organization.filter(|organization| organization.state != State::Absent) else {
        return Ok(standard(not_found));
    };
    let home = pools.of(organization);
    if let Some(asking) = asking
        && home.is_none_or(|home| home.id != asking.id)
    {
        return Ok(standard(Reason::OtherUserPool));
    }
    let own = organization.app_client_id.as_deref();
    let through = home.zip(app_client_id).map(|(home, asked)| {
        let usual = own.unwrap_or(&home.app_client_id);
        (home.id, if asked.is_empty() { usual } else { asked })
    });
    let (decision, reason, connections) = match through {
        // No tokens would be made for this app client, so nobody is sent on their way.
        Some((pool, client)) if !directory.admits(organization, pool, client) => {
            (Decision::Refused, Reason::OtherAppClient, Vec::new())
        }
        _ => choose(organization, person, found),
    };
    Ok(Resolution {
        decision,
        reason,
        organization: Some(Known { id: organization.id, display_name: organization.display_name.as_ref().to_owned() }),
        connections,
        user_pool: home.cloned(),
        app_client_id: organization.app_client_id.clone(),
    })
}

/// An organization that people cannot sign in to is refused, never `standard`: the pool's own login would let them past
/// what their organization has decided.
fn choose(organization: &Organization, person: &Person, found: Reason) -> (Decision, Reason, Vec<Choice>) {
    if organization.state == State::Suspended {
        return (Decision::Refused, Reason::OrganizationSuspended, Vec::new());
    }
    // The connection of a ticket may have been replaced since; then the ticket still names the organization.
    let named = match person {
        Person::Ticket { ticket, .. } => ticket.connection.and_then(|id| organization.connection(id)),
        Person::Email { .. } | Person::Domain(_) | Person::Code(_) => None,
    };
    if let Some(connection) = named.filter(|connection| connection.enabled) {
        return (Decision::Brokered, found, vec![connection.into()]);
    }
    let enabled: Vec<Choice> = organization.enabled_connections().map(Choice::from).collect();
    match enabled.len() {
        0 => (Decision::Refused, Reason::NoEnabledConnection, enabled),
        1 => (Decision::Brokered, found, enabled),
        _ => (Decision::Choose, Reason::SeveralConnections, enabled),
    }
}
