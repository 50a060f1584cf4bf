use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vestibule_decider::Decider;
use vestibule_kernel::{ConnectionId, OrganizationId, Timestamp};

use super::{
    CATEGORY, Command, Completed, Event, Facts, GoLive, Overridden, Rejection, Started, Step, StepCompleted,
    StepReopened,
};
use crate::Note;

/// How far a connection is on its way to being used.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "stage", content = "progress")]
pub enum Onboarding {
    /// Nothing has begun.
    #[default]
    Absent,
    /// Something is missing.
    Running(Progress),
    /// Nothing is missing, or somebody decided to go without it.
    Completed(Progress),
}

/// What is done and what is not.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Progress {
    /// The connection.
    pub connection: ConnectionId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Since when.
    pub started_at: Timestamp,
    /// Each step.
    pub steps: BTreeMap<Step, Mark>,
    /// The mapping that was reviewed last.
    pub mapping: Option<String>,
}

/// How it stands with a step.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "mark")]
pub enum Mark {
    /// It is not done.
    Open {
        /// Since when.
        since: Timestamp,
    },
    /// It is done.
    Completed {
        /// Since when.
        since: Timestamp,
    },
    /// It is not done, and people may sign in all the same.
    Overridden {
        /// Since when.
        since: Timestamp,
        /// Why, for operators.
        note: String,
    },
}

impl Onboarding {
    /// What is done and what is not; `None` when nothing has begun.
    #[must_use]
    pub const fn progress(&self) -> Option<&Progress> {
        match self {
            Self::Absent => None,
            Self::Running(progress) | Self::Completed(progress) => Some(progress),
        }
    }

    fn map(self, change: impl FnOnce(Progress) -> Progress) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Running(progress) => Self::Running(change(progress)),
            Self::Completed(progress) => Self::Completed(change(progress)),
        }
    }
}

impl Decider for Onboarding {
    const CATEGORY: &'static str = CATEGORY;
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command) -> Result<Vec<Event>, Rejection> {
        let mut decision = Decision { state: self.clone(), events: Vec::new() };
        match command {
            Command::Observe { connection, organization, facts, now } => {
                decision.begin(*connection, *organization, *now);
                decision.observe(facts, *now);
            }
            Command::ReviewMapping { mapping, now } => {
                if *self == Self::Absent {
                    return Err(Rejection::NotFound);
                }
                decision.review(mapping, *now);
            }
            Command::GoLive(go_live) => decision.go_live(go_live)?,
        }
        Ok(decision.finish(command.now()))
    }

    fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::Absent, Event::Started(started)) => Self::Running(Progress::of(started)),
            (state, Event::StepCompleted(completed)) => state.map(|progress| progress.with(completed)),
            // What is missing again makes an onboarding that was complete go on.
            (Self::Running(progress) | Self::Completed(progress), Event::StepReopened(reopened)) => {
                Self::Running(progress.without(reopened))
            }
            (state, Event::Overridden(overridden)) => state.map(|progress| progress.overriding(overridden)),
            (Self::Running(progress), Event::Completed(_)) => Self::Completed(progress),
            (unchanged, Event::Started(_) | Event::Completed(_) | Event::StepReopened(_)) => unchanged,
        }
    }
}

impl Command {
    const fn now(&self) -> Timestamp {
        match self {
            Self::Observe { now, .. } | Self::ReviewMapping { now, .. } => *now,
            Self::GoLive(go_live) => go_live.now,
        }
    }
}

/// A decision on its way: each event is decided on what the ones before it have made of the state.
struct Decision {
    state: Onboarding,
    events: Vec<Event>,
}

impl Decision {
    fn push(&mut self, event: impl Into<Event>) {
        let event = event.into();
        self.state = std::mem::take(&mut self.state).evolve(&event);
        self.events.push(event);
    }

    fn begin(&mut self, connection: ConnectionId, organization: OrganizationId, at: Timestamp) {
        if self.state == Onboarding::Absent {
            self.push(Started { connection, organization, at });
        }
    }

    fn observe(&mut self, facts: &Facts, at: Timestamp) {
        for step in Step::ALL {
            let Some(progress) = self.state.progress() else { return };
            let is_so = progress.is_so(step, facts);
            match (progress.is_completed(step), is_so) {
                (false, true) => self.push(StepCompleted { step, mapping: None, at }),
                (true, false) if step.is_held_while_live() || !facts.enabled => self.push(StepReopened { step, at }),
                _ => {}
            }
        }
    }

