//! The return on a day of the week: `back on Monday`, `bis Mittwoch`, `back tomorrow`.
//!
//! In: what was said, in lower case, and the day it was sent. Out: the next such day. A day of the week counts only
//! beside a word for the return, or behind one for the end.

use jiff::civil::{Date, Weekday};

use super::{RETURN, UNTIL, first, has, last};

/// Days of the week in the languages of Europe, from Monday on, lower case, each with a bar before and after it.
const DAYS: [&str; 7] = [
    "|monday|mon|montag|lundi|lunes|lunedì|lunedi|segunda|maandag|måndag|måndagen|mandag|mandagen|maanantai|maanantaina|maanantaihin|poniedziałek|poniedziałku|pondělí|pondelok|pondelka|hétfő|hétfőn|hétfőig|luni|pazartesi|понедельник|понедельника|понеділок|понеділка|понеделник|δευτέρα|ponedjeljak|ponedjeljka|ponedeljek|ponedeljka|esmaspäev|esmaspäeval|esmaspäevani|pirmdien|pirmdienai|pirmadienį|dilluns|",
    "|tuesday|tue|dienstag|mardi|martes|martedì|martedi|terça|dinsdag|tisdag|tisdagen|tirsdag|tirsdagen|tiistai|tiistaina|tiistaihin|wtorek|wtorku|úterý|utorok|utorka|kedd|kedden|keddig|marți|salı|вторник|вторника|вівторок|вівторка|τρίτη|utorak|utorka|torek|torka|teisipäev|teisipäeval|teisipäevani|otrdien|otrdienai|antradienį|dimarts|",
    "|wednesday|wed|mittwoch|mercredi|miércoles|mercoledì|mercoledi|quarta|woensdag|onsdag|onsdagen|keskiviikko|keskiviikkona|keskiviikkoon|środa|środę|środy|středa|středu|středy|streda|stredu|stredy|szerda|szerdán|szerdáig|miercuri|çarşamba|среда|среду|среды|середа|середу|середи|сряда|τετάρτη|srijeda|srijedu|srijede|sreda|sredo|srede|kolmapäev|kolmapäeval|kolmapäevani|trešdien|trešdienai|trečiadienį|dimecres|",
    "|thursday|thu|donnerstag|jeudi|jueves|giovedì|giovedi|quinta|donderdag|torsdag|torsdagen|torstai|torstaina|torstaihin|czwartek|czwartku|čtvrtek|čtvrtka|štvrtok|štvrtka|csütörtök|csütörtökön|csütörtökig|joi|perşembe|четверг|четверга|четвер|четвъртък|πέμπτη|četvrtak|četvrtka|četrtek|četrtka|neljapäev|neljapäeval|neljapäevani|ceturtdien|ceturtdienai|ketvirtadienį|dijous|",
    "|friday|fri|freitag|vendredi|viernes|venerdì|venerdi|sexta|vrijdag|fredag|fredagen|perjantai|perjantaina|perjantaihin|piątek|piątku|pátek|pátku|piatok|piatka|péntek|pénteken|péntekig|vineri|cuma|пятница|пятницу|пятницы|п'ятниця|п'ятницю|петък|παρασκευή|petak|petka|petek|reede|reedel|reedeni|piektdien|piektdienai|penktadienį|divendres|",
    "|saturday|samstag|sonnabend|samedi|sábado|sabato|zaterdag|lördag|lørdag|lauantai|lauantaina|sobota|sobotę|sobotu|soboty|szombat|szombaton|sâmbătă|cumartesi|суббота|субботу|субота|суботу|събота|σάββατο|subota|subotu|laupäev|sestdien|šeštadienį|dissabte|",
    "|sunday|sonntag|dimanche|domingo|domenica|zondag|söndag|søndag|sunnuntai|sunnuntaina|niedziela|niedzielę|niedzieli|neděle|neděli|nedeľa|nedeľu|vasárnap|duminică|pazar|воскресенье|воскресенья|неділя|неділю|неделя|κυριακή|nedjelja|nedjelju|nedelja|pühapäev|svētdien|sekmadienį|diumenge|",
];

/// The same where words are not set apart: the sign between `曜日`, or behind `星期`, `周` and `週`; Korean.
const SIGNS: [(&str, &str, &str); 7] = [
    ("月曜", "一", "월요일"),
    ("火曜", "二", "화요일"),
    ("水曜", "三", "수요일"),
    ("木曜", "四", "목요일"),
    ("金曜", "五", "금요일"),
    ("土曜", "六", "토요일"),
    ("日曜", "日", "일요일"),
];

