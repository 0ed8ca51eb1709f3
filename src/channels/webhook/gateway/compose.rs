//! A mail put together again from what a gateway made of it: its headers, texts and files. The same parts give
//! the same bytes, so that a repetition is known as one.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::normalize::hex;

/// Longest line of base64 (RFC 2045, 6.8).
const LINE: usize = 76;

/// What a gateway made of a mail.
#[derive(Debug, Default)]
pub(in crate::channels::webhook) struct Letter {
    /// The headers, a line each, without those that say how the body is written.
    headers: String,
    /// The texts: plain before HTML, each with its media type.
    texts: Vec<(String, Vec<u8>)>,
    /// The files.
    files: Vec<File>,
}

/// A file of a mail.
#[derive(Debug)]
pub(in crate::channels::webhook) struct File {
    /// Its name.
    pub(in crate::channels::webhook) name: String,
    /// Its media type.
    pub(in crate::channels::webhook) content_type: String,
    /// Its bytes.
    pub(in crate::channels::webhook) bytes: Vec<u8>,
}

impl Letter {
    /// Adds a header, unless it says how the body was written: that is for us to say.
    pub(in crate::channels::webhook) fn header(&mut self, name: &str, value: &str) {
        let name = name.trim();
        let lower = name.to_ascii_lowercase();
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name || lower == "mime-version" || lower.starts_with("content-") {
            return;
        }
        // A line end in a value would begin another header.
        let value: Vec<&str> = value.split(['\r', '\n', '\0']).map(str::trim).filter(|part| !part.is_empty()).collect();
        // Writing to a string cannot fail.
        write!(self.headers, "{name}: {}\r\n", value.join(" ")).unwrap_or_default();
    }

    /// Adds a header where there is none of this name.
    pub(in crate::channels::webhook) fn missing_header(&mut self, name: &str, value: &str) {
        let is = |line: &str| line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
        if !value.trim().is_empty() && !self.headers.lines().any(is) {
            self.header(name, value);
        }
    }

    /// Adds the headers of a block as they stand in a mail, folded lines and all.
    pub(in crate::channels::webhook) fn header_block(&mut self, block: &str) {
        let mut field = String::new();
        for line in block.lines().chain([""]) {
            if line.starts_with([' ', '\t']) && !field.is_empty() {
                field.push(' ');
                field.push_str(line.trim());
                continue;
            }
            if let Some((name, value)) = std::mem::take(&mut field).split_once(':') {
                self.header(name, value);
            }
            line.clone_into(&mut field);
        }
    }

    /// Adds a text, where it says anything.
    pub(in crate::channels::webhook) fn text(&mut self, content_type: &str, bytes: Vec<u8>) {
        if !bytes.trim_ascii().is_empty() {
            self.texts.push((content_type.to_owned(), bytes));
        }
    }

    /// Adds a file.
    pub(in crate::channels::webhook) fn file(&mut self, file: File) {
        self.files.push(file);
    }

    /// Whether it says who wrote, or anything at all.
    pub(in crate::channels::webhook) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.texts.is_empty() && self.files.is_empty()
    }

    /// The mail (RFC 5322, RFC 2045).
    pub(in crate::channels::webhook) fn compose(&self) -> Vec<u8> {
        let mut mail = format!("{}MIME-Version: 1.0\r\n", self.headers);
        let boundary = self.boundary();
        let alternatives = match &self.texts[..] {
            [] => part("text/plain; charset=utf-8", "", b""),
            [(content_type, bytes)] => part(content_type, "", bytes),
            texts => {
                let parts: Vec<String> = texts.iter().map(|(kind, bytes)| part(kind, "", bytes)).collect();
                multipart("alternative", &format!("{boundary}-texts"), &parts)
            }
        };
        if self.files.is_empty() {
            mail += &alternatives;
            return mail.into_bytes();
        }
        let file = |file: &File| {
            let name: String = file.name.chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect();
            part(&file.content_type, &format!("Content-Disposition: attachment; filename=\"{name}\"\r\n"), &file.bytes)
        };
        let parts: Vec<String> = std::iter::once(alternatives).chain(self.files.iter().map(file)).collect();
        mail += &multipart("mixed", &boundary, &parts);
        mail.into_bytes()
    }

    /// What stands in none of the parts: they are all in base64.
    fn boundary(&self) -> String {
        let mut hash = Sha256::new_with_prefix(&self.headers);
        self.texts.iter().for_each(|(_, bytes)| hash.update(bytes));
        self.files.iter().for_each(|file| hash.update(&file.bytes));
        format!("=_lotse_{}", &hex(&hash.finalize())[..32])
    }
}

fn multipart(kind: &str, boundary: &str, parts: &[String]) -> String {
    let mut out = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n");
    for part in parts {
        out.extend(["--", boundary, "\r\n", part]);
    }
    out + "--" + boundary + "--\r\n"
}

fn part(content_type: &str, more: &str, bytes: &[u8]) -> String {
    let content_type: String = content_type.chars().filter(|c| !c.is_control()).collect();
    let mut out = format!("Content-Type: {content_type}\r\n{more}Content-Transfer-Encoding: base64\r\n\r\n");
    let encoded = STANDARD.encode(bytes);
    for at in (0..encoded.len()).step_by(LINE) {
        out.extend([&encoded[at..(at + LINE).min(encoded.len())], "\r\n"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{Kind, Reading};
    use crate::normalize::read_bytes;

    #[test]
    fn a_mail_put_together_again_reads_as_it_was() {
        let mut letter = Letter::default();
        letter.header_block("From: =?utf-8?q?J=C3=BCrgen?= Berg\n <juergen@firma.example>\r\nSubject: Angebot\r\nContent-Type: text/plain\r\n");
        letter.header("X-Note", "one\r\nBcc: evil@x.example");
        letter.missing_header("subject", "another");
        letter.text("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe, bitte ein Angebot.".to_vec());
        letter.text("text/html; charset=utf-8", b"<p>Bitte ein Angebot.</p>".to_vec());
        letter.file(File {
            name: "plan.pdf".into(),
            content_type: "application/pdf".into(),
            bytes: b"%PDF-1.4".to_vec(),
        });
        let mail = letter.compose();
        assert_eq!(mail, letter.compose());
        let Reading::Lead(content) = read_bytes(Kind::Mail, "message/rfc822", &mail) else { panic!("no lead") };
        assert_eq!(content.person.name.as_deref(), Some("Jürgen Berg"));
        assert_eq!(content.person.emails[0].as_str(), "juergen@firma.example");
        assert_eq!(
            (content.subject.as_deref(), content.text.as_deref()),
            (Some("Angebot"), Some("Grüße, bitte ein Angebot."))
        );
        assert_eq!((content.attachments.len(), content.attachments[0].size), (1, 8));
        assert!(!String::from_utf8_lossy(&mail).contains("\nBcc"));
    }
}
