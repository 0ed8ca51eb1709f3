//! The words by which mail programs and people of many languages mark quotes and signatures.
//!
//! All are lower case, with `|` between. Patterns only join such lists; they are matched in linear
//! time. Words of the heads of mails stand in `vocabulary`.

use std::sync::LazyLock;

use regex::Regex;

use super::super::vocabulary::{WROTE, WROTE_JOINED};

/// How such lines begin.
const OPENERS: &str = "on|am|le|el|il giorno|il|op|em|den|dnia|w dniu|dne|dňa|la|på|pe|în|a|στις|на|в|u|v|kuupäev|vào|í|ar|à|at|tir|man|ons|tor|fre|lør|søn";

/// What stands between dashes above the mail that is answered.
const ORIGINAL: &str = "original message|original appointment|originalnachricht|original-nachricht|ursprüngliche nachricht|originaltext|original mail|originální zpráva|\
    původní zpráva|pôvodná správa|message d'origine|message d’origine|message original|message initial|mensaje original|mensagem original|messaggio originale|\
    messaggio di origine|oorspronkelijk bericht|origineel bericht|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|original meddelelse|\
    opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|eredeti üzenet|исходное сообщение|оригинальное сообщение|\
    пересылаемое сообщение|оригінальне повідомлення|вихідне повідомлення|оригинално съобщение|orijinal mesaj|özgün ileti|orijinal ileti|mesaj original|mesajul original|\
    αρχικό μήνυμα|izvorna poruka|originalna poruka|izvirno sporočilo|algne kiri|algne sõnum|sākotnējais ziņojums|pirminis laiškas|原始邮件|原始郵件|邮件原件|原件|元のメッセージ|\
    オリジナルメッセージ|원본 메시지|원본 메일|reply message|antwort nachricht";

/// How a letter ends, above the name.
const CLOSINGS: &str = "regards|thanks so much|thank you very much|thank you in advance|with thanks|warmly|talk soon|best greetings|best regards|kind regards|kindest regards|warm regards|with kind regards|with best regards|best|all the best|best wishes|cheers|thanks|thank you|\
    many thanks|thanks in advance|thanks and regards|thanks & regards|thanks a lot|thx|sincerely|sincerely yours|yours sincerely|yours faithfully|yours truly|respectfully|cordially|at your service|\
    rgds|br|mfg|lg|vg|gruß|gruss|herzlichst|viele liebe grüße|sonnige grüße|freundlicher gruß|mit freundlichem gruss|mit besten grüssen|schöne grüsse|herzliche grüsse|herzlicher gruß|danke im voraus|vielen dank im voraus|grüße|grüsse|viele grüße|viele grüsse|liebe grüße|liebe grüsse|beste grüße|beste grüsse|schöne grüße|herzliche grüße|freundliche grüße|freundliche grüsse|\
    mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|mit besten grüßen|mit lieben grüßen|vielen dank und (?:viele|beste|liebe) grüße|hochachtungsvoll|mit vorzüglicher hochachtung|besten dank|vielen dank|danke|\
    cordialement|bien cordialement|bien à vous|salutations|meilleures salutations|sincères salutations|salutations distinguées|amicalement|merci|merci d'avance|respectueusement|bonne journée|belle journée|bonne réception|à bientôt|\
    saludos|un saludo|saludos cordiales|un cordial saludo|atentamente|muy atentamente|gracias|muchas gracias|gracias de antemano|salutacions|un saludo cordial|reciba un cordial saludo|salutacions cordials|\
    cordiali saluti|distinti saluti|saluti|un saluto|cordialmente|grazie|grazie mille|in attesa di un riscontro|i migliori saluti|con i migliori saluti|buona giornata|a presto|un cordiale saluto|\
    atenciosamente|atentamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraço|um abraço|obrigado|obrigada|muito obrigado|muito obrigada|desde já obrigado|att|att\\.te|\
    met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten|groeten|groet|mvg|bedankt|hartelijk dank|hartelijke groet|hartelijke groeten|groetjes|alvast bedankt|bien à toi|\
    med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|vänligen|hälsningar|mvh|tack|tack på förhand|med venlig hilsen|venlig hilsen|venlige hilsner|hilsen|med vennlig hilsen|vennlig hilsen|vh|bästa hälsningar|bedste hilsner|de bedste hilsner|mange hilsner|beste hilsen|kh|kveðja|bestu kveðjur|með kveðju|\
    ystävällisin terveisin|terveisin|parhain terveisin|kiitos|z poważaniem|pozdrawiam|z wyrazami szacunku|serdecznie pozdrawiam|dziękuję|z góry dziękuję|ystävällisesti|terv|serdeczne pozdrowienia|pozdrowienia|łączę pozdrowienia|z pozdrowieniami|\
    s úctou|hezký den|díky|üdv|szívélyes üdvözlettel|cu drag|o zi bună|cu considerație|toate cele bune|s pozdravem|s přátelským pozdravem|děkuji|s pozdravom|ďakujem|üdvözlettel|tisztelettel|köszönettel|köszönöm|с уважением|с наилучшими пожеланиями|спасибо|з повагою|дякую|с поздрави|поздрави|с уважение|\
    φιλικά|με φιλικούς χαιρετισμούς|parimate soovidega|ar sveicieniem|geriausi linkėjimai|lp|lijepi pozdravi|saygılar|iyi günler|sevgiler|kolay gelsin|saygılarımla|saygılarımızla|iyi çalışmalar|teşekkürler|cu stimă|cu respect|mulțumesc|με εκτίμηση|ευχαριστώ|s poštovanjem|srdačan pozdrav|lijep pozdrav|hvala|lep pozdrav|s spoštovanjem|lugupidamisega|tervitades|ar cieņu|pagarbiai|su pagarba|\
    此致|敬礼|谢谢|祝好|よろしくお願いいたします|よろしくお願いします|敬具|よろしくお願い申し上げます|何卒よろしくお願いいたします|何卒よろしくお願い申し上げます|宜しくお願い致します|以上|顺祝商祺|祝商祺|祝工作顺利|감사합니다";

