//! Automatic answers: what RFC 3834 and programs before it mark, and what only words tell.
//!
//! A subject counts by itself where only programs begin one so. A word that people use too (`Urlaub: …`) counts
//! in an answer whose text says that its writer is away; so does an answer that calls itself automatic.

use std::sync::LazyLock;

use regex::Regex;

use crate::normalize::text::shorten;

use super::super::body;
use super::super::headers::Fields;
use super::super::parts::{Part, Parts};
use super::super::vocabulary::{self, ANSWERED, holds};

/// Bytes of the text that are looked at.
const TEXT: usize = 2 << 10;

/// How subjects of automatic answers start, lower case; a colon, the subject that is answered or nothing follows.
const SUBJECTS: &str = "automatic reply|automated reply|automatic response|automated response|auto-reply|autoreply|auto reply|auto response|auto-response|autoresponse|out of office|out-of-office|out of the office|ooo|vacation reply|vacation response|vacation message|away from the office|away from my desk|absence notice|\
    automatische antwort|abwesenheitsnotiz|abwesenheitsnachricht|abwesenheitsmeldung|abwesenheitsassistent|automatische abwesenheit|automatische abwesenheitsnotiz|automatische abwesenheitsmeldung|abwesend|nicht im büro|ich bin nicht im büro|außer haus|\
    réponse automatique|absence du bureau|absent du bureau|absent(e) du bureau|message d'absence|message d’absence|message d'absence automatique|message d’absence automatique|notification d'absence|\
    respuesta automática|fuera de la oficina|fuera de oficina|mensaje de ausencia|risposta automatica|fuori sede|fuori ufficio|assenza dall'ufficio|assenza dall’ufficio|messaggio di assenza|resposta automática|ausência do escritório|ausência temporária|fora do escritório|resposta automàtica|\
    automatisch antwoord|automatische beantwoording|afwezigheidsbericht|afwezigheidsmelding|afwezigheidsassistent|niet aanwezig|automatiskt svar|autosvar|frånvaromeddelande|ej på kontoret|automatisk svar|ikke til stede|fraværsmelding|fraværsbesked|ikke på kontoret|sjálfvirkt svar|\
    automaattinen vastaus|poissaoloviesti|poissa toimistosta|automatyczna odpowiedź|odpowiedź automatyczna|poza biurem|nieobecność w biurze|automatická odpověď|mimo kancelář|automatická odpoveď|mimo kancelárie|automatikus válasz|házon kívül|răspuns automat|în afara biroului|\
    автоматический ответ|автоответ|нет на рабочем месте|вне офиса|автоматична відповідь|поза офісом|аўтаматычны адказ|автоматичен отговор|извън офиса|otomatik yanıt|otomatik cevap|ofis dışında|ofis dışındayım|αυτόματη απάντηση|εκτός γραφείου|\
    automatski odgovor|izvan ureda|аутоматски одговор|automatski odgovor|samodejni odgovor|automaatvastus|automātiska atbilde|automatinis atsakymas|自动回复|自动答复|自動回覆|自動答覆|自動応答|自動返信|不在通知|자동 회신|자동 응답|부재중|부재중 회신|תשובה אוטומטית|رد تلقائي";

/// Words in subjects of automatic answers that people write too.
const WORDS: &str = "auto|away|on holiday|on vacation|absent|absence|vacation|holiday|holidays|on leave|annual leave|parental leave|urlaub|abwesenheit|betriebsferien|elternzeit|ferien|congés|congé|vacances|ausencia|ausente|vacaciones|assenza|assente|ferie|ausência|férias|afwezig|afwezigheid|vakantie|frånvaro|frånvarande|semester|fravær|fraværende|poissa|poissaolo|loma|lomalla|nieobecność|nieobecny|nieobecna|urlop|nepřítomnost|dovolená|neprítomnosť|dovolenka|távollét|szabadság|szabadságon|concediu|absență|отпуск|отсутствие|відпустка|відсутність|отсъствие|izin|yıllık izin|απουσία|godišnji odmor|odsotnost|dopust|puhkus|atvaļinājums|atostogos|不在|休暇|外出|休假|휴가";

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("a constant pattern"));
    };
}

