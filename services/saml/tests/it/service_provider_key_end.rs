//! The ends of our keys towards identity providers: what nobody needs is destroyed, and what is wrong with a row of the key table
//! is refused and never covered up by another key.

use std::time::Duration;

use tonic::Code;
use vestibule_eventlog::Filter;
use vestibule_host::{Job, Turn};
use vestibule_kernel::SecretBytes;
use vestibule_rpc::{reason_of, saml::v1::GetServiceProviderMetadataRequest};
use vestibule_saml_idp::{ContentCipher, Signed};
use vestibule_saml_service::{Config, KeyJob, destroy_old_keys};
use vestibule_storage::{KeyId, KeyTable, SealedKey};
use vestibule_tenancy::connection::{self, Binding, Event, SamlSettings, SignRequests};

use crate::world::{Customer, World, accepted, refused};

const DAY: Duration = Duration::from_hours(24);

const PURPOSES: [&str; 2] = ["saml.signing", "saml.encryption"];

impl World {
    /// The rows of a line as they lie in the table, newest first.
    async fn rows(&self, purpose: &str, customer: &Customer) -> Vec<SealedKey> {
        KeyTable::list(&self.store, purpose, &customer.connection.to_string()).await.unwrap()
    }

    async fn look_after_keys(&self) -> Result<u64, String> {
        let job = KeyJob::new(&self.resources, &Config::default());
        job.round(&Turn::alone()).await.map_err(|error| error.to_string())
    }

    /// The ids of the keys of which this was told, in order.
    async fn told(&self, wanted: impl Fn(Event) -> Option<String>) -> Vec<String> {
        let filter = Filter { categories: vec![connection::CATEGORY], organization: None };
        let page = self.log.read_all(self.log.start(), &filter, 1_000).await.unwrap();
        page.events.iter().filter_map(|recorded| wanted(recorded.decode().unwrap())).collect()
    }

    async fn destroyed(&self) -> Vec<String> {
        self.told(|event| match event {
            Event::KeyDestroyed(destroyed) => Some(destroyed.key_id),
            _ => None,
        })
        .await
    }

    /// How many pieces of these bytes lie anywhere in the files of the store, whose pages break them up.
    fn pieces_on_disk(&self, bytes: &[u8]) -> usize {
        let files = std::fs::read_dir(self.store_directory()).unwrap().map(|file| file.unwrap().path());
        let files: Vec<Vec<u8>> =
            files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect();
        let is_there = |piece: &&[u8]| files.iter().any(|file| file.windows(piece.len()).any(|part| part == *piece));
        bytes.chunks_exact(32).filter(is_there).count()
    }
}

#[tokio::test]
async fn a_key_that_no_metadata_tells_any_more_is_destroyed_after_a_day_and_the_others_open_still() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let globex = world.customer("globex", "globex.test").await;
    let first = world.known(&acme).await;
    world.known(&globex).await;
    for _ in 0..2 {
        world.clock.advance(31 * DAY);
        world.rotate(&acme).await.unwrap();
    }
    let known = world.known(&acme).await;
    assert_eq!((known.signing.len(), known.encryption.len()), (2, 2));
    destroy_old_keys(&world.resources).await.unwrap();
    let mut doomed = Vec::new();
    for purpose in PURPOSES {
        let rows = world.rows(purpose, &acme).await;
        assert_eq!(rows.len(), 3, "for a day it stays: {purpose}");
        doomed.push(rows[2].clone());
    }
    world.look_after_keys().await.unwrap();
    assert!(world.destroyed().await.is_empty());
    assert!(doomed.iter().all(|row| world.pieces_on_disk(&row.sealed) > 10));

    world.clock.advance(DAY);
    destroy_old_keys(&world.resources).await.unwrap();
    for (purpose, doomed) in PURPOSES.into_iter().zip(&doomed) {
        let left = world.rows(purpose, &acme).await;
        assert_eq!(left.len(), 2, "{purpose}");
        assert!(left.iter().all(|row| row.id != doomed.id));
        assert_eq!(world.pieces_on_disk(&doomed.sealed), 0, "{purpose}: the private key lies in the file still");
        assert_eq!(world.rows(purpose, &globex).await.len(), 1, "an only key stays");
    }
    // Told once, by whoever looks after the keys.
    for _ in 0..2 {
        world.look_after_keys().await.unwrap();
        let ids: Vec<String> = doomed.iter().map(|row| row.id.to_string()).collect();
        assert_eq!(world.destroyed().await, ids);
    }
    // What is encrypted for the key that another one has followed opens; for the destroyed one nothing does.
    for certificate in &known.encryption {
        let (response, request_id) =
            world.encrypted(&acme, certificate, Signed::Assertion, ContentCipher::Aes256Gcm).await;
        accepted(world.validate(&acme, &response, &request_id).await.unwrap());
    }
    let (response, request_id) =
        world.encrypted(&acme, &first.encryption[0], Signed::Assertion, ContentCipher::Aes256Gcm).await;
    let refusal = refused(world.validate(&acme, &response, &request_id).await.unwrap());
    assert_eq!(refusal.reason, "DECRYPTION_FAILED");
}

