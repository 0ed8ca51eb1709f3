//! The words by which mail programs show that a mail stands inside another one, passed on or quoted,
//! in many languages.
//!
//! All are lower case, with `|` between. One list holds the words of all languages, because the
//! language of a head is that of the program, not that of the mail, and programs mix them.

use memchr::memchr3;

use crate::normalize::text::shorten;

/// Lines of the head of a mail inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    From,
    ReplyTo,
    To,
    Copy,
    Date,
    Subject,
    /// Weight, files, keywords: what says nothing about who wrote.
    Other,
}

/// What mail programs call those lines.
pub(super) const LABELS: [(Label, &str); 7] = [
    (
        Label::From,
        "from|von|de|da|van|från|fra|frá|lähettäjä|saatja|kellelt|nuo|no|siuntėjas|sūtītājs|отправитель|\
         відправник|od|feladó|от|від|від кого|от кого|подател|kimden|gönderen|de la|expéditeur|remitente|\
         mittente|remetente|absender|afzender|avsändare|avsender|afsender|odesílatel|odosielateľ|nadawca|\
         από|αποστολέας|šalje|pošiljatelj|pošiljalac|пошиљалац|шаље|од|adresant|发件人|寄件者|寄件人|發件人|\
         差出人|送信者|보낸 사람|보낸사람|발신자|מאת|من|\
         ад|nork|nga|ó|oddi wrth|remitent|pošiljateľ|odosielateľ|gönderici|відправник|dari|từ|จาก|از|minn|fan|vun|frå|sendandi|nondik|igorlea",
    ),
    (
        Label::ReplyTo,
        "reply-to|reply to|antwort an|antworten an|répondre à|responder a|responder para|rispondi a|\
         antwoord aan|beantwoorden|svar till|svar til|svara till|vastausosoite|vastaa|odpowiedz do|odpověď komu|\
         odpovědět na|válaszcím|yanıtla|yanıt adresi|răspunde la|ответить|відповісти|απάντηση σε|回复|回覆|返信先|\
         회신 주소|השב אל|الرد إلى",
    ),
    (
        Label::To,
        "to|an|adresat|à|para|a|aan|naar|till|til|vastaanottaja|saaja|adressaat|kellele|kam|saņēmējs|gavėjas|do|\
         dla|komu|címzett|кому|получатель|одержувач|до|получател|kime|alıcı|către|destinataire|destinatario|\
         destinatário|pour|empfänger|ontvanger|mottagare|mottaker|modtager|příjemce|príjemca|odbiorca|προς|παραλήπτης|\
         prima|primatelj|za|за|прима|收件人|收件者|宛先|受信者|받는 사람|받는사람|수신자|אל|إلى|pre|\
         каму|nori|për|chuig|at|per a|destinatari|príjemca|prejemnik|gavėjas|отримувач|viðtakandi|kepada|đến|ถึง|به|lil|hartzailea",
    ),
    (
        Label::Copy,
        "cc|bcc|kopie|kopie (cc)|kopie an|kopia|kopia (dw)|copie|copie à|copie cachée|copia|con copia|copia a|cópia|\
         com cópia|kopio|koopia|kopija|másolat|másolatot kap|копия|копія|копие|копија|dw|do wiadomości|udw|kopi|\
         kopi til|afrit|bilgi|κοιν|κοινοποίηση|抄送|副本|副本抄送|密件抄送|参照|참조|숨은참조|עותק|نسخة|نسخة إلى|\
         a/c|amb còpia a|kp|копія|kopja|kopje|cóip|еднаква копија|kópia|kópie|tembusan|ks|hal.|cópia para|per conoscenza|κοιν.|kopi:|másolat:",
    ),
    (
        Label::Date,
        "date|sent|date sent|received|datum|gesendet|gesendet am|envoyé|envoyé le|date d'envoi|date d’envoi|enviado|\
         enviado el|enviado em|enviada em|enviada|enviat|fecha|fecha de envío|data|data de envio|inviato|inviata|\
         data invio|verzonden|verzonden op|skickat|skickat den|skickades|sendt|dato|dagsetning|lähetetty|päiväys|\
         päivämäärä|pvm|saadetud|kuupäev|nosūtīts|datums|išsiųsta|wysłano|wysłane|data wysłania|odesláno|\
         odoslané|odoslaná|dátum|elküldve|küldve|дата|отправлено|дата отправки|надіслано|изпратено|послато|poslato|датум|\
         gönderildi|gönderme tarihi|gönderilme tarihi|tarih|trimis|dată|data trimiterii|datum odeslání|ημερομηνία|στάλθηκε|εστάλη|\
         poslano|发送时间|发送日期|發送時間|寄件日期|傳送日期|日期|时间|時間|送信日時|送信日|日付|日時|보낸 날짜|날짜|\
         보낸 시간|תאריך|נשלח|التاريخ|تاريخ الإرسال|تم الإرسال|\
         адпраўлена|дата адпраўкі|bidaltze-data|bidalia|dërguar|seolta|dáta|dyddiad|dags|dags.|испратено|tanggal|ngày|วันที่|تاریخ|ulæst dato|date d'expédition|sendt:|saatmise aeg|отправлен|poslané",
    ),
    (
        Label::Subject,
        "subject|betreff|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|efni|aihe|otsikko|teema|temats|tēma|\
         tema|temat|předmět|předmet|predmet|věc|tárgy|тема|относно|предмет|наслов|konu|subiect|θέμα|naslov|zadeva|\
         assumpte|主题|主旨|主題|标题|標題|件名|제목|נושא|الموضوع|\
         тэма|gaia|subjekti|subjekt|ábhar|pwnc|viðfangsefni|perihal|subjek|chủ đề|เรื่อง|موضوع|suġġett|nemas",
    ),
    (
        Label::Other,
        "importance|priority|sensitivity|categories|attachments|attachment|wichtigkeit|priorität|vertraulichkeit|anlagen|\
         anlage|anhänge|pièces jointes|pièce jointe|priorité|importancia|prioridad|datos adjuntos|adjuntos|importanza|\
         priorità|allegati|importância|prioridade|anexos|urgentie|prioriteit|bijlagen|bifogade filer|bilagor|prioritet|\
         vedhæftede filer|vedhæftninger|vedlegg|liitteet|tärkeys|załączniki|priorytet|ważność|přílohy|důležitost|prílohy|\
         mellékletek|fontosság|atașări|atașamente|important|prilozi|priloge|manused|pielikumi|priedai|вложения|важность|\
         вкладення|прикачени файлове|ekler|önem|συνημμένα|添付ファイル|附件|重要性|첨부 파일|첨부|keywords|organisation|\
         organization|mailed-by|x-mailer|user-agent|message-id",
    ),
];

