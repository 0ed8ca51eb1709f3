//! Which files of the folder may be read: those that have not changed for a while.
//!
//! Listings come in with the time they were made; names of files to read come out. What the list
//! remembers is bounded by what lies in the folder.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use super::paths::{Entry, Sight, Standing};

/// How long a file that made trouble is left alone.
const AVOID: Duration = Duration::from_secs(30);

/// How much longer than others an empty file must rest,
const EMPTY: u32 = 30;
/// and how long at most, where `settle` is shorter.
const LONGEST_EMPTY: Duration = Duration::from_mins(1);

/// Remembers the files of the folder.
pub(super) struct Settling {
    settle: Duration,
    seen: HashMap<OsString, (Sight, Instant)>,
    avoided: HashMap<OsString, Instant>,
    left: HashSet<OsString>,
}

/// What a listing says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Files that have rested.
    pub(super) ready: Vec<(OsString, Sight)>,
    /// When the next one may have, if one is waiting.
    pub(super) next: Option<Instant>,
    /// Files that will never be read, with the reason; each is named once.
    pub(super) left: Vec<(OsString, &'static str)>,
}

impl Settling {
    /// A list that has seen nothing; a file must rest for `settle`.
    pub(super) fn new(settle: Duration) -> Self {
        Self { settle, seen: HashMap::new(), avoided: HashMap::new(), left: HashSet::new() }
    }

    /// Takes a listing made at `now`.
    pub(super) fn look(&mut self, entries: Vec<Entry>, now: Instant) -> Look {
        let mut look = Look::default();
        let mut seen = HashMap::new();
        let mut left = HashSet::new();
        self.avoided.retain(|_, until| *until > now);
        for Entry { name, sight, standing } in entries {
            match standing {
                Standing::Wait => {}
                Standing::Leave(reason) => {
                    if !self.left.contains(&name) {
                        look.left.push((name.clone(), reason));
                    }
                    left.insert(name);
                }
                Standing::Read | Standing::Empty => {
                    let since =
                        self.seen.get(&name).filter(|(before, _)| *before == sight).map_or(now, |(_, since)| *since);
                    let rest = if standing == Standing::Empty { self.empty() } else { self.settle };
                    let due = (since + rest).max(self.avoided.get(&name).copied().unwrap_or(now));
                    if due <= now {
                        look.ready.push((name.clone(), sight));
                    } else {
                        look.next = Some(look.next.map_or(due, |next| next.min(due)));
                    }
                    seen.insert(name, (sight, since));
                }
            }
        }
        self.seen = seen;
        self.left = left;
        look
    }

    /// How long an empty file must rest.
    fn empty(&self) -> Duration {
        (self.settle * EMPTY).min(LONGEST_EMPTY).max(self.settle)
    }

    /// The file changed: it must rest anew.
    pub(super) fn forget(&mut self, name: &OsStr) {
        self.seen.remove(name);
    }

    /// The file made trouble: it is left alone for a while.
    pub(super) fn avoid(&mut self, name: &OsStr, now: Instant) {
        self.avoided.insert(name.to_owned(), now + AVOID);
    }

    /// Whether a file is being avoided.
    pub(super) fn in_trouble(&self) -> bool {
        !self.avoided.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::paths::Paths;
    use super::*;

    #[test]
    fn a_file_is_ready_once_it_has_rested() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let write = |text: &str| std::fs::write(folder.path().join("a.csv"), text).unwrap();
        let mut settling = Settling::new(Duration::from_secs(2));
        let start = Instant::now();
        let mut at = |millis: u64| settling.look(paths.list().unwrap(), start + Duration::from_millis(millis));
        write("a");
        assert_eq!((at(0).ready.len(), at(1900).ready.len()), (0, 0));
        write("a;b");
        let look = at(2000);
        assert_eq!((look.ready.len(), look.next), (0, Some(start + Duration::from_secs(4))));
        assert_eq!((at(3900).ready.len(), at(4000).ready.len()), (0, 1));
        settling.forget(OsStr::new("a.csv"));
        let mut at =
            |millis: u64| settling.look(paths.list().unwrap(), start + Duration::from_millis(millis)).ready.len();
        assert_eq!((at(4100), at(6100)), (0, 1));
        settling.avoid(OsStr::new("a.csv"), start + Duration::from_secs(7));
        let mut at =
            |millis: u64| settling.look(paths.list().unwrap(), start + Duration::from_millis(millis)).ready.len();
        assert_eq!((at(7000), at(36_000), at(37_000)), (0, 0, 1));
    }

    #[test]
    fn an_empty_file_rests_longer_because_it_may_still_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        std::fs::write(folder.path().join("a.csv"), "").unwrap();
        let mut settling = Settling::new(Duration::from_secs(2));
        let start = Instant::now();
        let mut at = |seconds: u64| settling.look(paths.list().unwrap(), start + Duration::from_secs(seconds));
        assert_eq!((at(0).ready.len(), at(59).ready.len(), at(60).ready.len()), (0, 0, 1));
        std::fs::write(folder.path().join("a.csv"), "a").unwrap();
        assert_eq!((at(61).ready.len(), at(63).ready.len()), (0, 1));
    }

    #[test]
    fn a_file_that_is_left_is_named_once() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        std::os::unix::fs::symlink("/dev/null", folder.path().join("a.csv")).unwrap();
        let mut settling = Settling::new(Duration::from_secs(2));
        let mut left = || settling.look(paths.list().unwrap(), Instant::now()).left.len();
        assert_eq!((left(), left()), (1, 0));
    }
}
