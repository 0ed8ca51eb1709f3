//! What a file holds: one look at all of it (encoding, hash), one at its start (dialect), then its rows.

use std::fmt::Write as _;
use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

use super::dialect::{self, Dialect, Sniffed};
use super::encoding::{Judge, SAMPLE, Verdict};
use super::lines::{Line, Lines};
use super::prose;
use super::rows::{COLUMNS, Rows};
use crate::normalize::Spelling;
use crate::normalize::fields::meaning;

/// The largest file, in bytes.
pub const LARGEST: u64 = 2 * 1024 * 1024 * 1024;

/// Bytes of a file that may be a note, all of which the ledger keeps.
const NOTE: u64 = super::reading::HEAD;

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;

/// Why a file as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The system does not let us.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// No text.
    #[error("it is {0}, not a CSV file")]
    Binary(&'static str),
    /// A kind of file that is not read, by its name.
    #[error("files like this one are not read, only .csv, .txt and .tsv files")]
    Kind,
    /// Text for reading.
    #[error("it is a text, not a table: no columns, and no header that is known")]
    Prose,
    /// One person's details, line by line.
    #[error("it is no table: each line names a detail of one person (`Name: …`, `E-Mail: …`)")]
    Labelled,
    /// Nothing but blank lines.
    #[error("it holds no rows and no header")]
    NoRows,
    /// One line that is neither a row that can be read nor a header that is known.
    #[error("its one line names no column that is known, and there are no rows below it")]
    OneLine,
    /// Larger than [`LARGEST`].
    #[error("it is {0} bytes long, more than 2 GiB")]
    TooLarge(u64),
    /// A header that wide is a wrong separator or no address list.
    #[error("it has {0} columns, more than 200")]
    TooManyColumns(usize),
    /// A defect of ours.
    #[error("reading it failed inside lotse")]
    Failed,
    /// The caller asked to stop.
    #[error("reading was stopped")]
    Stopped,
}

impl Unreadable {
    /// What a person can do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                "give the user that lotse runs as the right to read it"
            }
            Self::Io(error) if error.kind() == io::ErrorKind::NotFound => "check its name",
            Self::Io(_) => "check the disk, then try again",
            Self::Binary(_) => "open it in the program it was made with and save it as CSV (UTF-8)",
            Self::Kind => "save a table as CSV (UTF-8); send other files by mail to whom they are meant for",
            Self::Prose | Self::Labelled => "write a table with a header (`Name;E-Mail`) and a row for each person",
            Self::NoRows => "check that the export was made with the rows that were meant",
            Self::OneLine => "if the line is a person, write a header (`Name;E-Mail`) above it",
            Self::TooLarge(_) => "split it into smaller files",
            Self::TooManyColumns(_) => "delete the columns that are not needed, or check the separator",
            Self::Failed => "report this, with the file if it may be shown",
            Self::Stopped => "start again",
        }
    }
}

/// An opened file.
pub(super) struct Contents<R> {
    /// SHA-256 of its bytes, hex.
    pub(super) sha256: String,
    /// Its length in bytes.
    pub(super) length: u64,
    /// How it is written.
    pub(super) dialect: Dialect,
    /// Names of its columns.
    pub(super) headers: Vec<String>,
    /// Its rows, from the first.
    pub(super) rows: Rows<R>,
}

/// Opens a file for reading its rows. `stopped` is asked often.
pub(super) fn open<R: Read + Seek>(mut source: R, stopped: &dyn Fn() -> bool) -> Result<Contents<R>, Unreadable> {
    let survey = survey(&mut source, stopped)?;
    source.seek(SeekFrom::Start(0))?;
    let sample = sample(&mut source, &survey)?;
    let sniffed = dialect::sniff(survey.verdict.encoding.name(), &sample);
    let says_something = |line: &Line| line.cut > 0 || line.text.chars().any(char::is_alphanumeric);
    let nothing = sniffed.headers.is_empty() || !sample.iter().any(says_something);
    if nothing && survey.length <= SAMPLE as u64 {
        return Err(Unreadable::NoRows);
    }
    if sniffed.headers.len() > COLUMNS {
        return Err(Unreadable::TooManyColumns(sniffed.headers.len()));
    }
    let whole = survey.length <= NOTE;
    if whole && prose::is_labelled(&sample, sniffed.dialect.delimiter) {
        return Err(Unreadable::Labelled);
    }
    if may_be_prose(&sniffed, &sample) {
        let note = whole && prose::is_note(&sample);
        // A long text may be a list in sentences.
        if note
            || prose::is_prose(&sample) && (whole && prose::is_short(&sample) || !names_anybody(&mut source, &survey)?)
        {
            return Err(Unreadable::Prose);
        }
    }
    source.seek(SeekFrom::Start(0))?;
    let rows = Rows::new(Lines::new(source, survey.verdict), &sniffed.dialect, sniffed.headers.clone());
    let Survey { sha256, length, .. } = survey;
    Ok(Contents { sha256, length, dialect: sniffed.dialect, headers: sniffed.headers, rows })
}

/// Whether no table was found, or one that the commas and blanks of sentences make.
fn may_be_prose(sniffed: &Sniffed, sample: &[Line]) -> bool {
    let columns = match sniffed.dialect.delimiter {
        None | Some(' ' | ':') => false,
        Some(',') => !prose::are_commas_apart(sample),
        Some(_) => true,
    };
    (sniffed.headers.len() <= 1 || !columns) && !is_header(&sniffed.headers)
}

/// Whether one of these names of columns is known.
pub(super) fn is_header(names: &[String]) -> bool {
    names.iter().any(|name| meaning(name, &Spelling::default()).is_some())
}

/// Whether an address or a number to call stands anywhere in the file.
fn names_anybody(source: &mut (impl Read + Seek), survey: &Survey) -> Result<bool, Unreadable> {
    source.seek(SeekFrom::Start(0))?;
    for line in Lines::new(source, survey.verdict) {
        if prose::holds_contact(&line?.text) {
            return Ok(true);
        }
    }
    Ok(false)
}

struct Survey {
    verdict: Verdict,
    sha256: String,
    length: u64,
}

fn survey(source: &mut impl Read, stopped: &dyn Fn() -> bool) -> Result<Survey, Unreadable> {
    let mut judge = Judge::new();
    let mut hash = Sha256::new();
    let mut length = 0;
    let mut piece = vec![0; PIECE];
    loop {
        let read = match source.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if stopped() {
            return Err(Unreadable::Stopped);
        }
        length += read as u64;
        if length > LARGEST {
            return Err(Unreadable::TooLarge(length));
        }
        judge.feed(&piece[..read]);
        hash.update(&piece[..read]);
    }
    let sha256 = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    });
    Ok(Survey { verdict: judge.finish()?, sha256, length })
}

/// The first lines, all of them whole.
fn sample(source: &mut impl Read, survey: &Survey) -> Result<Vec<Line>, Unreadable> {
    let lines = Lines::new(source.take(SAMPLE as u64), survey.verdict);
    let mut sample = lines.collect::<Result<Vec<_>, _>>()?;
    if survey.length > SAMPLE as u64 && sample.len() > 1 {
        sample.pop();
    }
    Ok(sample)
}
