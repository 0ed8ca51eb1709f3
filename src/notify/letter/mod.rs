//! What a notice says, in German or English: subject and plain text for a person.
//!
//! In comes a [`Letter`], out go lines without control characters, whatever the lead wrote: the
//! subject can stand in a mail header, and in the text all that a stranger wrote is quoted, so
//! that it cannot pass for ours.

pub mod alarm;
mod clean;
#[cfg(test)]
pub(crate) mod samples;
mod words;

use std::fmt::Write;

use jiff::Timestamp;

use super::Letter;
use crate::lead::{Content, Decision, Disposition, Email, Event, Fate, Lead, Meeting, News, Phone, Priority, Verdict};

pub use clean::{block, line};
pub use words::Language;
use words::Words;

/// Longest quoted message, characters.
const LONGEST_MESSAGE: usize = 4000;
/// Longest value on one line, characters.
const LONGEST_VALUE: usize = 300;
/// Longest subject, characters.
const LONGEST_SUBJECT: usize = 150;
/// Most extra fields and attachments that are listed.
const MOST_LISTED: usize = 40;

/// The subject: what happened, and to whom. One line.
#[must_use]
pub fn subject(letter: &Letter) -> String {
    let words = words(letter);
    let who = who(letter);
    let subject = match letter.notice.event {
        Event::Created => format!("{}: {who}", words.new_lead),
        Event::Touched => touched(letter, &who),
        Event::Assigned => format!("{}: {who}", words.now_yours),
        Event::Stage => format!("{who}: {}", words.stage(letter.lead.stage)),
        Event::Reminder => format!("{}: {who}", words.reminder),
        Event::Overdue => format!("{}: {who}", words.overdue),
        // Alarms are about no lead.
        Event::AlarmRaised | Event::AlarmOver => who,
    };
    line(&subject, LONGEST_SUBJECT)
}

/// What somebody who is known did: they wrote, or there is news of their meeting.
fn touched(letter: &Letter, who: &str) -> String {
    let words = words(letter);
    match meeting(letter).map(|meeting| meeting.news) {
        Some(News::Booked) => format!("{who} {}", words.has_booked),
        Some(News::Moved) => format!("{}: {who}", words.meeting_moved),
        Some(News::Cancelled) => format!("{}: {who}", words.meeting_cancelled),
        Some(News::MadeWay) | None => format!("{who} {}", words.has_written),
    }
}

/// The meeting that the touch brings news of.
fn meeting(letter: &Letter) -> Option<&Meeting> {
    letter.touch.as_ref()?.content.meeting.as_ref()
}

/// The words of the owner's language, else of the organisation's.
fn words(letter: &Letter) -> &'static Words {
    letter.owner.as_ref().and_then(|owner| owner.language).unwrap_or(letter.house.language).words()
}

/// Name and company, or the best that is known. One line.
fn who(letter: &Letter) -> String {
    let person = &letter.lead.person;
    let known = [
        person.name.as_deref(),
        person.company.as_deref(),
        person.emails.first().map(Email::as_str),
        person.phones.first().map(Phone::as_str),
    ];
    let mut known = known.into_iter().flatten().map(|text| line(text, 80)).filter(|text| !text.is_empty());
    let Some(first) = known.next() else { return words(letter).unknown.to_owned() };
    let company = person.company.as_deref().map(|text| line(text, 80)).unwrap_or_default();
    if company.is_empty() || company == first { first } else { format!("{first} ({company})") }
}

/// Why the owner got it: score, rules that hit, and how the owner was found. One line.
#[must_use]
pub fn why(letter: &Letter) -> String {
    let words = words(letter);
    let mut parts = vec![standing(letter)];
    parts.extend(priority(letter).map(str::to_owned));
    if let Some(hits) = verdict(letter).and_then(hits) {
        parts.push(format!("{}: {hits}", words.rules));
    }
    if let Some(routing) = routing(letter) {
        parts.push(routing);
    }
    parts.join("; ")
}

/// How soon somebody should look at it, where that is not as it comes.
fn priority(letter: &Letter) -> Option<&'static str> {
    let [low, high] = words(letter).priorities;
    match letter.lead.assessment.priority {
        Priority::Low => Some(low),
        Priority::Normal => None,
        Priority::High => Some(high),
    }
}

/// What the rules said when it was decided; the lead may stand elsewhere by now.
fn verdict(letter: &Letter) -> Option<&Verdict> {
    letter.decision.as_ref()?.verdict.as_ref()
}

