//! People of the sandbox, step by step.

use anyhow::{Context, Result};
use vestibule_sandbox::{
    check::{Browser, PostedResponse, SignInPage, Walk},
    roster::find_person,
};
use vestibule_tests::Vestibule;

/// A person before the demo application, in a browser of their own.
pub(crate) fn walk(sandbox: &Vestibule) -> Result<Walk> {
    Ok(Walk::new(sandbox.app()?, Browser::new()?))
}

/// From the demo application to the page of the identity provider.
pub(crate) async fn to_identity_provider(walk: &mut Walk, email: &str) -> Result<SignInPage> {
    Ok(walk.to_sign_in_page(find_person(email).context("nobody of the sandbox")?).await?)
}

/// From the demo application to the form with the Response.
pub(crate) async fn to_response(walk: &mut Walk, email: &str) -> Result<PostedResponse> {
    let page = to_identity_provider(walk, email).await?;
    let (_, person) = find_person(email).context("nobody of the sandbox")?;
    Ok(walk.choose(&page, person.id).await?)
}
