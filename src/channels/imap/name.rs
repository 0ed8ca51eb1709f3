//! How names and passwords are written into a command, and folders' names read out of an answer.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// The base64 of folder names (RFC 3501 §5.1.3).
const MODIFIED: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A folder's name as a quoted string in modified UTF-7 (RFC 3501 §5.1.3): `Entwürfe` is
/// `"Entw&APw-rfe"`. Nothing in a name can end the command.
pub(super) fn folder(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut shifted: Vec<u8> = Vec::new();
    for c in name.chars() {
        if !(' '..='~').contains(&c) {
            shifted.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
            continue;
        }
        end_shift(&mut encoded, &mut shifted);
        encoded.push(c);
        if c == '&' {
            encoded.push('-');
        }
    }
    end_shift(&mut encoded, &mut shifted);
    quoted(&encoded)
}

fn end_shift(encoded: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        encoded.push('&');
        encoded.push_str(&MODIFIED.encode(&shifted));
        encoded.push('-');
        shifted.clear();
    }
}

/// A folder's name as people read it, out of modified UTF-7; what is none stays as it is, as do
/// names that a server sends in UTF-8.
pub(super) fn decoded(name: &str) -> String {
    shifts(name).unwrap_or_else(|| name.to_owned())
}

fn shifts(name: &str) -> Option<String> {
    let (mut decoded, mut rest) = (String::with_capacity(name.len()), name);
    while let Some((before, after)) = rest.split_once('&') {
        let (shifted, behind) = after.split_once('-')?;
        decoded += before;
        if shifted.is_empty() {
            decoded.push('&');
        } else {
            let bytes = MODIFIED.decode(shifted).ok()?;
            let (units, odd) = bytes.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            decoded += &String::from_utf16(&units).ok().filter(|_| odd.is_empty())?;
        }
        rest = behind;
    }
    Some(decoded + rest)
}

/// A quoted string (RFC 3501 §9). `text` must be free of CR, LF and NUL, see [`fits`].
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a user name or password can be sent: CR, LF and NUL cannot stand in a command.
pub(super) fn fits(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}

/// UIDs as a set, ascending, runs joined: `1:3,7`.
pub(super) fn uid_set(uids: impl IntoIterator<Item = u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => runs.push((uid, uid)),
        }
    }
    let runs = runs.into_iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}:{b}") });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_written_in_modified_utf_7() {
        for (name, written) in [
            ("INBOX", "\"INBOX\""),
            ("Entwürfe", "\"Entw&APw-rfe\""),
            ("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""),
            ("R&D", "\"R&-D\""),
            ("a \"b\\c", "\"a \\\"b\\\\c\""),
            ("😀", "\"&2D3eAA-\""),
            ("x\r\nA1 LOGOUT", "\"x&AA0ACg-A1 LOGOUT\""),
            ("", "\"\""),
        ] {
            assert_eq!(folder(name), written, "{name}");
        }
    }

    #[test]
    fn folder_names_read_back_as_people_write_them() {
        for name in
            ["INBOX", "Entwürfe", "~peter/mail/台北/日本語", "R&D", "😀", "Anfragen/Große Kunden", "Ünder&Ü", ""]
        {
            let written = folder(name);
            assert_eq!(decoded(written.trim_matches('"')), name, "{written}");
        }
        for (sent, read) in [
            ("A &- B", "A & B"),
            ("R&D", "R&D"),
            ("Für uns", "Für uns"),
            ("&2D0-", "&2D0-"),
            ("&AP-", "&AP-"),
            ("&*-", "&*-"),
        ] {
            assert_eq!(decoded(sent), read, "{sent}");
        }
    }

    #[test]
    fn uid_sets_join_neighbours() {
        assert_eq!(uid_set([1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(uid_set([u32::MAX]), "4294967295");
        assert_eq!(uid_set([]), "");
    }
}
