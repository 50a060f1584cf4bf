use std::borrow::Cow;

use super::{GROUP_CHARS_MAX, OrganizationFacts, SCOPE_BYTES_MAX, TEMPLATE_BYTES_MAX};

/// What can stand in the braces of a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Placeholder {
    OrganizationId,
    OrganizationSlug,
    OrganizationExternalId,
    OrganizationTier,
    OrganizationRegion,
    Role,
}

/// What a template makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Scope,
    Group,
}

/// The text of a scope or a group with places for what is known of the organization and one role of the person.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Template {
    text: String,
    kind: Kind,
    head: String,
    /// Each placeholder, and the text up to the next one.
    parts: Vec<(Placeholder, String)>,
}

const DOCUMENTED: &str = "{organization.id}, {organization.slug}, {organization.external_id}, {organization.tier}, \
                          {organization.region}, {role}";

/// The scopes of OpenID Connect that Cognito knows, and one that it does not: they say what the user information endpoint
/// and the ID token tell, which is for the authorize request to ask.
const OPENID_SCOPES: [&str; 6] = ["openid", "email", "phone", "profile", "address", "offline_access"];

/// Cognito's own.
const COGNITO_SCOPES: &str = "aws.cognito.";

impl Placeholder {
    const ALL: [(Self, &'static str); 6] = [
        (Self::OrganizationId, "organization.id"),
        (Self::OrganizationSlug, "organization.slug"),
        (Self::OrganizationExternalId, "organization.external_id"),
        (Self::OrganizationTier, "organization.tier"),
        (Self::OrganizationRegion, "organization.region"),
        (Self::Role, "role"),
    ];

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, text)| *text == name).map(|(placeholder, _)| *placeholder)
    }

    /// Whether it tells organizations apart.
    fn identifies(self) -> bool {
        matches!(self, Self::OrganizationId | Self::OrganizationSlug | Self::OrganizationExternalId)
    }

    /// Whether its values may hold this character.
    fn may_hold(self, character: char) -> bool {
        match self {
            Self::OrganizationId | Self::OrganizationSlug | Self::OrganizationRegion => {
                matches!(character, 'a'..='z' | '0'..='9' | '-')
            }
            Self::Role => matches!(character, 'a'..='z' | '0'..='9' | '.' | '_' | ':' | '-'),
            Self::OrganizationExternalId | Self::OrganizationTier => true,
        }
    }

    fn value<'a>(self, organization: &OrganizationFacts<'a>, role: Option<&'a str>) -> Option<&'a str> {
        let value = match self {
            Self::OrganizationId => organization.id,
            Self::OrganizationSlug => organization.slug,
            Self::OrganizationExternalId => organization.external_id?,
            Self::OrganizationTier => organization.tier,
            Self::OrganizationRegion => organization.region,
            Self::Role => role?,
        };
        // Whatever tells the value's end must not be in it. What the registry and the mapping hold keeps to that.
        (!value.is_empty() && value.chars().all(|character| self.may_hold(character))).then_some(value)
    }
}

