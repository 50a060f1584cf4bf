use tonic::Code;
use vestibule_rpc::{
    reason_of,
    saml::v1::{CreateAuthnRequestRequest, create_authn_request_response::Binding as Carried},
};
use vestibule_tenancy::{
    Note,
    connection::{self, Binding},
    organization,
};

use crate::world::{World, metadata};

#[tokio::test]
async fn a_request_goes_by_redirect_when_the_identity_provider_takes_both() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let request = CreateAuthnRequestRequest {
        connection: acme.connection.to_string(),
        relay_state: "handle".to_owned(),
        force_authn: true,
        acr_values: Vec::new(),
    };
    let created = world.saml().create_authn_request(request.clone()).await.unwrap().into_inner();
    assert_eq!(created.organization, format!("organizations/{}", acme.organization));
    let Some(Carried::RedirectUrl(url)) = created.binding else { panic!("not a redirect") };
    let (address, query) = url.split_once('?').unwrap();
    assert_eq!(address, acme.idp.sso_url());
    let received = acme.idp.read_authn_request_redirect(query).unwrap();
    let entity_id = format!("https://login.vestibule.test/saml/{}", acme.connection);
    assert_eq!(received.id, created.request_id);
    assert_eq!(received.issuer, entity_id);
    assert_eq!(received.acs_url.as_deref(), Some(&*format!("{entity_id}/acs")));
    assert_eq!(received.destination.as_deref(), Some(acme.idp.sso_url()));
    assert_eq!(received.relay_state.as_deref(), Some("handle"));
    assert!(received.force_authn);
    // SAML core section 1.3.4: at least 128 random bits.
    assert_eq!(created.request_id.len(), 1 + 32);
    let again = world.saml().create_authn_request(request).await.unwrap().into_inner();
    assert_ne!(again.request_id, created.request_id);
}

#[tokio::test]
async fn a_request_goes_by_form_when_the_identity_provider_takes_nothing_else() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let mut metadata = metadata(&acme.idp);
    metadata.identity_provider.single_sign_on.retain(|endpoint| endpoint.binding == Binding::HttpPost);
    let configure = connection::Configure { metadata: Some(metadata), ..connection::Configure::default() };
    world.change_connection(&acme, connection::Command::Configure(configure)).await;
    world.settle().await;
    let request = CreateAuthnRequestRequest {
        connection: acme.connection.to_string(),
        relay_state: "handle".to_owned(),
        force_authn: false,
        acr_values: Vec::new(),
    };
    let created = world.saml().create_authn_request(request).await.unwrap().into_inner();
    let Some(Carried::PostForm(form)) = created.binding else { panic!("not a form") };
    assert_eq!((form.action.as_str(), form.relay_state.as_str()), (acme.idp.sso_url(), "handle"));
    let encoded = form.saml_request.replace('+', "%2B").replace('=', "%3D").replace('/', "%2F");
    let received = acme.idp.read_authn_request_post(&format!("SAMLRequest={encoded}&RelayState=handle")).unwrap();
    assert_eq!(received.id, created.request_id);
    assert!(!received.force_authn);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let long = "x".repeat(81);
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    for (connection, relay_state, code, reason) in [
        (acme.connection.to_string(), long.as_str(), Code::InvalidArgument, "RELAY_STATE_INVALID"),
        (unknown.to_owned(), "", Code::NotFound, "CONNECTION_NOT_FOUND"),
        (String::new(), "", Code::NotFound, "CONNECTION_NOT_FOUND"),
    ] {
        let relay_state = relay_state.to_owned();
        let request = CreateAuthnRequestRequest { connection, relay_state, ..Default::default() };
        let status = world.saml().create_authn_request(request).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (code, Some(reason)));
    }
}

#[tokio::test]
async fn a_connection_is_usable_the_moment_it_was_enabled() {
    let world = World::start().await;
    for index in 0..10 {
        let customer = world.customer(&format!("acme-{index}"), &format!("acme-{index}.test")).await;
        world.request(&customer).await;
        let note = Note::parse("test").unwrap();
        world.change_organization(customer.organization, organization::Command::Suspend { note }).await;
        world.settle().await;
        world.change_organization(customer.organization, organization::Command::Reinstate).await;
        world.request(&customer).await;
    }
}
