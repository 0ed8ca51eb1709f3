//! The words of a letter, in German and English.

use crate::lead::{Candidate, Danger, Disposition, Stage};

/// Language of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// German.
    German,
    /// English.
    English,
}

impl Language {
    /// The languages by the words that stand for them in the settings (ISO 639-1).
    pub const ALL: [(&'static str, Self); 2] = [("de", Self::German), ("en", Self::English)];

    /// The language of an organisation in this country (ISO 3166-1 alpha-2).
    #[must_use]
    pub fn of_country(country: &str) -> Self {
        match country {
            "DE" | "AT" | "CH" | "LI" | "LU" => Self::German,
            _ => Self::English,
        }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::German => &GERMAN,
            Self::English => &ENGLISH,
        }
    }
}

/// All words and phrases of a letter.
pub(super) struct Words {
    pub(super) new_lead: &'static str,
    pub(super) has_written: &'static str,
    pub(super) has_booked: &'static str,
    pub(super) meeting_moved: &'static str,
    pub(super) meeting_cancelled: &'static str,
    pub(super) now_yours: &'static str,
    pub(super) reminder: &'static str,
    pub(super) overdue: &'static str,
    pub(super) waits_for_you: &'static str,
    pub(super) until: &'static str,
    pub(super) unknown: &'static str,
    pub(super) hello: &'static str,
    pub(super) created: &'static str,
    pub(super) assigned: &'static str,
    pub(super) stage_is_now: &'static str,
    pub(super) reason: &'static str,
    pub(super) who_title: &'static str,
    pub(super) name: &'static str,
    pub(super) company: &'static str,
    pub(super) job_title: &'static str,
    pub(super) email: &'static str,
    pub(super) phone: &'static str,
    pub(super) website: &'static str,
    pub(super) country: &'static str,
    pub(super) wrote_title: &'static str,
    pub(super) wrote_now_title: &'static str,
    pub(super) subject: &'static str,
    pub(super) other: &'static str,
    pub(super) meeting: &'static str,
    pub(super) meeting_ends: &'static str,
    pub(super) place: &'static str,
    pub(super) cancelled_by: &'static str,
    pub(super) no_text: &'static str,
    pub(super) shortened: &'static str,
    pub(super) attachment: &'static str,
    pub(super) origin_title: &'static str,
    pub(super) channel: &'static str,
    pub(super) form: &'static str,
    pub(super) page: &'static str,
    pub(super) referrer: &'static str,
    pub(super) campaign: &'static str,
    pub(super) forwarded_by: &'static str,
    pub(super) received: &'static str,
    pub(super) why_title: &'static str,
    pub(super) verdict: &'static str,
    pub(super) score: &'static str,
    pub(super) threshold: &'static str,
    pub(super) rules: &'static str,
    pub(super) tags: &'static str,
    /// What is said of a low and of a high priority.
    pub(super) priorities: [&'static str; 2],
    pub(super) routing: &'static str,
    pub(super) next_title: &'static str,
    pub(super) reply_goes_to: &'static str,
    pub(super) came_back: &'static str,
    pub(super) call: &'static str,
    pub(super) show: &'static str,
    pub(super) accept: &'static str,
    /// How the owner was found; `None` in the language in which decisions are written down.
    pub(super) routed: Option<Routed>,
    /// In the order of [`Stage::ALL`].
    stages: [&'static str; 6],
    /// In the order of [`Disposition::ALL`].
    dispositions: [&'static str; 4],
    /// In the order of [`Danger::ALL`].
    dangers: [&'static str; 5],
}

/// Words for how an owner was found.
pub(super) struct Routed {
    pub(super) team: &'static str,
    pub(super) given_by: &'static str,
    /// Why the chosen one got it, by how the reason starts that was written down.
    pub(super) because: [(&'static str, &'static str); 5],
}

impl Words {
    pub(super) fn stage(&self, stage: Stage) -> &'static str {
        self.stages[Stage::ALL.iter().position(|known| *known == stage).unwrap_or(0)]
    }

    pub(super) fn danger(&self, danger: Danger) -> &'static str {
        self.dangers[Danger::ALL.iter().position(|known| *known == danger).unwrap_or(0)]
    }

    pub(super) fn disposition(&self, disposition: Disposition) -> &'static str {
        self.dispositions[Disposition::ALL.iter().position(|known| *known == disposition).unwrap_or(0)]
    }
}

static GERMAN: Words = Words {
    new_lead: "Neuer Lead",
    has_written: "hat wieder geschrieben",
    has_booked: "hat einen Termin gebucht",
    meeting_moved: "Termin verlegt",
    meeting_cancelled: "Termin abgesagt",
    now_yours: "Jetzt Ihr Lead",
    reminder: "Erinnerung",
    overdue: "Niemand hat sich gekümmert",
    waits_for_you: "wartet auf Sie",
    until: "bis",
    unknown: "Unbekannt",
    hello: "Hallo",
    created: "ein neuer Lead ist für Sie da.",
    assigned: "ist jetzt Ihr Lead",
    stage_is_now: "der Stand ist jetzt:",
    reason: "Grund",
    who_title: "WER",
    name: "Name",
    company: "Firma",
    job_title: "Position",
    email: "E-Mail",
    phone: "Telefon",
    website: "Website",
    country: "Land",
    wrote_title: "WAS GESCHRIEBEN WURDE",
    wrote_now_title: "WAS JETZT GESCHRIEBEN WURDE",
    subject: "Betreff",
    other: "Geschrieben von",
    meeting: "Termin",
    meeting_ends: "Termin endet",
    place: "Ort",
    cancelled_by: "Abgesagt von",
    no_text: "(kein Text)",
    shortened: "gekürzt; alles zeigt",
    attachment: "Anhang",
    origin_title: "WOHER",
    channel: "Kanal",
    form: "Formular",
    page: "Seite",
    referrer: "Seite davor",
    campaign: "Kampagne",
    forwarded_by: "Weitergeleitet von",
    received: "Eingegangen",
    why_title: "WARUM SIE",
    verdict: "Bewertung",
    score: "Punkte",
    threshold: "qualifiziert ab",
    rules: "Regeln",
    tags: "Merkmale",
    priorities: ["niedrige Priorität", "hohe Priorität"],
    routing: "Zuteilung",
    next_title: "WAS TUN",
    reply_goes_to: "Antworten Sie auf diese Mail: Ihre Antwort geht direkt an",
    came_back: "Achtung: Eine Mail an diese Adresse kam zurück.",
    call: "Rufen Sie an:",
    show: "Alles dazu",
    accept: "Annehmen",
    routed: Some(Routed {
        team: "Team",
        given_by: "übergeben von",
        because: [
            (Candidate::TURN, "Sie waren an der Reihe"),
            (Candidate::SAME_PERSON, "Sie betreuen diese Person schon"),
            (Candidate::SAME_COMPANY, "Sie betreuen diese Firma schon"),
            (Candidate::FORWARDED, "Sie haben die Anfrage weitergeleitet"),
            (Candidate::STANDS_IN, "in Vertretung"),
        ],
    }),
    stages: ["neu", "angenommen", "kontaktiert", "Termin vereinbart", "gewonnen", "verloren"],
    dispositions: ["qualifiziert", "unter der Schwelle", "ausgeschlossen", "zu prüfen"],
    dangers: [
        "Vorsicht, ein Programm",
        "Vorsicht, enthält ein Skript",
        "Vorsicht, enthält Makros",
        "Vorsicht, ein Archiv, das Programme enthält oder verschlossen ist",
        "Vorsicht, etwas anderes als der Name sagt",
    ],
};

static ENGLISH: Words = Words {
    new_lead: "New lead",
    has_written: "has written again",
    has_booked: "has booked a meeting",
    meeting_moved: "Meeting moved",
    meeting_cancelled: "Meeting cancelled",
    now_yours: "Now yours",
    reminder: "Reminder",
    overdue: "Nobody took care in time",
    waits_for_you: "waits for you",
    until: "until",
    unknown: "Unknown",
    hello: "Hello",
    created: "a new lead is yours.",
    assigned: "is now yours",
    stage_is_now: "the stage is now:",
    reason: "Reason",
    who_title: "WHO",
    name: "Name",
    company: "Company",
    job_title: "Position",
    email: "E-mail",
    phone: "Phone",
    website: "Website",
    country: "Country",
    wrote_title: "WHAT THEY WROTE",
    wrote_now_title: "WHAT THEY WROTE NOW",
    subject: "Subject",
    other: "Written by",
    meeting: "Meeting",
    meeting_ends: "Meeting ends",
    place: "Place",
    cancelled_by: "Cancelled by",
    no_text: "(no text)",
    shortened: "shortened; for all of it",
    attachment: "Attachment",
    origin_title: "WHERE IT CAME FROM",
    channel: "Channel",
    form: "Form",
    page: "Page",
    referrer: "Page before",
    campaign: "Campaign",
    forwarded_by: "Forwarded by",
    received: "Received",
    why_title: "WHY YOU GOT IT",
    verdict: "Verdict",
    score: "score",
    threshold: "qualified from",
    rules: "Rules",
    tags: "Tags",
    priorities: ["low priority", "high priority"],
    routing: "Routing",
    next_title: "WHAT TO DO",
    reply_goes_to: "Reply to this mail: your answer goes straight to",
    came_back: "Beware: a mail to this address came back.",
    call: "Call:",
    show: "Everything about it",
    accept: "Take it on",
    routed: None,
    stages: ["new", "accepted", "contacted", "meeting", "converted", "lost"],
    dispositions: ["qualified", "below the threshold", "disqualified", "to be reviewed"],
    dangers: [
        "careful, a program",
        "careful, holds a script",
        "careful, holds macros",
        "careful, an archive that holds programs or cannot be looked into",
        "careful, not what its name says",
    ],
};
