use std::{fmt, time::Duration};

use reqwest::StatusCode;
use url::Url;

use super::html::{self, Form};

/// How much of an error page is repeated.
const TEXT_CHARS_MAX: usize = 400;

/// What a site answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The address that was asked.
    pub url: Url,
    /// The HTTP status.
    pub status: StatusCode,
    /// Where it redirects to.
    pub location: Option<Url>,
    /// The page.
    pub body: String,
    /// From sending the request to the last byte.
    pub took: Duration,
}

/// What an error page says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What a person reads.
    pub text: String,
    /// The reference id that the sign-in trace resolves, when the page shows one.
    pub reference: Option<String>,
    /// Where its first link leads: back to the application, on a page of Vestibule.
    pub way_back: Option<Url>,
}

impl Answer {
    /// The forms of the page.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        html::forms(&self.body, &self.url)
    }

    /// The text of the element with this id.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<String> {
        html::text_by(&self.body, "id", id)
    }

    /// The addresses of the page's links, in order.
    #[must_use]
    pub fn links(&self) -> Vec<Url> {
        html::links(&self.body, &self.url)
    }

    /// The value of a parameter in the address that is redirected to.
    #[must_use]
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        let location = self.location.as_ref()?;
        location.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The page as an error page.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let mut text: String = html::readable(&self.body).chars().take(TEXT_CHARS_MAX).collect();
        if text.is_empty()
            && let Some(location) = &self.location
        {
            text = format!("redirects to {}{}", location.origin().ascii_serialization(), location.path());
        }
        // "Reference for support: 0b1c…"
        let reference = html::text_by(&self.body, "class", "reference");
        let reference = reference.and_then(|text| text.split_whitespace().last().map(str::to_owned));
        Problem { status: self.status.as_u16(), text, reference, way_back: self.links().into_iter().next() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}: {}", self.status, self.text)?;
        match &self.reference {
            Some(reference) => write!(f, " (reference {reference})"),
            None => Ok(()),
        }
    }
}
