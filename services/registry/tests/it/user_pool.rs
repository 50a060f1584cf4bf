use prost_types::FieldMask;
use tonic::Code;
use vestibule_rpc::registry::v1::{
    AddClientSecretRequest, AddClientSecretResponse, CreateUserPoolRequest, GetUserPoolRequest,
    RetireClientSecretRequest, UpdateUserPoolRequest, UserPool, user_pool::SigningAlgorithm,
};

use crate::registry::{Registry, assert_field, assert_refused, pool};

async fn create(registry: &Registry, user_pool: UserPool) -> Result<UserPool, tonic::Status> {
    let request = CreateUserPoolRequest { user_pool: Some(user_pool), request_id: String::new() };
    Ok(registry.user_pools().create_user_pool(request).await?.into_inner().user_pool.unwrap())
}

async fn update(registry: &Registry, user_pool: UserPool, paths: &[&str]) -> Result<UserPool, tonic::Status> {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateUserPoolRequest { user_pool: Some(user_pool), update_mask: Some(FieldMask { paths }) };
    Ok(registry.user_pools().update_user_pool(request).await?.into_inner().user_pool.unwrap())
}

async fn add_secret(registry: &Registry, name: &str) -> Result<AddClientSecretResponse, tonic::Status> {
    let request = AddClientSecretRequest { name: name.to_owned(), etag: String::new() };
    Ok(registry.user_pools().add_client_secret(request).await?.into_inner())
}

async fn retire_secret(registry: &Registry, name: &str, secret_id: &str) -> Result<UserPool, tonic::Status> {
    let (name, secret_id) = (name.to_owned(), secret_id.to_owned());
    let request = RetireClientSecretRequest { name, secret_id, etag: String::new() };
    Ok(registry.user_pools().retire_client_secret(request).await?.into_inner().user_pool.unwrap())
}

#[tokio::test]
async fn a_pool_gets_a_client_id_and_a_secret_of_256_bits() {
    let registry = Registry::start().await;
    let (created, secret) = registry.create_pool("eu-west-1_AbCd12345").await;
    assert_eq!(secret.len(), 43, "32 bytes in base64url");
    assert_eq!((created.provider_name.as_str(), created.etag.as_str()), ("Vestibule", "2"));
    assert_eq!(created.signing_algorithm(), SigningAlgorithm::Rs256);
    assert!(!created.client_id.is_empty());
    assert_eq!(
        created.redirect_uris,
        [
            "https://login.acme.example/oauth2/idpresponse",
            "https://acme.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse",
        ]
    );
    assert_eq!(created.client_secrets.len(), 1);
    let request = GetUserPoolRequest { name: created.name.clone() };
    let read = registry.user_pools().get_user_pool(request).await.unwrap().into_inner().user_pool.unwrap();
    assert_eq!(read, created);
    let (other, other_secret) = registry.create_pool("eu-west-1_Other").await;
    assert_ne!((other.client_id, other_secret), (created.client_id, secret));
}

#[tokio::test]
async fn sandbox_domains_are_loopback_with_http() {
    let registry = Registry::start().await;
    let sandbox = UserPool { domains: vec!["localhost:8820".to_owned()], ..pool("local_sandbox") };
    let created = create(&registry, sandbox).await.unwrap();
    assert_eq!(created.redirect_uris, ["http://localhost:8820/oauth2/idpresponse"]);
}

#[tokio::test]
async fn a_pool_is_registered_once() {
    let registry = Registry::start().await;
    create(&registry, pool("eu-west-1_AbCd12345")).await.unwrap();
    let again = create(&registry, pool("eu-west-1_AbCd12345")).await;
    assert_refused(again, Code::AlreadyExists, "NAME_TAKEN");
}

