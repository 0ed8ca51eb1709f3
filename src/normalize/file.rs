//! Files that came along, with a form or a mail. In: name, type and bytes as sent. Out: an [`Attachment`] that
//! says what the file could do to whoever opens it.
//!
//! What a file is, is told by its bytes first and by the end of its name second, never by the type it was
//! sent as. Nothing is refused or dropped: a file that is not harmless is marked.

use sha2::{Digest, Sha256};

use super::hex;
use crate::lead::{Attachment, Danger};

/// Entries of an archive that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// Ends of names that a desktop runs, in lower case.
const PROGRAMS: &[&str] = &[
    "exe",
    "com",
    "scr",
    "pif",
    "cpl",
    "dll",
    "msi",
    "msp",
    "msix",
    "appx",
    "jar",
    "jnlp",
    "apk",
    "lnk",
    "url",
    "reg",
    "iso",
    "img",
    "vhd",
    "vhdx",
    "cab",
    "deb",
    "rpm",
    "dmg",
    "pkg",
    "appimage",
    "desktop",
    "xll",
    "settingcontent-ms",
    "library-ms",
    "search-ms",
    "searchconnector-ms",
];
/// The same for scripts, and for pages that can hold one.
const SCRIPTS: &[&str] = &[
    "js", "jse", "mjs", "vbs", "vbe", "wsf", "wsh", "hta", "bat", "cmd", "ps1", "psm1", "sh", "command", "py", "pl",
    "rb", "scpt", "chm", "mht", "mhtml", "iqy",
];
/// Office files that can run something: with macros, and notes with files in them.
const MACROS: &[&str] =
    &["docm", "dotm", "xlsm", "xltm", "xlam", "xla", "xlw", "xlsb", "slk", "pptm", "potm", "ppam", "one", "onepkg"];
/// How archives begin that cannot be looked into: 7z and RAR.
const CLOSED: [&[u8]; 2] = [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07"];
/// How a OneNote section begins ([MS-ONESTORE] 2.3.1).
const NOTES: &[u8] = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3";

/// Lists a file.
pub(super) fn attachment(name: String, content_type: String, bytes: &[u8]) -> Attachment {
    let danger = danger(&name, bytes);
    Attachment { name, content_type, size: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)), danger }
}

/// What a file could do; `None` where nothing speaks against it.
fn danger(name: &str, bytes: &[u8]) -> Option<Danger> {
    by_content(bytes).or_else(|| by_name(name)).or_else(|| is_disguised(name, bytes).then_some(Danger::Disguised))
}

fn by_content(bytes: &[u8]) -> Option<Danger> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    // DOS and Windows, Linux, macOS (both byte orders, 32 and 64 bit, and several in one; also Java), shortcuts.
    let programs: [&[u8]; 8] = [
        b"MZ",
        b"\x7fELF",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"L\0\0\0\x01\x14\x02\0",
    ];
    if programs.iter().any(|magic| starts(magic)) {
        return Some(Danger::Program);
    }
    if starts(b"PK\x03\x04") {
        return in_archive(bytes);
    }
    if CLOSED.iter().any(|magic| starts(magic)) {
        return Some(Danger::Archive);
    }
    if starts(NOTES) {
        return Some(Danger::Macros);
    }
    // The compound files of older Office versions name their streams in UTF-16.
    if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return has(bytes, b"_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0").then_some(Danger::Macros);
    }
    (starts(b"#!") || is_page_with_script(bytes)).then_some(Danger::Script)
}

fn by_name(name: &str) -> Option<Danger> {
    let end = ending(name)?;
    let is_in = |list: &[&str]| list.contains(&&*end);
    if is_in(PROGRAMS) {
        return Some(Danger::Program);
    }
    if is_in(SCRIPTS) {
        return Some(Danger::Script);
    }
    is_in(MACROS).then_some(Danger::Macros)
}

/// Whether the name says it is something else than it is. Without bytes it is nothing.
fn is_disguised(name: &str, bytes: &[u8]) -> bool {
    let starts = |magics: &[&[u8]]| magics.iter().any(|magic| bytes.starts_with(magic));
    let (pictures, zip, compound): (&[&[u8]], &[&[u8]], &[u8]) = (
        &[b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*"],
        &[b"PK\x03\x04", b"PK\x05\x06"],
        b"\xd0\xcf\x11\xe0",
    );
    let genuine = match ending(name).as_deref() {
        // A viewer looks for the mark within the first kilobyte (ISO 32000, implementation note 13).
        Some("pdf") => has(&bytes[..bytes.len().min(1024)], b"%PDF-"),
        // Pictures are renamed into each other all the time, and harmless whatever they are called.
        Some("png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp" | "tif" | "tiff") => starts(pictures),
        Some("zip") => starts(zip),
        // Encrypted ones are compound files.
        Some("docx" | "xlsx" | "pptx" | "odt" | "ods" | "odp") => starts(zip) || starts(&[compound]),
        Some("doc" | "xls" | "ppt") => {
            // Other programs write RTF, text or pages under these names, and Office reads them.
            starts(zip) || starts(&[compound, b"{\\rtf"]) || !super::form::is_binary(bytes)
        }
        _ => true,
    };
    !genuine && !bytes.is_empty()
}

/// The worst that a ZIP archive holds, by the names in its directory (APPNOTE 4.3.12).
fn in_archive(bytes: &[u8]) -> Option<Danger> {
    let mut worst = None;
    for name in entries(bytes).take(MOST_ENTRIES) {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        match &*name {
            "meta-inf/manifest.mf" | "androidmanifest.xml" => return Some(Danger::Program),
            name if name.ends_with("vbaproject.bin") => return Some(Danger::Macros),
            name if by_name(name).is_some() => worst = Some(Danger::Archive),
            _ => {}
        }
    }
    worst
}

/// The names in a ZIP archive's directory.
fn entries(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    const MARK: &[u8] = b"PK\x01\x02";
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            let at = rest.windows(MARK.len()).position(|window| window == MARK)?;
            let entry = &rest[at..];
            rest = &entry[MARK.len()..];
            let length = usize::from(u16::from_le_bytes([*entry.get(28)?, *entry.get(29)?]));
            if let Some(name) = entry.get(46..46 + length) {
                return Some(name);
            }
        }
    })
}

