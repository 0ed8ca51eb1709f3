//! Which encoding a file is written in: byte-order mark, then UTF-8, then UTF-16 without a mark, then statistics.
//!
//! The whole file goes through a [`Judge`] piece by piece, in bounded memory, so a file that is
//! plain for its first megabytes and is not after is still judged rightly. Out comes a
//! [`Verdict`], or the reason why this is no text. Of a file of mixed encodings (two exports pasted
//! together) the lines that are not in UTF-8 are judged; `lines` reads each line as what it is.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Unreadable;

/// Bytes from the start of a file that decide about binary files, UTF-16 and the dialect.
pub(super) const SAMPLE: usize = 256 * 1024;

/// Bytes the statistics look at; later pieces only count where they are not ASCII.
const STATISTICS: usize = 1024 * 1024;

/// Bytes of a line that the statistics see at once.
const PIECE: usize = 64 * 1024;

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// LF or CR LF.
    Feed,
    /// CR alone, as old Macintosh programs write it.
    Return,
}

/// What was found out about a file's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Its encoding.
    pub(super) encoding: &'static Encoding,
    /// Length of the byte-order mark.
    pub(super) mark: usize,
    /// How its lines end.
    pub(super) line_end: LineEnd,
}

/// Sees a whole file, piece by piece.
pub(super) struct Judge {
    head: Vec<u8>,
    /// The start of a line that goes on in the next piece.
    line: Vec<u8>,
    utf8: Utf8Count,
    detector: EncodingDetector,
    fed: usize,
    feeds: u64,
    returns: u64,
}

impl Judge {
    /// A judge who has seen nothing yet.
    pub(super) fn new() -> Self {
        Self {
            head: Vec::new(),
            line: Vec::new(),
            utf8: Utf8Count::default(),
            detector: EncodingDetector::new(Iso2022JpDetection::Allow),
            fed: 0,
            feeds: 0,
            returns: 0,
        }
    }

    /// Sees the next piece of the file.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        let room = SAMPLE.saturating_sub(self.head.len());
        self.head.extend_from_slice(&piece[..room.min(piece.len())]);
        self.utf8.feed(piece);
        for part in piece.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || part.ends_with(b"\r") || self.line.len() > PIECE {
                self.detect();
            }
        }
        if self.feeds == 0 {
            self.feeds += u64::from(piece.contains(&b'\n'));
            self.returns += u64::from(piece.contains(&b'\r'));
        }
    }

    /// Lets the statistics see a line, unless it is UTF-8, about which there is no doubt.
    fn detect(&mut self) {
        let line = std::mem::take(&mut self.line);
        let ascii = line.is_ascii();
        let wanted = self.fed < SAMPLE || (self.fed < STATISTICS && !ascii);
        if wanted && (ascii || std::str::from_utf8(&line).is_err()) {
            self.detector.feed(&line, false);
            self.fed += line.len();
        }
    }

    /// The verdict over everything that was seen.
    pub(super) fn finish(mut self) -> Result<Verdict, Unreadable> {
        self.detect();
        if let Some(what) = signature(&self.head) {
            return Err(Unreadable::Binary(what));
        }
        let line_end = if self.feeds == 0 && self.returns > 0 { LineEnd::Return } else { LineEnd::Feed };
        if let Some((encoding, mark)) = Encoding::for_bom(&self.head) {
            return Ok(Verdict { encoding, mark, line_end });
        }
        let encoding = match utf16_without_mark(&self.head) {
            Some(encoding) => encoding,
            None if mostly_control(&self.head) => return Err(Unreadable::Binary("a binary file")),
            None => self.by_bytes(),
        };
        Ok(Verdict { encoding, mark: 0, line_end })
    }

    fn by_bytes(&mut self) -> &'static Encoding {
        self.utf8.finish();
        let escapes = self.head.windows(2).any(|pair| pair == b"\x1b$" || pair == b"\x1b(");
        if self.utf8.broken == 0 && !escapes {
            return UTF_8;
        }
        // A few bad bytes among many good sequences: UTF-8 with a foreign piece, not another encoding.
        if self.utf8.sequences >= 4 * self.utf8.broken && self.utf8.sequences > 0 {
            return UTF_8;
        }
        self.detector.feed(b"", true);
        let guess = self.detector.guess(None, Utf8Detection::Deny);
        if guess == WINDOWS_1252 && looks_macintosh(&self.head) { MACINTOSH } else { guess }
    }
}

/// Counts UTF-8 sequences over pieces that may cut one in two.
#[derive(Default)]
struct Utf8Count {
    carry: Vec<u8>,
    sequences: u64,
    broken: u64,
}

