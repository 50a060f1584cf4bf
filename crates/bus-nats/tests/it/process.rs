//! Relays in processes of their own, killed (SIGKILL) and paused (SIGSTOP, SIGCONT). The test binary starts itself as the
//! child: a test that does nothing unless an environment variable names the database.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use tokio::sync::oneshot;
use vestibule_bus::{Phase, RelayStatus};
use vestibule_bus_nats::NatsPublisher;

use crate::{
    server::{Server, settings},
    world::{World, database},
};

const DATABASE: &str = "VESTIBULE_RELAY_TEST_DATABASE";
const NATS: &str = "VESTIBULE_RELAY_TEST_NATS";
const ORGANIZATIONS: u128 = 8;

/// What the child prints.
const LEADS: &str = "the child leads";

/// The child: relays until it is killed.
#[tokio::test]
async fn relay_until_killed() {
    let (Ok(database), Ok(nats)) = (env::var(DATABASE), env::var(NATS)) else { return };
    let world = World::postgres(&database).await;
    let mut relay = world.relay(Arc::new(NatsPublisher::connect(settings(nats)).await.unwrap()));
    relay.status.wait_for(|status| status.phase == Phase::Leading).await.unwrap();
    println!("{LEADS}");
    relay.status.wait_for(|status| status.phase == Phase::Stopped).await.unwrap();
}

struct Relaying(Child);

impl Relaying {
    /// Starts the child and waits until it leads.
    async fn start(database: &str, server: &Server) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["process::relay_until_killed", "--exact", "--nocapture"])
            .env(DATABASE, database)
            .env(NATS, server.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, leads) = oneshot::channel();
        std::thread::spawn(move || {
            let mut sender = Some(sender);
            for line in output.lines().map_while(Result::ok) {
                if line.contains(LEADS)
                    && let Some(sender) = sender.take()
                {
                    let _gone = sender.send(());
                }
            }
        });
        leads.await.unwrap();
        Self(child)
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Relaying {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn leading(status: &RelayStatus) -> bool {
    status.phase == Phase::Leading
}

/// A process is killed, and another one paused, in the middle of their work; a relay of ours takes over each time, and
/// the paused one wakes up while it publishes.
#[tokio::test]
async fn a_killed_and_a_paused_leader_lose_and_reorder_nothing() {
    let test = "a_killed_and_a_paused_leader_lose_and_reorder_nothing";
    let Some(server) = Server::scratch(test).await else { return };
    let Some(database) = database(test).await else { return };
    let world = World::postgres(&database).await;

    let killed = Relaying::start(&database, &server).await;
    world.append(ORGANIZATIONS, 0, 20).await;
    drop(killed);
    let mut paused = Relaying::start(&database, &server).await;
    world.append(ORGANIZATIONS, 20, 20).await;
    paused.signal("-STOP");

    let mut ours = world.relay(Arc::new(NatsPublisher::connect(server.settings()).await.unwrap()));
    world.append(ORGANIZATIONS, 40, 20).await;
    ours.status.wait_for(leading).await.unwrap();
    let appending = tokio::spawn({
        let world = world.clone();
        async move { world.append(ORGANIZATIONS, 60, 60).await }
    });
    let published = ours.status.borrow().published;
    ours.status.wait_for(|status| status.published > published).await.unwrap();
    paused.signal("-CONT");
    appending.await.unwrap();
    ours.caught_up(&world).await;
    assert!(!paused.has_ended(), "the leader of the past waits for the lease again");

    let stored = server.everything().await;
    assert_eq!(stored.len(), 8 * 120);
    world.assert_published(&stored).await;
}

/// Four leaders in a row are killed, each with messages on their way, at another moment of their work.
#[tokio::test]
async fn leaders_that_are_killed_at_any_moment_lose_and_reorder_nothing() {
    let test = "leaders_that_are_killed_at_any_moment_lose_and_reorder_nothing";
    let Some(server) = Server::scratch(test).await else { return };
    let Some(database) = database(test).await else { return };
    let world = World::postgres(&database).await;
    world.append(ORGANIZATIONS, 0, 5).await;
    for round in 0..4 {
        let killed = Relaying::start(&database, &server).await;
        let appending = tokio::spawn({
            let world = world.clone();
            async move { world.append(ORGANIZATIONS, 5 + round * 10, 10).await }
        });
        // What the one before had left over, and somewhere in what is new.
        server.holds(u64::try_from(ORGANIZATIONS).unwrap() * (5 + round * 10) + 1 + round * 19).await;
        drop(killed);
        appending.await.unwrap();
    }
    let mut ours = world.relay(Arc::new(NatsPublisher::connect(server.settings()).await.unwrap()));
    ours.caught_up(&world).await;
    let stored = server.everything().await;
    assert_eq!(stored.len(), 8 * 45);
    world.assert_published(&stored).await;
}
