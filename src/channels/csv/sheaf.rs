//! Too many rows of a file that cannot be read are kept together, so that no file fills the ledger.
//!
//! In: bad rows in the file's order. Out: the first thousand one by one, then many in one, with the
//! text of all of them. The same file always gives the same, so that reading can go on after a stop.

use super::rows::BadRow;

/// Bad rows of a file that are kept one by one.
const ONE_BY_ONE: u64 = 1000;
/// Bytes of text that are kept together, about.
const TOGETHER: usize = 256 * 1024;

/// Bad rows that are being gathered.
#[derive(Debug, Default)]
pub(super) struct Sheaf {
    seen: u64,
    gathered: Option<BadRow>,
    last: u64,
}

impl Sheaf {
    /// Takes a bad row; gives what is to be kept now.
    pub(super) fn add(&mut self, bad: BadRow) -> Option<BadRow> {
        self.seen += 1;
        // A long one is its own, and says what is missing of it.
        if self.seen <= ONE_BY_ONE || bad.raw.len() >= TOGETHER {
            return Some(bad);
        }
        self.last = bad.line;
        match &mut self.gathered {
            None => self.gathered = Some(bad),
            Some(gathered) => {
                gathered.raw.push('\n');
                gathered.raw.push_str(&bad.raw);
                gathered.count += 1;
            }
        }
        if self.gathered.as_ref().is_some_and(|gathered| gathered.raw.len() >= TOGETHER) { self.rest() } else { None }
    }

    /// What was gathered and not given out yet.
    pub(super) fn rest(&mut self) -> Option<BadRow> {
        let mut bad = self.gathered.take()?;
        if bad.count > 1 {
            bad.reason = format!(
                "{} lines of the file cannot be read, the first of them line {}, the last line {}, and more than {ONE_BY_ONE} before: {}",
                bad.count, bad.line, self.last, bad.reason
            )
            .into();
        }
        Some(bad)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::contents;
    use super::super::rows::Item;

    #[test]
    fn of_many_torn_lines_the_first_are_kept_one_by_one_the_others_together_and_none_is_lost() {
        let mut text = String::from("Name;E-Mail\n");
        let mut torn = Vec::new();
        for number in 0..20_000 {
            let line = format!("\"torn {number};p{number}@firma.example;{}", "x".repeat(20));
            text += &line;
            text.push('\n');
            torn.push(line);
            if number % 1000 == 0 {
                text += &format!("Max {number};max{number}@firma.example\n");
            }
        }
        let read = || contents::open(Cursor::new(text.as_bytes()), &|| false).unwrap().rows.map(Result::unwrap);
        let (mut rows, mut kept, mut pieces, mut count) = (0, Vec::new(), 0, 0);
        for item in read() {
            match item {
                Item::Row(_) => rows += 1,
                Item::Bad(bad) => {
                    pieces += 1;
                    count += bad.count;
                    kept.extend(bad.raw.lines().map(str::to_owned));
                    assert!(
                        bad.count == 1 || bad.reason.contains("lines of the file cannot be read"),
                        "{}",
                        bad.reason
                    );
                }
            }
        }
        assert_eq!((rows, count), (20, 20_000));
        assert!(kept == torn, "every line is kept, in order");
        assert!((1001..1020).contains(&pieces), "{pieces}");
        assert!(read().eq(read()), "the same each time");
    }
}
