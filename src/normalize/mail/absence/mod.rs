//! Until when somebody is away, as an automatic answer says it in words.
//!
//! In: subject and text, and the day the answer was sent. Out: one day that is not past. Where
//! several are named, the day of the return counts, then the last day away, then the latest. A day of the week
//! counts where no date is named.

mod weekday;

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::normalize::text::shorten;

/// Bytes of the text that are looked at.
const TEXT: usize = 4 << 10;
/// Characters before and after a day that say what it is.
const AROUND: usize = 32;
/// Nobody is away for longer, days.
const LONGEST: i32 = 550;

/// Names of months in the languages of Europe, lower case, each with a bar before and after it.
const MONTHS: [&str; 12] = [
    "|january|jan|januar|jänner|jänn|janvier|janv|enero|ene|gennaio|gen|janeiro|januari|styczeń|stycznia|leden|ledna|január|januára|tammikuu|tammikuuta|ianuarie|ocak|siječnja|január|января|січня|ιανουαρίου|януари|sausio|jaanuar|jaanuaril|",
    "|february|feb|februar|feber|février|fevrier|févr|febrero|febbraio|febb|fevereiro|fev|februari|luty|lutego|únor|února|február|februára|helmikuu|helmikuuta|februarie|şubat|veljače|február|февраля|лютого|φεβρουαρίου|февруари|",
    "|march|mar|märz|mär|mrz|maerz|mars|marzo|março|marco|maart|mrt|marzec|marca|březen|března|marec|maaliskuu|maaliskuuta|martie|mart|ožujka|március|marts|марта|березня|μαρτίου|март|",
    "|april|apr|avril|avr|abril|abr|aprile|kwiecień|kwietnia|duben|dubna|apríl|apríla|huhtikuu|huhtikuuta|aprilie|nisan|travnja|április|апреля|квітня|απριλίου|април|",
    "|may|mai|mayo|maggio|mag|maio|mei|maj|maja|květen|května|máj|mája|toukokuu|toukokuuta|mayıs|svibnja|május|мая|травня|μαΐου|май|",
    "|june|jun|juni|juin|junio|giugno|giu|junho|czerwiec|czerwca|červen|června|jún|júna|kesäkuu|kesäkuuta|iunie|haziran|lipnja|június|июня|червня|ιουνίου|юни|",
    "|july|jul|juli|juillet|juil|julio|luglio|lug|julho|lipiec|lipca|červenec|července|júl|júla|heinäkuu|heinäkuuta|iulie|temmuz|srpnja|július|июля|липня|ιουλίου|юли|",
    "|august|aug|août|aout|agosto|ago|augustus|sierpień|sierpnia|srpen|srpna|augusta|elokuu|elokuuta|ağustos|kolovoza|augusztus|augusti|августа|серпня|αυγούστου|август|",
    "|september|sep|sept|septembre|septiembre|settembre|set|sett|setembro|wrzesień|września|září|septembra|syyskuu|syyskuuta|septembrie|eylül|rujna|szeptember|сентября|вересня|σεπτεμβρίου|септември|",
    "|october|oct|oktober|okt|octobre|octubre|ottobre|ott|outubro|out|październik|października|říjen|října|október|októbra|lokakuu|lokakuuta|octombrie|ekim|listopada|октября|жовтня|οκτωβρίου|октомври|",
    "|november|nov|novembre|noviembre|novembro|listopad|listopadu|novembra|marraskuu|marraskuuta|noiembrie|kasım|studenoga|ноября|листопада|νοεμβρίου|ноември|",
    "|december|dec|dezember|dez|décembre|déc|diciembre|dic|dicembre|dezembro|desember|des|grudzień|grudnia|prosinec|prosince|decembra|joulukuu|joulukuuta|decembrie|aralık|prosinca|декабря|грудня|δεκεμβρίου|декември|",
];