/// Words between two closings.
const JOINERS: [&str; 10] = ["und", "and", "et", "y", "e", "en", "och", "og", "i", "a"];

/// Devices and programs that add a line below what is written on them.
const DEVICES: &str = "iphone|ipad|ipod|android|blackberry|smartphone|samsung|galaxy|huawei|xiaomi|htc|nokia|pixel|windows phone|mobile|mobil|mobiltelefon|mobilgerät|handy|móvil|cell|phone|telefon|téléphone|\
    teléfono|telefoon|telefono|tablet|outlook|yahoo|gmail|airmail|windows|mailbox|mail|thunderbird|proton|protonmail|gmx|web\\.de|telekom mail|spark|orange|device|gerät|appareil|dispositivo|alcatel|ti-\\d+|verizon|телефон\\p{L}*|устройств\\p{L}*|айфон\\p{L}*|手机|手機|zoho|superhuman|missive|aol|bluemail|correo|courrier|posta|mozilla|front app";

/// Verbs of such lines, in any place.
const SENT: &str = "sent|get|von mein\\p{L}*|gesendet|versendet|diese nachricht wurde|hol\\p{L}* dir|laden sie|envoyé|télécharg\\p{L}*|obtenez|provenance|enviado|enviada|enviat|obtener|obtenir|obter|ottieni|inviato|inviata|scarica|verzonden|verstuurd|download|\
    skickat|hämta|sendt|lähetetty|wysłane|wysłano|pobierz|odesláno|odoslané|elküldve|küldve|отправлено|надіслано|изпратено|gönderildi|trimis|στάλθηκε|poslano|saadetud|nosūtīts|išsiųsta|via|from|发自|發自|從我的|来自|から送信|傳送|寄自|보냄";

