use anyhow::{Context, Result, bail};
use vestibule_sandbox::{
    check::{PostedResponse, Upstream, Walk},
    roster::find_person,
};

/// From the application's login page to the Response that the identity provider has the browser post.
pub(crate) async fn up_to_the_response(walk: &mut Walk, email: &str) -> Result<PostedResponse> {
    let known = find_person(email).context("nobody has this address")?;
    let page = walk.open().await?;
    let cognito = walk.submit_email(&page, known).await?;
    let Upstream::Provider(provider) = walk.through_cognito(&cognito).await? else { bail!("a session answered") };
    let page = walk.to_identity_provider(&provider).await?;
    Ok(walk.choose(&page, known.1.id).await?)
}