fn standing(letter: &Letter) -> String {
    let words = words(letter);
    let (lead, verdict) = (&letter.lead, verdict(letter));
    let score = verdict.map_or(lead.score, |verdict| verdict.score);
    // What rules say against a lead that somebody works does not count.
    let counts = verdict.filter(|verdict| verdict.disposition != Disposition::Disqualified);
    let (disposition, reason) =
        counts.map_or((lead.disposition, &lead.reason), |verdict| (verdict.disposition, &verdict.reason));
    let mut text = format!("{} {score}, {}", words.score, words.disposition(disposition));
    if let Some(verdict) = verdict {
        let _infallible = write!(text, " ({} {})", words.threshold, verdict.qualify_at);
    }
    if let Some(reason) = reason {
        let _infallible = write!(text, ": {}", line(reason, LONGEST_VALUE));
    }
    text
}

fn hits(verdict: &Verdict) -> Option<String> {
    let hits: Vec<_> = verdict
        .hits
        .iter()
        .map(|hit| match (hit.score, hit.counted) {
            // It decides something and has no points.
            (0, _) => line(&hit.rule, LONGEST_VALUE),
            (score, counted) => format!("{} ({:+})", line(&hit.rule, LONGEST_VALUE), counted.unwrap_or(score)),
        })
        .collect();
    (!hits.is_empty()).then(|| hits.join(", "))
}

