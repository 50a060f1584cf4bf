use crate::{
    IdpError, LogoutKind, LogoutTerms, ReceivedLogout, ReceivedRequest, ResponseTerms, SigningKey, Subject, logout,
    metadata, request, response,
};

/// A simulated identity provider.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    entity_id: String,
    sso_url: String,
    slo_url: Option<String>,
    signing: SigningKey,
    also_published: Vec<Vec<u8>>,
    wants_signed_requests: bool,
}

impl IdentityProvider {
    /// An identity provider that signs with `signing` and takes requests at `sso_url` by Redirect and POST.
    #[must_use]
    pub fn new(entity_id: impl Into<String>, sso_url: impl Into<String>, signing: SigningKey) -> Self {
        Self {
            entity_id: entity_id.into(),
            sso_url: sso_url.into(),
            slo_url: None,
            signing,
            also_published: Vec::new(),
            wants_signed_requests: false,
        }
    }

    /// The same identity provider, with one more certificate in its metadata, before the one it signs with: what
    /// a provider does around a change of keys.
    #[must_use]
    pub fn publishing(mut self, certificate_der: impl Into<Vec<u8>>) -> Self {
        self.also_published.push(certificate_der.into());
        self
    }

    /// The same identity provider, which takes logout messages at `slo_url` by Redirect and POST.
    #[must_use]
    pub fn with_logout(mut self, slo_url: impl Into<String>) -> Self {
        self.slo_url = Some(slo_url.into());
        self
    }

    /// The same identity provider, whose metadata says that it takes signed requests only; whoever reads them sees to it
    /// with [`ReceivedRequest::require_signed_by`].
    #[must_use]
    pub const fn wanting_signed_requests(mut self) -> Self {
        self.wants_signed_requests = true;
        self
    }

    /// Its entity id.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Where it takes requests.
    #[must_use]
    pub fn sso_url(&self) -> &str {
        &self.sso_url
    }

    /// Where it takes logout messages.
    #[must_use]
    pub fn slo_url(&self) -> Option<&str> {
        self.slo_url.as_deref()
    }

    /// The key it signs with.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.signing
    }

    /// Its metadata: an EntityDescriptor with one IDPSSODescriptor.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        let certificates = self.also_published.iter().map(Vec::as_slice).chain([self.signing.certificate_der()]);
        metadata::xml(&self.entity_id, (&self.sso_url, self.slo_url()), self.wants_signed_requests, certificates)
    }

    /// Reads an AuthnRequest from the query of the HTTP Redirect binding.
    ///
    /// # Errors
    /// When the query carries no readable AuthnRequest.
    pub fn read_authn_request_redirect(&self, query: &str) -> Result<ReceivedRequest, IdpError> {
        request::from_redirect(query)
    }

    /// Reads an AuthnRequest from the body of the HTTP POST binding (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// When the form carries no readable AuthnRequest.
    pub fn read_authn_request_post(&self, form: &str) -> Result<ReceivedRequest, IdpError> {
        request::from_post(form)
    }

    /// A LogoutRequest about `subject`, not signed: [`Self::logout_query`] and [`Self::sign_logout`] do that.
    #[must_use]
    pub fn logout_request(&self, subject: &Subject, terms: &LogoutTerms) -> String {
        logout::request(&self.entity_id, subject, terms)
    }

    /// The LogoutResponse to the request that the terms name, not signed.
    #[must_use]
    pub fn logout_response(&self, terms: &LogoutTerms) -> String {
        logout::response(&self.entity_id, terms)
    }

    /// The query of the HTTP Redirect binding that carries a logout message, signed.
    ///
    /// # Errors
    /// [`IdpError::Certificate`] when the key does not sign.
    pub fn logout_query(&self, kind: LogoutKind, xml: &str, relay_state: Option<&str>) -> Result<String, IdpError> {
        logout::query(&self.signing, kind, xml, relay_state)
    }

    /// The message with an enveloped signature, for the HTTP POST binding.
    ///
    /// # Errors
    /// [`IdpError::Signing`] when the key does not sign.
    pub fn sign_logout(&self, xml: &str, terms: &LogoutTerms) -> Result<String, IdpError> {
        self.signing.sign_element(xml, &terms.id, &self.signing.profile())
    }

    /// Reads a logout message from the query of the HTTP Redirect binding.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn read_logout_redirect(&self, query: &str) -> Result<ReceivedLogout, IdpError> {
        logout::from_redirect(query)
    }

    /// Reads a logout message from the body of the HTTP POST binding (`application/x-www-form-urlencoded`).
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn read_logout_post(&self, form: &str) -> Result<ReceivedLogout, IdpError> {
        logout::from_post(form)
    }

    /// A Response about `subject`, signed as the terms say.
    ///
    /// # Errors
    /// [`IdpError::Signing`] when the key cannot make such a signature.
    pub fn respond(&self, subject: &Subject, terms: &ResponseTerms) -> Result<String, IdpError> {
        response::signed(&self.entity_id, &self.signing, subject, terms)
    }

    /// A signed Response without an Assertion, because nobody signed in: `code` is the second-level StatusCode such as
    /// `urn:oasis:names:tc:SAML:2.0:status:AuthnFailed`, `message` the status message (SAML core section 3.2.2).
    ///
    /// # Errors
    /// [`IdpError::Signing`] when the key cannot make such a signature.
    pub fn refuse(&self, code: &str, message: &str, terms: &ResponseTerms) -> Result<String, IdpError> {
        response::refusal(&self.entity_id, &self.signing, (code, message), terms)
    }
}
