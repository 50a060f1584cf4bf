use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use url::Url;
use vestibule_saml_idp::Forgery;

use super::{
    answer::Answer,
    browser::Browser,
    error::{HopError, HopFailure},
    hop::{Check, Hop},
    html::Form,
};
use crate::roster::{Login, Person, find_person};

const LOGIN_PAGE: &str = "application: login page";
pub(super) const ROUTING: &str = "application: routing";
const AUTHORIZE: &str = "cognito: authorize";
const BROKER: &str = "vestibule: authorize";
pub(super) const REQUEST: &str = "identity provider: request";
pub(super) const SIGN_IN: &str = "identity provider: sign in";
pub(super) const ASSERTION: &str = "vestibule: assertion";
const RESPONSE: &str = "cognito: idpresponse";
const CALLBACK: &str = "application: callback";
const CLAIMS: &str = "application: claims";

/// A sign-in, step by step, in one browser.
#[derive(Clone, Debug)]
pub struct Walk {
    app: Url,
    /// The browser; take its cookies away, or give it another's.
    pub browser: Browser,
    /// What has happened so far.
    pub hops: Vec<Hop>,
}

/// Where Cognito sends the browser.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// To the provider: Vestibule.
    Provider(Url),
    /// Straight back to the application, out of Cognito's session.
    Session(Url),
}

/// The identity provider asks who is signing in.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// The form.
    pub form: Form,
    /// The ID of the AuthnRequest.
    pub request_id: String,
}

/// The form that the identity provider has the browser post to the assertion consumer service.
#[derive(Clone, Debug)]
pub struct PostedResponse {
    /// The form, with `SAMLResponse` and `RelayState`.
    pub form: Form,
}

/// The verified claims that the application shows at the end.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Of the ID token.
    pub id_token: Value,
    /// Of the access token.
    pub access_token: Value,
}

impl PostedResponse {
    /// The Response as XML.
    #[must_use]
    pub fn xml(&self) -> Option<String> {
        String::from_utf8(BASE64_STANDARD.decode(self.form.field("SAMLResponse")?).ok()?).ok()
    }

    /// The same form with another Response.
    #[must_use]
    pub fn with_xml(&self, xml: &str) -> Self {
        Self { form: self.form.clone().with("SAMLResponse", &BASE64_STANDARD.encode(xml)) }
    }
}

impl Walk {
    /// A walk that begins at the demo application at `app`.
    #[must_use]
    pub const fn new(app: Url, browser: Browser) -> Self {
        Self { app, browser, hops: Vec::new() }
    }

    /// The whole path for the person with this address, by the application's login page.
    ///
    /// # Errors
    /// The first hop that fails.
    pub async fn sign_in(&mut self, email: &str) -> Result<Claims, HopError> {
        let known = find_person(email).ok_or_else(|| HopFailure::Unknown(email.into()).at(LOGIN_PAGE))?;
        let page = self.open().await?;
        let cognito = self.submit_email(&page, known).await?;
        self.from_cognito(&cognito, known).await
    }

    /// The same for somebody who is signed in and presses "Switch account".
    ///
    /// # Errors
    /// The first hop that fails.
    pub async fn switch_account(&mut self, email: &str) -> Result<Claims, HopError> {
        let known = find_person(email).ok_or_else(|| HopFailure::Unknown(email.into()).at(LOGIN_PAGE))?;
        let page = self.open().await?;
        let button = page.forms().into_iter().find(|form| form.action.path() == "/switch-account");
        let button = button.ok_or_else(|| HopFailure::Page(Box::new(page.problem())).at(LOGIN_PAGE))?;
        let page = self.browser.submit(&button, None).await.map_err(|failure| failure.at(LOGIN_PAGE))?;
        let cognito = self.submit_email(&page, known).await?;
        self.from_cognito(&cognito, known).await
    }

    /// From Cognito's authorize address to the claims.
    ///
    /// # Errors
    /// The first hop that fails.
    pub async fn from_cognito(&mut self, cognito: &Url, known: (&Login, &Person)) -> Result<Claims, HopError> {
        let callback = match self.through_cognito(cognito).await? {
            Upstream::Session(callback) => callback,
            Upstream::Provider(provider) => {
                let page = self.to_identity_provider(&provider).await?;
                let response = self.choose(&page, known.1.id).await?;
                let back = self.post_response(&response).await?;
                self.back_to_application(&back).await?
            }
        };
        self.finish(&callback).await
    }

    /// From the application's login page to the page where the identity provider asks who is signing in.
    ///
    /// # Errors
    /// The first hop that fails; also when Cognito remembers somebody in this browser.
    pub async fn to_sign_in_page(&mut self, known: (&Login, &Person)) -> Result<SignInPage, HopError> {
        let page = self.open().await?;
        let cognito = self.submit_email(&page, known).await?;
        match self.through_cognito(&cognito).await? {
            Upstream::Provider(provider) => self.to_identity_provider(&provider).await,
            Upstream::Session(_) => Err(HopFailure::Value("a browser without a session").at(AUTHORIZE)),
        }
    }

