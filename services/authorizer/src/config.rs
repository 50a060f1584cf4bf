use vestibule_cognito_verifier::{ORGANIZATION_CLAIM, TokenUses, UserPool};
use vestibule_lambda::{SettingError, Settings};

use crate::rule::{Methods, OrganizationFrom};

const POOLS: &str = "VESTIBULE_USER_POOLS";
const CLIENTS: &str = "VESTIBULE_APP_CLIENTS";
const METHODS: &str = "VESTIBULE_METHODS";
const TOKEN_USE: &str = "VESTIBULE_TOKEN_USE";
const FROM: &str = "VESTIBULE_ORGANIZATION_FROM";
const CLAIM: &str = "VESTIBULE_ORGANIZATION_CLAIM";
const EMULATED: &str = "VESTIBULE_EMULATED_ISSUERS";

const NAMES: &[&str] = &[POOLS, CLIENTS, METHODS, TOKEN_USE, FROM, CLAIM, EMULATED];

/// The settings, read from the environment once.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) user_pools: Vec<UserPool>,
    pub(crate) app_clients: Vec<String>,
    pub(crate) methods: Methods,
    pub(crate) token_uses: TokenUses,
    pub(crate) organization_from: OrganizationFrom,
    pub(crate) organization_claim: String,
}

impl Config {
    pub(crate) fn from_environment() -> Result<Self, SettingError> {
        Self::read(&Settings::from_environment(NAMES)?)
    }

    fn read(settings: &Settings) -> Result<Self, SettingError> {
        let needed = |name, what| settings.text(name).ok_or(SettingError::Missing { name, what });
        needed(POOLS, "the ids of the user pools whose tokens count")?;
        needed(CLIENTS, "the ids of the app clients whose tokens count")?;
        let methods = needed(METHODS, "methods and scopes, such as GET=invoices/read; POST=invoices/write")?;
        let invalid = |name, problem| SettingError::Invalid { name, problem };
        let methods: Methods = methods
            .parse()
            .map_err(|_| invalid(METHODS, "expected methods, =, and scopes, such as GET HEAD=read; POST=write"))?;
        let token_uses = match settings.text(TOKEN_USE) {
            None | Some("access") => TokenUses::Access,
            Some("id") if methods.ask_for_scopes() => {
                return Err(invalid(TOKEN_USE, "ID tokens have no scopes, and a method asks for one"));
            }
            Some("id") => TokenUses::Id,
            Some(_) => return Err(invalid(TOKEN_USE, "expected access or id")),
        };
        let from = settings.text(FROM).unwrap_or("token");
        let organization_from =
            from.parse().map_err(|()| invalid(FROM, "expected path:<parameter>, header:<name> or token"))?;
        let claim = settings.text(CLAIM).unwrap_or(ORGANIZATION_CLAIM);
        if !claim.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid(CLAIM, "expected the name of a claim"));
        }
        Ok(Self {
            user_pools: user_pools(settings)?,
            app_clients: settings.list(CLIENTS, "", is_client, "expected ids of app clients")?,
            methods,
            token_uses,
            organization_from,
            organization_claim: claim.to_owned(),
        })
    }
}

fn user_pools(settings: &Settings) -> Result<Vec<UserPool>, SettingError> {
    let emulated = settings.list(EMULATED, "", |entry| entry.contains('='), "expected <pool id>=<issuer>")?;
    let issuer_of = |id: &str| emulated.iter().find_map(|entry| entry.split_once('=').filter(|(pool, _)| *pool == id));
    let ids = settings.list(POOLS, "", |id| UserPool::new(id).is_ok(), "expected ids such as eu-west-1_AbCd12345")?;
    let pools: Result<Vec<UserPool>, _> = ids
        .iter()
        .map(|id| match issuer_of(id) {
            // Anything but loopback would be a way around Cognito.
            Some((_, issuer)) if !issuer.starts_with("http://") => Err(()),
            Some((_, issuer)) => UserPool::with_issuer(id.as_str(), issuer).map_err(|_| ()),
            None => UserPool::new(id).map_err(|_| ()),
        })
        .collect();
    let problem = "an emulated issuer is at http on the loopback interface";
    pools.map_err(|()| SettingError::Invalid { name: EMULATED, problem })
}

fn is_client(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 3] = [(POOLS, "eu-west-1_AbCd12345"), (CLIENTS, "3n4b5"), (METHODS, "GET=")];

    fn read(changed: &[(&str, &str)]) -> Result<Config, String> {
        let kept = GOOD.iter().filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        let all = kept.chain(changed).map(|(name, value)| ((*name).into(), (*value).into()));
        let settings = Settings::from_variables(NAMES, all).map_err(|error| error.to_string())?;
        Config::read(&settings).map_err(|error| error.to_string())
    }

    #[test]
    fn pools_clients_and_methods_are_all_it_takes() {
        let config = read(&[]).unwrap();
        assert_eq!((config.token_uses, config.organization_from), (TokenUses::Access, OrganizationFrom::Token));
        assert_eq!(config.organization_claim, "org_id");
    }

    #[test]
    fn what_would_open_more_than_meant_is_refused() {
        for (changed, problem) in [
            ((POOLS, ""), "VESTIBULE_USER_POOLS is missing"),
            ((CLIENTS, ""), "VESTIBULE_APP_CLIENTS is missing"),
            ((METHODS, ""), "VESTIBULE_METHODS is missing"),
            ((METHODS, "*="), "VESTIBULE_METHODS cannot be used"),
            ((POOLS, "eu-west-1"), "VESTIBULE_USER_POOLS cannot be used"),
            ((CLIENTS, "*"), "VESTIBULE_APP_CLIENTS cannot be used"),
            ((TOKEN_USE, "either"), "VESTIBULE_TOKEN_USE cannot be used"),
            ((FROM, "host"), "VESTIBULE_ORGANIZATION_FROM cannot be used"),
            ((EMULATED, "eu-west-1_AbCd12345=https://attacker.example"), "VESTIBULE_EMULATED_ISSUERS cannot be used"),
            ((EMULATED, "eu-west-1_AbCd12345=http://attacker.example"), "VESTIBULE_EMULATED_ISSUERS cannot be used"),
            (("VESTIBULE_APP_CLIENT", "x"), "VESTIBULE_APP_CLIENT is not a setting"),
        ] {
            let refused = read(&[changed]).expect_err(problem);
            assert!(refused.starts_with(problem), "{changed:?}: {refused}");
        }
        let both = read(&[(TOKEN_USE, "id"), (METHODS, "GET=read")]).expect_err("no scopes");
        assert!(both.contains("ID tokens have no scopes"), "{both}");
    }
}
