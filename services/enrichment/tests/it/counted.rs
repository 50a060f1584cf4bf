//! What operators see of it: every answer and every refusal is counted, with the trigger and the reason, and nothing of the
//! person is told.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};
use vestibule_tenancy::{
    claim_policy::{Budget, ClaimPolicy, Target},
    organization, person,
};

use crate::{
    deployment::Deployment,
    event::{federation, sign_in, with},
};

type Fields = BTreeMap<String, String>;

/// Remembers the fields of all events and spans of this thread.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Fields>>>);

impl Told {
    /// The trigger and reason, or outcome, of everything that was counted under this name.
    fn counted(&self, name: &str) -> Vec<(String, String)> {
        let told = self.0.lock().unwrap();
        let counted = told.iter().filter(|fields| fields.contains_key(&format!("monotonic_counter.{name}")));
        let field = |fields: &Fields, name: &str| fields.get(name).cloned().unwrap_or_default();
        counted.map(|fields| (field(fields, "trigger"), field(fields, "reason") + &field(fields, "outcome"))).collect()
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

struct Reading<'a>(&'a mut Fields);

impl Visit for Reading<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Subscriber for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields::new();
        attributes.record(&mut Reading(&mut fields));
        self.0.lock().unwrap().push(fields);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields::new();
        values.record(&mut Reading(&mut fields));
        self.0.lock().unwrap().push(fields);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new();
        event.record(&mut Reading(&mut fields));
        self.0.lock().unwrap().push(fields);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(trigger, reason)| ((*trigger).to_owned(), (*reason).to_owned())).collect()
}

#[tokio::test]
async fn answers_and_refusals_are_counted_by_trigger_and_reason() {
    let told = Told::default();
    let _guard = tracing::subscriber::set_default(told.clone());
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    deployment.settle().await;
    told.clear();

    deployment.trigger(&sign_in(ann)).await.unwrap();
    deployment.trigger(&federation(ann)).await.unwrap();
    deployment.change(acme, organization::Suspended { note: "unpaid".to_owned() }).await;
    deployment.settle().await;
    told.clear();
    deployment.trigger(&sign_in(ann)).await.unwrap_err();
    deployment.trigger(&federation(ann)).await.unwrap_err();
    deployment.trigger(&with(sign_in(ann), "/triggerSource", json!("Future_x"))).await.unwrap_err();
    deployment.send("nonsense".to_owned()).await.unwrap_err();
    let refusals = [
        ("PreTokenGeneration", "ORGANIZATION_SUSPENDED"),
        ("InboundFederation", "ORGANIZATION_SUSPENDED"),
        ("", "TRIGGER_UNSUPPORTED"),
        ("", "TRIGGER_MALFORMED"),
    ];
    assert_eq!(told.counted("vestibule_enrichment_refusals"), pairs(&refusals));
    assert_eq!(told.counted("vestibule_enrichment_triggers"), pairs(&refusals), "every call is counted once");
    let everything = format!("{:?}", told.0.lock().unwrap());
    assert!(everything.contains("\"outcome\": \"ORGANIZATION_SUSPENDED\""), "the span says why");
    for personal in [ann.to_string(), "ann@acme.example".to_owned()] {
        assert!(!everything.contains(&personal), "{personal} in {everything}");
    }
}

#[tokio::test]
async fn tokens_beyond_their_budget_are_counted_and_logged_now_and_then() {
    let told = Told::default();
    let _guard = tracing::subscriber::set_default(told.clone());
    let mut deployment = Deployment::start().await;
    let (acme, ann) = deployment.ann().await;
    let roles = vec!["a".to_owned(), "b".to_owned()];
    deployment.change_person(acme, ann, person::RolesChanged { person: ann, roles, directory: None }).await;
    let budget = Budget { claims: Some(1), ..Budget::default() };
    let policy = ClaimPolicy { budget, ..ClaimPolicy::default() };
    deployment.set_policy(Target::Organization { organization: acme }, policy).await;
    deployment.settle().await;
    told.clear();
    for _ in 0..5 {
        deployment.trigger(&sign_in(ann)).await.unwrap();
    }
    let warned = pairs(&[("", "CLAIMS_OVER_BUDGET"); 5]);
    assert_eq!(told.counted("vestibule_enrichment_warnings"), warned);
    let told = told.0.lock().unwrap();
    let logged = told.iter().filter(|fields| fields.get("organization") == Some(&acme.to_string()));
    assert_eq!(logged.count(), 2, "two at once and one a second");
}
