use std::{collections::BTreeSet, sync::Arc, time::Duration};

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
    scim::{
        Account, Client, ClientSettings, Edit, Kind, SeenGroup, SeenUser, Unusable, create_group, create_user, edits,
        external_id, members_patch, members_put, patch, put,
    },
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
    groups: Groups,
    pub(crate) client: Client,
    pub(crate) directory: Arc<dyn Directory>,
    sees_profiles: OnceCell<()>,
    turns: Vec<Mutex<()>>,
    pub(crate) status: Status,
}

/// How long the next wait is.
pub(crate) struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(WAIT_FIRST)
    }
}

/// A user that is there.
struct Placed {
    id: String,
    /// As they were found; one that was just made is as they should be, and in no group yet.
    found: Option<SeenUser>,
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
        })
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
        let mut patience = Patience::default();
        loop {
            let converged = self.converge(organization, person, cause).await;
            if self.bear(&mut patience, converged).await?.is_some() {
                return Ok(());
            }
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

    /// What came of an attempt; none, after a wait, when the registry or the service could not be had.
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
        tracing::warn!(
            monotonic_counter.vestibule_provisioner_waits = 1_u64,
            service = self.name,
            error = why,
            "nothing can be provisioned at the moment"
        );
        self.status.troubled(&why);
        sleep(asked.unwrap_or_default().max(patience.0)).await;
        patience.0 = (patience.0 * 2).min(WAIT_MAX);
        Ok(None)
    }

    /// A page of the people of an organization, however long the registry is away.
    pub(crate) async fn people(
        &self,
        organization: OrganizationId,
        page_token: &str,
    ) -> Result<(Vec<Standing>, String), Error> {
        let mut patience = Patience::default();
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

    /// The groups the person should be in, by their `externalId`, with the role of each. Who may not sign in is in none.
    pub(crate) fn memberships<'a>(
        &self,
        organization: OrganizationId,
        standing: &'a Standing,
    ) -> BTreeSet<(String, &'a str)> {
        let has_groups = self.groups == Groups::Roles && standing.is_admitted;
        let roles = standing.roles.iter().filter(|_| has_groups);
        roles.map(|role| (external_id(organization, role), role.as_str())).collect()
    }

    pub(crate) fn has_groups(&self) -> bool {
        self.groups == Groups::Roles
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
            self.groups(organization, &placed, &wanted, cause).await?;
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

    async fn groups(
        &self,
        organization: OrganizationId,
        user: &Placed,
        wanted: &BTreeSet<(String, &str)>,
        cause: &Cause,
    ) -> Result<(), Error> {
        if user.found.is_none() && wanted.is_empty() {
            return Ok(());
        }
        let known = self.groups_of(&external_id(organization, ""), cause).await?;
        let mut placed = BTreeSet::new();
        let is_wanted = |group: &&SeenGroup| {
            wanted.iter().any(|(wanted, _)| *wanted == group.external_id) && placed.insert(group.external_id.clone())
        };
        let (wanted_there, unwanted): (Vec<_>, Vec<_>) = known.iter().partition(is_wanted);
        // Out of each of them, also when the service holds on to one.
        let mut held = None;
        for group in unwanted {
            match self.membership(group, user, false, cause).await {
                Err(error) if matches!(error.verdict(), Verdict::Wait(_)) => return Err(error),
                Err(error) => held = held.or(Some(error)),
                Ok(()) => {}
            }
        }
        if let Some(held) = held {
            return Err(held);
        }
        for group in &wanted_there {
            self.membership(group, user, true, cause).await?;
        }
        let is_there = |name: &String| wanted_there.iter().any(|group| group.external_id == *name);
        for (external_id, role) in wanted.iter().filter(|(name, _)| !is_there(name)) {
            self.found_group(external_id, role, user, cause).await?;
        }
        Ok(())
    }

    /// Makes the group of a role with its first member.
    async fn found_group(&self, external_id: &str, role: &str, user: &Placed, cause: &Cause) -> Result<(), Error> {
        let name = if self.served.is_one() { role } else { external_id };
        match self.client.create(Kind::Group, &create_group(external_id, name, &user.id), cause).await {
            Ok(_) => {
                self.changed("group_created");
                Ok(())
            }
            Err(ScimError::Taken) => {
                // Made a moment ago by another process; the next attempt finds it. Otherwise the name is another's.
                let found = self.groups_of(external_id, cause).await?;
                let is_there = found.iter().any(|found| found.external_id == external_id);
                Err(if is_there { ScimError::Changed } else { ScimError::Taken }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn membership(&self, group: &SeenGroup, user: &Placed, is_wanted: bool, cause: &Cause) -> Result<(), Error> {
        if user.found.is_none() && !is_wanted {
            return Ok(());
        }
        // Whether somebody is in must be known before they are let out: to let out who is not in is refused by some services.
        if !user.found.is_none() || !self.client.has_patch(cause).await? {
            let now = self.client.get(Kind::Group, &group.id, cause).await?;
            let is_in = SeenGroup::read(&now)?.is_some_and(|group| group.members.contains(&user.id));
            if is_in == is_wanted {
                return Ok(());
            }
        }
        let (id, member) = ((Kind::Group, group.id.as_str()), user.id.as_str());
        let change = members_patch(member, is_wanted);
        // Others may come and go meanwhile: no version is asked for.
        self.client.change(id, None, &change, |now| members_put(now, member, is_wanted), cause).await?;
        self.changed(if is_wanted { "member_added" } else { "member_removed" });
        Ok(())
    }

    /// Our groups whose `externalId` begins with this.
    async fn groups_of(&self, beginning: &str, cause: &Cause) -> Result<Vec<SeenGroup>, Error> {
        let read = |resource| Ok(SeenGroup::read(&resource)?.filter(|group| group.external_id.starts_with(beginning)));
        let mut groups = self.client.find(Kind::Group, ("sw", beginning), cause, read).await?;
        groups.sort_by(|left, right| (&left.external_id, &left.id).cmp(&(&right.external_id, &right.id)));
        Ok(groups)
    }

    fn changed(&self, what: &'static str) {
        tracing::info!(
            monotonic_counter.vestibule_provisioner_changes = 1_u64,
            service = self.name,
            what,
            "provisioned"
        );
    }
}

/// The first that was made first: the others are too many.
pub(crate) fn sort(users: &mut [SeenUser]) {
    users.sort_by(|left, right| (&left.created, &left.id).cmp(&(&right.created, &right.id)));
}
