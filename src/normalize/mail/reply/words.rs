//! The words by which mail programs and people of many languages mark quotes and signatures.
//!
//! All are lower case, with `|` between. Patterns only join such lists; they are matched in linear
//! time.

use std::sync::LazyLock;

use regex::Regex;

/// Who wrote, in lines above a quote.
const WROTE: &str = "wrote|writes|schrieb|geschrieben|écrit|escribió|escribio|escrit|escribiu|escreveu|scritto|scrive|schreef|geschreven|skrev|\
    skrifaði|kirjoitti|napisał|napisała|napisał\\(a\\)|pisze|napsal|napsala|napsal\\(a\\)|napísal|napísala|napísal\\(a\\)|píše|írta|\
    написал|написала|написал\\(а\\)|пишет|писал|писала|написав|написала|пише|написа|напиша|yazdı|yazmış|scris|έγραψε|napisao|napisala|napisal|\
    pisao|piše|напісаў|kirjutas|rakstīja|rašė|parašė|shkroi|scríobh|idatzi|kiteb|viết|menulis";

/// The same in scripts without blanks between words.
const WROTE_JOINED: [&str; 9] = ["写道", "寫道", "寫到", "のメッセージ", "書きました", "작성", "כתב", "كتب", "เขียน"];

/// How such lines begin.
const OPENERS: &str = "on|am|le|el|il giorno|il|op|em|den|dnia|w dniu|dne|dňa|la|på|pe|în|a|στις|на|в|u|v|kuupäev|vào|í|ar|à|at|tir|man|ons|tor|fre|lør|søn";

/// What stands between dashes above the mail that is answered.
const ORIGINAL: &str = "original message|original appointment|originalnachricht|original-nachricht|ursprüngliche nachricht|originaltext|original mail|originální zpráva|\
    původní zpráva|pôvodná správa|message d'origine|message d’origine|message original|message initial|mensaje original|mensagem original|messaggio originale|\
    messaggio di origine|oorspronkelijk bericht|origineel bericht|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|original meddelelse|\
    opprinnelig melding|alkuperäinen viesti|wiadomość oryginalna|oryginalna wiadomość|eredeti üzenet|исходное сообщение|оригинальное сообщение|\
    пересылаемое сообщение|оригінальне повідомлення|вихідне повідомлення|оригинално съобщение|orijinal mesaj|özgün ileti|orijinal ileti|mesaj original|mesajul original|\
    αρχικό μήνυμα|izvorna poruka|originalna poruka|izvirno sporočilo|algne kiri|algne sõnum|sākotnējais ziņojums|pirminis laiškas|原始邮件|原始郵件|邮件原件|原件|元のメッセージ|\
    オリジナルメッセージ|원본 메시지|원본 메일|reply message|antwort nachricht|forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado|\
    mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|vidarebefordrat meddelande|videresendt melding|videresendt meddelelse|przekazana wiadomość|\
    пересланное сообщение|переслане повідомлення|továbbított üzenet|přeposlaná zpráva|iletilmiş mesaj|转发的邮件|転送メッセージ|전달된 메시지";

/// Programs that name the mail below without dashes.
const FORWARD: &str = "begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-?mail)|début du message (?:réexpédié|transféré)|inicio del mensaje reenviado|\
    inizio messaggio inoltrato|begin doorgestuurd bericht|vidarebefordrat brev|início da mensagem reencaminhada|początek przekazywanej wiadomości";

/// The sender's line in the head of a mail.
const SENDER: &str = "from|von|de|da|van|från|fra|frá|lähettäjä|отправитель|відправник|od|feladó|от|від|от кого|kimden|gönderen|de la|expéditeur|remitente|mittente|\
    remetente|absender|afzender|avsändare|avsender|afsender|odesílatel|odosielateľ|nadawca|από|šalje|pošiljatelj|saatja|nuo|no|发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람";

/// Other lines of the head: date, recipients, subject.
const HEAD: &str = "date|sent|datum|gesendet|gesendet am|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviado em|enviada em|fecha|data|inviato|data invio|verzonden|skickat|\
    skickades|sendt|dato|lähetetty|päiväys|päivämäärä|wysłano|wysłane|odesláno|odoslané|dátum|elküldve|küldve|дата|отправлено|надіслано|gönderildi|gönderilme tarihi|tarih|\
    trimis|dată|ημερομηνία|στάλθηκε|poslano|saadetud|发送时间|日期|时间|寄件日期|傳送日期|送信日時|日付|日時|보낸 날짜|날짜|\
    to|an|adresat|à|para|a|aan|naar|till|til|vastaanottaja|do|dla|komu|címzett|кому|kime|către|destinataire|destinatario|destinatário|pour|empfänger|προς|prima|za|saaja|kam|kellele|\
    收件人|收件者|宛先|받는 사람|받는사람|cc|bcc|kopie|kopia|copie|copie à|copia|cópia|kopio|másolat|копия|копія|dw|udw|kopi|bilgi|抄送|副本|참조|reply-to|\
    subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy|тема|konu|subiect|θέμα|naslov|teema|主题|主旨|件名|제목";

