//! Signatures and replies as people and mail programs write them: `fixtures/signatures.toml` and
//! `fixtures/replies.toml`, and the README's table of what is recognised, which they stand behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

#[path = "support/mail.rs"]
mod mail;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lotse::lead::{Content, Phone, Reading};
use lotse::normalize::{Reader, Trust};
use mail::{reader, reading};
use serde::Deserialize;

#[derive(Deserialize)]
struct Signatures {
    mail: Vec<Signed>,
}

/// A mail with a signature, and what that says.
#[derive(Deserialize)]
struct Signed {
    name: String,
    from: String,
    #[serde(default)]
    text: String,
    html: Option<String>,
    visible: String,
    title: Option<String>,
    company: Option<String>,
    website: Option<String>,
    address: Option<String>,
    phones: Vec<String>,
    mobile: Option<String>,
    fax: Option<String>,
}

#[derive(Deserialize)]
struct Replies {
    reply: Vec<Reply>,
}

/// A reply, and what its writer typed.
#[derive(Deserialize)]
struct Reply {
    client: String,
    language: String,
    #[serde(default = "writer")]
    from: String,
    #[serde(default)]
    text: String,
    html: Option<String>,
    visible: String,
}

fn writer() -> String {
    "Mara Lindqvist <mara@nordholz.example>".into()
}

fn fixtures<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What a mail with this text, or this HTML, says.
fn content(reader: &Reader, from: &str, text: &str, html: Option<&str>) -> Content {
    let (kind, body) = html.map_or(("plain", text), |html| ("html", html));
    let mail =
        format!("From: {from}\nSubject: Re: Offer\nContent-Type: text/{kind}; charset=utf-8\n\n{}", body.trim_start());
    match reading(reader, mail.as_bytes(), Trust::Usual) {
        Reading::Lead(content) => *content,
        other => panic!("{from}: {other:?}"),
    }
}