/// How the owner was found. The reason that was written down is English; other languages say it in fewer words.
fn routing(letter: &Letter) -> Option<String> {
    let decision = letter.decision.as_ref()?;
    let routing = &decision.routing;
    let Some(routed) = &words(letter).routed else {
        return Some(line(&routing.reason, LONGEST_VALUE)).filter(|reason| !reason.is_empty());
    };
    let team = routing.team.as_ref().map(|team| format!("{} {team}", routed.team));
    let by = (decision.by != Decision::BY_RULES).then(|| format!("{} {}", routed.given_by, line(&decision.by, 80)));
    let to = letter.notice.owner.as_ref();
    let chosen = routing.candidates.iter().find(|by| by.fate == Fate::Chosen && Some(&by.owner) == to);
    let because = chosen.and_then(|chosen| routed.because.iter().find(|(start, _)| chosen.reason.starts_with(start)));
    let because = because.map(|(_, words)| (*words).to_owned());
    let parts: Vec<_> = team.into_iter().chain(by).chain(because).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The whole text, lines ended by `\n`.
#[must_use]
pub fn text(letter: &Letter) -> String {
    let words = words(letter);
    let mut page = Page::default();
    page.opening(letter);
    page.person(letter);
    page.writing(letter);
    page.origin(letter);
    page.head(words.why_title);
    let urgency = priority(letter).map(|words| format!(", {words}")).unwrap_or_default();
    page.entry(words.verdict, &(standing(letter) + &urgency));
    page.maybe(words.rules, verdict(letter).and_then(hits).as_deref());
    page.entry(words.tags, &verdict(letter).map_or(&letter.lead.tags, |verdict| &verdict.tags).join(", "));
    page.maybe(words.routing, routing(letter).as_deref());
    page.next_steps(letter);
    let _infallible =
        write!(page.0, "\n-- \nLotse · {} · {}\n", line(&letter.house.instance, LONGEST_VALUE), letter.notice.id);
    page.0
}

/// A text that grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, title: &str) {
        let _infallible = write!(self.0, "\n{title}\n");
    }

    /// `  label: value`, unless the value is empty.
    fn entry(&mut self, label: &str, value: &str) {
        let value = line(value, LONGEST_VALUE);
        if !value.is_empty() {
            let _infallible = writeln!(self.0, "  {label}: {value}");
        }
    }

    fn maybe(&mut self, label: &str, value: Option<&str>) {
        self.entry(label, value.unwrap_or_default());
    }

    fn opening(&mut self, letter: &Letter) {
        let words = words(letter);
        if let Some(owner) = &letter.owner {
            let _infallible = write!(self.0, "{} {},\n\n", words.hello, line(&owner.name, 80));
        }
        let who = who(letter);
        let sentence = match letter.notice.event {
            Event::Created => words.created.to_owned(),
            Event::Touched => format!("{}.", touched(letter, &who)),
            Event::Assigned => format!("{who} {}.", words.assigned),
            Event::Stage => format!("{who}: {} {}.", words.stage_is_now, words.stage(letter.lead.stage)),
            Event::Reminder => format!("{who} {}{}.", words.waits_for_you, until(letter)),
            Event::Overdue => overdue(letter, &who),
            Event::AlarmRaised | Event::AlarmOver => who,
        };
        self.0.push_str(&sentence);
        self.0.push('\n');
        if letter.notice.event == Event::Stage {
            self.maybe(words.reason, letter.lead.stage_reason.as_deref());
        }
    }

    fn person(&mut self, letter: &Letter) {
        let words = words(letter);
        let person = &letter.lead.person;
        self.head(words.who_title);
        self.maybe(words.name, person.name.as_deref());
        self.maybe(words.company, person.company.as_deref());
        self.maybe(words.job_title, person.job_title.as_deref());
        let emails: Vec<_> = person.emails.iter().map(Email::as_str).collect();
        self.entry(words.email, &emails.join(", "));
        let phones: Vec<_> = person.phones.iter().map(Phone::as_str).collect();
        self.entry(words.phone, &phones.join(", "));
        self.maybe(words.website, person.website.as_deref().or(person.domain.as_deref()));
        self.maybe(words.country, person.country.as_deref());
        if self.0.ends_with(&format!("{}\n", words.who_title)) {
            let _infallible = writeln!(self.0, "  {}", words.unknown);
        }
    }

    fn writing(&mut self, letter: &Letter) {
        let words = words(letter);
        let Said { subject, text, content } = said(letter);
        let title = if letter.notice.event == Event::Touched { words.wrote_now_title } else { words.wrote_title };
        self.head(title);
        self.maybe(words.other, content.and_then(|content| another(content, &letter.lead)));
        self.maybe(words.subject, subject);
        let news = meeting(letter);
        if let Some(meeting) = news {
            self.meeting(meeting, letter);
        }
        // That it was cancelled has been told, in the reader's words.
        let text = text.filter(|_| news.is_none_or(|meeting| meeting.news != News::Cancelled));
        match text.map(|text| block(text, LONGEST_MESSAGE)).filter(|(text, _)| !text.is_empty()) {
            Some((text, whole)) => {
                for row in text.lines() {
                    let _infallible = writeln!(self.0, "> {row}");
                }
                if !whole {
                    let _infallible = writeln!(self.0, "[{}: lotse leads show {}]", words.shortened, letter.lead.id);
                }
            }
            None if news.is_some() => {}
            None => {
                let _infallible = writeln!(self.0, "  {}", words.no_text);
            }
        }
        let fields = content.map_or(&letter.lead.fields, |content| &content.fields);
        for (label, value) in fields.iter().take(MOST_LISTED) {
            let time = || value.as_str()?.parse().ok().map(|at| local(at, letter));
            match label.as_str() {
                Meeting::BEGINS if news.is_some_and(|meeting| meeting.start.is_some()) => {}
                Meeting::BEGINS if let Some(time) = time() => self.entry(words.meeting, &time),
                Meeting::ENDS if let Some(time) = time() => self.entry(words.meeting_ends, &time),
                label => {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    self.entry(&line(label, 80), &value);
                }
            }
        }
        let files = content.map_or(&letter.lead.attachments, |content| &content.attachments);
        for file in files.iter().take(MOST_LISTED) {
            let care = file.danger.map(|danger| format!("; {}", words.danger(danger))).unwrap_or_default();
            self.entry(words.attachment, &format!("{} ({} KB{care})", file.name, file.size.div_ceil(1000)));
        }
    }

    /// When and where a meeting is held, or who called it off and why.
    fn meeting(&mut self, meeting: &Meeting, letter: &Letter) {
        let words = words(letter);
        self.maybe(words.meeting, meeting.start.map(|start| local(start, letter)).as_deref());
        self.maybe(words.place, meeting.place.as_deref());
        if meeting.news == News::Cancelled {
            self.maybe(words.cancelled_by, meeting.by.as_deref());
            self.maybe(words.reason, meeting.why.as_deref());
        }
    }

    fn origin(&mut self, letter: &Letter) {
        let words = words(letter);
        let from = &letter.lead.attribution;
        self.head(words.origin_title);
        self.entry(words.channel, letter.touch.as_ref().map_or(&from.channel, |touch| &touch.channel).as_str());
        let content = letter.touch.as_ref().map(|touch| &touch.content);
        let of_touch = |of: fn(&Content) -> Option<&String>| content.and_then(of);
        self.maybe(words.form, of_touch(|c| c.form.as_ref()).or(from.form.as_ref()).map(String::as_str));
        self.maybe(words.page, of_touch(|c| c.page.as_ref()).or(from.page.as_ref()).map(String::as_str));
        self.maybe(words.referrer, of_touch(|c| c.referrer.as_ref()).or(from.referrer.as_ref()).map(String::as_str));
        let campaign: Vec<_> = from.utm.iter().map(|(key, value)| format!("{key}={value}")).collect();
        self.entry(words.campaign, &campaign.join(", "));
        self.maybe(words.forwarded_by, letter.lead.forwarded_by.as_ref().map(Email::as_str));
        let at = letter.touch.as_ref().map_or(letter.lead.created_at, |touch| touch.received_at);
        self.entry(words.received, &local(at, letter));
    }

    fn next_steps(&mut self, letter: &Letter) {
        let words = words(letter);
        let id = letter.lead.id;
        self.head(words.next_title);
        if let Some(email) = reply_to(&letter.lead) {
            let _infallible = writeln!(self.0, "  {} {email}.", words.reply_goes_to);
            if letter.lead.failing.iter().any(|failing| failing.email.as_str() == email) {
                let _infallible = writeln!(self.0, "  {}", words.came_back);
            }
        } else if let Some(phone) = letter.lead.person.phones.first() {
            let _infallible = writeln!(self.0, "  {} {phone}.", words.call);
        }
        let _infallible = writeln!(self.0, "  {}: lotse leads show {id}", words.show);
        if letter.lead.stage == crate::lead::Stage::New {
            let _infallible = writeln!(self.0, "  {}: lotse leads stage {id} accepted", words.accept);
        }
    }
}

