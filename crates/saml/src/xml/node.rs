use std::borrow::Cow;

use uppsala::{Document, Element, NodeId, NodeKind};

use crate::limit;

/// One element of the tree. All reading goes through here, so that the rules of reading stand in one place:
/// names are compared with their namespace, attributes are those without a namespace, text is whole or refused.
#[derive(Clone, Copy)]
pub(crate) struct Node<'t> {
    pub(super) document: &'t Document<'t>,
    pub(super) id: NodeId,
}

/// A value contains a comment, a processing instruction or an element. Signatures do not cover comments, and
/// readers that stop at one see a shorter value than the signer wrote (CVE-2018-0489 and its kin).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ForbiddenContent;

impl<'t> Node<'t> {
    /// The document's element.
    pub(crate) fn root(document: &'t Document<'t>) -> Option<Self> {
        document.document_element().map(|id| Self { document, id })
    }

    /// The element at a node of the tree.
    pub(crate) fn at(document: &'t Document<'t>, id: NodeId) -> Option<Self> {
        document.element(id).map(|_| Self { document, id })
    }

    pub(crate) const fn document(self) -> &'t Document<'t> {
        self.document
    }

    pub(crate) const fn id(self) -> NodeId {
        self.id
    }

    pub(crate) fn element(self) -> Option<&'t Element<'t>> {
        self.document.element(self.id)
    }

    pub(crate) fn is(self, namespace: &str, name: &str) -> bool {
        // The local names differ more often, and sooner, than the namespaces do.
        self.element().is_some_and(|element| {
            element.name.local_name == name && element.name.namespace_uri.as_deref() == Some(namespace)
        })
    }

    /// The element's name without prefix, for findings.
    pub(crate) fn local_name(self) -> &'t str {
        self.element().map_or("", |element| &*element.name.local_name)
    }

    /// The attribute of this name that has no namespace. `x:ID` is not `ID`.
    pub(crate) fn attribute(self, name: &str) -> Option<&'t str> {
        let mut attributes = self.element()?.attributes.iter();
        attributes.find(|attribute| attribute.name.matches(None, name)).map(|attribute| &*attribute.value)
    }

    pub(crate) fn parent(self) -> Option<Self> {
        Self::at(self.document, self.document.parent(self.id)?)
    }

    /// The child elements.
    pub(crate) fn elements(self) -> impl Iterator<Item = Self> {
        self.document.children_iter(self.id).filter_map(move |id| Self::at(self.document, id))
    }

    /// The child elements of this name.
    pub(crate) fn named(self, namespace: &'static str, name: &'static str) -> impl Iterator<Item = Self> {
        self.elements().filter(move |child| child.is(namespace, name))
    }

    /// The only child element of this name: `None` when there is none or more than one.
    pub(crate) fn only(self, namespace: &'static str, name: &'static str) -> Option<Self> {
        let mut children = self.named(namespace, name);
        children.next().filter(|_| children.next().is_none())
    }

    /// This element and all below it, in document order.
    pub(crate) fn walk(self) -> impl Iterator<Item = Self> {
        let document = self.document;
        let behind = move |id: NodeId| {
            let mut at = id;
            while at != self.id {
                if let Some(next) = document.next_sibling(at) {
                    return Some(next);
                }
                at = document.parent(at)?;
            }
            None
        };
        let nodes = std::iter::successors(Some(self.id), move |id| document.first_child(*id).or_else(|| behind(*id)));
        nodes.filter_map(move |id| Self::at(document, id))
    }

    /// The whole text: character data and CDATA sections, put together.
    pub(crate) fn text(self) -> Result<Cow<'t, str>, ForbiddenContent> {
        let mut text = Cow::Borrowed("");
        for child in self.document.children_iter(self.id) {
            let piece: &'t str = match self.document.node_kind(child) {
                Some(NodeKind::Text(piece) | NodeKind::CData(piece)) => piece,
                _ => return Err(ForbiddenContent),
            };
            if text.is_empty() {
                text = Cow::Borrowed(piece);
            } else {
                text.to_mut().push_str(piece);
            }
        }
        Ok(text)
    }

    /// The text of an element that holds a URI: white space around it means nothing.
    pub(crate) fn uri(self) -> Result<&'t str, ForbiddenContent> {
        match self.text()? {
            Cow::Borrowed(text) => Ok(text.trim_ascii()),
            // Two pieces of text next to each other in a URI: nobody writes that.
            Cow::Owned(_) => Err(ForbiddenContent),
        }
    }

    /// Whether the children are elements with nothing but white space between them.
    pub(crate) fn holds_only_elements(self) -> bool {
        self.document.children_iter(self.id).all(|child| match self.document.node_kind(child) {
            Some(NodeKind::Element(_)) => true,
            Some(NodeKind::Text(text)) => text.trim_ascii().is_empty(),
            _ => false,
        })
    }

    /// Whether nothing is inside.
    pub(crate) fn is_empty(self) -> bool {
        self.document.first_child(self.id).is_none()
    }

    /// Whether there is neither a comment nor a processing instruction, however deep.
    pub(crate) fn is_plain(self) -> bool {
        let is_odd =
            |id| matches!(self.document.node_kind(id), Some(NodeKind::Comment(_) | NodeKind::ProcessingInstruction(_)));
        !self.document.descendants(self.id).into_iter().any(is_odd)
    }

    /// The text, when the only child is plain text, in one piece.
    pub(crate) fn only_text(self) -> Option<&'t str> {
        let child = self.document.first_child(self.id)?;
        match self.document.node_kind(child) {
            Some(NodeKind::Text(text)) if self.document.next_sibling(child).is_none() => Some(text),
            _ => None,
        }
    }
}

/// Whether the text has the characters of an ID as identity providers write them: those of an XML name. No such ID can
/// look like an `XPointer` to another engine.
pub(crate) fn is_id(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !text.is_empty() && text.len() <= limit::ID_CHARS_MAX && text.bytes().all(is_name)
}
