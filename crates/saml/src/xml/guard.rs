//! What is measured before a parser sees a message, and the one way to parse it.

use uppsala::{Document, Parser};

use crate::limit;

/// Why a message never reaches a reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    TooLarge,
    TagTooLarge,
    TooDeep,
    Doctype,
    Malformed,
}

/// The limits that differ between kinds of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    bytes: usize,
    namespaces: usize,
}

impl Limits {
    pub(crate) const RESPONSE: Self =
        Self { bytes: limit::RESPONSE_BYTES_MAX, namespaces: limit::RESPONSE_NAMESPACES_MAX };
    pub(crate) const LOGOUT: Self = Self { bytes: limit::LOGOUT_BYTES_MAX, namespaces: limit::RESPONSE_NAMESPACES_MAX };
    pub(crate) const METADATA: Self =
        Self { bytes: limit::METADATA_BYTES_MAX, namespaces: limit::METADATA_NAMESPACES_MAX };
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
    Scanner { rest: xml }.run(limits)?;
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
    rest: &'x str,
}

impl Scanner<'_> {
    fn run(mut self, limits: Limits) -> Result<(), Fault> {
        let (mut depth, mut namespaces) = (0_usize, 0_usize);
        while let Some(at) = self.rest.find('<') {
            self.skip(at);
            if self.skip_over("<!--", "-->")? || self.skip_over("<![CDATA[", "]]>")? || self.skip_over("<?", "?>")? {
                continue;
            }
            if self.rest.starts_with("<!") {
                return Err(Fault::Doctype);
            }
            let tag = Tag::read(self.rest.as_bytes())?;
            self.skip(tag.bytes);
            namespaces += tag.namespaces;
            if namespaces > limits.namespaces {
                return Err(Fault::TagTooLarge);
            }
            match tag.kind {
                TagKind::Start => depth += 1,
                TagKind::End => depth = depth.checked_sub(1).ok_or(Fault::Malformed)?,
                TagKind::Empty => {}
            }
            if depth > limit::DEPTH_MAX {
                return Err(Fault::TooDeep);
            }
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Skips a construct that begins with `open`, up to and with `close`.
    fn skip_over(&mut self, open: &str, close: &str) -> Result<bool, Fault> {
        let Some(inside) = self.rest.strip_prefix(open) else { return Ok(false) };
        let length = inside.find(close).ok_or(Fault::Malformed)?;
        self.skip(open.len() + length + close.len());
        Ok(true)
    }
}

/// One tag, from `<` to `>`.
struct Tag {
    bytes: usize,
    kind: TagKind,
    namespaces: usize,
}

enum TagKind {
    Start,
    End,
    Empty,
}

impl Tag {
    /// Reads the tag that `text` begins with. A `>` inside of quotes does not end it (XML 1.0 section 2.4).
    fn read(text: &[u8]) -> Result<Self, Fault> {
        let (mut at, mut attributes, mut namespaces, mut last) = (1, 0, 0, b'<');
        // Where the next attribute's name begins, white space before it included.
        let mut name = None;
        while let Some(byte) = text.get(at).copied() {
            if at > limit::TAG_BYTES_MAX {
                return Err(Fault::TagTooLarge);
            }
            match byte {
                b'"' | b'\'' => {
                    let behind = text.get(at + 1..).unwrap_or_default();
                    let value = behind.iter().position(|each| *each == byte).ok_or(Fault::Malformed)?;
                    attributes += 1;
                    let declares =
                        name.and_then(|from: usize| text.get(from..at)).unwrap_or_default().trim_ascii_start();
                    namespaces += usize::from(declares.starts_with(b"xmlns"));
                    at += value + 1;
                    name = Some(at + 1);
                }
                b'>' => {
                    if attributes > limit::TAG_ATTRIBUTES_MAX {
                        return Err(Fault::TagTooLarge);
                    }
                    let kind = match (text.get(1), last) {
                        (Some(b'/'), _) => TagKind::End,
                        (_, b'/') => TagKind::Empty,
                        _ => TagKind::Start,
                    };
                    return Ok(Self { bytes: at + 1, kind, namespaces });
                }
                b'<' => return Err(Fault::Malformed),
                b' ' | b'\t' | b'\r' | b'\n' => name = name.or(Some(at)),
                _ => {}
            }
            last = byte;
            at += 1;
        }
        Err(Fault::Malformed)
    }
}
