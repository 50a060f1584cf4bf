use std::{fmt, sync::Arc};

use serde_json::Value;
use url::Url;
use vestibule_kernel::Clock;
use vestibule_rpc::{Channel, routing::v1::Decision};

use super::{
    browser::Browser,
    error::HopError,
    hop::{Check, Hop},
    trace,
    walk::{ASSERTION, Claims, REQUEST, ROUTING, SIGN_IN, Walk},
};
use crate::{roster::LOGINS, web::ClientError};

/// What to check.
pub struct CheckOptions {
    /// The address of the demo application.
    pub app: Url,
    /// Who signs in.
    pub email: String,
    /// The services to ask for their view of what happened.
    pub services: Services,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Vestibule's services, as far as the check asks them.
#[derive(Clone)]
pub struct Services {
    /// The routing service.
    pub routing: Channel,
    /// The gateway's sign-in trace.
    pub gateway: Channel,
}

/// A sign-in that worked.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every hop.
    pub hops: Vec<Hop>,
    /// The claims at the end.
    pub claims: Claims,
}

/// A sign-in that did not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FailedCheck {
    /// The HTTP client could not be made.
    #[error("the check cannot call anybody")]
    Client(#[from] ClientError),
    /// A hop failed.
    #[error("the sign-in stopped on its way")]
    Hop {
        /// The hops before it.
        hops: Vec<Hop>,
        /// Which, and why.
        #[source]
        error: HopError,
    },
    /// The sign-in came to its end, but something was not as it must be.
    #[error("{}: found {:?}, expected {:?}", .check.name, .check.found, .check.expected)]
    Check {
        /// All hops.
        hops: Vec<Hop>,
        /// What was wrong.
        check: Box<Check>,
    },
}

impl FailedCheck {
    /// The hops that were done.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        match self {
            Self::Client(_) => &[],
            Self::Hop { hops, .. } | Self::Check { hops, .. } => hops,
        }
    }
}

/// Signs a person in and out again and looks at every hop.
///
/// # Errors
/// The hop that failed, with the reason, or the check that did not hold.
pub async fn run_check(options: &CheckOptions) -> Result<Report, FailedCheck> {
    let began = options.clock.now();
    let mut walk = Walk::new(options.app.clone(), Browser::new()?);
    let walked = walk.sign_in(&options.email).await;
    let organization = add_routing(&mut walk.hops, options).await;
    let sign_in = match &organization {
        Some(organization) => trace::sign_in(&options.services.gateway, organization, began).await,
        None => None,
    };
    if let (Some(sign_in), Some(hop)) = (sign_in, walk.hops.iter_mut().find(|hop| hop.name == ASSERTION)) {
        hop.checks.extend(trace::facts(&sign_in));
    }
    let mut hops = std::mem::take(&mut walk.hops);
    let claims = match walked {
        Ok(claims) => claims,
        Err(error) => return Err(FailedCheck::Hop { hops, error }),
    };
    if let Some(last) = hops.last_mut() {
        last.checks.extend(claim_checks(&claims, organization.as_deref()));
    }
    let signed_out = walk.sign_out().await;
    hops.extend(walk.hops);
    if let Err(error) = signed_out {
        return Err(FailedCheck::Hop { hops, error });
    }
    hops.extend(keyed_hops(options).await?);
    match hops.iter().flat_map(|hop| &hop.checks).find(|check| !check.passed).cloned() {
        Some(check) => Err(FailedCheck::Check { hops, check: Box::new(check) }),
        None => Ok(Report { hops, claims }),
    }
}

/// The hops of another sign-in in which keys of Vestibule's are used: at an identity provider that takes signed requests
/// only and encrypts what it asserts.
async fn keyed_hops(options: &CheckOptions) -> Result<Vec<Hop>, FailedCheck> {
    let people = LOGINS.iter().filter(|login| login.keyed).flat_map(|login| login.people);
    let Some(person) = people.map(|person| person.email).find(|email| *email != options.email) else {
        return Ok(Vec::new());
    };
    let mut walk = Walk::new(options.app.clone(), Browser::new()?);
    let walked = walk.sign_in(person).await;
    let hops = walk.hops;
    match walked {
        Ok(_) => Ok(hops.into_iter().filter(|hop| [REQUEST, SIGN_IN, ASSERTION].contains(&hop.name)).collect()),
        Err(error) => Err(FailedCheck::Hop { hops, error }),
    }
}

/// Adds what routing decided, and answers the organization.
async fn add_routing(hops: &mut [Hop], options: &CheckOptions) -> Option<String> {
    let answer = trace::routing(&options.services.routing, &options.email).await?;
    let decided = matches!(answer.decision(), Decision::Brokered | Decision::Choose);
    let found = format!("{} {} {}", answer.decision().as_str_name(), answer.reason, answer.organization);
    if let Some(hop) = hops.iter_mut().find(|hop| hop.name == ROUTING) {
        hop.checks.push(Check::new("routing decision", decided, "brokered or choose", found));
    }
    Some(answer.organization).filter(|organization| !organization.is_empty())
}

fn claim_checks(claims: &Claims, organization: Option<&str>) -> Vec<Check> {
    let id = organization.and_then(|name| name.rsplit('/').next()).unwrap_or_default();
    let org_id = |token: &Value| token.get("org_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let check = |name: &str, token: &Value| {
        let found = org_id(token);
        Check::new(name, !found.is_empty() && (id.is_empty() || found == id), id, found)
    };
    vec![check("org_id in the ID token", &claims.id_token), check("org_id in the access token", &claims.access_token)]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for hop in &self.hops {
            writeln!(f, "{hop}")?;
        }
        writeln!(f, "\nClaims of the ID token\n{:#}", self.claims.id_token)?;
        write!(f, "\nClaims of the access token\n{:#}", self.claims.access_token)
    }
}