#[tokio::test]
async fn beside_a_key_from_the_future_none_is_made_and_the_one_before_it_signs_on() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let settings = SamlSettings { sign_requests: SignRequests::Always, ..SamlSettings::default() };
    world.set(&acme, settings, &[Binding::HttpRedirect]).await;
    let before = world.known(&acme).await;
    let present = crate::world::now().plus(31 * DAY);
    // A clock jumps ahead by ten years, and is set right.
    world.clock.advance(3_650 * DAY);
    world.look_after_keys().await.unwrap();
    world.clock.set(present);
    world.ask(&acme, &[]).await.require_signed_by(&before).unwrap();

    let status = world.rotate(&acme).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::DataLoss, Some("KEY_FROM_THE_FUTURE")));
    let told = world.look_after_keys().await.unwrap_err();
    assert!(told.contains("in the future"), "{told}");
    for purpose in PURPOSES {
        assert_eq!(world.rows(purpose, &acme).await.len(), 2, "{purpose}");
    }
    world.ask(&acme, &[]).await.require_signed_by(&before).unwrap();
}

#[tokio::test]
async fn a_row_that_is_not_ours_is_refused_and_no_key_is_made_beside_it() {
    // Moved from another connection as it was, under another id, and made up.
    let changes: [fn(&mut SealedKey); 3] =
        [|_| {}, |row| row.id = KeyId(uuid::Uuid::from_u128(7)), |row| row.sealed = b"malformed".to_vec()];
    for change in changes {
        let world = World::start().await;
        let (acme, globex) = (world.customer("acme", "acme.test").await, world.customer("globex", "globex.test").await);
        world.known(&globex).await;
        let mut row = world.rows(PURPOSES[0], &globex).await[0].clone();
        row.owner = acme.connection.to_string();
        change(&mut row);
        world.store.destroy(row.id).await.unwrap();
        assert!(world.store.insert(&row).await.unwrap());
        let request = GetServiceProviderMetadataRequest { connection: acme.connection.to_string() };
        let status = world.saml().get_service_provider_metadata(request).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (Code::DataLoss, Some("KEY_UNREADABLE")));
        let status = world.rotate(&acme).await.unwrap_err();
        assert_eq!(reason_of(&status).as_deref(), Some("KEY_UNREADABLE"));
        assert!(world.look_after_keys().await.is_err());
        assert!(world.rows(PURPOSES[0], &acme).await == [row], "nothing is made beside it");
    }
}

#[tokio::test]
async fn a_row_that_opens_and_holds_no_key_is_refused() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let owner = acme.connection.to_string();
    let nonsense = || SecretBytes::from(b"no key".to_vec());
    world.keys.current_with(PURPOSES[0], &owner, nonsense).await.unwrap();
    let request = GetServiceProviderMetadataRequest { connection: owner };
    let status = world.saml().get_service_provider_metadata(request).await.unwrap_err();
    assert_eq!(reason_of(&status).as_deref(), Some("SERVICE_PROVIDER_KEY_UNUSABLE"));
    assert_eq!(world.rows(PURPOSES[0], &acme).await.len(), 1);
}
