//! One record into its cells.
//!
//! A [`Splitter`] takes the lines of a record one after the other (a quoted cell may run over
//! several) and says when the record is whole. It forgives what programs get wrong: spaces around
//! quotes, quotes inside unquoted cells, single quotes inside quoted ones.

/// How cells are separated and quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syntax {
    /// Between cells; `None` where a line is one cell.
    pub(super) delimiter: Option<char>,
    /// Around cells. Doubled inside one it always stands for itself.
    pub(super) quote: Option<char>,
    /// Before a quote that stands for itself, where that is not a second quote.
    pub(super) escape: Option<char>,
}

/// What a line made of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// The record is whole.
    Whole,
    /// A quoted cell goes on in the next line.
    Open,
    /// This line starts a quoted cell inside one: the earlier quote was never closed.
    Contradiction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    Closed,
}

/// Splits one record.
pub(super) struct Splitter {
    syntax: Syntax,
    cells: Vec<String>,
    cell: String,
    longest: usize,
    state: State,
    lines: usize,
}

impl Splitter {
    /// A splitter that has seen nothing of the record.
    pub(super) fn new(syntax: Syntax) -> Self {
        Self { syntax, cells: Vec::new(), cell: String::new(), longest: 0, state: State::Start, lines: 0 }
    }

    /// The cells of a whole record.
    pub(super) fn cells(self) -> Vec<String> {
        self.cells
    }

    /// Length of the longest cell so far, in bytes.
    pub(super) fn longest(&self) -> usize {
        self.longest.max(self.cell.len())
    }

    /// Takes the record's next line.
    pub(super) fn feed(&mut self, line: &str) -> Fed {
        self.lines += 1;
        let mut rest = line;
        let mut before = None;
        while let Some(character) = rest.chars().next() {
            let after = &rest[character.len_utf8()..];
            rest = match self.state {
                State::Quoted if self.contradicts(character, before, after) => return Fed::Contradiction,
                State::Quoted => self.quoted(character, after),
                State::Start | State::Plain => self.unquoted(character, after),
                State::Closed => {
                    self.separator(character);
                    after
                }
            };
            before = Some(character);
        }
        if self.state == State::Quoted {
            self.cell.push('\n');
            return Fed::Open;
        }
        self.finish_cell();
        Fed::Whole
    }

    fn unquoted<'a>(&mut self, character: char, after: &'a str) -> &'a str {
        if Some(character) == self.syntax.delimiter {
            self.separator(character);
            // Columns aligned with spaces are one separator wide.
            return if character == ' ' { after.trim_start_matches(' ') } else { after };
        }
        if self.state == State::Start && Some(character) == self.syntax.quote && self.opens(after) {
            self.cell.clear();
            self.state = State::Quoted;
            return after;
        }
        if let Some(next) = self.escaped(character, after) {
            self.cell.push(next);
            self.state = State::Plain;
            return &after[next.len_utf8()..];
        }
        self.cell.push(character);
        if !character.is_whitespace() {
            self.state = State::Plain;
        }
        after
    }

    fn quoted<'a>(&mut self, character: char, after: &'a str) -> &'a str {
        if let Some(next) = self.escaped(character, after) {
            self.cell.push(next);
            return &after[next.len_utf8()..];
        }
        if Some(character) == self.syntax.quote {
            if after.starts_with(character) {
                self.cell.push(character);
                return &after[character.len_utf8()..];
            }
            if self.ends_cell(after) {
                self.state = State::Closed;
                return after;
            }
        }
        self.cell.push(character);
        after
    }

    /// A backslash before a quote, a delimiter or itself.
    fn escaped(&self, character: char, after: &str) -> Option<char> {
        let next = after.chars().next().filter(|_| Some(character) == self.syntax.escape)?;
        (Some(next) == self.syntax.quote || Some(next) == self.syntax.delimiter || next == character).then_some(next)
    }

    /// Whether a quote at the start of a cell opens it. `""Firma` is a text that begins with quotes.
    fn opens(&self, after: &str) -> bool {
        let Some(second) = self.syntax.quote.and_then(|quote| after.strip_prefix(quote)) else { return true };
        self.ends_cell(second) || self.syntax.quote.is_some_and(|quote| second.starts_with(quote))
    }

    fn ends_cell(&self, after: &str) -> bool {
        let rest = if self.syntax.delimiter == Some(' ') { after } else { after.trim_start_matches(' ') };
        rest.is_empty() || self.syntax.delimiter.is_some_and(|delimiter| rest.starts_with(delimiter))
    }

    /// Inside a quoted cell of several lines, a quote that starts a cell and neither closes one
    /// nor is doubled: no program writes that, so the first quote was an accident.
    fn contradicts(&self, character: char, before: Option<char>, after: &str) -> bool {
        self.lines > 1
            && Some(character) == self.syntax.quote
            && before.is_none_or(|before| Some(before) == self.syntax.delimiter)
            && !after.starts_with(character)
            && !self.ends_cell(after)
    }

    fn separator(&mut self, character: char) {
        if Some(character) == self.syntax.delimiter {
            self.finish_cell();
        }
    }

    fn finish_cell(&mut self) {
        self.longest = self.longest();
        self.cells.push(std::mem::take(&mut self.cell));
        self.state = State::Start;
    }
}