/// How subjects of mails that were passed on begin, before the colon.
pub(super) const PASSED_ON: &str = "fw|fwd|fwd.|forward|wg|weitergeleitet|tr|rv|reenv|i|inoltro|enc|res-enc|vb|pd|vl|vs|\
     doorst|továbbítás|továbbítva|tovább|fs|edst|pārs|perd|posr|ilt|i\u{307}lt|yml|πρθ|προωθ|пересл|пер|препр|пр|pr|\
     转发|轉寄|轉發|转寄|転送|전달|הועבר|העברה|إعادة توجيه|trs";

/// How subjects of answers begin.
pub(super) const ANSWERED: &str = "re|re.|aw|antw|antwort|sv|svar|odp|odpověď|odpoveď|rép|rif|r|res|resp|ref|ynt|yanıt|vá|vál|\
     válasz|отв|ответ|відп|απ|σχετ|vast|atb|ats|回复|回覆|答复|答覆|返信|회신|답장|השב|תגובה|رد|bls|hа";

/// Words in the line above a head, in the beginnings that all their forms share.
pub(super) const MARKERS: &str = "forward|weitergeleit|weiterleit|transfér|transmis|réexpédi|reenvi|reencaminh|\
     encaminh|inoltra|doorgestuur|doorgezonden|doorsturen|vidarebefordra|videresend|vidaresend|framsend|áframsend|\
     välitet|edelleen|edastat|pārsūt|persiųst|przekaz|przesłan|přeposl|přeposíl|preposl|preposiel|předan|továbbít|proslijeđ|prosleđ|\
     posredova|пересыл|пересил|пересл|переслан|переадрес|перенаправ|препрат|прослеђ|iletilen|iletilmi|redirec|redirig|\
     redirecți|reenviat|reexpedi|birbidal|përcjell|перасла|hanfon ymlaen|curtha ar aghaidh|diteruskan|chuyển tiếp|ส่งต่อ|هدایت|پیام بازارسال|προωθ|转发|轉寄|轉發|转寄|転送|전달|הועבר|שהועבר|מועבר|إعادة توجيه|معاد توجيه";