/// The next day.
const TOMORROW: &str = "|tomorrow|morgen|demain|mañana|domani|amanhã|imorgon|imorgen|huomenna|jutro|zítra|zajtra|holnap|mâine|yarın|завтра|утре|αύριο|sutra|jutri|homme|rīt|rytoj|demà|";

/// A day that is named, and where.
struct Named {
    /// How many days after the mail was sent.
    after: i32,
    start: usize,
    end: usize,
}

/// Until when the writer is away; `sent` is the day of the answer.
pub(super) fn until(said: &str, sent: Date) -> Option<Date> {
    let mut named = words(said, sent.weekday());
    named.extend(signs(said, sent.weekday()));
    named.sort_by_key(|day| day.start);
    let before = |words: &[&str]| named.iter().find(|day| has(last(&said[..day.start]), words));
    let behind = |words: &[&str]| named.iter().find(|day| has(first(&said[day.end..]), words));
    let joined = |day: &&Named| ["まで", "以降", "から"].iter().any(|word| said[day.end..].starts_with(word));
    let day = before(&RETURN).or_else(|| behind(&RETURN)).or_else(|| before(&UNTIL));
    let day =
        day.or_else(|| named.iter().find(joined)).or_else(|| behind(&["返回", "回来", "回來", "出社", "복귀"]))?;
    sent.checked_add(jiff::Span::new().days(day.after)).ok()
}

/// Days in scripts that set words apart.
fn words(said: &str, today: Weekday) -> Vec<Named> {
    let mut named = Vec::new();
    let mut start = 0;
    let is_part = |c: char| c.is_alphabetic() || c == '\'';
    for piece in said.split(|c| !is_part(c)) {
        let word = format!("|{piece}|");
        let day = DAYS.iter().position(|names| names.contains(&word));
        let after = day.map(|day| days_until(day, today)).or_else(|| TOMORROW.contains(&word).then_some(1));
        if let Some(after) = after.filter(|_| piece.chars().count() > 2) {
            named.push(Named { after, start, end: start + piece.len() });
        }
        start += piece.len();
        start += said[start..].chars().next().map_or(0, char::len_utf8);
    }
    named
}

/// Days in scripts that do not.
fn signs(said: &str, today: Weekday) -> Vec<Named> {
    let mut named = Vec::new();
    for (day, (japanese, chinese, korean)) in SIGNS.iter().enumerate() {
        let chinese = ["星期", "周", "週"].map(|week| format!("{week}{chinese}"));
        let forms = chinese.iter().map(String::as_str).chain([*japanese, *korean]);
        named.extend(forms.flat_map(|form| said.match_indices(form)).map(|(start, form)| {
            let end = start + form.len();
            let end = end + if said[end..].starts_with('日') { '日'.len_utf8() } else { 0 };
            Named { after: days_until(day, today), start, end }
        }));
    }
    named
}

/// From 1 to 7.
fn days_until(day: usize, today: Weekday) -> i32 {
    let today = i32::from(today.to_monday_zero_offset());
    let day = i32::try_from(day).unwrap_or_default();
    (day - today - 1).rem_euclid(7) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_week_is_the_next_one() {
        let saturday = jiff::civil::date(2026, 11, 28);
        for (said, day) in [
            ("i will be back on monday.", Some(30)),
            ("back in the office on wed", Some(2)),
            ("ich bin ab montag wieder im büro", Some(30)),
            ("ich bin bis einschließlich mittwoch im urlaub", Some(2)),
            ("away from monday to wednesday, back on thursday", Some(3)),
            ("je serai de retour lundi", Some(30)),
            ("volveré el martes", Some(1)),
            ("rientro giovedì", Some(3)),
            ("voltarei na segunda-feira", Some(30)),
            ("ik ben maandag weer aanwezig", Some(30)),
            ("jag är tillbaka på måndag", Some(30)),
            ("jeg er tilbage på tirsdag", Some(1)),
            ("wracam w poniedziałek", Some(30)),
            ("vrátím se v úterý", Some(1)),
            ("palaan maanantaina", Some(30)),
            ("вернусь в понедельник", Some(30)),
            ("月曜日まで不在です", Some(30)),
            ("我星期一回来", Some(30)),
            ("i'm back tomorrow", Some(29)),
            ("back next saturday", Some(5)),
            ("monday is a holiday here", None),
            ("see you on friday", None),
        ] {
            assert_eq!(until(said, saturday).map(|found| i64::from(found.day())), day, "{said}");
        }
    }
}