// What somebody says who is away.
pattern!(
    AWAY,
    r"(?xi) out\ of\ (?:the\ |my\ )?office|away\ from\ (?:the\ |my\ )?(?:office|desk)|on\ (?:annual\ |parental\ |maternity\ |paternity\ |sick\ |holiday\ )?(?:leave|vacation|holiday)|limited\ access\ to|no\ access\ to\ (?:my\ )?e-?mail|not\ (?:be\ )?(?:in|at)\ the\ office|when\ i\ (?:return|get\ back|am\ back)
      | nicht\ im\ (?:haus|büro)|im\ urlaub|au(?:ß|ss)er\ haus|abwesend|während\ meiner\ abwesenheit|nicht\ (?:weiter|um)geleitet|wieder\ (?:für\ sie\ )?(?:da|erreichbar|im\ büro)|nicht\ erreichbar|betriebsferien|elternzeit
      | \babsent|en\ congés?\b|hors\ du\ bureau|en\ vacances|de\ retour\ (?:le|au)|fuera\ de\ (?:la\ )?oficina|de\ vacaciones|\bausente|fuori\ (?:ufficio|sede)|in\ ferie|\bassente|fora\ do\ escritório|de\ férias
      | afwezig|niet\ aanwezig|(?:op|met)\ vakantie|niet\ op\ kantoor|poza\ biurem|nieobecn|na\ urlopie|inte\ på\ kontoret|på\ semester|frånvarande|ikke\ på\ kontoret|på\ ferie|fraværende|ikke\ til\ stede
      | \bpoissa\b|lomalla|en\ ole\ (?:toimistolla|paikalla)|mimo\ kancelář|na\ dovolen|nepřítom|neprítom|szabadságon|házon\ kívül|nem\ vagyok\ az\ irodában|în\ concediu|nu\ sunt\ la\ birou
      | ofis\ dışında|izinde|не\ будет\ в\ офисе|в\ отпуск|вне\ офиса|отсутству|у\ відпустці|поза\ офісом|відсутн|извън\ офиса|εκτός\ γραφείου|σε\ άδεια|απουσ|na\ godišnjem|izvan\ ureda|odsoten|na\ dopustu|puhkusel|atvaļinājumā|atostog
      | 不在|休暇|休業|外出|休假|부재|휴가"
);
// What an automatic answer says of itself.
pattern!(
    ITSELF,
    r"(?xi) this\ is\ an\ auto(?:matic|mated)?[\ -](?:generated\ )?(?:reply|response|answer)|(?:dies(?:e\ nachricht)?|das)\ ist\ eine\ automatisch\p{L}*\ (?:\p{L}+\ )?(?:antwort|abwesenheit\p{L}*)|ceci\ est\ (?:une\ réponse|un\ message\ d['’]absence)\ automatique|(?:esta\ es\ una|esta\ é\ uma)\ resp[ou]\p{L}+\ automática
      | questa\ è\ una\ risposta\ automatica|dit\ is\ een\ automatisch\p{L}*\ (?:antwoord|gegenereerd)|to\ jest\ automatyczna\ odpowiedź|det(?:ta|te)?\ (?:här\ )?(?:är|er)\ et{1,2}\ automatisk\p{L}*\ (?:svar|genererat)|tämä\ on\ automaattinen|toto\ je\ automatická|ez\ egy\ automatikus|это\ автоматический\ ответ|bu\ (?:bir\ )?otomatik"
);

/// Why a mail is an automatic answer.
pub(super) fn reason(parts: &Parts<'_>) -> Option<String> {
    let mail = parts.root();
    if mail.fields.word("auto-submitted").starts_with("auto-replied") {
        return Some("an automatic answer (`Auto-Submitted: auto-replied`)".into());
    }
    if let Some(reason) = marked(mail) {
        return Some(reason);
    }
    let subject = mail.fields.word("subject");
    let (begins, hint) = (begins(&subject), starts(&subject, WORDS));
    let answers = answers(&mail.fields, &subject);
    if !begins && !answers {
        return None;
    }
    let said = body::read(parts).text.unwrap_or_default();
    let said = own(shorten(&said, TEXT));
    let asks = subject.contains('?') || said.contains('?');
    if begins && (answers || !asks || AWAY.is_match(said)) {
        return Some("an automatic answer, by its subject".into());
    }
    if answers && hint && !asks && AWAY.is_match(said) {
        return Some("an automatic answer, by its subject and its words".into());
    }
    (answers && ITSELF.is_match(said)).then(|| "an automatic answer, by its words".into())
}

