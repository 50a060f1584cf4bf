//! What the command line prints: answers to standard output, everything else to standard error.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use anyhow::Context;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use vestibule_kernel::Timestamp;
use vestibule_rpc::{FILE_DESCRIPTOR_SET, from_proto_timestamp};

/// How answers are printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Human,
    Json,
}

impl Format {
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Human }
    }

    /// Prints an answer: as protobuf JSON, or as `human` writes it.
    pub(crate) fn print<M: Message>(
        self,
        type_name: &str,
        message: &M,
        human: impl FnOnce(&M) -> String,
    ) -> anyhow::Result<()> {
        match self {
            Self::Human => line(human(message).trim_end()),
            Self::Json => line(&json(type_name, message)?),
        }
        Ok(())
    }
}

/// The protobuf JSON of a message.
pub(crate) fn json<M: Message>(type_name: &str, message: &M) -> anyhow::Result<String> {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).context("the descriptors built into this program")?;
    let descriptor = pool.get_message_by_name(type_name).with_context(|| format!("no message type {type_name}"))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new().skip_default_fields(false).use_proto_field_name(true);
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut text);
    dynamic.serialize_with_options(&mut serializer, &options)?;
    Ok(String::from_utf8(text)?)
}

/// Prints a line of an answer. Whoever closed the pipe, as `head` does, has read enough: that is no error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// The same, where much is to come: whether somebody still reads.
pub(crate) fn still_read(text: &str) -> bool {
    writeln!(io::stdout(), "{text}").is_ok()
}

/// Prints a hint or progress beside the answer.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Two columns: names and values; empty values are left out.
pub(crate) fn properties(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let indented = value.replace('\n', &format!("\n{:width$}  ", ""));
        let _ = writeln!(text, "{name:width$}  {indented}");
    }
    text
}

/// A table with a heading; says so when it is empty.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]], empty: &str) -> String {
    if rows.is_empty() {
        return format!("{empty}\n");
    }
    let mut widths = heading.map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let render = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let joined = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", joined.trim_end())
    };
    let body = rows.iter().map(|row| render(row.each_ref().map(String::as_str)));
    std::iter::once(render(heading)).chain(body).collect()
}

/// A moment for people; empty when unset.
pub(crate) fn moment(timestamp: Option<&prost_types::Timestamp>) -> String {
    timestamp.and_then(from_proto_timestamp).as_ref().map(Timestamp::to_string).unwrap_or_default()
}

/// `STATE_ACTIVE` without its prefix, in lower case.
pub(crate) fn plain(enum_name: &str, prefix: &str) -> String {
    enum_name.strip_prefix(prefix).unwrap_or(enum_name).to_lowercase().replace('_', " ")
}
