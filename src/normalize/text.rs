//! Readable text: what a person would see, whatever control characters it came with.
//!
//! In: text as sent, of any size. Out: text with `\n` line ends, without control or invisible
//! characters, at most [`MAX_TEXT`] bytes. Time is linear in the input.

use unicode_normalization::UnicodeNormalization;

/// Bytes of text that are kept of one item; the original keeps the rest.
pub const MAX_TEXT: usize = 1 << 20;

/// The start of `text`, at most `max` bytes, never half a character.
#[must_use]
pub fn shorten(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Text of several lines in normal form: NFC, `\n` line ends, plain spaces, no control or
/// invisible characters, no blank space at line ends, never more than one empty line in a row.
///
/// The delimiter of mail signatures, `-- `, becomes `--`.
#[must_use]
pub fn clean(text: &str) -> String {
    let text = shorten(text, MAX_TEXT);
    let mut out = Lines { text: String::with_capacity(text.len()), blank: false };
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if is_plain(line) {
            out.push(line);
            continue;
        }
        for line in line.split(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
            out.push(&line.chars().filter_map(visible).nfc().collect::<String>());
        }
    }
    let mut out = out.text;
    // Normal form may be longer than what it was made from.
    out.truncate(shorten(&out, MAX_TEXT).len());
    out
}

/// Lines that become a text.
struct Lines {
    text: String,
    /// An empty line came last.
    blank: bool,
}

impl Lines {
    fn push(&mut self, line: &str) {
        let line = line.trim_end();
        if line.is_empty() {
            self.blank = true;
            return;
        }
        if self.text.is_empty() {
            self.text.push_str(line.trim_start());
        } else {
            self.text.push_str(if self.blank { "\n\n" } else { "\n" });
            self.text.push_str(line);
        }
        self.blank = false;
    }
}

/// Whether a line is in normal form and visible as it is, as most lines are.
fn is_plain(line: &str) -> bool {
    // Without a way out on the way, several bytes are looked at in one step.
    let odd = |byte: u8| u8::from(byte < b' ') & u8::from(byte != b'\t') | u8::from(byte > b'~');
    if line.bytes().fold(0, |found, byte| found | odd(byte)) == 0 {
        return true;
    }
    // Below U+0300 nothing combines, and the marks of print do not either.
    let plain =
        |c| matches!(c, '\t' | ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}');
    line.chars().all(plain)
}

/// Text of one line in normal form: as [`clean`], and every run of blank space is one space.
#[must_use]
pub fn line(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The character as it is shown: blank space is a space, invisible characters are none.
///
/// Zero-width joiners stay: scripts and emoji need them inside words.
fn visible(c: char) -> Option<char> {
    match c {
        '\t' => Some('\t'),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{feff}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => None,
        c if c.is_control() => None,
        c if c.is_whitespace() => Some(' '),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_gone() {
        assert_eq!(clean("a\r\nb\rc\u{2028}d\u{0}\u{1b}[31m\u{200b}e\u{a0}f \n\n\n\n g"), "a\nb\nc\nd[31me f\n\n g");
        assert_eq!(clean("u\u{308}ber"), "über");
        assert_eq!(line("  a \n\n b\tc "), "a b c");
        assert_eq!(clean("\u{feff}\u{202e}"), "");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shorten("aä", 2), "a");
        assert!(clean(&"ä".repeat(MAX_TEXT)).len() <= MAX_TEXT);
    }
}