/// How a letter ends, above the name.
const CLOSINGS: &str = "regards|best regards|kind regards|kindest regards|warm regards|with kind regards|with best regards|best|all the best|best wishes|cheers|thanks|thank you|\
    many thanks|thanks in advance|thanks and regards|thanks & regards|thanks a lot|thx|sincerely|sincerely yours|yours sincerely|yours faithfully|yours truly|respectfully|cordially|at your service|\
    rgds|br|mfg|lg|vg|gruß|gruss|grüße|grüsse|viele grüße|viele grüsse|liebe grüße|liebe grüsse|beste grüße|beste grüsse|schöne grüße|herzliche grüße|freundliche grüße|freundliche grüsse|\
    mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|mit besten grüßen|mit lieben grüßen|vielen dank und (?:viele|beste|liebe) grüße|hochachtungsvoll|mit vorzüglicher hochachtung|besten dank|vielen dank|danke|\
    cordialement|bien cordialement|bien à vous|salutations|meilleures salutations|sincères salutations|salutations distinguées|amicalement|merci|merci d'avance|respectueusement|\
    saludos|un saludo|saludos cordiales|un cordial saludo|atentamente|muy atentamente|gracias|muchas gracias|gracias de antemano|salutacions|\
    cordiali saluti|distinti saluti|saluti|un saluto|cordialmente|grazie|grazie mille|in attesa di un riscontro|\
    atenciosamente|atentamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraço|obrigado|obrigada|\
    met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten|groeten|groet|mvg|bedankt|hartelijk dank|\
    med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|vänligen|hälsningar|mvh|tack|tack på förhand|med venlig hilsen|venlig hilsen|venlige hilsner|hilsen|med vennlig hilsen|vennlig hilsen|vh|\
    ystävällisin terveisin|terveisin|parhain terveisin|kiitos|z poważaniem|pozdrawiam|z wyrazami szacunku|serdecznie pozdrawiam|dziękuję|z góry dziękuję|\
    s pozdravem|s přátelským pozdravem|děkuji|s pozdravom|ďakujem|üdvözlettel|tisztelettel|köszönettel|köszönöm|с уважением|с наилучшими пожеланиями|спасибо|з повагою|дякую|с поздрави|поздрави|\
    saygılarımla|saygılarımızla|iyi çalışmalar|teşekkürler|cu stimă|cu respect|mulțumesc|με εκτίμηση|ευχαριστώ|s poštovanjem|srdačan pozdrav|lijep pozdrav|hvala|lep pozdrav|s spoštovanjem|lugupidamisega|tervitades|ar cieņu|pagarbiai|su pagarba|\
    此致|敬礼|谢谢|祝好|よろしくお願いいたします|よろしくお願いします|敬具|감사합니다";

/// Devices and programs that add a line below what is written on them.
const DEVICES: &str = "iphone|ipad|ipod|android|blackberry|smartphone|samsung|galaxy|huawei|xiaomi|htc|nokia|pixel|windows phone|mobile|mobil|mobiltelefon|mobilgerät|handy|móvil|cell|phone|telefon|téléphone|\
    teléfono|telefoon|telefono|tablet|outlook|yahoo|gmail|airmail|windows|mailbox|mail|thunderbird|proton|protonmail|gmx|web\\.de|telekom mail|spark|orange|device|gerät|appareil|dispositivo|alcatel|ti-\\d+|verizon|телефон\\p{L}*|устройств\\p{L}*|айфон\\p{L}*|手机|手機";

/// Verbs of such lines, in any place.
const SENT: &str = "sent|get|von mein\\p{L}*|gesendet|versendet|diese nachricht wurde|hol\\p{L}* dir|laden sie|envoyé|télécharg\\p{L}*|obtenez|provenance|enviado|enviada|obtener|inviato|inviata|scarica|verzonden|verstuurd|download|\
    skickat|hämta|sendt|lähetetty|wysłane|wysłano|pobierz|odesláno|odoslané|küldve|отправлено|надіслано|изпратено|gönderildi|trimis|στάλθηκε|poslano|saadetud|nosūtīts|išsiųsta|via|from|发自|發自|從我的|来自|から送信|傳送|보냄";

