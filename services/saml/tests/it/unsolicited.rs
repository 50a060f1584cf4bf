//! Responses that nobody asked for.

use vestibule_rpc::saml::v1::{Refusal, ValidateUnsolicitedResponseRequest, ValidateUnsolicitedResponseResponse};
use vestibule_saml_idp::{Forgery, ResponseTerms, saml_response_value};
use vestibule_tenancy::{
    connection::{self, CheckedSettings, SamlSettings},
    organization,
};

use crate::world::{Customer, World, ada};

impl World {
    async fn unsolicited(&self, customer: &Customer, saml_response: &str) -> ValidateUnsolicitedResponseResponse {
        let connection = customer.connection.to_string();
        let request = ValidateUnsolicitedResponseRequest { connection, saml_response: saml_response.to_owned() };
        self.saml().validate_unsolicited_response(request).await.unwrap().into_inner()
    }

    /// What the identity provider sends without having been asked.
    fn volunteered(&self, customer: &Customer, change: impl FnOnce(ResponseTerms) -> ResponseTerms) -> String {
        let terms = ResponseTerms { in_response_to: None, ..self.terms(customer, "_unused") };
        saml_response_value(&customer.idp.respond(&ada(), &change(terms)).unwrap())
    }

    async fn allow(&self, customer: &Customer, idp_initiated: bool) {
        let settings = SamlSettings { idp_initiated, ..SamlSettings::default() };
        let settings = CheckedSettings::check(settings, &SamlSettings::default(), self.clock_now()).unwrap();
        let configure = connection::Configure { settings: Some(settings), ..connection::Configure::default() };
        self.change_connection(customer, connection::Command::Configure(configure)).await;
        self.settle().await;
    }
}

fn reason(answer: &ValidateUnsolicitedResponseResponse) -> Option<&str> {
    answer.refused.as_ref().map(|Refusal { reason, .. }| reason.as_str())
}

#[tokio::test]
async fn it_is_refused_unless_the_connection_allows_it() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let response = world.volunteered(&acme, |terms| terms);
    let answer = world.unsolicited(&acme, &response).await;
    assert_eq!(reason(&answer), Some("RESPONSE_UNSOLICITED"));
    assert_eq!(answer.checks[0].name, "connection.idp_initiated", "before anything is computed");
    world.allow(&acme, true).await;
    assert_eq!(reason(&world.unsolicited(&acme, &response).await), None);
    world.allow(&acme, false).await;
    assert_eq!(reason(&world.unsolicited(&acme, &response).await), Some("RESPONSE_UNSOLICITED"));
}

#[tokio::test]
async fn a_valid_one_makes_nobody_and_uses_nothing_up() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    world.allow(&acme, true).await;
    let before = world.events().await.len();
    let response = world.volunteered(&acme, |terms| terms);
    for _ in 0..2 {
        let answer = world.unsolicited(&acme, &response).await;
        assert_eq!(reason(&answer), None, "{answer:?}");
        assert!(!format!("{answer:?}").contains("ada"), "whom it names is not told");
    }
    assert_eq!(world.events().await.len(), before);
    // It is no answer to a request either.
    let request_id = world.request(&acme).await;
    let refused = crate::world::refused(world.validate(&acme, &response, &request_id).await.unwrap());
    assert_eq!(refused.reason, "IN_RESPONSE_TO_MISSING");
}

#[tokio::test]
async fn it_must_be_as_sound_as_any_other() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    let globex = world.customer("globex", "globex.test").await;
    world.allow(&acme, true).await;
    world.allow(&globex, true).await;
    let answered = world.volunteered(&acme, |terms| terms.answering("_0123456789abcdef0123456789abcdef"));
    assert_eq!(reason(&world.unsolicited(&acme, &answered).await), Some("IN_RESPONSE_TO_UNEXPECTED"));
    let foreign = world.volunteered(&globex, |terms| terms);
    assert_eq!(reason(&world.unsolicited(&acme, &foreign).await), Some("CERTIFICATE_NOT_TRUSTED"));
    let unsigned = world.volunteered(&acme, |terms| terms.signed(vestibule_saml_idp::Signed::Nothing));
    assert_eq!(reason(&world.unsolicited(&acme, &unsigned).await), Some("SIGNATURE_MISSING"));
    let terms = ResponseTerms { in_response_to: None, ..world.terms(&acme, "_unused") };
    let (subject, stranger) = (ada(), crate::world::signing_key());
    let forger = vestibule_saml_idp::Forger {
        provider: &acme.idp,
        stranger: &stranger,
        subject: &subject,
        terms: &terms,
        victim: "somebody-else",
    };
    for forgery in
        Forgery::ALL.iter().filter(|forgery| !matches!(forgery, Forgery::Unsolicited | Forgery::OtherRequest))
    {
        let value = saml_response_value(&forger.forge(*forgery).unwrap());
        assert_eq!(reason(&world.unsolicited(&acme, &value).await), Some(forgery.reason()), "{}", forgery.name());
    }
}

#[tokio::test]
async fn where_nobody_may_sign_in_nobody_is_sent_to_begin() {
    let world = World::start().await;
    let acme = world.customer("acme", "acme.test").await;
    world.allow(&acme, true).await;
    let response = world.volunteered(&acme, |terms| terms);
    let note = || vestibule_tenancy::Note::parse("test").unwrap();
    world.change_connection(&acme, connection::Command::Disable { note: note() }).await;
    world.settle().await;
    assert_eq!(reason(&world.unsolicited(&acme, &response).await), Some("CONNECTION_DISABLED"));
    world.change_organization(acme.organization, organization::Command::Suspend { note: note() }).await;
    world.settle().await;
    assert_eq!(reason(&world.unsolicited(&acme, &response).await), Some("ORGANIZATION_SUSPENDED"));
}
