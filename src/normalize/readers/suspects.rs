//! Items whose reading may end the process: `STORE/suspects`, one a line.
//!
//! A suspect is read in a process of its own, whenever it comes: that all went well there does not prove that
//! it would go well here, where less stack or memory may be left. Where it does not go well the item is
//! condemned, and from then on set aside without being read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::marks::Fingerprint;
use crate::normalize::hex;

/// How many are known at most; the oldest are forgotten. Each start adds a few at most.
const MOST: usize = 1000;
/// The file.
const FILE: &str = "suspects";

/// What is known about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Unknown,
    /// It was being read when the process ended.
    Suspect,
    /// Its reading ends a process, or never ends; and what exactly happened.
    Condemned(String),
}

/// The items that are known; oldest first.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    /// Where they are kept; `None` forgets them at the end.
    file: Option<PathBuf>,
    known: Vec<(Fingerprint, Standing)>,
}

impl Suspects {
    /// The suspects of a store's folder. What cannot be read is said in the log and left out: a daemon that
    /// does not come up would be worse.
    pub(super) fn load(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let bytes = fs::read(&path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(%error, file = %path.display(), "cannot read which items are dangerous");
            }
            Vec::new()
        });
        Self { file: Some(path), known: String::from_utf8_lossy(&bytes).lines().filter_map(parse).collect() }
    }

    pub(super) fn standing(&self, item: &Fingerprint) -> Standing {
        self.known.iter().find(|(known, _)| known == item).map_or(Standing::Unknown, |(_, standing)| standing.clone())
    }

    /// These were being read when the process ended; `false` when that could not be written down.
    pub(super) fn accuse(&mut self, items: &[Fingerprint]) -> bool {
        for item in items {
            if self.standing(item) == Standing::Unknown {
                self.put(item, Standing::Suspect);
            }
        }
        self.save()
    }

    /// Notes what came of reading an item apart.
    pub(super) fn learn(&mut self, item: &Fingerprint, standing: Standing) {
        if self.standing(item) != standing {
            self.put(item, standing);
            self.save();
        }
    }

    fn put(&mut self, item: &Fingerprint, standing: Standing) {
        self.known.retain(|(known, _)| known != item);
        self.known.push((*item, standing));
        let surplus = self.known.len().saturating_sub(MOST);
        self.known.drain(..surplus);
    }

    fn save(&self) -> bool {
        let Some(path) = &self.file else { return true };
        let text: String = self.known.iter().map(|(item, standing)| line(item, standing)).collect();
        let saved = replace(path, &text);
        if let Err(error) = &saved {
            tracing::warn!(%error, file = %path.display(), "cannot write down which items are dangerous");
        }
        saved.is_ok()
    }
}

/// Writes a file so that it is there whole, the old or the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn line(item: &Fingerprint, standing: &Standing) -> String {
    let (word, reason) = match standing {
        Standing::Unknown => return String::new(),
        Standing::Suspect => ("suspect", ""),
        Standing::Condemned(reason) => ("condemned", reason.as_str()),
    };
    format!("{} {word} {reason}", hex(item)).trim_end().replace(['\n', '\r'], " ") + "\n"
}

fn parse(line: &str) -> Option<(Fingerprint, Standing)> {
    let (digits, rest) = line.split_once(' ')?;
    let (word, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let standing = match word {
        "suspect" => Standing::Suspect,
        "condemned" => Standing::Condemned(reason.to_owned()),
        _ => return None,
    };
    Some((unhex(digits)?, standing))
}

fn unhex(digits: &str) -> Option<Fingerprint> {
    let mut item = Fingerprint::default();
    if digits.len() != 2 * item.len() || !digits.is_ascii() {
        return None;
    }
    for (i, byte) in item.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_all_and_a_broken_one_harms_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut suspects = Suspects::load(folder.path());
        assert!(suspects.accuse(&[[1; 32], [0xab; 32]]));
        suspects.learn(&[1; 32], Standing::Condemned("ended by signal 6\n(abort)".into()));
        let file = folder.path().join(FILE);
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(
            text,
            format!("{} suspect\n{} condemned ended by signal 6 (abort)\n", "ab".repeat(32), "01".repeat(32))
        );
        fs::write(
            &file,
            [format!("zz suspect\n{} what\n", "cd".repeat(32)).as_bytes(), b"\xfc\n", text.as_bytes()].concat(),
        )
        .unwrap();
        let suspects = Suspects::load(folder.path());
        assert_eq!(suspects.known.len(), 2);
        assert_eq!(suspects.standing(&[0xab; 32]), Standing::Suspect);
        assert_eq!(suspects.standing(&[1; 32]), Standing::Condemned("ended by signal 6 (abort)".into()));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut suspects = Suspects::default();
        let item = |n: usize| {
            let mut item = Fingerprint::default();
            item[..8].copy_from_slice(&n.to_le_bytes());
            item
        };
        for n in 1..=MOST + 5 {
            suspects.accuse(&[item(n)]);
        }
        assert_eq!(suspects.known.len(), MOST);
        assert_eq!((suspects.standing(&item(5)), suspects.standing(&item(6))), (Standing::Unknown, Standing::Suspect));
    }
}
