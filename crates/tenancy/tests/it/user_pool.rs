use vestibule_decider::{DomainEvent, Reservation, Scenario};
use vestibule_tenancy::{
    AppClientId, ApplicationUri, PoolDomain,
    user_pool::{
        CLIENT_ID, Command, DOMAINS_MAX, Event, POOL_ID, POST_LOGOUT_REDIRECT_URIS_MAX, Register, Rejection,
        SecretRetired, SigningAlgorithm, Update, Updated, UserPool,
    },
};

use crate::sample::{register, registered, secret, secret_added, user_pool_updated};

fn history(events: &[Event]) -> Vec<Event> {
    [registered().into(), secret_added("s1").into()].into_iter().chain(events.iter().cloned()).collect()
}

fn retire(name: &str) -> Command {
    Command::RetireSecret { secret_id: name.to_owned() }
}

fn retired(name: &str) -> Event {
    SecretRetired { secret_id: name.to_owned() }.into()
}

fn domains(count: usize) -> Vec<PoolDomain> {
    (0..count).map(|index| PoolDomain::parse(&format!("d{index}.example")).unwrap()).collect()
}

#[test]
fn a_pool_is_registered_once_with_its_first_secret() {
    let command = Command::Register(register());
    Scenario::<UserPool>::given_nothing().when(&command).then(history(&[]));
    Scenario::<UserPool>::given(history(&[])).when(&command).then_rejected(&Rejection::AlreadyExists);
}

#[test]
fn nothing_can_be_asked_of_what_does_not_exist() {
    for command in [Command::Update(Update::default()), Command::AddSecret(secret("s2")), retire("s1")] {
        Scenario::<UserPool>::given_nothing().when(&command).then_rejected(&Rejection::NotFound);
    }
}

#[test]
fn domains_are_some_but_not_many_and_each_once() {
    let mut twice = domains(2);
    twice.push(twice[0].clone());
    for (domains, rejection) in [
        (vec![], Rejection::NoDomain),
        (domains(DOMAINS_MAX + 1), Rejection::TooManyDomains),
        (twice, Rejection::DomainTwice),
    ] {
        let command = Command::Register(Register { domains: domains.clone(), ..register() });
        Scenario::<UserPool>::given_nothing().when(&command).then_rejected(&rejection);
        let command = Command::Update(Update { domains: Some(domains), ..Update::default() });
        Scenario::<UserPool>::given(history(&[])).when(&command).then_rejected(&rejection);
    }
    let most = Command::Update(Update { domains: Some(domains(DOMAINS_MAX)), ..Update::default() });
    let names = domains(DOMAINS_MAX).iter().map(ToString::to_string).collect();
    let updated = Updated { domains: Some(names), ..Updated::default() };
    Scenario::<UserPool>::given(history(&[])).when(&most).then([updated]);
}

#[test]
fn a_rotation_has_two_secrets_at_most_and_one_at_least() {
    let add = Command::AddSecret(secret("s2"));
    Scenario::<UserPool>::given(history(&[])).when(&add).then([secret_added("s2")]);
    let both = history(&[secret_added("s2").into()]);
    Scenario::<UserPool>::given(both.clone())
        .when(&Command::AddSecret(secret("s3")))
        .then_rejected(&Rejection::SecretLimit);
    Scenario::<UserPool>::given(both).when(&retire("s1")).then([retired("s1")]);
    Scenario::<UserPool>::given(history(&[])).when(&retire("s1")).then_rejected(&Rejection::LastSecret);
    let rotated = history(&[secret_added("s2").into(), retired("s1")]);
    Scenario::<UserPool>::given(rotated.clone()).when(&retire("s1")).then_nothing();
    Scenario::<UserPool>::given(rotated.clone()).when(&retire("s2")).then_rejected(&Rejection::LastSecret);
    Scenario::<UserPool>::given(rotated.clone()).when(&retire("s9")).then_rejected(&Rejection::SecretNotFound);
    let next = Command::AddSecret(secret("s3"));
    Scenario::<UserPool>::given(rotated).when(&next).then([secret_added("s3")]);
}

#[test]
fn an_update_records_what_is_new_only() {
    let update = Command::Update(Update {
        domains: Some(vec![PoolDomain::parse("sign-in.acme.example").unwrap()]),
        app_client_id: Some(AppClientId::parse("other").unwrap()),
        signing_algorithm: Some(SigningAlgorithm::Es256),
        requires_email: Some(false),
        ..Update::default()
    });
    Scenario::<UserPool>::given(history(&[])).when(&update).then([user_pool_updated()]);
    Scenario::<UserPool>::given(history(&[user_pool_updated().into()])).when(&update).then_nothing();
    Scenario::<UserPool>::given(history(&[])).when(&Command::Update(Update::default())).then_nothing();
}

fn addresses(count: usize) -> Vec<ApplicationUri> {
    (0..count).map(|index| ApplicationUri::parse(&format!("https://app.example/{index}")).unwrap()).collect()
}

#[test]
fn the_addresses_of_the_application_are_known_from_the_beginning_and_may_change() {
    let texts = |count| Some(addresses(count).iter().map(ToString::to_string).collect());
    let login = ApplicationUri::parse("https://app.example/login").unwrap();
    let register =
        Register { initiate_login_uri: Some(login.clone()), post_logout_redirect_uris: addresses(2), ..register() };
    let known = Updated {
        initiate_login_uri: Some(login.to_string()),
        post_logout_redirect_uris: texts(2),
        ..Updated::default()
    };
    let expected: Vec<Event> = history(&[known.clone().into()]);
    Scenario::<UserPool>::given_nothing().when(&Command::Register(register)).then(expected.clone());

    let same = Update {
        initiate_login_uri: Some(Some(login)),
        post_logout_redirect_uris: Some(addresses(2)),
        ..Update::default()
    };
    Scenario::<UserPool>::given(expected.clone()).when(&Command::Update(same)).then_nothing();
    let none =
        Update { initiate_login_uri: Some(None), post_logout_redirect_uris: Some(Vec::new()), ..Update::default() };
    let forgotten = Updated {
        initiate_login_uri: Some(String::new()),
        post_logout_redirect_uris: Some(Vec::new()),
        ..Updated::default()
    };
    Scenario::<UserPool>::given(expected.clone()).when(&Command::Update(none.clone())).then([forgotten.clone()]);
    let after = history(&[known.into(), forgotten.into()]);
    Scenario::<UserPool>::given(after).when(&Command::Update(none)).then_nothing();
}

#[test]
fn addresses_to_go_to_after_signing_out_are_not_many_and_each_once() {
    let mut twice = addresses(2);
    twice.push(twice[0].clone());
    for (addresses, rejection) in [
        (addresses(POST_LOGOUT_REDIRECT_URIS_MAX + 1), Rejection::TooManyPostLogoutRedirectUris),
        (twice, Rejection::PostLogoutRedirectUriTwice),
    ] {
        let command = Command::Register(Register { post_logout_redirect_uris: addresses.clone(), ..register() });
        Scenario::<UserPool>::given_nothing().when(&command).then_rejected(&rejection);
        let command = Command::Update(Update { post_logout_redirect_uris: Some(addresses), ..Update::default() });
        Scenario::<UserPool>::given(history(&[])).when(&command).then_rejected(&rejection);
    }
}

#[test]
fn pool_and_client_are_unique() {
    let take = |scope, key: &str| Reservation::Take { scope, key: key.to_owned() };
    let expected = [take(POOL_ID, "eu-west-1_AbCd12345"), take(CLIENT_ID, "client")];
    assert_eq!(Event::from(registered()).reservations(), expected);
}
