//! Sets up what the tests talk to, runs all of them, and fails when any part cannot run.
//!
//! The tests find their peers through these variables:
//!
//! | variable | what it holds |
//! |---|---|
//! | `VESTIBULE_TEST_BINARY` | the freshly built `vestibule` |
//! | `VESTIBULE_TEST_PROVISIONER` | the freshly built `vestibule-provisioner` |
//! | `VESTIBULE_TEST_POSTGRES_URL` | an administrator's URL of a throw-away PostgreSQL |
//! | `VESTIBULE_TEST_NATS_SERVER` | a `nats-server` program, of which tests start servers of their own |
//! | `VESTIBULE_TEST_PYTHON` | a Python with `tests/interop/requirements.txt` installed |
//! | `VESTIBULE_TEST_NODE_DIR` | a folder with the Node scripts of `tests/interop` and their `node_modules` |
//! | `VESTIBULE_TEST_CHROMIUM` | the browser |
//! | `VESTIBULE_TEST_COGNITO_ADMIN` | the program that signs people out of Cognito |
//! | `VESTIBULE_TEST_SIMPLESAMLPHP` | the folder of SimpleSAMLphp, which runs on the installed PHP |
//! | `VESTIBULE_TEST_SECOND_OPINION` | the freshly built `vestibule-second-opinion`, which lies outside of the workspace |
//! | `VESTIBULE_TEST_REQUIRE_ALL` | `1`: a test whose variable is missing fails instead of printing that it is skipped |

pub(crate) mod debian;
mod interop;
mod postgres;
mod runner;

use anyhow::{Context, Result};

use crate::apart::{self, COGNITO_ADMIN, SECOND_OPINION};
use crate::metadata::Metadata;
use crate::process::{cargo, run as run_visibly};
use crate::second_opinion;
use crate::stage::Stages;
use postgres::Postgres;

/// The programs that black-box tests start, by the variable that names them; each is its package's.
const PROGRAMS: [(&str, &str); 2] =
    [("VESTIBULE_TEST_BINARY", "vestibule"), ("VESTIBULE_TEST_PROVISIONER", "vestibule-provisioner")];

/// The packages whose tests start the product as a program.
const BLACK_BOX: [&str; 2] = ["vestibule-tests", "xtask"];

/// The packages whose tests ask the program of the second opinion.
const ASK_SECOND_OPINION: [&str; 4] =
    ["vestibule-saml", "vestibule-saml-service", "vestibule-tests", SECOND_OPINION.package];

/// The packages whose tests run the program that signs people out of Cognito.
const SIGN_PEOPLE_OUT: [&str; 2] = ["vestibule-tests", COGNITO_ADMIN.package];

/// How `cargo xtask test` is called.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the tests of this package; may be given several times.
    #[arg(long, value_name = "PACKAGE")]
    only: Vec<String>,

    /// Only the tests whose name contains one of these.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

impl Arguments {
    /// No filter at all.
    pub(crate) fn everything() -> Self {
        Self { only: Vec::new(), names: Vec::new() }
    }

    fn include(&self, package: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == package)
    }

    /// Whether anything inside of the workspace is to be tested.
    fn include_workspace(&self) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| apart::ALL.iter().all(|apart| apart.package != only))
    }

    fn is_everything(&self) -> bool {
        self.only.is_empty() && self.names.is_empty()
    }
}

/// The variables that the tests find their peers through.
type Environment = Vec<(&'static str, String)>;

/// Runs the tests as a command of its own.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut stages = Stages::new();
    self::stages(&mut stages, arguments);
    stages.finish()
}

/// Runs the tests as stages of a longer run.
pub(crate) fn stages(stages: &mut Stages, arguments: &Arguments) {
    let mut environment: Environment = vec![("VESTIBULE_TEST_REQUIRE_ALL", "1".to_owned())];
    let mut server = None;
    stages.run("set-up", || {
        debian::install_missing()?;
        let target = Metadata::load()?.target_directory;
        environment.extend(interop::prepare(&target)?);
        let started = Postgres::start(&target)?;
        environment.push(("VESTIBULE_TEST_POSTGRES_URL", started.url().to_owned()));
        server = Some(started);
        for (variable, program) in PROGRAMS {
            environment.push((variable, target.join("debug").join(program).to_string_lossy().into_owned()));
        }
        Ok(String::new())
    });
    if BLACK_BOX.iter().any(|package| arguments.include(package)) {
        stages.run("build", build);
    }
    if ASK_SECOND_OPINION.iter().any(|package| arguments.include(package)) {
        stages.run("second opinion", || {
            let program = SECOND_OPINION.build(&Metadata::load()?.target_directory)?;
            environment.push((SECOND_OPINION.variable, program.to_string_lossy().into_owned()));
            runner::beside(&SECOND_OPINION.folder(), arguments, &environment)
        });
    }
    if SIGN_PEOPLE_OUT.iter().any(|package| arguments.include(package)) {
        stages.run("cognito admin", || {
            let program = COGNITO_ADMIN.build(&Metadata::load()?.target_directory)?;
            environment.push((COGNITO_ADMIN.variable, program.to_string_lossy().into_owned()));
            runner::beside(&COGNITO_ADMIN.folder(), arguments, &environment)
        });
    }
    if arguments.is_everything() {
        stages.run("links", second_opinion::check_links);
    }
    if !arguments.include_workspace() {
        return;
    }
    stages.run("test", || {
        server.as_ref().context("the set-up failed, so no test was started")?;
        runner::tests(arguments, &environment)
    });
    if arguments.is_everything() {
        stages.run("doctest", || runner::doctests(&environment));
    }
    drop(server);
}

/// The black-box tests start the product as a user does.
fn build() -> Result<String> {
    let packages = PROGRAMS.iter().flat_map(|(_, program)| ["--package", program]);
    run_visibly(cargo().args(["build", "--locked"]).args(packages))?;
    Ok(String::new())
}
