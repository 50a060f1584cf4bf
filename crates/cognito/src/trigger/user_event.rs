use super::{Trigger, TriggerError, TriggerEvent, User};

/// An event about a user to which there is no answer but to let it pass or not: before and after authentication, and
/// after confirmation.
#[derive(Debug)]
pub struct UserEvent<'a> {
    event: TriggerEvent<'a>,
    user: User<'a>,
}

impl<'a> UserEvent<'a> {
    /// Reads an event. There may be no such user, and Cognito may ask all the same, so as not to tell.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger, [`TriggerError::Member`] when it lacks what every event of these
    /// triggers has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        let passing = [Trigger::PreAuthentication, Trigger::PostAuthentication, Trigger::PostConfirmation];
        if !passing.contains(&event.trigger()) {
            return Err(TriggerError::Unsupported);
        }
        let user = User::read_if_any(&event, &event.request()?)?;
        Ok(Self { event, user })
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.event
    }

    /// The user.
    pub const fn user(&self) -> &User<'a> {
        &self.user
    }

    /// The event as it came, which lets it pass.
    #[must_use]
    pub fn passed(&self) -> String {
        self.event.unchanged()
    }
}
