use askama::Template;
use vestibule_saml_idp::Forgery;

use crate::roster::Login;

/// Who is signing in?
#[derive(Template)]
#[template(path = "idp/sign_in.html")]
pub(super) struct SignInPage<'a> {
    pub(super) login: &'a Login,
    pub(super) handle: &'a str,
    pub(super) request_id: &'a str,
    pub(super) issuer: &'a str,
    /// Whether the service provider signed the request, as far as anybody looked.
    pub(super) signed: bool,
    pub(super) problem: Option<&'static str>,
    /// What a hostile identity provider, or a hostile person, could send instead.
    pub(super) forgeries: &'static [Forgery],
}

/// The form that carries the Response to the service provider (SAML bindings section 3.5.4).
#[derive(Template)]
#[template(path = "idp/post.html")]
pub(super) struct PostPage<'a> {
    pub(super) acs_url: &'a str,
    pub(super) saml_response: &'a str,
    pub(super) relay_state: Option<&'a str>,
}

/// Something is wrong with the request.
#[derive(Template)]
#[template(path = "idp/problem.html")]
pub(super) struct ProblemPage<'a> {
    pub(super) problem: &'a str,
}

/// Which application, and as whom?
#[derive(Template)]
#[template(path = "idp/portal.html")]
pub(super) struct PortalPage<'a> {
    pub(super) login: &'a Login,
}

/// Who is signing out?
#[derive(Template)]
#[template(path = "idp/sign_out.html")]
pub(super) struct SignOutPage<'a> {
    pub(super) login: &'a Login,
}

/// The service provider has answered.
#[derive(Template)]
#[template(path = "idp/signed_out.html")]
pub(super) struct SignedOutPage<'a> {
    pub(super) status: &'a str,
}
