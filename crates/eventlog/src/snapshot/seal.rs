use vestibule_storage::StoredSnapshot;

/// Keeps these seals apart from every other, and names the encoding below.
const DOMAIN: &[u8] = b"vestibule.view_snapshot.1";

/// What the seal of a chunk authenticates besides the chunk. That the last chunk says so keeps a snapshot from being cut
/// off at a chunk's end; its id keeps chunks of two snapshots apart that were taken at one position.
pub(super) fn binding(snapshot: &StoredSnapshot, index: u32, is_last: bool) -> Vec<u8> {
    let mut binding = DOMAIN.to_vec();
    binding.extend_from_slice(&(snapshot.view.len() as u64).to_be_bytes());
    binding.extend_from_slice(snapshot.view.as_bytes());
    binding.extend_from_slice(snapshot.id.as_bytes());
    binding.extend_from_slice(&snapshot.format.to_be_bytes());
    binding.extend_from_slice(&snapshot.epoch.to_be_bytes());
    binding.extend_from_slice(&snapshot.position.to_be_bytes());
    binding.extend_from_slice(&snapshot.last_event.to_be_bytes());
    binding.extend_from_slice(&snapshot.last_hash);
    binding.extend_from_slice(&snapshot.taken_at.unix_millis().to_be_bytes());
    binding.extend_from_slice(&index.to_be_bytes());
    binding.push(u8::from(is_last));
    binding
}
