//! `vestibule saml`.

mod preview;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp,
    saml::v1::{
        ExplainResponseRequest, ExplainResponseResponse, GetServiceProviderMetadataRequest, InspectMetadataRequest,
        InspectMetadataResponse, RotateServiceProviderKeysRequest, RotateServiceProviderKeysResponse,
        ServiceProviderKey, refusal, saml_service_client::SamlServiceClient,
    },
};

use super::{Operator, connection::settings::SettingFlags, sign_ins::check_line};
use crate::{
    input::read,
    output::{moment, note, plain, properties, table},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell what is right and wrong with a Response, who has to mend it, and what to write to them. Changes nothing.
    Explain {
        /// The connection it was sent to: id or name.
        #[arg(long)]
        connection: String,
        /// The moment it arrived, such as `2026-11-21T10:00:00Z`; now when absent.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// The ID of the request it must answer; the one that it names itself when absent.
        #[arg(long, value_name = "ID", default_value = "")]
        request_id: String,
        /// The user pool cannot do without an address.
        #[arg(long)]
        email_required: bool,
        /// The Response: XML, the form value in base64, or the whole form body; `-` reads standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Show our keys for a connection, which stand in our metadata for it.
    Keys {
        /// The connection: id or name.
        #[arg(long)]
        connection: String,
        /// Add new keys beside the present ones. They sign when identity providers had time to learn of them.
        #[arg(long)]
        rotate: bool,
    },
    /// Show what a connection's settings, or those you propose, make of a sample Response. Changes nothing.
    PreviewMapping {
        /// The connection it was sent to: id or name.
        #[arg(long)]
        connection: String,
        /// The moment it arrived, such as `2026-11-21T10:00:00Z`; now when absent.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// The user pool cannot do without an address.
        #[arg(long)]
        email_required: bool,
        #[command(flatten)]
        settings: Box<SettingFlags>,
        /// The Response: XML, the form value in base64, or the whole form body; `-` reads standard input.
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Tell what an identity provider's metadata holds, with warnings, before anything is saved.
    Inspect {
        /// The metadata document; `-` reads standard input.
        file: PathBuf,
    },
}

pub(crate) async fn run(command: Command, operator: &Operator) -> anyhow::Result<()> {
    let mut client = SamlServiceClient::new(operator.channel.clone());
    match command {
        Command::Explain { connection, at, request_id, email_required, file } => {
            let request = ExplainResponseRequest {
                connection: id(&connection),
                saml_response: read(&file)?,
                time: at.map(proto_timestamp),
                request_id,
                email_required,
            };
            let answer = client.explain_response(request).await;
            let answer = answer.map_err(|status| operator.refused(&status))?.into_inner();
            operator.format.print("vestibule.saml.v1.ExplainResponseResponse", &answer, explanation)?;
            if at.is_none() && answer.differences.iter().any(|one| one.subject == "clock") {
                note("It was judged as if it arrived now. Name the moment it did arrive with --at.");
            }
            Ok(())
        }
        Command::PreviewMapping { connection, at, email_required, settings, file } => {
            let (connection, saml_response) = (id(&connection), read(&file)?);
            let sample = preview::Sample { connection, saml_response, at, email_required };
            preview::run(sample, *settings, operator).await
        }
        Command::Keys { connection, rotate } => keys(&mut client, operator, &connection, rotate).await,
        Command::Inspect { file } => {
            let answer = client.inspect_metadata(InspectMetadataRequest { metadata_xml: read(&file)? }).await;
            let answer = answer.map_err(|status| operator.refused(&status))?.into_inner();
            operator
                .format
                .print("vestibule.saml.v1.InspectMetadataResponse", &answer, |answer| metadata(answer, &file))
        }
    }
}

fn id(connection: &str) -> String {
    connection.rsplit('/').next().unwrap_or_default().to_owned()
}

async fn keys(
    client: &mut SamlServiceClient<vestibule_rpc::Channel>,
    operator: &Operator,
    connection: &str,
    rotate: bool,
) -> anyhow::Result<()> {
    let connection = id(connection);
    let keys = if rotate {
        let answer = client.rotate_service_provider_keys(RotateServiceProviderKeysRequest { connection }).await;
        answer.map_err(|status| operator.refused(&status))?.into_inner().keys
    } else {
        let request = GetServiceProviderMetadataRequest { connection };
        let answer = client.get_service_provider_metadata(request).await;
        answer.map_err(|status| operator.refused(&status))?.into_inner().keys
    };
    let answer = RotateServiceProviderKeysResponse { keys };
    operator.format.print("vestibule.saml.v1.RotateServiceProviderKeysResponse", &answer, key_rows)?;
    if rotate {
        note("Ask the administrator of the identity provider to read our metadata again.");
    }
    Ok(())
}

fn key_rows(answer: &RotateServiceProviderKeysResponse) -> String {
    let row = |key: &ServiceProviderKey| {
        [
            plain(key.r#use().as_str_name(), "USE_"),
            if key.active { "active" } else { "published" }.to_owned(),
            moment(key.create_time.as_ref()),
            key.key_id.clone(),
            key.certificate_fingerprint.clone(),
        ]
    };
    let heading = ["use", "state", "made", "key", "certificate (SHA-256)"];
    table(heading, &answer.keys.iter().map(row).collect::<Vec<_>>(), "no keys")
}

fn explanation(answer: &ExplainResponseResponse) -> String {
    let (verdict, mended_by) = match &answer.refused {
        None => ("it signs somebody in".to_owned(), String::new()),
        Some(refused) => {
            let responsible: refusal::Responsible = refused.responsible();
            (
                format!("refused: {} ({})", refused.message, refused.reason),
                plain(responsible.as_str_name(), "RESPONSIBLE_"),
            )
        }
    };
    let differences: Vec<String> = answer
        .differences
        .iter()
        .map(|one| format!("{}\n  expected {}\n  found    {}", one.subject, one.expected, one.found))
        .collect();
    let clock = answer.clock_offset.as_ref().map_or_else(String::new, |offset| match offset.seconds {
        0 => "as ours".to_owned(),
        ahead @ 1.. => format!("{ahead} seconds ahead of that"),
        behind => format!("{} seconds before that", behind.unsigned_abs()),
    });
    let checks: Vec<String> = answer.checks.iter().map(check_line).collect();
    properties(&[
        ("verdict", verdict),
        ("to be mended by", mended_by),
        ("send them", answer.advice.clone()),
        ("connection", answer.connection.clone()),
        ("judged at", moment(answer.time.as_ref())),
        ("made", clock),
        ("differs", differences.join("\n")),
        ("checks", checks.join("\n")),
        ("document", answer.document.trim_end().to_owned()),
    ])
}

fn metadata(answer: &InspectMetadataResponse, file: &Path) -> String {
    let endpoints: Vec<String> = answer
        .single_sign_on
        .iter()
        .map(|one| format!("{} {}", one.binding.rsplit(':').next().unwrap_or_default(), one.location))
        .collect();
    let logout: Vec<String> = answer
        .single_logout
        .iter()
        .map(|one| format!("{} {}", one.binding.rsplit(':').next().unwrap_or_default(), one.location))
        .collect();
    let certificates: Vec<String> = answer
        .certificates
        .iter()
        .map(|one| {
            let until = moment(one.not_after.as_ref());
            format!("{}\n  {}, {}, until {until}", one.sha256_fingerprint, one.subject, one.key)
        })
        .collect();
    let warnings: Vec<String> = answer
        .warnings
        .iter()
        .map(|one| {
            let about = if one.subject.is_empty() { String::new() } else { format!("\n  {}", one.subject) };
            format!("{}: {}{about}", one.reason, one.message)
        })
        .collect();
    let known = match answer.entity_id_known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not told without the operator's token",
    };
    let next = format!(
        "compare the fingerprints with the identity provider's administrator over another channel, then\n\
         `vestibule connection create <organization> --metadata {}`",
        file.display()
    );
    properties(&[
        ("identity provider", answer.entity_id.clone()),
        ("trusted already", known.to_owned()),
        ("single sign-on", endpoints.join("\n")),
        ("single logout", logout.join("\n")),
        ("NameID formats", answer.name_id_formats.join("\n")),
        ("signed requests", if answer.want_authn_requests_signed { "wanted" } else { "" }.to_owned()),
        ("certificates", certificates.join("\n")),
        ("valid until", moment(answer.valid_until.as_ref())),
        ("warnings", if warnings.is_empty() { "none".to_owned() } else { warnings.join("\n") }),
        ("next", next),
    ])
}
