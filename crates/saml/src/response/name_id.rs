//! Reading a name (SAML core section 2.2.3).

use crate::{NameId, Refusal, limit, name::name_id_format, xml::Node};

/// Reads a NameID: text, in one piece, not empty, within the limits.
pub(crate) fn read(node: Node<'_>) -> Result<NameId, Refusal> {
    let value = node.text().map_err(|_| Refusal::ValueForbiddenContent)?;
    if value.trim().is_empty() {
        return Err(Refusal::NameIdMissing);
    }
    let format = node.attribute("Format").unwrap_or(name_id_format::UNSPECIFIED);
    let qualifiers = [node.attribute("NameQualifier"), node.attribute("SPNameQualifier")];
    let is_too_long = |part: &str| limit::is_beyond(part, limit::NAME_ID_CHARS_MAX);
    if qualifiers.into_iter().flatten().chain([&*value, format]).any(is_too_long) {
        return Err(Refusal::LimitExceeded);
    }
    let [name_qualifier, sp_name_qualifier] = qualifiers.map(|qualifier| qualifier.map(str::to_owned));
    Ok(NameId { value: value.into_owned(), format: format.to_owned(), name_qualifier, sp_name_qualifier })
}
