use std::{env, fmt};

use anyhow::{Result, bail};

/// What a test needs from outside, by the variable that names it. `cargo xtask test` sets all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PeerVariable {
    /// An administrator's URL of a throw-away PostgreSQL.
    PostgresUrl,
    /// A Python with `tests/interop/requirements.txt` installed.
    Python,
    /// A folder with the Node scripts of `tests/interop` and their `node_modules`.
    NodeDir,
    /// The browser.
    Chromium,
    /// The folder of SimpleSAMLphp.
    SimpleSamlPhp,
    /// The program of NATS.
    NatsServer,
    /// The program that signs people out of Cognito.
    CognitoAdmin,
    /// The program `vestibule-second-opinion`.
    SecondOpinion,
}

impl fmt::Display for PeerVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PostgresUrl => "VESTIBULE_TEST_POSTGRES_URL",
            Self::Python => "VESTIBULE_TEST_PYTHON",
            Self::NodeDir => "VESTIBULE_TEST_NODE_DIR",
            Self::Chromium => "VESTIBULE_TEST_CHROMIUM",
            Self::SimpleSamlPhp => "VESTIBULE_TEST_SIMPLESAMLPHP",
            Self::NatsServer => "VESTIBULE_TEST_NATS_SERVER",
            Self::CognitoAdmin => "VESTIBULE_TEST_COGNITO_ADMIN",
            Self::SecondOpinion => "VESTIBULE_TEST_SECOND_OPINION",
        })
    }
}

/// The value of the variable; without one the test says that it is skipped, and returns.
///
/// # Errors
/// Without one where `VESTIBULE_TEST_REQUIRE_ALL` is `1`: nothing may be skipped there.
pub fn required(variable: PeerVariable) -> Result<Option<String>> {
    let name = variable.to_string();
    match env::var(&name) {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        _ if env::var("VESTIBULE_TEST_REQUIRE_ALL").is_ok_and(|all| all == "1") => bail!("{name} is not set"),
        _ => {
            say(&format!("skipped: {name} is not set; `cargo xtask test` sets it"));
            Ok(None)
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one thing that a test tells whoever runs it")]
fn say(text: &str) {
    eprintln!("{text}");
}
