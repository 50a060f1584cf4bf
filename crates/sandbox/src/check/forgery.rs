use vestibule_rpc::gateway::v1::{GetSignInRequest, sign_in_service_client::SignInServiceClient};
use vestibule_saml_idp::Forgery;

use super::{
    browser::Browser,
    error::{HopError, HopFailure},
    hop::Check,
    report::{CheckOptions, FailedCheck},
    walk::Walk,
};
use crate::roster::find_person;

/// Has the identity provider send every forgery it knows, each in a browser of its own, and looks up in the trace of
/// sign-ins why it was refused. One check a forgery.
///
/// # Errors
/// When the way to the identity provider fails, or a forgery is accepted or refused for another reason.
pub async fn run_forgeries(options: &CheckOptions) -> Result<Vec<Check>, FailedCheck> {
    let browser = Browser::new()?;
    let mut checks = Vec::with_capacity(Forgery::ALL.len());
    for forgery in Forgery::ALL {
        let mut walk = Walk::new(options.app.clone(), browser.another());
        let found = match refused(&mut walk, options, *forgery).await {
            Ok(found) => found,
            Err(error) => return Err(FailedCheck::Hop { hops: walk.hops, error }),
        };
        let check = Check::new(forgery.name(), found == forgery.reason(), forgery.reason(), found);
        if !check.passed {
            return Err(FailedCheck::Check { hops: walk.hops, check: Box::new(check) });
        }
        checks.push(check);
    }
    Ok(checks)
}

/// Why the forgery was refused, as the trace says.
async fn refused(walk: &mut Walk, options: &CheckOptions, forgery: Forgery) -> Result<String, HopError> {
    const FORGERY: &str = "identity provider: forgery";
    const TRACE: &str = "vestibule: trace";
    let known =
        find_person(&options.email).ok_or_else(|| HopFailure::Unknown(options.email.as_str().into()).at(FORGERY))?;
    let page = walk.to_sign_in_page(known).await?;
    let response = walk.forge(&page, known.1.id, forgery).await?;
    let Err(error) = walk.post_response(&response).await else { return Ok("it was accepted".to_owned()) };
    let Some(reference) = error.problem().and_then(|problem| problem.reference.clone()) else { return Err(error) };
    let request = GetSignInRequest { name: format!("signIns/{reference}") };
    let mut traces = SignInServiceClient::new(options.services.gateway.clone());
    let answer = traces.get_sign_in(request).await.map_err(|_| HopFailure::Value("the sign-in trace").at(TRACE))?;
    Ok(answer.into_inner().sign_in.unwrap_or_default().reason)
}
