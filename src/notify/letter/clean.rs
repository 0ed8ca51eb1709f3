//! Makes what a stranger wrote fit to be shown: no control characters, no tricks with direction.

/// One line of at most `longest` characters: control and direction characters go, any white space
/// becomes one blank.
#[must_use]
pub fn line(text: &str, longest: usize) -> String {
    let mut clean = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).map(shown).filter(|word| !word.is_empty()) {
        if length > 0 {
            clean.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length >= longest.saturating_sub(1) {
                clean.push('…');
                return clean;
            }
            clean.push(c);
            length += 1;
        }
    }
    clean
}

/// Several lines, together at most `longest` characters, and whether that was all of it.
#[must_use]
pub fn block(text: &str, longest: usize) -> (String, bool) {
    let one_kind = text.replace("\r\n", "\n").replace('\r', "\n");
    let clean: String = one_kind
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !(c.is_control() || turns(*c)))
        .collect();
    let clean = clean.trim();
    match clean.char_indices().nth(longest) {
        Some((end, _)) => (clean[..end].trim_end().to_owned(), false),
        None => (clean.to_owned(), true),
    }
}

/// The word without characters that change direction or that nobody sees.
fn shown(word: &str) -> String {
    word.chars().filter(|c| !turns(*c)).collect()
}

/// Unicode's directional formatting, invisible and line-separating characters.
fn turns(c: char) -> bool {
    matches!(c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        for (given, want) in [
            ("Max\r\nBcc: x@y.example", "Max Bcc: x@y.example"),
            ("  Max \t\u{a0} Muster\u{0}mann ", "Max Muster mann"),
            ("\u{202e}xaM\u{2066}", "xaM"),
            ("\u{85}\u{2028}\u{2029}", ""),
            ("Ünal Çelik 株式会社 🚢", "Ünal Çelik 株式会社 🚢"),
        ] {
            assert_eq!(line(given, 100), want, "{given:?}");
        }
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("äöü ÄÖÜ", 7).chars().count(), 7);
    }

    #[test]
    fn a_block_keeps_its_lines_and_says_when_it_was_cut() {
        assert_eq!(block(" a\r\n\r\nb\tc\u{1b}[31m\rd ", 100), ("a\n\nb c[31m\nd".to_owned(), true));
        assert_eq!(block("ääää", 3), ("äää".to_owned(), false));
        assert_eq!(block("äää", 3), ("äää".to_owned(), true));
        assert_eq!(block("\r\n\u{0}", 3), (String::new(), true));
    }
}
