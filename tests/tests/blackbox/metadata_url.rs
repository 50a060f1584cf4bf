//! An identity provider that publishes its metadata: it rotates its key, it moves, and it may be anybody.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use vestibule_sandbox::check::Browser;
use vestibule_tests::{Launch, Vestibule, until};

use crate::{
    customer::{Client, Customer},
    provider::Provider,
    refusal,
};

/// The connection of the customer, by its name.
const CONNECTION: [&str; 2] = ["acme", "Single sign-on"];

/// A web server with one document.
struct Published {
    document: Arc<Mutex<String>>,
    url: String,
}

impl Published {
    async fn with(document: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/metadata", listener.local_addr()?);
        let document = Arc::new(Mutex::new(document));
        let served = Arc::clone(&document);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let document = served.lock().map(|document| document.clone()).unwrap_or_default();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let head =
                        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", document.len());
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(document.as_bytes()).await;
                });
            }
        });
        Ok(Self { document, url })
    }

    fn publish(&self, document: String) {
        if let Ok(mut published) = self.document.lock() {
            *published = document;
        }
    }
}

fn launch() -> Result<Launch> {
    let launch = Launch::serve("all")?;
    Ok(launch.set("registry.metadata_networks", json!(["127.0.0.1"])).set("registry.metadata_plain_http", true))
}

fn connection(vestibule: &Vestibule, command: &str, options: &[&str]) -> Result<Value> {
    let command = ["connection", command];
    vestibule.run(command.iter().chain(&CONNECTION).chain(options).chain(&["--json"]))?.json()
}

fn certificates(connection: &Value) -> usize {
    connection["saml"]["certificates"].as_array().map_or(0, Vec::len)
}

