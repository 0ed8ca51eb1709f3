//! Files that are no tables, and folders that are none.

use super::*;

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