/// Words beside the day of the return.
const RETURN: [&str; 44] = [
    "back",
    "return",
    "resume",
    "wieder",
    "zurück",
    "zurueck",
    "retour",
    "reviens",
    "reviendrai",
    "regres",
    "vuelv",
    "volver",
    "vuelta",
    "rientr",
    "torner",
    "di ritorno",
    "regresso",
    "volto",
    "voltarei",
    "volta ",
    "terug",
    "weer ",
    "tillbaka",
    "åter",
    "tilbage",
    "tilbake",
    "igen ",
    "wrac",
    "wróc",
    "powr",
    "zpět",
    "vrát",
    "späť",
    "vissza",
    "înapoi",
    "revin",
    "takaisin",
    "palaan",
    "döne",
    "вернусь",
    "вернуться",
    "повернуся",
    "επιστρ",
    "ponovno",
];

/// Words before the last day away.
const UNTIL: [&str; 27] = [
    "until",
    "till",
    "til ",
    "through",
    " to ",
    "thru",
    "bis",
    "jusqu",
    " au ",
    "hasta",
    " al ",
    "fino",
    "até",
    " a ",
    "tot ",
    "t.o.m",
    "t/m",
    "till och med",
    "til og med",
    " do ",
    "až",
    "până",
    "saakka",
    "asti",
    "kadar",
    " по ",
    "έως",
];

/// Days in figures, and in words.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static FIGURES: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?x) \b(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b | (?P<cy>20\d\d)年(?P<cm>\d{1,2})月(?P<cd>\d{1,2})日
        | \b(?P<a>\d{1,2})(?P<mark>[./])\s?(?P<b>\d{1,2})(?:[./]\s?(?P<ab>20\d\d|\d\d)\b | \. | \b)
        | \b(?P<dd>\d{1,2})-(?P<dm>\d{1,2})-(?P<dy>20\d\d)\b";
    Regex::new(pattern).expect("a constant pattern")
});
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in a test")]
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?x) (?P<hy>20\d\d)\.?\s+(?P<hm>\p{L}{3,12})\.?\s+(?P<hd>\d{1,2})\b
        | \b(?P<d>\d{1,2})(?:st|nd|rd|th|er|re|º|ª|°|:e)?\.?\s*(?:of\s+|de\s+|d['’]\s?|-\s?)?(?P<m>\p{L}{3,14})\b\.?(?:,?\s*(?:de\s+|del\s+|-\s?)?(?P<y>20\d\d)\b)?
        | \b(?P<em>\p{L}{3,12})\.?\s+(?P<ed>\d{1,2})(?:st|nd|rd|th)?\b(?:,?\s+(?P<ey>20\d\d)\b)?";
    Regex::new(pattern).expect("a constant pattern")
});

/// A day in a text, and where it stands there.
struct Found {
    day: Date,
    start: usize,
    end: usize,
}

/// Until when the writer is away; `sent` is the day of the answer.
pub(super) fn until(subject: &str, text: &str, sent: Date) -> Option<Date> {
    let said = format!("{subject}\n{}", shorten(text, TEXT)).to_lowercase();
    let mut days = days(&said, sent);
    days.retain(|found| found.day >= sent && (found.day - sent).get_days() <= LONGEST);
    days.sort_by_key(|found| found.start);
    let gap = |number: usize| {
        let (from, to) = (number.checked_sub(1).map_or(0, |before| days[before].end), days.get(number));
        &said[from..to.map_or(said.len(), |next| next.start)]
    };
    let before = |words: &[&str]| (0..days.len()).find(|&day| has(last(gap(day)), words));
    let behind = |words: &[&str]| (0..days.len()).find(|&day| has(first(gap(day + 1)), words));
    match before(&RETURN).or_else(|| behind(&RETURN)).or_else(|| before(&UNTIL)) {
        Some(number) => Some(days[number].day),
        None if days.is_empty() => weekday::until(&said, sent),
        None => days.iter().map(|found| found.day).max(),
    }
}

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// The end of what stands before a day, on its line.
fn last(text: &str) -> &str {
    let line = text.rsplit(['\n', '!', ';']).next().unwrap_or_default();
    let line = line.rsplit_once(". ").map_or(line, |(_, sentence)| sentence);
    let start = line.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    &line[start..]
}

