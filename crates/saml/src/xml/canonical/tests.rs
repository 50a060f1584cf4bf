//! Canonical forms as the W3C's examples have them, and beside those of bergshamra, a canonicaliser by somebody else.

use std::collections::BTreeMap;

use bergshamra::{
    c14n::{C14nMode, canonicalize_doc},
    xml::nodeset::NodeSet,
};
use proptest::prelude::{ProptestConfig, any, proptest};
use uppsala::Document;

use super::{NoCanonicalForm, canonicalize};
use crate::xml::Node;

fn parsed(xml: &str) -> Document<'_> {
    uppsala::parse(xml).unwrap()
}

fn first<'t>(document: &'t Document<'t>, name: &str) -> Option<Node<'t>> {
    Node::root(document).unwrap().walk().find(|node| node.local_name() == name)
}

/// The element below `apex` that is left out.
fn omitted(apex: Node<'_>) -> Option<Node<'_>> {
    apex.walk().find(|node| node.local_name() == "omitted" && node.id() != apex.id())
}

/// The canonical form of the first element with this local name, without the one below it that is named `omitted`.
fn ours(document: &Document<'_>, apex: &str, prefixes: &[&str]) -> Result<String, NoCanonicalForm> {
    let apex = first(document, apex).unwrap();
    Ok(String::from_utf8(canonicalize(apex, omitted(apex), prefixes)?).unwrap())
}

fn theirs(document: &Document<'_>, apex: &str, prefixes: &[&str]) -> String {
    let apex = first(document, apex).unwrap();
    let mut nodes = NodeSet::tree_without_comments(apex.id(), document);
    if let Some(omitted) = omitted(apex) {
        nodes = nodes.subtract(&NodeSet::tree_with_comments(omitted.id(), document));
    }
    let canonical = canonicalize_doc(document, C14nMode::Exclusive, Some(&nodes), prefixes).unwrap();
    String::from_utf8(canonical).unwrap()
}

#[track_caller]
fn becomes(xml: &str, apex: &str, prefixes: &[&str], canonical: &str) {
    let document = parsed(xml);
    assert_eq!(ours(&document, apex, prefixes).as_deref(), Ok(canonical));
    assert_eq!(theirs(&document, apex, prefixes), canonical, "the other canonicaliser");
}

#[test]
fn what_surrounds_the_element_does_not_show() {
    // Exclusive XML Canonicalization section 2.2.
    let inner = "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>";
    for xml in [
        "<n0:pdu xmlns:n0=\"http://a.example\" xmlns:n1=\"http://b.example\" xmlns:n2=\"http://c.example\" \
         xml:lang=\"fr\" xml:space=\"retain\"><n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\">\
         <n3:stuff xmlns:n3=\"ftp://example.org\"/></n1:elem2></n0:pdu>",
        "<n2:pdu xmlns:n1=\"http://example.com\" xmlns:n2=\"http://foo.example\" xml:lang=\"fr\" xml:space=\"retain\">\
         <n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"/></n1:elem2></n2:pdu>",
    ] {
        becomes(xml, "elem2", &[], inner);
    }
}

#[test]
fn a_listed_prefix_is_declared_where_it_is_in_scope() {
    let xml =
        "<r xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\"><a:x><b:y xmlns:c=\"urn:c\"/><y xmlns=\"\"/></a:x></r>";
    becomes(xml, "x", &[], "<a:x xmlns:a=\"urn:a\"><b:y xmlns:b=\"urn:b\"></b:y><y></y></a:x>");
    becomes(xml, "x", &["b", "unknown", "xml"], "<a:x xmlns:a=\"urn:a\" xmlns:b=\"urn:b\"><b:y></b:y><y></y></a:x>");
    becomes(
        xml,
        "x",
        &["#default", "c"],
        "<a:x xmlns=\"urn:d\" xmlns:a=\"urn:a\"><b:y xmlns:b=\"urn:b\" xmlns:c=\"urn:c\"></b:y><y xmlns=\"\"></y></a:x>",
    );
}

#[test]
fn the_default_namespace_is_taken_back_only_where_it_was_given() {
    becomes(
        "<a xmlns=\"urn:a\"><b xmlns=\"\"><c xmlns=\"\"/><d xmlns=\"urn:a\"/></b></a>",
        "a",
        &[],
        "<a xmlns=\"urn:a\"><b xmlns=\"\"><c></c><d xmlns=\"urn:a\"></d></b></a>",
    );
    becomes("<a xmlns=\"urn:a\"><b xmlns=\"\"/></a>", "b", &[], "<b></b>");
}

#[test]
fn namespaces_and_attributes_are_sorted() {
    // Canonical XML section 3.3.
    becomes(
        "<e5 xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" attr2=\"all\" b:attr='sorted' a:attr=\"out\" \
         attr=\"I&apos;m\" xml:lang=\"en\"/>",
        "e5",
        &[],
        "<e5 xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" \
         a:attr=\"out\" xml:lang=\"en\"></e5>",
    );
}

#[test]
fn characters_are_replaced_where_they_have_to_be() {
    becomes(
        "<a b='&lt;&gt;&amp;&quot;&apos;\"&#9;&#10;&#13; '>&lt;&gt;&amp;&quot;\r\n&#13;\t<![CDATA[<&>\"]]></a>",
        "a",
        &[],
        "<a b=\"&lt;>&amp;&quot;'&quot;&#x9;&#xA;&#xD; \">&lt;&gt;&amp;\"\n&#xD;\t&lt;&amp;&gt;\"</a>",
    );
    becomes("<a>1<!-- 2 --><?p  q\t?><?r?>3</a>", "a", &[], "<a>1<?p q\t?><?r?>3</a>");
    becomes("<a>\u{e9}\u{1f600}<b c=\"\u{e9}\"/></a>", "a", &[], "<a>\u{e9}\u{1f600}<b c=\"\u{e9}\"></b></a>");
}

#[test]
fn the_omitted_element_leaves_its_surroundings() {
    becomes("<a> <omitted x=\"y\"><z/></omitted> <b/></a>", "a", &[], "<a>  <b></b></a>");
}

#[test]
fn a_relative_namespace_has_no_canonical_form() {
    // Canonical XML section 1.3; what a canonicaliser that goes on makes of it is not what others make.
    for xml in [
        "<a xmlns=\"relative\"/>",
        "<a><b xmlns:p=\"../up\"/></a>",
        "<a xmlns:p=\"1:2\"/>",
        "<a xmlns:p=\"\"/>",
        "<a><p:b xmlns:p=\"\"/></a>",
        "<r xmlns:p=\"relative\"><a><p:b/></a></r>",
        "<r xmlns:p=\"\"><a p:b=\"\"/></r>",
    ] {
        assert_eq!(ours(&parsed(xml), "a", &[]), Err(NoCanonicalForm), "{xml}");
    }
}

/// Makes a document of a tape of decisions, so that a failing one shrinks.
struct Author<'t> {
    tape: std::slice::Iter<'t, u8>,
    xml: String,
    omitted: bool,
}

