//! The physical lines of a file as text, numbered, in bounded memory.
//!
//! Bytes come in as they lie in the file, with the [`Verdict`] about their encoding; out come
//! lines without their line ends. A line longer than [`LINE`] is cut and marked, and reading goes
//! on after it. A line that is not in the file's encoding (two exports pasted together) is read as
//! well as can be, each by itself, and says so.

use std::io::{self, Read};

use encoding_rs::{Decoder, Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::encoding::{LineEnd, Verdict};

/// The longest line, in bytes; what is kept of a longer one.
pub(super) const LINE: usize = 1024 * 1024;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: u64,
    /// Without its line end.
    pub(super) text: String,
    /// Bytes that are missing at its end, because the line was too long.
    pub(super) cut: usize,
    /// What was done to it to make it text.
    pub(super) warnings: Vec<&'static str>,
}

/// Reads lines.
pub(super) struct Lines<R> {
    source: R,
    encoding: &'static Encoding,
    /// For encodings in which line ends cannot be found before they are decoded.
    decoder: Option<Decoder>,
    end: u8,
    mark: usize,
    /// Bytes read from the source.
    taken: u64,
    buffer: Vec<u8>,
    start: usize,
    /// From where on the buffer was not searched for a line end.
    searched: usize,
    number: u64,
    finished: bool,
}

impl<R: Read> Lines<R> {
    /// Lines of a source that stands at the start of the file.
    pub(super) fn new(source: R, verdict: Verdict) -> Self {
        let whole = [UTF_16LE, UTF_16BE, ISO_2022_JP].contains(&verdict.encoding);
        Self {
            source,
            encoding: if whole { UTF_8 } else { verdict.encoding },
            decoder: whole.then(|| verdict.encoding.new_decoder_without_bom_handling()),
            end: if verdict.line_end == LineEnd::Return { b'\r' } else { b'\n' },
            mark: verdict.mark,
            taken: 0,
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            number: 0,
            finished: false,
        }
    }

    /// Bytes of the file that were read so far; runs a little ahead of the lines.
    pub(super) fn position(&self) -> u64 {
        self.taken
    }

