//! The key store over a table in memory. That the tables of the two databases behave like it is the contract's to prove.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use vestibule_kernel::{
    Clock as _, ExposeSecret as _, ManualClock, SecretBox, SecretBytes, SeededIds, SystemIds, Timestamp,
};
use vestibule_storage::{
    Key, KeyError, KeyId, KeyStore, KeyTable, MasterKey, MasterKeyError, SealedKey, StorageError, Subject,
    SubjectIndex, verify_ed25519,
};

#[derive(Default)]
struct Table {
    rows: Mutex<Vec<SealedKey>>,
    lists: Mutex<u32>,
}

#[async_trait]
impl KeyTable for Table {
    async fn insert(&self, key: &SealedKey) -> Result<bool, StorageError> {
        let mut rows = self.rows.lock().unwrap();
        let name = |row: &SealedKey| (row.purpose.clone(), row.owner.clone(), row.generation);
        let free = rows.iter().all(|row| name(row) != name(key));
        if free {
            rows.push(key.clone());
        }
        Ok(free)
    }

    async fn list(&self, purpose: &str, owner: &str) -> Result<Vec<SealedKey>, StorageError> {
        *self.lists.lock().unwrap() += 1;
        let mut found = self.rows.lock().unwrap().clone();
        found.retain(|row| row.purpose == purpose && row.owner == owner);
        tokio::task::yield_now().await; // what was read may be outdated when it arrives, as with a real database
        found.sort_by_key(|row| std::cmp::Reverse(row.generation));
        Ok(found)
    }

    async fn list_followed(
        &self,
        purpose: &str,
        newer: u32,
        before: Timestamp,
        max: u32,
    ) -> Result<Vec<SealedKey>, StorageError> {
        let rows = self.rows.lock().unwrap().clone();
        let follows = |old: &SealedKey, new: &SealedKey| {
            (&new.purpose, &new.owner) == (&old.purpose, &old.owner)
                && new.generation > old.generation
                && new.created_at <= before
        };
        let count = |old: &SealedKey| rows.iter().filter(|new| follows(old, new)).count();
        let found = rows.iter().filter(|old| old.purpose == purpose && count(old) >= newer as usize);
        Ok(found.take(max as usize).cloned().collect())
    }

    async fn destroy(&self, id: KeyId) -> Result<bool, StorageError> {
        let mut rows = self.rows.lock().unwrap();
        let before = rows.len();
        rows.retain(|row| row.id != id);
        Ok(rows.len() < before)
    }
}

struct Instance {
    keys: KeyStore,
    clock: Arc<ManualClock>,
}

fn master(byte: u8) -> MasterKey {
    MasterKey::from_bytes(&SecretBox::new(Box::new([byte; 32]))).unwrap()
}

fn instance(table: &Arc<Table>, seed: u64) -> Instance {
    let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000)));
    let table: Arc<dyn KeyTable> = Arc::clone(table) as _;
    let keys = KeyStore::new(table, master(1), Arc::clone(&clock) as _, Arc::new(SeededIds::new(seed)));
    Instance { keys, clock }
}

fn material(key: &Key) -> Vec<u8> {
    key.material().expose_secret().to_vec()
}

#[tokio::test]
async fn a_key_is_made_once_and_found_by_every_instance() {
    let table = Arc::new(Table::default());
    let made = instance(&table, 1).keys.current("cookie", "").await.unwrap();
    let found = instance(&table, 2).keys.current("cookie", "").await.unwrap();

    assert_eq!((made.id, made.generation), (found.id, 1));
    assert_eq!(material(&made), material(&found));
    let row = table.rows.lock().unwrap()[0].clone();
    assert!(!row.sealed.windows(32).any(|window| window == material(&made)), "the material lies in the clear");
}

