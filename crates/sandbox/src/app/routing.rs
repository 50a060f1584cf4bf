use tonic::{Code, Status};
use vestibule_rpc::routing::v1::{
    Application, ResolveSignInRequest, ResolveSignInResponse, resolve_sign_in_request::Person,
    routing_service_client::RoutingServiceClient,
};

use super::site::{App, Login};
use crate::web::{sha256, with_query};

/// What is known of the person who wants to sign in.
#[derive(Clone, Debug)]
pub(super) enum Known {
    Email(String),
    /// From a list of connections.
    Ticket(String),
}

/// The routing service gives no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RoutingError {
    #[error("This is not an e-mail address.")]
    NotAnAddress,
    #[error("Nobody knows at the moment where you sign in. Please try again.")]
    Unavailable(#[source] Box<Status>),
}

/// Asks where the person signs in. The answer carries the ready address of Cognito.
pub(super) async fn resolve(
    app: &App,
    known: &Known,
    state: &str,
    login: &Login,
    switch_account: bool,
) -> Result<ResolveSignInResponse, RoutingError> {
    let person = match known.clone() {
        Known::Email(email) => Person::Email(email),
        Known::Ticket(ticket) => Person::Ticket(ticket),
    };
    let request = ResolveSignInRequest {
        user_pool: app.config.user_pool.clone(),
        application: Some(Application {
            client_id: app.config.client_id.clone(),
            redirect_uri: app.redirect_uri(),
            scopes: app.config.scopes.clone(),
            state: state.to_owned(),
            nonce: login.nonce.clone(),
            code_challenge: sha256(&login.code_verifier),
            switch_account,
        }),
        person: Some(person),
        fresh: false,
    };
    let mut client = RoutingServiceClient::new(app.config.routing.clone());
    let answer = client.resolve_sign_in(request).await.map_err(|status| match status.code() {
        Code::InvalidArgument => RoutingError::NotAnAddress,
        _ => RoutingError::Unavailable(Box::new(status)),
    })?;
    Ok(answer.into_inner())
}

/// The address of the pool's own login.
pub(super) fn native_login(app: &App, known: &Known, state: &str, login: &Login, switch_account: bool) -> String {
    let (redirect_uri, scopes) = (app.redirect_uri(), app.config.scopes.join(" "));
    let code_challenge = sha256(&login.code_verifier);
    let mut parameters = vec![
        ("response_type", "code"),
        ("client_id", &app.config.client_id),
        ("redirect_uri", &redirect_uri),
        ("scope", &scopes),
        ("state", state),
        ("nonce", &login.nonce),
        ("code_challenge", &code_challenge),
        ("code_challenge_method", "S256"),
        ("identity_provider", "COGNITO"),
    ];
    if let Known::Email(email) = known {
        parameters.push(("login_hint", email));
    }
    if switch_account {
        parameters.push(("prompt", "login"));
    }
    with_query(&format!("{}/oauth2/authorize", app.config.cognito_url), parameters)
}