/// Words with which mutt, Horde and others close a mail that they passed on, beside those above.
const ENDS: &str =
    "end|ende|fin|fine|fim|einde|slut|slutt|loppu|koniec|konec|vége|sfârșit|kraj|конец|кінець|край|son|終わり|结束";

/// Verbs of the line above a mail that is quoted: `On … Max <max@…> wrote:`.
pub(super) const WROTE: &str = "wrote|writes|schrieb|geschrieben|a écrit|écrit|escribió|escribio|escrigué|escrit|escribiu|\
     escreveu|ha scritto|scritto|scrive|schreef|geschreven|skrev|skrifaði|kirjoitti|napsal|napsala|napísal|napísala|píše|\
     napisał|napisała|pisze|napisao|napisala|napisal|pisao|piše|написал|написала|написав|написа|напиша|пишет|писал|\
     писала|пише|напісаў|kirjutas|rakstīja|rašė|parašė|írta|yazdı|yazmış|şunları|a scris|scris|έγραψε|shkroi|scríobh|\
     idatzi|kiteb|viết|menulis|geskryf|написао|напише|піша|напісаў|пісаў|va escriure|ha escrit|escriure|napisana przez|ysgrifennodd|scríobh|ka shkruar|napisao/la|citeret|skryf";

/// The same in scripts that do not set words apart.
pub(super) const WROTE_JOINED: &str =
    "写道|寫道|寫到|书写|のメール|のメッセージ|書きました|작성|כתב|كتب|เขียน|쓴 글|님이 쓴|נכתב|تمت كتابة";

/// Words beside a name in that line.
pub(super) const BESIDE: &str = "heeft|schrieb|skrev|schreef|пользователь|користувач|użytkownik|użytkowniczka|hat|at|um|kl|kl.|le|\
     den|dne|dnia|am|on|op|el|il|em|o|v|в|um|uhr|om|à|às|alle|ore|giorno|pm|utc|gmt|by|från|von|de|h|r.|г.";

/// Whether a list of words holds this one.
pub(super) fn holds(list: &str, word: &str) -> bool {
    list.split('|').any(|known| known == word)
}

/// The label that is called so.
pub(super) fn called(name: &str) -> Option<Label> {
    LABELS.iter().find(|(_, names)| holds(names, name)).map(|(label, _)| *label)
}

/// A line of a head, with its value.
pub(super) fn label(line: &str) -> Option<(Label, &str)> {
    // The first byte of the wide colon; most lines have none of these.
    memchr3(b':', b'\t', "：".as_bytes()[0], line.as_bytes())?;
    let line = bare(line);
    let colon = line.find([':', '：', '\t'])?;
    let (name, value) = line.split_at(colon);
    if name.len() > 60 {
        return None;
    }
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_')).to_lowercase();
    let label = called(&name)?;
    Some((label, value.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '*'))))
}

/// A line without what marks a quotation or bold letters.
pub(super) fn bare(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|' | '*' | '\u{feff}'))
        .trim_end_matches(|c: char| c.is_whitespace() || c == '*')
}

/// Whether a line says that something was forwarded, between drawn lines or before a colon.
pub(super) fn announces(line: &str) -> bool {
    (is_framed(line) || line.ends_with([':', '：'])) && speaks_of_it(line)
}

/// Words between drawn lines.
pub(super) fn is_framed(line: &str) -> bool {
    let drawn = |c: char| matches!(c, '-' | '=' | '~' | '_' | '－' | '—' | '–');
    let two = |side: &mut dyn Iterator<Item = char>| side.next().is_some_and(drawn) && side.next().is_some_and(drawn);
    two(&mut line.chars()) && two(&mut line.chars().rev()) && line.contains(char::is_alphabetic)
}

/// Whether a line speaks of a mail that was forwarded.
pub(super) fn speaks_of_it(line: &str) -> bool {
    // The lower case of the Turkish `İ` has two letters.
    let line = shorten(line, 100).to_lowercase().replace('\u{307}', "");
    MARKERS.split('|').any(|word| line.contains(word))
}

/// Whether a line closes a mail that was passed on: `----- End forwarded message -----`.
pub(super) fn closes_it(line: &str) -> bool {
    let words = || line.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    is_framed(line) && speaks_of_it(line) && words().any(|word| holds(ENDS, &word))
}
