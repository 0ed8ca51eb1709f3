//! What letters promise to their readers.

use super::samples::{house, letter};
use super::*;
use crate::lead::{Candidate, Correspondent, Disposition, Failing, Fields, Person, Stage};

fn in_german(mut letter: Letter) -> Letter {
    letter.house = house(Language::German);
    letter
}

#[test]
fn the_language_is_that_of_the_organisations_country() {
    for (country, language) in [
        ("DE", Language::German),
        ("CH", Language::German),
        ("LU", Language::German),
        ("US", Language::English),
        ("FR", Language::English),
        ("", Language::English),
    ] {
        assert_eq!(Language::of_country(country), language, "{country}");
    }
}

#[test]
fn each_event_has_its_subject_in_both_languages() {
    for (event, german, english) in [
        (Event::Created, "Neuer Lead: Max Müstermann (Firma GmbH)", "New lead: Max Müstermann (Firma GmbH)"),
        (
            Event::Touched,
            "Max Müstermann (Firma GmbH) hat wieder geschrieben",
            "Max Müstermann (Firma GmbH) has written again",
        ),
        (Event::Assigned, "Jetzt Ihr Lead: Max Müstermann (Firma GmbH)", "Now yours: Max Müstermann (Firma GmbH)"),
        (Event::Stage, "Max Müstermann (Firma GmbH): Termin vereinbart", "Max Müstermann (Firma GmbH): meeting"),
    ] {
        let mut letter = letter();
        letter.notice.event = event;
        letter.lead.stage = Stage::Meeting;
        assert_eq!(subject(&letter), english);
        assert_eq!(subject(&in_german(letter)), german);
    }
}

#[test]
fn the_best_that_is_known_stands_for_a_name() {
    let mut letter = letter();
    letter.lead.person.name = None;
    assert_eq!(subject(&letter), "New lead: Firma GmbH");
    letter.lead.person.company = Some(" \u{7} ".to_owned());
    assert_eq!(subject(&letter), "New lead: max@firma.example");
    letter.lead.person.emails.clear();
    assert_eq!(subject(&letter), "New lead: +493012345678");
    letter.lead.person.phones.clear();
    assert_eq!(subject(&letter), "New lead: Unknown");
}

