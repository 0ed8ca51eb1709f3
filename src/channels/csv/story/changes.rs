//! Files that change while they are looked at, and what stops half-way.

use super::*;

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