impl Template {
    /// Reads a template and sees to it that no value can change what the rest of the text means.
    pub(super) fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > TEMPLATE_BYTES_MAX {
            return Err(format!("a template has 1 to {TEMPLATE_BYTES_MAX} bytes"));
        }
        let mut pieces = text.split('{');
        let head = pieces.next().unwrap_or_default().to_owned();
        let mut parts = Vec::new();
        for piece in pieces {
            let (name, literal) = piece.split_once('}').ok_or_else(|| "a brace is not closed".to_owned())?;
            let placeholder = Placeholder::parse(name);
            let placeholder = placeholder.ok_or_else(|| format!("`{{{name}}}` is none of {DOCUMENTED}"))?;
            parts.push((placeholder, literal.to_owned()));
        }
        if head.contains('}') || parts.iter().any(|(_, literal)| literal.contains('}')) {
            return Err("a brace is not opened".to_owned());
        }
        let template = Self { text: text.to_owned(), kind, head, parts };
        template.check()?;
        Ok(template)
    }

    fn check(&self) -> Result<(), String> {
        let mut literals = std::iter::once(&self.head).chain(self.parts.iter().map(|(_, literal)| literal));
        if !literals.all(|literal| self.kind.takes(literal)) {
            return Err(self.kind.rule().to_owned());
        }
        if self.kind == Kind::Scope {
            if self.head.is_empty() {
                return Err("a scope begins with a text of its own, such as `tenant/`".to_owned());
            }
            if self.parts.is_empty() && is_reserved_scope(&self.text) {
                return Err("this scope is Cognito's own or one of OpenID Connect: it cannot be added".to_owned());
            }
        }
        // What tells templates and organizations apart is looked for in the first place only.
        if !self.names_organization() && self.parts.iter().any(|(placeholder, _)| placeholder.identifies()) {
            return Err(
                "`{organization.region}` stands behind the organization's id or slug, or without either".to_owned()
            );
        }
        for (index, (placeholder, after)) in self.parts.iter().enumerate() {
            let last = index + 1 == self.parts.len();
            if last && after.is_empty() {
                continue;
            }
            if *placeholder == Placeholder::Role {
                return Err("`{role}` stands at the end: a role must not be able to become what follows it".to_owned());
            }
            // An id always has 36 characters, so its end is known.
            let delimited = after.chars().next().is_some_and(|next| !placeholder.may_hold(next));
            if *placeholder != Placeholder::OrganizationId && !delimited {
                return Err(
                    "what follows a placeholder must not be able to be a part of its value: put `:` or `/` behind \
                     `{organization.slug}` and `{organization.region}`, and the others at the end, or use \
                     `{organization.id}`"
                        .to_owned(),
                );
            }
        }
        Ok(())
    }

    /// Whether it makes one text for each role.
    pub(super) fn names_role(&self) -> bool {
        self.parts.iter().any(|(placeholder, _)| *placeholder == Placeholder::Role)
    }

    /// Whether what it makes of roles is different for each organization.
    pub(super) fn names_organization(&self) -> bool {
        self.parts.first().is_some_and(|(placeholder, _)| placeholder.identifies())
    }

    /// Whether one of the two may make for one organization what the other one makes for another.
    pub(super) fn collides_with(&self, other: &Self) -> bool {
        match (self.parts.first(), other.parts.first()) {
            (None, None) => false,
            (Some(_), None) => self.may_name_others(&other.text),
            (None, Some(_)) => other.collides_with(self),
            (Some((own, _)), Some((its, _))) => {
                let same = self.head == other.head && own == its;
                let overlap = self.head.starts_with(&other.head) || other.head.starts_with(&self.head);
                !same && overlap && (own.identifies() || its.identifies())
            }
        }
    }

    /// Whether `text` is what it makes for one organization and not for all.
    pub(super) fn may_name_others(&self, text: &str) -> bool {
        self.names_organization() && self.may_make(text)
    }

    /// Whether `text` is what it makes for some organization. Where each value ends is known, so there is one reading.
    pub(super) fn may_make(&self, text: &str) -> bool {
        let Some(mut rest) = text.strip_prefix(&self.head) else { return false };
        for (placeholder, literal) in &self.parts {
            let end = match placeholder {
                Placeholder::OrganizationId => ORGANIZATION_ID_BYTES,
                _ => rest.find(|character| !placeholder.may_hold(character)).unwrap_or(rest.len()),
            };
            let Some((value, behind)) = rest.split_at_checked(end) else { return false };
            let Some(behind) = behind.strip_prefix(literal.as_str()) else { return false };
            if value.is_empty() || !value.chars().all(|character| placeholder.may_hold(character)) {
                return false;
            }
            rest = behind;
        }
        rest.is_empty()
    }

    /// The text for this organization and role.
    pub(super) fn fill<'a>(
        &'a self,
        organization: &OrganizationFacts<'a>,
        role: Option<&'a str>,
    ) -> Result<Cow<'a, str>, Unfilled> {
        if self.parts.is_empty() {
            return Ok(Cow::Borrowed(&self.text));
        }
        let mut text = String::with_capacity(self.text.len() + ROOM_BYTES);
        text.push_str(&self.head);
        for (placeholder, literal) in &self.parts {
            text.push_str(placeholder.value(organization, role).ok_or(Unfilled::Unusable)?);
            text.push_str(literal);
        }
        match self.kind {
            Kind::Scope if is_reserved_scope(&text) => Err(Unfilled::Reserved),
            kind if kind.takes(&text) && kind.fits(&text) => Ok(Cow::Owned(text)),
            _ => Err(Unfilled::Unusable),
        }
    }
}

const ORGANIZATION_ID_BYTES: usize = 36;
/// What the values take beside their placeholders, usually.
const ROOM_BYTES: usize = 32;

/// A template made nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unfilled {
    /// There is no value, or the text cannot be a scope or a group.
    Unusable,
    /// The text is a scope that nobody adds.
    Reserved,
}

impl Kind {
    /// Whether it may hold all these characters.
    fn takes(self, text: &str) -> bool {
        match self {
            // RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
            Self::Scope => text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')),
            Self::Group => text.chars().all(|character| character.is_ascii_graphic() || character.is_alphanumeric()),
        }
    }

    fn fits(self, text: &str) -> bool {
        match self {
            Self::Scope => text.len() <= SCOPE_BYTES_MAX,
            Self::Group => text.chars().count() <= GROUP_CHARS_MAX,
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Scope => "a scope has visible ASCII characters but `\"` and `\\` (RFC 6749 section 3.3)",
            Self::Group => "a group has letters, digits and visible ASCII characters, and no blanks",
        }
    }
}

/// Whether `scope` is one that no policy adds.
pub(super) fn is_reserved_scope(scope: &str) -> bool {
    let start = scope.get(..COGNITO_SCOPES.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(COGNITO_SCOPES))
        || OPENID_SCOPES.iter().any(|own| own.eq_ignore_ascii_case(scope))
}

/// Whether this text can be a scope at all.
pub(super) fn is_scope(text: &str) -> bool {
    !text.is_empty() && Kind::Scope.takes(text) && Kind::Scope.fits(text)
}
