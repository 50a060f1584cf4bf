use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_prost::ProstCodec;
use url::{Url, form_urlencoded};
use vestibule_rpc::saml::v1::{GetServiceProviderMetadataRequest, GetServiceProviderMetadataResponse};
use vestibule_sandbox::check::{PostedResponse, Walk};
use vestibule_tests::{Fleet, until};

use crate::walk::up_to_the_response;

#[tokio::test]
async fn a_sign_in_under_way_at_sigterm_goes_on() -> Result<()> {
    let Some(mut fleet) = Fleet::start().await? else { return Ok(()) };
    let surroundings = fleet.surroundings().await?;
    let mut walk = surroundings.walk();
    let posted = up_to_the_response(&mut walk, "ada@acme.test").await?;

    // Half of the identity provider's answer has arrived when the gateway is told to end.
    let request = HalfSent::start(&posted, &walk).await?;
    fleet.service("gateway").process.ask_to_end()?;
    no_longer_listens(&posted.form.action).await?;
    let back = request.finish().await?;
    let ended = fleet.service_mut("gateway").process.wait().await?;
    ensure!(ended.success(), "it ended with {ended}");

    // The code that it gave is good at the gateway that follows.
    fleet.restart("gateway").await?;
    let callback = walk.back_to_application(&back).await?;
    let claims = walk.finish(&callback).await?;
    ensure!(claims.id_token.get("org_id").is_some(), "{claims:?}");
    Ok(())
}

#[tokio::test]
async fn a_call_under_way_at_sigterm_is_answered() -> Result<()> {
    let Some(mut fleet) = Fleet::start().await? else { return Ok(()) };
    let surroundings = fleet.surroundings().await?;
    let organizations = &surroundings.sandbox.seeded.organizations;
    let (_, connection) = organizations.first().and_then(|one| one.connections.first()).context("a connection")?;
    let (_, id) = connection.rsplit_once('/').context("a name")?;

    let saml = fleet.service("saml");
    let channel = saml.channel()?;
    let (send, receive) = mpsc::channel(1);
    let mut client = Grpc::new(channel.clone());
    client.ready().await?;
    // The call has begun, its message has not been sent.
    let call = tokio::spawn(async move {
        let path = PathAndQuery::from_static("/vestibule.saml.v1.SamlService/GetServiceProviderMetadata");
        client.client_streaming(Request::new(ReceiverStream::new(receive)), path, Codec::default()).await
    });
    tokio::task::yield_now().await;
    // One connection keeps the order: when this is answered, the server knows of the call before it.
    HealthClient::new(channel).check(HealthCheckRequest::default()).await?;

    saml.process.ask_to_end()?;
    no_longer_listens(&Url::parse(&saml.addresses.grpc)?).await?;
    ensure!(!call.is_finished(), "the call did not wait for its message");
    let request = GetServiceProviderMetadataRequest { connection: id.to_owned() };
    send.send(request).await.context("nobody waits for the message")?;
    drop(send);
    let answer = call.await?.context("the call was cut off")?;
    ensure!(answer.into_inner().metadata_xml.contains("EntityDescriptor"), "no metadata");
    let ended = fleet.service_mut("saml").process.wait().await?;
    ensure!(ended.success(), "it ended with {ended}");
    Ok(())
}

type Codec = ProstCodec<GetServiceProviderMetadataRequest, GetServiceProviderMetadataResponse>;

/// The listener is closed: new connections are refused.
async fn no_longer_listens(address: &Url) -> Result<()> {
    let address = (address.host_str().context("a host")?, address.port().context("a port")?);
    until("the port to close", async || Ok(TcpStream::connect(address).await.is_err().then_some(()))).await
}

/// A form whose first half has been sent.
struct HalfSent {
    connection: TcpStream,
    rest: Vec<u8>,
}

impl HalfSent {
    async fn start(posted: &PostedResponse, walk: &Walk) -> Result<Self> {
        let action = &posted.form.action;
        let (host, port) = (action.host_str().context("a host")?, action.port().context("a port")?);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&posted.form.fields).finish();
        let cookies = walk.browser.cookies().iter().filter(|cookie| cookie.host == host);
        let cookies: Vec<String> = cookies.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
            action.path(),
            cookies.join("; "),
            body.len()
        );
        let (first, rest) = body.as_bytes().split_at_checked(body.len() / 2).context("a body")?;
        let mut connection = TcpStream::connect((host, port)).await?;
        connection.write_all(head.as_bytes()).await?;
        connection.write_all(first).await?;
        connection.flush().await?;
        Ok(Self { connection, rest: rest.to_owned() })
    }

    /// Sends the second half; answers where the gateway sends the browser.
    async fn finish(mut self) -> Result<Url> {
        self.connection.write_all(&self.rest).await?;
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await?;
        let header = |line: &str| {
            line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("location"))?.1.parse().ok()
        };
        answer.lines().find_map(header).with_context(|| format!("it does not redirect: {answer}"))
    }
}
