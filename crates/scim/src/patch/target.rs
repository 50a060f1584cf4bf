use crate::{
    Refusal,
    document::ResourceType,
    filter::Filter,
    limit::PATH_BYTES_MAX,
    path::{AttributePath, Named},
    schema::Mutability,
};

/// What an operation is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) path: AttributePath,
    /// Which of several values.
    pub(super) filter: Option<Filter>,
}

impl Target {
    /// Reads a path (RFC 7644 section 3.5.2, figure 7); `None` when it names what is not kept.
    pub(super) fn parse(resource_type: ResourceType, text: &str) -> Result<Option<Self>, Refusal> {
        if text.len() > PATH_BYTES_MAX {
            return Err(Refusal::Path);
        }
        let text = text.trim();
        let (name, filter, sub) = match text.split_once('[') {
            None => (text, None, None),
            Some((name, behind)) => {
                let (filter, behind) = behind.rsplit_once(']').ok_or(Refusal::Path)?;
                let sub = match behind {
                    "" => None,
                    behind => Some(behind.strip_prefix('.').ok_or(Refusal::Path)?),
                };
                (name, Some(filter), sub)
            }
        };
        let path = match Named::read(resource_type, name) {
            Named::Kept(path) => path,
            Named::NotKept => return Ok(None),
            Named::Unknown => return Err(Refusal::Path),
        };
        if path.attribute.mutability == Mutability::ReadOnly {
            return Err(Refusal::Mutability(path.attribute.name));
        }
        let Some(filter) = filter else { return Ok(Some(Self { path, filter: None })) };
        if path.sub.is_some() || !path.attribute.multi_valued {
            return Err(Refusal::Path);
        }
        let filter = Some(Filter::over_values(resource_type, path.attribute, filter)?);
        let sub = match sub {
            None => None,
            Some(sub) => match path.attribute.sub(sub) {
                Some(sub) => Some(sub),
                // `display` of a value, which is not kept.
                None if sub.eq_ignore_ascii_case("display") => return Ok(None),
                None => return Err(Refusal::Path),
            },
        };
        Ok(Some(Self { path: AttributePath { sub, ..path }, filter }))
    }

    /// Reads the name of an attribute in a value without a path: `None` also for what only the service provider says, which
    /// Okta sends along.
    pub(super) fn named(resource_type: ResourceType, name: &str) -> Result<Option<Self>, Refusal> {
        match Named::read(resource_type, name) {
            Named::Kept(path) if path.attribute.mutability == Mutability::ReadOnly => Ok(None),
            Named::Kept(path) => Ok(Some(Self { path, filter: None })),
            Named::NotKept => Ok(None),
            Named::Unknown if name.eq_ignore_ascii_case("schemas") => Ok(None),
            // Entra ID sends `emails[type eq "work"].value` as a name, too.
            Named::Unknown => Self::parse(resource_type, name),
        }
    }
}
