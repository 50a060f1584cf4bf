use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use url::Url;
use vestibule_kernel::ExposeSecret as _;
use vestibule_sandbox::check::{PostedResponse, Walk};
use vestibule_tests::Surroundings;

/// What must be in no span, metric or log: values that a sign-in carries, by what they are.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// What is the same in all sign-ins.
    pub(crate) fn of(surroundings: &Surroundings, tokens: &[&Path]) -> Result<Self> {
        let mut secrets = Self::default();
        secrets.add("client secret", surroundings.sandbox.seeded.client_secret.expose_secret());
        for token in tokens {
            let text = fs::read_to_string(token).with_context(|| token.display().to_string())?;
            secrets.add("token", text.trim());
        }
        for personal in ["ada@acme.test", "Lovelace", "a-1001"] {
            secrets.add("personal data", personal);
        }
        Ok(secrets)
    }

    /// What Cognito asks Vestibule with.
    pub(crate) fn of_authorize(&mut self, provider: &Url) -> Result<()> {
        let (_, state) = provider.query_pairs().find(|(name, _)| name == "state").context("a state")?;
        self.add("state", &state);
        // Also the pieces of a value that was cut.
        self.add("beginning of the state", state.get(..40).context("a long state")?);
        Ok(())
    }

    /// What comes from the identity provider.
    pub(crate) fn of_response(&mut self, posted: &PostedResponse, walk: &Walk) -> Result<()> {
        self.add("SAMLResponse", posted.form.field("SAMLResponse").context("a Response")?.get(..60).context("long")?);
        let xml = posted.xml().context("XML")?;
        let signature = xml.split("SignatureValue>").nth(1).context("a signature")?;
        self.add("signature", signature.get(..40).context("a long signature")?);
        self.add("NameID", &BASE64_STANDARD.encode("ada@acme.test"));
        let long = walk.browser.cookies().iter().filter_map(|cookie| cookie.value.get(..40));
        let sealed: Vec<String> = long.map(str::to_owned).collect();
        ensure!(!sealed.is_empty(), "no sealed sign-in in the browser");
        for value in sealed {
            self.add("cookie", &value);
        }
        Ok(())
    }

    /// What goes to Cognito.
    pub(crate) fn of_answer(&mut self, back: &Url) -> Result<()> {
        let (_, code) = back.query_pairs().find(|(name, _)| name == "code").context("a code")?;
        self.add("code", &code);
        Ok(())
    }

    fn add(&mut self, what: &str, value: &str) {
        self.0.push((what.to_owned(), value.to_owned()));
    }

    /// None of them is in this text.
    pub(crate) fn are_not_in(&self, place: &str, text: &str) -> Result<()> {
        ensure!(self.0.len() > 10, "too little to look for");
        for (what, value) in &self.0 {
            let line = text.lines().find(|line| line.contains(value.as_str()));
            ensure!(line.is_none(), "{what} in the {place}: {line:?}");
        }
        Ok(())
    }
}