    /// Opens the application.
    ///
    /// # Errors
    /// When it does not answer with a page.
    pub async fn open(&mut self) -> Result<Answer, HopError> {
        let app = self.app.clone();
        let page = self.browser.get(&app).await.map_err(|failure| failure.at(LOGIN_PAGE))?;
        self.note(LOGIN_PAGE, &page, format!("HTTP {}", page.status.as_u16()), Vec::new());
        if page.status.is_success() { Ok(page) } else { Err(HopFailure::Page(Box::new(page.problem())).at(LOGIN_PAGE)) }
    }

    /// Types the address on the login page; chooses the person's identity provider where there are several. Answers
    /// Cognito's authorize address.
    ///
    /// # Errors
    /// When the application does not send the browser to Cognito.
    pub async fn submit_email(&mut self, page: &Answer, known: (&Login, &Person)) -> Result<Url, HopError> {
        let form = page.forms().into_iter().find(|form| form.action.path() == "/login");
        let form = form.ok_or_else(|| HopFailure::Value("the login form").at(LOGIN_PAGE))?.with("email", known.1.email);
        let mut answer = self.browser.submit(&form, None).await.map_err(|failure| failure.at(ROUTING))?;
        let choice = answer.forms().into_iter().find(|form| {
            form.field("ticket").is_some() && form.buttons.iter().any(|button| button.label == known.0.display_name)
        });
        let mut decision = "sent to Cognito";
        if let Some(choice) = choice.filter(|_| answer.status.is_success()) {
            answer = self.browser.submit(&choice, None).await.map_err(|failure| failure.at(ROUTING))?;
            decision = "chose from a list, sent to Cognito";
        }
        self.redirected(ROUTING, &answer, decision, Vec::new())
    }

    /// Asks Cognito: to the provider, or straight back out of its session.
    ///
    /// # Errors
    /// When Cognito refuses.
    pub async fn through_cognito(&mut self, cognito: &Url) -> Result<Upstream, HopError> {
        let answer = self.browser.get(cognito).await.map_err(|failure| failure.at(AUTHORIZE))?;
        no_error(&answer).map_err(|failure| failure.at(AUTHORIZE))?;
        if answer.location_parameter("code").is_some() {
            let callback = self.redirected(AUTHORIZE, &answer, "answered out of Cognito's session", Vec::new())?;
            return Ok(Upstream::Session(callback));
        }
        let names: Vec<String> = answer
            .location
            .iter()
            .flat_map(|url| url.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>())
            .collect();
        let bare = !names.iter().any(|name| name == "nonce" || name.starts_with("code_challenge"));
        let length = answer.location_parameter("state").unwrap_or_default().len();
        let checks = vec![
            Check::new("parameters without nonce and PKCE", bare, "", names.join(" ")),
            Check::new("length of the state", length >= 650, "at least 650", length.to_string()),
        ];
        Ok(Upstream::Provider(self.redirected(AUTHORIZE, &answer, "sent to the provider", checks)?))
    }

    /// From Vestibule's authorize endpoint to the identity provider's page, by either binding.
    ///
    /// # Errors
    /// When Vestibule refuses, or the identity provider does not accept the AuthnRequest.
    pub async fn to_identity_provider(&mut self, provider: &Url) -> Result<SignInPage, HopError> {
        let answer = self.browser.get(provider).await.map_err(|failure| failure.at(BROKER))?;
        let posted = answer.forms().into_iter().find(|form| form.field("SAMLRequest").is_some());
        let page = if let Some(form) = posted {
            self.note(BROKER, &answer, "AuthnRequest by HTTP POST".to_owned(), Vec::new());
            self.browser.submit(&form, None).await
        } else {
            let address = self.redirected(BROKER, &answer, "AuthnRequest by HTTP Redirect", Vec::new())?;
            self.browser.get(&address).await
        };
        let page = page.map_err(|failure| failure.at(REQUEST))?;
        let form = page.forms().into_iter().find(|form| form.action.path().ends_with("/sign-in"));
        let (Some(form), Some(request_id)) = (form, page.text("authn-request-id")) else {
            return Err(HopFailure::Page(Box::new(page.problem())).at(REQUEST));
        };
        let signature = page.text("authn-request-signature").unwrap_or_default();
        let checks = vec![Check::new("signature of the request", true, "", signature)];
        self.note(REQUEST, &page, format!("AuthnRequest {request_id}"), checks);
        Ok(SignInPage { form, request_id })
    }

    /// Signs in at the identity provider as the person with this id.
    ///
    /// # Errors
    /// When the identity provider does not answer with a Response.
    pub async fn choose(&mut self, page: &SignInPage, person: &str) -> Result<PostedResponse, HopError> {
        let form = page.form.clone().with("person", person).with("decision", "sign-in");
        self.decide(form, format!("signed in as {person}")).await
    }

