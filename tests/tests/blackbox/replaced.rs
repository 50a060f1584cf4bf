//! People sign in all the time while their identity provider is replaced, while one of their connections is turned off, and
//! while their domain moves: nobody is locked out, whichever of the services knows of it last.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use url::Url;
use vestibule_rpc::{
    Channel,
    routing::v1::{CreateTicketRequest, routing_service_client::RoutingServiceClient},
};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Fleet, Launch, Vestibule, until};

use crate::{cognito::Pool, customer::Customer, provider::Provider};

/// How many sign in at once.
const PEOPLE: usize = 3;
/// How many sign-ins must have ended well before and after the change.
const SIGN_INS: usize = 6;
/// How long everything takes between a service and the database that is far away, in each direction.
const DISTANCE: Duration = Duration::from_millis(100);
/// The same for those who write at each sign-in, which takes many ways to and fro.
const DISTANCE_OF_WRITERS: Duration = Duration::from_millis(15);

/// What becomes of sign-ins that go on all the time.
#[derive(Default)]
struct Tally {
    before: AtomicUsize,
    after: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
}

/// A change in who signs in where.
#[derive(Clone)]
struct Change {
    /// What the application knows of the person.
    login_hint: String,
    /// The hosts of the identity provider that people sign in at before it, and after it.
    before: &'static str,
    after: &'static str,
    begun: Begun,
    command: Vec<String>,
}

/// What becomes of sign-ins that are on their way when it happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Begun {
    /// They go on.
    GoesOn,
    /// Whoever it is has to begin once more.
    Ends,
}

/// Where people sign in.
struct World {
    pool: Pool,
    providers: [Provider; 3],
}

const EMAIL: &str = "ada@acme.test";

impl World {
    /// An organization with a connection that is live and one that is not, and another organization.
    async fn set_up(registry: &Vestibule, pool: Pool) -> Result<Arc<Self>> {
        let Customer { provider: old, .. } = Customer::onboard(registry, &pool.client, "acme").await?;
        let Customer { provider: other, .. } = Customer::onboard(registry, &pool.client, "globex").await?;
        let new = Provider::new("successor")?;
        let metadata = new.metadata_file(registry)?;
        let create =
            ["connection", "create", "acme", "--metadata", &metadata.to_string_lossy(), "--display-name", "New"];
        registry.run(create)?.ok()?;
        Ok(Arc::new(Self { pool, providers: [old, new, other] }))
    }

    /// Back from the identity provider to the tokens of the application; which host it was.
    async fn finish(&self, browser: &mut Browser, location: &Url) -> Result<()> {
        let host = location.host_str().context("a host")?;
        let is_there = |provider: &&Provider| provider.idp.sso_url().contains(host);
        let provider = self.providers.iter().find(is_there).context("an identity provider")?;
        self.pool.finish(browser, &provider.answer(location, EMAIL)?).await.map(drop)
    }

    /// A whole sign-in; whether it was at the identity provider that people sign in at before the change.
    async fn sign_in(&self, change: &Change) -> Result<bool> {
        let mut browser = Browser::new()?;
        let location = self.pool.begin(&mut browser, &change.login_hint).await?;
        let is_before = location.host_str() == Some(change.before);
        assert!(is_before || location.host_str() == Some(change.after), "{location}");
        match self.finish(&mut browser, &location).await {
            Err(_) if is_before && change.begun == Begun::Ends => {
                let location = self.pool.begin_again(&mut browser, &change.login_hint).await?;
                assert_eq!(location.host_str(), Some(change.after), "nobody is sent there any more");
                self.finish(&mut browser, &location).await.map(|()| false).context("begun once more")
            }
            outcome => outcome.map(|()| is_before).with_context(|| format!("signed in at {location}")),
        }
    }

    async fn keep_signing_in(self: Arc<Self>, change: Change, tally: Arc<Tally>) {
        while !tally.stop.load(SeqCst) {
            let counted = match self.sign_in(&change).await {
                Ok(true) => &tally.before,
                Ok(false) => &tally.after,
                Err(error) => {
                    println!("refused: {error:#}");
                    &tally.refused
                }
            };
            counted.fetch_add(1, SeqCst);
        }
    }

