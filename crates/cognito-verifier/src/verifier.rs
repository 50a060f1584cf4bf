use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use jsonwebtoken::signature::Verifier as _;

use crate::{
    KeySetError, KeysWanted, Requirements, UserPool, VerifiedToken, VerifyError, compact::Compact, key::Rs256Key,
    key_source::KeySource,
};

/// Verifies tokens of any number of user pools, without input or output of its own.
#[derive(Default)]
pub struct Verifier {
    by_issuer: RwLock<HashMap<String, Arc<Trusted>>>,
}

/// An issuer that is trusted, and for what.
struct Trusted {
    user_pool_id: Arc<str>,
    requirements: Requirements,
    keys: Arc<KeySource>,
}

/// What came of verifying a token with the keys that are known.
#[derive(Debug)]
pub enum Attempt {
    /// It is verified.
    Verified(VerifiedToken),
    /// Its key has to be fetched first. Fetch [`KeysWanted::url`], hand it to [`KeysWanted::fetched`], and try again.
    NeedsKeys(KeysWanted),
}

impl Verifier {
    /// Trusts nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts a user pool from now on, for tokens that meet the requirements. A pool that is trusted already gets these
    /// requirements and keeps its keys.
    pub fn trust(&self, pool: &UserPool, requirements: &Requirements) {
        let mut by_issuer = self.by_issuer.write().unwrap_or_else(PoisonError::into_inner);
        let user_pool_id: Arc<str> = pool.id().into();
        let mut sources: Vec<Arc<KeySource>> = Vec::new();
        for issuer in pool.issuers() {
            let url = pool.key_set_of(issuer);
            let known = by_issuer.get(issuer).map(|trusted| &trusted.keys).into_iter().chain(&sources);
            let known = known.into_iter().find(|source| source.url == url).cloned();
            let keys = known.unwrap_or_else(|| KeySource::new(url));
            sources.push(Arc::clone(&keys));
            let (user_pool_id, requirements) = (Arc::clone(&user_pool_id), requirements.clone());
            by_issuer.insert(issuer.to_owned(), Arc::new(Trusted { user_pool_id, requirements, keys }));
        }
    }

    /// Trusts a user pool no more, and forgets its keys.
    pub fn distrust(&self, pool: &UserPool) {
        let mut by_issuer = self.by_issuer.write().unwrap_or_else(PoisonError::into_inner);
        for issuer in pool.issuers() {
            by_issuer.remove(issuer);
        }
    }

    /// Gives a trusted pool its keys, so that they need not be fetched until a token names another.
    ///
    /// # Errors
    /// [`KeySetError`].
    pub fn preload(&self, pool: &UserPool, key_set: &[u8]) -> Result<(), KeySetError> {
        pool.issuers().filter_map(|issuer| self.trusted(issuer)).try_for_each(|trusted| trusted.keys.replace(key_set))
    }

    /// Verifies a token against the requirements of the pool that issued it.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn attempt(&self, token: &str, now: SystemTime) -> Result<Attempt, VerifyError> {
        self.judge(token, None, now)
    }

    /// Verifies a token against requirements of its own instead of the pool's.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn attempt_against(
        &self,
        token: &str,
        requirements: &Requirements,
        now: SystemTime,
    ) -> Result<Attempt, VerifyError> {
        self.judge(token, Some(requirements), now)
    }

    fn judge(&self, token: &str, own: Option<&Requirements>, now: SystemTime) -> Result<Attempt, VerifyError> {
        let compact = Compact::parse(token)?;
        // Compared as text: no URL is "the same" as another one (RFC 7519 section 4.1.1).
        let trusted = compact.claims.text("iss")?.and_then(|issuer| self.trusted(issuer));
        let trusted = trusted.ok_or(VerifyError::IssuerUnknown)?;
        match trusted.keys.with_key(&compact.key_id, now, |key| verify_signature(&compact, key))? {
            Some(verified) => verified?,
            None => return Ok(Attempt::NeedsKeys(KeysWanted::new(Arc::clone(&trusted.keys), compact.key_id))),
        }
        let met = own.unwrap_or(&trusted.requirements).check(&compact.claims, now)?;
        Ok(Attempt::Verified(VerifiedToken::new(Arc::clone(&trusted.user_pool_id), met, compact.claims)))
    }

    fn trusted(&self, issuer: &str) -> Option<Arc<Trusted>> {
        self.by_issuer.read().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_issuer = self.by_issuer.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Verifier").field("issuers", &by_issuer.keys().collect::<Vec<_>>()).finish()
    }
}

fn verify_signature(compact: &Compact<'_>, key: &Rs256Key) -> Result<(), VerifyError> {
    key.verify(compact.signing_input.as_bytes(), &compact.signature).map_err(|_| VerifyError::SignatureInvalid)
}