    fn review(&mut self, mapping: &str, at: Timestamp) {
        let reviewed = self.state.progress().and_then(|progress| progress.mapping.as_deref()) == Some(mapping);
        let is_done = self.state.progress().is_some_and(|progress| progress.is_completed(Step::MappingReviewed));
        if !(reviewed && is_done) {
            self.push(StepCompleted { step: Step::MappingReviewed, mapping: Some(mapping.to_owned()), at });
        }
    }

    fn go_live(&mut self, asked: &GoLive) -> Result<(), Rejection> {
        let GoLive { connection, organization, facts, override_note, now } = asked;
        self.begin(*connection, *organization, *now);
        self.observe(facts, *now);
        let is_missing = |step: &Step| !self.state.progress().is_some_and(|progress| progress.is_completed(*step));
        let steps: Vec<Step> = Step::before_live().filter(is_missing).collect();
        match override_note {
            _ if steps.is_empty() => {}
            Some(note) => {
                let note = Note::as_str(note).to_owned();
                self.push(Overridden { steps, note, at: *now });
            }
            None => return Err(Rejection::Incomplete { steps }),
        }
        self.observe(&Facts { enabled: true, ..facts.clone() }, *now);
        Ok(())
    }

    fn finish(mut self, at: Timestamp) -> Vec<Event> {
        if let Onboarding::Running(progress) = &self.state
            && progress.is_settled()
        {
            self.push(Completed { at });
        }
        self.events
    }
}

impl Step {
    /// Whether a step that is not so any more is missing although people sign in. That they do says more of mapping and
    /// test than the steps could.
    const fn is_held_while_live(self) -> bool {
        !matches!(self, Self::MappingReviewed | Self::TestSignInPassed)
    }
}

impl Progress {
    fn of(started: &Started) -> Self {
        let open = |step| (step, Mark::Open { since: started.at });
        Self {
            connection: started.connection,
            organization: started.organization,
            started_at: started.at,
            steps: Step::ALL.into_iter().map(open).collect(),
            mapping: None,
        }
    }

    /// How it stands with a step.
    #[must_use]
    pub fn mark(&self, step: Step) -> Mark {
        self.steps.get(&step).cloned().unwrap_or(Mark::Open { since: self.started_at })
    }

    fn is_completed(&self, step: Step) -> bool {
        matches!(self.mark(step), Mark::Completed { .. })
    }

    fn is_settled(&self) -> bool {
        Step::ALL.into_iter().all(|step| !matches!(self.mark(step), Mark::Open { .. }))
    }

    /// A mapping is so as long as it is the one that was reviewed.
    fn is_so(&self, step: Step, facts: &Facts) -> bool {
        match step {
            Step::DomainVerified => facts.domain_verified,
            Step::MetadataImported => facts.metadata_imported,
            Step::CertificateChecked => facts.certificate_valid,
            Step::MappingReviewed => self.mapping.as_deref() == Some(&*facts.mapping),
            Step::TestSignInPassed => facts.tested,
            Step::RoutingEnabled => facts.enabled,
        }
    }

    fn with(mut self, completed: &StepCompleted) -> Self {
        self.steps.insert(completed.step, Mark::Completed { since: completed.at });
        if completed.mapping.is_some() {
            self.mapping.clone_from(&completed.mapping);
        }
        self
    }

    fn without(mut self, StepReopened { step, at }: &StepReopened) -> Self {
        self.steps.insert(*step, Mark::Open { since: *at });
        match step {
            // Somebody has to look again, even when the mapping becomes what it was.
            Step::MappingReviewed => self.mapping = None,
            // Whoever went live without a step decided about that time only.
            Step::RoutingEnabled => {
                for mark in self.steps.values_mut().filter(|mark| matches!(mark, Mark::Overridden { .. })) {
                    *mark = Mark::Open { since: *at };
                }
            }
            _ => {}
        }
        self
    }

    fn overriding(mut self, Overridden { steps, note, at }: &Overridden) -> Self {
        for step in steps {
            self.steps.insert(*step, Mark::Overridden { since: *at, note: note.clone() });
        }
        self
    }
}
