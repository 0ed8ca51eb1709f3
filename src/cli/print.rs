//! Printing: a table for people, one JSON object a line for scripts.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// How to print.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Format {
    /// One JSON object a line.
    #[arg(long)]
    pub(super) json: bool,
}

/// Lines of a table, or of JSON.
pub(super) struct Printer {
    json: bool,
    table: Table,
    rows: usize,
}

impl Printer {
    pub(super) fn new(format: Format, header: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
        Self { json: format.json, table, rows: 0 }
    }

    /// Prints (JSON) or keeps (table) one item.
    pub(super) fn item(&mut self, item: &Value, row: impl FnOnce(&Value) -> Vec<String>) -> anyhow::Result<()> {
        self.rows += 1;
        if self.json {
            return line(item);
        }
        self.table.add_row(row(item));
        Ok(())
    }

    /// Prints the table, or `empty` when there was nothing.
    pub(super) fn finish(self, empty: &str) -> anyhow::Result<()> {
        match (self.json, self.rows) {
            (true, _) => Ok(()),
            (false, 0) => say(empty),
            (false, _) => say(&self.table.to_string()),
        }
    }
}

/// One JSON object on a line of its own.
pub(super) fn line(item: &Value) -> anyhow::Result<()> {
    say(&item.to_string())
}

/// A line of text. A reader that has seen enough (`| head`) ends the command without complaint.
pub(super) fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// What was received, byte for byte; on a terminal without control characters, which could steer it.
pub(super) fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = if out.is_terminal() {
        let harmless = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c };
        let text: String = String::from_utf8_lossy(bytes).replace("\r\n", "\n").chars().map(harmless).collect();
        out.write_all(text.as_bytes())
    } else {
        out.write_all(bytes)
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Text of a value: nothing for `null`; control characters (they could steer the terminal) become spaces.
pub(super) fn text(value: &Value) -> String {
    let raw = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    harmless(&raw)
}

/// Text without control characters other than line ends.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// The first characters of a text, on one line.
pub(super) fn short(value: &Value, most: usize) -> String {
    let one_line = text(value).split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= most {
        return one_line;
    }
    one_line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A number between 0 and 1 as percent.
pub(super) fn percent(value: &Value) -> String {
    format!("{:.0} %", value.as_f64().unwrap_or(0.0) * 100.0)
}

/// `1 rule`, `2 rules`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
