//! Consent. In: values whose labels speak of it: a box that was ticked, the words that stood beside it, when it
//! was ticked. Out: what was agreed to, and when; nothing where the box says no.

use jiff::{SignedDuration, Timestamp};

use super::Sheet;
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
            let flag = of(Role::Flag).find(|place| !is_refusal(&self.text(place.at)));
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
            let text = wording.map(|at| self.text(at)).or_else(|| flag.map(|at| self.agreed(at)));
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
            places.extend(role(&self.pairs[at].label).map(|(group, role)| Place { at, group, role }));
        }
        places
    }

    /// What was agreed to, as far as the box and its label say.
    fn agreed(&self, at: usize) -> String {
        let (value, label) = (self.text(at), line(&self.pairs[at].label));
        let is_sentence = |text: &str| text.split_whitespace().count() >= 3;
        let stem = label.trim_end_matches(['.', ':', '*', ' ']);
        if is_sentence(stem) && !value.contains(stem) { format!("{stem}: {value}") } else { value }
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
    let (parent, leaf) = label.rsplit_once('.').unwrap_or(("", label));
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
    matches!(label::slot(label), Some((Slot::Consent, _))) || label::speaks_of_consent(label)
}

/// Whether a box says no more than that it was ticked.
fn is_tick(value: &str) -> bool {
    let value = value.to_lowercase();
    matches!(&*value, "true" | "1" | "on" | "yes" | "ja" | "oui" | "sí" | "si" | "sì" | "sim" | "tak" | "checked")
}

/// Whether a consent field says no.
fn is_refusal(value: &str) -> bool {
    let value = value.to_lowercase();
    matches!(
        &*value,
        "" | "0"
            | "false"
            | "no"
            | "nein"
            | "off"
            | "n"
            | "non"
            | "nie"
            | "nee"
            | "não"
            | "nej"
            | "nei"
            | "ei"
            | "ne"
            | "not accepted"
            | "declined"
            | "abgelehnt"
            | "null"
    )
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
            (&[("gdpr_consent", "yes"), ("gdpr_consent_at", "1763890000")], "yes", "2025-11-23T09:26:40Z"),
            (
                &[("Datenschutz", "Ja"), ("Zeitpunkt der Einwilligung", "2026-11-22T10:00:00+01:00")],
                "Ja",
                "2026-11-22T09:00:00Z",
            ),
            (&[("I agree to the privacy policy", "on")], "I agree to the privacy policy: on", now),
            (&[("consent", "on"), ("consent_at", "tomorrow")], "on", now),
            (&[("consent", "on"), ("consent_at", "2027-01-01T00:00:00Z")], "on", now),
            (&[("newsletter consent", "no"), ("gdpr", "1")], "1", now),
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
}
