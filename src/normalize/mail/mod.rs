//! Mail: one RFC 5322 message, read into our words.
//!
//! In: the raw bytes. Out: a [`Reading`]. The way of a mail:
//!
//! 1. `parts` takes it apart in one pass, within `bounds`; over one of them it is unclear.
//! 2. `noise` recognises reports, automatic answers, newsletters and our own notices.
//! 3. `body` and `attachments` read what it says and what came along.
//!    `reply` tells what a person typed from the quote and the signature below it.
//! 4. `authentication` tells what the server that took the mail found out about its sender: who
//!    only claims to be one of our own people is none.
//! 5. `sender` says who wrote, `forms` what a form mailer says about whom it speaks for, `forward`
//!    who wrote what one of our own people passed on.
//! 6. `thread` says which mails it answers. What is no wish may still say something about a lead
//!    that is known (`aside`); only the store knows whether one is.
//!
//! `mail_parser` reads addresses, parameters and rare charsets, one header at a time. Structure,
//! transfer encodings and encoded words are read here, because what hostile mail does to a parser
//! (nesting, amplification, quadratic headers) is decided there, and a stack overflow ends the
//! process.

mod absence;
mod address;
mod aside;
mod attachments;
mod authentication;
mod body;
mod bounds;
mod charset;
mod forms;
mod forward;
mod headers;
mod identity;
mod kept;
mod machine;
mod noise;
mod parts;
mod person;
mod phones;
mod reply;
mod sender;
mod templates;
mod thread;
mod transfer;
mod vocabulary;
mod words;

use std::fmt::Write as _;

use serde::Serialize;

use crate::lead::{Confidence, Content, Email, Outcome, Reading, Thread};
use crate::normalize::fields::Pair;
use crate::normalize::{Reader, Trust, robot, text};

use body::Body;
use headers::{Fields, Place};
use parts::Parts;
use person::{Nobody, Setting};
use sender::{Author, Sender};

pub(super) use identity::identity;
pub(super) use phones::chat::find as numbers_in_chat;
pub(super) use phones::{country_of, find as numbers};
pub(super) use templates::read as by_template;
pub use templates::{Pattern, Template, Templates};

/// How a person makes a lead of what was set aside.
const RELEASE: &str = "to make it a lead all the same: `lotse intake release ID`";

/// Bytes of a mail over the bounds that are shown as its text when it is released.
const EXCERPT: usize = 256 << 10;

/// Bytes of a header that a person is told.
const SHOWN: usize = 200;

/// Reads one mail. Never fails: what cannot be read is [`Reading::Unclear`], what is no lead is
/// [`Reading::Noise`]; with [`Trust::Released`] it is a lead, read as well as can be. `servers` are
/// those whose word about the sender counts, any where none is named.
///
/// Linear in the length of the mail. The stack it needs is bounded by [`bounds`].
#[must_use]
pub(super) fn read(bytes: &[u8], reader: &Reader, servers: &[String], trust: Trust) -> Reading {
    let bytes = &headers::with_line_feeds(bytes)[..];
    let parts = match Parts::of(bytes) {
        Ok(parts) => parts,
        Err(excess) if trust == Trust::Usual => return Reading::Unclear(format!("{excess}; {RELEASE}")),
        Err(excess) => return Reading::Lead(Box::new(excerpt(bytes, reader, &excess.to_string()))),
    };
    if trust == Trust::Usual {
        let hops = parts.root().fields.all("received").count();
        if hops > bounds::HOPS {
            return Reading::Unclear(format!("{}; {RELEASE}", bounds::Excess::Hops(hops)));
        }
        if let Some(noise) = noise::find(&parts, reader) {
            return aside::of_noise(noise, &parts, reader, servers);
        }
    }
    let (mut content, found) = words_and_person(&parts, reader, trust, 0);
    let thread = thread::read(&parts.root().fields, content.subject.as_deref(), reader);
    // What a colleague passes on stands in the colleague's conversation, not in the person's.
    let thread = if content.forwarded_by.is_some() { Thread { ids: thread.ids, ..Thread::default() } } else { thread };
    content.thread = Some(thread);
    content.authentication = authentication::read(&parts.root().fields, servers);
    if let Some(why) = authentication::forged(&content, &parts.root().fields, reader) {
        // A form on our own website speaks for outsiders; whose words count must not be pretended.
        let ours = matches!(found, Err(Nobody::Ours(_) | Nobody::Unclear(..)));
        if trust == Trust::Usual && (ours || content.forwarded_by.is_some()) {
            return Reading::Unclear(format!("{why}; {RELEASE}"));
        }
        content.problems.push(why);
    }
    match found {
        Ok(()) => {}
        Err(Nobody::Unclear(email, why)) if trust == Trust::Usual => {
            let reason =
                format!("one of our own people passed it on, but it is not plain whose it was: {why}; {RELEASE}");
            return aside::of_a_colleague(email, content, &parts.root().fields, Outcome::Quarantined, reason);
        }
        Err(Nobody::Ours(email)) if trust == Trust::Usual => {
            let domain = reader.own_domain(email.domain()).unwrap_or(email.domain());
            let reason = format!("sent from our own domain `{domain}` (see `organisation.domains`); {RELEASE}");
            return aside::of_a_colleague(email, content, &parts.root().fields, Outcome::Ignored, reason);
        }
        Err(Nobody::Unknown(reason)) if trust == Trust::Usual => {
            return Reading::Unclear(format!("{reason}; {RELEASE}"));
        }
        Err(nobody) => taken_as_is(&mut content, nobody, reader),
    }
    Reading::Lead(Box::new(content))
}