/// Words of which two make a paragraph below a mail a disclaimer.
const LEGAL: &str = "confidential\\p{L}*|vertraulich\\p{L}*|intended (?:only|solely|recipient|for)|addressee|privileged|unauthori[sz]ed|in error|delete (?:it|this)|disclaimer|\
    rechtlich geschützt\\p{L}*|adressat\\p{L}*|irrtümlich\\p{L}*|vernichten|unbefugt\\p{L}*|nicht gestattet|confidentiel\\p{L}*|destinataire\\p{L}*|par erreur|confidencial\\p{L}*|destinatári[oa]\\p{L}*|destinatari[oa]\\p{L}*|\
    por error|por erro|riservat\\p{L}*|per errore|vertrouwelijk\\p{L}*|geadresseerde|ten onrechte|niet bestemd|poufn\\p{L}*|adresat\\p{L}*|omyłkowo|konfidentiell\\p{L}*|fortrolig\\p{L}*|av misstag|ved en fejl|ved en feil|\
    mottagare\\p{L}*|modtager\\p{L}*|luottamuksellis\\p{L}*|vastaanottaja\\p{L}*|důvěrn\\p{L}*|dôvern\\p{L}*|omylem|určen\\p{L}* (?:pouze|výhradně|len)|bizalmas\\p{L}*|címzett\\p{L}*|tévedés\\p{L}*|confidenț\\p{L}*|\
    destinatarul\\p{L}*|din greșeală|eroare|εμπιστευτικ\\p{L}*|παραλήπτη\\p{L}*|povjerljiv\\p{L}*|zaupn\\p{L}*|gizli\\p{L}*|yanlışlıkla|alıcı\\p{L}*|конфиденциальн\\p{L}*|адресат\\p{L}*|конфіденційн\\p{L}*|по ошибке|поверителн\\p{L}*|\
    机密|保密|收件人|誤送信|機密|기밀|bcc'd|scanned (?:by|for)";

/// Words of a company's register entry, of which two make a paragraph its imprint.
const REGISTER: &str = "geschäftsführer\\p{L}*|geschäftsführung|amtsgericht|registergericht|handelsregister|firmenbuch\\p{L}*|hr[ab]\\s?:?\\s?\\d|ust\\.?-?\\s?id\\p{L}*|steuernummer|sitz der gesellschaft|vorstand\\p{L}*|\
    aufsichtsrat\\p{L}*|registered (?:in|office|number)|company (?:no|number|registration)|vat (?:no|number|reg)|siret|siren|rcs|capital (?:social|de)|au capital|p\\. ?iva|partita iva|c\\.f\\.|kvk|btw|nip|regon|krs|ičo|dič|\
    cif|nif|registro mercantil|org\\.?\\s?(?:nr|nummer)|cvr|y-tunnus|adószám|cégjegyzék\\p{L}*";

/// Words of which one is enough where a short paragraph holds it: what a program or a house adds below every mail.
const ADDED: &str = "consider the environment|before printing this|denken sie an die umwelt|umwelt zuliebe|bevor sie diese e-?mail (?:aus)?drucken|pensez à l.environnement|n.imprimez|antes de imprimir|prima di stampare|\
    denk aan het milieu|tänk på miljön|tænk på miljøet|tenk på miljøet|myślimy o środowisku|virus-?free|virenfrei|auf viren (?:geprüft|überprüft)|avast|checked by avg|sans virus|privo di virus|libre de virus";

macro_rules! pattern {
    ($name:ident, $($piece:expr),+) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new(&[$($piece),+].concat()).expect("a constant pattern"));
    };
}

