//! An enterprise identity provider that the test is itself.

use std::{collections::HashMap, fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use url::Url;
use vestibule_kernel::{Clock, SystemClock, SystemIds};
use vestibule_saml_idp::{IdentityProvider, KeyType, ResponseTerms, SigningKey, Subject, saml_response_value};
use vestibule_sandbox::check::Form;
use vestibule_tests::Vestibule;

/// An identity provider at `https://idp.{slug}.test`.
pub(crate) struct Provider {
    pub(crate) idp: IdentityProvider,
    slug: String,
}

impl Provider {
    pub(crate) fn new(slug: &str) -> Result<Self> {
        Self::lasting(slug, Duration::from_hours(24 * 90))
    }

    /// Its key lasts this long from now on.
    pub(crate) fn lasting(slug: &str, time: Duration) -> Result<Self> {
        let now = SystemClock.now();
        let until = now.plus(time);
        let key = SigningKey::generate(KeyType::EcP256, &format!("idp.{slug}.test"), now, until)?;
        let base = format!("https://idp.{slug}.test");
        Ok(Self {
            idp: IdentityProvider::new(format!("{base}/saml"), format!("{base}/sso"), key),
            slug: slug.to_owned(),
        })
    }

    /// Its metadata as a file beside the program.
    pub(crate) fn metadata_file(&self, vestibule: &Vestibule) -> Result<PathBuf> {
        let file = vestibule.directory().join(format!("{}-metadata.xml", self.slug));
        fs::write(&file, self.idp.metadata_xml())?;
        Ok(file)
    }

    /// The form that the browser posts after the person behind `email` has signed in for the request at `location`.
    pub(crate) fn answer(&self, location: &Url, email: &str) -> Result<Form> {
        self.bent(location, email, |terms| terms)
    }

    /// The same with terms that the test bends.
    pub(crate) fn bent(
        &self,
        location: &Url,
        email: &str,
        bend: impl FnOnce(ResponseTerms) -> ResponseTerms,
    ) -> Result<Form> {
        let request = self.idp.read_authn_request_redirect(location.query().unwrap_or_default())?;
        let acs = request.acs_url.context("the request names an assertion consumer service")?;
        let terms = ResponseTerms::new(&acs, &request.issuer, SystemClock.now(), &SystemIds).answering(&request.id);
        let (name, _) = email.split_once('@').context("an address")?;
        let subject = Subject::persistent(format!("id-of-{name}")).with("email", [email]).with("givenName", ["Ada"]);
        let xml = self.idp.respond(&subject, &bend(terms))?;
        let relay_state = request.relay_state.context("a RelayState")?;
        posted(&acs, &saml_response_value(&xml), &relay_state)
    }
}

/// The form that carries a Response to the assertion consumer service.
pub(crate) fn posted(acs: &str, saml_response: &str, relay_state: &str) -> Result<Form> {
    let fields = [("SAMLResponse", saml_response), ("RelayState", relay_state)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Ok(Form { action: acs.parse()?, is_post: true, fields, buttons: Vec::new() })
}

/// The parameters of an address.
pub(crate) fn parameters(url: &Url) -> HashMap<String, String> {
    url.query_pairs().into_owned().collect()
}
