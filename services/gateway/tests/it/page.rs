use axum::http::{Request, StatusCode};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    browser::send,
    world::{World, authorize},
};

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let world = World::new().await;
    for path in [authorize(""), "/oauth2/jwks".to_owned(), "/nowhere".to_owned(), "/oauth2/authorize".to_owned()] {
        let answer = world.browser().get(&path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("strict-transport-security").starts_with("max-age="));
    }
    assert_eq!(world.browser().get(&authorize("")).await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_policy_allows_exactly_the_script_that_submits_the_form() {
    let world = World::new().await;
    let page = world.browser().get(&authorize("&login_hint=ada%40globex.test")).await;
    assert_eq!(page.status, StatusCode::OK);
    let script = page.between("<script>", "</script>");
    let digest = BASE64_STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, script.as_bytes()));
    assert!(page.header("content-security-policy").contains(&format!("script-src 'sha256-{digest}'")));
    assert!(page.body.contains("<button class=\"button\" type=\"submit\">Continue</button>"), "works without scripts");
    assert_eq!(page.between("name=\"SAMLRequest\" value=\"", "\""), "PHNhbWw+");
}

#[tokio::test]
async fn what_a_person_types_is_escaped() {
    let world = World::new().await;
    let browser = world.browser();
    let page = browser.get(&authorize("&state=%22%3E%3Cscript%3E")).await;
    let handle = page.between("name=\"handle\" value=\"", "\"").to_owned();
    assert!(!page.body.contains("\"><script>"));
    let typed = "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let answer = browser.post("/oauth2/organization", format!("handle={handle}&email={typed}")).await;
    assert!(!answer.body.contains("<script>"), "{}", answer.body);
}

#[tokio::test]
async fn the_form_helps_browsers_and_screen_readers() {
    let world = World::new().await;
    let page = world.browser().get(&authorize("")).await;
    for part in ["<html lang=\"en\">", "<label for=\"email\">", "autocomplete=\"username\"", "type=\"email\"", "<h1>"] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(page.body.contains("error=access_denied"), "there is a way to cancel");
}

#[tokio::test]
async fn the_style_sheet_is_ours_and_may_be_kept() {
    let world = World::new().await;
    let sheet = send(&world.routes, Request::get("/assets/style.css").body("".into()).unwrap()).await;
    assert_eq!(sheet.header("content-type"), "text/css; charset=utf-8");
    assert!(sheet.header("cache-control").starts_with("public"));
    assert!(!sheet.body.contains("url("), "nothing is loaded from elsewhere");
}

#[tokio::test]
async fn a_sandbox_without_tls_keeps_the_cookies_and_promises_no_tls() {
    let world = World::at("http://localhost:8800").await;
    let page = world.browser().get(&authorize("")).await;
    assert_eq!(page.header("strict-transport-security"), "");
    assert!(page.header("content-security-policy").contains("form-action 'self' https: http://localhost:*"));
    assert!(page.header("set-cookie").starts_with("__Host-"));
}
