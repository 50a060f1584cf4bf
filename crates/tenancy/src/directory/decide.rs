use vestibule_decider::Decider;
use vestibule_kernel::{ConnectionId, DirectoryId, DirectoryTokenId, OrganizationId, Timestamp};

use super::{CATEGORY, Command, Configured, Create, Created, Event, Rejection, Settings, TokenAdded, TokenRetired};

/// The most tokens that are good at the same time: the old one and the new one of a change-over.
pub const TOKENS_MAX: usize = 2;

/// A directory, by stage of life.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Directory {
    /// It does not exist.
    #[default]
    Absent,
    /// It may provision people.
    Present(Terms),
}

/// What is agreed with a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// Its id.
    pub directory: DirectoryId,
    /// Whose it is, for ever.
    pub organization: OrganizationId,
    /// Its connection, for ever.
    pub connection: ConnectionId,
    /// How it is understood.
    pub settings: Settings,
    /// The tokens that are good, oldest first.
    pub tokens: Vec<Token>,
    /// Those that were.
    pub retired: Vec<DirectoryTokenId>,
}

/// A token, as far as it is remembered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// Its id.
    pub token: DirectoryTokenId,
    /// SHA-256 over its text, lower-case hex.
    pub digest: String,
    /// Since when it is good.
    pub at: Timestamp,
}

impl Decider for Directory {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        match (self, command) {
            (Self::Absent, Command::Create(create)) => Ok(vec![created(create).into()]),
            (Self::Absent, _) => Err(Rejection::NotFound),
            (Self::Present(_), Command::Create(_)) => Err(Rejection::AlreadyExists),
            (Self::Present(terms), Command::Configure { settings, has_users }) => terms.configure(settings, *has_users),
            (Self::Present(terms), Command::AddToken { .. }) if terms.tokens.len() >= TOKENS_MAX => {
                Err(Rejection::TokensFull)
            }
            (Self::Present(_), Command::AddToken { token, digest, at }) => {
                Ok(vec![TokenAdded { token: *token, digest: digest.clone(), at: *at }.into()])
            }
            (Self::Present(terms), Command::RetireToken { token }) => terms.retire(*token),
        }
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (_, Event::Created(created)) => Self::Present(Terms {
                directory: created.directory,
                organization: created.organization,
                connection: created.connection,
                settings: created.settings.clone(),
                tokens: Vec::new(),
                retired: Vec::new(),
            }),
            (Self::Present(terms), Event::Configured(configured)) => {
                Self::Present(Terms { settings: configured.settings.clone(), ..terms })
            }
            (Self::Present(mut terms), Event::TokenAdded(TokenAdded { token, digest, at })) => {
                terms.tokens.push(Token { token: *token, digest: digest.clone(), at: *at });
                Self::Present(terms)
            }
            (Self::Present(mut terms), Event::TokenRetired(TokenRetired { token })) => {
                terms.tokens.retain(|known| known.token != *token);
                terms.retired.push(*token);
                Self::Present(terms)
            }
            (Self::Absent, _) => Self::Absent,
        }
    }
}

impl Terms {
    fn configure(&self, settings: &Settings, has_users: bool) -> Result<Vec<Event>, Rejection> {
        if *settings == self.settings {
            return Ok(vec![]);
        }
        let subject = |settings: &Settings| (settings.subject, settings.name_id_format.clone());
        if has_users && subject(settings) != subject(&self.settings) {
            return Err(Rejection::HasUsers);
        }
        Ok(vec![Configured { settings: settings.clone() }.into()])
    }

    fn retire(&self, token: DirectoryTokenId) -> Result<Vec<Event>, Rejection> {
        if self.tokens.iter().any(|known| known.token == token) {
            Ok(vec![TokenRetired { token }.into()])
        } else if self.retired.contains(&token) {
            Ok(vec![])
        } else {
            Err(Rejection::TokenNotFound)
        }
    }
}

fn created(create: &Create) -> Created {
    Created {
        directory: create.directory,
        organization: create.organization,
        connection: create.connection,
        settings: create.settings.clone(),
    }
}
