use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tempfile::TempDir;
use vestibule_sandbox::Channels;

use crate::{Cli, Database, Launch, LongWire, Surroundings, Vestibule, free_port};

/// The services, in the order in which they are started: the registry makes the tables and the keys.
pub const SERVICES: [&str; 6] = ["registry", "routing", "saml", "enrichment", "gateway", "scim"];

/// Every service in a process of its own on one PostgreSQL, with TLS and tokens between them, as a deployment has them.
pub struct Fleet {
    /// The database.
    pub database: Database,
    directory: Arc<TempDir>,
    settings: Vec<(String, serde_json::Value)>,
    gateway_port: u16,
    scim_port: u16,
    processes: BTreeMap<&'static str, Vestibule>,
    wires: Vec<LongWire>,
}

impl Fleet {
    /// Starts all services; each logs in to the database as the least it needs. `None` where there is no PostgreSQL.
    ///
    /// # Errors
    /// When a service does not start.
    pub async fn start() -> Result<Option<Self>> {
        Self::start_with(&[]).await
    }

    /// The same with more settings, for each of the processes.
    ///
    /// # Errors
    /// When a service does not start.
    pub async fn start_with(settings: &[(&str, serde_json::Value)]) -> Result<Option<Self>> {
        let Some(mut fleet) = Self::registry_with(settings).await? else { return Ok(None) };
        fleet.grant().await?;
        let reading: &[&'static str] = &["routing", "enrichment", "scim"];
        for (role, services) in [("vestibule_read", reading), ("vestibule_append", &["saml", "gateway"])] {
            let file = format!("{role}.url");
            fs::write(fleet.path().join(&file), fleet.database.user_with(role)?.as_str())?;
            for &service in services {
                fleet.start_service(service, &file).await?;
            }
        }
        Ok(Some(fleet))
    }

    /// Only the registry, with these settings.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn registry_with(settings: &[(&str, serde_json::Value)]) -> Result<Option<Self>> {
        let Some(database) = Database::scratch()? else { return Ok(None) };
        let directory = tempfile::Builder::new().prefix("vestibule-test-").tempdir().context("a directory")?;
        Cli::new(directory.path()).run(["tls", "init", "--directory", "tls"])?.ok()?;
        let mut fleet = Self {
            database,
            directory: Arc::new(directory),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            gateway_port: free_port()?,
            scim_port: free_port()?,
            processes: BTreeMap::new(),
            wires: Vec::new(),
        };
        fs::write(fleet.path().join("owner.url"), fleet.database.url().as_str())?;
        fleet.start_service("registry", "owner.url").await?;
        Ok(Some(fleet))
    }

    /// A service's process.
    ///
    /// # Panics
    /// When there is no such service.
    #[must_use]
    pub fn service(&self, name: &str) -> &Vestibule {
        #[expect(clippy::expect_used, reason = "a test that names another service is wrong")]
        self.processes.get(name).expect("one of SERVICES")
    }

    /// A service's process, to be stopped or killed.
    ///
    /// # Panics
    /// When there is no such service.
    pub fn service_mut(&mut self, name: &str) -> &mut Vestibule {
        #[expect(clippy::expect_used, reason = "a test that names another service is wrong")]
        self.processes.get_mut(name).expect("one of SERVICES")
    }