/// The cells of a line whose quotes mean nothing.
pub(super) fn plain(line: &str, delimiter: Option<char>) -> Vec<String> {
    match delimiter {
        Some(delimiter) => line.split(delimiter).map(str::to_owned).collect(),
        None => vec![line.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, delimiter: char, escape: Option<char>) -> (Fed, Vec<String>) {
        let mut splitter = Splitter::new(Syntax { delimiter: Some(delimiter), quote: Some('"'), escape });
        let mut fed = Fed::Whole;
        for line in text.split('\n') {
            fed = splitter.feed(line);
        }
        (fed, splitter.cells())
    }

    #[test]
    fn cells_come_out_as_they_were_typed() {
        let table: &[(&str, char, &[&str])] = &[
            ("a;b;c", ';', &["a", "b", "c"]),
            (";;", ';', &["", "", ""]),
            ("\"a;b\";c", ';', &["a;b", "c"]),
            ("\"sagt \"\"ja\"\"\",c", ',', &["sagt \"ja\"", "c"]),
            ("\"\",\"\"\"\"", ',', &["", "\""]),
            ("a, \"b, c\" ,d", ',', &["a", "b, c", "d"]),
            ("a , b", ',', &["a ", " b"]),
            ("Rohr 5\";x", ';', &["Rohr 5\"", "x"]),
            ("\"Rohr 5\" lang\";x", ';', &["Rohr 5\" lang", "x"]),
            ("\"\"Firma\"\";x", ';', &["\"\"Firma\"\"", "x"]),
            ("\"eins\nzwei\";x", ';', &["eins\nzwei", "x"]),
            ("\"eins\n\"\"zwei\"\"\n\";x", ';', &["eins\n\"zwei\"\n", "x"]),
            ("1   2 3", ' ', &["1", "2", "3"]),
        ];
        for (text, delimiter, want) in table {
            assert_eq!(
                split(text, *delimiter, None),
                (Fed::Whole, want.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_backslash_escapes_only_where_the_file_says_so() {
        assert_eq!(split(r#""a \"b\", c",d"#, ',', Some('\\')).1, [r#"a "b", c"#, "d"]);
        assert_eq!(split(r"a\,b,c\d", ',', Some('\\')).1, ["a,b", r"c\d"]);
        assert_eq!(split(r"C:\Daten\,x", ',', None).1, [r"C:\Daten\", "x"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_shows() {
        assert_eq!(split("a;\"b;c", ';', None).0, Fed::Open);
        assert_eq!(split("\"Max;Muster\n\"Anna\";x", ';', None).0, Fed::Contradiction);
        assert_eq!(split("Max;\"Muster\nAnna;\"x y\";z", ';', None).0, Fed::Contradiction);
    }
}
