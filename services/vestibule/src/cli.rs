//! The command line: what can be asked, and of whom.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::command::{
    certificates, claims, connection, directory, domain, events, keys, nats, onboarding, org, person, pool, saml,
    sign_ins,
};

/// The tenant-aware entrance hall in front of Amazon Cognito.
///
/// Without a command it starts everything in one process with an embedded store and the sandbox: simulated identity
/// providers, a simulated Cognito and a demo application.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Settings,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Where the configuration comes from. Each value can also be set as `VESTIBULE__SECTION__KEY`.
#[derive(Args, Debug)]
pub(crate) struct Settings {
    /// A TOML file with the configuration.
    #[arg(long, global = true, value_name = "FILE", env = "VESTIBULE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// One setting, such as `grpc.listen=127.0.0.1:9000`; wins over file and environment.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything in one process with simulators around it; this is also what happens without a command.
    Sandbox(Sandbox),
    /// Serve one service, or all of them, until a signal.
    Serve(Serve),
    /// Organizations: the customers of your SaaS.
    #[command(visible_alias = "organization")]
    Org(Client<org::Command>),
    /// Domains that organizations claim and prove to own.
    Domain(Client<domain::Command>),
    /// Connections to identity providers of organizations.
    Connection(Client<connection::Command>),
    /// Directories that create, change and deactivate people themselves, over SCIM.
    Directory(Client<directory::Command>),
    /// How far customers are on their way to signing in, what is missing, and who has to act.
    Onboarding(Client<onboarding::Command>),
    /// Certificates of identity providers: which end soon, which are trusted, what happened to them.
    #[command(visible_alias = "certificate")]
    Certificates(Client<certificates::Command>),
    /// The keys that sign ID tokens towards Cognito: which there are, the next one now, one that was lost out at once.
    Keys(Client<keys::Command>),
    /// People: who they are to Cognito, how they are found, whether they may sign in.
    Person(Client<person::Command>),
    /// Cognito user pools that use Vestibule as their identity provider.
    Pool(Client<pool::Command>),
    /// Claim policies: what goes into the tokens that Cognito signs.
    Claims(Client<claims::Command>),
    /// SAML documents: what is wrong with a Response, what is in metadata.
    Saml(Client<saml::Command>),
    /// The trace of recent sign-ins.
    SignIns(Client<sign_ins::Command>),
    /// What is published of what happened.
    Events(Client<events::Command>),
    /// The event log: prove that it is whole.
    Log(Log),
    /// The streams and consumers in NATS JetStream, and what consumers have set aside.
    Nats(Nats),
    /// A private certificate authority and tokens for a deployment that has none.
    Tls(Tls),
    /// Ask a server whether it is healthy; exits non-zero when it is not.
    Health(Health),
}

#[derive(Args, Debug)]
pub(crate) struct Sandbox {
    /// Sign a person in without a browser, print every hop and the final claims, and end.
    #[arg(long)]
    pub(crate) check: bool,
    /// With --check: also have the identity provider send every forgery it knows, and tell why each is refused.
    #[arg(long, requires = "check")]
    pub(crate) forgeries: bool,
}

impl Sandbox {
    pub(crate) const fn run(&self) -> crate::sandbox::Run {
        match (self.check, self.forgeries) {
            (false, _) => crate::sandbox::Run::UntilSignal,
            (true, false) => crate::sandbox::Run::Check,
            (true, true) => crate::sandbox::Run::CheckWithForgeries,
        }
    }
}

/// What a process serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ServiceName {
    Registry,
    Routing,
    Saml,
    Enrichment,
    Gateway,
    /// The SCIM edge, for directories of organizations.
    Scim,
    /// All of them in one process, without the sandbox.
    All,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    pub(crate) service: ServiceName,
    /// Read and check the configuration, print it as it is understood, and end.
    #[arg(long)]
    pub(crate) check_config: bool,
}

/// A command that asks a running server.
#[derive(Args, Debug)]
pub(crate) struct Client<C: Subcommand> {
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(subcommand)]
    pub(crate) command: C,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Server {
    /// The server to ask.
    #[arg(
        long = "server",
        global = true,
        default_value = "http://127.0.0.1:8801",
        env = "VESTIBULE_SERVER",
        value_name = "URL"
    )]
    pub(crate) address: String,
    /// A file with the token to present; `registry.token` in the data directory when that exists.
    #[arg(long, global = true, env = "VESTIBULE_TOKEN_FILE", value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// The certificate authority that signed the server's certificate, PEM; the system's when absent.
    #[arg(long, global = true, env = "VESTIBULE_AUTHORITY_FILE", value_name = "FILE")]
    pub(crate) authority_file: Option<PathBuf>,
    /// Print the answer as JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Log {
    #[command(subcommand)]
    pub(crate) command: LogCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Read the whole log and hold it against its hash chains and the exported checkpoints.
    Verify {
        /// The directory with the exported checkpoints; the configured one when absent.
        #[arg(long, value_name = "DIRECTORY")]
        checkpoints: Option<PathBuf>,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Export a signed checkpoint now.
    Checkpoint {
        /// The directory to add it to; the configured one when absent. No server may be exporting to it.
        #[arg(long, value_name = "DIRECTORY")]
        to: Option<PathBuf>,
    },
    /// Remove the snapshots of views, so that a process which starts reads the whole log.
    DropSnapshots,
}

#[derive(Args, Debug)]
pub(crate) struct Nats {
    #[command(subcommand)]
    pub(crate) command: nats::Command,
}

#[derive(Args, Debug)]
pub(crate) struct Tls {
    #[command(subcommand)]
    pub(crate) command: TlsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TlsCommand {
    /// Make authority.pem, server.pem, server.key, service.token and registry.token. Overwrites nothing.
    Init {
        /// Where to put them.
        #[arg(long, default_value = "vestibule-tls")]
        directory: PathBuf,
        /// A host name or address under which servers are reached; repeat for more.
        #[arg(long = "host", value_name = "HOST", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
        hosts: Vec<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Health {
    #[command(flatten)]
    pub(crate) server: Server,
    /// The service to ask about, such as `routing`; all of the server's when empty.
    #[arg(default_value = "")]
    pub(crate) service: String,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    Ok((key.trim().to_owned(), value.to_owned()))
}