/// Whether Ada gets a code; otherwise why not.
async fn sign_in(vestibule: &Vestibule, client: &Client, customer: &Customer) -> Result<Result<String, Value>> {
    let mut browser = Browser::new()?;
    let location = client.authorize(&mut browser, customer).await?;
    let answer = browser.submit(&customer.provider.answer(&location, &customer.email)?, None).await?;
    if answer.location.is_some() {
        return Ok(Ok(client.code_of(&answer)?));
    }
    Ok(Err(refusal::traced_page(vestibule, &answer.problem())?["reason"].clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_nobody_was_told_of_costs_one_sign_in() -> Result<()> {
    let vestibule = launch()?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Metadata1", &[])?;
    let mut customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let published = Published::with(customer.provider.idp.metadata_xml()).await?;
    let updated = connection(&vestibule, "update", &["--metadata-url", &published.url])?;
    assert_eq!((certificates(&updated), &updated["saml"]["metadata_url"]), (1, &json!(published.url)));
    ensure!(sign_in(&vestibule, &client, &customer).await?.is_ok(), "before the rotation");

    // Another key from one moment to the next, without an overlap.
    customer.provider = Provider::new("acme")?;
    published.publish(customer.provider.idp.metadata_xml());
    let refused = sign_in(&vestibule, &client, &customer).await?;
    assert_eq!(refused.unwrap_err(), "CERTIFICATE_NOT_TRUSTED");
    let shown = until("the new certificate to be trusted", async || {
        let shown = connection(&vestibule, "show", &[])?;
        Ok((certificates(&shown) == 2).then_some(shown))
    });
    assert_eq!(shown.await?["saml"]["entity_id"], "https://idp.acme.test/saml");
    // Each service follows the log by itself.
    until("Ada to sign in", async || Ok(sign_in(&vestibule, &client, &customer).await?.ok())).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_shown_and_waits_for_an_operator() -> Result<()> {
    let vestibule = launch()?.start().await?;
    let client = Client::register(&vestibule, "eu-west-1_Metadata2", &[])?;
    let customer = Customer::onboard(&vestibule, &client, "acme").await?;
    let document = customer.provider.idp.metadata_xml();
    let published = Published::with(document.clone()).await?;
    let approve = ["--metadata-url", &published.url, "--approve-new-certificates"];
    connection(&vestibule, "update", &approve)?;
    published.publish(document.replace("https://idp.acme.test/saml", "https://idp.evil.test/saml"));
    connection(&vestibule, "refresh", &[])?;
    let shown = connection(&vestibule, "show", &[])?;
    assert_eq!(shown["saml"]["entity_id"], "https://idp.acme.test/saml");
    let pending = &shown["saml"]["pending_metadata_change"];
    let line = "entity id: https://idp.acme.test/saml -> https://idp.evil.test/saml";
    assert_eq!(pending["differences"], json!([line]), "{pending:#}");
    ensure!(sign_in(&vestibule, &client, &customer).await?.is_ok(), "what was known still counts");

    // It has to be looked at before it is settled, and it is named then.
    let blind = ["connection", "approve-metadata"].iter().chain(&CONNECTION);
    let blind = vestibule.run(blind)?;
    ensure!(blind.ok().is_err() && blind.to_string().contains(line), "{blind}");
    let change = pending["change"].as_str().context("a change")?;
    let wrong = vestibule
        .run(["connection", "approve-metadata"].iter().chain(&CONNECTION).chain(&["--change", "0000000000"]))?;
    ensure!(wrong.ok().is_err(), "{wrong}");
    let settled = connection(&vestibule, "reject-metadata", &["--change", &change[..16]])?;
    assert_eq!(settled["saml"]["pending_metadata_change"]["declined"], true, "{settled:#}");
    connection(&vestibule, "refresh", &[])?;
    assert_eq!(connection(&vestibule, "show", &[])?["saml"]["entity_id"], "https://idp.acme.test/saml");
    let settled = connection(&vestibule, "approve-metadata", &["--change", change])?;
    assert_eq!(settled["saml"]["entity_id"], "https://idp.evil.test/saml");

    // A new certificate of theirs is seen, and not trusted.
    let document = document.replace("https://idp.acme.test/saml", "https://idp.evil.test/saml");
    let other = Provider::new("acme")?.idp.metadata_xml();
    let key = |xml: &str| {
        let (from, to) = (xml.find("<md:KeyDescriptor")?, xml.find("</md:KeyDescriptor>")?);
        xml.get(from..to).map(|key| format!("{key}</md:KeyDescriptor>"))
    };
    let (old, new) = (key(&document).context("a key")?, key(&other).context("a key")?);
    published.publish(document.replace(&old, &format!("{old}{new}")));
    let refreshed = connection(&vestibule, "refresh", &[])?;
    assert_eq!(certificates(&refreshed), 1, "{refreshed:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_the_own_network_through_us() -> Result<()> {
    let secret = Published::with("secret".to_owned()).await?;
    let strict = Launch::serve("all")?.start().await?;
    Client::register(&strict, "eu-west-1_Metadata3", &[])?;
    strict.run(["org", "create", "acme"])?.ok()?;
    let port = secret.url.rsplit(':').next().context("a port")?.to_owned();
    for (url, reason) in [
        (secret.url.clone(), "FETCH_ADDRESS_NOT_HTTPS"),
        (format!("https://localhost:{port}"), "FETCH_ADDRESS_REFUSED"),
        (format!("https://127.0.0.1:{port}"), "FETCH_ADDRESS_REFUSED"),
        (format!("https://2130706433:{port}"), "FETCH_ADDRESS_REFUSED"),
        (format!("https://[::ffff:127.0.0.1]:{port}"), "FETCH_ADDRESS_REFUSED"),
        ("https://169.254.169.254/latest/meta-data/".to_owned(), "FETCH_ADDRESS_REFUSED"),
        ("file:///etc/hostname".to_owned(), "FETCH_ADDRESS_MALFORMED"),
    ] {
        let refused = strict.run(["connection", "create", "acme", "--metadata-url", &url])?;
        ensure!(refused.to_string().contains(reason), "{url}: {refused}");
        ensure!(!refused.to_string().contains("secret"), "{url}: {refused}");
    }
    // Where the network is allowed, what is no metadata is not shown either.
    let open = launch()?.start().await?;
    Client::register(&open, "eu-west-1_Metadata4", &[])?;
    open.run(["org", "create", "acme"])?.ok()?;
    let refused = open.run(["connection", "create", "acme", "--metadata-url", &secret.url])?;
    ensure!(refused.to_string().contains("METADATA_MALFORMED") && !refused.to_string().contains("secret"), "{refused}");
    secret.publish(" ".repeat(1024 * 1024));
    let refused = open.run(["connection", "create", "acme", "--metadata-url", &secret.url])?;
    ensure!(refused.to_string().contains("FETCH_TOO_LARGE"), "{refused}");
    Ok(())
}
