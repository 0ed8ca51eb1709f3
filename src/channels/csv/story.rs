//! What happens to files in a watched folder, told with a stand-in for the pipeline: it keeps
//! what comes in, and the channel's places in a real store in the same unit of work.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Config, Folder};
use crate::channels::health::{Board, Health};
use crate::channels::{Channel as _, Error};
use crate::intake::{Door, Refused, Work};
use crate::lead::{Delivery, Inbound, Name, Outcome, Reading, Receipt};
use crate::normalize::{Reader, Readers, Spelling, Trust};
use crate::store::{Records as _, Store};

/// A folder, a channel that watches it, and where its items end up.
struct House {
    folder: TempDir,
    channel: Folder,
    door: Door,
    store: Store,
    _store: TempDir,
    board: Board,
    health: Health,
    items: Arc<Mutex<Vec<Inbound>>>,
    refuse: Arc<Mutex<Refuse>>,
}

/// Which items the stand-in refuses.
#[derive(Clone, Copy)]
enum Refuse {
    None,
    /// All after so many.
    After(usize),
    /// One, after so many.
    OneAfter(usize),
}

fn name() -> Name {
    Name::parse("fairs").unwrap()
}

impl House {
    fn new() -> Self {
        let (folder, store_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(store_folder.path()).unwrap();
        let settings = crate::config::parse("", None).config.unwrap();
        let (door, mut queue) = Door::new(Readers::start(Reader::new(&settings)));
        let items: Arc<Mutex<Vec<Inbound>>> = Arc::default();
        let refuse = Arc::new(Mutex::new(Refuse::None));
        let (kept, left, places) = (Arc::clone(&items), Arc::clone(&refuse), store.clone());
        std::thread::spawn(move || {
            let mut batch = Vec::new();
            while queue.blocking_recv_many(&mut batch, 1000) > 0 {
                handle(batch.drain(..), &places, &kept, &left);
            }
        });
        let config = Config {
            folder: folder.path().join("in"),
            settle: Duration::from_millis(300),
            spelling: Spelling::default(),
        };
        let board = Board::default();
        let health = board.channel(&name(), "csv");
        let channel = Folder::new(name(), config);
        Self { folder, channel, door, store, _store: store_folder, board, health, items, refuse }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    /// Puts a whole file into the folder, as careful programs do: written elsewhere, then renamed.
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path("")).unwrap();
        let elsewhere = self.folder.path().join("elsewhere");
        fs::write(&elsewhere, bytes).unwrap();
        fs::rename(elsewhere, self.path(name)).unwrap();
    }

