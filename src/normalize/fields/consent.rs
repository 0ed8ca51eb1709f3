//! Consent. In: values whose labels speak of it: a box that was ticked, the words that stood beside it, when it
//! was ticked. Out: what was agreed to, and when; nothing where the box says no.

use jiff::{SignedDuration, Timestamp};

use super::Sheet;
use super::agreement::{agrees, refuses, says_no, speaks_of_consent};
use super::label::{self, Slot};
use crate::lead::Consent;
use crate::normalize::text::line;

/// Last words of labels that tell when it was given.
const TIMES: [&str; 12] =
    ["at", "time", "timestamp", "date", "datetime", "datum", "am", "zeit", "zeitpunkt", "uhrzeit", "heure", "fecha"];
/// Last words of labels that hold what was agreed to.
const WORDINGS: [&str; 6] = ["text", "wording", "statement", "wortlaut", "sentence", "label"];
/// Last words of labels that tell whether it was given.
const FLAGS: [&str; 11] = [
    "given",
    "granted",
    "accepted",
    "agreed",
    "checked",
    "ticked",
    "status",
    "value",
    "erteilt",
    "akzeptiert",
    "zugestimmt",
];

/// How far a sender's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_hours(1);

/// What a value says about a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Flag,
    Wording,
    Time,
}

/// A value that speaks of consent.
struct Place {
    at: usize,
    /// What its label has in common with those of the same consent.
    group: String,
    role: Role,
}

impl Sheet<'_> {
    /// Takes the first consent that was given.
    pub(super) fn take_consent(&mut self) {
        let places = self.places();
        let mut groups: Vec<&str> = Vec::new();
        for place in &places {
            if !groups.contains(&place.group.as_str()) {
                groups.push(&place.group);
            }
        }
        for group in groups {
            let of = |role: Role| places.iter().filter(move |place| place.group == *group && place.role == role);
            let flag = of(Role::Flag).find(|place| self.is_given(place.at));
            let wording = of(Role::Wording).find(|place| !is_refusal(&self.text(place.at)));
            if flag.is_none() && (wording.is_none() || of(Role::Flag).next().is_some()) {
                continue;
            }
            // A time that belongs to no other consent is this one's.
            let lone = places.iter().filter(|time| {
                time.role == Role::Time
                    && !places.iter().any(|other| other.role != Role::Time && other.group == time.group)
            });
            let time = of(Role::Time).chain(lone).find_map(|place| Some((place.at, self.moment(place.at)?)));
            let (flag, wording) = (flag.map(|place| place.at), wording.map(|place| place.at));
            let words = wording.map(|at| self.text(at)).filter(|text| !is_tick(text));
            let text = words.or_else(|| flag.or(wording).map(|at| self.agreed(at)));
            let Some(text) = text else { continue };
            // Beside the words a ticked box says nothing more; anything else that it says stays.
            let ticked = flag.filter(|at| wording.is_none() || is_tick(&self.text(*at)));
            for at in [ticked, wording, time.map(|(at, _)| at)].into_iter().flatten() {
                self.taken[at] = true;
            }
            self.content.consent = Some(Consent { text, at: time.map_or(self.context.at, |(_, at)| at) });
            return;
        }
    }

    /// The values that speak of consent, those first whose label is a name of it.
    fn places(&self) -> Vec<Place> {
        let named = self.candidates(&Slot::Consent);
        let others: Vec<usize> =
            (0..self.pairs.len()).filter(|at| self.meanings[*at].is_none() && !self.taken[*at]).collect();
        let mut places = Vec::new();
        for at in &named {
            let (group, role) =
                role(&self.pairs[*at].label).unwrap_or_else(|| (label::compact(&self.pairs[*at].label), Role::Flag));
            places.push(Place { at: *at, group, role });
        }
        for at in others {
            let label = &self.pairs[at].label;
            let told = role(label).or_else(|| {
                // A box that nothing is called, which says what it stands for.
                let is_box =
                    label::is_bare_box(label) && is_sentence(&self.text(at)) && speaks_of_consent(&self.text(at));
                is_box.then(|| (label::compact(label), Role::Flag))
            });
            places.extend(told.map(|(group, role)| Place { at, group, role }));
        }
        places
    }

    /// Whether a box says yes. Where only its label's sentence speaks of consent, it says nothing else.
    fn is_given(&self, at: usize) -> bool {
        let (value, label) = (self.text(at), &self.pairs[at].label);
        if is_refusal(&value) || refuses(label) || value.ends_with('?') {
            return false;
        }
        self.meanings[at].is_some()
            || is_tick(&value)
            || agrees(&value)
            || speaks_of_consent(&value)
            || label.contains(&*value)
            || value.split_whitespace().count() < 3
    }

    /// What was agreed to, as far as the box and its label say. That a box was ticked tells nobody what it was for:
    /// the words of its label stand before.
    fn agreed(&self, at: usize) -> String {
        let (value, label) = (line(&self.text(at)), line(&self.pairs[at].label));
        let label = label.trim_end_matches(['.', ':', '*', ' ']);
        let label = if label.is_empty() { "consent" } else { label };
        let says_all = value.contains(label) || is_sentence(&value) && !is_sentence(label);
        if says_all && !is_tick(&value) { self.text(at) } else { format!("{label}: {value}") }
    }

    /// The moment a value names, where that is plain and has passed: RFC 3339, or seconds or milliseconds since
    /// 1970. A time without a zone is nobody's.
    fn moment(&self, at: usize) -> Option<Timestamp> {
        let text = self.text(at);
        let moment = match text.parse::<i64>() {
            Ok(seconds @ 1_000_000_000..100_000_000_000) => Timestamp::from_second(seconds).ok()?,
            Ok(milliseconds @ 1_000_000_000_000..) => Timestamp::from_millisecond(milliseconds).ok()?,
            Ok(_) => return None,
            Err(_) => text.parse().ok()?,
        };
        (moment.duration_since(self.context.at) <= AHEAD).then_some(moment)
    }
}

