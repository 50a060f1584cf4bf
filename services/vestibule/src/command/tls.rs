//! `vestibule tls`.

use vestibule_host::pki;
use vestibule_kernel::{Clock, SystemClock, SystemIds};

use crate::{
    cli::TlsCommand,
    output::{line, note},
};

pub(crate) fn run(command: TlsCommand) -> anyhow::Result<()> {
    let TlsCommand::Init { directory, hosts } = command;
    let made = pki::init(&directory, hosts, SystemClock.now(), &SystemIds)?;
    for file in made.files {
        line(&file.display().to_string());
    }
    note("Servers take server.pem and server.key as [grpc.tls], service.token as grpc.service_token_file and");
    note("registry.token as grpc.registry_token_file; clients take authority.pem and one of the tokens.");
    Ok(())
}
