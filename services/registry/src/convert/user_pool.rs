use vestibule_cognito::redirect_uri;
use vestibule_rpc::{proto_timestamp, registry::v1 as pb, resource};
use vestibule_tenancy::{
    AppClientId, ApplicationUri, PoolDomain, PoolId, ProviderName, Region,
    user_pool::{ClientSecret, DOMAINS_MAX, POST_LOGOUT_REDIRECT_URIS_MAX, SigningAlgorithm, Update, UserPool},
};

use super::{mask::Mask, organization::missing};
use crate::{app::NewUserPool, error::Error, field::Fields, resource::Resource};

const UPDATABLE: &[&str] = &[
    "domains",
    "app_client_id",
    "signing_algorithm",
    "requires_email",
    "initiate_login_uri",
    "post_logout_redirect_uris",
];

/// The name of the identity provider in the pool when the caller does not say.
const PROVIDER_NAME_DEFAULT: &str = "Vestibule";

pub(crate) fn new(user_pool: Option<&pb::UserPool>) -> Result<NewUserPool, Error> {
    let wanted = user_pool.ok_or_else(|| missing("user_pool"))?;
    let provider_name =
        if wanted.provider_name.is_empty() { PROVIDER_NAME_DEFAULT } else { wanted.provider_name.as_str() };
    let mut fields = Fields::default();
    let region = fields.read("user_pool.region", Region::parse(&wanted.region));
    let pool_id = fields.read("user_pool.pool_id", PoolId::parse(&wanted.pool_id));
    let domains = domains(&mut fields, &wanted.domains);
    let provider_name = fields.read("user_pool.provider_name", ProviderName::parse(provider_name));
    let app_client_id = fields.read("user_pool.app_client_id", AppClientId::parse(&wanted.app_client_id));
    let signing_algorithm = signing_algorithm(&mut fields, wanted.signing_algorithm);
    let initiate_login_uri = initiate_login_uri(&mut fields, wanted);
    let post_logout_redirect_uris = post_logout_redirect_uris(&mut fields, wanted);
    let names = region.zip(pool_id).zip(domains).zip(provider_name).zip(app_client_id);
    let values = names.zip(signing_algorithm).zip(post_logout_redirect_uris);
    let values = values.map(|((names, signing_algorithm), post_logout_redirect_uris)| {
        let ((((region, pool_id), domains), provider_name), app_client_id) = names;
        NewUserPool {
            region,
            pool_id,
            domains,
            provider_name,
            app_client_id,
            signing_algorithm,
            requires_email: wanted.requires_email,
            initiate_login_uri,
            post_logout_redirect_uris,
        }
    });
    Ok(fields.finish_with(values)?)
}

pub(crate) fn update(wanted: &pb::UserPool, mask: Option<&prost_types::FieldMask>) -> Result<Update, Error> {
    let mask = Mask::read(mask, UPDATABLE)?;
    let mut fields = Fields::default();
    let mut update = Update::default();
    if mask.means("domains", !wanted.domains.is_empty()) {
        update.domains = domains(&mut fields, &wanted.domains);
    }
    if mask.means("app_client_id", !wanted.app_client_id.is_empty()) {
        update.app_client_id = fields.read("user_pool.app_client_id", AppClientId::parse(&wanted.app_client_id));
    }
    if mask.means("signing_algorithm", wanted.signing_algorithm != 0) {
        update.signing_algorithm = signing_algorithm(&mut fields, wanted.signing_algorithm);
    }
    if mask.means("requires_email", wanted.requires_email) {
        update.requires_email = Some(wanted.requires_email);
    }
    if mask.means("initiate_login_uri", !wanted.initiate_login_uri.is_empty()) {
        update.initiate_login_uri = Some(initiate_login_uri(&mut fields, wanted));
    }
    if mask.means("post_logout_redirect_uris", !wanted.post_logout_redirect_uris.is_empty()) {
        update.post_logout_redirect_uris = post_logout_redirect_uris(&mut fields, wanted);
    }
    fields.finish()?;
    Ok(update)
}