/// Words of which two make a paragraph below a mail a disclaimer.
const LEGAL: &str = "confidential\\p{L}*|vertraulich\\p{L}*|intended (?:only|solely|recipient|for)|addressee|privileged|unauthori[sz]ed|in error|delete (?:it|this)|please consider the environment|disclaimer|\
    rechtlich geschützt\\p{L}*|adressat\\p{L}*|irrtümlich\\p{L}*|vernichten|unbefugt\\p{L}*|confidentiel\\p{L}*|destinataire\\p{L}*|par erreur|confidencial\\p{L}*|destinatario\\p{L}*|por error|riservat\\p{L}*|per errore|vertrouwelijk\\p{L}*|geadresseerde|ten onrechte|poufn\\p{L}*|adresata|omyłkowo|konfidentiell\\p{L}*|конфиденциальн\\p{L}*|bcc'd|scanned (?:by|for)";

macro_rules! pattern {
    ($name:ident, $($piece:expr),+) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new(&[$($piece),+].concat()).expect("a constant pattern"));
    };
}

pattern!(WROTE_PATTERN, r"(?i)(?:^|[^\p{L}])(?:", WROTE, r")(?:[^\p{L}]|$)");
pattern!(OPENER, r"(?i)^(?:", OPENERS, r"|\d|\p{L}{2,12}[.,] )(?:[\s.,\d]|$)");
pattern!(DATE, r"(?:^|\D)(?:(?:19|20)\d\d(?:\D|$)|\d{1,2}[:.]\d\d(?:\D|$)|\d{1,4}[./-]\d{1,2}[./-]\d{1,4})");
pattern!(ADDRESS, r"[^\s<>@]@[^\s<>@]|<[^<>]{3,}>");
pattern!(ENDS_WITH_ADDRESS, r"[^\s<>@]@[^\s<>@]+>\)?,?\s*[:：]$");
pattern!(ORIGINAL_PATTERN, r"(?i)^(?:", ORIGINAL, r")");
pattern!(FORWARD_PATTERN, r"(?i)^(?:", FORWARD, r")\s*:?\s*$");
pattern!(SENDER_PATTERN, r"(?i)^(?:", SENDER, r")[*\s\x{a0}]*[:：]");
pattern!(HEAD_PATTERN, r"(?i)^(?:", HEAD, r")[*\s\x{a0}]*[:：]");
pattern!(
    CLOSING,
    r"(?i)^\W*(?:",
    CLOSINGS,
    r")(?:\s+(?:from|aus|de|van|from the|aus dem)\s+[\p{L} ]{2,40})?[\s,.!;:。、，！~)-]*$"
);
pattern!(DEVICE, r"(?i)(?:^|[^\p{L}])(?:", DEVICES, r")(?:['’]?\p{L}{0,6})(?:[^\p{L}]|$)|iphone|ipad|android");
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

/// Whether a line, or lines joined, name the mail that stands below.
pub(super) fn is_attribution(line: &str) -> bool {
    let wrote = WROTE_PATTERN.is_match(line) || WROTE_JOINED.iter().any(|word| line.contains(word));
    wrote && (has_date(line) || ADDRESS.is_match(line)) || has_date(line) && ENDS_WITH_ADDRESS.is_match(line)
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

/// Whether a line alone says so.
pub(super) fn begins_forward(line: &str) -> bool {
    FORWARD_PATTERN.is_match(line)
}

/// Whether a line is the sender's in the head of a mail.
pub(super) fn is_sender(line: &str) -> bool {
    SENDER_PATTERN.is_match(line)
}

/// Whether a line is another one of the head of a mail.
pub(super) fn is_head_line(line: &str) -> bool {
    HEAD_PATTERN.is_match(line)
}

/// Whether a line closes a letter.
pub(super) fn is_closing(line: &str) -> bool {
    line.len() < 120 && CLOSING.is_match(line)
}

/// Whether a mail program wrote the line below what was typed: `Sent from my iPhone`.
pub(super) fn is_device(line: &str) -> bool {
    if line.len() > 300 {
        return false;
    }
    let plain = LINK.replace_all(line, " ");
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

/// Whether a paragraph warns those who are not meant to read it.
pub(super) fn is_legal(paragraph: &str) -> bool {
    LEGAL_PATTERN.find_iter(paragraph).take(2).count() == 2
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