/// What a label says about a consent, and which; `None` where it speaks of none.
fn role(label: &str) -> Option<(String, Role)> {
    // A full stop in a sentence is none between the parts of a label.
    let nested = label.trim_end_matches(['.', ' ']).rsplit_once('.').filter(|(_, leaf)| !leaf.starts_with(' '));
    let (parent, leaf) = nested.filter(|(_, leaf)| !is_sentence(leaf)).unwrap_or(("", label));
    let spelled = label::spelled(leaf);
    let words: Vec<&str> = label::words(&spelled).collect();
    let is = |list: &[&str]| words.last().is_some_and(|word| list.contains(word));
    let role = if is(&TIMES) {
        Some(Role::Time)
    } else if is(&WORDINGS) {
        Some(Role::Wording)
    } else if is(&FLAGS) {
        Some(Role::Flag)
    } else {
        None
    };
    if !parent.is_empty() && speaks(parent) {
        let role = role.or_else(|| speaks(leaf).then_some(Role::Flag))?;
        return Some((label::compact(parent), role));
    }
    let (group, role) = match (role, &words[..]) {
        (Some(role), [rest @ .., _]) if speaks(&rest.join(" ")) => (rest.concat(), role),
        // `Datum der Einwilligung`
        (None, [first, rest @ ..]) if TIMES.contains(first) && speaks(&rest.join(" ")) => (rest.concat(), Role::Time),
        _ => (label::compact(label), Role::Flag),
    };
    let spoken = role != Role::Flag || speaks(label) || words.len() > 1 && speaks(&words[..words.len() - 1].join(" "));
    spoken.then_some((group, role))
}

fn speaks(label: &str) -> bool {
    matches!(label::slot(label), Some((Slot::Consent, _))) || speaks_of_consent(label)
}

/// Whether a text is more than a name or a yes.
fn is_sentence(text: &str) -> bool {
    // Where words stand without a space between, a few letters say as much.
    text.split_whitespace().count() >= 3 || !text.is_ascii() && text.chars().count() >= 8 && !text.contains(' ')
}

/// Whether a box says no more than that it was ticked.
fn is_tick(value: &str) -> bool {
    const YES: &str = "true 1 on yes y ja j oui si sim tak da ano igen evet nai taip jah kylla hai ok okay x checked ticked \
        selected accepted agreed akzeptiert zugestimmt einverstanden bestatigt aktiviert angekreuzt ausgewahlt";
    let bare = label::compact(value);
    let is_picture = |c: char| matches!(c, '✓' | '✔' | '☑' | '✅' | '\u{fe0f}');
    YES.split_whitespace().any(|yes| yes == bare) || !value.is_empty() && value.chars().all(is_picture)
}

/// Whether a consent field says no.
fn is_refusal(value: &str) -> bool {
    const NO: &str = "0 false off n na null unchecked unticked declined rejected abgelehnt undefined nan";
    let bare = label::compact(value);
    (bare.is_empty() && !is_tick(value))
        || NO.split_whitespace().any(|no| no == bare)
        || says_no(value)
        || refuses(value)
}

#[cfg(test)]
mod tests {
    use super::super::{Context, Pair, content};
    use crate::lead::Content;
    use crate::normalize::Spelling;

    fn read(pairs: &[(&str, &str)]) -> Content {
        let pairs = pairs.iter().map(|(label, value)| Pair::new(*label, *value)).collect();
        let at = "2026-11-23T10:00:00Z".parse().unwrap();
        content(pairs, &Context { spelling: &Spelling::default(), region: "DE", at })
    }

