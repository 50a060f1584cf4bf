use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tonic::Code;
use vestibule_lambda_simulator::{Lambda, REQUEST_ID};

use crate::{
    event,
    service::{Act, Enrichment, INTERNAL, enriched},
    started,
    wire::Wire,
};

fn unavailable() -> (String, String) {
    let message = format!("This sign-in cannot be completed at the moment. Reference: {REQUEST_ID}");
    ("Unavailable".to_owned(), message)
}

async fn function_on(wire: &Wire) -> Lambda {
    started(&[("VESTIBULE_ENRICHMENT_URL", &format!("http://{}", wire.address))]).await
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_after_two_seconds() {
    let (service, address) = Enrichment::start().await;
    let mut function = function_on(&Wire::to(address).await).await;
    service.then([Act::Hang]);
    let begun = Instant::now();
    assert_eq!(function.invoke(event::tokens()).await.error(), unavailable());
    let took = begun.elapsed();
    assert!((Duration::from_millis(1_950)..Duration::from_secs(3)).contains(&took), "{took:?}");
    assert_eq!(service.got().len(), 1, "it answers probes, so it is only slow");
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched(), "and the next one works");
}

#[tokio::test]
async fn a_connection_that_broke_is_replaced() {
    let (service, address) = Enrichment::start().await;
    let wire = Wire::to(address).await;
    let mut function = function_on(&wire).await;
    for _ in 0..3 {
        assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
        wire.cut();
    }
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
    assert_eq!(wire.connections(), 4);
    assert_eq!(service.got().len(), 4, "an event is answered once");
}

#[tokio::test]
async fn a_connection_that_breaks_under_a_call_is_replaced_and_the_call_repeated() {
    let (service, address) = Enrichment::start().await;
    let wire = Wire::to(address).await;
    let mut function = function_on(&wire).await;
    service.then([Act::Hang]);
    let breaking = async {
        while service.got().is_empty() {
            tokio::task::yield_now().await;
        }
        wire.cut();
    };
    let (answer, ()) = tokio::join!(function.invoke(event::tokens()), breaking);
    assert_eq!(answer.json()["response"], enriched());
    let log = function.log();
    assert_eq!((log[0]["outcome"].as_str(), log[0]["attempts"].as_u64()), (Some("Retried"), Some(2)));
}

#[tokio::test]
async fn a_connection_that_is_gone_without_a_trace_is_noticed_in_time() {
    let (_, address) = Enrichment::start().await;
    let wire = Wire::to(address).await;
    let mut function = function_on(&wire).await;
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
    wire.freeze();
    let begun = Instant::now();
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(wire.connections(), 2);
}

#[tokio::test]
async fn a_service_that_is_unavailable_is_asked_once_more() {
    let (service, address) = Enrichment::start().await;
    let mut function = function_on(&Wire::to(address).await).await;
    service.then([Act::Refuse(Code::Unavailable, Some("VIEW_STALE"))]);
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
    assert_eq!(service.got().len(), 2);

    let stale = || Act::Refuse(Code::Unavailable, Some("VIEW_STALE"));
    service.then([stale(), stale(), stale()]);
    assert_eq!(function.invoke(event::tokens()).await.error(), unavailable());
    assert_eq!(service.got().len(), 2, "and not a third time");
}

#[tokio::test]
async fn a_refusal_is_final_and_says_nothing_of_the_inside() {
    let (service, address) = Enrichment::start().await;
    let mut function = function_on(&Wire::to(address).await).await;
    let refusals = [
        (Code::PermissionDenied, Some("ORGANIZATION_SUSPENDED"), "ORGANIZATION_SUSPENDED"),
        (Code::NotFound, Some("USER_POOL_UNKNOWN"), "USER_POOL_UNKNOWN"),
        (Code::ResourceExhausted, Some("LOOKUPS_EXHAUSTED"), "LOOKUPS_EXHAUSTED"),
        (Code::Unauthenticated, None, "Unauthenticated"),
        (Code::Internal, None, "Internal"),
    ];
    for (code, reason, _) in refusals {
        service.then([Act::Refuse(code, reason)]);
        let (kind, message) = function.invoke(event::tokens()).await.error();
        assert_eq!(kind, "Refused");
        assert_eq!(message, format!("This sign-in is not allowed. Reference: {REQUEST_ID}"));
        assert_eq!(service.got().len(), 1);
    }
    let log = function.log();
    for (line, (.., reason)) in log.iter().zip(refusals) {
        assert_eq!(line["reason"], reason);
        assert_eq!(line["requestId"], REQUEST_ID);
        assert_eq!(line["userPoolId"], event::POOL);
        assert!(!line.to_string().contains(INTERNAL));
    }
    assert_eq!(log.len(), refusals.len());
}

#[tokio::test]
async fn without_a_service_there_are_no_tokens_and_with_it_there_are_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}");
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url)]).await;
    assert_eq!(function.invoke(event::tokens()).await.error(), unavailable());

    Enrichment::start_on(TcpListener::bind(address).await.unwrap());
    assert_eq!(function.invoke(event::tokens()).await.json()["response"], enriched());
}

#[tokio::test]
async fn an_answer_that_is_none_is_not_handed_on() {
    let (service, address) = Enrichment::start().await;
    let pools = ("VESTIBULE_FAIL_OPEN_POOLS", event::POOL);
    let url = format!("http://{address}");
    let mut function = started(&[("VESTIBULE_ENRICHMENT_URL", &url), pools]).await;
    for text in ["", "null", "[]", "{}", "{\"response\":null}", "{\"response\":[]}", "{\"response\":{}", "<html>"] {
        service.then([Act::Text(text)]);
        let (kind, message) = function.invoke(event::tokens()).await.error();
        assert_eq!((kind.as_str(), message), ("AnswerMalformed", unavailable().1), "{text}");
    }
}
