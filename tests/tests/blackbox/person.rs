//! People of the sandbox, step by step.

use anyhow::{Context, Result, bail};
use vestibule_sandbox::{
    check::{Browser, PostedResponse, SignInPage, Upstream, Walk},
    roster::find_person,
};
use vestibule_tests::Vestibule;

/// A person before the demo application, in a browser of their own.
pub(crate) fn walk(sandbox: &Vestibule) -> Result<Walk> {
    Ok(Walk::new(sandbox.app()?, Browser::new()?))
}

/// From the demo application to the page of the identity provider.
pub(crate) async fn to_identity_provider(walk: &mut Walk, email: &str) -> Result<SignInPage> {
    let known = find_person(email).context("nobody of the sandbox")?;
    let page = walk.open().await?;
    let cognito = walk.submit_email(&page, known).await?;
    match walk.through_cognito(&cognito).await? {
        Upstream::Provider(provider) => Ok(walk.to_identity_provider(&provider).await?),
        Upstream::Session(callback) => bail!("Cognito remembers somebody: {callback}"),
    }
}

/// From the demo application to the form with the Response.
pub(crate) async fn to_response(walk: &mut Walk, email: &str) -> Result<PostedResponse> {
    let page = to_identity_provider(walk, email).await?;
    let (_, person) = find_person(email).context("nobody of the sandbox")?;
    Ok(walk.choose(&page, person.id).await?)
}
