//! What a hostile message costs beside a genuine one of the same size: time, and bytes allocated. Those that every limit
//! lets through carry a genuine signature over something else, so that they are read and canonicalised to the end.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark tells and may stop")]
#![expect(dead_code, reason = "the scene is larger than what this benchmark shows of it")]

mod scene;

use std::{alloc::System, hint::black_box};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use vestibule_saml::{Expectation, limit, validate_xml};
use vestibule_saml_idp::Signed;

use self::scene::{Scene, in_turns};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The size of every message.
const BYTES: usize = 64 * 1024;

/// What the limit on markup counts; attributes are written with an equals sign and a quote here.
fn markup(xml: &str) -> usize {
    let tags = xml.matches('<').count() - xml.matches("</").count();
    tags + xml.matches("=\"").count() + xml.matches('&').count()
}

/// A message that repeats `unit` as often as the limit on markup allows, and is filled up with plain text.
fn repeating(genuine: &str, open: &str, unit: &str, close: &str) -> String {
    let (before, after) = genuine.split_once("</saml:Conditions>").unwrap();
    let frame = format!("{before}</saml:Conditions><saml:Advice>{open}{close}</saml:Advice>{after}");
    let allowed = limit::MARKUP_FREE + BYTES / limit::MARKUP_BYTES_MIN - markup(&frame);
    let room = BYTES - frame.len();
    let times = allowed.checked_div(markup(unit)).unwrap_or(room).min(room / unit.len());
    let filling = "x".repeat(room - times * unit.len());
    format!("{before}</saml:Conditions><saml:Advice>{open}{}{filling}{close}</saml:Advice>{after}", unit.repeat(times))
}

fn hostile(scene: &Scene) -> Vec<(&'static str, String)> {
    let small = scene.response(Signed::Assertion, 0);
    let both = scene.response(Signed::Both, 0);
    let repeated = |part: fn(usize) -> String| (0..limit::TAG_ATTRIBUTES_MAX).map(part).collect::<Vec<_>>().concat();
    let namespaces = repeated(|at| format!(" xmlns:n{at}=\"urn:{at}\""));
    let (tag, deep) = (format!("<n0:a{namespaces}>"), limit::DEPTH_MAX - 4);
    let attributes = repeated(|at| format!(" a{at}=\"\""));
    let of = |open: &str, unit: &str, close: &str| repeating(&small, open, unit, close);
    vec![
        ("elements", of("", "<a/>", "")),
        ("elements with text between them", of("", "<a/>x", "")),
        ("elements with all namespaces in scope", of(&tag, "<n0:a/>", "</n0:a>")),
        ("elements that each declare a namespace", of("", "<a xmlns:n=\"u:n\"/>", "")),
        ("deep elements", of(&"<a>".repeat(deep), "<a></a>", &"</a>".repeat(deep))),
        ("attributes", of("", &format!("<a{attributes}/>"), "")),
        ("references", of("", "&#65;", "")),
        ("references in an attribute", of("", "<a b=\"&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;&lt;\"/>", "")),
        ("CDATA sections", of("", "<![CDATA[x]]>", "")),
        ("comments", of("", "<!---->", "")),
        ("instructions", of("", "<?a?>", "")),
        ("carriage returns", of("", "\r", "")),
        ("brackets", of("", "]", "")),
        ("what has to be escaped", of("", ">", "")),
        ("many IDs", of("", "<a ID=\"_\"/>", "")),
        ("elements, two signatures", repeating(&both, "", "<a/>", "")),
        ("a document type", format!("<!DOCTYPE a [{}]>{small}", "<!ENTITY a \"b\">".repeat(BYTES / 16))),
        ("nothing but tags", format!("<a>{}</a>", "<a/>".repeat(BYTES / 4))),
        ("nothing at all", " ".repeat(BYTES)),
    ]
}

/// Bytes and calls.
fn allocated(xml: &str, expectation: &Expectation<'_>) -> (usize, usize) {
    let region = Region::new(ALLOCATOR);
    drop(black_box(validate_xml(xml, expectation)));
    let change = region.change();
    (change.bytes_allocated, change.allocations)
}

fn main() {
    let scene = Scene::new();
    let expectation = scene.expectation();
    let good = [scene.of_size(BYTES), scene.dense(BYTES)];
    let good_bytes = good.each_ref().map(|xml| {
        assert!(validate_xml(xml, &expectation).outcome.is_ok());
        let (bytes, calls) = allocated(xml, &expectation);
        println!("good: {} bytes, {bytes} bytes allocated in {calls} calls", xml.len());
        bytes
    });
    println!("time and memory of each, as multiples of a genuine one with long and with short names of groups:");
    let [long, short] = good.each_ref().map(|xml| || drop(black_box(validate_xml(black_box(xml), &expectation))));
    for (name, bad) in hostile(&scene) {
        let refusal = validate_xml(&bad, &expectation).outcome.unwrap_err();
        let judge = || drop(black_box(validate_xml(black_box(&bad), &expectation)));
        let [(time, _), (long_time, _), (short_time, _)] = in_turns(20, 10, [&judge, &long, &short]);
        let (bytes, calls) = allocated(&bad, &expectation);
        let times = [long_time, short_time].map(|good| format!("{:.2}", time.as_secs_f64() / good.as_secs_f64()));
        let count = |number: usize| f64::from(u32::try_from(number).unwrap());
        let memory = good_bytes.map(|good| format!("{:.2}", count(bytes) / count(good)));
        println!(
            "{name}: {} bytes, {}, {time:?}, time {}, memory {}, {calls} calls",
            bad.len(),
            refusal.reason(),
            times.join(" and "),
            memory.join(" and "),
        );
    }
}
