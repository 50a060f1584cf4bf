use std::sync::LazyLock;

use axum::http::Request;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use tonic::Code;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _};
use vestibule_eventlog::Filter;
use vestibule_rpc::{
    gateway::v1::{GetSignInRequest, ListSignInsRequest},
    reason_of,
};

use crate::world::{ACME, ACME_CONNECTION, World, acs, answer, authorize, exchange};

#[tokio::test]
async fn one_sign_in_is_one_trace_from_authorize_to_userinfo() {
    let exporter = exporter();
    let world = World::new().await;
    let browser = world.browser();
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let arriving = Request::get(authorize("&login_hint=ada%40acme.test"));
    let arriving = arriving.header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"));
    let sent = browser.send(arriving.body("".into()).unwrap()).await;
    let relay_state = sent.parameter("RelayState").unwrap();
    let back = browser.post(&acs(ACME_CONNECTION), answer("valid:traced", &relay_state)).await;
    let tokens = world.token(exchange(&back.parameter("code").unwrap())).await.json();
    world.userinfo(tokens["access_token"].as_str().unwrap()).await;

    for name in ["gateway.authorize", "gateway.acs", "gateway.token", "gateway.userinfo"] {
        let span = finished(exporter, name, trace_id).await;
        let printed = format!("{:?}", span.attributes);
        assert!(!printed.contains("ada") && !printed.contains(&relay_state), "{printed}");
    }
    let asked = world.asked.lock().unwrap().traceparents[0].clone().expect("the trace goes on into saml");
    assert!(asked.contains(trace_id));
    assert_eq!(world.traced("token", "ACCEPTED").await.trace_id, trace_id);
    let redeemed = world.resources.log.read_all(world.resources.log.start(), &Filter::default(), 100).await.unwrap();
    let redeemed = redeemed.events.last().unwrap().clone();
    assert_eq!(redeemed.name, "assertion.redeemed");
    assert!(redeemed.metadata.traceparent.unwrap().contains(trace_id));
}

/// For the whole process: tracing decides once and for all threads whether a place in the code is of interest, so that a
/// subscriber of one thread among many would miss spans by chance.
fn exporter() -> &'static InMemorySpanExporter {
    static EXPORTER: LazyLock<InMemorySpanExporter> = LazyLock::new(|| {
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let ours = Targets::new().with_target("vestibule", tracing::Level::INFO);
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test")).with_filter(ours);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        exporter
    });
    &EXPORTER
}

/// Waits for the span: it ends when the last thread lets go of it, which may be the store's.
async fn finished(exporter: &InMemorySpanExporter, name: &str, trace_id: &str) -> SpanData {
    let is_it = |span: &SpanData| span.name == name && span.span_context.trace_id().to_string() == trace_id;
    let found = async {
        loop {
            match exporter.get_finished_spans().unwrap().into_iter().find(is_it) {
                Some(span) => break span,
                None => tokio::task::yield_now().await,
            }
        }
    };
    let found = tokio::time::timeout(std::time::Duration::from_secs(10), found).await;
    found.unwrap_or_else(|_| panic!("no span {name} in the trace"))
}

#[tokio::test]
async fn sign_ins_are_listed_newest_first_page_by_page() {
    let world = World::new().await;
    for _ in 0..3 {
        world.sign_in(&world.browser(), "", "unsigned").await;
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    world.browser().get(&authorize("&prompt=none")).await;
    let all = ListSignInsRequest { page_size: 2, reason: "SIGNATURE_MISSING".to_owned(), ..Default::default() };
    let first = world.sign_ins().list_sign_ins(all.clone()).await.unwrap().into_inner();
    let next = ListSignInsRequest { page_token: first.next_page_token.clone(), ..all };
    let second = world.sign_ins().list_sign_ins(next).await.unwrap().into_inner();
    assert_eq!((first.sign_ins.len(), second.sign_ins.len(), second.next_page_token.as_str()), (2, 1, ""));
    let times: Vec<_> =
        first.sign_ins.iter().chain(&second.sign_ins).map(|found| found.create_time.unwrap().seconds).collect();
    assert!(times.is_sorted_by(|newer, older| newer > older), "{times:?}");
    let of_acme = ListSignInsRequest { organization: format!("organizations/{ACME}"), ..Default::default() };
    assert_eq!(world.list(of_acme).await.len(), 3);
}

#[tokio::test]
async fn questions_about_the_trace_are_refused_with_a_reason() {
    let world = World::new().await;
    let mut sign_ins = world.sign_ins();
    for (name, code, reason) in [
        ("nonsense", Code::InvalidArgument, "RESOURCE_NAME_INVALID"),
        ("signIns/01890a5d-ac96-774b-bcce-b302099a8057", Code::NotFound, "SIGN_IN_NOT_FOUND"),
    ] {
        let status = sign_ins.get_sign_in(GetSignInRequest { name: name.to_owned() }).await.unwrap_err();
        assert_eq!((status.code(), reason_of(&status).as_deref()), (code, Some(reason)));
    }
    for request in [
        ListSignInsRequest { page_token: "x".to_owned(), ..Default::default() },
        ListSignInsRequest { page_size: -1, ..Default::default() },
        ListSignInsRequest { organization: "x".to_owned(), ..Default::default() },
    ] {
        let status = sign_ins.list_sign_ins(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
}