const PREFIXES: [&str; 4] = ["", "a", "b", "long-prefix"];
const URIS: [&str; 5] = ["urn:a", "urn:b", "http://www.w3.org/2001/XMLSchema", "urn:a&amp;b", "mailto:a@b.test"];
const TEXTS: [&str; 24] = [
    "plain",
    " ",
    "\n",
    "\t",
    "\r\n",
    "\r",
    "&#13;",
    "&#x9;",
    "&#10;",
    "&amp;",
    "&lt;",
    "&gt;",
    "&quot;",
    "&apos;",
    "'",
    "]]",
    "\u{e9}",
    "\u{1f600}",
    "&#x1F600;",
    "&#xe9;",
    "\u{2028}",
    "\u{a0}",
    "a longer stretch of text, without anything",
    "",
];
const CONTENTS: [&str; 9] = [
    "<!---->",
    "<!-- comment <b/> & -->",
    "<?target?>",
    "<?target  some data ?>",
    "<?t <a>&amp;\r\n?>",
    "<![CDATA[]]>",
    "<![CDATA[<a b=\"c\">&amp;]]>",
    "<![CDATA[]]]]><![CDATA[>]]>",
    " >",
];

impl Author<'_> {
    /// Below `end`; 0 at the end of the tape.
    fn decide(&mut self, end: usize) -> usize {
        usize::from(self.tape.next().copied().unwrap_or_default()) % end
    }

    fn one_of(&mut self, of: &[&'static str]) -> &'static str {
        let at = self.decide(of.len());
        of.get(at).copied().unwrap_or_default()
    }

    fn write(&mut self, text: &str) {
        self.xml.push_str(text);
    }

    fn document(&mut self) {
        self.element(&BTreeMap::new(), 0);
    }

    fn element(&mut self, above: &BTreeMap<&'static str, &'static str>, depth: usize) {
        let mut scope = above.clone();
        let mut declared = BTreeMap::new();
        for _ in 0..self.decide(4) {
            declared.insert(self.one_of(&PREFIXES), self.one_of(&URIS));
        }
        if self.decide(6) == 1 {
            declared.insert("", "");
        }
        scope.extend(&declared);
        let bound: Vec<&'static str> = scope.keys().copied().filter(|prefix| !prefix.is_empty()).collect();
        let prefix = if bound.is_empty() || self.decide(2) == 0 { "" } else { self.one_of(&bound) };
        let local = self.one_of(&["e", "f", "apex", "\u{e9}l\u{e9}ment"]);
        let omitted = !self.omitted && depth > 0 && self.decide(12) == 1;
        self.omitted |= omitted;
        let local = if omitted { "omitted" } else { local };
        let name = if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") };
        self.write(&format!("<{name}"));
        for (prefix, uri) in &declared {
            let attribute = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            self.write(&format!(" {attribute}=\"{uri}\""));
        }
        self.attributes(&bound, &scope);
        if self.decide(5) == 1 {
            self.xml += "/>";
            return;
        }
        self.xml += ">";
        for _ in 0..self.decide(5) {
            match self.decide(4) {
                kind @ (0 | 1) => {
                    let content = self.one_of(if kind == 0 { &TEXTS } else { &CONTENTS });
                    self.xml += content;
                }
                _ if depth < 6 => self.element(&scope, depth + 1),
                _ => {}
            }
        }
        self.write(&format!("</{name}>"));
    }

    fn attributes(&mut self, bound: &[&'static str], scope: &BTreeMap<&'static str, &'static str>) {
        let mut names = Vec::new();
        for _ in 0..self.decide(5) {
            let local = self.one_of(&["z", "attr", "ID", "a", "lang"]);
            let (prefix, uri) = match self.decide(4) {
                0 if !bound.is_empty() => {
                    let prefix = self.one_of(bound);
                    (prefix, scope.get(prefix).copied().unwrap_or_default())
                }
                1 => ("xml", "xml"),
                _ => ("", ""),
            };
            if names.contains(&(uri, local)) {
                continue;
            }
            names.push((uri, local));
            let colon = if prefix.is_empty() { "" } else { ":" };
            let (quote, other) = if self.decide(2) == 0 { ('"', "'") } else { ('\'', "\"") };
            let mut value = String::new();
            for _ in 0..self.decide(4) {
                value += self.one_of(&TEXTS).trim_matches('\'');
                value += if self.decide(6) == 1 { other } else { "" };
            }
            self.write(&format!(" {prefix}{colon}{local} = {quote}{value}{quote}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the document, apex and list: the same bytes as somebody else's canonicaliser makes of the same tree.
    #[test]
    fn every_document_has_the_form_that_another_canonicaliser_gives_it(
        tape in proptest::collection::vec(any::<u8>(), 0..400),
        listed in 0..64_usize,
    ) {
        let mut author = Author { tape: tape.iter(), xml: String::new(), omitted: false };
        author.document();
        let document = parsed(&author.xml);
        let list = ["#default", "a", "b", "long-prefix", "xml", "unknown"];
        let prefixes: Vec<&str> =
            list.iter().enumerate().filter(|(at, _)| listed & (1 << at) != 0).map(|(_, prefix)| *prefix).collect();
        let root = Node::root(&document).unwrap().local_name();
        for apex in ["apex", "omitted", root] {
            if first(&document, apex).is_none() {
                continue;
            }
            for prefixes in [&[], prefixes.as_slice()] {
                let canonical = ours(&document, apex, prefixes);
                assert_eq!(canonical.as_deref(), Ok(&*theirs(&document, apex, prefixes)), "{}", author.xml);
            }
        }
    }
}