fn domains(fields: &mut Fields, domains: &[String]) -> Option<Vec<PoolDomain>> {
    if domains.len() > DOMAINS_MAX {
        fields.refuse("TOO_MANY_POOL_DOMAINS", "user_pool.domains", format!("at most {DOMAINS_MAX}"));
        return None;
    }
    let read =
        |(index, text): (usize, &String)| fields.read(&format!("user_pool.domains[{index}]"), PoolDomain::parse(text));
    let read: Vec<Option<PoolDomain>> = domains.iter().enumerate().map(read).collect();
    read.into_iter().collect()
}

/// Empty is none.
fn initiate_login_uri(fields: &mut Fields, wanted: &pb::UserPool) -> Option<ApplicationUri> {
    let text = Some(&wanted.initiate_login_uri).filter(|text| !text.is_empty())?;
    fields.read("user_pool.initiate_login_uri", ApplicationUri::parse(text))
}

fn post_logout_redirect_uris(fields: &mut Fields, wanted: &pb::UserPool) -> Option<Vec<ApplicationUri>> {
    const FIELD: &str = "user_pool.post_logout_redirect_uris";
    let addresses = &wanted.post_logout_redirect_uris;
    if addresses.len() > POST_LOGOUT_REDIRECT_URIS_MAX {
        let rule = format!("at most {POST_LOGOUT_REDIRECT_URIS_MAX}");
        fields.refuse("TOO_MANY_POST_LOGOUT_REDIRECT_URIS", FIELD, rule);
        return None;
    }
    let read = |(index, text): (usize, &String)| fields.read(&format!("{FIELD}[{index}]"), ApplicationUri::parse(text));
    let read: Vec<Option<ApplicationUri>> = addresses.iter().enumerate().map(read).collect();
    read.into_iter().collect()
}

fn signing_algorithm(fields: &mut Fields, number: i32) -> Option<SigningAlgorithm> {
    match pb::user_pool::SigningAlgorithm::try_from(number) {
        Ok(pb::user_pool::SigningAlgorithm::Unspecified | pb::user_pool::SigningAlgorithm::Rs256) => {
            Some(SigningAlgorithm::Rs256)
        }
        Ok(pb::user_pool::SigningAlgorithm::Es256) => Some(SigningAlgorithm::Es256),
        Err(_) => {
            fields.refuse("SIGNING_ALGORITHM_INVALID", "user_pool.signing_algorithm", "RS256 or ES256");
            None
        }
    }
}

pub(crate) fn message(user_pool: &Resource<UserPool>) -> pb::UserPool {
    let Some(terms) = user_pool.state.terms() else { return pb::UserPool::default() };
    let signing_algorithm = match terms.signing_algorithm {
        SigningAlgorithm::Rs256 => pb::user_pool::SigningAlgorithm::Rs256,
        SigningAlgorithm::Es256 => pb::user_pool::SigningAlgorithm::Es256,
    };
    pb::UserPool {
        name: resource::user_pool_name(terms.user_pool),
        region: terms.region.clone(),
        pool_id: terms.pool_id.clone(),
        domains: terms.domains.clone(),
        provider_name: terms.provider_name.clone(),
        app_client_id: terms.app_client_id.clone(),
        signing_algorithm: signing_algorithm.into(),
        requires_email: terms.requires_email,
        initiate_login_uri: terms.initiate_login_uri.clone().unwrap_or_default(),
        post_logout_redirect_uris: terms.post_logout_redirect_uris.clone(),
        client_id: terms.client_id.clone(),
        redirect_uris: terms.domains.iter().map(|domain| redirect_uri(domain)).collect(),
        client_secrets: terms.secrets.iter().map(client_secret).collect(),
        create_time: Some(proto_timestamp(user_pool.created_at)),
        update_time: Some(proto_timestamp(user_pool.updated_at)),
        etag: user_pool.etag(),
    }
}

fn client_secret(secret: &ClientSecret) -> pb::ClientSecret {
    pb::ClientSecret { id: secret.secret_id.clone(), create_time: Some(proto_timestamp(secret.added_at)) }
}
