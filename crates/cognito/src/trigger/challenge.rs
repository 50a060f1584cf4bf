use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::json;

use super::{
    Trigger, TriggerError, TriggerEvent, User,
    event::is_null,
    members::{Members, is_true},
};

/// The one challenge that triggers may pose themselves.
const CUSTOM_CHALLENGE: &str = "CUSTOM_CHALLENGE";

/// The most rounds of a sign-in that are read.
const ROUNDS_MAX: usize = 16;

/// The longest answer.
const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// Somebody who signs in by challenges.
#[derive(Debug)]
struct Challenged<'a> {
    event: TriggerEvent<'a>,
    request: Members<'a>,
    user: User<'a>,
    /// Whether Cognito asks for the sake of appearances.
    is_unknown: bool,
}

impl<'a> Challenged<'a> {
    fn read(event: TriggerEvent<'a>, trigger: Trigger) -> Result<Self, TriggerError> {
        if event.trigger() != trigger {
            return Err(TriggerError::Unsupported);
        }
        let request = event.request()?;
        let user = User::read_if_any(&event, &request)?;
        let is_unknown = request.get("userNotFound").is_some_and(is_true);
        Ok(Self { event, request, user, is_unknown })
    }
}

/// Where a sign-in by challenges goes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextStep {
    /// A challenge of the triggers.
    Challenge,
    /// The person has proven enough.
    IssueTokens,
    /// It is over.
    Fail,
}

/// One round of a sign-in by challenges.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// The challenge's name.
    pub challenge_name: String,
    /// Whether the answer was right.
    pub challenge_result: bool,
}

impl Round {
    /// Whether it was a challenge of the triggers.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.challenge_name == CUSTOM_CHALLENGE
    }
}

/// An event of the trigger "define auth challenge".
#[derive(Debug)]
pub struct DefineAuthChallenge<'a>(Challenged<'a>, Vec<Round>);

impl<'a> DefineAuthChallenge<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger, [`TriggerError::Member`] when it lacks what every event of this
    /// trigger has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        let challenged = Challenged::read(event, Trigger::DefineAuthChallenge)?;
        let member = "request.session";
        let rounds: Vec<Round> = match challenged.request.get("session") {
            None => Vec::new(),
            Some(raw) if is_null(raw) => Vec::new(),
            Some(raw) => serde_json::from_str(raw.get()).map_err(|_| TriggerError::Member { member })?,
        };
        if rounds.len() > ROUNDS_MAX {
            return Err(TriggerError::Member { member });
        }
        Ok(Self(challenged, rounds))
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.0.event
    }

    /// The user.
    pub const fn user(&self) -> &User<'a> {
        &self.0.user
    }

    /// Whether there is no such user, which nobody should learn.
    pub const fn is_unknown(&self) -> bool {
        self.0.is_unknown
    }

    /// The rounds so far.
    pub fn rounds(&self) -> &[Round] {
        &self.1
    }

    /// The event with this step as the answer.
    #[must_use]
    pub fn answered(&self, step: NextStep) -> String {
        let (issue, fail) = (step == NextStep::IssueTokens, step == NextStep::Fail);
        let response = match step {
            NextStep::Challenge => {
                json!({"challengeName": CUSTOM_CHALLENGE, "issueTokens": issue, "failAuthentication": fail})
            }
            NextStep::IssueTokens | NextStep::Fail => json!({"issueTokens": issue, "failAuthentication": fail}),
        };
        self.0.event.answered(&response.to_string())
    }
}

/// What is posed.
#[derive(Clone, Debug, Default)]
pub struct PosedChallenge {
    /// What the person's application gets to see.
    pub public: BTreeMap<String, String>,
    /// What only the triggers get to see: Cognito hands it to the one that judges the answer.
    pub private: BTreeMap<String, String>,
    /// What the challenge is called in later rounds.
    pub metadata: String,
}

/// An event of the trigger "create auth challenge".
#[derive(Debug)]
pub struct CreateAuthChallenge<'a>(Challenged<'a>);

impl<'a> CreateAuthChallenge<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger and another challenge, [`TriggerError::Member`] when it lacks what
    /// every event of this trigger has.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        let challenged = Challenged::read(event, Trigger::CreateAuthChallenge)?;
        match challenged.request.text("challengeName").as_deref() {
            Some(CUSTOM_CHALLENGE) => Ok(Self(challenged)),
            Some(_) => Err(TriggerError::Unsupported),
            None => Err(TriggerError::Member { member: "request.challengeName" }),
        }
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.0.event
    }

    /// The user.
    pub const fn user(&self) -> &User<'a> {
        &self.0.user
    }

    /// The event with this challenge as the answer.
    #[must_use]
    pub fn answered(&self, posed: &PosedChallenge) -> String {
        let response = json!({
            "publicChallengeParameters": posed.public,
            "privateChallengeParameters": posed.private,
            "challengeMetadata": posed.metadata,
        });
        self.0.event.answered(&response.to_string())
    }
}

/// An event of the trigger "verify auth challenge response".
#[derive(Debug)]
pub struct VerifyAuthChallenge<'a> {
    challenged: Challenged<'a>,
    private: Members<'a>,
    answer: Cow<'a, str>,
}

impl<'a> VerifyAuthChallenge<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`TriggerError::Unsupported`] for another trigger, [`TriggerError::Member`] when it lacks what every event of this
    /// trigger has, and for an answer of more than 4 KiB.
    pub fn read(event: TriggerEvent<'a>) -> Result<Self, TriggerError> {
        let challenged = Challenged::read(event, Trigger::VerifyAuthChallengeResponse)?;
        let member = "request.privateChallengeParameters";
        let private = challenged.request.get("privateChallengeParameters").ok_or(TriggerError::Member { member })?;
        let private = Members::parse(private.get()).map_err(|_| TriggerError::Member { member })?;
        let member = "request.challengeAnswer";
        let answer = challenged.request.text("challengeAnswer").filter(|answer| answer.len() <= ANSWER_BYTES_MAX);
        Ok(Self { answer: answer.ok_or(TriggerError::Member { member })?, challenged, private })
    }

    /// The event.
    pub const fn event(&self) -> &TriggerEvent<'a> {
        &self.challenged.event
    }

    /// The user.
    pub const fn user(&self) -> &User<'a> {
        &self.challenged.user
    }

    /// Whether there is no such user, which nobody should learn.
    pub const fn is_unknown(&self) -> bool {
        self.challenged.is_unknown
    }

    /// A private parameter of the challenge.
    pub fn private(&self, name: &str) -> Option<Cow<'a, str>> {
        self.private.text(name)
    }

    /// What the person answered.
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// The event with this verdict as the answer.
    #[must_use]
    pub fn answered(&self, correct: bool) -> String {
        self.challenged.event.answered(&json!({"answerCorrect": correct}).to_string())
    }
}
