use serde_json::{Map, Value, json};

use crate::{event::Event, failure::Failure};

/// The scope with which a person could change the own attributes, the organization's among them.
const SELF_SERVICE_SCOPE: &str = "aws.cognito.signin.user.admin";

/// What stands in tokens because of the organization, so that it must not stand there when nobody vouches for it.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationMarks {
    /// Claims.
    pub(crate) claims: Vec<String>,
    /// How scopes begin.
    pub(crate) scope_prefixes: Vec<String>,
}

/// The triggers that only add to a sign-in or guard it. A challenge is not among them: there, no answer is no proof.
const PASSED_OVER: [&str; 5] =
    ["InboundFederation_", "PreSignUp_", "PreAuthentication_", "PostAuthentication_", "PostConfirmation_"];

/// The response without enrichment, for a pool that would rather have tokens without an organization than none. `None`
/// where there is no such response.
pub(crate) fn response(event: &Event<'_>, marks: &OrganizationMarks) -> Result<Option<Value>, Failure> {
    if event.source.starts_with("TokenGeneration_") {
        let request = event.member("request")?;
        return Ok(match event.member("version")?.as_str() {
            Some("1") => Some(first_version(&request, marks)),
            Some("2" | "3") => Some(later_version(&request, marks)),
            _ => None,
        });
    }
    if PASSED_OVER.iter().any(|prefix| event.source.starts_with(prefix)) {
        let response = event.member("response")?;
        return Ok(Some(if response.is_object() { response } else { json!({}) }));
    }
    Ok(None)
}

/// The container of version 1 reaches the ID token, and the access token through the groups.
fn first_version(request: &Value, marks: &OrganizationMarks) -> Value {
    let mut details = json!({"claimsToSuppress": suppressed(request, marks)});
    suppress_groups(request, &mut details);
    json!({"claimsOverrideDetails": details})
}

fn later_version(request: &Value, marks: &OrganizationMarks) -> Value {
    let claims = suppressed(request, marks);
    let mut details = json!({
        "idTokenGeneration": {"claimsToSuppress": claims},
        "accessTokenGeneration": {"claimsToSuppress": claims, "scopesToSuppress": suppressed_scopes(request, marks)},
    });
    suppress_groups(request, &mut details);
    json!({"claimsAndScopeOverrideDetails": details})
}

/// A group may be the organization's, or a role in it. The groups in this object replace the user's, so that none in it
/// means none in the token; machines have no groups, and their events say so with `null`.
fn suppress_groups(request: &Value, details: &mut Value) {
    let of_machine = request.get("groupConfiguration").is_some_and(Value::is_null);
    if let (false, Some(details)) = (of_machine, details.as_object_mut()) {
        let none = json!({"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null});
        details.insert("groupOverrideDetails".to_owned(), none);
    }
}

/// The organization's claims, the groups, and the attributes that a pool defines for itself.
fn suppressed(request: &Value, marks: &OrganizationMarks) -> Vec<String> {
    let none = Map::new();
    let attributes = request.get("userAttributes").and_then(Value::as_object).unwrap_or(&none);
    let own = attributes.keys().filter(|name| name.starts_with("custom:") || name.starts_with("dev:")).cloned();
    marks.claims.iter().cloned().chain(["cognito:groups".to_owned()]).chain(own).collect()
}

fn suppressed_scopes(request: &Value, marks: &OrganizationMarks) -> Vec<String> {
    let asked = request.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let marked = asked.filter(|scope| marks.scope_prefixes.iter().any(|prefix| scope.starts_with(prefix.as_str())));
    std::iter::once(SELF_SERVICE_SCOPE).chain(marked).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(event: &Value) -> Option<Value> {
        let marks = OrganizationMarks { claims: vec!["org_id".to_owned()], scope_prefixes: vec!["tenant/".to_owned()] };
        let text = event.to_string();
        response(&Event::parse(&text).unwrap(), &marks).unwrap()
    }

    fn event(version: &str, source: &str, request: &Value) -> Value {
        json!({"version": version, "triggerSource": source, "userPoolId": "eu-west-1_A", "request": request, "response": {}})
    }

    #[test]
    fn the_first_version_suppresses_in_its_own_container() {
        let request = json!({"userAttributes": {"sub": "s", "custom:org_id": "acme"}, "groupConfiguration": {}});
        let details = json!({"claimsOverrideDetails": {
            "claimsToSuppress": ["org_id", "cognito:groups", "custom:org_id"],
            "groupOverrideDetails": {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": null},
        }});
        assert_eq!(answer(&event("1", "TokenGeneration_HostedAuth", &request)), Some(details));
    }

    #[test]
    fn a_machine_has_no_groups_to_suppress() {
        let request = json!({"userAttributes": {}, "groupConfiguration": null, "scopes": ["api/read", "tenant/acme"]});
        let details = json!({"claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToSuppress": ["org_id", "cognito:groups"]},
            "accessTokenGeneration": {
                "claimsToSuppress": ["org_id", "cognito:groups"],
                "scopesToSuppress": [SELF_SERVICE_SCOPE, "tenant/acme"],
            },
        }});
        assert_eq!(answer(&event("3", "TokenGeneration_ClientCredentials", &request)), Some(details));
    }

    #[test]
    fn challenges_and_versions_to_come_have_no_open_answer() {
        for source in ["DefineAuthChallenge_Authentication", "VerifyAuthChallengeResponse_Authentication"] {
            assert_eq!(answer(&event("1", source, &json!({}))), None, "{source}");
        }
        assert_eq!(answer(&event("4", "TokenGeneration_HostedAuth", &json!({}))), None);
        assert_eq!(answer(&event("1", "PostConfirmation_ConfirmSignUp", &json!({}))), Some(json!({})));
    }
}
