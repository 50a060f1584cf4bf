//! The session of a sign-in, and the request that ends it at the identity provider.

use std::time::Duration;

use tonic::Code;
use vestibule_rpc::{
    reason_of,
    saml::v1::{CreateLogoutRequestRequest, create_logout_request_response},
};
use vestibule_saml_idp::{LogoutKind, Subject};
use vestibule_tenancy::connection;

use super::{AT_IDP, SignedIn, asks, heard};
use crate::world::{World, ada, metadata};

#[tokio::test]
async fn a_sign_in_leaves_a_session_that_only_we_can_read_and_end() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, session_index } = world.begin_session(&acme, &ada()).await;
    assert!(!identity.session.is_empty() && identity.session.len() <= 3_600);
    let created = world.create_logout(&acme, &identity.session).await.unwrap();
    assert!(created.organization.ends_with(&acme.organization.to_string()));
    let Some(create_logout_request_response::Binding::RedirectUrl(url)) = created.binding else {
        panic!("by redirect")
    };
    let (address, query) = url.split_once('?').unwrap();
    let received = acme.idp.read_logout_redirect(query).unwrap();
    received.require_signed_by(&world.known_service_provider(&acme).await).unwrap();
    assert_eq!((address, received.kind), (AT_IDP, LogoutKind::Request));
    assert_eq!((received.id.as_str(), received.relay_state.as_deref()), (created.request_id.as_str(), Some("handle")));
    assert_eq!((received.name_id.as_deref(), received.name_id_format), (Some("a1b2c3-Ada"), ada().name_id_format));
    assert_eq!(received.session_indexes, [session_index]);
    assert!(!world.is_signed_out(&acme, &identity).await, "the person is signed out of this browser only");
    assert_eq!(world.count("person.signed_out").await, 0);
}

#[tokio::test]
async fn a_session_counts_for_its_connection_and_pool_and_not_for_ever() {
    let world = World::start().await;
    let acme = world.acme().await;
    let globex = world.customer("globex", "globex.test").await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let session = identity.session;
    let mut changed = session.clone();
    changed.replace_range(40..41, if &session[40..41] == "A" { "B" } else { "A" });
    let other_pool = CreateLogoutRequestRequest {
        connection: acme.connection.to_string(),
        session: session.clone(),
        user_pool: "userPools/01890a5d-ac96-774b-bcce-b302099a8058".to_owned(),
        relay_state: String::new(),
    };
    let mut attempts = vec![world.saml().create_logout_request(other_pool).await.map(|_| ())];
    attempts.push(world.create_logout(&globex, &session).await.map(|_| ()));
    for session in [&changed, "", "x", &"A".repeat(3_600), &"A".repeat(10_000)] {
        attempts.push(world.create_logout(&acme, session).await.map(|_| ()));
    }
    world.clock.advance(Duration::from_hours(30 * 24));
    attempts.push(world.create_logout(&acme, &session).await.map(|_| ()));
    for attempt in attempts {
        let status = attempt.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::InvalidArgument, Some("SESSION_UNREADABLE")));
    }
}

#[tokio::test]
async fn sessions_outlive_the_key_that_sealed_them_as_long_as_they_last() {
    let world = World::start().await;
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    world.clock.advance(Duration::from_hours(29 * 24));
    let old = world.begin_session(&acme, &ada()).await.identity.session;
    world.clock.advance(Duration::from_hours(2 * 24));
    let new = world.begin_session(&acme, &ada()).await.identity.session;
    assert_ne!(old[..21], new[..21], "another key seals");
    vestibule_saml_service::destroy_old_keys(&world.resources).await.unwrap();
    world.create_logout(&acme, &old).await.unwrap();
    world.create_logout(&acme, &new).await.unwrap();
    world.create_logout(&acme, &identity.session).await.unwrap_err();
}

#[tokio::test]
async fn without_an_endpoint_there_is_no_session_and_no_request() {
    let world = World::start().await;
    let globex = world.customer("globex", "globex.test").await;
    assert_eq!(world.begin_session(&globex, &ada()).await.identity.session, "");
    let acme = world.acme().await;
    let SignedIn { identity, .. } = world.begin_session(&acme, &ada()).await;
    let mut without = metadata(&acme.idp);
    without.identity_provider.single_logout.clear();
    let configure = connection::Configure { metadata: Some(without), ..Default::default() };
    world.change_connection(&acme, connection::Command::Configure(configure)).await;
    world.settle().await;
    let created = world.create_logout(&acme, &identity.session).await.unwrap();
    assert_eq!((created.binding, created.request_id.as_str()), (None, ""));
    // Nor is there anywhere to answer to; the person is signed out all the same.
    let heard = heard(world.logout(asks(&acme, &ada(), &world.logout_terms(&acme))).await);
    assert!(heard.signed_out && heard.binding.is_none());
}

#[tokio::test]
async fn a_name_too_long_for_a_cookie_leaves_no_session() {
    let world = World::start().await;
    let acme = world.acme().await;
    let long = Subject::persistent("é".repeat(1_000)).with("email", ["ada@acme.test"]);
    let signed_in = world.begin_session(&acme, &long).await;
    let length = signed_in.identity.session.len();
    assert!((2_000..=3_600).contains(&length), "{length}");
    let longest = Subject::persistent("\u{10348}".repeat(1_024)).with("email", ["ada@acme.test"]);
    assert_eq!(world.begin_session(&acme, &longest).await.identity.session, "");
}
