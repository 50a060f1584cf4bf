use std::{env, ffi::OsString, fs, io, path::PathBuf};

/// The names of all settings begin with it.
const PREFIX: &str = "VESTIBULE_";

/// The most entries of a list.
const LIST_ENTRIES_MAX: usize = 100;

/// The environment variables that are ours, by their known names.
#[derive(Debug)]
pub struct Settings(Vec<(&'static str, String)>);

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A variable begins as ours do, and is none.
    #[error("{name} is not a setting; there are {}", known.join(", "))]
    Unknown {
        /// Its name.
        name: String,
        /// The names there are.
        known: &'static [&'static str],
    },
    /// A setting without which the function cannot work.
    #[error("{name} is missing: {what}")]
    Missing {
        /// Which.
        name: &'static str,
        /// What it should be.
        what: &'static str,
    },
    /// Two ways to say one thing.
    #[error("{one} and {other} are both set: set one of them")]
    Both {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A value that cannot be used.
    #[error("{name} cannot be used: {problem}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What was expected.
        problem: &'static str,
    },
    /// A file that cannot be read.
    #[error("{name} names a file that cannot be read: {}", path.display())]
    Unreadable {
        /// Which.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Settings {
    /// Those of the environment; `known` are the names there are.
    ///
    /// # Errors
    /// [`SettingError::Unknown`] for a variable that begins with `VESTIBULE_` and is none of them, for it is mistyped;
    /// [`SettingError::Invalid`] for what is not UTF-8.
    pub fn from_environment(known: &'static [&'static str]) -> Result<Self, SettingError> {
        Self::from_variables(known, env::vars_os())
    }

    /// Those among these variables.
    ///
    /// # Errors
    /// As [`Self::from_environment`].
    pub fn from_variables(
        known: &'static [&'static str],
        all: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingError> {
        let mut own = Vec::new();
        for (name, value) in all {
            let name = name.to_string_lossy();
            if !name.starts_with(PREFIX) {
                continue;
            }
            let Some(found) = known.iter().find(|known| **known == name) else {
                return Err(SettingError::Unknown { name: name.into_owned(), known });
            };
            let Ok(value) = value.into_string() else {
                return Err(SettingError::Invalid { name: found, problem: "expected UTF-8" });
            };
            own.push((*found, value.trim().to_owned()));
        }
        Ok(Self(own))
    }

    /// A setting; an empty one is none, because deployment tools have no other way to leave one out.
    #[must_use]
    pub fn text(&self, name: &'static str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    }

    /// A setting, or the content of the file that another one names.
    ///
    /// # Errors
    /// [`SettingError::Both`], [`SettingError::Unreadable`], or [`SettingError::Invalid`] for an empty file.
    pub fn text_or_file(&self, name: &'static str, file: &'static str) -> Result<Option<String>, SettingError> {
        match (self.text(name), self.text(file)) {
            (Some(_), Some(_)) => Err(SettingError::Both { one: name, other: file }),
            (Some(text), None) => Ok(Some(text.to_owned())),
            (None, None) => Ok(None),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let text = fs::read_to_string(&path).map_err(|source| SettingError::Unreadable {
                    name: file,
                    path,
                    source,
                })?;
                if text.trim().is_empty() {
                    return Err(SettingError::Invalid { name: file, problem: "the file is empty" });
                }
                Ok(Some(text.trim().to_owned()))
            }
        }
    }

    /// A list, its entries separated by commas: at most 100, each of which must fit. `default` counts when nothing is set.
    ///
    /// # Errors
    /// [`SettingError::Invalid`] with `problem`.
    pub fn list(
        &self,
        name: &'static str,
        default: &'static str,
        fits: fn(&str) -> bool,
        problem: &'static str,
    ) -> Result<Vec<String>, SettingError> {
        let text = self.text(name).unwrap_or(default);
        let entries: Vec<String> =
            text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect();
        if entries.len() > LIST_ENTRIES_MAX || !entries.iter().all(|entry| fits(entry)) {
            return Err(SettingError::Invalid { name, problem });
        }
        Ok(entries)
    }
}
