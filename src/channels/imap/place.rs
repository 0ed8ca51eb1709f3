//! How far a folder has been read: what is kept, and what a new connection makes of it.
//!
//! Pure rules. In come the kept text and what the server says about the folder, out comes the
//! place to go on from. A place stands for "every mail up to this UID has an outcome".

use std::fmt;

use jiff::Timestamp;

use super::Start;

/// How far a folder has been read; kept as `UIDVALIDITY:LASTUID`, or `UIDVALIDITY:LASTUID:SINCE:THERE`
/// where mail that lay there from before that time (seconds of Unix time) is to be left alone. Of a folder
/// that is waited for only the time is known: `0:0:SINCE:4294967295`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The folder's UIDs mean something only together with this number (RFC 3501 §2.3.1.1).
    pub(super) validity: u32,
    /// Every mail up to this UID has an outcome.
    pub(super) last: u32,
    /// Mail that the server received earlier, and that lay there when the folder was first seen, is left alone: it was
    /// there before us, or is from before the day that the settings name.
    pub(super) since: Option<Timestamp>,
    /// The highest UID when the folder was first read. What has a higher one came in afterwards, however old it is:
    /// somebody moved it here. None is higher in a folder that was numbered anew: a server that is moved or restored
    /// may put all of its old mail there bit by bit.
    pub(super) there: u32,
}

/// What the server says about a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    /// UIDVALIDITY; 0 when the server has none.
    pub(super) validity: u32,
    /// The highest UID given so far: UIDNEXT less one, or that of the last mail if it is higher.
    pub(super) highest: u32,
}

/// Where a connection starts reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It goes on where the last one stopped.
    GoOn(Place),
    /// The folder was never read before.
    First(Place),
    /// The server numbered the folder anew: all of it is read again, and what is known will be
    /// recognised.
    Anew(Place),
}

impl Opening {
    /// The place to read on from.
    pub(super) fn place(self) -> Place {
        match self {
            Self::GoOn(place) | Self::First(place) | Self::Anew(place) => place,
        }
    }
}

/// What to make of the kept place, if any, now that the server has shown the folder.
pub(super) fn open(kept: Option<&str>, folder: Folder, start: Start, now: Timestamp) -> Opening {
    let Folder { validity, highest } = folder;
    let awaited = kept.and_then(Place::parse).filter(|place| place.is_awaited() && validity != 0);
    if let (Some(awaited), Start::New) = (awaited, start) {
        return Opening::First(Place { validity, there: highest, ..awaited });
    }
    let Some(kept) = kept.filter(|_| awaited.is_none()) else {
        return Opening::First(match start {
            Start::New => Place { validity, last: highest, since: Some(now), there: highest },
            Start::All => Place { validity, last: 0, since: None, there: highest },
            Start::Since(day) => Place { validity, last: 0, since: Some(day), there: highest },
        });
    };
    match Place::parse(kept) {
        // A highest UID below ours means that the server started to count again.
        Some(place) if place.validity == validity && place.last <= highest => Opening::GoOn(place),
        Some(place) => Opening::Anew(Place { validity, last: 0, since: place.since, there: u32::MAX }),
        None => Opening::Anew(Place { validity, last: 0, since: None, there: u32::MAX }),
    }
}

impl Place {
    /// That of a folder that cannot be opened yet: what comes from now on is new when it can.
    pub(super) fn awaited(now: Timestamp) -> Self {
        Self { validity: 0, last: 0, since: Some(now), there: u32::MAX }
    }

    fn is_awaited(self) -> bool {
        matches!(self, Self { validity: 0, last: 0, since: Some(_), there: u32::MAX })
    }

    /// The place after `uid`.
    pub(super) fn at(self, uid: u32) -> Self {
        Self { last: uid, ..self }
    }

    /// Whether the mail `uid`, which the server received at `received`, is to be left alone.
    pub(super) fn is_before_us(&self, uid: u32, received: Option<Timestamp>) -> bool {
        // Servers count in whole seconds.
        let earlier =
            matches!((self.since, received), (Some(since), Some(received)) if received.as_second() < since.as_second());
        earlier && uid <= self.there
    }

    /// How the ledger names the mail `uid` of `folder`.
    pub(super) fn source(self, folder: &str, uid: u32) -> String {
        format!("{folder}, UID {uid} (UIDVALIDITY {})", self.validity)
    }