#[tokio::test]
async fn two_creators_of_the_first_key_get_one_key() {
    let table = Arc::new(Table::default());
    let (left, right) = (instance(&table, 1), instance(&table, 2));
    let (left, right) = tokio::join!(left.keys.current("cookie", ""), right.keys.current("cookie", ""));
    let (left, right) = (left.unwrap(), right.unwrap());

    assert_eq!(left.id, right.id);
    assert_eq!(material(&left), material(&right));
    assert_eq!(table.rows.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn two_rotations_at_one_moment_are_one() {
    let table = Arc::new(Table::default());
    let (left, right) = (instance(&table, 1), instance(&table, 2));
    let outworn = left.keys.current("cookie", "").await.unwrap();
    let (first, second) =
        tokio::join!(left.keys.rotate("cookie", "", &outworn), right.keys.rotate("cookie", "", &outworn));

    assert_eq!(first.unwrap().generation, 2);
    assert_eq!(second.unwrap().generation, 2);
    assert_eq!(table.rows.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_rotation_that_comes_late_finds_the_key_that_was_made_already() {
    let table = Arc::new(Table::default());
    let (left, right) = (instance(&table, 1), instance(&table, 2));
    let outworn = left.keys.current("cookie", "").await.unwrap();
    let made = left.keys.rotate("cookie", "", &outworn).await.unwrap();

    assert_eq!(right.keys.rotate("cookie", "", &outworn).await.unwrap().id, made.id);
    assert_eq!(table.rows.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_an_older_generation_sealed_still_opens_after_a_rotation() {
    let table = Arc::new(Table::default());
    let Instance { keys, clock } = instance(&table, 1);
    let old = keys.current("cookie", "").await.unwrap();
    let sealed = old.seal(b"aad", b"text").unwrap();
    clock.advance(Duration::from_mins(1));
    let new = keys.rotate("cookie", "", &old).await.unwrap();

    let all = keys.all("cookie", "").await.unwrap();
    assert_eq!(all.iter().map(|key| key.id).collect::<Vec<_>>(), [new.id, old.id]);
    assert_eq!(all[1].open(b"aad", &sealed).unwrap(), b"text");
    assert!(all[0].open(b"aad", &sealed).is_err());
    assert_eq!(keys.current("cookie", "").await.unwrap().id, new.id);

    assert_eq!(keys.prune("cookie", "", 1).await.unwrap(), 1);
    assert_eq!(keys.all("cookie", "").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_another_instance_just_added_is_found_by_its_id() {
    let table = Arc::new(Table::default());
    let (left, right) = (instance(&table, 1), instance(&table, 2));
    let first = right.keys.current("cookie", "").await.unwrap();
    right.clock.advance(Duration::from_secs(2));
    let added = left.keys.rotate("cookie", "", &first).await.unwrap();

    assert_eq!(right.keys.find("cookie", "", added.id).await.unwrap().unwrap().id, added.id);

    // Ids that nobody ever made: one look in the table, then none for a second.
    right.clock.advance(Duration::from_secs(2));
    let before = *table.lists.lock().unwrap();
    for invented in 0..100 {
        let id = KeyId(uuid::Uuid::from_u128(invented));
        assert!(right.keys.find("cookie", "", id).await.unwrap().is_none());
    }
    assert_eq!(*table.lists.lock().unwrap(), before + 1);
}

#[tokio::test]
async fn a_row_that_was_changed_or_moved_does_not_open() {
    let changes: [fn(&mut SealedKey); 6] = [
        |row| row.owner = "another person".to_owned(),
        |row| row.purpose = "index".to_owned(),
        |row| row.generation = 7,
        |row| row.id = KeyId(uuid::Uuid::from_u128(7)),
        |row| row.created_at = Timestamp::EPOCH,
        |row| *row.sealed.last_mut().unwrap() ^= 1,
    ];
    for change in changes {
        let table = Arc::new(Table::default());
        instance(&table, 1).keys.current("person", "a person").await.unwrap();
        let mut row = table.rows.lock().unwrap()[0].clone();
        change(&mut row);
        let owner = row.owner.clone();
        let purpose = if row.purpose == "index" { "index" } else { "person" };
        table.rows.lock().unwrap()[0] = row;

        let error = instance(&table, 2).keys.all(purpose, &owner).await.unwrap_err();
        assert!(matches!(error, KeyError::Unopenable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn another_master_key_is_named_as_the_likely_cause() {
    let table = Arc::new(Table::default());
    let Instance { keys, clock } = instance(&table, 1);
    keys.current("cookie", "").await.unwrap();
    let wrong = KeyStore::new(Arc::clone(&table) as _, master(2), clock, Arc::new(SeededIds::new(3)));

    let error = wrong.current("cookie", "").await.unwrap_err();
    assert!(error.to_string().contains("master key"), "{error}");
    assert_eq!(table.rows.lock().unwrap().len(), 1, "a second key hides the trouble");
}

#[tokio::test]
async fn a_destroyed_key_is_gone_here_at_once_and_elsewhere_after_half_a_minute() {
    let table = Arc::new(Table::default());
    let (left, right) = (instance(&table, 1), instance(&table, 2));
    let key = left.keys.current("person", "ada").await.unwrap();
    left.keys.rotate("person", "ada", &key).await.unwrap();
    assert_eq!(right.keys.all("person", "ada").await.unwrap().len(), 2);
    left.keys.destroy("person", "ada").await.unwrap();

    assert!(left.keys.all("person", "ada").await.unwrap().is_empty());
    right.clock.advance(Duration::from_secs(31));
    assert!(right.keys.all("person", "ada").await.unwrap().is_empty());

    let next = left.keys.current("person", "ada").await.unwrap();
    assert_ne!(material(&next), material(&key));
}

#[tokio::test]
async fn what_two_newer_keys_have_followed_is_destroyed_and_said() {
    let table = Arc::new(Table::default());
    let Instance { keys, clock } = instance(&table, 1);
    let mut made = vec![keys.current("saml.signing", "acme").await.unwrap()];
    keys.current("saml.signing", "globex").await.unwrap();
    for _ in 0..2 {
        clock.advance(Duration::from_hours(24));
        made.push(keys.rotate("saml.signing", "acme", made.last().unwrap()).await.unwrap());
    }
    let a_day_ago = || clock.now().minus(Duration::from_hours(24));
    assert!(keys.prune_followed("saml.signing", 2, a_day_ago()).await.unwrap().is_empty(), "for a day it stays");
    clock.advance(Duration::from_hours(24));
    let destroyed = keys.prune_followed("saml.signing", 2, a_day_ago()).await.unwrap();

    assert_eq!(destroyed, [("acme".to_owned(), made[0].id)]);
    assert_eq!(keys.all("saml.signing", "acme").await.unwrap().len(), 2, "here at once");
    assert_eq!(keys.all("saml.signing", "globex").await.unwrap().len(), 1);
    assert!(table.rows.lock().unwrap().iter().all(|row| row.id != made[0].id));
}

#[tokio::test]
async fn what_is_read_anew_knows_what_another_instance_has_just_done() {
    let table = Arc::new(Table::default());
    let (left, right) = (instance(&table, 1), instance(&table, 2));
    let first = right.keys.current("cookie", "").await.unwrap();
    let second = left.keys.rotate("cookie", "", &first).await.unwrap();
    assert_eq!(right.keys.all("cookie", "").await.unwrap().len(), 1, "from memory");
    assert_eq!(right.keys.reread("cookie", "").await.unwrap()[0].id, second.id);
    assert_eq!(right.keys.all("cookie", "").await.unwrap().len(), 2, "and is kept");

    assert!(left.keys.remove("cookie", "", first.id).await.unwrap());
    assert!(!left.keys.remove("cookie", "", first.id).await.unwrap());
    assert_eq!(right.keys.reread("cookie", "").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_is_destroyed_while_it_is_being_read_is_not_kept() {
    let table = Arc::new(Table::default());
    let Instance { keys, clock } = instance(&table, 1);
    keys.current("person", "ada").await.unwrap();
    clock.advance(Duration::from_secs(31)); // what was kept is too old, so that the next look reads
    let (read, destroyed) = tokio::join!(keys.all("person", "ada"), keys.destroy("person", "ada"));
    destroyed.unwrap();
    let _either_is_fine = read.unwrap();

    assert!(keys.all("person", "ada").await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_are_read_from_the_table_once() {
    let table = Arc::new(Table::default());
    let Instance { keys, .. } = instance(&table, 1);
    keys.current("cookie", "").await.unwrap();
    let before = *table.lists.lock().unwrap();
    for _ in 0..10 {
        keys.current("cookie", "").await.unwrap();
    }
    assert_eq!(*table.lists.lock().unwrap(), before);
}

#[tokio::test]
async fn a_key_made_of_given_material_keeps_it() {
    let table = Arc::new(Table::default());
    let pkcs8 = || SecretBytes::from(vec![7; 1200]);
    instance(&table, 1).keys.current_with("oidc.signing.rs256", "", pkcs8).await.unwrap();

    let other = instance(&table, 2).keys;
    let found = other.current_with("oidc.signing.rs256", "", || unreachable!("there is one")).await.unwrap();
    assert_eq!(material(&found), vec![7; 1200]);
}

#[tokio::test]
async fn uses_of_one_key_have_nothing_in_common() {
    let table = Arc::new(Table::default());
    let key = instance(&table, 1).keys.current("index", "").await.unwrap();

    assert_eq!(key.hmac("email", b"ada"), key.hmac("email", b"ada"));
    assert_ne!(key.hmac("email", b"ada"), key.hmac("emailada", b""));
    assert_ne!(key.hmac("email", b"ada"), key.hmac("subject", b"ada"));
    assert_ne!(key.derive("a").unwrap().expose_secret(), key.derive("b").unwrap().expose_secret());
    assert_ne!(key.derive("a").unwrap().expose_secret(), material(&key).as_slice());

    let sealed = key.seal(b"for ada", b"text").unwrap();
    assert_ne!(sealed, key.seal(b"for ada", b"text").unwrap(), "a nonce was used twice");
    assert!(key.open(b"for bob", &sealed).is_err());
    for length in 0..sealed.len() {
        assert!(key.open(b"for ada", &sealed[..length]).is_err());
    }

    let signer = key.ed25519("checkpoint").unwrap();
    let signature = signer.sign(b"message").unwrap();
    assert!(verify_ed25519(signer.public_key(), b"message", &signature));
    assert!(!verify_ed25519(signer.public_key(), b"massage", &signature));
    assert!(!verify_ed25519(key.ed25519("other").unwrap().public_key(), b"message", &signature));
}

#[test]
fn nothing_secret_is_printed() {
    assert_eq!(format!("{:?}", master(1)), "MasterKey([REDACTED])");
}

#[tokio::test]
async fn the_master_key_file_is_made_once_and_closed_to_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || MasterKey::open_or_create(&path, &SystemIds).unwrap())
        })
        .collect();
    let masters: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();

    let table = Arc::new(Table::default());
    let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
    for master in masters {
        let keys = KeyStore::new(Arc::clone(&table) as _, master, Arc::clone(&clock) as _, Arc::new(SystemIds));
        keys.current("cookie", "").await.unwrap(); // opens what the first one sealed
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "a draft was left behind");
}

#[test]
fn a_master_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    MasterKey::open_or_create(&path, &SystemIds).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();

    let error = MasterKey::open_or_create(&path, &SystemIds).unwrap_err();
    assert!(matches!(error, MasterKeyError::TooOpen { mode: 0o640, .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");

    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    MasterKey::open_or_create(&path, &SystemIds).unwrap();
}

#[test]
fn a_link_a_directory_or_a_damaged_file_is_no_master_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("master.key");
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    let dangling = MasterKey::open_or_create(&link, &SystemIds).unwrap_err();
    assert!(matches!(dangling, MasterKeyError::NotAFile { .. }), "{dangling:?}");
    assert!(!path.exists(), "a key was made behind a link");

    MasterKey::open_or_create(&path, &SystemIds).unwrap();
    for other in [&link, directory.path()] {
        let error = MasterKey::open_or_create(other, &SystemIds).unwrap_err();
        assert!(matches!(error, MasterKeyError::NotAFile { .. }), "{error:?}");
    }

    fs::write(&path, b"short").unwrap();
    let error = MasterKey::open_or_create(&path, &SystemIds).unwrap_err();
    assert!(matches!(error, MasterKeyError::WrongLength { bytes: 5, .. }), "{error:?}");
}

#[tokio::test]
async fn a_subject_has_one_digest_for_ever_and_no_two_subjects_the_same() {
    let name_id_attribute =
        |name, format, qualifiers| Subject::NameIdAttribute { name, format, qualifiers, value: "ada" };
    let table = Arc::new(Table::default());
    let keys = instance(&table, 1).keys;
    let index = SubjectIndex::open(&keys).await.unwrap();
    let connection = "01890a5d-ac96-774b-bcce-b302099a8053".parse().unwrap();
    let another = "01890a5d-ac96-774b-bcce-b302099a8054".parse().unwrap();
    let ada = Subject::NameId { format: "f", value: "ada" };
    let digest = index.digest(connection, ada);
    // Frozen: people are found by what was stored long ago.
    let mut bytes = Vec::new();
    let id = b"\x01\x89\x0a\x5d\xac\x96\x77\x4b\xbc\xce\xb3\x02\x09\x9a\x80\x53";
    for part in [id.as_slice(), b"name_id", b"f", b"ada"] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    let key = keys.current("index", "").await.unwrap();
    assert_eq!(digest, hex::encode(key.hmac("person.subject", &bytes)));
    assert_eq!(digest.len(), 64);

    let digests = [
        digest.clone(),
        index.digest(another, ada),
        index.digest(connection, Subject::NameId { format: "f", value: "Ada" }),
        index.digest(connection, Subject::NameId { format: "fa", value: "da" }),
        index.digest(connection, Subject::Attribute { name: "f", value: "ada" }),
        index.digest(connection, Subject::Attribute { name: "fada", value: "" }),
        index.digest(connection, name_id_attribute("f", "", ["", ""])),
        index.digest(connection, name_id_attribute("", "f", ["", ""])),
        index.digest(connection, name_id_attribute("", "", ["f", ""])),
        index.digest(connection, name_id_attribute("", "", ["", "f"])),
    ];
    assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), digests.len());

    // A rotation that should not be, and another instance, change nothing.
    keys.rotate("index", "", &key).await.unwrap();
    for keys in [keys, instance(&table, 2).keys] {
        assert_eq!(SubjectIndex::open(&keys).await.unwrap().digest(connection, ada), digest);
    }
    assert!(!format!("{ada:?} {index:?}").contains("ada"));
}