    /// Ends a service as `kill -9` does, and starts it again in the same place.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn kill_and_restart(&mut self, name: &str) -> Result<()> {
        let process = self.service_mut(name);
        process.process.kill()?;
        *process = process.launch().clone().start().await?;
        Ok(())
    }

    /// Ends a service, and starts it again in the same place, after it has ended well.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self, name: &str) -> Result<()> {
        let process = self.service_mut(name);
        *process = process.launch().clone().start().await?;
        Ok(())
    }

    /// Starts a service again in the same place, far away from the database: what it knows of the others' doings is older than
    /// what they know.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn move_away(&mut self, name: &str, delay: Duration) -> Result<()> {
        let setting = "store.postgres_url_file";
        let file = self.service(name).launch().file(setting).context("a database")?;
        let mut url = url::Url::parse(fs::read_to_string(file)?.trim())?;
        let wire = LongWire::to(url.port().unwrap_or(5432), delay).await?;
        anyhow::ensure!(url.set_port(Some(wire.port())).is_ok(), "{url} takes no port");
        let far = format!("{name}-far.url");
        fs::write(self.path().join(&far), url.as_str())?;
        self.wires.push(wire);
        let process = self.service_mut(name);
        process.process.terminate().await?;
        *process = process.launch().clone().set(setting, far).start().await?;
        Ok(())
    }

    /// Ends all services by SIGTERM, the gateway first; answers what they printed to standard error.
    ///
    /// # Errors
    /// When one does not end, or not well.
    pub async fn terminate(&mut self) -> Result<String> {
        let mut printed = String::new();
        for name in SERVICES.into_iter().rev() {
            let process = &mut self.service_mut(name).process;
            let ended = process.terminate().await?;
            anyhow::ensure!(ended.success(), "{name} ended with {ended}\n{}", process.stderr());
            printed.push_str(&process.stderr());
        }
        Ok(printed)
    }

    /// Where its files are: `tls`, and a directory for each service.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The simulators around the services.
    ///
    /// # Errors
    /// When the organizations cannot be onboarded.
    pub async fn surroundings(&self) -> Result<Surroundings> {
        let services = Channels {
            registry: self.service("registry").writer()?,
            routing: self.service("routing").channel()?,
            enrichment: self.service("enrichment").channel()?,
        };
        Surroundings::start(&self.public_url(), services).await
    }

    /// Where browsers reach the gateway.
    #[must_use]
    pub fn public_url(&self) -> String {
        format!("http://localhost:{}", self.gateway_port)
    }

    /// Where directories reach the SCIM edge: a load balancer would send them there from the public address.
    #[must_use]
    pub fn scim_url(&self) -> String {
        format!("http://localhost:{}", self.scim_port)
    }

    /// How one of the services would be started.
    ///
    /// # Errors
    /// When the files have no place.
    pub fn launch(&self, name: &str, url_file: &str) -> Result<Launch> {
        let mut launch = Launch::serve(name)?
            .set("deployment.public_url", self.public_url())
            .set("deployment.data_directory", name)
            .set("store.postgres_url_file", url_file)
            .set("store.master_key_file", "master.key")
            .set("grpc.tls.certificate_file", "tls/server.pem")
            .set("grpc.tls.key_file", "tls/server.key")
            .set("grpc.service_token_file", "tls/service.token")
            .set("peers.authority_file", "tls/authority.pem")
            .set("peers.service_token_file", "tls/service.token");
        if name == "registry" {
            launch = launch.set("grpc.registry_token_file", "tls/registry.token");
        }
        let peer = |name: &str| self.service(name).addresses.grpc.clone();
        if name == "saml" || name == "scim" {
            launch = launch.set("peers.registry", peer("registry"));
        }
        if name == "scim" {
            launch = launch.set("http.listen", format!("127.0.0.1:{}", self.scim_port));
        }
        if name == "gateway" {
            launch = launch
                .set("http.listen", format!("127.0.0.1:{}", self.gateway_port))
                .set("peers.routing", peer("routing"))
                .set("peers.saml", peer("saml"));
        }
        launch.directory = Arc::clone(&self.directory);
        Ok(self.settings.iter().fold(launch, |launch, (key, value)| launch.set(key, value.clone())))
    }

    async fn start_service(&mut self, name: &'static str, url_file: &str) -> Result<()> {
        let started = self.launch(name, url_file)?.start().await?;
        self.processes.insert(name, started);
        Ok(())
    }

    /// Makes the restricted roles as an operator does. They belong to the whole server: two fleets that make them at the
    /// same moment trip over each other.
    async fn grant(&self) -> Result<()> {
        let grants = include_str!("../../crates/eventlog-postgres/sql/grants.sql");
        crate::until("the roles", async || match self.database.run(grants) {
            Ok(_) => Ok(Some(())),
            Err(error) if error.to_string().contains("concurrently") => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }
}
