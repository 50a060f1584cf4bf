//! Two years of fifty connections, in seconds: the clock is ours, all else is real. Identity providers change their keys early
//! or late, with metadata that is trusted or awaits approval; whoever published in time is never refused, every warning
//! comes on its day and no other does, and our own keys follow each other with both of them published.

mod provider;
mod tokens;
mod world;

use std::collections::BTreeSet;

use vestibule_gateway_service::Config as GatewayConfig;
use vestibule_host::{Job, Turn};
use vestibule_registry_service::CertificateJob;
use vestibule_saml_service::{Config, KeyJob};
use vestibule_tenancy::connection::{Event, RENEWAL_DAYS};

use self::{
    provider::{Habit, Provider},
    tokens::{FIVE_MINUTES, Fact as KeyFact, Pool, told as told_of_keys},
    world::{World, moment},
};

/// How long it goes on.
const DAYS: i64 = 730;

/// How many connections there are.
const CONNECTIONS: usize = 50;

/// How many of them have keys of ours, which take long to make.
const WITH_OUR_KEYS: usize = 2;

/// Each once: day, connection, certificate, and what of it.
type Facts = BTreeSet<(i64, usize, String, Fact)>;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fact {
    RenewalRequired(u16),
    Expired,
    Retired,
}

/// What has to be told of the certificates of a provider, by the calendar alone.
fn expected(place: usize, provider: &Provider) -> Facts {
    let mut facts = Facts::new();
    for (round, certificate) in provider.certificates().iter().enumerate() {
        let name = certificate.fingerprint.clone();
        let (end, next) = (provider.ends(round), provider.published(round + 1));
        let due = RENEWAL_DAYS.into_iter().map(|days| (end - i64::from(days), Fact::RenewalRequired(days)));
        // The end of the validity belongs to it: on the day after, it is over.
        for (day, fact) in due.chain([(end + 1, Fact::Expired)]) {
            let stays = day < provider.dropped(round);
            // A successor ends the warnings; that a certificate has ended is told while it is meant to stay.
            if (fact == Fact::Expired || day < next) && stays && (1..=DAYS).contains(&day) {
                facts.insert((day, place, name.clone(), fact));
            }
        }
        let gone = provider.dropped(round) + 1;
        if gone <= DAYS {
            facts.insert((gone, place, name, Fact::Retired));
        }
    }
    facts
}

fn told(events: &[(i64, usize, Event)]) -> Facts {
    let fact = |event: &Event| match event {
        Event::CertificateRenewalRequired(one) => Some((one.fingerprint.clone(), Fact::RenewalRequired(one.days))),
        Event::CertificateExpired(one) => Some((one.fingerprint.clone(), Fact::Expired)),
        Event::CertificateRetired(one) => Some((one.fingerprint.clone(), Fact::Retired)),
        _ => None,
    };
    events.iter().filter_map(|(day, place, event)| fact(event).map(|(name, fact)| (*day, *place, name, fact))).collect()
}

#[tokio::test]
async fn two_years_of_rotations_refuse_nobody_who_published_in_time_and_warn_on_the_day() {
    let config = Config { key_overlap_days: 30, key_rotation_days: 300, ..Config::default() };
    let world = World::start(&config).await;
    let mut providers = Vec::new();
    for place in 0..CONNECTIONS {
        let provider = Provider::new(place, &world);
        world.connect(&provider).await;
        providers.push(provider);
    }
    world.settle().await;
    let (certificates, keys) = (CertificateJob::new(&world.resources), KeyJob::new(&world.resources, &config));
    for provider in providers.iter().take(WITH_OUR_KEYS) {
        world.our_keys(provider).await;
    }
    let (mut accepted, mut refused) = (0, BTreeSet::new());
    for day in 0..=DAYS {
        world.set_day(day);
        for provider in &providers {
            if provider.publishes_news(day) {
                world.observe(provider, day).await;
            }
        }
        certificates.round(&Turn::alone()).await.unwrap();
        // Our keys are looked after each day while one is about to be used.
        if day % 10 == 0 || day % 300 <= 30 {
            vestibule_saml_service::destroy_old_keys(&world.resources).await.unwrap();
            keys.round(&Turn::alone()).await.unwrap();
        }
        world.settle().await;
        for (place, provider) in providers.iter().enumerate().filter(|(_, provider)| provider.is_interesting(day)) {
            match world.sign_in(provider, day).await {
                Ok(()) => accepted += 1,
                Err(reason) => drop(refused.insert((day, place, reason))),
            }
        }
        if day % 15 == 0 {
            for provider in providers.iter().take(WITH_OUR_KEYS) {
                // Two keys of each kind from the first rotation on.
                let expected = if day < 300 { 1 } else { 2 };
                assert_eq!(world.our_keys(provider).await, (expected, expected), "day {day}");
            }
        }
    }
    let events = world.events(&providers).await;
    let expected: Facts =
        providers.iter().enumerate().flat_map(|(place, provider)| expected(place, provider)).collect();
    let told = told(&events);
    assert_eq!(told.difference(&expected).collect::<Vec<_>>(), Vec::<&_>::new(), "told, and not due");
    assert_eq!(expected.difference(&told).collect::<Vec<_>>(), Vec::<&_>::new(), "due, and not told");
    // Who lets a certificate end that is held to its validity is refused until the next one is there, and nobody else is.
    let late = |place: usize| providers[place].habit == Habit::TooLateAndHeldToIt;
    assert!(!refused.is_empty() && refused.iter().all(|(_, place, _)| late(*place)), "{refused:?}");
    assert!(refused.iter().all(|(_, _, reason)| reason == "CERTIFICATE_NOT_VALID"), "{refused:?}");
    assert!(accepted > 800, "{accepted}");
    let count = |wanted: fn(&Event) -> bool| events.iter().filter(|(_, _, event)| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, Event::CertificateRenewalRequired(_))), {
        expected.iter().filter(|(_, _, _, fact)| matches!(fact, Fact::RenewalRequired(_))).count()
    });
    let used: usize = providers.iter().map(Provider::used).sum();
    assert_eq!(count(|event| matches!(event, Event::CertificatePromoted(_))), used, "each certificate once");
    // Two keys each at the start, after 300 days and after 600; the first ones go when the third ones come.
    assert_eq!(count(|event| matches!(event, Event::KeyAdded(_))), WITH_OUR_KEYS * 6);
    assert_eq!(count(|event| matches!(event, Event::KeyRetired(_))), WITH_OUR_KEYS * 2);
    assert_eq!(count(|event| matches!(event, Event::KeyActionRequired(_))), WITH_OUR_KEYS * 2 * 5);
    // They are destroyed with the rest of the day, and that is told as well.
    assert_eq!(count(|event| matches!(event, Event::KeyDestroyed(_))), WITH_OUR_KEYS * 2);
}

