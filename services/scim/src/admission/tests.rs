use std::time::Duration;

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::default().plus(Duration::from_secs(1_000_000 + seconds))
}

fn directory(number: usize) -> DirectoryId {
    format!("01890a5d-ac96-774b-bcce-{number:012x}").parse().unwrap()
}

fn is_known(admitted: Option<&Admitted>) -> bool {
    matches!(admitted, Some(Admitted::Known(_)))
}

#[test]
fn a_directory_has_a_measure_of_its_own_and_guesses_share_one() {
    let admission = Admission::new(2, at(0));
    assert!(admission.remember(directory(1), "good", at(0)));
    while admission.admit(directory(1), "guess", at(0)).is_some() {}
    assert!(admission.admit(directory(2), "another guess", at(0)).is_none());
    for _ in 0..8 {
        assert!(is_known(admission.admit(directory(1), "good", at(0)).as_ref()));
    }
    assert!(admission.admit(directory(1), "good", at(0)).is_none());
    assert!(is_known(admission.admit(directory(1), "good", at(1)).as_ref()));
    assert!(admission.admit(directory(2), "another guess", at(1)).is_some());
}

#[test]
fn two_tokens_of_a_directory_have_one_measure() {
    let admission = Admission::new(1, at(0));
    assert!(admission.remember(directory(1), "old", at(0)) && admission.remember(directory(1), "new", at(0)));
    for token in ["old", "new", "old", "new"] {
        assert!(is_known(admission.admit(directory(1), token, at(0)).as_ref()));
    }
    assert!(
        admission.admit(directory(1), "old", at(0)).is_none() && admission.admit(directory(1), "new", at(0)).is_none()
    );
    // Nor does a change-over give it another one.
    admission.forget(directory(1), "old");
    admission.forget(directory(1), "new");
    assert!(admission.remember(directory(1), "newest", at(0)));
    assert!(admission.admit(directory(1), "newest", at(0)).is_none());
}

#[test]
fn a_directory_has_places_of_its_own_and_strangers_have_others() {
    let admission = Admission::new(1_000, at(0));
    for number in [1, 2] {
        assert!(admission.remember(directory(number), "good", at(0)));
    }
    let ask = |number| admission.admit(directory(number), "good", at(0));
    let mut held: Vec<Admitted> = (0..DIRECTORY_IN_FLIGHT_MAX).map(|_| ask(1).unwrap()).collect();
    assert!(ask(1).is_none(), "it has all of its places");
    let strangers: Vec<Option<Admitted>> = (0..1_000).map(|_| admission.admit(directory(3), "guess", at(0))).collect();
    assert!(strangers.iter().flatten().count() <= UNKNOWN_IN_FLIGHT_MAX);
    assert!(is_known(ask(2).as_ref()), "another directory is served");
    held.pop();
    assert!(is_known(ask(1).as_ref()));
}

#[test]
fn a_token_that_is_good_no_more_is_a_guess_again_and_so_is_one_of_another_directory() {
    let admission = Admission::new(1_000, at(0));
    assert!(admission.remember(directory(1), "good", at(0)));
    assert!(matches!(admission.admit(directory(2), "good", at(0)), Some(Admitted::Stranger(_))));
    admission.forget(directory(1), "good");
    let mut looked_at = 0;
    while let Some(admitted) = admission.admit(directory(1), "good", at(0)) {
        assert!(matches!(admitted, Admitted::Stranger(_)));
        looked_at += 1;
    }
    assert!(looked_at <= UNKNOWN_PER_SECOND * BURST_SECONDS, "{looked_at}");
}

#[test]
fn what_is_remembered_is_bounded_and_who_is_at_work_is_not_forgotten() {
    let admission = Admission::new(1, at(0));
    assert!(admission.remember(directory(0), "good", at(0)));
    let _at_work = admission.admit(directory(0), "good", at(0)).unwrap();
    for number in 1..DIRECTORIES_REMEMBERED_MAX + 10 {
        assert!(admission.remember(directory(number), "good", at(0)));
    }
    assert!(admission.state().directories.len() <= DIRECTORIES_REMEMBERED_MAX);
    assert!(is_known(admission.admit(directory(0), "good", at(0)).as_ref()));
    for number in 0..20 {
        assert!(admission.remember(directory(0), &number.to_string(), at(0)));
    }
    assert!(admission.state().directories[&directory(0)].tokens.len() <= TOKENS_OF_DIRECTORY_MAX);
}