pattern!(WROTE_PATTERN, r"(?i)(?:^|[^\p{L}])(?:", WROTE, r")(?:[^\p{L}]|$)");
pattern!(OPENER, r"(?i)^(?:", OPENERS, r"|\d|\p{L}{2,12}[.,] )(?:[\s.,\d]|$)");
pattern!(DATE, r"(?:^|\D)(?:(?:19|20)\d\d(?:\D|$)|\d{1,2}[:.]\d\d(?:\D|$)|\d{1,4}[./-]\d{1,2}[./-]\d{1,4})");
pattern!(TIME, r"(?:^|\D)\d{1,2}[:.]\d\d(?:\D|$)");
pattern!(
    BORDER,
    r"(?i)^\W*(?:please )?(?:(?:type |write |add |enter )?(?:your )?(?:reply|replies|response|respond|answer|comment)|bitte|antwort\p{L}*|répon\p{L}*|escrib\p{L}*|respond\p{L}*|rispond\p{L}*|antwoord\p{L}*|svar\p{L}*|odpowied\p{L}*|skriv) .{0,60}(?:above this line|(?:über|oberhalb) dieser (?:zeile|linie)|au-dessus de cette ligne|(?:encima|arriba) de esta línea|sopra questa (?:riga|linea)|acima desta linha|boven deze (?:regel|lijn)|ovanför denna (?:rad|linje)|over denne linj?en?|powyżej tej linii).{0,30}$"
);
pattern!(ADDRESS, r"[^\s<>@]@[^\s<>@]|<[^<>]{3,}>");
// Nobody but a program writes an address so, together with a day and a time.
pattern!(BRACKETED, r"<[^\s<>@]+@[^\s<>@]+>.*[:：]$");
// `3 Mar 2026, 10:15 by jon@example.com:`
pattern!(BY, r"(?i)^\W*\d.{6,40} (?:by|von|par|por|da|door|av|af|från|fra|przez|od|от|від) [^\s<>@]+@[^\s<>@]+:$");
pattern!(ENDS_WITH_ADDRESS, r"[^\s<>@]@[^\s<>@]+>\)?,?\s*[:：]$");
pattern!(ORIGINAL_PATTERN, r"(?i)^(?:", ORIGINAL, r"|original$)");
pattern!(
    CLOSING,
    r"(?i)^\W*(?:",
    CLOSINGS,
    r")(?:\s+(?:from|aus|de|van|from the|aus dem)\s+[\p{L} ]{2,40})?[\s,.!;:。、，！~)-]*$"
);
pattern!(CLOSED, r"(?i)^\W*(?:", CLOSINGS, r")[\s,.!;:/&+-]+(?P<name>\p{L}.{0,60})$");
pattern!(DEVICE, r"(?i)(?:^|[^\p{L}])(?:", DEVICES, r")(?:['’]?\p{L}{0,6})(?:[^\p{L}]|$)|iphon|ipad|android");
pattern!(
    SENT_PATTERN,
    r"(?i)^[\W_]*(?:\p{L}+ )?(?:",
    SENT,
    r")(?:[^\p{L}]|$)|^[\W_]*(?:发自|發自|從我的|来自)|(?:gesendet|gönderildi|から送信|傳送|보냄|发送)[\W_]*$"
);
pattern!(SENT_BY, r"(?i)^sent (?:from|with|via|by|wirelessly)\s+\p{Lu}");
pattern!(LINK, r"[<(\[]?(?:https?://|mailto:)[^\s<>()\]]*[>)\]]?");
pattern!(EXCUSE, r"(?i)please (?:excuse|forgive)|excuse|typo|bitte entschuldigen|tippfehler");
pattern!(LEGAL_PATTERN, r"(?i)", LEGAL);
pattern!(REGISTER_PATTERN, r"(?i)(?:^|[^\p{L}])(?:", REGISTER, r")(?:[^\p{L}]|$)");
pattern!(LEGAL_OR_REGISTER, r"(?i)(?:", LEGAL, r")|(?:^|[^\p{L}])(?:", REGISTER, r")(?:[^\p{L}]|$)");
pattern!(ADDED_PATTERN, r"(?i)", ADDED);
pattern!(
    TITLED,
    r"(?i)^\W*(?:(?:legal |confidentiality |e-?mail |important )?(?:disclaimer|notice)|confidential(?:ity)?|vertraulichkeitshinweis|(?:rechtlicher )?hinweis|haftungsausschluss|avertissement|aviso (?:legal|de confidencialidad)|avviso(?: di riservatezza)?|clausula de confidencialidad|klauzula poufności)\W*$"
);
pattern!(APP, r"(?i)outlook\P{L}.*(?:ios|android)|(?:ios|android).*outlook|^yahoo mail\s*[:–-]");
pattern!(BRIEF, r"(?i)brevity|typos?|kürze|tippfehler|fautes de frappe");

/// Whether a line, or lines joined, name the mail that stands below.
pub(super) fn is_attribution(line: &str) -> bool {
    let line = line.trim_matches(['-', ' ']);
    let wrote = WROTE_PATTERN.is_match(line) || WROTE_JOINED.split('|').any(|word| line.contains(word));
    wrote && (has_date(line) || ADDRESS.is_match(line))
        || has_date(line) && (ENDS_WITH_ADDRESS.is_match(line) || has_time(line) && BRACKETED.is_match(line))
        || has_time(line) && BY.is_match(line)
}

/// Whether a line that ends with a colon names somebody: by an address, with a day or at the end.
pub(super) fn names_somebody(line: &str) -> bool {
    line.len() < 200 && line.ends_with([':', '：']) && ADDRESS.is_match(line)
}

/// Whether a line has a time of day.
pub(super) fn has_time(line: &str) -> bool {
    TIME.is_match(line)
}