/// How many days old a signing key becomes, and for how many it is published before and after.
const ROTATION: i64 = 90;

/// What has to be told of the signing keys, by the calendar alone: each is published for a day before it signs and for two
/// after. The first one signs at once.
fn due() -> BTreeSet<(i64, usize, KeyFact)> {
    let mut due = BTreeSet::new();
    for key in 0..=usize::try_from(DAYS / ROTATION).unwrap() {
        let made = ROTATION * i64::try_from(key).unwrap();
        let signs = if key == 0 { 0 } else { made + 1 };
        let next = made + ROTATION + 1;
        let facts = [
            (made, KeyFact::Published),
            (signs, KeyFact::Activated),
            (next, KeyFact::Retired),
            (next + 2, KeyFact::Removed),
        ];
        due.extend(facts.into_iter().filter(|(day, _)| *day <= DAYS).map(|(day, fact)| (day, key, fact)));
    }
    due
}

#[tokio::test]
async fn two_years_of_signing_keys_refuse_no_token_to_who_keeps_the_key_set_no_longer_than_told() {
    let world = World::start(&Config::default()).await;
    let provider = Provider::new(2, &world);
    world.connect(&provider).await;
    let config = GatewayConfig {
        signing_key_rotation_days: 90,
        signing_key_publish_ahead_hours: 24,
        signing_key_kept_hours: 48,
    };
    let pool = Pool::start(&world, &provider, &config).await;
    let (mut signed, mut most) = (0, 0);
    for day in 0..=DAYS {
        if provider.publishes_news(day) {
            world.set_day(day);
            world.observe(&provider, day).await;
            world.settle().await;
        }
        let changes = day % ROTATION <= 4;
        if !changes && day % 10 != 0 {
            continue;
        }
        // Whoever reads the key set reads it five minutes before somebody signs in, and keeps it for five more. Tokens are
        // verified when they are new, and when they are as old as they may become.
        let noon = moment(day);
        let (mut kept, mut tokens) = (Vec::new(), Vec::new());
        for minutes in if day == 0 { vec![0, 5, 10] } else { vec![-5, 0, 5] } {
            let now = vestibule_kernel::Timestamp::from_unix_seconds(noon.unix_seconds() + 60 * minutes);
            world.set(now);
            tokens.push((now, pool.sign_in(&provider, day).await));
            kept.push(pool.key_set().await);
            pool.tell().await;
            for (signed_at, token) in &tokens {
                for set in kept.iter().filter(|set| now.since(set.read_at) <= FIVE_MINUTES) {
                    let is_good = now.since(*signed_at) <= FIVE_MINUTES;
                    assert!(!is_good || set.verifies(token), "day {day}: signed {signed_at}, read {}", set.read_at);
                }
            }
        }
        signed += tokens.len();
        most = kept.iter().map(tokens::KeySet::count).fold(most, usize::max);
        vestibule_gateway_service::destroy_old_keys(&world.resources).await.unwrap();
    }
    assert!(signed > 300, "{signed}");
    assert_eq!(most, 2, "the next one or the last one beside the one that signs");
    let (told, due) = (told_of_keys(&world).await, due());
    assert_eq!(told.difference(&due).collect::<Vec<_>>(), Vec::<&_>::new(), "told, and not due");
    assert_eq!(due.difference(&told).collect::<Vec<_>>(), Vec::<&_>::new(), "due, and not told");
    assert_eq!(told.iter().filter(|(_, _, fact)| *fact == KeyFact::Published).count(), 9);
}