    /// Reads the next piece into the buffer.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        let mut piece = vec![0; PIECE];
        let length = read_some(&mut self.source, &mut piece)?;
        self.taken += length as u64;
        self.finished = length == 0;
        let mut piece = &piece[..length];
        let mark = self.mark.min(piece.len());
        piece = &piece[mark..];
        self.mark -= mark;
        match &mut self.decoder {
            None => self.buffer.extend_from_slice(piece),
            Some(decoder) => {
                let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(piece.len() * 4 + 16);
                let mut text = String::with_capacity(room);
                // The buffer is as long as the decoder asked for, so all input is used up.
                let (_, _, _) = decoder.decode_to_string(piece, &mut text, self.finished);
                self.buffer.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    /// The next line's bytes and how many are missing; `None` at the end of the file.
    fn bytes(&mut self) -> io::Result<Option<(Vec<u8>, usize)>> {
        let mut kept: Option<Vec<u8>> = None;
        let mut missing = 0;
        loop {
            if let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == self.end) {
                let end = self.searched + at;
                let line = self.buffer[self.start..end].to_vec();
                self.start = end + 1;
                self.searched = self.start;
                return Ok(Some(joined(kept, missing, line)));
            }
            self.searched = self.buffer.len();
            if self.buffer.len() - self.start > LINE {
                let line = &self.buffer[self.start..];
                if kept.is_some() {
                    missing += line.len();
                } else {
                    missing = line.len() - LINE;
                    kept = Some(line[..LINE].to_vec());
                }
                self.start = self.buffer.len();
            }
            if self.finished {
                let rest = self.buffer.split_off(self.start);
                self.buffer.clear();
                (self.start, self.searched) = (0, 0);
                let some = kept.is_some() || !rest.is_empty();
                return Ok(some.then(|| joined(kept, missing, rest)));
            }
            self.fill()?;
        }
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        let Some((mut bytes, cut)) = self.bytes()? else { return Ok(None) };
        self.number += 1;
        if cut == 0 && self.end == b'\n' && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let mut line = Line { number: self.number, cut, ..Line::default() };
        line.text = text(bytes, self.encoding, &mut line.warnings);
        if self.decoder.is_some() && line.text.contains('\u{FFFD}') {
            line.warnings.push(LOST);
        }
        Ok(Some(line))
    }
}

/// A line whose start was set aside, or a whole one.
fn joined(kept: Option<Vec<u8>>, missing: usize, rest: Vec<u8>) -> (Vec<u8>, usize) {
    match kept {
        Some(kept) => (kept, missing + rest.len()),
        None => (rest, 0),
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

fn read_some(source: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// What a line says that holds bytes without meaning.
const LOST: &str = "some characters could not be read in the file's encoding";

/// A line's bytes as text without NULs.
fn text(bytes: Vec<u8>, encoding: &'static Encoding, warnings: &mut Vec<&'static str>) -> String {
    let mut text = if encoding == UTF_8 || bytes.is_ascii() {
        String::from_utf8(bytes).unwrap_or_else(|error| {
            warnings.push("bytes that are no UTF-8 were read as windows-1252");
            let chunks = error.as_bytes().utf8_chunks();
            chunks.fold(String::new(), |text, chunk| {
                text + chunk.valid() + &WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0
            })
        })
    } else {
        foreign(&bytes, encoding, warnings)
    };
    if text.contains('\0') {
        warnings.push("NUL characters were left out");
        text.retain(|character| character != '\0');
    }
    text
}

/// A line of a file that is not in UTF-8. A line that is UTF-8 all the same is read as such: where
/// a letter is one byte, no other text looks like it by chance.
fn foreign(bytes: &[u8], encoding: &'static Encoding, warnings: &mut Vec<&'static str>) -> String {
    let (decoded, broken) = encoding.decode_without_bom_handling(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if broken || encoding.is_single_byte() => {
            warnings.push("the line is in UTF-8, the file is not; it was read as UTF-8");
            return text.to_owned();
        }
        _ if broken => warnings.push(LOST),
        _ => {}
    }
    decoded.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Vec<Line> {
        let verdict = Verdict { encoding, mark: 0, line_end: LineEnd::Feed };
        Lines::new(bytes, verdict).map(Result::unwrap).collect()
    }

    #[test]
    fn lines_are_numbered_and_lose_only_their_ends() {
        let got = lines(b"a\r\n\n b \nc", UTF_8);
        let got: Vec<_> = got.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(got, [(1, "a"), (2, ""), (3, " b "), (4, "c")]);
        assert!(lines(b"", UTF_8).is_empty());
    }

    #[test]
    fn a_line_without_an_end_is_cut_and_reading_goes_on() {
        let mut bytes = vec![b'x'; 3 * LINE];
        bytes.extend_from_slice(b"\nnext\n");
        let got = lines(&bytes, UTF_8);
        assert_eq!((got[0].cut, got[0].text.len()), (2 * LINE, LINE));
        assert_eq!((got[1].number, got[1].text.as_str(), got.len()), (2, "next", 2));
        let endless = lines(&vec![b'x'; 2 * LINE], UTF_8);
        assert_eq!((endless.len(), endless[0].cut, endless[0].text.len()), (1, LINE, LINE));
    }

    #[test]
    fn foreign_bytes_in_a_utf8_file_stay_readable() {
        let got = lines(b"J\xC3\xBCrgen\nJ\xFCrgen\0\n", UTF_8);
        assert_eq!((got[0].text.as_str(), got[0].warnings.len()), ("Jürgen", 0));
        assert_eq!((got[1].text.as_str(), got[1].warnings.len()), ("Jürgen", 2));
    }

    #[test]
    fn a_line_of_utf8_in_a_file_of_another_encoding_stays_readable() {
        let got = lines(b"J\xFCrgen\nK\xC3\xA4the\nUlm\n", WINDOWS_1252);
        let texts: Vec<&str> = got.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["Jürgen", "Käthe", "Ulm"]);
        assert_eq!(got.iter().map(|line| line.warnings.len()).collect::<Vec<_>>(), [0, 1, 0]);
        let japanese = lines(b"\x93\xfa\x96\x7b\n\x93\xfa\xff\n", encoding_rs::SHIFT_JIS);
        assert_eq!((japanese[0].text.as_str(), japanese[0].warnings.len()), ("日本", 0));
        assert_eq!(japanese[1].warnings, [LOST]);
    }

    #[test]
    fn wide_encodings_are_decoded_across_pieces() {
        let text = format!("{}\nzweite Zeile ä\n", "ü".repeat(PIECE / 2));
        let bytes: Vec<u8> = std::iter::once(b'x')
            .chain(std::iter::once(0))
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let got = lines(&bytes, encoding_rs::UTF_16LE);
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].text.chars().count(), PIECE / 2 + 1);
        assert_eq!(got[1].text, "zweite Zeile ä");
    }
}
