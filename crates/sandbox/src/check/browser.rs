use std::time::Instant;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

use super::{
    answer::Answer,
    error::HopFailure,
    html::{Button, Form},
};
use crate::web::{ClientError, http_client};

/// A cookie that the browser keeps. As in real browsers, the port does not separate cookies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cookie {
    /// The host that set it.
    pub host: String,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The path below which it is sent.
    pub path: String,
}

/// As much of a browser as a sign-in needs: cookies, forms, one request at a time.
#[derive(Clone, Debug)]
pub struct Browser {
    http: reqwest::Client,
    cookies: Vec<Cookie>,
}

impl Browser {
    /// A browser without cookies.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new() -> Result<Self, ClientError> {
        Ok(Self { http: http_client("vestibule-sandbox-check")?, cookies: Vec::new() })
    }

    /// Another person's browser: the same connections, none of the cookies.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { http: self.http.clone(), cookies: Vec::new() }
    }

    /// The cookies that are kept.
    #[must_use]
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// Forgets the cookies that `which` names.
    pub fn forget(&mut self, which: impl Fn(&Cookie) -> bool) {
        self.cookies.retain(|cookie| !which(cookie));
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get(&mut self, url: &Url) -> Result<Answer, HopFailure> {
        self.send(url, None).await
    }

    /// Sends a form, by a button when one is named.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn submit(&mut self, form: &Form, button: Option<&Button>) -> Result<Answer, HopFailure> {
        let mut fields = form.fields.clone();
        fields.extend(button.and_then(|button| button.field.clone()));
        if form.is_post {
            return self.send(&form.action, Some(&fields)).await;
        }
        let mut url = form.action.clone();
        url.query_pairs_mut().extend_pairs(&fields);
        self.send(&url, None).await
    }

    async fn send(&mut self, url: &Url, form: Option<&[(String, String)]>) -> Result<Answer, HopFailure> {
        let request = match form {
            Some(fields) => self.http.post(url.clone()).form(fields),
            None => self.http.get(url.clone()),
        };
        let cookies = self.cookies_for(url);
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies) };
        let started = Instant::now();
        let response = request.send().await.map_err(HopFailure::Call)?;
        let status = response.status();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|location| url.join(location).ok());
        for header in response.headers().get_all(SET_COOKIE) {
            if let Ok(cookie) = header.to_str() {
                self.keep(url, cookie);
            }
        }
        let body = response.text().await.map_err(HopFailure::Call)?;
        Ok(Answer { url: url.clone(), status, location, body, took: started.elapsed() })
    }

    fn cookies_for(&self, url: &Url) -> String {
        let host = url.host_str().unwrap_or_default();
        let fits = |cookie: &&Cookie| cookie.host == host && path_matches(url.path(), &cookie.path);
        let cookies: Vec<String> =
            self.cookies.iter().filter(fits).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        cookies.join("; ")
    }

    fn keep(&mut self, url: &Url, header: &str) {
        let Ok(parsed) = cookie::Cookie::parse(header.to_owned()) else { return };
        let host = url.host_str().unwrap_or_default().to_owned();
        let path = parsed.path().unwrap_or("/").to_owned();
        self.cookies.retain(|known| !(known.host == host && known.name == parsed.name() && known.path == path));
        let is_over = parsed.max_age().is_some_and(|age| age <= cookie::time::Duration::ZERO);
        let has_expired = parsed.expires_datetime().is_some_and(|end| end <= cookie::time::OffsetDateTime::UNIX_EPOCH);
        if !is_over && !has_expired {
            self.cookies.push(Cookie { host, name: parsed.name().to_owned(), value: parsed.value().to_owned(), path });
        }
    }
}

/// RFC 6265 section 5.1.4.
fn path_matches(request: &str, cookie: &str) -> bool {
    request == cookie || request.strip_prefix(cookie).is_some_and(|rest| cookie.ends_with('/') || rest.starts_with('/'))
}