/// The beginning of what stands behind a day, on its line.
fn first(text: &str) -> &str {
    let line = text.split(['\n', '!', ';']).next().unwrap_or_default();
    let line = line.split_once(". ").map_or(line, |(sentence, _)| sentence);
    line.char_indices().nth(AROUND).map_or(line, |(end, _)| &line[..end])
}

/// All days that the text names.
fn days(text: &str, sent: Date) -> Vec<Found> {
    let mut found = Vec::new();
    let number = |text: &str| text.parse::<i16>().ok();
    for hit in FIGURES.captures_iter(text) {
        let of = |name: &str| hit.name(name).and_then(|part| number(part.as_str()));
        let day = if let (Some(one), Some(other)) = (of("a"), of("b")) {
            let american = hit.name("mark").is_some_and(|mark| mark.as_str() == "/");
            either(one, other, of("ab"), american, sent)
        } else {
            let first = |names: [&str; 3]| names.into_iter().find_map(of);
            date(first(["y", "cy", "dy"]), first(["m", "cm", "dm"]), first(["d", "cd", "dd"]), sent)
        };
        push(&mut found, day, hit.get(0));
    }
    let mut at = 0;
    while let Some(hit) = WORDS.captures_at(text, at) {
        let of = |name: &str| hit.name(name).and_then(|part| number(part.as_str()));
        let month = ["hm", "m", "em"].into_iter().find_map(|name| hit.name(name)).and_then(|part| month(part.as_str()));
        let day = month.and_then(|month| {
            date(of("hy").or(of("y")).or(of("ey")), Some(month), of("hd").or(of("d")).or(of("ed")), sent)
        });
        let Some(whole) = hit.get(0) else { break };
        push(&mut found, day, Some(whole));
        // A word that is no month may be followed by one.
        at = if day.is_some() { whole.end() } else { next_word(text, whole.start()) };
    }
    found
}

fn push(found: &mut Vec<Found>, day: Option<Date>, at: Option<regex::Match<'_>>) {
    if let (Some(day), Some(at)) = (day, at)
        && !found.iter().any(|other| at.start() < other.end && other.start < at.end())
    {
        found.push(Found { day, start: at.start(), end: at.end() });
    }
}

/// Where the next word or number starts behind the one at `at`.
fn next_word(text: &str, at: usize) -> usize {
    let mut letters = text[at..].char_indices();
    let kind = |letter: char| (letter.is_alphabetic(), letter.is_numeric());
    let Some((_, first)) = letters.next() else { return text.len() };
    letters.find(|(_, letter)| kind(*letter) != kind(first)).map_or(text.len(), |(offset, _)| at + offset)
}

fn month(word: &str) -> Option<i16> {
    let word = format!("|{}|", word.trim_end_matches('.'));
    MONTHS.iter().position(|names| names.contains(&word)).and_then(|index| i16::try_from(index + 1).ok())
}

/// A day before its month, or behind it as Americans write it: the nearest that is not past, else day first.
fn either(one: i16, other: i16, year: Option<i16>, american: bool, sent: Date) -> Option<Date> {
    let year = year.map(|year| if year < 100 { 2000 + year } else { year });
    let swapped = if american { date(year, Some(one), Some(other), sent) } else { None };
    let readings = [date(year, Some(other), Some(one), sent), swapped];
    let coming = readings.iter().flatten().filter(|day| **day >= sent).min();
    coming.or(readings.iter().flatten().next()).copied()
}

