#[cfg(test)]
mod tests;

use std::ops::Range;

use uppsala::{Attribute, Document, Element, NodeId, NodeKind};

use super::Node;

/// What has no canonical form: a namespace that is a relative reference (Canonical XML section 1.3 forbids to process
/// it), or a prefix that is bound to nothing, which Namespaces in XML 1.0 does not know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NoCanonicalForm;

/// Exclusive XML Canonicalization 1.0 without comments of the element `apex` and all below it, without the element
/// `omitted`. `prefixes` is the PrefixList, in which `#default` stands for the default namespace.
///
/// One pass over the tree that everything else is read from, with no copy of anything but into the result.
pub(crate) fn canonicalize(
    apex: Node<'_>,
    omitted: Option<Node<'_>>,
    prefixes: &[&str],
) -> Result<Vec<u8>, NoCanonicalForm> {
    let written = apex.document.node_range(apex.id).map_or(0, |range| range.len());
    let mut canonicalizer = Canonicalizer {
        document: apex.document,
        omitted: omitted.map(Node::id),
        prefixes,
        scope: Vec::new(),
        rendered: Vec::new(),
        attributes: Vec::new(),
        // Empty elements get an end tag, so that the result is often longer than what was written.
        out: Vec::with_capacity(written + written / 8),
    };
    canonicalizer.inherit(apex);
    canonicalizer.element(apex.id)?;
    Ok(canonicalizer.out)
}

struct Canonicalizer<'t, 'p> {
    document: &'t Document<'t>,
    omitted: Option<NodeId>,
    prefixes: &'p [&'p str],
    /// What is declared, the innermost last; kept only for the prefixes of the list, because the tree has the
    /// namespace of every name.
    scope: Vec<(&'t str, &'t str)>,
    /// What an ancestor's tag in the result declares, the innermost last.
    rendered: Vec<(&'t str, &'t str)>,
    /// The attributes of the tag at hand.
    attributes: Vec<&'t Attribute<'t>>,
    out: Vec<u8>,
}