/// What a mail says, and whether a person from outside says it. `depth` is in how many mails it is
/// attached.
fn words_and_person(parts: &Parts<'_>, reader: &Reader, trust: Trust, depth: usize) -> (Content, Result<(), Nobody>) {
    let fields = &parts.root().fields;
    let body = body::read(parts);
    let charset = body.parts.first().and_then(|&part| parts.get(part).charset.as_deref());
    let mut sender = sender::read(fields, charset, reader);
    let mut content = content(parts, &body, &mut sender, charset);
    let by_a_person = matches!(sender.author, Author::Person { .. });
    let passing = |colleague| forward::Passing { colleague, parts: Some(parts), reader, trust, depth };
    let form = forms::in_parts(parts, &body.views, |email| sender::is_outsider(email, reader));
    let found = person(&mut content, sender, &Setting { fields, reader, form }, passing);
    content.forwarded_by = content.forwarded_by.take().or_else(|| resent_by(fields, &mut content, reader));
    // A form has said by itself which of it is the message.
    if by_a_person && found.is_ok() && content.fields.is_empty() && content.text == body.text {
        person::take_apart(&mut content, reader);
    }
    (content, found)
}

/// Finds the person in a mail: where a colleague passes one on, in that one.
fn person<'a>(
    content: &mut Content,
    sender: Sender,
    setting: &Setting<'_>,
    passing: impl FnOnce(Email) -> forward::Passing<'a>,
) -> Result<(), Nobody> {
    if let Author::Ours(colleague) = &sender.author
        && forward::is_colleague(&sender.author)
    {
        match forward::read(content, passing(colleague.clone())) {
            Err(Nobody::Ours(_)) => {}
            found => return found,
        }
    }
    person::identify(content, sender, setting)
}

/// The colleague who sent somebody's mail on as it was (RFC 5322 § 3.6.6); its author stays whom
/// `From` names.
fn resent_by(fields: &Fields<'_>, content: &mut Content, reader: &Reader) -> Option<Email> {
    let resent = sender::mailboxes(fields, "resent-from", None).into_iter().map(|(_, email)| email);
    let colleague =
        resent.filter(|email| reader.own_domain(email.domain()).is_some()).find(|email| !robot::is_robot(email))?;
    let author = content.authorship.as_mut().filter(|author| author.confidence == Confidence::Certain)?;
    author.reason.push_str("; a colleague sent the mail on as it was (`Resent-From`)");
    Some(colleague)
}

/// A released mail that nobody outside sent: whoever it passes on or names is the person.
fn taken_as_is(content: &mut Content, nobody: Nobody, reader: &Reader) {
    match nobody {
        Nobody::Ours(program) if robot::is_robot(&program) => person::behind(content, None, &program, reader),
        Nobody::Ours(colleague) => forward::nobodys(content, colleague, None),
        Nobody::Unclear(colleague, why) => forward::nobodys(content, colleague, Some(&why)),
        Nobody::Unknown(reason) => {
            content.person.name = content.from.as_deref().filter(|from| !from.contains('@')).map(text::line);
            content.problems.push(reason);
        }
    }
}

/// What a mail says of itself in its headers, as received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// `From`.
    pub from: Option<String>,
    /// `Subject`.
    pub subject: Option<String>,
}

