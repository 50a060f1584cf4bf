use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{
    sync::{Mutex, MutexGuard, OnceCell},
    time::sleep,
};
use vestibule_kernel::{Chain, Clock, OrganizationId, PersonId};

use crate::{
    Directory, Error, ScimError, Standing, Verdict,
    config::{Groups, Target, UserName},
    limit::{TRIES_MAX, TURNS, WAIT_FIRST, WAIT_MAX},
    scim::{Account, Client, ClientSettings, Edit, Kind, SeenUser, Unusable, create_user, edits, patch, put},
    served::Served,
    status::Status,
    trace::Cause,
};

/// Keeps one SCIM service as the registry knows the people.
///
/// Whatever happened, the person is read from the registry as they are now, and what differs in the service is changed: an
/// event that comes late, twice or after others does no harm, nor does a reconciliation at the same time. For each
/// organization one person at a time.
pub struct Provisioner {
    /// As the configuration calls the service.
    pub(crate) name: String,
    pub(crate) served: Served,
    user_name: UserName,
    pub(crate) groups: Groups,
    pub(crate) client: Client,
    pub(crate) directory: Arc<dyn Directory>,
    sees_profiles: OnceCell<()>,
    turns: Vec<Mutex<()>>,
    pub(crate) status: Status,
    wait_max: Option<Duration>,
}

/// How long is waited for the registry or the service.
pub(crate) struct Patience {
    next: Duration,
    /// In all; without an end when absent.
    left: Option<Duration>,
}

/// A user that is there.
pub(crate) struct Placed {
    pub(crate) id: String,
    /// As they were found; one that was just made is as they should be, and in no group yet.
    pub(crate) found: Option<SeenUser>,
}

/// Nothing but that, so that it is not refused for anything else.
const DEACTIVATION: [Edit; 1] = [Edit::Set("active", Value::Bool(false))];

