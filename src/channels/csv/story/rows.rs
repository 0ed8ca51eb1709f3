//! Files that are tables: every row of them comes in, once.

use super::*;

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