/// Whether a line is the one above which help desks want the answer: `##- Please type your reply above this line -##`.
pub(super) fn is_border(line: &str) -> bool {
    let line = line.trim();
    line.len() < 200 && (line.starts_with("##-") && line.ends_with("-##") || BORDER.is_match(line))
}

/// Whether a line has a date or a time of day.
pub(super) fn has_date(line: &str) -> bool {
    DATE.is_match(line)
}

/// Whether an attribution may begin like this.
pub(super) fn opens(line: &str) -> bool {
    OPENER.is_match(line)
}

/// Whether the words of a divider say that another mail follows.
pub(super) fn says_original(words: &str) -> bool {
    ORIGINAL_PATTERN.is_match(words)
}

/// Whether a line closes a letter.
pub(super) fn is_closing(line: &str) -> bool {
    // `Vielen Dank und viele Grüße`
    let second = || {
        let rest = after_closing(line)?;
        let joined = rest.split_once(' ').filter(|(word, _)| JOINERS.contains(&&*word.to_lowercase()));
        Some(CLOSING.is_match(joined.map_or(rest, |(_, rest)| rest)))
    };
    line.len() < 120 && (CLOSING.is_match(line) || second() == Some(true))
}

/// What follows a closing in its line: `LG Sven`.
pub(super) fn after_closing(line: &str) -> Option<&str> {
    if line.len() > 160 {
        return None;
    }
    CLOSED.captures(line)?.name("name").map(|name| name.as_str())
}

/// Whether a mail program wrote the line below what was typed: `Sent from my iPhone`.
pub(super) fn is_device(line: &str) -> bool {
    if line.len() > 300 {
        return false;
    }
    let plain = LINK.replace_all(line, " ");
    let count = plain.split_whitespace().count();
    if count <= 9 && APP.is_match(&plain) || count <= 10 && EXCUSE.is_match(&plain) && BRIEF.is_match(&plain) {
        return true;
    }
    let excuse = EXCUSE.find(&plain).map_or(plain.len(), |found| found.start());
    // What follows a comma is a sentence unless it is an excuse.
    let head = plain[..excuse].trim_end_matches([' ', ',', '.', '-', '–']);
    if head.contains([',', ';', '?']) || head.split_whitespace().count() > 14 {
        return false;
    }
    let head = head.trim();
    (SENT_PATTERN.is_match(head) || head.to_lowercase().ends_with("from mobile")) && DEVICE.is_match(head)
        || SENT_BY.is_match(head)
            && head.split_whitespace().count() <= 6
            && excuse == plain.len()
            && !plain.trim_end().ends_with('.')
}

/// Where in a paragraph stands what warns those who are not meant to read it, names the register in which a
/// house stands, or was added by a program.
pub(super) fn legal(paragraph: &str) -> Option<usize> {
    // A short paragraph of such words may be a request.
    let enough = if paragraph.len() < 200 { 3 } else { 2 };
    let often = |pattern: &Regex, enough: usize| {
        let start = pattern.find(paragraph)?.start();
        let times = pattern.find_iter(paragraph).take(enough).count();
        (times == enough && !paragraph.contains('?')).then_some(start)
    };
    let titled = || (paragraph.len() < 60 && TITLED.is_match(paragraph)).then_some(0);
    let short = paragraph.len() < 400;
    let added = || short.then(|| ADDED_PATTERN.find(paragraph)).flatten().map(|found| found.start());
    let told = || often(&LEGAL_PATTERN, enough).or_else(|| often(&REGISTER_PATTERN, 2));
    // Most paragraphs hold neither, which is seen at once.
    let either = || LEGAL_OR_REGISTER.is_match(paragraph).then(told).flatten();
    titled().or_else(either).or_else(added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_of_programs_are_told_from_sentences() {
        for line in [
            "Sent from my iPhone!",
            "Sent with Airmail",
            "(sent from a phone)",
            "Sent from my cell, please excuse any typos.",
            "via mobile",
            "<<sent by galaxy>>",
        ] {
            assert!(is_device(line), "{line}");
        }
        for line in [
            "Sent from my desk, is much easier than my mobile phone.",
            "Please call my mobile",
            "We sent the offer by mail, did you get it?",
        ] {
            assert!(!is_device(line), "{line}");
        }
    }
}