/// Reads the headers of a mail that a person is told about, each in one short line.
#[must_use]
pub fn heading(bytes: &[u8]) -> Heading {
    let head = &bytes[..bytes.len().min(bounds::HEADER)];
    let head = &headers::with_line_feeds(head)[..];
    let (fields, _) = Fields::scan(head, 0, Place::Mail, |_| false);
    let of = |name| {
        let value = text::line(&fields.text(name, None)?);
        let short = text::shorten(&value, SHOWN).trim().to_owned();
        (!short.is_empty()).then_some(short)
    };
    Heading { from: of("from"), subject: of("subject") }
}

/// The labelled values of a text that is a form all through; `None` for any other text.
pub(super) fn labelled(text: &str) -> Option<Vec<Pair>> {
    forms::find(text, |_| true).filter(|form| form.leads).map(|form| form.pairs)
}

/// Everything a mail says but who it is.
fn content(parts: &Parts<'_>, body: &Body, sender: &mut Sender, charset: Option<&str>) -> Content {
    let fields = &parts.root().fields;
    let mut problems = std::mem::take(&mut sender.problems);
    if body.miswrapped {
        problems.push("the text is not encoded as the mail says; it was read as it stands".into());
    }
    if body.text.as_deref().is_some_and(|text| text.contains('\u{fffd}')) {
        problems.push("some characters of the text could not be read".into());
    }
    let attachments = attachments::list(parts, body);
    if attachments
        .iter()
        .any(|file| file.content_type == "application/ms-tnef" || file.name.eq_ignore_ascii_case("winmail.dat"))
    {
        problems.push("files in Outlook's own format (winmail.dat) are not listed one by one".into());
    }
    Content {
        from: sender.from.take(),
        subject: fields.text("subject", charset),
        text: body.text.clone(),
        attachments,
        headers: kept::headers(fields, charset),
        problems,
        repairs: body.repairs.clone(),
        ..Content::default()
    }
}

/// A released mail that is over the bounds: its first headers and the start of its bytes.
fn excerpt(bytes: &[u8], reader: &Reader, excess: &str) -> Content {
    let (fields, body) = Fields::scan(bytes, 0, Place::Mail, |_| false);
    let mut sender = sender::read(&fields, None, reader);
    let rest = &bytes[body..bytes.len().min(body + EXCERPT)];
    let shown = text::clean(&charset::decode(rest, None));
    let mut content = Content {
        from: sender.from.take(),
        subject: fields.text("subject", None),
        text: (!shown.is_empty()).then_some(shown),
        headers: kept::headers(&fields, None),
        problems: std::mem::take(&mut sender.problems),
        ..Content::default()
    };
    content.problems.push(format!("{excess}; only its start was read"));
    let setting = Setting { fields: &fields, reader, form: None };
    let passing = |colleague| forward::Passing { colleague, parts: None, reader, trust: Trust::Released, depth: 0 };
    if let Err(nobody) = person(&mut content, sender, &setting, passing) {
        taken_as_is(&mut content, nobody, reader);
    }
    content
}