/// Who wrote, where it was somebody else in the lead's conversation.
fn another<'a>(content: &'a Content, lead: &Lead) -> Option<&'a str> {
    let email = content.person.emails.first()?;
    lead.others.iter().any(|other| other.email == *email).then_some(content.from.as_deref()).flatten()
}

/// What was written this time, or at first.
struct Said<'a> {
    subject: Option<&'a str>,
    text: Option<&'a str>,
    content: Option<&'a Content>,
}

fn said(letter: &Letter) -> Said<'_> {
    match letter.touch.as_ref().map(|touch| &touch.content) {
        Some(content) => {
            Said { subject: content.subject.as_deref(), text: content.text.as_deref(), content: Some(content) }
        }
        None => Said { subject: letter.lead.subject.as_deref(), text: letter.lead.message.as_deref(), content: None },
    }
}

/// The address that an answer goes to: the lead's first one, if every mail program can write to it.
#[must_use]
pub fn reply_to(lead: &Lead) -> Option<&str> {
    let email = lead.person.emails.first()?.as_str();
    let plain = email.bytes().all(|byte| byte.is_ascii_graphic());
    let strange = email.contains(['<', '>', '(', ')', '[', ']', ',', ';', ':', '\\', '"']);
    let (user, domain) = email.rsplit_once('@')?;
    (plain && !strange && !user.is_empty() && !user.contains('@') && domain.contains('.')).then_some(email)
}

/// Until when the owner is to do something about the lead.
fn until(letter: &Letter) -> String {
    let awaited = letter.lead.handling.as_ref().and_then(|handling| handling.awaited(letter.lead.stage));
    awaited.map_or_else(String::new, |(_, at)| format!(" ({} {})", words(letter).until, local(at, letter)))
}

/// Whom a lead was given to, and that nothing happened.
fn overdue(letter: &Letter, who: &str) -> String {
    let words = words(letter);
    let had = letter.lead.had().iter();
    let mut all: Vec<&str> = had.chain(&letter.lead.owner).map(crate::lead::Name::as_str).collect();
    all.dedup();
    format!("{}: {who} ({}).", words.overdue, all.join(", "))
}

/// A time as the owner's clock shows it, else the organisation's.
fn local(at: Timestamp, letter: &Letter) -> String {
    let owner = letter.owner.as_ref().and_then(|owner| owner.time_zone.as_ref());
    let zoned = at.to_zoned_datetime(owner.unwrap_or(&letter.house.time_zone).clone());
    zoned.strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests;
