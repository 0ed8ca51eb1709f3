//! How a file is written: its separator, its quotes, its header.
//!
//! Every separator that occurs is tried on the start of the file; the one that gives the most
//! even table of the most sensible cells wins. German decimals (`1,5`), dates and times do not
//! pass for separated cells, because the pieces a wrong separator leaves look like nothing.

use std::io;

use serde::Serialize;

use super::header;
use super::lines::Line;
use super::records::{Cells, Record, Records};
use super::shape::Shape;
use super::split::Syntax;

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dialect {
    /// Its encoding: `UTF-8`, `windows-1252`, `UTF-16LE` …
    pub encoding: &'static str,
    /// The character between cells; none where each line is one cell.
    pub delimiter: Option<char>,
    /// The character around cells that hold separators or line ends.
    pub quote: Option<char>,
    /// The character before a quote that belongs to a cell: a second quote or a backslash; none
    /// where the start of the file has no such quote (a doubled one is understood anyway).
    pub escape: Option<char>,
    /// The line of the header, counted from 1; none where every line is data.
    pub header_row: Option<u64>,
}

impl Dialect {
    /// The rule by which lines are split.
    pub(super) fn syntax(&self) -> Syntax {
        Syntax {
            delimiter: self.delimiter,
            quote: self.quote,
            escape: self.escape.filter(|escape| Some(*escape) != self.quote),
        }
    }
}

/// What the start of a file says about all of it.
pub(super) struct Sniffed {
    /// How the file is written.
    pub(super) dialect: Dialect,
    /// Names of its columns.
    pub(super) headers: Vec<String>,
}

/// Separators by how often people use them; ordinary text holds those with small weights, too.
const DELIMITERS: [(char, f64); 11] = [
    (',', 1.0),
    (';', 1.0),
    ('\t', 1.0),
    ('|', 0.97),
    ('\u{1f}', 0.97),
    ('~', 0.9),
    ('^', 0.9),
    ('§', 0.9),
    ('#', 0.8),
    (':', 0.55),
    (' ', 0.5),
];

/// Below this no separator makes a table, and a line is one cell.
const TABLE: f64 = 0.25;

/// Records of the sample that are weighed.
const RECORDS: usize = 1000;

/// Sniffs the first lines of a file. The last of them must be whole.
pub(super) fn sniff(encoding: &'static str, sample: &[Line]) -> Sniffed {
    let announced = sample.first().and_then(|line| announced(&line.text));
    let lines = &sample[usize::from(announced.is_some())..];
    let syntax = match announced {
        Some(delimiter) => Syntax { delimiter: Some(delimiter), quote: Some(quote(lines, delimiter)), escape: None },
        None => best(lines),
    };
    let syntax = Syntax { escape: backslash(lines, syntax), ..syntax };
    let records = read(lines, syntax);
    let plain = |index: &usize| header::is_plain(&records[*index], &records[index + 1..]);
    let found = header::find(&records).filter(|index| syntax.delimiter != Some(' ') || plain(index));
    let headers = found.map_or_else(|| header::invent(&records), |index| header::names(&records[index]));
    let escape = syntax.escape.or_else(|| doubled(&records, syntax));
    let header_row = found.map(|index| records[index].line);
    Sniffed {
        dialect: Dialect { encoding, delimiter: syntax.delimiter, quote: syntax.quote, escape, header_row },
        headers,
    }
}

/// The separator of a first line `sep=;`, which Excel writes and understands.
pub(super) fn announced(line: &str) -> Option<char> {
    let line = line.trim_matches('"');
    let rest = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &line[4..])?;
    let mut characters = rest.chars();
    let delimiter = characters.next()?;
    let ends = characters.all(|other| other == delimiter || other.is_whitespace() || matches!(other, ',' | ';'));
    (ends && !delimiter.is_alphanumeric()).then_some(delimiter)
}

/// The sample's records that hold anything.
fn read(lines: &[Line], syntax: Syntax) -> Vec<Record> {
    let lines = lines.iter().map(|line| Ok::<_, io::Error>(line.clone()));
    let holds = |record: &Record| header::cells(record).iter().any(|cell| !cell.trim().is_empty());
    Records::new(lines, syntax).flatten().filter(holds).take(RECORDS).collect()
}

fn best(lines: &[Line]) -> Syntax {
    let occurs = |delimiter: &char| lines.iter().any(|line| line.text.contains(*delimiter));
    let mut best: Option<(f64, Syntax)> = None;
    let mut any = false;
    for (delimiter, weight) in DELIMITERS.iter().filter(|(delimiter, _)| occurs(delimiter)) {
        let syntax = Syntax { delimiter: Some(*delimiter), quote: Some(quote(lines, *delimiter)), escape: None };
        let syntax = Syntax { escape: backslash(lines, syntax), ..syntax };
        let score = weight * evenness(&read(lines, syntax), *delimiter);
        any |= *delimiter != ' ' && *delimiter != ':';
        if best.is_none_or(|(other, _)| score > other) {
            best = Some((score, syntax));
        }
    }
    match best {
        Some((score, syntax)) if score >= TABLE => Syntax { escape: None, ..syntax },
        _ => Syntax { delimiter: if any { between_quotes(lines) } else { Some(',') }, quote: Some('"'), escape: None },
    }
}

