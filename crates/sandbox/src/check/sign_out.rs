//! A sign-out without a browser: from the application, or from the identity provider.

use url::Url;

use super::{
    answer::Answer,
    error::{HopError, HopFailure},
    hop::Check,
    walk::Walk,
};
use crate::roster::{Login, Person};

const SIGN_OUT: &str = "application: sign out";
const LOGOUT: &str = "cognito: logout";
pub(super) const END_SESSION: &str = "vestibule: end session";
const REQUESTED: &str = "identity provider: logout";
const SLO: &str = "vestibule: logout";
const SIGNED_OUT: &str = "application: signed out";
const AT_PROVIDER: &str = "identity provider: sign out";
const ANSWERED: &str = "identity provider: answer";

impl Walk {
    /// The whole path of somebody who is signed in: application, Cognito, Vestibule, identity provider, Vestibule,
    /// application.
    ///
    /// # Errors
    /// The first hop that fails.
    pub async fn sign_out(&mut self) -> Result<(), HopError> {
        let end_session = self.begin_sign_out().await?;
        let request = self.end_session(&end_session).await?;
        let answer = self.ask_identity_provider(&request).await?;
        let home = self.answer_logout(&answer).await?;
        let page = self.browser.get(&home).await.map_err(|failure| failure.at(SIGNED_OUT))?;
        let is_login = page.forms().iter().any(|form| form.action.path() == "/login");
        let checks = vec![Check::new("the login page", is_login, "", home.as_str())];
        self.note(SIGNED_OUT, &page, "signed out everywhere".to_owned(), checks);
        Ok(())
    }

    /// Presses "Sign out" at the application, and ends Cognito's session. Answers Vestibule's address.
    ///
    /// # Errors
    /// When nobody is signed in, or Cognito refuses.
    pub async fn begin_sign_out(&mut self) -> Result<Url, HopError> {
        let page = self.open().await?;
        let form = page.forms().into_iter().find(|form| form.action.path() == "/sign-out");
        let form = form.ok_or_else(|| HopFailure::Page(Box::new(page.problem())).at(SIGN_OUT))?;
        let answer = self.browser.submit(&form, None).await.map_err(|failure| failure.at(SIGN_OUT))?;
        let cognito = self.redirected(SIGN_OUT, &answer, "sent to Cognito", Vec::new())?;
        let answer = self.browser.get(&cognito).await.map_err(|failure| failure.at(LOGOUT))?;
        self.redirected(LOGOUT, &answer, "Cognito's session has ended", Vec::new())
    }

    /// Asks Vestibule for the end of the session. Answers the identity provider's address, with a signed LogoutRequest.
    ///
    /// # Errors
    /// When Vestibule sends the person anywhere else.
    pub async fn end_session(&mut self, end_session: &Url) -> Result<Url, HopError> {
        let answer = self.browser.get(end_session).await.map_err(|failure| failure.at(END_SESSION))?;
        let signed = ["SAMLRequest", "RelayState", "SigAlg", "Signature"];
        let found = signed.map(|name| answer.location_parameter(name).is_some());
        let checks = vec![Check::new("signed LogoutRequest", found.iter().all(|found| *found), "", signed.join(" "))];
        self.redirected(END_SESSION, &answer, "LogoutRequest by HTTP Redirect", checks)
    }

    /// Gives the identity provider the LogoutRequest. Answers Vestibule's address, with the LogoutResponse.
    ///
    /// # Errors
    /// When the identity provider does not take the request.
    pub async fn ask_identity_provider(&mut self, request: &Url) -> Result<Url, HopError> {
        let answer = self.browser.get(request).await.map_err(|failure| failure.at(REQUESTED))?;
        let is_answer = answer.location_parameter("SAMLResponse").is_some();
        let checks = vec![Check::new("LogoutResponse", is_answer, "", "by HTTP Redirect")];
        self.redirected(REQUESTED, &answer, "the session has ended", checks)
    }

    /// Gives Vestibule the LogoutResponse. Answers the application's address.
    ///
    /// # Errors
    /// When Vestibule shows a page instead.
    pub async fn answer_logout(&mut self, answer: &Url) -> Result<Url, HopError> {
        let answer = self.browser.get(answer).await.map_err(|failure| failure.at(SLO))?;
        self.redirected(SLO, &answer, "the answer is the identity provider's", Vec::new())
    }

    /// Signs a person out at their identity provider at `idp`, which tells Vestibule. Answers the status of the answer.
    ///
    /// # Errors
    /// When the person is not signed in there, or Vestibule does not answer.
    pub async fn sign_out_at(&mut self, idp: &Url, known: (&Login, &Person)) -> Result<String, HopError> {
        let request = self.logout_request_of(idp, known).await?;
        let answer = self.browser.get(&request).await.map_err(|failure| failure.at(SLO))?;
        let back = self.redirected(SLO, &answer, "LogoutResponse by HTTP Redirect", Vec::new())?;
        let page = self.browser.get(&back).await.map_err(|failure| failure.at(ANSWERED))?;
        let status = status_of(&page).ok_or_else(|| HopFailure::Page(Box::new(page.problem())).at(ANSWERED))?;
        self.note(ANSWERED, &page, status.clone(), Vec::new());
        Ok(status)
    }

    /// The first half of [`Self::sign_out_at`]: Vestibule's address, with the identity provider's LogoutRequest.
    ///
    /// # Errors
    /// When the person is not signed in there.
    pub async fn logout_request_of(&mut self, idp: &Url, (login, person): (&Login, &Person)) -> Result<Url, HopError> {
        let at = |failure: HopFailure| failure.at(AT_PROVIDER);
        let address =
            idp.join(&format!("/{}/sign-out", login.path)).map_err(|_| at(HopFailure::Value("the address")))?;
        let page = self.browser.get(&address).await.map_err(at)?;
        let form = page.forms().into_iter().next().ok_or_else(|| at(HopFailure::Page(Box::new(page.problem()))))?;
        let answer = self.browser.submit(&form.with("person", person.id), None).await.map_err(at)?;
        self.redirected(AT_PROVIDER, &answer, "LogoutRequest by HTTP Redirect", Vec::new())
    }
}

fn status_of(page: &Answer) -> Option<String> {
    page.text("logout-status")
}
