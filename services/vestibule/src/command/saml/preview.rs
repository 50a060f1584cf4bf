//! `vestibule saml preview-mapping`.

use vestibule_kernel::Timestamp;
use vestibule_rpc::{
    proto_timestamp,
    saml::v1::{PreviewMappingRequest, PreviewMappingResponse, saml_service_client::SamlServiceClient},
};

use crate::{
    command::{
        Operator,
        connection::settings::{SettingFlags, lines},
        sign_ins::check_line,
    },
    output::properties,
};

/// What is previewed.
pub(super) struct Sample {
    pub(super) connection: String,
    pub(super) saml_response: String,
    pub(super) at: Option<Timestamp>,
    pub(super) email_required: bool,
}

pub(super) async fn run(sample: Sample, flags: SettingFlags, operator: &Operator) -> anyhow::Result<()> {
    let (settings, paths) = flags.read();
    // An empty mask would mean whatever is set, and nothing is.
    let proposed = (!paths.is_empty()).then_some((settings, prost_types::FieldMask { paths }));
    let (settings, update_mask) = proposed.unzip();
    let request = PreviewMappingRequest {
        connection: sample.connection,
        saml_response: sample.saml_response,
        time: sample.at.map(proto_timestamp),
        request_id: String::new(),
        email_required: sample.email_required,
        settings,
        update_mask,
    };
    let mut client = SamlServiceClient::new(operator.channel.clone());
    let answer = client.preview_mapping(request).await.map_err(|status| operator.refused(&status))?.into_inner();
    operator.format.print("vestibule.saml.v1.PreviewMappingResponse", &answer, human)
}

fn human(answer: &PreviewMappingResponse) -> String {
    let sample = if answer.verified {
        "genuine: what follows is what the identity provider asserted"
    } else {
        "NOT VERIFIED: what follows is what the sample claims, and nobody has vouched for it"
    };
    let sign_in = answer.refused.as_ref().map_or_else(
        || "somebody would be signed in".to_owned(),
        |refused| format!("refused: {} ({})", refused.message, refused.reason),
    );
    let from = |attribute: &str| if attribute.is_empty() { "the NameID".to_owned() } else { printable(attribute) };
    let subject = answer.subject.as_ref().map_or_else(
        || "nobody can be recognised".to_owned(),
        |subject| {
            let (value, format) = (printable(&subject.value), printable(&subject.format));
            format!("{value}\n  from {} {format}", from(&subject.attribute))
        },
    );
    let claims: Vec<String> = answer
        .claims
        .iter()
        .map(|claim| format!("{}: {}\n  from {}", claim.name, listed(&claim.values), from(&claim.attribute)))
        .collect();
    let checks: Vec<String> = answer.checks.iter().map(check_line).collect();
    let truncated = if answer.groups_truncated { "there were more groups than these" } else { "" };
    properties(&[
        ("sample", sample.to_owned()),
        ("sign-in", sign_in),
        ("connection", answer.connection.clone()),
        ("settings", answer.settings.as_ref().map(lines).unwrap_or_default()),
        ("subject", subject),
        ("claims", claims.join("\n")),
        ("groups", truncated.to_owned()),
        ("roles", listed(&answer.roles)),
        ("missing", listed(&answer.missing)),
        ("ambiguous", listed(&answer.ambiguous)),
        ("too long", listed(&answer.oversized)),
        ("no text", listed(&answer.unusable)),
        ("not mapped", listed(&answer.unmapped)),
        ("checks", checks.join("\n")),
    ])
}

fn listed(values: &[String]) -> String {
    values.iter().map(|value| printable(value)).collect::<Vec<_>>().join(", ")
}

/// Without what a terminal would obey: the sample is anybody's.
fn printable(text: &str) -> String {
    let is_odd = |each: char| each.is_control() || matches!(each, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|each| if is_odd(each) { char::REPLACEMENT_CHARACTER } else { each }).collect()
}

#[cfg(test)]
mod tests {
    use vestibule_rpc::saml::v1::preview_mapping_response::{Claim, Subject};

    use super::*;

    #[test]
    fn a_terminal_is_not_told_what_to_do_by_a_sample() {
        let answer = PreviewMappingResponse {
            subject: Some(Subject { value: "a\u{1b}[2Jb".to_owned(), ..Subject::default() }),
            claims: vec![Claim {
                name: "name".to_owned(),
                values: vec!["\u{202E}x\u{7}".to_owned()],
                attribute: "n\n".to_owned(),
            }],
            unmapped: vec!["\u{9b}31m".to_owned()],
            ..PreviewMappingResponse::default()
        };
        let shown = human(&answer);
        assert!(!shown.contains(|each: char| each != '\n' && each.is_control()), "{shown:?}");
        assert!(!shown.contains('\u{202E}') && shown.contains("NOT VERIFIED"));
    }
}