/// A day; without a year the next one of this name.
fn date(year: Option<i16>, month: Option<i16>, day: Option<i16>, sent: Date) -> Option<Date> {
    let (month, day) = (i8::try_from(month?).ok()?, i8::try_from(day?).ok()?);
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let this = Date::new(sent.year(), month, day).ok();
    // Not the past: but an answer may still be sent on the evening of the last day.
    this.filter(|day| *day >= sent).or_else(|| Date::new(sent.year() + 1, month, day).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_the_return_is_read_in_the_languages_of_europe() {
        let sent = jiff::civil::date(2026, 11, 28);
        for (text, day) in [
            ("Ich bin bis 4.12.2026 nicht im Büro.", "2026-12-04"),
            ("Ich bin vom 30.11. bis 04.12. im Urlaub und ab dem 7.12. wieder erreichbar.", "2026-12-07"),
            ("Vielen Dank. Ab Montag, 7. Dezember 2026 bin ich wieder für Sie da.", "2026-12-07"),
            ("bis einschließlich 4. Januar abwesend", "2027-01-04"),
            ("am 9. Jänner bin ich zurück", "2027-01-09"),
            ("I am out of the office until December 7th, 2026.", "2026-12-07"),
            ("I'm away from 1 to 4 December and will be back on Monday, December 7.", "2026-12-07"),
            ("I will return on 12/07/2026.", "2026-12-07"),
            ("Away 1-4 December", "2026-12-04"),
            ("afwezig t/m 04-12-2026", "2026-12-04"),
            ("Ab 7.12. bin ich wieder da. Vom 20.12. bis 3.1. ist unser Büro zu.", "2026-12-07"),
            ("Out of office 2026-12-01 - 2026-12-04", "2026-12-04"),
            ("on leave through the 4th of December", "2026-12-04"),
            ("Je suis absent du 30 novembre au 4 décembre inclus. Retour le 7 décembre.", "2026-12-07"),
            ("absente jusqu'au 1er janvier 2027", "2027-01-01"),
            ("Estaré fuera de la oficina hasta el 7 de diciembre de 2026.", "2026-12-07"),
            ("Sono assente fino al 4 dicembre; rientrerò il 7 dicembre.", "2026-12-07"),
            ("Estou ausente até 4 de dezembro. Volto no dia 7 de dezembro.", "2026-12-07"),
            ("Ik ben afwezig tot en met 4 december en vanaf 7 december weer bereikbaar.", "2026-12-07"),
            ("Jag är tillbaka den 7 december.", "2026-12-07"),
            ("Jeg er tilbage d. 7. december 2026", "2026-12-07"),
            ("Jestem nieobecna do 4 grudnia 2026 r.", "2026-12-04"),
            ("Jsem na dovolené do 4. prosince, vrátím se 7. prosince.", "2026-12-07"),
            ("Olen takaisin 7. joulukuuta", "2026-12-07"),
            ("Szabadságon vagyok, 2026. december 7-én jövök vissza", "2026-12-07"),
            ("Sunt plecat până la 4 decembrie 2026", "2026-12-04"),
            ("Меня не будет до 4 декабря, вернусь 7 декабря", "2026-12-07"),
            ("2026年12月7日まで不在です", "2026-12-07"),
            ("7 Aralık'ta döneceğim", "2026-12-07"),
            ("I'm away until the 4th of December, back on Monday.", "2026-12-04"),
            ("I will be back on Monday.", "2026-11-30"),
        ] {
            let found = until("Automatic reply", text, sent);
            assert_eq!(found.map(|day| day.to_string()).as_deref(), Some(day), "{text}");
        }
        assert_eq!(
            until("Abwesend bis 4.12.", "Hallo", sent).map(|day| day.to_string()).as_deref(),
            Some("2026-12-04")
        );
    }

    #[test]
    fn what_is_no_coming_day_is_none() {
        let sent = jiff::civil::date(2026, 11, 28);
        for text in [
            "I am out of the office. Call +49 30 12 34 56.",
            "Back soon",
            "Your mail of 01.11.2026 was received",
            "Version 2.13 of 45.67",
            "until 31.02.2027",
            "until 2099-01-01",
            "",
        ] {
            assert_eq!(until("", text, sent), None, "{text}");
        }
    }
}