    /// The mail of `folder` that the ledger names like this, if it is one under this numbering.
    pub(super) fn uid(self, folder: &str, source: &str) -> Option<u32> {
        let (uid, validity) = source.strip_prefix(folder)?.strip_prefix(", UID ")?.split_once(" (UIDVALIDITY ")?;
        (validity.strip_suffix(')')?.parse() == Ok(self.validity)).then(|| uid.parse().ok())?
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let validity = parts.next()?.parse().ok()?;
        let last = parts.next()?.parse().ok()?;
        let since = match parts.next() {
            Some(seconds) => Some(Timestamp::from_second(seconds.parse().ok()?).ok()?),
            None => None,
        };
        // Once it was not written down.
        let there = parts.next().map_or(Ok(u32::MAX), str::parse).ok()?;
        parts.next().is_none().then_some(Self { validity, last, since, there })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.validity, self.last)?;
        self.since.map_or(Ok(()), |since| write!(f, ":{}:{}", since.as_second(), self.there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: Folder = Folder { validity: 3, highest: 17 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_place_reads_back_from_its_text() {
        for text in ["3:17", "3:17:1795000000:9", "4294967295:0"] {
            assert_eq!(Place::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "3", "3:", "x:1", "3:17:", "3:17:1:x", "3:17:1:2:3", "-1:2"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_mail_is_found_by_the_name_that_the_ledger_gives_it_and_only_under_its_numbering() {
        let place = Place { validity: 3, last: 0, since: None, there: 0 };
        let source = place.source("INBOX, UID 3", 17);
        assert_eq!(source, "INBOX, UID 3, UID 17 (UIDVALIDITY 3)");
        assert_eq!((place.uid("INBOX, UID 3", &source), place.uid("INBOX", &source)), (Some(17), None));
        assert_eq!(Place { validity: 4, ..place }.uid("INBOX, UID 3", &source), None);
        for other in ["", "fair.csv, line 4", "INBOX, UID x (UIDVALIDITY 3)", "INBOX, UID 17"] {
            assert_eq!(place.uid("INBOX", other), None, "{other}");
        }
    }

    #[test]
    fn the_first_connect_takes_what_comes_from_now_on_or_all() {
        let new = open(None, FOLDER, Start::New, at(100));
        assert_eq!(new, Opening::First(Place { validity: 3, last: 17, since: Some(at(100)), there: 17 }));
        let all = open(None, FOLDER, Start::All, at(100));
        assert_eq!(all, Opening::First(Place { validity: 3, last: 0, since: None, there: 17 }));
        let since = open(None, FOLDER, Start::Since(at(50)), at(100));
        assert_eq!(since, Opening::First(Place { validity: 3, last: 0, since: Some(at(50)), there: 17 }));
    }

    #[test]
    fn what_comes_while_a_folder_is_waited_for_is_new_when_it_is_there() {
        let kept = Place::awaited(at(90)).to_string();
        let opening = open(Some(&kept), FOLDER, Start::New, at(100));
        assert_eq!(opening, Opening::First(Place { validity: 3, last: 0, since: Some(at(90)), there: 17 }));
        let place = opening.place();
        assert!(place.is_before_us(17, Some(at(89))) && !place.is_before_us(1, Some(at(90))));
        for start in [Start::All, Start::Since(at(50))] {
            assert_eq!(
                open(Some(&kept), FOLDER, start, at(100)),
                open(None, FOLDER, start, at(100)),
                "by the settings"
            );
        }
        let without = Folder { validity: 0, highest: 2 };
        assert!(matches!(open(Some("0:2:90:1"), without, Start::New, at(100)), Opening::GoOn(_)));
    }

    #[test]
    fn a_later_connect_goes_on_whatever_the_settings_say_by_now() {
        for start in [Start::New, Start::All, Start::Since(at(70))] {
            for (kept, there) in [("3:9:50:8", 8), ("3:9:50", u32::MAX)] {
                let opening = open(Some(kept), FOLDER, start, at(100));
                assert_eq!(opening, Opening::GoOn(Place { validity: 3, last: 9, since: Some(at(50)), there }));
            }
        }
        assert!(matches!(open(Some("3:17"), FOLDER, Start::All, at(100)), Opening::GoOn(_)));
    }

    #[test]
    fn a_folder_that_is_numbered_anew_is_read_again() {
        let anew = |since| Opening::Anew(Place { validity: 3, last: 0, since, there: u32::MAX });
        assert_eq!(open(Some("2:9"), FOLDER, Start::All, at(100)), anew(None));
        assert_eq!(open(Some("2:9:50"), FOLDER, Start::New, at(100)), anew(Some(at(50))));
        assert_eq!(open(Some("3:18"), FOLDER, Start::All, at(100)), anew(None), "the server counts from below again");
        assert_eq!(open(Some("nonsense"), FOLDER, Start::New, at(100)), anew(None));
    }

    #[test]
    fn only_mail_from_before_the_first_connect_is_left_alone() {
        let since = Some(Timestamp::from_millisecond(100_900).unwrap());
        let place = Place { validity: 3, last: 0, since, there: 17 };
        assert!(place.is_before_us(17, Some(at(99))));
        assert!(!place.is_before_us(18, Some(at(99))), "somebody moved it here afterwards");
        assert!(!place.is_before_us(17, Some(at(100))), "the same second");
        assert!(!place.is_before_us(17, None));
        assert!(!Place { since: None, ..place }.is_before_us(17, Some(at(1))));
    }
}
