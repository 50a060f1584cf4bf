use vestibule_rpc::registry::v1::AddClientSecretRequest;

use crate::registry::Registry;

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test]
async fn a_client_secret_is_nowhere_in_the_store() {
    let registry = Registry::start().await;
    let (user_pool, first) = registry.create_pool("eu-west-1_AbCd12345").await;
    let add = AddClientSecretRequest { name: user_pool.name.clone(), etag: String::new() };
    let second = registry.user_pools().add_client_secret(add).await.unwrap().into_inner().client_secret;

    let mut store = Vec::new();
    for file in std::fs::read_dir(registry.store_directory()).unwrap() {
        store.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(contains(&store, user_pool.client_id.as_bytes()), "the search must find what is there");
    for secret in [&first, &second] {
        assert!(!contains(&store, secret.as_bytes()));
    }
    for event in registry.events().await {
        assert!(!event.data.contains(&first) && !event.data.contains(&second), "{}", event.name);
    }
}
