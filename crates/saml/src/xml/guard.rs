//! What is measured before a parser sees a message, and the one way to parse it.

use memchr::{memchr, memchr_iter, memchr3, memmem};
use uppsala::{Document, Parser};

use crate::limit;

/// Why a message never reaches a reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    TooLarge,
    TagTooLarge,
    TooDeep,
    TooDense,
    Doctype,
    Malformed,
}

const CDATA: &[u8] = b"<![CDATA[";

/// The limits that differ between kinds of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    bytes: usize,
}

impl Limits {
    pub(crate) const RESPONSE: Self = Self { bytes: limit::RESPONSE_BYTES_MAX };
    pub(crate) const LOGOUT: Self = Self { bytes: limit::LOGOUT_BYTES_MAX };
    pub(crate) const METADATA: Self = Self { bytes: limit::METADATA_BYTES_MAX };
}

/// Measures `xml` and parses it: no DTD, UTF-8 only, at most [`limit::DEPTH_MAX`] deep.
pub(crate) fn parse(xml: &str, limits: Limits) -> Result<Document<'_>, Fault> {
    if xml.len() > limits.bytes {
        return Err(Fault::TooLarge);
    }
    // A byte order mark in the middle of a protocol is at best a mistake, at worst a trick.
    if xml.starts_with('\u{feff}') {
        return Err(Fault::Malformed);
    }
    Scanner { text: xml.as_bytes(), at: 0, markup: 0 }.run()?;
    let depth = u32::try_from(limit::DEPTH_MAX).unwrap_or(u32::MAX);
    let parser = Parser::new().with_forbid_dtd(true).with_forbid_entities(true).with_max_depth(depth);
    let document = parser.parse(xml).map_err(|_| Fault::Malformed)?;
    let encoding = document.xml_declaration.as_ref().and_then(|declaration| declaration.encoding.as_deref());
    // The bytes were read as UTF-8; a message that claims another encoding means something else to others.
    if document.doctype.is_some() || encoding.is_some_and(|name| !name.eq_ignore_ascii_case("utf-8")) {
        return Err(if document.doctype.is_some() { Fault::Doctype } else { Fault::Malformed });
    }
    Ok(document)
}

/// Walks over the text from tag to tag. It does not parse: it only finds where tags end the way any XML parser
/// must, so that the parser's costly cases (thousands of attributes in one tag) never reach it.
struct Scanner<'x> {
    text: &'x [u8],
    at: usize,
    /// Elements, attributes, comments, sections, instructions and references so far: what a parser has to make
    /// something of.
    markup: usize,
}

/// What one start tag declares.
struct Tag {
    is_empty: bool,
    attributes: usize,
    namespaces: usize,
}

impl Scanner<'_> {
    fn run(mut self) -> Result<(), Fault> {
        // How many namespaces are in scope in each open element.
        let mut open: Vec<usize> = Vec::with_capacity(limit::DEPTH_MAX);
        // In text that is no tag they are not looked for, so they are counted wherever they stand.
        self.markup = memchr_iter(b'&', self.text).count();
        while let Some(length) = self.text_length() {
            self.at += length;
            match self.rest() {
                [b'<', b'/', ..] => {
                    self.end_tag()?;
                    open.pop().ok_or(Fault::Malformed)?;
                }
                [b'<', b'?', ..] => self.skip_over(b"<?", b"?>")?,
                [b'<', b'!', b'-', b'-', ..] => self.skip_over(b"<!--", b"-->")?,
                section if section.starts_with(CDATA) => self.skip_over(CDATA, b"]]>")?,
                [b'<', b'!', ..] => return Err(Fault::Doctype),
                _ => {
                    let tag = self.start_tag()?;
                    self.markup += 1 + tag.attributes;
                    let in_scope = open.last().copied().unwrap_or_default() + tag.namespaces;
                    if in_scope > limit::NAMESPACES_IN_SCOPE_MAX {
                        return Err(Fault::TagTooLarge);
                    }
                    if !tag.is_empty {
                        open.push(in_scope);
                    }
                    if open.len() > limit::DEPTH_MAX {
                        return Err(Fault::TooDeep);
                    }
                }
            }
        }
        // A message of the same size with much more markup than any identity provider writes costs much more.
        let allowed = limit::MARKUP_FREE + self.text.len() / limit::MARKUP_BYTES_MIN;
        if self.markup > allowed { Err(Fault::TooDense) } else { Ok(()) }
    }

    /// How long it is to the next markup; most of the time it follows at once.
    fn text_length(&self) -> Option<usize> {
        match self.rest() {
            [b'<', ..] => Some(0),
            rest => memchr(b'<', rest),
        }
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips a construct that begins with `open`, up to and with `close`.
    fn skip_over(&mut self, open: &[u8], close: &[u8]) -> Result<(), Fault> {
        let inside = self.rest().strip_prefix(open).ok_or(Fault::Malformed)?;
        let length = memmem::find(inside, close).ok_or(Fault::Malformed)?;
        self.at += open.len() + length + close.len();
        self.markup += 1;
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), Fault> {
        let length = memchr(b'>', self.rest()).ok_or(Fault::Malformed)?;
        if length > limit::TAG_BYTES_MAX {
            return Err(Fault::TagTooLarge);
        }
        self.at += length + 1;
        Ok(())
    }

    /// Reads a tag up to its `>`. One inside of quotes does not end it (XML 1.0 section 2.4). What is not an attribute
    /// between two quotes is not noticed here: the parser stops there.
    fn start_tag(&mut self) -> Result<Tag, Fault> {
        let tag = self.rest();
        let (mut at, mut attributes, mut namespaces) = (1, 0, 0);
        loop {
            let names = tag.get(at..).unwrap_or_default();
            let length = memchr3(b'"', b'\'', b'>', names).ok_or(Fault::Malformed)?;
            let (names, behind) = names.split_at_checked(length).ok_or(Fault::Malformed)?;
            at += length;
            let [quote @ (b'"' | b'\''), value @ ..] = behind else { break };
            // In front of the first attribute stands the name of the element.
            let name = if attributes == 0 {
                names.iter().position(u8::is_ascii_whitespace).and_then(|at| names.get(at..)).unwrap_or_default()
            } else {
                names
            };
            namespaces += usize::from(name.trim_ascii_start().starts_with(b"xmlns"));
            attributes += 1;
            at += memchr(*quote, value).ok_or(Fault::Malformed)? + 2;
            if at > limit::TAG_BYTES_MAX {
                return Err(Fault::TagTooLarge);
            }
        }
        if attributes > limit::TAG_ATTRIBUTES_MAX || at > limit::TAG_BYTES_MAX {
            return Err(Fault::TagTooLarge);
        }
        let is_empty = at.checked_sub(1).and_then(|before| tag.get(before)) == Some(&b'/');
        self.at += at + 1;
        Ok(Tag { is_empty, attributes, namespaces })
    }
}
