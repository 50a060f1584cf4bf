//! `vestibule certificates`.

use clap::{Args, Subcommand, ValueEnum};
use vestibule_rpc::registry::v1::{
    CertificateEvent, ConnectionCertificate, GetCertificateRequest, ListCertificateEventsRequest,
    ListCertificateEventsResponse, ListCertificatesRequest, ListCertificatesResponse, RetireCertificateRequest,
    TrustCertificateRequest, certificate_service_client::CertificateServiceClient, connection_certificate::State,
};

use super::{Operator, connection, org};
use crate::output::{moment, plain, properties, table};

/// The most that one answer holds.
const PAGE: i32 = 1_000;

/// As many characters of a fingerprint are shown in tables.
const SHORT: usize = 16;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the certificates of identity providers, those that end first in front.
    List {
        /// Only those that end within this time, such as `30d` or `12h`, or have ended.
        #[arg(long, value_parser = lasting, value_name = "TIME")]
        expiring: Option<u64>,
        /// Only those of this organization: slug, id or name.
        #[arg(long)]
        org: Option<String>,
        /// Only those that stand there; repeat for more.
        #[arg(long = "state", value_name = "STATE")]
        states: Vec<Standing>,
    },
    /// Show one certificate.
    Show(Which),
    /// What happened to the certificates, the metadata and our own keys of one connection, oldest first.
    Timeline {
        /// Slug, id or name.
        organization: String,
        /// Id, name or display name.
        connection: String,
    },
    /// Trust a certificate that metadata added and that awaits approval, or one that was retired.
    Trust(Which),
    /// Trust a certificate no more, at once; metadata that names it does not bring it back.
    Retire(Which),
}

/// Which certificate.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// Slug, id or name.
    organization: String,
    /// Id, name or display name.
    connection: String,
    /// The SHA-256 fingerprint, or its beginning.
    fingerprint: String,
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Standing {
    Observed,
    Trusted,
    Overlapping,
    Promoted,
    RenewalRequired,
    Renewed,
    Expired,
    Retired,
}

impl From<Standing> for State {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Observed => Self::Observed,
            Standing::Trusted => Self::Trusted,
            Standing::Overlapping => Self::Overlapping,
            Standing::Promoted => Self::Promoted,
            Standing::RenewalRequired => Self::RenewalRequired,
            Standing::Renewed => Self::Renewed,
            Standing::Expired => Self::Expired,
            Standing::Retired => Self::Retired,
        }
    }
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = CertificateServiceClient::new(operator.channel.clone());
    let one = "vestibule.registry.v1.ConnectionCertificate";
    match command {
        Command::List { expiring, org, states } => {
            let organization = match org {
                Some(org) => org::name_of(operator, &org).await?,
                None => String::new(),
            };
            let expiring_within = expiring
                .map(|seconds| prost_types::Duration { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanos: 0 });
            let states = states.into_iter().map(|state| State::from(state).into()).collect();
            let request = ListCertificatesRequest { organization, expiring_within, states, ..Default::default() };
            let answer = ListCertificatesResponse { certificates: all(operator, request).await?, ..Default::default() };
            operator.format.print("vestibule.registry.v1.ListCertificatesResponse", &answer, rows)
        }
        Command::Show(which) => {
            let request = GetCertificateRequest { name: which.find(operator).await?.name };
            let answer = client.get_certificate(request).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(one, &answer.into_inner().certificate.unwrap_or_default(), human)
        }
        Command::Timeline { organization, connection } => {
            let parent = connection::find(operator, &organization, &connection).await?.name;
            let answer =
                ListCertificateEventsResponse { events: timeline(operator, parent).await?, ..Default::default() };
            operator.format.print("vestibule.registry.v1.ListCertificateEventsResponse", &answer, lines)
        }
        Command::Trust(which) => {
            let request = TrustCertificateRequest { name: which.find(operator).await?.name, etag: String::new() };
            let answer = client.trust_certificate(request).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(one, &answer.into_inner().certificate.unwrap_or_default(), human)
        }
        Command::Retire(which) => {
            let request = RetireCertificateRequest { name: which.find(operator).await?.name, etag: String::new() };
            let answer = client.retire_certificate(request).await.map_err(|status| operator.refused(&status))?;
            operator.format.print(one, &answer.into_inner().certificate.unwrap_or_default(), human)
        }
    }
}

