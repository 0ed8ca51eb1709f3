//! The words by which mail programs show that a mail was passed on, in many languages.

/// Lines of the head of a mail inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    From,
    ReplyTo,
    To,
    Copy,
    Date,
    Subject,
}

/// What mail programs call those lines, lower case, with `|` between.
pub(super) const LABELS: [(Label, &str); 6] = [
    (
        Label::From,
        "from|von|de|da|van|från|fra|lähettäjä|отправитель|відправник|od|feladó|от|від|от кого|\
         kimden|gönderen|de la|expéditeur|remitente|mittente|remetente|absender|afzender|\
         avsändare|avsender|afsender|odesílatel|odosielateľ|nadawca|από|šalje|pošiljatelj|发件人|\
         寄件者|寄件人|差出人|보낸 사람|보낸사람",
    ),
    (
        Label::ReplyTo,
        "reply-to|reply to|antwort an|antworten an|répondre à|responder a|rispondi a|\
         antwoord aan|svar till|svar til|vastausosoite|odpowiedz do|odpověď komu|回复|返信先",
    ),
    (
        Label::To,
        "to|an|adresat|à|para|a|aan|naar|till|til|vastaanottaja|do|dla|komu|címzett|кому|kime|\
         către|destinataire|destinatario|destinatário|pour|empfänger|προς|prima|za|收件人|收件者|宛先|\
         받는 사람|받는사람",
    ),
    (
        Label::Copy,
        "cc|bcc|kopie|kopie (cc)|kopia|copie|copie à|copia|cópia|kopio|másolat|másolatot kap|\
         копия|копія|dw|udw|kopi|bilgi|抄送|副本|참조",
    ),
    (
        Label::Date,
        "date|sent|datum|gesendet|gesendet am|envoyé|date d'envoi|enviado|enviado el|enviada em|\
         fecha|data|inviato|data invio|verzonden|skickat|sendt|dato|lähetetty|päiväys|päivämäärä|\
         wysłano|wysłane|odesláno|odoslané|dátum|elküldve|küldve|дата|отправлено|надіслано|\
         gönderildi|tarih|trimis|dată|datum odeslání|ημερομηνία|poslano|发送时间|日期|时间|送信日時|日付|日時|\
         보낸 날짜|날짜",
    ),
    (
        Label::Subject,
        "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|\
         predmet|tárgy|тема|konu|subiect|θέμα|naslov|主题|主旨|件名|제목",
    ),
];

/// How subjects of mails that were passed on begin, before the colon.
pub(super) const PREFIXES: &str = "fw|fwd|wg|tr|rv|i|enc|vb|pd|vl|vs|továbbítás|ilt|yml|πρθ|пересл|转发|轉寄|転送|전달";

/// Words in the line above the head, in the beginnings that all their forms share.
pub(super) const MARKERS: &str = "forward|weitergeleit|transfér|transmis|réexpédi|reenvi|reencaminh|encaminh|inoltra|\
     doorgestuurd|doorsturen|vidarebefordra|videresend|välitet|edelleen|przekaz|przesłan|\
     přeposl|preposlan|továbbít|пересл|перенаправ|iletilen|redirec|redirig|转发|転送|전달";
