use vestibule_cognito::{Token, is_reserved_claim};

use super::{Attribute, CLAIM_NAME_BYTES_MAX, ClaimSource, ORGANIZATION_CLAIM, Tokens};

/// Claims that say who the person is. Their values come from the sign-in, where it was checked what may be said; a policy
/// may leave them out of the tokens, and not say something else.
const OF_THE_PERSON: [&str; 4] = ["email", "email_verified", "phone_number", "phone_number_verified"];

/// Claims whose values must not be lists or objects in an ID token.
const PLAIN_IN_ID_TOKENS: [&str; 2] = ["address", "updated_at"];

/// Why a claim cannot have this name: the stable reason, and how to mend it.
pub(super) type NameFault = (&'static str, String);

/// Whether a policy may make a claim of this name.
pub(super) fn check_made(name: &str, source: &ClaimSource, tokens: Tokens) -> Result<(), NameFault> {
    check_form(name)?;
    if name == "aud" {
        // The one reserved claim that may be made, with the one value it would have anyway.
        let allowed = tokens == Tokens::Access && *source == ClaimSource::From(Attribute::AppClientId);
        return if allowed { Ok(()) } else { Err(("CLAIM_RESERVED", AUDIENCE.to_owned())) };
    }
    check_free(name)?;
    if is_any(&[ORGANIZATION_CLAIM], name) {
        return Err(("CLAIM_FIXED", "org_id is the organization's id, in both tokens, always".to_owned()));
    }
    if name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("dev:")) {
        return Err(("CLAIM_RESERVED", "claims that begin with `dev:` can only be suppressed".to_owned()));
    }
    if is_any(&OF_THE_PERSON, name) {
        let description = "the value of this claim comes from the sign-in; a policy can only suppress it";
        return Err(("CLAIM_PROTECTED", description.to_owned()));
    }
    let complex = match source {
        ClaimSource::Constant(value) => value.is_array() || value.is_object(),
        ClaimSource::From(attribute) => *attribute == Attribute::PersonRoles,
    };
    if complex && tokens.id() && is_any(&PLAIN_IN_ID_TOKENS, name) {
        return Err(("CLAIM_NOT_PLAIN", "this claim is a text, a number or a boolean in an ID token".to_owned()));
    }
    Ok(())
}

/// Whether a policy may leave the claim of this name out of the tokens.
pub(super) fn check_suppressed(name: &str) -> Result<(), NameFault> {
    check_form(name)?;
    if is_any(&["cognito:groups"], name) {
        return Err(("CLAIM_RESERVED", "groups are suppressed by the mode of `groups`".to_owned()));
    }
    check_free(name)?;
    if is_any(&[ORGANIZATION_CLAIM], name) {
        return Err(("CLAIM_FIXED", "org_id is in both tokens, always".to_owned()));
    }
    Ok(())
}

const AUDIENCE: &str = "`aud` is only possible in the access token, from `app_client.id`";

fn check_form(name: &str) -> Result<(), NameFault> {
    let plain = name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if plain && begins && name.len() <= CLAIM_NAME_BYTES_MAX {
        return Ok(());
    }
    let description = format!(
        "the name of a claim has 1 to {CLAIM_NAME_BYTES_MAX} visible ASCII characters but `\"` and `\\`, and begins with a letter or `_`"
    );
    Err(("CLAIM_NAME_INVALID", description))
}

/// The name without `custom:`, by which Cognito's attributes of the pool's own and claims of ours are told apart.
pub(super) fn bare(name: &str) -> &str {
    match name.split_at_checked(CUSTOM.len()) {
        Some((start, bare)) if start.eq_ignore_ascii_case(CUSTOM) => bare,
        _ => name,
    }
}

const CUSTOM: &str = "custom:";

/// A name that differs from a reserved one in case only is refused, too: there are backends that compare without case.
fn check_free(name: &str) -> Result<(), NameFault> {
    let name = name.to_ascii_lowercase();
    if name == "aud" {
        return Err(("CLAIM_RESERVED", AUDIENCE.to_owned()));
    }
    if is_reserved_claim(Token::Id, &name) || is_reserved_claim(Token::Access, &name) {
        let description = "this claim is Cognito's own: it cannot be added, changed or suppressed";
        return Err(("CLAIM_RESERVED", description.to_owned()));
    }
    Ok(())
}

fn is_any(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}