#[test]
fn signatures_of_many_layouts_are_read() {
    let reader = reader("example.com");
    let mails = fixtures::<Signatures>("signatures.toml").mail;
    assert!(mails.len() >= 40, "only {} signatures", mails.len());
    let (mut right, mut wrong) = (0, Vec::new());
    for mail in &mails {
        let content = content(&reader, &mail.from, &mail.text, mail.html.as_deref());
        let field = |name: &str| content.fields.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let phones: Vec<String> = content.person.phones.iter().map(Phone::to_string).collect();
        let checks = [
            ("text", Some(mail.visible.clone()), content.text.clone()),
            ("title", mail.title.clone(), content.person.job_title.clone()),
            ("company", mail.company.clone(), content.person.company.clone()),
            ("website", mail.website.clone(), content.person.website.clone()),
            ("address", mail.address.clone(), field("address")),
            ("phones", Some(mail.phones.join(" ")), Some(phones.join(" "))),
            ("mobile", mail.mobile.clone(), field("mobile_phone")),
            ("fax", mail.fax.clone(), field("fax")),
        ];
        for (what, expected, actual) in checks.into_iter().filter(|check| check.1.is_some()) {
            if expected == actual {
                right += 1;
            } else {
                wrong.push(format!("{}: {what}\n  expected {expected:?}\n  actual   {actual:?}", mail.name));
            }
        }
    }
    eprintln!("signatures: {right} right, {} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(wrong.is_empty(), "{} of {} values of signatures are read otherwise", wrong.len(), right + wrong.len());
}

/// What a colleague's signature says stays theirs; what the signature of the mail inside says is the lead's.
#[test]
fn a_forward_teaches_about_its_author_only() {
    let text = "Please take over.\n\nBest regards\nAnna Weiss\nSales Director\nExample GmbH\nT +49 30 7654321\n\n\
        ---------- Forwarded message ---------\nFrom: Max Adler <max@adler.example>\nDate: Tue, 3 Mar 2026 at 10:15\n\
        Subject: Offer\nTo: <anna@example.com>\n\nPlease send an offer.\n\nRegards\nMax Adler\nPurchasing Manager\n\
        Adler Werke GmbH\nT +49 69 1234567\n";
    let mail = format!("From: Anna Weiss <anna@example.com>\nSubject: Fwd: Offer\n\n{text}");
    let Reading::Lead(content) = reading(&reader("example.com"), mail.as_bytes(), Trust::Usual) else {
        panic!("a forward is a lead")
    };
    assert_eq!(content.person.job_title.as_deref(), Some("Purchasing Manager"));
    assert_eq!(content.person.company.as_deref(), Some("Adler Werke GmbH"));
    assert_eq!(content.person.phones.iter().map(Phone::as_str).collect::<Vec<_>>(), ["+49691234567"]);
    assert!(content.fields["forwarding_note"].as_str().unwrap().contains("+49 30 7654321"));
    assert!(content.text.unwrap().contains("Purchasing Manager"), "the forwarded text stays whole");
}

#[test]
fn replies_of_many_programs_and_languages_say_what_was_typed() {
    let reader = reader("example.com");
    let replies = fixtures::<Replies>("replies.toml").reply;
    assert!(replies.len() >= 60, "only {} replies", replies.len());
    let mut wrong = Vec::new();
    for reply in &replies {
        let content = content(&reader, &reply.from, &reply.text, reply.html.as_deref());
        let actual = content.text.unwrap_or_default();
        if actual != reply.visible.trim() {
            let what = format!("{} ({})", reply.client, reply.language);
            wrong.push(format!("{what}\n  expected {:?}\n  actual   {actual:?}", reply.visible.trim()));
        }
    }
    let languages: BTreeSet<&str> = replies.iter().map(|reply| reply.language.as_str()).collect();
    eprintln!(
        "replies: {} in {} languages, {} wrong\n{}",
        replies.len(),
        languages.len(),
        wrong.len(),
        wrong.join("\n")
    );
    assert!(wrong.is_empty(), "{} of {} replies are read otherwise", wrong.len(), replies.len());
}

/// One mail for each thing that the README says is recognised.
#[derive(Deserialize)]
struct Recognised {
    forward: Vec<Case>,
    noise: Vec<Case>,
    form: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    text: String,
    reason: Option<String>,
}

/// The rows of the README's table, each with what its second cell names.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, table) = readme.split_once("| in a mail | recognised |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (kind, names) = (cells.next().unwrap().to_owned(), cells.next().unwrap());
        (kind, names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect())
    })
    .collect()
}

#[test]
fn the_table_of_the_readme_is_true() {
    let reader = reader("example.com");
    let cases: Recognised = fixtures("recognised.toml");
    for case in cases.forward.iter().chain(&cases.form) {
        let Reading::Lead(content) = reading(&reader, case.text.trim_start().as_bytes(), Trust::Usual) else {
            panic!("{} is no lead", case.name)
        };
        let email = content.person.emails.first().map(lotse::lead::Email::as_str);
        assert_eq!(email, Some("max@adler.example"), "{}", case.name);
        assert_eq!(content.person.name.as_deref(), Some("Max Adler"), "{}", case.name);
    }
    for case in &cases.noise {
        let Reading::Noise(why) = reading(&reader, case.text.trim_start().as_bytes(), Trust::Usual) else {
            panic!("{} is no noise", case.name)
        };
        assert!(why.starts_with(case.reason.as_deref().unwrap()), "{}: {why}", case.name);
    }
    let replies = fixtures::<Replies>("replies.toml").reply;
    let written = |reply: &&Reply| reply.client != "a person";
    let names = |cases: &[Case]| cases.iter().map(|case| case.name.clone()).collect::<BTreeSet<_>>();
    let expected = [
        ("replies of", replies.iter().filter(written).map(|reply| reply.client.clone()).collect()),
        ("replies in", replies.iter().map(|reply| reply.language.clone()).collect()),
        ("forwards of", names(&cases.forward)),
        ("no lead", names(&cases.noise)),
        ("forms of", names(&cases.form)),
    ];
    let expected: Vec<(String, BTreeSet<String>)> =
        expected.into_iter().map(|(kind, names)| (kind.to_owned(), names)).collect();
    assert_eq!(table(), expected, "each word of the table stands for a mail in tests/fixtures");
}