impl Utf8Count {
    fn feed(&mut self, piece: &[u8]) {
        if self.carry.is_empty() {
            self.count(piece);
        } else {
            // At most three bytes were left over, so a few more settle what they are.
            let head = piece.len().min(8);
            let mut joined = std::mem::take(&mut self.carry);
            joined.extend_from_slice(&piece[..head]);
            self.count(&joined);
            if self.carry.is_empty() {
                self.count(&piece[head..]);
            } else {
                let mut joined = std::mem::take(&mut self.carry);
                joined.extend_from_slice(&piece[head..]);
                self.count(&joined);
            }
        }
    }

    fn count(&mut self, mut bytes: &[u8]) {
        loop {
            let (valid, broken) = match std::str::from_utf8(bytes) {
                Ok(text) => (text.len(), None),
                Err(error) => (error.valid_up_to(), Some(error.error_len())),
            };
            if !bytes[..valid].is_ascii() {
                self.sequences += bytes[..valid].iter().filter(|byte| **byte >= 0xC0).count() as u64;
            }
            match broken {
                None => return,
                Some(None) => {
                    self.carry.extend_from_slice(&bytes[valid..]);
                    return;
                }
                Some(Some(length)) => {
                    self.broken += 1;
                    bytes = &bytes[valid + length..];
                }
            }
        }
    }

    fn finish(&mut self) {
        self.broken += u64::from(!self.carry.is_empty());
        self.carry.clear();
    }
}

/// Names files that people put into the folder by mistake.
fn signature(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 12] = [
        (b"PK\x03\x04", "an Excel workbook (XLSX) or another ZIP archive"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Excel workbook (XLS) or another Office document"),
        (b"%PDF-", "a PDF document"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
        (b"Rar!\x1A\x07", "a RAR archive"),
        (b"BZh", "a bzip2 archive"),
        (b"\x28\xB5\x2F\xFD", "a Zstandard archive"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"\x7FELF", "a program"),
    ];
    // `BZh` and `GIF8` are letters, too: archives and pictures go on with bytes that are no text.
    let binary = |head: &[u8]| head.iter().take(64).any(|byte| *byte < 9 || *byte >= 0x80);
    KNOWN
        .iter()
        .find(|(start, _)| head.starts_with(start) && (*start == b"%PDF-" || binary(head)))
        .map(|(_, what)| *what)
}

/// Control characters that text does not hold in number.
fn mostly_control(head: &[u8]) -> bool {
    let control = |byte: &&u8| matches!(**byte, 0..=8 | 0x0E..=0x1A | 0x1C..=0x1F);
    let count = head.iter().filter(control).count();
    count >= 3 && count * 20 > head.len()
}

/// UTF-16 shows by what it makes of the bytes: no broken pairs, no controls, and the plain
/// characters every table has (line ends, spaces, separators, digits).
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let nuls = head.split(|byte| *byte == 0).count() - 1;
    let plain = |byte: &u8| matches!(byte, 0 | b'\t' | b'\n' | b'\r' | b' '..=b'~');
    // Of plain text every second byte would be NUL.
    if nuls == 0 || head.len() < 4 || (nuls * 4 < head.len() && head.iter().all(plain)) {
        return None;
    }
    let little = plain_units(head, u16::from_le_bytes);
    let big = plain_units(head, u16::from_be_bytes);
    let (encoding, plain) = if little >= big { (UTF_16LE, little) } else { (UTF_16BE, big) };
    (plain * 20 >= head.len() / 2).then_some(encoding)
}

/// Plain characters if the bytes are UTF-16 in this order; 0 if they cannot be.
fn plain_units(head: &[u8], unit: fn([u8; 2]) -> u16) -> usize {
    let units = head.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut plain = 0;
    let mut broken = 0;
    for character in char::decode_utf16(units) {
        match character {
            Ok('\t' | '\n' | '\r' | ' '..='~') => plain += 1,
            Ok(other) if other.is_control() || ('\u{E000}'..='\u{F8FF}').contains(&other) => return 0,
            Ok('\u{FFFE}' | '\u{FFFF}') => return 0,
            Ok(_) => {}
            // The sample may end inside a pair.
            Err(_) if broken == 0 => broken += 1,
            Err(_) => return 0,
        }
    }
    plain
}