    /// Has people sign in all the time, changes something, and counts who was refused.
    async fn nobody_is_locked_out(self: &Arc<Self>, registry: &Vestibule, change: Change) -> Result<()> {
        println!("{}", change.command.join(" "));
        let tally = Arc::new(Tally::default());
        let mut people = JoinSet::new();
        for _ in 0..PEOPLE {
            people.spawn(Arc::clone(self).keep_signing_in(change.clone(), Arc::clone(&tally)));
        }
        let reached = async |counted: &AtomicUsize| {
            until("sign-ins to end well", async || Ok((counted.load(SeqCst) >= SIGN_INS).then_some(()))).await
        };
        reached(&tally.before).await?;
        let mut on_the_way = Browser::new()?;
        let location = self.pool.begin(&mut on_the_way, &change.login_hint).await?;
        assert_eq!(location.host_str(), Some(change.before));
        registry.run(&change.command)?.ok()?;
        reached(&tally.after).await?;
        let came_back = self.finish(&mut on_the_way, &location).await;
        assert_eq!(came_back.is_err(), change.begun == Begun::Ends, "{:?}", came_back.err());
        assert!(!self.sign_in(&change).await?, "from now on it is the other one");
        tally.stop.store(true, SeqCst);
        while let Some(ended) = people.join_next().await {
            ended?;
        }
        assert_eq!(tally.refused.load(SeqCst), 0, "nobody is refused at any moment");
        Ok(())
    }

    /// One change after the other.
    async fn nothing_locks_anybody_out(self: &Arc<Self>, registry: &Vestibule, routing: Channel) -> Result<()> {
        let [old, new, other] = ["idp.acme.test", "idp.successor.test", "idp.globex.test"];
        let replace = ["connection", "replace", "acme", "Single sign-on", "--by", "New"];
        let unready = registry.run(replace)?;
        assert!(unready.refused(1)?.contains("ONBOARDING_INCOMPLETE"), "{unready}");
        let replaced = Change {
            login_hint: EMAIL.to_owned(),
            before: old,
            after: new,
            begun: Begun::GoesOn,
            command: words(&[&replace[..], &["--override-note", "test"]].concat()),
        };
        self.nobody_is_locked_out(registry, replaced).await?;

        // Back again, so that there are two; and the application names the one that is turned off.
        registry.run(["connection", "enable", "acme", "Single sign-on"])?.ok()?;
        let turned_off = Change {
            login_hint: ticket(registry, routing, "New").await?,
            before: new,
            after: old,
            begun: Begun::Ends,
            command: words(&["connection", "disable", "acme", "New"]),
        };
        self.nobody_is_locked_out(registry, turned_off).await?;

        let moved = Change {
            login_hint: EMAIL.to_owned(),
            before: old,
            after: other,
            // Their address is not this organization's any more.
            begun: Begun::Ends,
            command: words(&["domain", "move", "acme", "acme.test", "--to", "globex", "--note", "sold"]),
        };
        self.nobody_is_locked_out(registry, moved).await
    }
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|&word| word.to_owned()).collect()
}

/// What the application has when it knows the person's connection.
async fn ticket(registry: &Vestibule, routing: Channel, connection: &str) -> Result<String> {
    let shown = registry.run(["connection", "show", "acme", connection, "--json"])?.json()?;
    let connection = shown["name"].as_str().context("a name")?.to_owned();
    let (organization, _) = connection.split_once("/connections/").context("an organization")?;
    let request = CreateTicketRequest { organization: organization.to_owned(), connection, lifetime: None };
    let mut client = RoutingServiceClient::new(routing);
    until("routing to know both", async || {
        Ok(client.create_ticket(request.clone()).await.ok().map(|made| made.into_inner().ticket))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_locks_anybody_out_of_one_process() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let pool = Pool::start(&vestibule).await?;
    let world = World::set_up(&vestibule, pool).await?;
    world.nothing_locks_anybody_out(&vestibule, vestibule.channel()?).await
}

/// Services apart, of which one learns of everything later than the others.
async fn no_change_locks_anybody_out_though_one_is_behind(behind: &str, distance: Duration) -> Result<()> {
    let Some(mut fleet) = Fleet::start().await? else { return Ok(()) };
    fleet.move_away(behind, distance).await?;
    let (registry, enrichment) = (fleet.service("registry"), fleet.service("enrichment").channel()?);
    let pool = Pool::start_before(registry, fleet.public_url().parse()?, enrichment).await?;
    let world = World::set_up(registry, pool).await?;
    world.nothing_locks_anybody_out(registry, fleet.service("routing").channel()?).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_locks_anybody_out_though_routing_is_behind() -> Result<()> {
    no_change_locks_anybody_out_though_one_is_behind("routing", DISTANCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_locks_anybody_out_though_saml_is_behind() -> Result<()> {
    no_change_locks_anybody_out_though_one_is_behind("saml", DISTANCE_OF_WRITERS).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_locks_anybody_out_though_enrichment_is_behind() -> Result<()> {
    no_change_locks_anybody_out_though_one_is_behind("enrichment", DISTANCE).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_locks_anybody_out_though_the_gateway_is_behind() -> Result<()> {
    no_change_locks_anybody_out_though_one_is_behind("gateway", DISTANCE_OF_WRITERS).await
}