    #[test]
    fn a_consent_is_what_stood_beside_the_box_and_when_it_was_ticked() {
        let now = "2026-11-23T10:00:00Z";
        for (pairs, text, at) in [
            (&[("consent", "true"), ("consent_text", "You may call me back.")][..], "You may call me back.", now),
            (
                &[
                    ("consent.given", "true"),
                    ("consent.text", "You may call me back."),
                    ("consent.timestamp", "2026-11-22T09:00:00Z"),
                ],
                "You may call me back.",
                "2026-11-22T09:00:00Z",
            ),
            (
                &[("gdpr_consent", "yes"), ("gdpr_consent_at", "1763890000")],
                "gdpr_consent: yes",
                "2025-11-23T09:26:40Z",
            ),
            (
                &[("Datenschutz", "Ja"), ("Zeitpunkt der Einwilligung", "2026-11-22T10:00:00+01:00")],
                "Datenschutz: Ja",
                "2026-11-22T09:00:00Z",
            ),
            (&[("I agree to the privacy policy", "on")], "I agree to the privacy policy: on", now),
            (&[("consent", "on"), ("consent_at", "tomorrow")], "consent: on", now),
            (&[("consent", "on"), ("consent_at", "2027-01-01T00:00:00Z")], "consent: on", now),
            (&[("newsletter consent", "no"), ("gdpr", "1")], "gdpr: 1", now),
            (
                &[
                    ("legalConsent.consent.consentToProcess", "true"),
                    ("legalConsent.consent.text", "I agree to it all."),
                ],
                "I agree to it all.",
                now,
            ),
        ] {
            let consent = read(pairs).consent.unwrap_or_else(|| panic!("{pairs:?}"));
            assert_eq!((&*consent.text, &*consent.at.to_string()), (text, at), "{pairs:?}");
        }
    }

    #[test]
    fn words_beside_a_box_that_was_not_ticked_are_no_consent() {
        for pairs in [
            &[("consent", "false"), ("consent_text", "You may call me back.")][..],
            &[("consent.given", "0"), ("consent.text", "You may call me back.")],
            &[("consent_time", "2026-11-22T09:00:00Z")],
        ] {
            let content = read(pairs);
            assert_eq!(content.consent, None, "{pairs:?}");
            assert_eq!(content.fields.len(), pairs.len(), "{:?}", content.fields);
        }
    }
    #[test]
    fn a_bare_yes_never_stands_alone() {
        for (label, value, text) in [
            ("datenschutz", "on", "datenschutz: on"),
            ("DSGVO-Zustimmung", "ja", "DSGVO-Zustimmung: ja"),
            ("Privacy policy", "ja", "Privacy policy: ja"),
            ("Datenschutz *", "✓", "Datenschutz: ✓"),
            ("consent_text", "yes", "consent_text: yes"),
            ("agb", "akzeptiert", "agb: akzeptiert"),
            ("acceptance-7", "I agree to the privacy policy.", "I agree to the privacy policy."),
        ] {
            let content = read(&[("email", "a@b.example"), (label, value)]);
            assert_eq!(content.consent.map(|consent| consent.text).as_deref(), Some(text), "{label}={value}");
            assert!(content.fields.is_empty(), "{:?}", content.fields);
        }
    }

    #[test]
    fn a_sentence_is_consent_beside_its_box_and_in_it() {
        for text in [
            "Ich stimme zu, dass meine Angaben aus dem Kontaktformular zur Beantwortung meiner Anfrage erhoben und verarbeitet werden.",
            "Ich habe die Datenschutzerklärung zur Kenntnis genommen. Ich stimme zu, dass meine Angaben und Daten z.B. gespeichert werden.",
            "Ich gestatte die Verarbeitung meiner Daten",
            "Συμφωνώ με την πολιτική απορρήτου",
            "個人情報の取り扱いに同意します",
        ] {
            for value in ["on", "1", "yes"] {
                let consent = read(&[("email", "a@b.example"), (text, value)]).consent;
                assert_eq!(
                    consent.map(|consent| consent.text),
                    Some(format!("{}: {value}", text.trim_end_matches('.')))
                );
            }
            for label in ["checkbox-123", "acceptance-123", "input_5_1"] {
                let consent = read(&[("email", "a@b.example"), (label, text)]).consent;
                assert_eq!(consent.map(|consent| consent.text).as_deref(), Some(text), "{label}");
            }
            for value in ["0", "no", "nein", "Nein, danke", "off", "-", "n/a", "όχι"] {
                assert_eq!(read(&[("email", "a@b.example"), (text, value)]).consent, None, "{text}: {value}");
            }
            assert_eq!(read(&[("message", text)]).consent, None, "{text}");
        }
    }

    #[test]
    fn questions_and_refusals_are_no_consent() {
        for (label, value) in [
            ("Fragen zum Datenschutz", "Wie lange speichern Sie meine Daten?"),
            ("checkbox-123", "Stimme ich damit der Verarbeitung meiner Daten zu?"),
            ("checkbox-123", "Ich stimme der Verarbeitung meiner Daten nicht zu"),
            ("Ich stimme der Verarbeitung meiner Daten nicht zu", "on"),
            ("Accepted data formats", "CSV and JSON lines"),
        ] {
            let content = read(&[("email", "a@b.example"), (label, value)]);
            assert!(content.consent.is_none() && content.fields[label] == value, "{label}: {content:?}");
        }
    }
}
