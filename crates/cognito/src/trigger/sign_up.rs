use super::{Trigger, TriggerError, TriggerEvent, User};

/// How a user comes to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignUp {
    /// By signing up.
    SelfService,
    /// By an administrator's call.
    ByAdministrator,
    /// By the first sign-in through an external identity provider.
    ExternalProvider,
}

/// An event of the trigger "pre sign-up": a user is about to be made.
#[derive(Debug)]
pub struct PreSignUp<'a> {
    event: TriggerEvent<'a>,
    sign_up: SignUp,
    user: User<'a>,
}

impl<'a> PreSignUp<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger and for another source, [`TriggerError::Member`] when it lacks what
    /// every event of this trigger has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        let sign_up = match event.source() {
            "PreSignUp_SignUp" => SignUp::SelfService,
            "PreSignUp_AdminCreateUser" => SignUp::ByAdministrator,
            "PreSignUp_ExternalProvider" => SignUp::ExternalProvider,
            _ => return Err(TriggerError::Unsupported),
        };
        if event.trigger() != Trigger::PreSignUp {
            return Err(TriggerError::Unsupported);
        }
        let user = User::read(&event, &event.request()?)?;
        Ok(Self { event, sign_up, user })
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.event
    }

    /// How the user comes to be.
    pub const fn sign_up(&self) -> SignUp {
        self.sign_up
    }

    /// The user that is about to be made. Has neither status nor identities yet.
    pub const fn user(&self) -> &User<'a> {
        &self.user
    }

    /// The subject under which the user will live at `provider`, `None` at another. There are no identities yet: the name
    /// is all there is, so this is good for refusing and for nothing else.
    pub fn external_subject(&self, provider: &str) -> Option<&str> {
        let named = crate::parse_username(self.user.user_name())?;
        super::user::same(named.provider, provider).then_some(named.sub)
    }

    /// The address that would count as verified, or would be once its owner has proven it.
    pub fn email(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.user.email()
    }

    /// The event with an answer that neither confirms the user nor verifies an address: a verified address would take an
    /// alias away from whoever has it.
    #[must_use]
    pub fn answered(&self) -> String {
        self.event.answered(r#"{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}"#)
    }
}