/// The separator of several tables in one file, none of which outweighs the others.
fn between_quotes(lines: &[Line]) -> Option<char> {
    let stands = |delimiter: &char| {
        let between = format!("\"{delimiter}\"");
        let filled = lines.iter().filter(|line| !line.text.trim().is_empty()).count();
        lines.iter().filter(|line| line.text.contains(&between)).count() * 5 > filled
    };
    [',', ';', '\t', '|'].into_iter().find(stands)
}

/// How much of a table this is, 0 to 1: equal widths, and cells that look like something.
fn evenness(records: &[Record], delimiter: char) -> f64 {
    let widths = || records.iter().map(|record| header::cells(record).len());
    let width = header::usual(widths().filter(|width| *width > 1));
    if width < 2 {
        return 0.0;
    }
    // Notes before the table are no part of it.
    let start = widths().position(|other| other == width).unwrap_or(0);
    let table = &records[start..];
    let share = |test: &dyn Fn(&&Record) -> bool| ratio(table.iter().filter(test).count(), table.len());
    let even = share(&|record| header::cells(record).len() == width);
    let split = share(&|record| header::cells(record).len() > 1);
    let torn = share(&|record| !matches!(record.cells, Cells::Read(_)));
    let (sum, count) = table
        .iter()
        .flat_map(header::cells)
        .fold((0.0, 0), |(sum, count), cell| (sum + sense(cell, delimiter), count + 1));
    let sense = if count == 0 { 0.0 } else { sum / f64::from(count) };
    let wide = 1.0 - 0.5 / ratio(width, 1);
    // Spaces, colons and marks with a space after them, here and there, are punctuation.
    let later = || table.iter().flat_map(|record| header::cells(record).iter().skip(1));
    let apart = ratio(later().filter(|cell| cell.starts_with(' ')).count(), later().count());
    let even = if (apart > 0.8 || matches!(delimiter, ' ' | ':')) && even < 0.9 { even * 0.4 } else { even };
    // One line with marks in it, after others without, is a sentence.
    let wide = if table.len() == 1 && start > 0 && apart > 0.8 { wide * 0.3 } else { wide };
    let before = 1.0 - 0.3 * ratio(start, records.len());
    (0.75 * even + 0.25 * split) * sense * sense * wide * before * (1.0 - torn)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let small = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    small(part) / small(whole).max(1.0)
}

/// How much a cell looks like one, 0 to 1, rather than like a piece or a bundle of others.
fn sense(cell: &str, delimiter: char) -> f64 {
    // In a sentence a space follows each mark; between cells few programs write one.
    let apart = if cell.starts_with(' ') { 0.9 } else { 1.0 };
    let cell = cell.trim();
    apart
        * match Shape::of(cell) {
            Shape::Empty => 0.85,
            Shape::Text => text_sense(cell, delimiter),
            _ => 1.0,
        }
}

fn text_sense(cell: &str, delimiter: char) -> f64 {
    let mut sense: f64 = if cell.starts_with(char::is_alphanumeric) { 0.95 } else { 0.75 };
    // What follows a mark without a space was hardly written by a person.
    let tight = |mark: u8| {
        mark != delimiter as u8
            && cell.as_bytes().windows(2).any(|pair| pair[0] == mark && !pair[1].is_ascii_whitespace())
    };
    for (mark, doubt) in [(b'\t', 0.2), (b';', 0.5), (b'|', 0.5), (b',', 0.7)] {
        sense *= if tight(mark) { doubt } else { 1.0 };
    }
    if cell.starts_with('"') != cell.ends_with('"') {
        sense *= 0.3;
    }
    if cell.contains("\",\"") || cell.contains("\";\"") {
        sense *= 0.1;
    }
    if cell.ends_with('\'') && !cell.starts_with('\'') {
        sense *= 0.7;
    }
    if cell.ends_with([':', '(', '-', '/']) || cell.starts_with(['/', ')', '.']) {
        sense *= 0.7;
    }
    sense
}

/// Single quotes around cells count only where double ones do not stand there.
fn quote(lines: &[Line], delimiter: char) -> char {
    let around = |quote: char| lines.iter().map(|line| wrapped(&line.text, delimiter, quote)).sum::<usize>();
    let (double, single) = (around('"'), around('\''));
    if single > 1 && double == 0 { '\'' } else { '"' }
}

/// Cells of a line that begin and end with this quote.
fn wrapped(line: &str, delimiter: char, quote: char) -> usize {
    let whole = |cell: &&str| cell.trim().len() > 1 && cell.trim().starts_with(quote) && cell.trim().ends_with(quote);
    line.split(delimiter).filter(whole).count()
}

