//! Files that came with a mail: name, type, size and fingerprint. Their bytes stay in the original.

use crate::lead::Attachment;
use crate::normalize::file;

use super::body::Body;
use super::headers::{Fields, Place};
use super::parts::{Disposition, Part, Parts};

/// Lists the files of a mail: every leaf that is no text of it. An attached mail is one file. A
/// picture that the HTML shows in place (a logo in a signature) is left out, unless the mail
/// consists of nothing else.
pub(super) fn list(parts: &Parts<'_>, body: &Body) -> Vec<Attachment> {
    let mut files = Vec::new();
    let mut pictures = Vec::new();
    collect(parts, 0, body, &mut |number, part| {
        let shown = part.kind.starts_with("image/") && part.has_id && part.disposition != Disposition::Attachment;
        let file = describe(parts, number, part);
        if file.size > 0 || part.name.is_some() {
            if shown { &mut pictures } else { &mut files }.push(file);
        }
    });
    if files.is_empty() && body.text.is_none() { pictures } else { files }
}

/// Visits every leaf that is no text; what stands in an attached mail is part of that one. The
/// depth of recursion is bounded by that of the parts.
fn collect<'p, 'a>(parts: &'p Parts<'a>, number: usize, body: &Body, take: &mut impl FnMut(usize, &'p Part<'a>)) {
    let part = parts.get(number);
    if part.kind.starts_with("multipart/") {
        for child in parts.children(number) {
            collect(parts, child, body, take);
        }
    } else if !body.parts.contains(&number) {
        take(number, part);
    }
}

fn describe(parts: &Parts<'_>, number: usize, part: &Part<'_>) -> Attachment {
    let bytes = part.encoding.file(parts.raw(part));
    let name = part.name.clone().unwrap_or_else(|| name(parts, number, part, &bytes));
    file::attachment(name, part.kind.clone(), &bytes)
}

/// A name for a file that came without: of an attached mail its subject, else its type.
fn name(parts: &Parts<'_>, number: usize, part: &Part<'_>, bytes: &[u8]) -> String {
    if matches!(part.kind.as_str(), "message/rfc822" | "message/global") {
        let subject = match parts.children(number).next() {
            Some(inner) => parts.get(inner).fields.text("subject", None),
            None => Fields::scan(bytes, 0, Place::Mail, |_| false).0.text("subject", None),
        };
        let subject: String = subject
            .unwrap_or_default()
            .chars()
            .map(|c| if "/\\:*?\"<>|".contains(c) { '_' } else { c })
            .take(120)
            .collect();
        let subject = subject.trim().trim_matches('.');
        return format!("{}.eml", if subject.is_empty() { "mail" } else { subject });
    }
    let subtype = part.kind.split_once('/').map_or("", |(_, subtype)| subtype);
    let ending = match subtype {
        "plain" | "rfc822-headers" | "delivery-status" => "txt",
        "jpeg" => "jpg",
        "calendar" => "ics",
        "vcard" | "x-vcard" | "directory" => "vcf",
        "octet-stream" => "bin",
        short if short.len() <= 4 && short.bytes().all(|b| b.is_ascii_alphanumeric()) => short,
        _ => "bin",
    };
    format!("attachment.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::mail::body;

    fn names(parts: &[&str]) -> Vec<String> {
        let parts = parts.join("\r\n--b\r\n");
        let mail = format!(
            "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{parts}\r\n--b--\r\n"
        );
        let parts = Parts::of(mail.as_bytes()).unwrap();
        let body = body::read(&parts);
        list(&parts, &body)
            .into_iter()
            .map(|file| format!("{} {} {}", file.name, file.content_type, file.size))
            .collect()
    }

    #[test]
    fn files_are_named_as_a_person_knows_them() {
        let text = "\r\nhello";
        for (part, name) in [
            ("Content-Type: application/pdf; name=\"a b.pdf\"\r\n\r\n%PDF", "a b.pdf application/pdf 4"),
            (
                "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=C:\\Users\\x\\plan.pdf\r\n\r\n1",
                "plan.pdf application/pdf 1",
            ),
            (
                "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe.pdf\r\n\r\n1",
                "Grüße.pdf application/pdf 1",
            ),
            (
                "Content-Type: image/png; name=\"=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe.png?=\"\r\n\r\n1",
                "Grüße.png image/png 1",
            ),
            ("Content-Type: application/pdf; name=\"Grüße.pdf\"\r\n\r\n1", "Grüße.pdf application/pdf 1"),
            ("Content-Type: application/pdf; name=../../etc/passwd\r\n\r\n1", "passwd application/pdf 1"),
            (
                "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nSGFsbG8",
                "attachment.pdf application/pdf 5",
            ),
            (
                "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?Q?Angebot_f=C3=BCr?= 1/2\r\n\r\nx",
                "Angebot für 1_2.eml message/rfc822 46",
            ),
            (
                "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogaGkKCng=",
                "hi.eml message/rfc822 14",
            ),
            ("Content-Type: text/calendar\r\n\r\nBEGIN", "attachment.ics text/calendar 5"),
        ] {
            assert_eq!(names(&[text, part]), [name], "{part}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_bytes_however_it_was_sent_and_a_mail_over_the_limit_lists_none() {
        let files = |part: &str| {
            let mail =
                format!("From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{part}\r\n--b--");
            let parts = Parts::of(mail.as_bytes()).unwrap();
            list(&parts, &body::read(&parts))
        };
        let head = "Content-Type: application/pdf; name=plan.pdf";
        let plain = files(&format!("{head}\r\n\r\nabc"));
        let coded = files(&format!("{head}\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj"));
        let other = files(&format!("{head}\r\n\r\nabd"));
        // FIPS 180-4's example.
        assert_eq!(plain[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((plain[0].size, &plain), (3, &coded));
        assert_ne!(plain[0].sha256, other[0].sha256);
        let large = format!("From: a@b.example\r\n{head}\r\n\r\n{}", "a".repeat(super::super::bounds::BYTES));
        assert!(Parts::of(large.as_bytes()).is_err());
    }

    #[test]
    fn a_picture_shown_in_place_is_no_file_unless_it_is_all_there_is() {
        let logo =
            "Content-Type: image/png; name=logo.png\r\nContent-ID: <1@x>\r\nContent-Disposition: inline\r\n\r\n1";
        let photo =
            "Content-Type: image/png; name=photo.png\r\nContent-ID: <2@x>\r\nContent-Disposition: attachment\r\n\r\n1";
        assert!(names(&["\r\nhello", logo]).is_empty());
        assert_eq!(names(&["\r\nhello", logo, photo]), ["photo.png image/png 1"]);
        assert_eq!(names(&[logo]), ["logo.png image/png 1"]);
    }
}
