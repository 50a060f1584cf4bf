use aws_lc_rs::digest::{SHA256, digest};
use vestibule_eventlog::StreamId;
use vestibule_kernel::UserPoolId;
use vestibule_rpc::resource::{self, InvalidName};
use vestibule_tenancy::{
    AppClientId,
    claim_policy::{CATEGORY, Target},
};

const FORM: &str = "userPools/{user_pool}/claimPolicy, organizations/{organization}/claimPolicy or \
                    userPools/{user_pool}/appClients/{app_client_id}/claimPolicy";

/// Bytes of the digest that stands for an app client in the name of a stream, where neither its length nor all of its
/// characters fit.
const DIGEST_BYTES: usize = 16;

/// Reads the resource name of a policy.
///
/// # Errors
/// [`InvalidName`].
pub fn target(field: &'static str, name: &str) -> Result<Target, InvalidName> {
    parse(name).ok_or(InvalidName { field, form: FORM })
}

fn parse(name: &str) -> Option<Target> {
    let owner = name.strip_suffix("/claimPolicy")?;
    if let Ok(organization) = resource::organization("", owner) {
        return Some(Target::Organization { organization });
    }
    if let Ok(user_pool) = resource::user_pool("", owner) {
        return Some(Target::UserPool { user_pool });
    }
    let (user_pool, app_client_id) = owner.split_once("/appClients/")?;
    let app_client_id = AppClientId::parse(app_client_id).ok()?.into_string();
    Some(Target::AppClient { user_pool: resource::user_pool("", user_pool).ok()?, app_client_id })
}

/// Writes the resource name of the policy of a target.
#[must_use]
pub fn policy_name(target: &Target) -> String {
    format!("{target}/claimPolicy")
}

/// The stream of the policy of a target.
#[must_use]
pub fn stream(target: &Target) -> StreamId {
    match target {
        Target::UserPool { user_pool } => StreamId::of_id(CATEGORY, None, user_pool.uuid()),
        Target::Organization { organization } => StreamId::of_id(CATEGORY, Some(*organization), organization.uuid()),
        Target::AppClient { user_pool, app_client_id } => of_app_client(*user_pool, app_client_id),
    }
}

#[expect(clippy::expect_used, reason = "the key is made of a UUID, a dot and 32 hexadecimal digits")]
fn of_app_client(user_pool: UserPoolId, app_client_id: &str) -> StreamId {
    let digest = digest(&SHA256, app_client_id.as_bytes());
    let short = digest.as_ref().get(..DIGEST_BYTES).unwrap_or_default();
    let key = format!("{user_pool}.{}", hex::encode(short));
    StreamId::new(CATEGORY, None, None, key).expect("a UUID, a dot and hexadecimal digits are a key")
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "01890a5d-ac96-774b-bcce-b302099a8055";
    const ORGANIZATION: &str = "01890a5d-ac96-774b-bcce-b302099a8051";

    #[test]
    fn each_target_has_one_name_and_one_stream() {
        for (name, key) in [
            (format!("userPools/{POOL}/claimPolicy"), format!("claim_policy/-/{POOL}")),
            (
                format!("organizations/{ORGANIZATION}/claimPolicy"),
                format!("claim_policy/{ORGANIZATION}/{ORGANIZATION}"),
            ),
            (
                format!("userPools/{POOL}/appClients/app/claimPolicy"),
                format!("claim_policy/-/{POOL}.a172cedcae47474b615c54d510a5d84a"),
            ),
        ] {
            let read = target("name", &name).unwrap();
            assert_eq!(policy_name(&read), name);
            assert_eq!(stream(&read).to_string(), key);
        }
        let longest = format!("userPools/{POOL}/appClients/{}/claimPolicy", "+".repeat(128));
        assert_eq!(stream(&target("name", &longest).unwrap()).key().len(), 69);
    }

    #[test]
    fn nothing_else_is_a_name() {
        for bad in [
            "",
            "claimPolicy",
            "/claimPolicy",
            &format!("userPools/{POOL}"),
            &format!("userPools/{POOL}/claimPolicy/"),
            &format!("userPools/{POOL}/appClients/claimPolicy"),
            &format!("userPools/{POOL}/appClients//claimPolicy"),
            &format!("userPools/{POOL}/appClients/a/b/claimPolicy"),
            &format!("userPools/{POOL}/appClients/a-b/claimPolicy"),
            &format!("organizations/{ORGANIZATION}/appClients/app/claimPolicy"),
            &format!("organizations/{}/claimPolicy", ORGANIZATION.to_uppercase()),
        ] {
            assert!(target("name", bad).is_err(), "{bad}");
        }
    }
}