/// Bytes as lower-case hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a string cannot fail.
        _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    /// The reader of an organisation at `example.com` in Germany.
    pub(super) fn reader() -> Reader {
        Reader { domains: vec!["example.com".into()], country: "DE".into(), ..Reader::default() }
    }

    fn usual(mail: &[u8]) -> Reading {
        read(mail, &reader(), &[], Trust::Usual).of_a_stranger()
    }

    fn lead(reading: Reading) -> Content {
        match reading {
            Reading::Lead(content) => *content,
            other => panic!("no lead: {other:?}"),
        }
    }

    /// A mail that starts properly and goes on with `piece` as often as fits into half a megabyte.
    fn bomb(start: &str, piece: &str, end: &str) -> Vec<u8> {
        format!("From: max@firma.example\r\n{start}{}{end}", piece.repeat((512 << 10) / piece.len())).into_bytes()
    }

    /// A colleague's forward of `piece` as often as fits into half a megabyte.
    fn passed_on(piece: &str) -> Vec<u8> {
        let text = piece.repeat((512 << 10) / piece.len());
        format!("From: anna@example.com\r\nSubject: Fwd: x\r\n\r\n{text}").into_bytes()
    }

    fn nested(levels: usize) -> Vec<u8> {
        let open: String = (0..levels).fold(String::new(), |mut open, level| {
            _ = write!(open, "Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n");
            open
        });
        format!("From: max@firma.example\r\n{open}\r\nhello\r\n").into_bytes()
    }

    /// Microseconds of work that this thread has done: time on a processor, so that a busy machine does not count.
    /// Where the system does not tell, time on the clock.
    fn work(since: Instant) -> u128 {
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let on_processor = told.split(' ').next().and_then(|first| first.parse::<u128>().ok());
        on_processor.map_or(since.elapsed().as_micros(), |nanoseconds| nanoseconds / 1_000)
    }

    /// A bomb may cost this many times what an ordinary mail of its size costs. The worst costs 4 times as much;
    /// what grows with the square of the size costs thousands.
    const TIMES: u128 = 25;

    #[test]
    fn no_bomb_ends_the_process_or_takes_long() {
        let bombs: Vec<(&str, Vec<u8>)> = vec![
            ("multiparts in multiparts", nested(60_000)),
            ("mails in mails", bomb("", "Content-Type: message/rfc822\r\n\r\n", "Subject: x\r\n\r\nhello")),
            ("many parts", bomb("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", "--b--")),
            ("many headers", bomb("", "X-1: y\r\n", "\r\nhello")),
            ("one long header", bomb("Subject: ", "a", "\r\n\r\nhello")),
            ("encoded words", bomb("Subject: ", "=?utf-8?q?=C3=BC?= \r\n ", "\r\n\r\nhello")),
            (
                "encoded words that never end",
                format!("From: a@b.example\nSubject: {}\n\nx", "=?a?q? ".repeat(14_000)).into_bytes(),
            ),
            ("message ids", bomb("References: ", "<1@x> ", "\r\n\r\nhello")),
            ("addresses", bomb("To: ", "a@x.example, ", "\r\n\r\nhello")),
            ("comments", format!("From: {} max@firma.example\n\nx", "(".repeat(100_000)).into_bytes()),
            ("groups and quotes", format!("From: {}max@firma.example\n\nx", "a:\"<(\\".repeat(16_000)).into_bytes()),
            ("parameters", bomb("Content-Type: text/plain", "; a*1=x", "\r\n\r\nhello")),
            (
                "parameters within the bounds",
                format!("From: a@b.example\nContent-Type: text/plain{}\n\nx", "; a*1=x".repeat(999)).into_bytes(),
            ),
            ("open tags", bomb("Content-Type: text/html\r\n\r\n", "<div>", "")),
            ("angle brackets", bomb("Content-Type: text/html\r\n\r\n", "<", "")),
            ("entities", bomb("Content-Type: text/html\r\n\r\n", "&", "")),
            ("comments in HTML", bomb("Content-Type: text/html\r\n\r\n", "<!-- ", "")),
            ("base64", bomb("Content-Transfer-Encoding: base64\r\n\r\n", "AAAAAAAAAAAAAAAAAAAAAAAA\r\n", "")),
            ("equals signs", bomb("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=", "")),
            ("blanks", bomb("Content-Transfer-Encoding: quoted-printable\r\n\r\n", " ", "")),
            ("half boundaries", bomb("Content-Type: multipart/mixed; boundary=------------------\r\n\r\n", "-", "")),
            ("boundary lines", bomb("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n", "\r\n--c", "")),
            ("labels", bomb("Reply-To: max@firma.example\r\n\r\n", "Name: a@b.example\n", "")),
            ("numbers", bomb("\r\n", "Tel: 030 1234567 +49 30 1234567\n", "")),
            ("one line of numbers", bomb("\r\n", "Tel 030 1234567 ", "")),
            ("quotes", bomb("\r\n", "> ", "")),
            ("heads of forwards", passed_on("Von: a@example.com\nDatum: 1\nAn: x@b.example\n\n")),
            ("heads that never end", passed_on("Von: a@example.com\nAdresat: x@b.example\n")),
            ("heads in one line", passed_on("-- forwarded -- :A:An:Von:To:")),
            ("lines of heads in one line", passed_on("-- forwarded -- :A:An:To: Von\n")),
            ("authors above quotes", passed_on("1 Max <max@firma.example> wrote:\n")),
            ("markers", passed_on("-- forwarded --\n")),
            ("too many bytes", vec![b'a'; bounds::BYTES + 1]),
        ];
        // What reads mail has stacks of this size.
        let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(move || {
            let began = Instant::now();
            let read_it = |mail: &[u8]| {
                let before = work(began);
                _ = (usual(mail), read(mail, &reader(), &[], Trust::Released), identity(mail));
                work(began) - before
            };
            let ordinary = bomb("\r\n", "Could you send us an offer for twelve tents, please?\r\n", "");
            // The first reading prepares what all share.
            read_it(&ordinary);
            let usual = read_it(&ordinary).max(10_000);
            eprintln!("an ordinary mail: {usual} µs");
            for (name, mail) in bombs {
                // What the machine adds now and then (pages of the stack that are used for the first time) it does not
                // add again; what the mail costs, it costs each time.
                let mut cost = read_it(&mail);
                for _ in 0..3 {
                    if cost < TIMES * usual {
                        break;
                    }
                    cost = cost.min(read_it(&mail));
                }
                eprintln!(
                    "{name}: {:.1} times an ordinary mail",
                    f64::from(u32::try_from(cost * 10 / usual).unwrap()) / 10.0
                );
                assert!(cost < TIMES * usual, "{name}: {cost} µs, an ordinary mail {usual} µs");
            }
        });
        thread.unwrap().join().unwrap();
    }

    #[test]
    fn what_is_over_a_bound_is_unclear_and_says_which() {
        for (mail, reason) in [
            (nested(70), "nests more than 64 parts deep (limit 64)"),
            (bomb("X-Fill: ", "x", "\n\nhello"), "(limit 102400)"),
            (bomb("Content-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n", ""), "more than 1000 parts"),
            (
                format!("From: a@b.example\nContent-Type: text/plain{}\n\nx", ";a=b".repeat(1001)).into_bytes(),
                "1001 parameters (limit 1000)",
            ),
            (format!("{}From: a@b.example\n\nx", "Received: x\n".repeat(51)).into_bytes(), "went through 51 servers"),
        ] {
            let Reading::Unclear(why) = usual(&mail) else { panic!("{reason}") };
            assert!(why.contains(reason) && why.ends_with("`lotse intake release ID`"), "{why}");
        }
        assert!(matches!(usual(&nested(60)), Reading::Lead(_)));
    }

    #[test]
    fn what_a_person_released_is_a_lead_whatever_it_is() {
        for (mail, email, text) in [
            ("From: Anna <anna@example.com>\n\nhello", None, Some("hello")),
            ("From: MAILER-DAEMON@mx.example\n\nfailed", None, Some("failed")),
            ("Subject: x\n\nhello", None, Some("hello")),
            ("From: Max\n\nhello", None, Some("hello")),
            ("no mail at all", None, Some("no mail at all")),
            ("\u{1}\u{2}", None, None),
            ("", None, None),
        ] {
            let content = lead(read(mail.as_bytes(), &reader(), &[], Trust::Released));
            assert_eq!(content.person.emails.first().map(Email::as_str), email, "{mail}");
            assert_eq!(content.text.as_deref(), text, "{mail}");
        }
        let deep = lead(read(&nested(70), &reader(), &[], Trust::Released));
        assert_eq!(deep.person.emails[0].as_str(), "max@firma.example");
        assert!(deep.problems[0].contains("only its start was read"), "{:?}", deep.problems);
        assert_eq!(lead(read(b"From: Max\n\nx", &reader(), &[], Trust::Released)).person.name.as_deref(), Some("Max"));
    }

    #[test]
    fn who_only_claims_to_be_one_of_our_people_is_not_believed() {
        let failed = "Authentication-Results: mx.example.com; spf=fail smtp.mailfrom=x@example.com; dkim=none; dmarc=fail header.from=example.com\n";
        let passed = "Authentication-Results: mx.example.com; dmarc=pass header.from=example.com\n";
        let forward = "From: Anna <anna@example.com>\nSubject: Fwd: x\n\n---------- Forwarded message ---------\nFrom: Max <max@firma.example>\nDate: today\nSubject: x\nTo: Anna <anna@example.com>\n\nAn offer, please.\n";
        let words = "From: Anna <anna@example.com>\nTo: max@firma.example\nSubject: Re: x\n\nHere it is.\n";
        let form = "From: Website <info@example.com>\nSubject: New entry\n\nName: Max M\nE-Mail: max@firma.example\nMessage: An offer, please.\n";
        let reply_to = "From: Website <wordpress@example.com>\nReply-To: max@firma.example\n\nAn offer, please.\n";
        for mail in [forward, words] {
            let Reading::Unclear(why) = usual(format!("{failed}{mail}").as_bytes()) else { panic!("{mail}") };
            assert!(why.contains("our own domain `example.com`") && why.contains("DMARC fail"), "{why}");
        }
        // What our own website sends is somebody's wish, whether it is signed or not.
        for mail in [form, reply_to] {
            let content = lead(usual(format!("{failed}{mail}").as_bytes()));
            assert_eq!(content.person.emails[0].as_str(), "max@firma.example", "{mail}");
            assert!(content.problems.iter().any(|problem| problem.contains("may be forged")), "{mail}");
        }
        for checked in [passed, ""] {
            let content = lead(usual(format!("{checked}{forward}").as_bytes()));
            assert_eq!((content.forwarded_by.is_some(), content.problems.len()), (true, 0));
            assert_eq!(content.authentication.is_some(), !checked.is_empty());
            assert!(!matches!(usual(format!("{checked}{words}").as_bytes()), Reading::Unclear(_)));
        }
        let customer = lead(usual(format!("{failed}From: max@firma.example\n\nx").as_bytes()));
        assert_eq!(customer.problems, [""; 0], "what others' domains ask for is no matter of ours");
    }

    #[test]
    fn a_form_is_believed_only_where_it_is_about_the_sender() {
        let form = "Name: Max M\nE-Mail: max@firma.example\nTel: 030 1234567\n";
        for (headers, email, name) in [
            ("From: wordpress@example.com", "max@firma.example", Some("Max M")),
            ("From: noreply@shop.example", "max@firma.example", Some("Max M")),
            ("From: Max <max@firma.example>", "max@firma.example", Some("Max M")),
            ("From: Shop <info@shop.example>\nReply-To: max@firma.example", "max@firma.example", Some("Max M")),
            ("From: wordpress@example.com\nReply-To: other@agency.example", "max@firma.example", Some("Max M")),
            ("From: Mia <mia@firma.example>", "mia@firma.example", Some("Mia")),
        ] {
            let content = lead(usual(format!("{headers}\n\n{form}").as_bytes()));
            let emails: Vec<&str> = content.person.emails.iter().map(Email::as_str).collect();
            assert_eq!((emails, content.person.name.as_deref()), (vec![email], name), "{headers}");
        }
        for headers in ["From: anna@example.com\nSubject: AW: x", "From: anna@example.com\nIn-Reply-To: <1@x>"] {
            assert!(matches!(usual(format!("{headers}\n\n{form}").as_bytes()), Reading::Noise(_)), "{headers}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            _ = usual(&bytes);
            prop_assert!(matches!(read(&bytes, &reader(), &[], Trust::Released), Reading::Lead(_)));
        }

        #[test]
        fn any_mix_of_mail_is_read(pieces in proptest::collection::vec(piece(), 0..60)) {
            let mail = pieces.concat();
            _ = usual(&mail);
            prop_assert!(matches!(read(&mail, &reader(), &[], Trust::Released), Reading::Lead(_)));
        }
    }

    /// Pieces that mails are made of, in any order.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let known = prop::sample::select(vec![
            "From: ",
            "Reply-To: ",
            "Subject: ",
            "Content-Type: ",
            "Content-Disposition: attachment; filename=",
            "multipart/mixed; boundary=b",
            "multipart/alternative; boundary=\"b\"",
            "message/rfc822",
            "text/html; charset=",
            "iso-8859-1",
            "utf-7",
            "; format=flowed",
            "\n--b\n",
            "\n--b--\n",
            "Content-Transfer-Encoding: base64\n",
            "Content-Transfer-Encoding: quoted-printable\n",
            "=?utf-8?Q?=C3?=",
            " =?iso-8859-1?B?R3LD?=",
            "max@firma.example",
            "wordpress@example.com",
            "<",
            ">",
            "\"",
            "(",
            ")",
            "\\",
            ",",
            ";",
            ":",
            "*0*=",
            "''%C3",
            "\r\n",
            "\n",
            "\n\n",
            " ",
            "\t",
            "=",
            "Name: Max\n",
            "E-Mail: a@b.example\n",
            "Nachricht:\n",
            "Tel. +49 30 1234567\n",
            "> ",
            "-- \n",
        ]);
        prop_oneof![8 => known.prop_map(|text: &str| text.as_bytes().to_vec()), 1 => proptest::collection::vec(any::<u8>(), 0..8)]
    }
}