#[tokio::test]
async fn wrong_fields_are_refused() {
    let registry = Registry::start().await;
    let good = || pool("eu-west-1_AbCd12345");
    let domains = |domains: &[&str]| domains.iter().map(|domain| (*domain).to_owned()).collect::<Vec<_>>();
    for (wrong, reason, field) in [
        (UserPool { region: String::new(), ..good() }, "REGION_INVALID", "user_pool.region"),
        (UserPool { pool_id: "nope".to_owned(), ..good() }, "POOL_ID_INVALID", "user_pool.pool_id"),
        (UserPool { app_client_id: String::new(), ..good() }, "APP_CLIENT_ID_INVALID", "user_pool.app_client_id"),
        (UserPool { provider_name: "a_b".to_owned(), ..good() }, "PROVIDER_NAME_INVALID", "user_pool.provider_name"),
        (UserPool { signing_algorithm: 9, ..good() }, "SIGNING_ALGORITHM_INVALID", "user_pool.signing_algorithm"),
        (UserPool { domains: vec![], ..good() }, "POOL_DOMAIN_REQUIRED", "user_pool.domains"),
        (UserPool { domains: domains(&["a.test", "a.test"]), ..good() }, "POOL_DOMAIN_TWICE", "user_pool.domains"),
        (UserPool { domains: domains(&["a.test"; 9]), ..good() }, "TOO_MANY_POOL_DOMAINS", "user_pool.domains"),
        (
            UserPool { domains: domains(&["a.test", "https://b.test"]), ..good() },
            "POOL_DOMAIN_INVALID",
            "user_pool.domains[1]",
        ),
    ] {
        assert_field(create(&registry, wrong).await, reason, field);
    }
    let nothing = registry.user_pools().create_user_pool(CreateUserPoolRequest::default()).await;
    assert_field(nothing, "FIELD_REQUIRED", "user_pool");
    assert!(registry.events().await.is_empty());
}

#[tokio::test]
async fn two_secrets_are_accepted_during_a_rotation() {
    let registry = Registry::start().await;
    let (created, first_secret) = registry.create_pool("eu-west-1_AbCd12345").await;
    let first = created.client_secrets[0].id.clone();
    let last = retire_secret(&registry, &created.name, &first).await;
    assert_refused(last, Code::FailedPrecondition, "CLIENT_SECRET_LAST");

    let added = add_secret(&registry, &created.name).await.unwrap();
    assert_ne!(added.client_secret, first_secret);
    let second = added.user_pool.unwrap().client_secrets[1].id.clone();
    let third = add_secret(&registry, &created.name).await;
    assert_refused(third, Code::FailedPrecondition, "CLIENT_SECRET_LIMIT");

    let retired = retire_secret(&registry, &created.name, &first).await.unwrap();
    assert_eq!(retired.client_secrets.iter().map(|secret| secret.id.as_str()).collect::<Vec<_>>(), [&second]);
    // Retiring it again is not an error; what never was is.
    assert_eq!(retire_secret(&registry, &created.name, &first).await.unwrap(), retired);
    let unknown = retire_secret(&registry, &created.name, "nope").await;
    assert_refused(unknown, Code::NotFound, "CLIENT_SECRET_NOT_FOUND");
}

#[tokio::test]
async fn eight_at_once_add_one_secret_beside_the_first() {
    let registry = Registry::start().await;
    let (created, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let mut client = registry.user_pools();
            let request = AddClientSecretRequest { name: created.name.clone(), etag: created.etag.clone() };
            tokio::spawn(async move { client.add_client_secret(request).await })
        })
        .collect();
    let mut added = 0;
    for attempt in attempts {
        match attempt.await.unwrap() {
            Ok(_) => added += 1,
            lost => drop(assert_refused(lost, Code::Aborted, "ETAG_MISMATCH")),
        }
    }
    assert_eq!(added, 1);
}

#[tokio::test]
async fn an_update_changes_domains_client_algorithm_and_requirement() {
    let registry = Registry::start().await;
    let (created, _) = registry.create_pool("eu-west-1_AbCd12345").await;
    let wanted = UserPool {
        domains: vec!["sign-in.acme.example".to_owned()],
        app_client_id: "another".to_owned(),
        signing_algorithm: SigningAlgorithm::Es256.into(),
        requires_email: true,
        ..created.clone()
    };
    let paths = ["domains", "app_client_id", "signing_algorithm", "requires_email"];
    let updated = update(&registry, wanted, &paths).await.unwrap();
    assert_eq!(updated.redirect_uris, ["https://sign-in.acme.example/oauth2/idpresponse"]);
    assert_eq!((updated.app_client_id.as_str(), updated.requires_email), ("another", true));
    assert_eq!(updated.signing_algorithm(), SigningAlgorithm::Es256);
    let off = UserPool { requires_email: false, ..updated.clone() };
    assert!(!update(&registry, off, &["requires_email"]).await.unwrap().requires_email);

    for path in ["pool_id", "region", "provider_name", "client_id"] {
        assert_field(update(&registry, updated.clone(), &[path]).await, "UPDATE_MASK_INVALID", "update_mask");
    }
    let without = UserPool { domains: vec![], etag: String::new(), ..updated.clone() };
    assert_field(update(&registry, without, &["domains"]).await, "POOL_DOMAIN_REQUIRED", "user_pool.domains");
    let stale = UserPool { app_client_id: "late".to_owned(), ..created };
    assert_refused(update(&registry, stale, &["app_client_id"]).await, Code::Aborted, "ETAG_MISMATCH");
}