    /// Runs the channel until `done` says so, or fails.
    async fn run_until(&self, done: impl Fn(&Self) -> bool) -> Result<(), Error> {
        let stop = CancellationToken::new();
        let watched = async {
            let until = Instant::now() + Duration::from_mins(1);
            while !done(self) {
                assert!(Instant::now() < until, "it did not happen; {} items", self.items.lock().unwrap().len());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stop.cancel();
        };
        let running = self.channel.run(&self.door, &self.health, &stop);
        tokio::pin!(running);
        tokio::select! {
            result = &mut running => result,
            () = watched => running.await,
        }
    }

    async fn run_until_done(&self, files: &[&str]) {
        let lies = |file: &&str| self.path("done").join(file).is_file();
        self.run_until(|_| files.iter().all(lies)).await.unwrap();
    }

    fn items(&self) -> Vec<Inbound> {
        self.items.lock().unwrap().clone()
    }

    /// The first cells of the rows that came in.
    fn firsts(&self) -> Vec<String> {
        let first = |item: &Inbound| match pairs(item) {
            Some(pairs) => pairs[0].1.clone(),
            None => item.original.content_type.clone(),
        };
        self.items().iter().map(first).collect()
    }

    /// Refuses items from now on, or no more; waits until all that was sent is done.
    async fn refuse(&self, refuse: Refuse) {
        self.door.place(&name(), "flush").await.unwrap();
        *self.refuse.lock().unwrap() = refuse;
    }

    fn place(&self, file: &str) -> Option<String> {
        self.store.view(|view| view.place(&name(), &format!("file:{file}"))).unwrap()
    }
}

fn pairs(item: &Inbound) -> Option<Vec<(String, String)>> {
    item.original
        .content_type
        .starts_with("application/json")
        .then(|| serde_json::from_slice(&item.original.bytes).unwrap())
}

fn handle(batch: impl Iterator<Item = Work>, store: &Store, items: &Mutex<Vec<Inbound>>, refuse: &Mutex<Refuse>) {
    let mut replies: Vec<Box<dyn FnOnce()>> = Vec::new();
    let unit = store.unit(Timestamp::now(), |unit| {
        for work in batch {
            match work {
                Work::Item(prepared, reply) => {
                    if let Some(refused) = refused(&mut refuse.lock().unwrap()) {
                        replies.push(Box::new(move || drop(reply.send(Err(refused)))));
                        continue;
                    }
                    let inbound = prepared.inbound;
                    if let Some(place) = &inbound.place {
                        unit.keep_place(&inbound.channel, place)?;
                    }
                    let receipt = Receipt { intake: unit.new_id(), outcome: Outcome::Created, lead: None };
                    items.lock().unwrap().push(inbound);
                    replies.push(Box::new(move || drop(reply.send(Ok(receipt)))));
                }
                Work::Change(change, reply) => {
                    let result = change(unit)?;
                    replies.push(Box::new(move || drop(reply.send(Ok(result)))));
                }
            }
        }
        Ok(())
    });
    unit.unwrap();
    for reply in replies {
        reply();
    }
}

fn refused(refuse: &mut Refuse) -> Option<Refused> {
    match refuse {
        Refuse::After(0) => return Some(Refused::Stopping),
        Refuse::OneAfter(0) => {
            *refuse = Refuse::None;
            return Some(Refused::Failed("a panic".into()));
        }
        Refuse::After(left) | Refuse::OneAfter(left) => *left -= 1,
        Refuse::None => {}
    }
    None
}

fn table(rows: std::ops::Range<usize>) -> String {
    rows.fold("Name;E-Mail\n".to_owned(), |text, row| text + &format!("Person {row};p{row}@firma.example\n"))
}

fn people(rows: std::ops::Range<usize>) -> Vec<String> {
    rows.map(|row| format!("Person {row}")).collect()
}

#[tokio::test]
async fn every_row_comes_in_and_the_file_moves_to_done() {
    let house = House::new();
    house.put("fair.csv", table(0..500));
    house.run_until_done(&["fair.csv"]).await;
    assert_eq!(house.firsts(), people(0..500));
    let item = &house.items()[2];
    assert_eq!((item.source.as_str(), &item.delivery, item.quiet), ("fair.csv, line 4", &Delivery::Row, false));
    assert_eq!(pairs(item).unwrap()[1], ("E-Mail".into(), "p2@firma.example".into()));
    assert_eq!(house.place("fair.csv"), None, "the place is forgotten");
    let state = &house.board.states()[&name()];
    assert_eq!((state.state, state.items), ("ok", 500));
}

#[tokio::test]
async fn a_single_line_that_may_be_a_person_does_not_vanish() {
    let house = House::new();
    house.put("note.txt", "Herr Meier von der Firma Rot sucht drei Pumpen, bitte anrufen.\n");
    house.put("address.csv", "Max Muster, Muster GmbH, Hauptstr. 1, Bonn\n");
    house
        .run_until(|house| ["failed/note.txt", "failed/address.csv"].iter().all(|file| house.path(file).exists()))
        .await
        .unwrap();
    assert_eq!(house.items().len(), 2, "each stands in the ledger");
}

#[tokio::test]
async fn files_of_all_kinds_are_read_with_their_letters() {
    let house = House::new();
    let text = "Name;Ort\r\nJürgen Müller;Köln\r\nRené;\"Straße 5\r\nHinterhaus\"\r\n";
    house.put("excel.csv", encoding_rs::WINDOWS_1252.encode(text).0);
    house.put("mark.CSV", format!("\u{feff}{text}"));
    house.put("wide.txt", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    house.put("tabs.tsv", text.replace(';', "\t"));
    house.put("header.csv", "Name;E-Mail\n");
    house.run_until_done(&["excel.csv", "mark.CSV", "wide.txt", "tabs.tsv", "header.csv"]).await;
    let items = house.items();
    assert_eq!(items.len(), 8, "a header alone is no row");
    for item in items {
        let cells = pairs(&item).unwrap();
        let want = [["Jürgen Müller", "Köln"], ["René", "Straße 5\nHinterhaus"]];
        assert!(want.iter().any(|row| cells[0].1 == row[0] && cells[1].1 == row[1]), "{cells:?}");
        assert_eq!((cells[0].0.as_str(), cells[1].0.as_str()), ("Name", "Ort"));
    }
}

#[tokio::test]
async fn of_mixed_encodings_every_row_is_readable_and_those_that_are_not_the_files_say_so() {
    let house = House::new();
    let mut mixed = b"Name;Ort\nJ\xFCrgen;K\xF6ln\nB\xE4rbel;G\xF6rlitz\n".to_vec();
    mixed.extend_from_slice("Käthe;Münster\n".as_bytes());
    house.put("mixed.csv", mixed);
    house.run_until_done(&["mixed.csv"]).await;
    assert_eq!(house.firsts(), ["Jürgen", "Bärbel", "Käthe"]);
    let problems: Vec<Vec<String>> = house.items().iter().map(problems).collect();
    assert_eq!(problems[..2], [Vec::<String>::new(), Vec::new()]);
    assert_eq!(problems[2], ["line 4: the line is in UTF-8, the file is not; it was read as UTF-8"]);
}

/// What the lead of a row says about how it was read.
fn problems(item: &Inbound) -> Vec<String> {
    match Reader::default().read(item, Trust::Usual) {
        Reading::Lead(content) => content.problems,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_no_table_moves_to_failed_with_an_explanation() {
    let house = House::new();
    house.put("book.csv", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00xl/workbook.xml");
    house.put("blank.csv", "\n\n  \n;;;\n");
    house.put("letter.txt", "Dear all,\n\nplease print new flyers until March, and tell me when.\n\nThanks.\n");
    house.put("plan.pdf", "%PDF-1.7");
    house.put("list.xlsx", "PK");
    house.put("~$list.xlsx", "lock");
    let lies = |house: &House, file: &str| house.path("failed").join(file).is_file();
    let files = ["book.csv", "blank.csv", "letter.txt", "plan.pdf", "list.xlsx"];
    let all = |house: &House| files.iter().all(|file| lies(house, &format!("{file}.error.txt")));
    house.run_until(all).await.unwrap();
    assert!(house.path("~$list.xlsx").is_file(), "a lock file stays where it is");
    for (file, said) in [("letter.txt", "it is a text, not a table"), ("plan.pdf", "only .csv, .txt and .tsv files")] {
        let explained = fs::read_to_string(house.path(&format!("failed/{file}.error.txt"))).unwrap();
        assert!(explained.contains(said), "{explained}");
    }
    let explained = fs::read_to_string(house.path("failed/book.csv.error.txt")).unwrap();
    assert!(explained.contains("book.csv could not be read") && explained.contains("save it as CSV"), "{explained}");
    let items = house.items();
    assert_eq!(items.len(), files.len(), "each stands in the ledger once");
    let book = items.iter().find(|item| item.source == "book.csv").unwrap();
    assert!(book.original.content_type.starts_with("text/csv; unreadable=it is an Excel workbook"));
    assert!(book.original.bytes.starts_with(b"PK"));
    assert_eq!(house.place("book.csv"), None);
}

#[tokio::test]
async fn a_short_letter_is_quarantined_whole_and_no_line_of_it_is_a_lead() {
    let letters = [
        ("call.txt", "Hallo,\nbitte rufen Sie mich an: 030 1234567\nMax Mustermann\n"),
        ("offer.csv", "Sehr geehrte Damen und Herren,\n\nbitte ein Angebot.\n\nMax Muster\nmax@firma.example\n"),
        ("details.txt", "Name: Max\nE-Mail: max@firma.example\nNachricht: Bitte anrufen\n"),
        ("line.csv", "Guten Tag, wir suchen 20 Stühle; bitte Angebot an eva@firma.example\n"),
        ("fair.txt", "Dear team,\n\nI would like a quote for 20 chairs,\nplease write to eva@firma.example.\n\nEva\n"),
    ];
    let house = House::new();
    for (file, text) in letters {
        house.put(file, text);
    }
    let tables = [
        ("odd.csv", "Wer;Wohin\nMax;max@firma.example\nEva;eva@firma.example\n"),
        ("bare.csv", "Max Muster, max@firma.example, 030 1234567\n"),
        ("names.csv", "Max Mustermann\nEva Beispiel\n"),
    ];
    for (file, text) in tables {
        house.put(file, text);
    }
    let all = |house: &House| {
        letters.iter().all(|(file, _)| house.path(&format!("failed/{file}.error.txt")).is_file())
            && tables.iter().all(|(file, _)| house.path("done").join(file).is_file())
    };
    house.run_until(all).await.unwrap();
    let items = house.items();
    for (file, text) in letters {
        let of: Vec<_> = items.iter().filter(|item| item.source.starts_with(file)).collect();
        assert_eq!(of.len(), 1, "{file}");
        assert_eq!(String::from_utf8_lossy(&of[0].original.bytes), text);
        assert!(matches!(Reader::default().read(of[0], Trust::Usual), Reading::Unclear(_)), "{file}");
        assert!(matches!(Reader::default().read(of[0], Trust::Released), Reading::Lead(_)), "{file}");
    }
}

#[tokio::test]
async fn an_empty_file_moves_to_failed_and_comes_back_when_it_is_written_after_all() {
    let house = House::new();
    house.put("empty.csv", "");
    let lies = house.path("failed/empty.csv");
    let moved = |house: &House| house.path("failed/empty.csv.error.txt").is_file();
    house
        .run_until(|house| {
            if moved(house) && lies.is_file() {
                fs::write(&lies, table(0..2)).unwrap();
            }
            house.path("done/empty.csv").is_file()
        })
        .await
        .unwrap();
    let explained = fs::read_to_string(house.path("failed/empty.csv.error.txt")).unwrap();
    assert!(explained.contains("it holds no rows and no header"), "{explained}");
    let items = house.items();
    assert_eq!((items.len(), items[0].source.as_str()), (3, "empty.csv"));
    assert!(items[0].original.content_type.contains("unreadable=it holds no rows"));
}

#[tokio::test]
async fn a_file_we_may_not_read_moves_to_failed() {
    let house = House::new();
    house.put("secret.csv", table(0..2));
    fs::set_permissions(house.path("secret.csv"), fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(house.path("secret.csv")).is_ok() {
        eprintln!("skipped: the superuser may read everything");
        return;
    }
    house.run_until(|house| house.path("failed/secret.csv.error.txt").is_file()).await.unwrap();
    assert_eq!(house.items().len(), 1);
}

#[tokio::test]
async fn a_bad_row_has_its_own_entry_and_the_others_come_in() {
    let house = House::new();
    house.put("fair.csv", "Name;E-Mail;Ort\nMax;a@b.example;Bonn\n\"Eva;c@d.example\nUdo;e@f.example;Köln\n");
    house.run_until_done(&["fair.csv"]).await;
    let items = house.items();
    assert_eq!(
        items.iter().map(|item| item.source.as_str()).collect::<Vec<_>>(),
        ["fair.csv, line 2", "fair.csv, line 3", "fair.csv, line 4"]
    );
    assert!(items[1].original.content_type.starts_with("text/csv; unreadable=a quote is opened and never closed"));
    assert_eq!(items[1].original.bytes, b"\"Eva;c@d.example");
}

#[tokio::test]
async fn a_file_that_grows_slowly_is_read_when_it_is_whole() {
    let house = House::new();
    fs::create_dir_all(house.path("")).unwrap();
    let path = house.path("slow.csv");
    let writer = std::thread::spawn(move || {
        let mut file = File::create(path).unwrap();
        for piece in table(0..40).as_bytes().chunks(97) {
            file.write_all(piece).unwrap();
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    house.run_until_done(&["slow.csv"]).await;
    writer.join().unwrap();
    assert_eq!(house.firsts(), people(0..40));
}

#[tokio::test]
async fn a_writer_who_paused_too_long_still_brings_all_rows_in() {
    let house = House::new();
    fs::create_dir_all(house.path("")).unwrap();
    let mut file = File::create(house.path("paused.csv")).unwrap();
    file.write_all(table(0..10).as_bytes()).unwrap();
    let all = |house: &House| people(0..20).iter().all(|person| house.firsts().contains(person));
    let late = async {
        while !house.path("done/paused.csv").is_file() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let rest = table(10..20).split_once('\n').unwrap().1.to_owned();
        file.write_all(rest.as_bytes()).unwrap();
    };
    let run = house.run_until(|house| all(house) && house.path("done/paused.csv").is_file());
    tokio::join!(async { run.await.unwrap() }, late);
}

#[tokio::test]
async fn a_crash_in_the_middle_goes_on_at_the_next_row() {
    for crash in [1, 199, 200, 201, 777] {
        let house = House::new();
        house.put("fair.csv", table(0..1000));
        house.refuse(Refuse::After(crash)).await;
        assert!(matches!(house.run_until(|_| false).await, Err(Error::Intake(_))));
        assert!(house.path("fair.csv").is_file() && house.place("fair.csv").is_some());
        house.refuse(Refuse::None).await;
        house.run_until_done(&["fair.csv"]).await;
        assert!(house.firsts() == people(0..1000), "after {crash} rows: each row once, in order");
    }
}

#[tokio::test]
async fn a_row_that_was_refused_among_others_is_tried_again() {
    for at in [0, 120, 199, 450] {
        let house = House::new();
        house.put("fair.csv", table(0..500));
        house.refuse(Refuse::OneAfter(at)).await;
        assert!(matches!(house.run_until(|_| false).await, Err(Error::Intake(Refused::Failed(_)))));
        house.run_until_done(&["fair.csv"]).await;
        let firsts = house.firsts();
        assert!(people(0..500).iter().all(|person| firsts.contains(person)), "row {at}");
        assert!(firsts.len() < 500 + 2 * 200, "only its piece came again: {}", firsts.len());
    }
}

#[tokio::test]
async fn a_stop_lets_the_rows_in_flight_finish() {
    let house = House::new();
    house.put("fair.csv", table(0..3000));
    house.run_until(|house| house.items.lock().unwrap().len() > 250).await.unwrap();
    let taken = house.items().len();
    assert!(taken < 3000 && house.path("fair.csv").is_file(), "{taken}");
    house.run_until_done(&["fair.csv"]).await;
    assert_eq!(house.firsts(), people(0..3000));
}

#[tokio::test]
async fn another_file_of_the_same_name_is_read_from_its_start() {
    let house = House::new();
    house.put("fair.csv", table(0..1000));
    house.refuse(Refuse::After(400)).await;
    assert!(house.run_until(|_| false).await.is_err());
    house.refuse(Refuse::None).await;
    house.put("fair.csv", table(5000..5300));
    house.run_until_done(&["fair.csv"]).await;
    assert_eq!(house.firsts()[400..], people(5000..5300));
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_read_again() {
    let ways: [fn(&Path); 3] = [
        |path| fs::write(path, table(9000..9500)).unwrap(),
        |path| {
            File::options().append(true).open(path).unwrap().write_all(b"Person 9000;p9000@firma.example\n").unwrap();
        },
        |path| File::options().write(true).open(path).unwrap().set_len(60_000).unwrap(),
    ];
    for (number, change) in ways.into_iter().enumerate() {
        let house = House::new();
        house.put("fair.csv", table(0..4000));
        let path = house.path("fair.csv");
        let changed = std::sync::Once::new();
        let run = house.run_until(|house| {
            if house.items.lock().unwrap().len() > 300 {
                changed.call_once(|| change(&path));
            }
            house.path("done/fair.csv").is_file()
        });
        run.await.unwrap();
        let firsts = house.firsts();
        let want = match number {
            0 => people(9000..9500),
            1 => people(0..4000).into_iter().chain(people(9000..9001)).collect(),
            _ => people(0..1500),
        };
        for person in want {
            assert!(firsts.contains(&person), "way {number}: {person} is missing");
        }
    }
}

#[tokio::test]
async fn a_file_that_goes_away_while_it_is_read_is_no_trouble() {
    let house = House::new();
    house.put("fair.csv", table(0..4000));
    let path = house.path("fair.csv");
    let gone = std::sync::Once::new();
    let run = house.run_until(|house| {
        if house.items.lock().unwrap().len() > 300 {
            gone.call_once(|| {
                fs::remove_file(&path).unwrap();
                house.put("next.csv", table(7000..7001));
            });
        }
        house.path("done/next.csv").is_file()
    });
    run.await.unwrap();
    assert_eq!(house.board.states()[&name()].last_error, None);
}

#[tokio::test]
async fn equal_files_of_two_names_both_come_in_and_keep_their_names() {
    let house = House::new();
    house.put("a.csv", table(0..3));
    house.put("b.csv", table(0..3));
    house.run_until_done(&["a.csv", "b.csv"]).await;
    let mut firsts = house.firsts();
    firsts.sort();
    assert_eq!(firsts.len(), 6, "the ledger tells the second one's rows from the first one's");
    house.put("a.csv", table(3..4));
    house.run_until_done(&["a.csv", "a.2.csv", "b.csv"]).await;
}

#[tokio::test]
async fn a_burst_of_files_is_read_together() {
    let house = House::new();
    for number in 0..1500 {
        house.put(&format!("{number}.csv"), table(number..number + 1));
    }
    let begun = Instant::now();
    house
        .run_until(|house| house.items.lock().unwrap().len() >= 1500 && !house.path("1499.csv").exists())
        .await
        .unwrap();
    eprintln!("1500 files in {:?}", begun.elapsed());
    let mut firsts = house.firsts();
    firsts.sort();
    firsts.dedup();
    assert_eq!(firsts.len(), 1500);
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_an_error_that_names_it() {
    let house = House::new();
    fs::write(house.path("").to_str().unwrap().trim_end_matches('/'), "a file").unwrap();
    let error = house.run_until(|_| false).await.unwrap_err();
    assert!(error.to_string().contains("watching the folder `"), "{error}");
}

#[tokio::test]
async fn a_folder_that_goes_away_is_an_error() {
    let house = House::new();
    house.put("a.csv", table(0..1));
    let gone = std::sync::Once::new();
    let run = house.run_until(|house| {
        if house.path("done/a.csv").is_file() {
            gone.call_once(|| fs::remove_dir_all(house.path("")).unwrap());
        }
        false
    });
    assert!(matches!(run.await, Err(Error::Unreachable { .. })));
    house.put("b.csv", table(1..2));
    house.run_until_done(&["b.csv"]).await;
}
