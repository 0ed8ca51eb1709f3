//! What is probably wrong with a line of a rule file that cannot be read, in words of whoever writes rules.
//!
//! In: the text of a file, where reading it failed, and what the TOML reader said. Out: what is wrong and
//! what to do, by what stands on that line: quotes and blanks of a word processor, `:` for `=`, a decimal
//! comma, a text without quotes.

/// What is wrong, and what to do about it.
pub(super) struct Said {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Said {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Quotes as word processors and the web make them.
pub(super) const CURLY: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‹'];

/// What to do about them.
pub(super) const STRAIGHT: &str =
    "quotes are straight, \" or ': a word processor makes curly ones, a text editor does not";

/// Blanks that look like one and are none.
pub(super) fn is_odd_blank(sign: char) -> bool {
    !sign.is_ascii() && sign.is_whitespace() || matches!(sign, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// What to do about them.
pub(super) const RETYPE: &str = "it looks like a blank and came with copied text: delete it and type a blank";

/// A line of a file, and where on it reading failed.
struct Line<'a> {
    text: &'a str,
    /// Byte in it.
    at: usize,
    /// What stands before the first `=`, and behind it.
    key: &'a str,
    value: Option<&'a str>,
}

/// Explains a mistake of syntax; `said` is the reader's own message.
pub(super) fn explain(file: &str, offset: usize, said: &str) -> Said {
    let line = Line::at(file, offset);
    line.odd_sign(said).or_else(|| line.by_message(said)).unwrap_or_else(|| usual(said))
}

impl<'a> Line<'a> {
    fn at(file: &'a str, offset: usize) -> Self {
        let offset = file.floor_char_boundary(offset.min(file.len()));
        let start = file[..offset].rfind('\n').map_or(0, |end| end + 1);
        let text = file[start..].lines().next().unwrap_or_default();
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        Self { text, at: (offset - start).min(text.len()), key, value }
    }

    /// The sign at which reading failed.
    fn sign(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Signs that no rule file has outside of quotes.
    fn odd_sign(&self, said: &str) -> Option<Said> {
        if said.contains("carriage return") {
            let message = "the lines do not end as in other files (with CR alone)";
            return Some(Said::new(message, "save the file with line ends of Windows (CR LF) or Unix (LF)"));
        }
        match self.sign()? {
            sign if CURLY.contains(&sign) => Some(Said::new(format!("`{sign}` is no quote here"), STRAIGHT)),
            sign if is_odd_blank(sign) => {
                Some(Said::new(format!("there is a special blank here (U+{:04X})", u32::from(sign)), RETYPE))
            }
            ':' if !self.key.is_empty() => {
                let (key, value) = self.text.split_once(':').unwrap_or_default();
                let (key, value) = (key.trim(), value.trim());
                let plain = !key.is_empty() && key.chars().all(|sign| sign.is_alphanumeric() || "_-".contains(sign));
                let hint = if plain && !value.is_empty() {
                    format!("write `{key} = {value}`")
                } else {
                    "write `=` in its place".to_owned()
                };
                Some(Said::new("`:` does not belong between a key and its value", hint))
            }
            ';' if self.text[self.at + 1..].split('#').next().is_some_and(|rest| rest.trim().is_empty()) => {
                Some(Said::new("`;` does not belong here", "leave out the `;`: a line ends by itself"))
            }
            ';' => Some(Said::new(
                "`;` does not belong here",
                "what stands in a list is separated by commas: [\"a\", \"b\"]",
            )),
            '/' if self.text[self.at..].starts_with("//") => {
                Some(Said::new("`//` begins no comment", "begin it with #"))
            }
            sign if sign.is_alphabetic() && !sign.is_ascii() && said.contains("key") => {
                let message = format!("a key without quotes has no `{sign}`");
                Some(Said::new(message, "put the key in quotes: { \"größe\" = \"…\" }"))
            }
            _ => None,
        }
    }

    /// By what the reader said.
    fn by_message(&self, said: &str) -> Option<Said> {
        let has = |part: &str| said.contains(part);
        if has("duplicate key") {
            return Some(self.twice());
        }
        if has("leading zero") {
            let number = self.value?.trim_start_matches('0');
            return Some(Said::new("a number does not begin with 0", format!("{} = {number}", self.key)));
        }
        if has("string values must be quoted") {
            return self.unquoted();
        }
        if has("basic string") || has("literal string") {
            let hint = "a text ends with the quote it began with, on the same line: \"…\" or '…'; one of several \
                        lines stands between ''' and '''";
            return Some(Said::new("a quote is not closed", hint));
        }
        if has("expected newline") {
            return self.goes_on();
        }
        if has("missing comma") {
            let message = "a comma is missing in the list before this";
            return Some(Said::new(message, "what stands in a list is separated by commas: [\"a\", \"b\"]"));
        }
        if has("key with no value") || has("invalid unquoted key") {
            if self.text.trim_start().starts_with("//") {
                return Some(Said::new("`//` begins no comment", "begin it with #"));
            }
            let mut words = self.text.split_whitespace();
            let hint = match (words.next(), words.next(), words.next(), self.value) {
                (Some(key), Some(value), None, None) => format!("write `{key} = {value}`"),
                _ => "a line is `key = value`; a remark begins with #".to_owned(),
            };
            return Some(Said::new("this line is no `key = value`", hint));
        }
        None
    }

    /// A key that stands twice, or a `[rule]` beside others.
    fn twice(&self) -> Said {
        let header = self.text.trim();
        if let Some(name) = header.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = name.trim_matches(['[', ']']);
            let message = format!("`[{name}]` in one bracket and `[[{name}]]` in two do not go together");
            return Said::new(message, format!("each begins with two brackets: [[{name}]]"));
        }
        let hint = "take one of them out; or is the header of a new rule missing above: [[rule]]?";
        Said::new(format!("duplicate key: `{}` stands twice", self.key), hint)
    }

    /// A value that begins like none.
    fn unquoted(&self) -> Option<Said> {
        let value = self.value?;
        let (key, comment) = (self.key, value.split('#').next().unwrap_or_default());
        let value = comment.split(" //").next().unwrap_or_default().trim();
        if let Some(sign) = value.chars().find(|sign| CURLY.contains(sign)).filter(|_| key.is_empty()) {
            return Some(Said::new(format!("`{sign}` is no quote here"), STRAIGHT));
        }
        if let Some(bare) = value.strip_suffix(';').filter(|bare| !bare.contains(';') && !key.is_empty()) {
            return Some(Said::new("`;` does not belong here", format!("leave out the `;`: {key} = {}", bare.trim())));
        }
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            let message = format!("`{key}` is not a number alone");
            return Some(Said::new(message, format!("{key} = {digits}; a remark behind it begins with #")));
        }
        if value.starts_with(['[', '{']) || key.contains(['[', '{']) {
            return Some(Said::new("a text stands here without quotes", "put each text in quotes: [\"a\", \"b\"]"));
        }
        let quoted = if value.contains('"') { format!("'{value}'") } else { format!("\"{value}\"") };
        let message = format!("the text of `{key}` is not in quotes");
        Some(if value.is_empty() {
            Said::new(format!("`{key}` has no value"), "write something in quotes behind it, or take the line out")
        } else {
            Said::new(message, format!("{key} = {quoted}"))
        })
    }

    /// Something behind a value.
    fn goes_on(&self) -> Option<Said> {
        let value = self.value?;
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            let what = if self.sign() == Some(',') { "has a comma" } else { "goes on behind the number" };
            let message = format!("`{}` {what}", self.key);
            return Some(Said::new(message, format!("write a whole number alone: {} = {digits}", self.key)));
        }
        let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
        let message = format!("the text ended at the {quote} before this");
        let other = if quote == '"' { "'…'" } else { "\"…\"" };
        let hint =
            format!("a text with {quote} in it stands in {other}, one with both sorts of quotes between ''' and '''");
        Some(Said::new(message, hint))
    }
}

/// As the reader said it.
fn usual(said: &str) -> Said {
    let has = |part: &str| said.contains(part);
    let hint = if has("table") {
        "a table begins with its name in two brackets: [[rule]]"
    } else if has("escape") {
        r#"in "…" a backslash is doubled; in '…' it stands for itself"#
    } else if has("string") {
        "a quote is not closed: a text on one line stands in '…' or \"…\", one of several lines between \'\'\' and \'\'\'"
    } else {
        "a line is `key = value`, with text in quotes; what follows a # is left out"
    };
    Said::new(said, hint)
}
