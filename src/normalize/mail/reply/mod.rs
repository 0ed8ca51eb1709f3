//! The visible part of a mail: what its writer typed, apart from the mail it answers and the
//! signature below it.
//!
//! In: the readable text, and whose it is. Out: the same text in up to three pieces, none of it
//! lost. In doubt words stay visible: a quote too many is a nuisance, a lost request is a lost lead.
//! Each line is looked at a bounded number of times.

mod contact;
mod postal;
mod quote;
mod signature;
mod title;
mod words;

pub(super) use contact::read as contact;

/// Lines of a text that are looked at; a longer text stays as it is.
const LINES: usize = 20_000;

/// A text in pieces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    /// What was typed; empty where there is nothing but a quote.
    pub(super) visible: String,
    /// Name, title, telephone, notes of the mail program, disclaimers.
    pub(super) signature: Option<String>,
    /// The mail that is answered, with the line that names it.
    pub(super) quoted: Option<String>,
}

/// Whose text it is, so that the name below it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Writer<'a> {
    /// The name in `From`.
    pub(super) name: Option<&'a str>,
    /// The address.
    pub(super) email: Option<&'a str>,
}

/// Takes a text apart.
pub(super) fn split(text: &str, writer: Writer<'_>) -> Split {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > LINES {
        return Split { visible: text.to_owned(), ..Split::default() };
    }
    let (own, quoted) = quote::part(&lines);
    let end = signature::start(&own, writer);
    let (visible, below) = own.split_at(end);
    Split { visible: joined(visible).unwrap_or_default(), signature: joined(below), quoted: joined(&quoted) }
}

