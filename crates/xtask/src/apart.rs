//! The programs outside of the workspace: each links what the product must not, or what nobody should wait for, and has a
//! lock file of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, run as run_visibly};
use crate::workspace::root;

/// A program with a workspace of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Apart {
    /// Its package, and the program's name.
    pub(crate) package: &'static str,
    /// The variable by which tests find it.
    pub(crate) variable: &'static str,
    folder: &'static str,
}

/// Links libxml2, libxmlsec1 and OpenSSL.
pub(crate) const SECOND_OPINION: Apart = Apart {
    package: "vestibule-second-opinion",
    variable: "VESTIBULE_TEST_SECOND_OPINION",
    folder: "services/second-opinion",
};

/// Links the AWS SDK.
pub(crate) const COGNITO_ADMIN: Apart = Apart {
    package: "vestibule-cognito-admin",
    variable: "VESTIBULE_TEST_COGNITO_ADMIN",
    folder: "services/cognito-admin",
};

/// All of them.
pub(crate) const ALL: [Apart; 2] = [SECOND_OPINION, COGNITO_ADMIN];

impl Apart {
    /// Its folder.
    pub(crate) fn folder(&self) -> PathBuf {
        root().join(self.folder)
    }

    /// A `cargo` command in its folder.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(self.folder());
        command
    }

    /// Builds it and says where it lies.
    pub(crate) fn build(&self, target: &Path) -> Result<PathBuf> {
        run_visibly(self.cargo().args(["build", "--locked", "--package", self.package]))?;
        Ok(target.join("debug").join(self.package))
    }
}

#[cfg(test)]
mod tests {
    use toml::{Table, Value};

    use super::*;

    fn manifest(folder: &Path) -> Table {
        std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap()
    }

    #[test]
    fn they_stay_outside_of_the_workspace() {
        let product = manifest(&root());
        let excluded = product["workspace"]["exclude"].as_array().unwrap();
        for apart in ALL {
            assert!(excluded.contains(&Value::from(apart.folder)), "{}", apart.folder);
        }
        assert_eq!(excluded.len(), ALL.len());
    }

    #[test]
    fn they_are_built_and_judged_as_everything_else_is() {
        let product = manifest(&root());
        for apart in ALL {
            let program = manifest(&apart.folder());
            assert_eq!(program["package"]["name"].as_str(), Some(apart.package));
            assert_eq!(product["workspace"]["lints"], program["lints"]);
            for profile in ["dev", "bench", "release"] {
                assert_eq!(product["profile"][profile], program["profile"][profile], "{profile} of {}", apart.package);
            }
            let workspace = &product["workspace"]["package"];
            for field in ["version", "edition", "rust-version", "license", "publish"] {
                assert_eq!(workspace[field], program["package"][field], "{field} of {}", apart.package);
            }
        }
    }
}