#[test]
fn the_text_says_who_what_whence_why_and_what_to_do() {
    let letter = letter();
    let text = text(&letter);
    let id = letter.lead.id.to_string();
    for part in [
        "Hello Anna Schmidt,",
        "a new lead is yours.",
        "  Name: Max Müstermann",
        "  Company: Firma GmbH",
        "  E-mail: max@firma.example",
        "  Phone: +493012345678",
        "  Subject: Anfrage",
        "> Bitte ein Angebot über 20 Stück",
        "  Stückzahl: 20",
        "  Channel: website",
        "  Page: https://www.example.com/kontakt",
        "  Campaign: source=messe",
        "  Received: 2026-11-23 10:12 CET",
        "score 45, qualified (qualified from 30)",
        "asks for a price (+20)",
        "  Tags: intent:price",
        "  Routing: team sales, whose turn it was",
        "goes straight to max@firma.example.",
        &format!("lotse leads show {id}"),
        &format!("lotse leads stage {id} accepted"),
        "https://leads.example.com",
        &letter.notice.id.to_string(),
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    assert_eq!(
        why(&letter),
        "score 45, qualified (qualified from 30); Rules: asks for a price (+20); team sales, whose turn it was"
    );
}

#[test]
fn a_second_message_is_the_one_that_is_told() {
    let mut letter = letter();
    letter.notice.event = Event::Touched;
    letter.touch.as_mut().unwrap().content.text = Some("Bitte doch 30 Stück".to_owned());
    let text = text(&in_german(letter));
    assert!(text.contains("Max Müstermann (Firma GmbH) hat wieder geschrieben."));
    assert!(text.contains("> Bitte doch 30 Stück"));
    assert!(!text.contains("20 Stück"));
}

#[test]
fn somebody_else_in_the_conversation_and_an_address_that_fails_are_named() {
    let mut letter = letter();
    letter.notice.event = Event::Touched;
    letter.lead.failing =
        vec![Failing { email: letter.lead.person.emails[0].clone(), at: letter.lead.created_at, why: None }];
    let eva = Email("eva@firma.example".to_owned());
    letter.lead.others = vec![Correspondent { email: eva.clone(), name: None }];
    let content = &mut letter.touch.as_mut().unwrap().content;
    content.from = Some("Eva <eva@firma.example>".to_owned());
    assert!(!text(&letter).contains("Written by"));
    letter.touch.as_mut().unwrap().content.person.emails = vec![eva];
    let text = text(&letter);
    assert!(text.contains("  Written by: Eva <eva@firma.example>\n"), "{text}");
    assert!(text.contains("max@firma.example.\n  Beware: a mail to this address came back.\n"), "{text}");
}

#[test]
fn a_lost_lead_names_its_reason_and_an_accepted_one_is_not_to_be_accepted() {
    let mut letter = letter();
    letter.notice.event = Event::Stage;
    letter.lead.stage = Stage::Lost;
    letter.lead.stage_reason = Some("no budget".to_owned());
    let text = text(&letter);
    assert!(text.contains("the stage is now: lost.\n  Reason: no budget"), "{text}");
    assert!(!text.contains("accepted"));
}

#[test]
fn absent_values_leave_no_empty_lines_labels_or_nulls() {
    let mut letter = letter();
    letter.lead.person = Person::default();
    letter.lead.subject = None;
    letter.lead.message = None;
    letter.lead.tags.clear();
    letter.lead.fields = Fields::new();
    letter.lead.disposition = Disposition::Review;
    letter.lead.reason = Some("looks odd".to_owned());
    (letter.touch, letter.decision, letter.owner) = (None, None, None);
    let text = text(&letter);
    assert!(text.starts_with("a new lead is yours.\n\nWHO\n  Unknown\n"), "{text}");
    assert!(text.contains("  (no text)\n"));
    assert!(text.contains("score 45, to be reviewed: looks odd"));
    for nothing in ["null", "None", ": \n", "Reply to"] {
        assert!(!text.contains(nothing), "{nothing} in:\n{text}");
    }
}

#[test]
fn a_long_message_is_cut_and_says_where_the_rest_is() {
    let mut letter = letter();
    letter.touch.as_mut().unwrap().content.text = Some("ä".repeat(100_000));
    let text = text(&letter);
    assert!(text.chars().count() < 6000);
    assert!(text.contains(&format!("[shortened; for all of it: lotse leads show {}]", letter.lead.id)));
}

#[test]
fn what_a_stranger_wrote_cannot_pass_for_ours() {
    let mut letter = letter();
    letter.touch.as_mut().unwrap().content.text = Some("hello\n\nWHAT TO DO\n  Pay here\r-- \rLotse".to_owned());
    letter.lead.person.name = Some("Max\n\nWHAT TO DO\n  Pay".to_owned());
    let text = text(&letter);
    assert_eq!(text.lines().filter(|row| row.starts_with("WHAT TO DO")).count(), 1, "{text}");
    assert_eq!(text.lines().filter(|row| row.starts_with("-- ")).count(), 1);
}

#[test]
fn an_answer_goes_only_to_plain_addresses() {
    for (address, fits) in [
        ("max@firma.example", true),
        ("max+x@firma.example", true),
        ("ü@firma.example", false),
        ("max@[127.0.0.1]", false),
        ("a b@firma.example", false),
        ("\"a,b\"@firma.example", false),
        ("a@b@firma.example", false),
        ("@firma.example", false),
        ("max@localhost", false),
        ("a\r\nb@firma.example", false),
    ] {
        let mut letter = letter();
        letter.lead.person.emails = vec![Email(address.to_owned())];
        assert_eq!(reply_to(&letter.lead).is_some(), fits, "{address:?}");
    }
}

#[test]
fn a_letter_is_in_one_language_and_its_times_in_one_zone_those_of_the_owner() {
    let mut letter = in_german(letter());
    letter.decision.as_mut().unwrap().routing.team = Some(samples::name("sales"));
    let german = text(&letter);
    assert!(german.contains("  Zuteilung: Team sales\n") && german.contains("10:12 CET"), "{german}");
    assert!(!german.contains("whose turn"), "{german}");
    let chosen =
        |reason: &str| Candidate { owner: samples::name("anna"), fate: Fate::Chosen, reason: reason.to_owned().into() };
    letter.decision.as_mut().unwrap().routing.candidates = vec![chosen(Candidate::TURN)];
    assert!(text(&letter).contains("  Zuteilung: Team sales, Sie waren an der Reihe\n"));
    letter.decision.as_mut().unwrap().routing.candidates =
        vec![chosen("works the newest open lead of the same company; …")];
    assert!(text(&letter).contains("  Zuteilung: Team sales, Sie betreuen diese Firma schon\n"));
    let decision = letter.decision.as_mut().unwrap();
    (decision.by, decision.routing.candidates) = ("lea".to_owned(), Vec::new());
    assert!(text(&letter).contains("  Zuteilung: Team sales, übergeben von lea\n"));

    let owner = letter.owner.as_mut().unwrap();
    (owner.language, owner.time_zone) = (Some(Language::English), Some(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap()));
    let english = text(&letter);
    assert!(english.starts_with("Hello Anna Schmidt,") && english.contains("  Routing: team sales, whose turn"));
    assert!(english.contains("Received: 2026-11-23 18:12 JST"), "{english}");
    assert_eq!(subject(&letter), "New lead: Max Müstermann (Firma GmbH)");
}

#[test]
fn news_of_a_meeting_say_what_became_of_it_when_and_where() {
    let told = |news: News, event: Event, language: Language| {
        let mut letter = letter();
        letter.house = house(language);
        letter.notice.event = event;
        let content = &mut letter.touch.as_mut().unwrap().content;
        content.text = (news == News::Cancelled).then(|| "The meeting was cancelled".to_owned());
        content.fields.insert(Meeting::BEGINS.to_owned(), "2030-03-10T09:00:00Z".into());
        content.fields.insert(Meeting::ENDS.to_owned(), "2030-03-10T09:30:00Z".into());
        content.meeting = Some(Meeting {
            news,
            title: Some("Demo".to_owned()),
            start: Some("2030-03-10T09:00:00Z".parse().unwrap()),
            place: Some("https://meet.example/1".to_owned()),
            by: (news == News::Cancelled).then(|| "Bea Buch".to_owned()),
            why: (news == News::Cancelled).then(|| "krank".to_owned()),
        });
        (subject(&letter), text(&letter))
    };
    let who = "Max Müstermann (Firma GmbH)";
    for (news, german, english) in [
        (News::Booked, format!("{who} hat einen Termin gebucht"), format!("{who} has booked a meeting")),
        (News::Moved, format!("Termin verlegt: {who}"), format!("Meeting moved: {who}")),
        (News::Cancelled, format!("Termin abgesagt: {who}"), format!("Meeting cancelled: {who}")),
    ] {
        let (subject, text) = told(news, Event::Touched, Language::German);
        assert_eq!(subject, german);
        assert!(text.contains(&format!("{german}.\n")), "{text}");
        let of_it = "  Termin: 2030-03-10 10:00 CET\n  Ort: https://meet.example/1\n";
        assert!(text.contains(of_it) && text.contains("  Termin endet: 2030-03-10 10:30 CET\n"), "{text}");
        assert!(!text.contains("09:00:00Z") && !text.contains("(kein Text)"), "{text}");
        let why = "  Abgesagt von: Bea Buch\n  Grund: krank\n";
        assert_eq!(text.contains(why), news == News::Cancelled, "{text}");
        assert!(!text.contains("was cancelled"), "{text}");
        let (subject, text) = told(news, Event::Touched, Language::English);
        assert_eq!(subject, english);
        assert!(text.contains("  Meeting: 2030-03-10 10:00 CET\n  Place: https://meet.example/1\n"), "{text}");
    }
    let (subject, text) = told(News::Booked, Event::Created, Language::German);
    assert_eq!(subject, format!("Neuer Lead: {who}"));
    assert!(text.contains("  Termin: 2030-03-10 10:00 CET\n"), "{text}");
}
