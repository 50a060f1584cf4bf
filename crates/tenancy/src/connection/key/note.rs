use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_kernel::Timestamp;

use super::{KeyActionRequired, KeyActivated, KeyAdded, KeyDestroyed, KeyRetired, KeyUse};
use crate::connection::{Event, RENEWAL_DAYS, Trust};

/// A key of ours as our metadata tells it now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceProviderKey {
    /// Its id.
    pub key_id: String,
    /// What it is for.
    pub key_use: KeyUse,
    /// SHA-256 over its certificate's DER, lower-case hex.
    pub fingerprint: String,
    /// Whether it is used: it signs, or is the one to encrypt for.
    pub active: bool,
    /// From when it is, or was.
    pub active_from: Timestamp,
}

/// What is known of a key that stands in our metadata.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KnownKey {
    /// Its id.
    pub key_id: String,
    /// Whether it is known to have been used.
    pub activated: bool,
    /// The last announcement that it is used: within so many days.
    pub announced_days: Option<u16>,
}

impl Trust {
    /// What of our keys is not known yet. The keys themselves are kept elsewhere; this only tells of them. `kept` names those
    /// that exist, whether our metadata tells them or not.
    pub(in crate::connection) fn note_keys(
        &self,
        keys: &[ServiceProviderKey],
        kept: &[String],
        now: Timestamp,
    ) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        for key in keys {
            let known = self.keys.iter().find(|known| known.key_id == key.key_id);
            events.extend(known.is_none().then(|| added(key)));
            if key.active {
                let activated = known.is_some_and(|known| known.activated);
                events.extend((!activated).then(|| KeyActivated { key_id: key.key_id.clone() }.into()));
            } else {
                events.extend(announced(key, known.and_then(|known| known.announced_days), now));
            }
        }
        let is_gone = |known: &&KnownKey| keys.iter().all(|key| key.key_id != known.key_id);
        let gone: Vec<&String> = self.keys.iter().filter(is_gone).map(|gone| &gone.key_id).collect();
        events.extend(gone.iter().map(|key_id| KeyRetired { key_id: (*key_id).clone() }.into()));
        let retired = self.retired_keys.iter().chain(gone);
        let destroyed = retired.filter(|key_id| !kept.contains(key_id));
        events.extend(destroyed.map(|key_id| KeyDestroyed { key_id: key_id.clone() }.into()));
        events
    }

    pub(in crate::connection) fn with_keys(mut self, event: &Event) -> Self {
        match event {
            Event::KeyAdded(KeyAdded { key_id, .. }) if self.keys.iter().all(|known| known.key_id != *key_id) => {
                let key_id = key_id.clone();
                self.keys.push(KnownKey { key_id, activated: false, announced_days: None });
            }
            Event::KeyActionRequired(required) => {
                self.known_key(&required.key_id, |known| known.announced_days = Some(required.days));
            }
            Event::KeyActivated(activated) => self.known_key(&activated.key_id, |known| known.activated = true),
            Event::KeyRetired(retired) if self.keys.iter().any(|known| known.key_id == retired.key_id) => {
                self.keys.retain(|known| known.key_id != retired.key_id);
                self.retired_keys.push(retired.key_id.clone());
            }
            Event::KeyDestroyed(destroyed) => self.retired_keys.retain(|key_id| *key_id != destroyed.key_id),
            _ => {}
        }
        self
    }

    fn known_key(&mut self, key_id: &str, note: impl FnOnce(&mut KnownKey)) {
        if let Some(known) = self.keys.iter_mut().find(|known| known.key_id == key_id) {
            note(known);
        }
    }
}

fn added(key: &ServiceProviderKey) -> Event {
    let ServiceProviderKey { key_id, key_use, fingerprint, active_from, .. } = key.clone();
    KeyAdded { key_id, key_use, fingerprint, active_from }.into()
}

fn announced(key: &ServiceProviderKey, before: Option<u16>, now: Timestamp) -> Option<Event> {
    let long = |days: u16| Duration::from_hours(24 * u64::from(days));
    let active_from = key.active_from;
    // One whose successor is used already asks nobody to do anything.
    if active_from <= now {
        return None;
    }
    let days = RENEWAL_DAYS.into_iter().filter(|days| active_from.minus(long(*days)) <= now).min()?;
    let is_news = before.is_none_or(|before| days < before);
    is_news.then(|| KeyActionRequired { key_id: key.key_id.clone(), days, active_from }.into())
}