impl Provisioner {
    /// For one of the services of the configuration.
    ///
    /// # Errors
    /// [`Unusable`]: the configuration cannot be used. Whether the service answers is not looked at.
    pub fn new(
        target: &Target,
        served: Served,
        directory: Arc<dyn Directory>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Unusable> {
        let client = ClientSettings {
            address: target.address.clone(),
            token_file: target.token_file.clone(),
            authority_file: target.authority_file.clone(),
            timeout: Duration::from_secs(target.timeout_seconds),
            requests_per_second: target.requests_per_second,
        };
        Ok(Self {
            name: target.name.clone(),
            served,
            user_name: target.user_name,
            groups: target.groups,
            client: Client::new(client, clock)?,
            directory,
            sees_profiles: OnceCell::new(),
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
            status: Status::default(),
            wait_max: None,
        })
    }

    /// The same, waiting for the registry or the service so long at most, in one go.
    #[must_use]
    pub const fn with_wait_max(mut self, wait_max: Duration) -> Self {
        self.wait_max = Some(wait_max);
        self
    }

    pub(crate) const fn patience(&self) -> Patience {
        Patience { next: WAIT_FIRST, left: self.wait_max }
    }

    /// Whether everything is well, and was reconciled since the process began.
    ///
    /// # Errors
    /// Why not, for operators.
    pub fn ready(&self) -> Result<(), String> {
        self.status.ready()
    }

    /// Makes the service agree with the registry about one person. Waits, however long, while the registry or the service cannot
    /// be had; other failures are the caller's.
    pub(crate) async fn provide(
        &self,
        organization: OrganizationId,
        person: PersonId,
        cause: &Cause,
    ) -> Result<(), Error> {
        let mut patience = self.patience();
        loop {
            let converged = match self.converge(organization, person, cause).await {
                Err(Error::Scim(error)) => Err(self.judged(error, cause).await),
                converged => converged,
            };
            if self.bear(&mut patience, converged).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// What an answer comes to. One that says nothing of this person alone may be what the service answers to everybody at the
    /// moment, as a page about maintenance: then it is waited for, like one that does not answer, and nobody is given up.
    async fn judged(&self, error: ScimError, cause: &Cause) -> Error {
        match error {
            error if error.is_of_one() || matches!(error.verdict(), Verdict::Wait(_)) => error.into(),
            error => match self.client.is_well(cause).await {
                Ok(()) => error.into(),
                Err(ill) => ScimError::Ill(Box::new(ill)).into(),
            },
        }
    }

    /// The same, and tries a few times when the answers make no sense.
    pub(crate) async fn provide_or_give_up(
        &self,
        organization: OrganizationId,
        person: PersonId,
        cause: &Cause,
    ) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            match self.provide(organization, person, cause).await {
                Err(error) if error.verdict() == Verdict::Again && tries < TRIES_MAX => {
                    sleep(WAIT_FIRST * tries).await;
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// What came of an attempt; none, after a wait, when the registry or the service could not be had. An error once there is no
    /// patience left.
    pub(crate) async fn bear<T>(&self, patience: &mut Patience, attempt: Result<T, Error>) -> Result<Option<T>, Error> {
        let error = match attempt {
            Ok(done) => {
                self.status.well();
                return Ok(Some(done));
            }
            Err(error) => error,
        };
        let Verdict::Wait(asked) = error.verdict() else { return Err(error) };
        let why = Chain(&error).to_string();
        tracing::debug!(monotonic_counter.vestibule_provisioner_waits = 1_u64, service = self.name);
        tracing::warn!(service = self.name, error = why, "nothing can be provisioned at the moment");
        self.status.troubled(&why);
        let wait = asked.unwrap_or_default().max(patience.next);
        if let Some(left) = &mut patience.left {
            let Some(rest) = left.checked_sub(wait) else { return Err(error) };
            *left = rest;
        }
        sleep(wait).await;
        patience.next = (patience.next * 2).min(WAIT_MAX);
        Ok(None)
    }

    /// A page of the people of an organization, however long the registry is away.
    pub(crate) async fn people(
        &self,
        organization: OrganizationId,
        page_token: &str,
    ) -> Result<(Vec<Standing>, String), Error> {
        let mut patience = self.patience();
        loop {
            let page = self.directory.people(organization, page_token.to_owned()).await.map_err(Error::from);
            if let Some(page) = self.bear(&mut patience, page).await? {
                return Ok(page);
            }
        }
    }

    /// The user as they should be.
    pub(crate) fn account(&self, organization: OrganizationId, standing: &Standing) -> Account {
        let id = standing.person.to_string();
        let user_name = match (self.user_name, &standing.email) {
            (UserName::Email, Some(email)) => email.clone(),
            _ => id,
        };
        Account {
            person: standing.person,
            user_name,
            active: standing.is_admitted,
            display_name: standing.display_name.clone(),
            given_name: standing.given_name.clone(),
            family_name: standing.family_name.clone(),
            email: standing.email.clone(),
            organization: (!self.served.is_one()).then_some(organization),
        }
    }

    /// What takes rights away comes first, so that nothing the service refuses of the rest keeps them.
    async fn converge(&self, organization: OrganizationId, person: PersonId, cause: &Cause) -> Result<(), Error> {
        self.sees_profiles().await?;
        let _turn = self.turn(organization).await;
        let Some(standing) = self.directory.person(organization, person).await? else { return Ok(()) };
        let account = self.account(organization, &standing);
        let Some(placed) = self.place(&account, cause).await? else { return Ok(()) };
        if self.has_groups() {
            let wanted = self.memberships(organization, &standing);
            self.join_groups(organization, &placed, &wanted, cause).await?;
        }
        match placed.found {
            Some(user) => self.update(&user, &edits(&account, &user), cause).await,
            None => Ok(()),
        }
    }

    /// Asked until it was answered once: who sees no names would take them for blank, and erase them.
    pub(crate) async fn sees_profiles(&self) -> Result<(), Error> {
        self.sees_profiles.get_or_try_init(|| self.directory.shows_profiles()).await?;
        Ok(())
    }

    /// Nobody else works on the organization.
    async fn turn(&self, organization: OrganizationId) -> MutexGuard<'_, ()> {
        let place = organization.uuid().as_u128() % (self.turns.len() as u128);
        #[expect(clippy::indexing_slicing, reason = "a remainder of the length")]
        self.turns[usize::try_from(place).unwrap_or_default()].lock().await
    }

    /// The user, made where there is none, and deactivated where they should be; none where nobody needs to be there.
    async fn place(&self, account: &Account, cause: &Cause) -> Result<Option<Placed>, Error> {
        let mut found = self.users(account.person, cause).await?;
        if found.is_empty() {
            if !account.active {
                return Ok(None);
            }
            match self.client.create(Kind::User, &create_user(account), cause).await {
                Ok(made) => {
                    self.changed("created");
                    return Ok(SeenUser::read(&made)?.map(|(_, made)| Placed { id: made.id, found: None }));
                }
                // Made a moment ago, and the answer was lost, or by another process; or it is somebody else.
                Err(ScimError::Taken) => found = self.users(account.person, cause).await?,
                Err(error) => return Err(error.into()),
            }
        }
        let mut found = found.into_iter();
        let Some(mut user) = found.next() else { return Err(ScimError::Taken.into()) };
        for duplicate in found.filter(|duplicate| duplicate.active != Some(false)) {
            tracing::warn!(service = self.name, user = duplicate.id, "a second user of a person is deactivated");
            self.update(&duplicate, &DEACTIVATION, cause).await?;
        }
        if !account.active && user.active != Some(false) {
            self.update(&user, &DEACTIVATION, cause).await?;
            // It has another version now.
            let now = SeenUser::read(&self.client.get(Kind::User, &user.id, cause).await?)?;
            user = now.filter(|(of, _)| *of == account.person).ok_or(ScimError::Gone)?.1;
        }
        Ok(Some(Placed { id: user.id.clone(), found: Some(user) }))
    }

    /// All users of a person, the first that was made first.
    async fn users(&self, person: PersonId, cause: &Cause) -> Result<Vec<SeenUser>, Error> {
        let read = |resource| Ok(SeenUser::read(&resource)?.filter(|(of, _)| *of == person).map(|(_, user)| user));
        let mut users = self.client.find(Kind::User, ("eq", &person.to_string()), cause, read).await?;
        sort(&mut users);
        Ok(users)
    }

    async fn update(&self, user: &SeenUser, edits: &[Edit], cause: &Cause) -> Result<(), Error> {
        if edits.is_empty() {
            return Ok(());
        }
        let version = user.version.as_deref();
        let place = (Kind::User, user.id.as_str());
        self.client.change(place, version, &patch(edits), |now| put(now, edits), cause).await?;
        let activity = edits.iter().find_map(|edit| match edit {
            Edit::Set("active", value) => value.as_bool(),
            _ => None,
        });
        self.changed(match activity {
            Some(true) => "activated",
            Some(false) => "deactivated",
            None => "updated",
        });
        Ok(())
    }

    pub(crate) fn changed(&self, what: &'static str) {
        tracing::info!(
            monotonic_counter.vestibule_provisioner_changes = 1_u64,
            service = self.name,
            what,
            "provisioned"
        );
    }

    /// Somebody of many is not as they should be.
    pub(crate) fn failed(&self, person: PersonId, error: &Error) {
        // Apart from the words: what stands beside a metric becomes a label of it, and people are none.
        tracing::debug!(monotonic_counter.vestibule_provisioner_failures = 1_u64, service = self.name);
        let error = Chain(error).to_string();
        tracing::error!(service = self.name, %person, error, "not provisioned");
    }
}

/// The first that was made first: the others are too many.
pub(crate) fn sort(users: &mut [SeenUser]) {
    users.sort_by(|left, right| (&left.created, &left.id).cmp(&(&right.created, &right.id)));
}
