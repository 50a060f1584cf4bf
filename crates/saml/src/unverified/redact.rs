//! A document that may be shown to people who must not learn who signed in.

use std::fmt::Write;

use uppsala::{Document, Element, NodeId, NodeKind};

use crate::{check::finding, limit};

/// Elements whose text is never about a person. All other text is masked, so that what nobody has thought of is too.
const PLAIN_ELEMENTS: [&str; 4] = ["Issuer", "Audience", "AuthnContextClassRef", "DigestValue"];

/// Attributes that are never about a person.
const PLAIN_ATTRIBUTES: [&str; 22] = [
    "ID",
    "Version",
    "IssueInstant",
    "Destination",
    "InResponseTo",
    "Value",
    "Format",
    "Recipient",
    "NotBefore",
    "NotOnOrAfter",
    "AuthnInstant",
    "SessionNotOnOrAfter",
    "Name",
    "NameFormat",
    "FriendlyName",
    "Method",
    "Algorithm",
    "URI",
    "PrefixList",
    "Count",
    "type",
    "nil",
];

/// Writes the document, one tag a line, masked.
pub(super) fn redact(document: &Document<'_>) -> String {
    let mut writer = Writer { document, text: String::new(), full: false };
    for node in document.children_iter(document.root()) {
        writer.node(node, 0, false);
    }
    writer.text
}

struct Writer<'d> {
    document: &'d Document<'d>,
    text: String,
    full: bool,
}

impl Writer<'_> {
    /// The depth of a document is limited, so this may call itself.
    fn node(&mut self, node: NodeId, depth: usize, plain: bool) {
        if self.full {
            return;
        }
        match self.document.node_kind(node) {
            Some(NodeKind::Element(element)) => self.element(node, element, depth),
            Some(NodeKind::Text(text) | NodeKind::CData(text)) if text.trim().is_empty() => {}
            Some(NodeKind::Text(text) | NodeKind::CData(text)) => {
                let shown = if plain { escaped(text.trim()) } else { masked(text) };
                self.line(depth, &shown);
            }
            // Where one stands matters: a comment inside of a value is why it is refused.
            Some(NodeKind::Comment(text)) => self.line(depth, &format!("<!--{}-->", masked(text))),
            Some(NodeKind::ProcessingInstruction(_)) => self.line(depth, "<?…?>"),
            _ => {}
        }
    }

    fn element(&mut self, node: NodeId, element: &Element<'_>, depth: usize) {
        let name = element.name.prefix.as_deref().filter(|prefix| !prefix.is_empty()).map_or_else(
            || escaped(&element.name.local_name),
            |prefix| escaped(&format!("{prefix}:{}", element.name.local_name)),
        );
        let mut open = format!("<{name}");
        for (prefix, uri) in &element.namespace_declarations {
            let colon = if prefix.is_empty() { "" } else { ":" };
            // Writing to a string does not fail.
            let _ = write!(open, " xmlns{colon}{}=\"{}\"", escaped(prefix), escaped(uri));
        }
        for attribute in &element.attributes {
            let local = &*attribute.name.local_name;
            let value =
                if PLAIN_ATTRIBUTES.contains(&local) { escaped(&attribute.value) } else { masked(&attribute.value) };
            let prefix = attribute.name.prefix.as_deref().filter(|prefix| !prefix.is_empty());
            let prefix = prefix.map_or_else(String::new, |prefix| format!("{prefix}:"));
            let _ = write!(open, " {}{}=\"{value}\"", escaped(&prefix), escaped(local));
        }
        let mut children = self.document.children_iter(node).peekable();
        if children.peek().is_none() {
            return self.line(depth, &format!("{open}/>"));
        }
        self.line(depth, &format!("{open}>"));
        let plain = PLAIN_ELEMENTS.contains(&&*element.name.local_name);
        for child in children {
            self.node(child, depth + 1, plain);
        }
        self.line(depth, &format!("</{name}>"));
    }

    fn line(&mut self, depth: usize, text: &str) {
        if self.full {
            return;
        }
        if self.text.len() + 2 * depth + text.len() > limit::DOCUMENT_BYTES_MAX {
            self.full = true;
            self.text.push_str("… (cut)\n");
            return;
        }
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = 2 * depth);
    }
}

fn masked(text: &str) -> String {
    format!("({} characters)", text.chars().count())
}

/// Without control characters, cut, and with what would look like markup escaped.
fn escaped(text: &str) -> String {
    crate::xml::escape(&finding(text))
}
