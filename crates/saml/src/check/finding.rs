//! What checks tell about what was expected and found.

use std::fmt::{self, Write as _};

use vestibule_kernel::Timestamp;

use crate::limit;

/// Something that writes itself to the end of a text, without a text of its own in between.
pub(crate) trait Finding {
    fn append_to(self, text: &mut String);
}

impl Finding for &str {
    fn append_to(self, text: &mut String) {
        text.push_str(self);
    }
}

impl Finding for &String {
    fn append_to(self, text: &mut String) {
        text.push_str(self);
    }
}

impl Finding for fmt::Arguments<'_> {
    fn append_to(self, text: &mut String) {
        // Writing to a text does not fail, and what is told decides nothing.
        let _ = text.write_fmt(self);
    }
}

impl Finding for Option<Timestamp> {
    fn append_to(self, text: &mut String) {
        match self {
            Some(instant) => format_args!("{instant}").append_to(text),
            None => text.push_str("none"),
        }
    }
}

/// Texts, with a comma between them.
pub(crate) struct Listed<I>(pub(crate) I);

impl<'a, I: Iterator<Item = &'a str>> Finding for Listed<I> {
    fn append_to(self, text: &mut String) {
        for (at, each) in self.0.enumerate() {
            if at > 0 {
                text.push_str(", ");
            }
            text.push_str(each);
        }
    }
}

/// Appends a finding as it may be told; so many bytes it takes.
pub(super) fn append(text: &mut String, finding: impl Finding) -> usize {
    let before = text.len();
    finding.append_to(text);
    let appended = text.get(before..).unwrap_or_default();
    if !is_plain(appended) {
        let told = printable(appended);
        text.truncate(before);
        text.push_str(&told);
    }
    text.len() - before
}

/// A text as it may be told.
pub(crate) fn finding(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { printable(text) }
}

/// Whether the text is short and has nothing but printable ASCII.
fn is_plain(text: &str) -> bool {
    // Without a branch inside, so that the compiler looks at many bytes at once.
    let is_printable = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    text.len() <= limit::FINDING_CHARS_MAX && is_printable
}

fn printable(text: &str) -> String {
    let printable = text.chars().map(|each| if each.is_control() { char::REPLACEMENT_CHARACTER } else { each });
    printable.take(limit::FINDING_CHARS_MAX).collect()
}