/// Excel for Macintosh writes ü as 9F, which windows-1252 reads as a capital Ÿ inside a word.
fn looks_macintosh(head: &[u8]) -> bool {
    let inside = |triple: &&[u8]| triple[0].is_ascii_alphabetic() && triple[2].is_ascii_lowercase();
    let words = || head.windows(3).filter(inside);
    let mac = words().filter(|triple| matches!(triple[1], 0x8A | 0x8E | 0x9A | 0x9F | 0xA7)).count();
    let latin = words().filter(|triple| triple[1] >= 0xC0).count();
    mac > 0 && latin == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(bytes: &[u8], piece: usize) -> Result<Verdict, Unreadable> {
        let mut judge = Judge::new();
        for part in bytes.chunks(piece) {
            judge.feed(part);
        }
        judge.finish()
    }

    fn name(bytes: &[u8]) -> &'static str {
        let whole = judge(bytes, usize::MAX).unwrap();
        assert_eq!(whole.encoding, judge(bytes, 7).unwrap().encoding, "the size of the pieces decides nothing");
        whole.encoding.name()
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn encodings_are_told_apart() {
        let german = "Vorname;Nachname;Straße\r\nJürgen;Müller;Große Allee\r\nKäthe;Groß;Königsweg 5\r\n";
        let russian = "Имя;Фамилия;Телефон\r\nИван;Петров;1234\r\nАнна;Смирнова;5678\r\n";
        assert_eq!(name(german.as_bytes()), "UTF-8");
        assert_eq!(name(b"a;b\r\n1;2\r\n"), "UTF-8");
        assert_eq!(name(format!("\u{feff}{german}").as_bytes()), "UTF-8");
        assert_eq!(name(&WINDOWS_1252.encode(german).0), "windows-1252");
        assert_eq!(name(&encoding_rs::WINDOWS_1251.encode(russian).0), "windows-1251");
        assert_eq!(name(&utf16(german, u16::to_le_bytes)), "UTF-16LE");
        assert_eq!(name(&utf16(german, u16::to_be_bytes)), "UTF-16BE");
        assert_eq!(name(&utf16(russian, u16::to_le_bytes)), "UTF-16LE");
        assert_eq!(name(&utf16(&format!("\u{feff}{russian}"), u16::to_be_bytes)), "UTF-16BE");
        // `Müller` and `Straße` as Excel for Macintosh saves them.
        assert_eq!(name(b"Name;Ort\rM\x9Fller;Stra\xA7e\rJ\x9Frgen;K\x9Aln\r"), "macintosh");
    }

    #[test]
    fn a_file_that_is_plain_at_first_is_judged_by_what_comes_later() {
        let mut late = "Name;Ort\r\n".to_owned().into_bytes();
        while late.len() < 2 * SAMPLE {
            late.extend_from_slice(b"Max Mustermann;Berlin\r\n");
        }
        late.extend_from_slice(b"J\xFCrgen M\xFCller;M\xFCnchen\r\n");
        assert_eq!(judge(&late, 65_536).unwrap().encoding, WINDOWS_1252);
    }

    #[test]
    fn one_foreign_line_does_not_turn_a_utf8_file_into_another_encoding() {
        let mut bytes = "Name;Ort\nJürgen;Köln\nKäthe;Münster\nBärbel;Görlitz\n".as_bytes().to_vec();
        bytes.extend_from_slice(b"J\xF6rg;Bonn\n");
        assert_eq!(name(&bytes), "UTF-8");
    }

    #[test]
    fn of_mixed_encodings_the_lines_that_are_no_utf8_decide() {
        let russian = "Иван;Петров;Москва\nАнна;Смирнова;Казань\nОльга;Новикова;Тверь\n";
        let mut bytes = encoding_rs::WINDOWS_1251.encode(russian).0.into_owned();
        bytes.extend_from_slice(russian.as_bytes());
        assert_eq!(name(&bytes), "windows-1251");
        let mut german = b"J\xFCrgen;K\xF6ln\nB\xE4rbel;G\xF6rlitz\n".to_vec();
        german.extend_from_slice("Käthe;Münster\n".as_bytes());
        assert_eq!(name(&german), "windows-1252");
    }

    #[test]
    fn files_that_are_no_text_are_named() {
        let workbook = judge(b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml", 5).unwrap_err();
        assert!(workbook.to_string().contains("XLSX"), "{workbook}");
        let noise: Vec<u8> = (0..4000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
        assert!(matches!(judge(&noise, 64), Err(Unreadable::Binary(_))));
        assert_eq!(name(b"a,b,c\n\0,2,3\n"), "UTF-8", "a single NUL does not make a file binary");
        assert_eq!(name(b"GIF80;Name\n1;Max\n"), "UTF-8");
    }

    #[test]
    fn returns_alone_end_lines_only_where_there_are_no_feeds() {
        assert_eq!(judge(b"a,b\r1,2\r", 2).unwrap().line_end, LineEnd::Return);
        assert_eq!(judge(b"a,b\r\n1,2\r\n", 2).unwrap().line_end, LineEnd::Feed);
    }
}
