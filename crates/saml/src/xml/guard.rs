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
    pub(crate) bytes: usize,
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
    Scanner { rest: xml.as_bytes() }.run()?;
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

/// Walks over the bytes from tag to tag. It does not parse: it only finds where tags end the way any XML parser
/// must, so that the parser's costly cases (thousands of attributes in one tag) never reach it.
struct Scanner<'x> {
    rest: &'x [u8],
}

impl Scanner<'_> {
    fn run(mut self) -> Result<(), Fault> {
        let (mut depth, mut namespaces) = (0_usize, 0_usize);
        while let Some(at) = self.rest.iter().position(|byte| *byte == b'<') {
            self.skip(at);
            if self.skip_over(b"<!--", b"-->")?
                || self.skip_over(b"<![CDATA[", b"]]>")?
                || self.skip_over(b"<?", b"?>")?
            {
                continue;
            }
            if self.rest.starts_with(b"<!") {
                return Err(Fault::Doctype);
            }
            let tag = self.tag()?;
            namespaces += tag.namespaces;
            if namespaces > limit::NAMESPACES_MAX {
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
    fn skip_over(&mut self, open: &[u8], close: &[u8]) -> Result<bool, Fault> {
        let Some(inside) = self.rest.strip_prefix(open) else { return Ok(false) };
        let length = inside.windows(close.len()).position(|window| window == close).ok_or(Fault::Malformed)?;
        self.skip(open.len() + length + close.len());
        Ok(true)
    }

    /// Reads one tag. A `>` inside of quotes does not end it (XML 1.0 section 2.4).
    fn tag(&mut self) -> Result<Tag, Fault> {
        let (mut quote, mut attributes, mut last) = (None, 0_usize, b'<');
        for (at, byte) in self.rest.iter().copied().enumerate().skip(1) {
            if at > limit::TAG_BYTES_MAX {
                return Err(Fault::TagTooLarge);
            }
            match (quote, byte) {
                (None, b'"' | b'\'') => {
                    quote = Some(byte);
                    attributes += 1;
                }
                (Some(open), _) if open == byte => quote = None,
                (None, b'>') => {
                    let text = self.rest.get(..at).unwrap_or_default();
                    let namespaces = text.windows(5).filter(|window| *window == b"xmlns").count();
                    let kind = match (text.get(1), last) {
                        (Some(b'/'), _) => TagKind::End,
                        (_, b'/') => TagKind::Empty,
                        _ => TagKind::Start,
                    };
                    self.skip(at + 1);
                    if attributes > limit::TAG_ATTRIBUTES_MAX {
                        return Err(Fault::TagTooLarge);
                    }
                    return Ok(Tag { kind, namespaces });
                }
                (None, b'<') => return Err(Fault::Malformed),
                _ => {}
            }
            last = byte;
        }
        Err(Fault::Malformed)
    }
}

struct Tag {
    kind: TagKind,
    namespaces: usize,
}

enum TagKind {
    Start,
    End,
    Empty,
}