impl Which {
    async fn find(&self, operator: &Operator) -> anyhow::Result<ConnectionCertificate> {
        let connection = connection::find(operator, &self.organization, &self.connection).await?.name;
        let organization = org::name_of(operator, &self.organization).await?;
        let mut found = all(operator, ListCertificatesRequest { organization, ..Default::default() }).await?;
        let (parent, wanted) = (format!("{connection}/certificates/"), self.fingerprint.to_lowercase());
        let is_it = |fingerprint: &str| fingerprint.starts_with(&wanted);
        found.retain(|one| one.name.strip_prefix(&parent).is_some_and(is_it));
        anyhow::ensure!(found.len() < 2, "several certificates begin with `{}`: write more of it", self.fingerprint);
        found.pop().ok_or_else(|| {
            anyhow::anyhow!(
                "`{}` has no certificate `{}`; `vestibule certificates list --org {}` shows them",
                self.connection,
                self.fingerprint,
                self.organization
            )
        })
    }
}

async fn all(operator: &Operator, asked: ListCertificatesRequest) -> anyhow::Result<Vec<ConnectionCertificate>> {
    let mut client = CertificateServiceClient::new(operator.channel.clone());
    let (mut certificates, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCertificatesRequest { page_size: PAGE, page_token, ..asked.clone() };
        let page = client.list_certificates(request).await.map_err(|status| operator.refused(&status))?.into_inner();
        certificates.extend(page.certificates);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(certificates);
        }
    }
}

async fn timeline(operator: &Operator, parent: String) -> anyhow::Result<Vec<CertificateEvent>> {
    let mut client = CertificateServiceClient::new(operator.channel.clone());
    let (mut events, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListCertificateEventsRequest { parent: parent.clone(), page_size: PAGE, page_token };
        let page = client.list_certificate_events(request).await;
        let page = page.map_err(|status| operator.refused(&status))?.into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(events);
        }
    }
}

fn rows(answer: &ListCertificatesResponse) -> String {
    let row = |one: &ConnectionCertificate| {
        let organization = one.name.split('/').nth(1).unwrap_or_default().to_owned();
        let connection = one.connection_display_name.clone();
        [moment(one.not_after.as_ref()), standing(one), short(&one.sha256_fingerprint), connection, organization]
    };
    let rows: Vec<[String; 5]> = answer.certificates.iter().map(row).collect();
    table(["ENDS", "STATE", "FINGERPRINT", "CONNECTION", "ORGANIZATION"], &rows, "No such certificates.")
}

fn lines(answer: &ListCertificateEventsResponse) -> String {
    let row = |one: &CertificateEvent| {
        let about = short(&one.sha256_fingerprint);
        [moment(one.time.as_ref()), one.r#type.clone(), about, one.actor.clone(), one.details.clone()]
    };
    let rows: Vec<[String; 5]> = answer.events.iter().map(row).collect();
    table(["WHEN", "WHAT", "CERTIFICATE", "WHO", "DETAILS"], &rows, "Nothing happened.")
}

fn human(one: &ConnectionCertificate) -> String {
    properties(&[
        ("certificate", one.sha256_fingerprint.clone()),
        ("subject", one.subject.clone()),
        ("connection", one.connection_display_name.clone()),
        ("state", standing(one)),
        ("from", moment(one.not_before.as_ref())),
        ("until", moment(one.not_after.as_ref())),
        ("signed somebody in", if one.promoted { "yes" } else { "not yet" }.to_owned()),
        ("trusted until", moment(one.retire_time.as_ref())),
        ("name", one.name.clone()),
    ])
}

fn standing(one: &ConnectionCertificate) -> String {
    match one.state() {
        State::RenewalRequired => format!("renewal required ({} days)", one.renewal_required_days),
        state => plain(state.as_str_name(), "STATE_"),
    }
}

fn short(fingerprint: &str) -> String {
    fingerprint.get(..SHORT).unwrap_or(fingerprint).to_owned()
}

/// Seconds of `30d`, `12h`, `15m`.
fn lasting(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no time: use days, hours or minutes, such as 30d, 12h or 15m");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        "d" => 24 * 60 * 60,
        "h" => 60 * 60,
        "m" => 60,
        _ => return Err(wrong()),
    };
    // A century is as good as for ever.
    let number: u64 = number.parse().ok().filter(|number| *number <= 36_500).ok_or_else(wrong)?;
    Ok(number * seconds)
}

#[cfg(test)]
mod tests {
    use super::lasting;

    #[test]
    fn times_are_days_hours_or_minutes() {
        assert_eq!(lasting("30d"), Ok(2_592_000));
        assert_eq!(lasting("12h"), Ok(43_200));
        assert_eq!(lasting("15m"), Ok(900));
        for wrong in ["", "d", "30", "-1d", "1.5d", "99999d", "30 d", "3ä", "ä"] {
            assert!(lasting(wrong).is_err(), "{wrong}");
        }
    }
}
