use url::Url;

/// The issuer that a user pool's tokens name, in its original form.
#[must_use]
pub fn issuer(region: &str, pool_id: &str) -> String {
    format!("https://cognito-idp.{region}.amazonaws.com/{pool_id}")
}

/// Where a browser is sent so that an application begins a sign-in that somebody else asked for (OpenID Connect Core 1.0
/// section 4): `iss` names the issuer, `login_hint` whom it is about. What else the application's address asks for stays.
///
/// `None` when `initiate_login_uri` is no address.
#[must_use]
pub fn initiate_login_url(initiate_login_uri: &str, issuer: &str, login_hint: &str) -> Option<String> {
    let mut url = Url::parse(initiate_login_uri).ok()?;
    url.query_pairs_mut().append_pair("iss", issuer).append_pair("login_hint", login_hint);
    Some(url.into())
}