#[tokio::test]
async fn an_unknown_pool_is_not_found() {
    let registry = Registry::start().await;
    let name = "userPools/01890a5d-ac96-774b-bcce-b302099a8057";
    let get = registry.user_pools().get_user_pool(GetUserPoolRequest { name: name.to_owned() }).await;
    assert_refused(get, Code::NotFound, "USER_POOL_NOT_FOUND");
    assert_refused(add_secret(&registry, name).await, Code::NotFound, "USER_POOL_NOT_FOUND");
    assert_refused(retire_secret(&registry, name, "x").await, Code::NotFound, "USER_POOL_NOT_FOUND");
    let unknown = UserPool { name: name.to_owned(), ..UserPool::default() };
    assert_refused(update(&registry, unknown, &[]).await, Code::NotFound, "USER_POOL_NOT_FOUND");
}

#[tokio::test]
async fn the_addresses_of_the_application_are_kept_as_they_were_given() {
    let registry = Registry::start().await;
    let addresses = ["https://app.example/", "https://app.example/bye?a=b"].map(str::to_owned).to_vec();
    let wanted = UserPool {
        initiate_login_uri: "https://app.example/login".to_owned(),
        post_logout_redirect_uris: addresses.clone(),
        ..pool("eu-west-1_Addresses")
    };
    let created = create(&registry, wanted).await.unwrap();
    assert_eq!(created.initiate_login_uri, "https://app.example/login");
    assert_eq!(created.post_logout_redirect_uris, addresses);

    let fewer = UserPool { post_logout_redirect_uris: addresses[..1].to_vec(), ..created.clone() };
    let fewer =
        update(&registry, UserPool { etag: String::new(), ..fewer }, &["post_logout_redirect_uris"]).await.unwrap();
    assert_eq!(fewer.post_logout_redirect_uris, addresses[..1]);
    assert_eq!(fewer.initiate_login_uri, created.initiate_login_uri);
    let none = UserPool {
        initiate_login_uri: String::new(),
        post_logout_redirect_uris: Vec::new(),
        etag: String::new(),
        ..created.clone()
    };
    let none = update(&registry, none, &["initiate_login_uri", "post_logout_redirect_uris"]).await.unwrap();
    assert_eq!((none.initiate_login_uri.as_str(), none.post_logout_redirect_uris.len()), ("", 0));
}

#[tokio::test]
async fn an_address_that_cannot_be_trusted_is_refused_by_its_place() {
    let registry = Registry::start().await;
    let with = |uri: &str| UserPool {
        post_logout_redirect_uris: vec!["https://app.example/".to_owned(), uri.to_owned()],
        ..pool("eu-west-1_Addresses")
    };
    for uri in ["http://app.example/", "javascript:alert(1)", "https://ada@app.example/", "https://app.example/#x", ""]
    {
        let status = create(&registry, with(uri)).await;
        assert_field(status, "APPLICATION_URI_INVALID", "user_pool.post_logout_redirect_uris[1]");
    }
    let status = create(&registry, with("https://app.example/")).await;
    assert_field(status, "POST_LOGOUT_REDIRECT_URI_TWICE", "user_pool.post_logout_redirect_uris");
    let many = (0..101).map(|number| format!("https://app.example/{number}")).collect();
    let many = UserPool { post_logout_redirect_uris: many, ..pool("eu-west-1_Addresses") };
    let status = create(&registry, many).await;
    assert_field(status, "TOO_MANY_POST_LOGOUT_REDIRECT_URIS", "user_pool.post_logout_redirect_uris");
    let login = UserPool { initiate_login_uri: "http://app.example/".to_owned(), ..pool("eu-west-1_Addresses") };
    let status = create(&registry, login).await;
    assert_field(status, "APPLICATION_URI_INVALID", "user_pool.initiate_login_uri");
}
