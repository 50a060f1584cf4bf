use std::sync::Arc;

use axum::{
    extract::{RawForm, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use vestibule_kernel::Chain;
use vestibule_rpc::routing::v1::{Decision, ResolveSignInResponse};

use super::{
    page,
    routing::{self, Known},
    site::{App, BROWSER_COOKIE, BROWSER_LIFETIME, Login},
};
use crate::web::{cookie_of, found, pairs, random_token, set_cookie, text_of, with_cookies};

/// `POST /login`: finds out where the person signs in, and sends them there.
pub(super) async fn login(State(app): State<Arc<App>>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let form = pairs(&String::from_utf8_lossy(&form));
    let known = match (text_of(&form, "ticket"), text_of(&form, "email")) {
        (Some(ticket), _) => Known::Ticket(ticket.to_owned()),
        (None, Some(email)) => Known::Email(email.trim().to_owned()),
        (None, None) => return app.login_page(&headers, false, Some("Please type your e-mail address.")),
    };
    let switch_account = text_of(&form, "switch_account").is_some();
    begin(&app, &headers, &known, switch_account).await
}

/// `GET /login/initiate`: somebody else asks for a sign-in here (OpenID Connect Core 1.0 section 4). What stands in the
/// address decides nothing but where the person signs in: the ticket is verified by the routing service, and the sign-in is
/// an ordinary one, tied to this browser.
pub(super) async fn initiate(State(app): State<Arc<App>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = pairs(query.as_deref().unwrap_or_default());
    // This application knows one issuer. The registry names it as AWS does, the simulator by its address.
    let pool_id = app.config.issuer.rsplit('/').next().unwrap_or_default();
    let is_ours = text_of(&query, "iss").is_some_and(|issuer| issuer.rsplit('/').next() == Some(pool_id));
    match text_of(&query, "login_hint") {
        Some(ticket) if is_ours => begin(&app, &headers, &Known::Ticket(ticket.to_owned()), true).await,
        _ => app.login_page(&headers, false, Some("Please begin here.")),
    }
}

async fn begin(app: &App, headers: &HeaderMap, known: &Known, switch_account: bool) -> Response {
    let ids = &*app.config.ids;
    let cookie = cookie_of(headers, BROWSER_COOKIE).filter(|cookie| !cookie.is_empty());
    let browser = cookie.unwrap_or_else(|| random_token(ids));
    let switch_account = switch_account || app.is_somebody_else(&browser, known);
    let state = random_token(ids);
    let login = Login {
        browser: browser.clone(),
        person: match known {
            Known::Email(email) => email.to_lowercase(),
            Known::Ticket(_) => String::new(),
        },
        organization: String::new(),
        nonce: random_token(ids),
        code_verifier: random_token(ids),
    };
    let answer = match routing::resolve(app, known, &state, &login, switch_account).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "demo application: no routing decision");
            return app.login_page(headers, switch_account, Some(&error.to_string()));
        }
    };
    let response = app.go(known, state, login, switch_account, &answer);
    with_cookies(response, [set_cookie(BROWSER_COOKIE, &browser, BROWSER_LIFETIME)])
}

impl App {
    /// Whether this browser may have signed somebody else in before. Cognito's session cookie would then answer for that
    /// person, so it has to ask again. Behind a ticket from the list of connections nobody is known yet.
    fn is_somebody_else(&self, browser: &str, known: &Known) -> bool {
        let Known::Email(email) = known else { return true };
        let before = self.last_person.get(browser, self.config.clock.now());
        before.is_some_and(|before| before != email.to_lowercase())
    }

    fn go(
        &self,
        known: &Known,
        state: String,
        login: Login,
        switch_account: bool,
        answer: &ResolveSignInResponse,
    ) -> Response {
        let name = answer.organization_display_name.as_str();
        let address = match answer.decision() {
            Decision::Standard if answer.authorize_url.is_empty() => {
                routing::native_login(self, known, &state, &login, switch_account)
            }
            Decision::Brokered | Decision::Direct | Decision::Standard => answer.authorize_url.clone(),
            Decision::Choose => return page::choose(name, &answer.connections, switch_account),
            Decision::Refused => return page::refused(name, &answer.reason),
            Decision::Unspecified => return page::refused(name, "the decision is not known to this application"),
        };
        // The address comes from a service of ours; still, this is the one place that could send people elsewhere.
        if !address.starts_with(&format!("{}/oauth2/authorize?", self.config.cognito_url)) {
            return page::problem("The routing service names an address that is not the user pool's.", "");
        }
        let organization = answer.organization.trim_start_matches("organizations/").to_owned();
        self.logins.put(state, Login { organization, ..login }, self.config.clock.now());
        found(&address)
    }
}
