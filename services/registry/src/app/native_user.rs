use vestibule_eventlog::{AppendError, CommandError, Metadata};
use vestibule_kernel::{OrganizationId, PersonId, UserPoolId};
use vestibule_tenancy::{
    NativeUserId,
    person::{Command, LinkNativeUser, NATIVE_USER, Person},
};

use super::{
    Change, Registry,
    person::{FoundBy, PersonName, stream},
};
use crate::{error::Error, resource::Resource};

/// A native user who shall be a person.
pub(crate) struct NewNativeUser {
    pub(crate) organization: OrganizationId,
    pub(crate) user_pool: UserPoolId,
    pub(crate) native_user: NativeUserId,
    /// A new person when absent.
    pub(crate) person: Option<PersonId>,
}

impl Registry {
    /// Makes a native user a person of the organization; whoever asks again gets the same person.
    pub(crate) async fn link_native_user(
        &self,
        metadata: Metadata,
        new: NewNativeUser,
    ) -> Result<Resource<Person>, Error> {
        let NewNativeUser { organization, user_pool, native_user, person } = new;
        let home = self.organization(organization).await?;
        if home.state.terms().is_none_or(|terms| terms.placement.user_pool() != user_pool) {
            return Err(Error::OtherUserPool);
        }
        if let Some(person) = person {
            self.person((organization, person)).await?;
        }
        if let Some(linked) = self.linked(organization, user_pool, &native_user, person).await? {
            return Ok(linked);
        }
        let id = person.unwrap_or_else(|| PersonId::from_uuid(self.ids.uuid_v4()));
        let link = LinkNativeUser { person: id, organization, user_pool, native_user: native_user.clone() };
        let link = Command::LinkNativeUser(link);
        match self.log.execute::<Person>(&stream((organization, id)), None, metadata, &link).await {
            Ok(linked) => Ok(linked.into()),
            // Perhaps somebody asked for the same, a moment ago.
            Err(CommandError::Append(AppendError::Reserved { scope: NATIVE_USER, .. })) => {
                let linked = self.linked(organization, user_pool, &native_user, person).await?;
                linked.ok_or(Error::NativeUserTaken)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The person whom the native user is already, if it is who is `meant`.
    async fn linked(
        &self,
        organization: OrganizationId,
        user_pool: UserPoolId,
        native_user: &NativeUserId,
        meant: Option<PersonId>,
    ) -> Result<Option<Resource<Person>>, Error> {
        let found_by = FoundBy::NativeUser(user_pool, native_user.clone());
        let Some(linked) = self.find_person(organization, found_by).await? else { return Ok(None) };
        let is_meant = |meant| linked.state.known().is_some_and(|linked| linked.person == meant);
        if meant.is_none_or(is_meant) { Ok(Some(linked)) } else { Err(Error::NativeUserTaken) }
    }

    pub(crate) async fn unlink_native_user(
        &self,
        id: PersonName,
        change: Change,
        user_pool: UserPoolId,
    ) -> Result<Resource<Person>, Error> {
        self.change(&stream(id), change, &Command::UnlinkNativeUser { user_pool }).await
    }
}
