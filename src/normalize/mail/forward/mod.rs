//! Mails that one of our own people passed on: who wrote the mail inside, and what it says.
//!
//! In: a mail of a colleague, as read so far. Out: the same content, speaking of the person whose
//! mail it passes on. That mail is attached, or it is text below a head (`From: …`, `Von: …`), in
//! any of many languages; only an outsider's address there makes a person. A colleague who passes
//! on what a colleague passed on leads further inside, and so does an outsider who says in the
//! subject that the mail was passed on. Where it is passed on but not plain whose it was, nobody is
//! taken: the colleague is not the customer, and neither is the next best address. A colleague's
//! own words, and answers to customers, are no leads.

mod glued;
mod head;
mod spaced;
mod subject;
mod taken;
mod wrote;

use crate::lead::{Authorship, Confidence, Content, Email, Person};
use crate::normalize::{Reader, Trust, email, language, robot};

use super::parts::Parts;
use super::person::Nobody;
use super::sender::{self, Author, Sender};
use head::{Head, Sign, announces, bare};
pub(super) use subject::{Said, stem};
use taken::{authorship, enter, note, take_over};

/// Attached mails that are looked at.
const ATTACHED: usize = 10;
/// Attached mails in attached mails that are looked at.
const DEPTH: usize = 4;
/// Lines that are looked at.
const LINES: usize = 5_000;
/// Lines of a head that are enough where nothing else says that the mail was passed on.
const WHOLE: usize = 4;

/// A mail of one of our own people.
pub(super) struct Passing<'a> {
    /// Who sent it to us.
    pub(super) colleague: Email,
    /// `None` where the mail was too odd to be taken apart.
    pub(super) parts: Option<&'a Parts<'a>>,
    /// Who we are.
    pub(super) reader: &'a Reader,
    /// Whether a person has said that it is a lead.
    pub(super) trust: Trust,
    /// In how many mails it is attached.
    pub(super) depth: usize,
}

/// Whether an address is that of a colleague; what a program of ours sends is no forward.
pub(super) fn is_colleague(author: &Author) -> bool {
    matches!(author, Author::Ours(email) if !robot::is_robot(email))
}

/// Makes the content speak of the person whose mail was passed on. `Err` leaves it as it was:
/// [`Nobody::Ours`] where nothing was passed on, [`Nobody::Unclear`] where it is not plain whose.
pub(super) fn read(content: &mut Content, passing: Passing<'_>) -> Result<(), Nobody> {
    let before = content.clone();
    let found = passing.find(content).and_then(|authorship| {
        let reached = !(content.person.emails.is_empty() && content.person.phones.is_empty());
        let sure = reached && authorship.confidence != Confidence::Unsure;
        let why = "it is a program's mail that does not plainly name anybody";
        if sure || passing.trust == Trust::Released { Ok(authorship) } else { Not::plain(why) }
    });
    match found {
        Ok(authorship) => {
            content.authorship = Some(authorship);
            content.forwarded_by = Some(passing.colleague);
            Ok(())
        }
        Err(not) => {
            *content = before;
            Err(match not {
                Not::Passed => Nobody::Ours(passing.colleague),
                Not::Unclear(why) => Nobody::Unclear(passing.colleague, why),
            })
        }
    }
}

/// A released mail of one of our own people that does not say plainly whose it is: it is nobody's,
/// and two notes of one colleague are two leads.
pub(super) fn nobodys(content: &mut Content, colleague: Email, why: Option<&str>) {
    let what = match why {
        Some(why) => format!("passed on by {colleague}, but the mail does not say plainly whose it was ({why})"),
        None => format!("written by {colleague}, one of our own people, for somebody else"),
    };
    let language = content.text.as_deref().and_then(language::detect).map(str::to_owned);
    content.person = Person { language, ..Person::default() };
    content.problems.push(format!("{what}: look into its text, then enter who it is"));
    content.authorship = Some(Authorship::new(Confidence::Unsure, "nothing: one of our own people sent the mail"));
    content.forwarded_by = Some(colleague);
}