impl<'t> Canonicalizer<'t, '_> {
    /// What is in scope where the apex begins.
    fn inherit(&mut self, apex: Node<'t>) {
        if self.prefixes.is_empty() {
            return;
        }
        let ancestors = std::iter::successors(apex.parent(), |node| node.parent());
        let elements: Vec<_> = ancestors.filter_map(Node::element).collect();
        for element in elements.into_iter().rev() {
            self.bring_into_scope(element);
        }
    }

    fn bring_into_scope(&mut self, element: &'t Element<'t>) {
        self.scope.extend(element.namespace_declarations.iter().map(|(prefix, uri)| (&**prefix, &**uri)));
    }

    fn element(&mut self, id: NodeId) -> Result<(), NoCanonicalForm> {
        let Some(element) = self.document.element(id) else { return Ok(()) };
        let (scope, rendered) = (self.scope.len(), self.rendered.len());
        let name = self.start_tag(element)?;
        let mut next = self.document.first_child(id);
        while let Some(child) = next {
            match self.document.node_kind(child) {
                Some(NodeKind::Element(_)) if self.omitted != Some(child) => self.element(child)?,
                Some(NodeKind::Text(text) | NodeKind::CData(text)) => self.text(text),
                Some(NodeKind::ProcessingInstruction(instruction)) => {
                    self.instruction(&instruction.target, instruction.data.as_deref().unwrap_or_default());
                }
                _ => {}
            }
            next = self.document.next_sibling(child);
        }
        self.out.extend_from_slice(b"</");
        self.out.extend_from_within(name);
        self.out.push(b'>');
        self.scope.truncate(scope);
        self.rendered.truncate(rendered);
        Ok(())
    }

    /// The tag with its namespaces in the order of the prefixes, then its attributes in the order of namespace and
    /// local name (Canonical XML section 2.2). Tells where the element's name stands in the result.
    fn start_tag(&mut self, element: &'t Element<'t>) -> Result<Range<usize>, NoCanonicalForm> {
        for (prefix, uri) in &element.namespace_declarations {
            if !may_be_declared(prefix, uri) {
                return Err(NoCanonicalForm);
            }
        }
        self.out.push(b'<');
        let before = self.out.len();
        self.name(element.name.prefix.as_deref(), &element.name.local_name);
        let name = before..self.out.len();
        let fresh = self.rendered.len();
        self.render_namespaces(element)?;
        let fresh = self.rendered.get_mut(fresh..).unwrap_or_default();
        fresh.sort_unstable();
        for (prefix, uri) in fresh {
            self.out.extend_from_slice(b" xmlns");
            if !prefix.is_empty() {
                self.out.push(b':');
                self.out.extend_from_slice(prefix.as_bytes());
            }
            self.out.extend_from_slice(b"=\"");
            escape(&mut self.out, uri.as_bytes(), in_attribute);
            self.out.push(b'"');
        }
        if !element.attributes.is_empty() {
            self.write_attributes(element);
        }
        self.out.push(b'>');
        Ok(name)
    }

    /// Notes what this tag has to declare: the prefixes it visibly uses (Exclusive C14N section 3) and, as inclusive
    /// canonicalisation does, those of the list that are in scope.
    fn render_namespaces(&mut self, element: &'t Element<'t>) -> Result<(), NoCanonicalForm> {
        self.render(element.name.prefix.as_deref().unwrap_or_default(), element.name.namespace_uri.as_deref())?;
        for attribute in &element.attributes {
            if let Some(prefix) = attribute.name.prefix.as_deref() {
                self.render(prefix, attribute.name.namespace_uri.as_deref())?;
            }
        }
        if self.prefixes.is_empty() {
            return Ok(());
        }
        self.bring_into_scope(element);
        for listed in self.prefixes {
            let wanted = if *listed == "#default" { "" } else { *listed };
            match self.scope.iter().rev().find(|(prefix, _)| *prefix == wanted) {
                Some((prefix, uri)) => self.render(prefix, Some(uri))?,
                None if wanted.is_empty() => self.render("", None)?,
                None => {}
            }
        }
        Ok(())
    }

    /// Declares the prefix unless the result has it bound to the same namespace already. `xml` is never declared.
    fn render(&mut self, prefix: &'t str, uri: Option<&'t str>) -> Result<(), NoCanonicalForm> {
        if prefix == "xml" {
            return Ok(());
        }
        let uri = uri.unwrap_or_default();
        let bound = self.rendered.iter().rev().find(|(known, _)| same(known, prefix)).map_or("", |(_, uri)| uri);
        if same(bound, uri) && (prefix.is_empty() || !uri.is_empty()) {
            return Ok(());
        }
        if !may_be_declared(prefix, uri) {
            return Err(NoCanonicalForm);
        }
        self.rendered.push((prefix, uri));
        Ok(())
    }

    fn write_attributes(&mut self, element: &'t Element<'t>) {
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.extend(&element.attributes);
        // None comes before every namespace, as the empty one has to.
        attributes.sort_unstable_by(|one, other| {
            let key =
                |attribute: &'t Attribute<'t>| (attribute.name.namespace_uri.as_deref(), &*attribute.name.local_name);
            key(one).cmp(&key(other))
        });
        for attribute in attributes.drain(..) {
            self.out.push(b' ');
            self.name(attribute.name.prefix.as_deref(), &attribute.name.local_name);
            self.out.extend_from_slice(b"=\"");
            escape(&mut self.out, attribute.value.as_bytes(), in_attribute);
            self.out.push(b'"');
        }
        self.attributes = attributes;
    }

    fn text(&mut self, text: &str) {
        escape(&mut self.out, text.as_bytes(), in_text);
    }

    fn instruction(&mut self, target: &str, data: &str) {
        self.out.extend_from_slice(b"<?");
        self.out.extend_from_slice(target.as_bytes());
        if !data.is_empty() {
            self.out.push(b' ');
            escape(&mut self.out, data.as_bytes(), in_instruction);
        }
        self.out.extend_from_slice(b"?>");
    }

    fn name(&mut self, prefix: Option<&str>, local_name: &str) {
        if let Some(prefix) = prefix {
            self.out.extend_from_slice(prefix.as_bytes());
            self.out.push(b':');
        }
        self.out.extend_from_slice(local_name.as_bytes());
    }
}

/// Equality, which most of the time is known without a look at the text: the tree holds what was written once.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && (one.is_empty() || std::ptr::eq(one, other) || one == other)
}

/// Whether a prefix may be bound to this: only the default namespace may be none.
fn may_be_declared(prefix: &str, uri: &str) -> bool {
    is_absolute(uri) || (uri.is_empty() && prefix.is_empty())
}

/// Whether a namespace begins with a scheme (RFC 3986 section 3.1).
fn is_absolute(uri: &str) -> bool {
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(in_scheme)
    })
}

/// Canonical XML section 2.3, text nodes.
const fn in_text(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    }
}

/// Canonical XML section 2.3, attribute and namespace nodes.
const fn in_attribute(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    }
}

/// Canonical XML section 2.3, processing instruction nodes.
const fn in_instruction(byte: u8) -> Option<&'static [u8]> {
    match byte {
        b'\r' => Some(b"&#xD;"),
        _ => None,
    }
}

/// Appends `text`, with what must not stand there replaced.
fn escape(out: &mut Vec<u8>, text: &[u8], replacement: impl Fn(u8) -> Option<&'static [u8]>) {
    // Without a branch inside, so that the compiler looks at many bytes at once: hardly any value needs more.
    if !text.iter().fold(false, |any, byte| any | replacement(*byte).is_some()) {
        out.extend_from_slice(text);
        return;
    }
    for byte in text {
        match replacement(*byte) {
            Some(replacement) => out.extend_from_slice(replacement),
            None => out.push(*byte),
        }
    }
}