/// Lines as a text without empty lines around it.
fn joined(lines: &[&str]) -> Option<String> {
    let text = lines.join("\n");
    let text = text.trim_matches('\n').trim_end();
    (!text.trim().is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visible(text: &str) -> String {
        split(text, Writer { name: Some("Mara Lindqvist"), email: Some("mara@nordholz.example") }).visible
    }

    #[test]
    fn attributions_of_many_languages_end_the_text() {
        for line in [
            "On Tue, 3 Mar 2026 at 10:15, Jon Vale <jon@ours.example> wrote:",
            "On Tue, 3 Mar 2026 at 10:15, Jon\nVale <jon@ours.example> wrote:",
            "On Tue, 3 Mar 2026 at 10:15, Jon Vale <\njon@ours.example> wrote:",
            "On Tue, 3 Mar 2026 Jon Vale\n\n<\nmailto:jon@ours.example\n> wrote:",
            "Am 03.03.2026 um 10:15 schrieb Jon Vale:",
            "Jon Vale <jon@ours.example> schrieb am Di., 3. März\n2026, 10:15:",
            "Le mar. 3 mars 2026 à 10:15, Jon Vale <jon@ours.example> a écrit :",
            "El mar, 3 mar 2026 a las 10:15, Jon Vale (<jon@ours.example>) escribió:",
            "Il giorno mar 3 mar 2026 alle ore 10:15 Jon Vale <jon@ours.example> ha scritto:",
            "Op di 3 mrt 2026 om 10:15 schreef Jon Vale <jon@ours.example>:",
            "Em ter., 3 de mar. de 2026 às 10:15, Jon Vale <jon@ours.example> escreveu:",
            "Den tis 3 mars 2026 kl 10:15 skrev Jon Vale <jon@ours.example>:",
            "ti 3. maalisk. 2026 klo 10.15 Jon Vale (jon@ours.example) kirjoitti:",
            "wt., 3 mar 2026 o 10:15 Jon Vale <jon@ours.example> napisał(a):",
            "út 3. 3. 2026 v 10:15 odesílatel Jon Vale <jon@ours.example> napsal:",
            "ut 3. 3. 2026 o 10:15 Jon Vale <jon@ours.example> napísal(a):",
            "Jon Vale <jon@ours.example> ezt írta (időpont: 2026. márc. 3., K, 10:15):",
            "вт, 3 мар. 2026 г. в 10:15, Jon Vale <jon@ours.example>:",
            "вт, 3 бер. 2026 р. о 10:15 Jon Vale <jon@ours.example> пише:",
            "На вт, 3.03.2026 г. в 10:15 Jon Vale <jon@ours.example> написа:",
            "În mar., 3 mar. 2026 la 10:15, Jon Vale <jon@ours.example> a scris:",
            "Στις Τρί 3 Μαρ 2026 στις 10:15 π.μ., ο χρήστης Jon Vale <jon@ours.example> έγραψε:",
            "uto, 3. ožu 2026. u 10:15 Jon Vale <jon@ours.example> napisao je:",
            "V tor., 3. mar. 2026 ob 10:15 je oseba Jon Vale <jon@ours.example> napisala:",
            "Kuupäev T, 3. märts 2026 kell 10:15 kirjutas Jon Vale <jon@ours.example>:",
            "otrd., 2026. g. 3. marts, plkst. 10:15 — lietotājs Jon Vale (<jon@ours.example>) rakstīja:",
            "2026-03-03, an, 10:15 Jon Vale <jon@ours.example> rašė:",
            "Jon Vale <jon@ours.example>, 3 Mar 2026 Sal, 10:15 tarihinde şunu yazdı:",
            "Jon Vale <jon@ours.example> 于2026年3月3日周二 10:15写道：",
            "2026年3月3日(火) 10:15 Jon Vale <jon@ours.example>:",
            "2026年3月3日(화) 오전 10:15, Jon Vale <jon@ours.example>님이 작성:",
        ] {
            let text = format!("Yes, please send it.\n\n{line}\n\n> Shall we send the offer?\n");
            assert_eq!(visible(&text), "Yes, please send it.", "{line}");
            let text = format!("Yes, please send it.\n{line}\nShall we send the offer?\n");
            assert_eq!(visible(&text), "Yes, please send it.", "{line}");
        }
    }

    #[test]
    fn heads_and_dividers_end_the_text() {
        for head in [
            "From: Jon Vale\nSent: Tuesday, March 3, 2026\nTo: Mara\nSubject: Offer",
            "________________________________\nVon: Jon Vale\nGesendet: Dienstag\nAn: Mara\nBetreff: Angebot",
            "*De :* Jon Vale\n*Envoyé :* mardi\n*À :* Mara\n*Objet :* Devis",
            "-----Ursprüngliche Nachricht-----\nVon: Jon Vale",
            "-------- Messaggio originale --------\nText",
            "----- Message d'origine -----\nText",
            "寄件者: Jon Vale\n寄件日期: 3 Mar\n收件者: Mara\n主旨: Offer",
            "差出人: Jon Vale\n送信日時: 3月3日\n宛先: Mara\n件名: Offer",
        ] {
            assert_eq!(visible(&format!("Yes, please.\n\n{head}\n\nold text")), "Yes, please.", "{head}");
        }
    }

    #[test]
    fn signatures_and_notes_of_programs_are_set_apart() {
        for below in [
            "-- \nMara Lindqvist\nNordholz AB",
            "--\nanything",
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Verstuurd vanaf mijn iPad",
            "Skickat från min iPhone",
            "Wysłane z iPhone'a",
            "Отправлено с iPhone",
            "iPhone'umdan gönderildi",
            "iPhoneから送信",
            "发自我的iPhone",
            "나의 iPhone에서 보냄",
            "Get Outlook for iOS",
            "Best regards,\nMara Lindqvist\nHead of Purchasing",
            "Mit freundlichen Grüßen\n\nMara Lindqvist",
            "Mara",
            "-Mara",
            "Mara Lindqvist\nNordholz AB\nTel. +46 8 123 456 78\nwww.nordholz.example",
            "This message is confidential and for the intended recipient only. If you received it in error, please delete it.",
        ] {
            let text = format!("We need twelve tents.\n\n{below}");
            assert_eq!(visible(&text), "We need twelve tents.", "{below}");
        }
    }

    #[test]
    fn what_a_person_typed_stays_visible() {
        for text in [
            "> Is it blue?\n\nYes, it is blue.",
            "Our needs:\n- tents\n- beds",
            "Thanks,\nbut please call me before noon because of the delivery.",
            "Sent from my desk, as you see. It works.",
            "On Monday we wrote:\nplease send a price",
            "Options:\n\n---\n\nOption one costs a lot, so we would rather take the second one if that is all right with you and your people.\n\nWhat do you think?",
            "From: 3 May\nfor two weeks",
            "Regards",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn answers_between_and_below_quotes_are_kept() {
        let head = "On Tue, 3 Mar 2026 at 10:15, Jon <jon@ours.example> wrote:";
        let between = format!("See below.\n\n{head}\n> How many?\nTwelve.\n> When?\nIn May.\n> Regards\n> Jon");
        let shown = visible(&between);
        assert!(shown.contains("Twelve.") && shown.ends_with("In May."), "{shown}");
        assert_eq!(visible(&format!("{head}\n> How many?\n\nTwelve, please.")), "Twelve, please.");
    }

    #[test]
    fn nothing_is_lost() {
        let text = "Yes.\n\n-- \nMara\n\nOn 3 Mar 2026, Jon <j@ours.example> wrote:\n> Shall we?";
        let pieces = split(text, Writer::default());
        assert_eq!(pieces.visible, "Yes.");
        assert_eq!(pieces.signature.as_deref(), Some("-- \nMara"));
        assert!(pieces.quoted.is_some_and(|text| text.contains("Shall we?") && text.contains("wrote:")));
    }
}
