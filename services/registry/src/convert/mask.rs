use prost_types::FieldMask;

use crate::{error::Error, field::InvalidFields};

/// Which fields an update means (AIP-134).
pub(crate) enum Mask<'a> {
    /// Those that are set.
    Set,
    /// Those that are named.
    Named(&'a [String]),
}

impl<'a> Mask<'a> {
    /// Reads a mask; only `fields` can be updated.
    pub(crate) fn read(mask: Option<&'a FieldMask>, fields: &[&str]) -> Result<Self, Error> {
        let paths = mask.map_or(&[] as &[String], |mask| &mask.paths);
        if let Some(unknown) = paths.iter().find(|path| !fields.contains(&path.as_str())) {
            let shown: String = unknown.chars().take(64).collect();
            let description = format!("`{shown}` cannot be updated; fields that can: {}", fields.join(", "));
            return Err(InvalidFields::one("UPDATE_MASK_INVALID", "update_mask", description).into());
        }
        Ok(if paths.is_empty() { Self::Set } else { Self::Named(paths) })
    }

    /// Whether the update means `field`, which is set or not.
    pub(crate) fn means(&self, field: &str, is_set: bool) -> bool {
        match self {
            Self::Set => is_set,
            Self::Named(paths) => paths.iter().any(|path| path == field),
        }
    }
}