/// A backslash where quotes inside cells have one before them more often than another quote.
fn backslash(lines: &[Line], syntax: Syntax) -> Option<char> {
    let quote = syntax.quote?;
    let (mut escaped, mut doubled) = (0_usize, 0_usize);
    for line in lines {
        let text = &line.text;
        for (at, _) in text.match_indices(quote) {
            let after = text[at + quote.len_utf8()..].chars().next();
            let before = text[..at].chars().next_back();
            let ends = after.is_none() || after == syntax.delimiter;
            escaped += usize::from(before == Some('\\') && !ends);
            let inner = before.is_some_and(|before| Some(before) != syntax.delimiter);
            doubled += usize::from(inner && after == Some(quote));
        }
    }
    (escaped > doubled).then_some('\\')
}

/// The quote itself, where cells hold quotes that were doubled.
fn doubled(records: &[Record], syntax: Syntax) -> Option<char> {
    let quote = syntax.quote?;
    let twice: String = [quote, quote].iter().collect();
    let holds = |record: &Record| match &record.cells {
        Cells::Read(cells) => {
            record.raw.contains(&twice) && cells.iter().any(|cell| cell.contains(quote) && !cell.contains(&twice))
        }
        _ => false,
    };
    records.iter().any(holds).then_some(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        text.lines().zip(1..).map(|(text, number)| Line { number, text: text.into(), ..Line::default() }).collect()
    }

    fn delimiter(text: &str) -> Option<char> {
        sniff("UTF-8", &lines(text)).dialect.delimiter
    }

    #[test]
    fn separators_are_found_in_short_and_in_odd_tables() {
        let table = [
            ("Name;E-Mail\nMax;max@firma.example", Some(';')),
            ("Name,E-Mail\nMax,max@firma.example", Some(',')),
            ("Name\tE-Mail\nMax\tmax@firma.example", Some('\t')),
            ("Name|E-Mail\nMax|max@firma.example", Some('|')),
            ("Max;max@firma.example", Some(';')),
            ("sep=|\nName|Notiz\nMax|a;b,c", Some('|')),
            // German decimals, dates, times and prices.
            ("Firma;Umsatz;Anteil\nA GmbH;1,5;2,25\nB AG;2,5;3,75\nC KG;3,5;4,00", Some(';')),
            ("1,5;2,5;3,5\n4,5;5,5;6,5\n7,5;8,5;9,5", Some(';')),
            ("Datum;Uhrzeit;Name\n01.02.2026;10:30;Max\n02.02.2026;11:45;Eva", Some(';')),
            ("Name;Preis\nMax;1.234,56 €\nEva;99,00 €\nUdo;5,10 €", Some(';')),
            // Text with other separators in it.
            ("Name;Nachricht\nMax;Hallo, ich möchte, bitte, ein Angebot\nEva;Ja, gern, danke, bis bald", Some(';')),
            ("Name,Interessen\nMax,\"A;B;C\"\nEva,\"D;E;F\"", Some(',')),
            ("Name;Nachricht\nMax;\"Zeile eins,\nZeile zwei; mit Punkt\"\nEva;\"kurz\"", Some(';')),
            ("Name,Adresse\nMax,\"Weg 1; 10115 Berlin\"\nEva,\"Weg 2; 50667 Köln\"", Some(',')),
            ("Name\tNotiz\nMax\tHallo, Welt; ja\nEva\tGuten Tag, Welt; nein", Some('\t')),
            (
                "Firma: Messe, Halle 3\nStand: 12, links\n\nName;E-Mail;Ort\nMax;a@b.example;Bonn\nEva;c@d.example;Köln",
                Some(';'),
            ),
            ("E-Mail\nmax@firma.example\neva@firma.example", Some(',')),
            ("Nachricht\nHallo, ich bitte um Rückruf\nBitte ein Angebot senden\nDanke, das war gut; wirklich", None),
        ];
        for (text, want) in table {
            assert_eq!(delimiter(text), want, "{text}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_found() {
        let dialect = |text: &str| sniff("UTF-8", &lines(text)).dialect;
        let single = dialect("'a;b';'c'\n'd;e';'f'\n");
        assert_eq!((single.delimiter, single.quote), (Some(';'), Some('\'')));
        assert_eq!(dialect("a,b\n\"x \"\"y\"\" z\",1\n\"u\",2").escape, Some('"'));
        assert_eq!(dialect("a,b\n\"x \\\"y\\\", z\",1\n\"u\",2").escape, Some('\\'));
        assert_eq!(dialect("a,b\n\"C:\\\",1\n\"u\",2").escape, None);
        assert_eq!(dialect("Name,Maß\nMax,5\" Rohr\nEva,6\" Rohr").quote, Some('"'));
    }

    #[test]
    fn a_dialect_is_reported_in_the_words_of_the_contract() {
        let json = serde_json::to_value(sniff("UTF-8", &lines("Name;E-Mail\nMax;a@b.example")).dialect).unwrap();
        let want =
            serde_json::json!({"encoding": "UTF-8", "delimiter": ";", "quote": "\"", "escape": null, "header_row": 1});
        assert_eq!(json, want);
    }
}
