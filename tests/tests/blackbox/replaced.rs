//! People sign in all the time while their identity provider is replaced and while their domain moves: nobody is refused.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use url::Url;
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Vestibule, until};

use crate::{
    cognito::POOL_ID,
    customer::{Client, Customer, to_identity_provider},
    provider::Provider,
};

/// How many sign in at once.
const PEOPLE: usize = 3;
/// How many sign-ins must have ended well before and after the change.
const SIGN_INS: usize = 9;

/// What becomes of sign-ins that go on all the time.
#[derive(Default)]
struct Tally {
    over_old: AtomicUsize,
    over_new: AtomicUsize,
    refused: AtomicUsize,
    stop: AtomicBool,
}

struct World {
    client: Client,
    old: Provider,
    new: Provider,
    email: String,
    tally: Tally,
}

impl World {
    /// From the authorize endpoint to the identity provider that routing chose.
    async fn begin(&self, browser: &mut Browser) -> Result<Url> {
        to_identity_provider(browser, &self.client.authorize_url(&self.email)?).await
    }

    /// Back from it to the code; whether it was the old one.
    async fn finish(&self, browser: &mut Browser, location: &Url) -> Result<bool> {
        let is_old = location.host_str() == Some("idp.acme.test");
        let provider = if is_old { &self.old } else { &self.new };
        let answer = browser.submit(&provider.answer(location, &self.email)?, None).await?;
        self.client.code_of(&answer)?;
        Ok(is_old)
    }

    async fn sign_in(&self) -> Result<bool> {
        let mut browser = Browser::new()?;
        let location = self.begin(&mut browser).await?;
        self.finish(&mut browser, &location).await
    }

    async fn keep_signing_in(self: Arc<Self>) {
        while !self.tally.stop.load(SeqCst) {
            let counted = match self.sign_in().await {
                Ok(true) => &self.tally.over_old,
                Ok(false) => &self.tally.over_new,
                Err(_) => &self.tally.refused,
            };
            counted.fetch_add(1, SeqCst);
        }
    }
}

/// Has people sign in all the time, changes something, and counts who was refused.
async fn nobody_is_refused(world: World, change: impl FnOnce() -> Result<()>) -> Result<()> {
    let world = Arc::new(world);
    let mut people = JoinSet::new();
    for _ in 0..PEOPLE {
        people.spawn(Arc::clone(&world).keep_signing_in());
    }
    let reached = async |counted: &AtomicUsize| {
        until("sign-ins to end well", async || Ok((counted.load(SeqCst) >= SIGN_INS).then_some(()))).await
    };
    reached(&world.tally.over_old).await?;
    let mut on_the_way = Browser::new()?;
    let location = world.begin(&mut on_the_way).await?;
    change()?;
    reached(&world.tally.over_new).await?;
    assert!(world.finish(&mut on_the_way, &location).await?, "whoever was at the old one comes back and is signed in");
    world.tally.stop.store(true, SeqCst);
    while people.join_next().await.is_some() {}
    assert_eq!(world.tally.refused.load(SeqCst), 0, "nobody is refused at any moment");
    Ok(())
}

fn client(vestibule: &Vestibule) -> Result<Client> {
    Client::register(vestibule, POOL_ID, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_while_the_identity_provider_is_replaced() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = client(&vestibule)?;
    let Customer { provider: old, email, .. } = Customer::onboard(&vestibule, &client, "acme").await?;
    let new = Provider::new("successor")?;
    let metadata = new.metadata_file(&vestibule)?;
    let create = ["connection", "create", "acme", "--metadata", &metadata.to_string_lossy(), "--display-name", "New"];
    vestibule.run(create)?.ok()?;
    let world = World { client, old, new, email, tally: Tally::default() };
    let replace = ["connection", "replace", "acme", "Single sign-on", "--by", "New"];
    let unready = vestibule.run(replace)?;
    assert!(unready.refused(1)?.contains("ONBOARDING_INCOMPLETE"), "{unready}");
    nobody_is_refused(world, || {
        let replaced = vestibule.run(replace.iter().chain(&["--override-note", "test"]))?;
        assert!(replaced.ok()?.contains("goes on until"), "{replaced}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_refused_while_a_domain_moves_to_another_organization() -> Result<()> {
    let vestibule = Launch::serve("all")?.start().await?;
    let client = client(&vestibule)?;
    let Customer { provider: old, email, .. } = Customer::onboard(&vestibule, &client, "acme").await?;
    let Customer { provider: new, organization, .. } = Customer::onboard(&vestibule, &client, "globex").await?;
    let world = World { client, old, new, email, tally: Tally::default() };
    nobody_is_refused(world, || {
        let moved = ["domain", "move", "acme", "acme.test", "--to", "globex", "--note", "sold", "--json"];
        let moved = vestibule.run(moved)?.json()?;
        assert!(moved["name"].as_str().context("a name")?.contains(&organization), "{moved:#}");
        Ok(())
    })
    .await
}
