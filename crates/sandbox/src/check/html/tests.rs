use url::Url;

use super::{forms, readable, text_by};

const PAGE: &str = r#"<!doctype html><html><head><title>T</title></head><body>
<form method="post" action="/login?a=1&amp;b=2"><input type="hidden" name="x" value="&quot;&gt;&#39;&#x26;">
<input type='radio' name=person value=ada required><button name="decision" value="cancel">Cancel</button>
<button type="submit">Sign <b>in</b></button></form>
<pre id="claims">{ &quot;a&quot;: &lt;1&gt; }</pre></body></html>"#;

#[test]
fn forms_are_read_with_their_buttons() {
    let base = Url::parse("http://localhost:1/page").unwrap();
    let forms = forms(PAGE, &base);
    assert_eq!(forms.len(), 1);
    let form = &forms[0];
    assert_eq!(form.action.as_str(), "http://localhost:1/login?a=1&b=2");
    assert_eq!(form.fields, [("x".to_owned(), "\">'&".to_owned())]);
    assert!(form.is_post);
    let labels: Vec<_> = form.buttons.iter().map(|button| button.label.as_str()).collect();
    assert_eq!(labels, ["Cancel", "Signin"]);
    assert_eq!(form.buttons[0].field, Some(("decision".to_owned(), "cancel".to_owned())));
}

#[test]
fn text_is_found_by_id_and_read_as_people_do() {
    assert_eq!(text_by(PAGE, "id", "claims").unwrap(), "{ \"a\": <1> }");
    assert_eq!(text_by(PAGE, "id", "other"), None);
    assert_eq!(readable(PAGE), "Cancel Sign in { \"a\": <1> }");
}