/// Whether it is a page or a drawing with a script.
fn is_page_with_script(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let start = start.trim_start_matches('\u{feff}').trim_start();
    let is_page = ["<!doctype html", "<html", "<svg", "<?xml", "<head", "<body", "<script", "<!--"]
        .iter()
        .any(|mark| start.starts_with(mark));
    is_page && bytes.windows(7).any(|window| window.eq_ignore_ascii_case(b"<script"))
}

/// What stands behind the last dot of a name, in lower case. Windows drops dots and blanks at the end.
fn ending(name: &str) -> Option<String> {
    let (_, end) = name.trim_end_matches([' ', '.']).rsplit_once('.')?;
    Some(end.to_ascii_lowercase())
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ZIP archive's parts that matter here: a first entry's mark, and a directory of names.
    fn zip(names: &[&str]) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        for name in names {
            let mut entry = vec![0; 46];
            entry[..4].copy_from_slice(b"PK\x01\x02");
            entry[28..30].copy_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
            bytes.extend(entry);
            bytes.extend(name.as_bytes());
        }
        bytes
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let page = b"\xef\xbb\xbf<!DOCTYPE html><p>Hello<SCRIPT src=x>".to_vec();
        let compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        let mut vba = compound.clone();
        vba.extend(b"..._\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0");
        for (name, bytes, expected) in [
            ("plan.pdf", b"%PDF-1.7 ...".to_vec(), None),
            ("plan.PDF", b"junk before %PDF-1.7".to_vec(), None),
            ("plan.pdf", b"MZ\x90\0".to_vec(), Some(Danger::Program)),
            ("plan.pdf", b"<p>hello".to_vec(), Some(Danger::Disguised)),
            ("plan.pdf", Vec::new(), None),
            ("plan.pdf.exe", b"hello".to_vec(), Some(Danger::Program)),
            ("plan.exe. ", b"hello".to_vec(), Some(Danger::Program)),
            ("plan", b"\x7fELF\x02".to_vec(), Some(Danger::Program)),
            ("photo.jpg", b"\xff\xd8\xff\xe0".to_vec(), None),
            ("photo.png", b"\xff\xd8\xff\xe0".to_vec(), None),
            ("photo.jpg", b"#!/bin/sh".to_vec(), Some(Danger::Script)),
            ("photo.jpg", b"hello".to_vec(), Some(Danger::Disguised)),
            ("run.ps1", b"x".to_vec(), Some(Danger::Script)),
            ("page.html", page, Some(Danger::Script)),
            ("page.html", b"<html><p>hello".to_vec(), None),
            ("logo.svg", b"<svg><script>x</script></svg>".to_vec(), Some(Danger::Script)),
            ("about.txt", b"how to write <script> tags".to_vec(), None),
            ("a.zip", zip(&["plan.pdf", "photo.jpg"]), None),
            ("a.zip", zip(&["plan.pdf", "deep/PLAN.EXE"]), Some(Danger::Archive)),
            ("a.zip", b"Rar!".to_vec(), Some(Danger::Disguised)),
            ("a.docx", zip(&["word/document.xml"]), None),
            ("a.docx", zip(&["word/document.xml", "word/vbaProject.bin"]), Some(Danger::Macros)),
            ("a.docx", compound.clone(), None),
            ("a.doc", compound, None),
            ("a.doc", vba, Some(Danger::Macros)),
            ("a.doc", b"{\\rtf1 hello".to_vec(), None),
            ("a.xls", b"Name;E-Mail\n".to_vec(), None),
            ("a.xlsm", b"x".to_vec(), Some(Danger::Macros)),
            ("a.pdf", zip(&["META-INF/MANIFEST.MF"]), Some(Danger::Program)),
            ("notes.txt", b"hello".to_vec(), None),
            ("data", vec![0, 1, 2], None),
            ("offers.7z", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), Some(Danger::Archive)),
            ("offers.rar", b"Rar!\x1a\x07\x01\0".to_vec(), Some(Danger::Archive)),
            ("notes.one", NOTES.to_vec(), Some(Danger::Macros)),
            ("offer.desktop", b"[Desktop Entry]\nExec=x".to_vec(), Some(Danger::Program)),
            ("offer.slk", b"ID;P".to_vec(), Some(Danger::Macros)),
        ] {
            assert_eq!(danger(name, &bytes), expected, "{name} {:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn an_archive_without_end_is_looked_at_in_time() {
        let mut bytes = b"PK\x03\x04".to_vec();
        while bytes.len() < 8 << 20 {
            bytes.extend(b"PK\x01\x02\0\0\0\0");
        }
        assert_eq!(danger("a.zip", &bytes), None);
    }
}