/// What programs before the standard mark.
fn marked(mail: &Part<'_>) -> Option<String> {
    let precedence = mail.fields.word("precedence");
    let headers = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from"];
    let marked = headers
        .into_iter()
        .find(|name| mail.fields.has(name) && !matches!(mail.fields.word(name).as_str(), "no" | "false"));
    if let Some(header) = marked {
        return Some(format!("an automatic answer (it carries `{header}`)"));
    }
    matches!(precedence.as_str(), "auto_reply" | "auto-reply" | "autoreply" | "vacation")
        .then(|| format!("an automatic answer (`Precedence: {precedence}`)"))
}

/// Whether a subject begins as only those of automatic answers do, or says so in brackets.
fn begins(subject: &str) -> bool {
    let bracketed = || {
        let open = subject.rfind(['[', '('])?;
        let last = subject[open + 1..].trim_end().strip_suffix([']', ')'])?.trim();
        (open > 0 && holds(SUBJECTS, last)).then_some(())
    };
    starts(subject, SUBJECTS) || bracketed().is_some() || subject.starts_with("i am out of the office")
}

/// Whether a subject starts with one of these words, and then the subject that is answered or nothing.
fn starts(subject: &str, words: &str) -> bool {
    let subject = subject.trim();
    let inner = subject.trim_start_matches(['[', '*', '(']);
    words.split('|').any(|start| {
        let Some(rest) = inner.strip_prefix(start) else { return false };
        let framed = inner.len() < subject.len() && rest.starts_with([']', '*', ')']);
        let rest = rest.trim_start_matches([']', ')', '*', '!']).trim_start();
        framed || rest.is_empty() || rest.starts_with([':', '：', '(', '–']) || rest.starts_with("- ") || answered(rest)
    })
}

/// Whether the subject of an answer begins here: `Re: …`.
fn answered(rest: &str) -> bool {
    rest.split_once([':', '：']).is_some_and(|(start, _)| {
        let start = start.trim();
        vocabulary::holds(ANSWERED, start) || vocabulary::holds(vocabulary::PASSED_ON, start)
    })
}

/// Whether a mail goes on with another one.
fn answers(fields: &Fields<'_>, subject: &str) -> bool {
    fields.has("in-reply-to") || fields.has("references") || answered(subject)
}

/// A text up to what it quotes.
fn own(text: &str) -> &str {
    text.find("\n>").map_or(text, |quote| &text[..quote])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &str, text: &str) -> bool {
        let mail = format!("From: max@firma.example\n{headers}\n\n{text}\n");
        reason(&Parts::of(mail.as_bytes()).unwrap()).is_some()
    }

    #[test]
    fn automatic_answers_are_told_from_letters() {
        let away = "Ich bin bis 4.12. im Urlaub. Ihre Nachricht wird nicht weitergeleitet.";
        for (headers, text, is) in [
            ("Subject: Out of office Re: Offer", "Thank you.", true),
            ("Subject: OOO: Offer", "Thank you.", true),
            ("Subject: Re: Offer (Out of Office)", "Thank you.", true),
            ("Subject: [Auto-Reply] Offer", "Thank you.", true),
            ("Subject: Fuera de la oficina: Oferta", "Gracias.", true),
            ("Subject: 不在通知: 見積", "x", true),
            ("Subject: Urlaub Re: Angebot\nIn-Reply-To: <1@x>", away, true),
            ("Subject: Abwesenheit\nIn-Reply-To: <1@x>", away, true),
            ("Subject: Auto: Anfrage", "Wir sind im Mai im Urlaub und brauchen ein Auto.", false),
            ("Subject: Auto reply: which plan?", "Which plan has it?", false),
            ("Subject: Re: Angebot\nIn-Reply-To: <1@x>", "Dies ist eine automatische Antwort.", true),
            ("Subject: Re: Offer", "This is an automated response.\n\n> Hello", true),
            ("Subject: Urlaub im Mai", "Sind Sie im Mai frei? Wir sind im Urlaub.", false),
            ("Subject: Urlaub im Mai", "Wir suchen ein Haus.", false),
            ("Subject: Abwesenheiten verwalten", away, false),
            ("Subject: Re: Angebot\nIn-Reply-To: <1@x>", away, false),
            ("Subject: Out of office signs", "We need twelve out of office signs", false),
            ("Subject: Re: Offer", "Yes.\n\n> This is an automated response.", false),
            ("Subject: Offer", "This is an automated response.", false),
        ] {
            assert_eq!(of(headers, text), is, "{headers} {text}");
        }
    }
}