/// Why no mail inside was read.
enum Not {
    /// There is none.
    Passed,
    /// It is not plain whose it is; the reason.
    Unclear(String),
}

impl Not {
    fn plain<T>(why: &str) -> Result<T, Self> {
        Err(Self::Unclear(why.to_owned()))
    }
}

impl Passing<'_> {
    fn find(&self, content: &mut Content) -> Result<Authorship, Not> {
        let said = subject::said(content.subject.as_deref().unwrap_or_default());
        let whole = content.text.take().unwrap_or_default();
        let lines: Vec<&str> = whole.lines().take(LINES).collect();
        let mut heads = head::heads(&lines, said == Said::PassedOn);
        let marked = heads.iter().any(|head| head.sign == Sign::Marker)
            || lines.iter().any(|line| bare(line).starts_with("--") && announces(bare(line)));
        if said != Said::PassedOn && !marked {
            heads.retain(|head| head.sign != Sign::Wrote);
        }
        let inside = self.origin(&heads);
        if let Some(inner) = self.attached()? {
            let other = inside.as_ref().is_ok_and(|(_, sender)| !is_by(sender, &inner.person));
            if other && (marked || said == Said::PassedOn) {
                return Not::plain("its text quotes one person and a mail of another is attached");
            }
            if said == Said::Answered && self.trust == Trust::Usual {
                return Not::plain("it is an answer with a mail attached");
            }
            take_over(content, *inner);
            note(content, &whole);
            return Ok(Authorship::new(Confidence::Certain, "the original mail, which a colleague attached"));
        }
        self.admissible(said, marked, &heads, &inside)?;
        if self.trust == Trust::Usual && self.are_several(&lines, &heads) {
            return Not::plain("mails of different people are passed on, one below the other");
        }
        let (at, sender) = inside.map_err(|why| Not::Unclear(why.into()))?;
        let deeper = heads[..at].iter().any(|head| self.is_outsiders(head));
        let authorship = authorship(&heads[at], said, deeper);
        enter(content, &lines, &heads, at, sender, self.reader);
        Ok(match content.authorship.take() {
            Some(inner) if inner.confidence < authorship.confidence => {
                let reason = format!("{}, and in that mail by {}", authorship.reason, inner.reason);
                Authorship { reason, ..inner }
            }
            _ => authorship,
        })
    }

    /// Whether the mail is one that passes on what its heads quote.
    fn admissible(
        &self,
        said: Said,
        marked: bool,
        heads: &[Head],
        inside: &Result<(usize, Sender), &str>,
    ) -> Result<(), Not> {
        let passed = said == Said::PassedOn || marked || self.mails().next().is_some();
        if heads.is_empty() {
            let why = "no line of its text names the author of a mail inside";
            return if passed { Not::plain(why) } else { Err(Not::Passed) };
        }
        if self.trust == Trust::Released {
            return Ok(());
        }
        let asked = inside.as_ref().is_ok_and(|(_, sender)| self.is_sent_to(sender));
        match said {
            Said::Answered if marked => Not::plain("it is an answer that quotes a forwarded mail"),
            Said::Answered => Err(Not::Passed),
            Said::PassedOn if asked && !marked => Not::plain("it was sent to whom it quotes, like an answer"),
            Said::Nothing if asked && !marked => Err(Not::Passed),
            Said::Nothing if !marked && self.continues() => Err(Not::Passed),
            Said::Nothing if !marked && heads[0].labels < WHOLE => Err(Not::Passed),
            _ => Ok(()),
        }
    }

    /// The head of the innermost mail that somebody outside wrote, and what it says about the
    /// author. Only a mail that was passed on itself leads further inside.
    fn origin(&self, heads: &[Head]) -> Result<(usize, Sender), &'static str> {
        let mut found: Option<(usize, Sender)> = None;
        for (at, head) in heads.iter().enumerate() {
            let Some(sender) = sender::quoted(&head.from, head.reply_to.as_deref(), self.reader) else {
                return Err("the head of the mail inside does not name one address");
            };
            if is_colleague(&sender.author) {
                continue;
            }
            found = Some((at, sender));
            if head.subject.as_deref().map(subject::said) != Some(Said::PassedOn) {
                break;
            }
        }
        found.ok_or("only our own people are named in the heads of the mails inside")
    }

    /// Whether mails of different outsiders about different things stand side by side, each below a line that says
    /// it was passed on, and none inside another.
    fn are_several(&self, lines: &[&str], heads: &[Head]) -> bool {
        let depth = |head: &Head| lines[head.end - 1].bytes().take_while(|b| matches!(b, b'>' | b' ')).count();
        let subject = |head: &Head| head.subject.as_deref().map(|subject| stem(subject).0.to_lowercase());
        let marked = heads.iter().filter(|head| head.sign == Sign::Marker);
        let mut theirs = marked.filter_map(|head| {
            let sender = sender::quoted(&head.from, None, self.reader)?;
            (!is_colleague(&sender.author)).then(|| (author(&sender).cloned(), head))
        });
        let (Some((first, outer)), Some((second, next))) = (theirs.next(), theirs.next()) else { return false };
        let passed = outer.subject.as_deref().map(subject::said) == Some(Said::PassedOn);
        let apart = match (subject(outer), subject(next)) {
            (Some(one), Some(other)) => !one.contains(&other) && !other.contains(&one),
            _ => false,
        };
        !passed && apart && second != first && depth(next) == depth(outer)
    }

    fn is_outsiders(&self, head: &Head) -> bool {
        let sender = sender::quoted(&head.from, None, self.reader);
        sender.is_some_and(|sender| !is_colleague(&sender.author))
    }

    /// Whether a mail went to its own author: then it is an answer.
    fn is_sent_to(&self, sender: &Sender) -> bool {
        let Some(parts) = self.parts else { return false };
        let fields = &parts.root().fields;
        let names = |header| email::parse_all(&fields.text(header, None).unwrap_or_default());
        let author = author(sender);
        author.is_some_and(|author| ["to", "cc"].into_iter().flat_map(names).any(|to| to == *author))
    }

    fn continues(&self) -> bool {
        self.parts.is_some_and(|parts| parts.root().fields.has("in-reply-to"))
    }

    /// Numbers of the parts that are whole mails and in no other one.
    fn mails(&self) -> impl Iterator<Item = usize> {
        self.parts.into_iter().flat_map(outer_mails).take(ATTACHED)
    }

    /// Reads the attached mail that somebody from outside is behind.
    fn attached(&self) -> Result<Option<Box<Content>>, Not> {
        let mut found: Option<Box<Content>> = None;
        for number in self.mails().take_while(|_| self.depth < DEPTH) {
            let Some(parts) = self.parts else { break };
            let bytes = parts.get(number).encoding.file(parts.raw(parts.get(number)));
            let Ok(inner) = Parts::of(&bytes) else { continue };
            let (inner, Ok(())) = super::words_and_person(&inner, self.reader, self.trust, self.depth + 1) else {
                continue;
            };
            match &found {
                Some(other) if other.person.emails != inner.person.emails => {
                    return Not::plain("mails of different people are attached");
                }
                Some(_) => {}
                None => found = Some(Box::new(inner)),
            }
        }
        Ok(found)
    }
}

/// Numbers of the parts that are whole mails and in no other one.
fn outer_mails<'p>(parts: &'p Parts<'_>) -> impl Iterator<Item = usize> + 'p {
    let is_mail = |kind: &str| matches!(kind, "message/rfc822" | "message/global");
    let mut end = 0; // of the last one
    parts.of_kind(is_mail).filter(move |&number| {
        let body = &parts.get(number).body;
        let outer = body.start >= end;
        end = end.max(body.end);
        outer
    })
}

fn author(sender: &Sender) -> Option<&Email> {
    match &sender.author {
        Author::Person { email, .. } | Author::Program { email, .. } | Author::Ours(email) => Some(email),
        Author::Unknown(_) => None,
    }
}

fn is_by(sender: &Sender, person: &Person) -> bool {
    author(sender).is_some_and(|email| person.emails.contains(email) || robot::is_robot(email))
}