    /// Has the identity provider send a forgery, by the person with this id, who wants to be somebody else.
    ///
    /// # Errors
    /// When the identity provider does not answer with a Response.
    pub async fn forge(
        &mut self,
        page: &SignInPage,
        person: &str,
        forgery: Forgery,
    ) -> Result<PostedResponse, HopError> {
        let place = Forgery::ALL.iter().position(|each| *each == forgery).unwrap_or_default();
        let form = page.form.clone().with("person", person).with("forgery", &place.to_string());
        self.decide(form.with("decision", "forge"), format!("forged: {}", forgery.name())).await
    }

    /// Presses "Cancel" at the identity provider.
    ///
    /// # Errors
    /// When the identity provider does not answer with a Response.
    pub async fn cancel(&mut self, page: &SignInPage) -> Result<PostedResponse, HopError> {
        self.decide(page.form.clone().with("decision", "cancel"), "cancelled".to_owned()).await
    }

    /// Has the browser post the Response to Vestibule. Answers Cognito's address.
    ///
    /// # Errors
    /// When Vestibule refuses the Response with a page.
    pub async fn post_response(&mut self, response: &PostedResponse) -> Result<Url, HopError> {
        let answer = self.browser.submit(&response.form, None).await.map_err(|failure| failure.at(ASSERTION))?;
        self.redirected(ASSERTION, &answer, "the answer goes to Cognito", Vec::new())
    }

    /// Gives Cognito the answer of Vestibule. Answers the application's address.
    ///
    /// # Errors
    /// When Cognito refuses with a page.
    pub async fn back_to_application(&mut self, back: &Url) -> Result<Url, HopError> {
        let answer = self.browser.get(back).await.map_err(|failure| failure.at(RESPONSE))?;
        no_error(&answer).map_err(|failure| failure.at(RESPONSE))?;
        self.redirected(RESPONSE, &answer, "code for the application", Vec::new())
    }

    /// Gives the application the code, and reads the claims.
    ///
    /// # Errors
    /// When the application refuses the tokens.
    pub async fn finish(&mut self, callback: &Url) -> Result<Claims, HopError> {
        let answer = self.browser.get(callback).await.map_err(|failure| failure.at(CALLBACK))?;
        let home = self.redirected(CALLBACK, &answer, "tokens verified with Cognito's keys", Vec::new())?;
        let page = self.browser.get(&home).await.map_err(|failure| failure.at(CLAIMS))?;
        let claims = |id: &str| page.text(id).and_then(|text| serde_json::from_str::<Value>(&text).ok());
        match (claims("id-token-claims"), claims("access-token-claims")) {
            (Some(id_token), Some(access_token)) => {
                self.note(CLAIMS, &page, "signed in".to_owned(), Vec::new());
                Ok(Claims { id_token, access_token })
            }
            _ => Err(HopFailure::Page(Box::new(page.problem())).at(CLAIMS)),
        }
    }

    async fn decide(&mut self, form: Form, decision: String) -> Result<PostedResponse, HopError> {
        let page = self.browser.submit(&form, None).await.map_err(|failure| failure.at(SIGN_IN))?;
        let form = page.forms().into_iter().find(|form| form.field("SAMLResponse").is_some());
        let form = form.ok_or_else(|| HopFailure::Page(Box::new(page.problem())).at(SIGN_IN))?;
        let posted = PostedResponse { form };
        let encrypted = posted.xml().is_some_and(|xml| xml.contains("EncryptedAssertion>"));
        let found = if encrypted { "encrypted for the service provider" } else { "readable by the browser" };
        self.note(SIGN_IN, &page, decision, vec![Check::new("the Response", true, "", found)]);
        Ok(posted)
    }

    /// The hop must have redirected.
    pub(super) fn redirected(
        &mut self,
        name: &'static str,
        answer: &Answer,
        decision: &str,
        checks: Vec<Check>,
    ) -> Result<Url, HopError> {
        let location = answer.location.clone().filter(|_| answer.status.is_redirection());
        let location = location.ok_or_else(|| HopFailure::Page(Box::new(answer.problem())).at(name))?;
        self.note(name, answer, decision.to_owned(), checks);
        Ok(location)
    }

    pub(super) fn note(&mut self, name: &'static str, answer: &Answer, decision: String, checks: Vec<Check>) {
        let address = format!("{}{}", answer.url.origin().ascii_serialization(), answer.url.path());
        self.hops.push(Hop { name, address, took: answer.took, decision, checks });
    }
}

/// Cognito sends the browser back with an OAuth error (RFC 6749 section 4.1.2.1) when it cannot go on.
fn no_error(answer: &Answer) -> Result<(), HopFailure> {
    let Some(error) = answer.location_parameter("error") else { return Ok(()) };
    let description = answer.location_parameter("error_description").unwrap_or_default();
    Err(HopFailure::OAuth { error: error.into(), description: description.into() })
}
