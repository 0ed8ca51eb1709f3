//! A mailbox with years of mail in it, read from its beginning: every mail gets its outcome, in bounded memory.
//!
//! `LOTSE_ARCHIVE=full` makes it 20,000 mails and the largest ones, and has `mbsync` (Debian: isync), where it
//! is installed, copy the same mailbox before and after, to compare; by default it is a tenth of that.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::house::{TEAM, mail, mailbox, memory};
use crate::support::daemon::Daemon;
use crate::support::dovecot::{Dovecot, PASSWORD};
use crate::support::http;

/// The most that the daemon may need, MiB.
const MEMORY: u64 = 128;
/// Nobody waits longer than this for all of it.
const LIMIT: Duration = Duration::from_mins(5);

fn is_full() -> bool {
    std::env::var("LOTSE_ARCHIVE").is_ok_and(|size| size == "full")
}

/// A mail of about so many bytes, told apart by `n`.
fn long_mail(n: usize, bytes: usize) -> Vec<u8> {
    let mut text = mail(n);
    while text.len() < bytes {
        text.extend_from_slice(b"We would like to hear how long delivery takes, and what it costs for more.\r\n");
    }
    text
}

/// A mail with an attachment of about so many bytes.
fn heavy_mail(n: usize, bytes: usize) -> Vec<u8> {
    let head = String::from_utf8(mail(n)).unwrap().replace(
        "Content-Type: text/plain; charset=utf-8\r\n",
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n",
    );
    let (head, text) = head.split_once("\r\n\r\n").unwrap();
    let mut whole = format!(
        "{head}\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\nContent-Type: application/pdf\r\n\
         Content-Disposition: attachment; filename=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    while whole.len() < bytes {
        whole.push_str("JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGggNiAwIFIvRmlsdGVyIC9GbGF0ZURlY29k\r\n");
    }
    whole.push_str("\r\n--b--\r\n");
    whole.into_bytes()
}

/// A mail with so many parts.
fn many_parts(n: usize, parts: usize) -> Vec<u8> {
    let head = String::from_utf8(mail(n)).unwrap().replace("text/plain; charset=utf-8", "multipart/mixed; boundary=b");
    let mut whole = head;
    for part in 0..parts {
        write!(whole, "--b\r\nContent-Type: text/plain\r\n\r\npart {part}\r\n").unwrap();
    }
    whole.push_str("--b--\r\n");
    whole.into_bytes()
}

/// Mails that break rules which readers count on.
fn malformed() -> [Vec<u8>; 10] {
    [
        b"".to_vec(),
        b"\r\n".to_vec(),
        b"no header at all".to_vec(),
        b"From:\r\n\r\n\r\n".to_vec(),
        b"Subject: =?utf-8?b?/////?=\r\nFrom: <<<>>>\r\n\r\nhello\r\n".to_vec(),
        b"Content-Type: multipart/mixed\r\n\r\n--\r\nhello\r\n".to_vec(),
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n--x".to_vec(),
        b"From: a@b.example\nSubject: bare line feeds\n\nhello\n".to_vec(),
        [b"From: \xff\xfe <x@y.example>\r\nSubject: \x80\x81\r\n\r\n".to_vec(), (0..=255).collect()].concat(),
        b"From: a@c.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!! not base64 !!!!\r\n".to_vec(),
    ]
}

/// Fills the mailbox; says how many mails it holds.
fn fill(dovecot: &Dovecot, mails: usize, largest: usize, parts: usize) -> usize {
    let odd = malformed();
    for (n, text) in odd.iter().enumerate() {
        // Told apart, so that the server keeps each.
        dovecot.deliver("sales", text);
        if n == 4 {
            dovecot.deliver("sales", &heavy_mail(1_000_000, largest));
            dovecot.deliver("sales", &many_parts(1_000_001, parts));
        }
    }
    let usual = mails - odd.len() - 2;
    for n in 0..usual {
        let text = match n % 50 {
            0 => heavy_mail(n, 200 * 1024),
            1..10 => long_mail(n, 20 * 1024),
            10..30 => long_mail(n, 5 * 1024),
            _ => mail(n),
        };
        dovecot.deliver("sales", &text);
    }
    mails
}

/// Has what was written so far reach the disk, so that whoever comes next does not wait for it.
fn settle_disk() {
    assert!(Command::new("sync").status().unwrap().success());
}

/// Has `mbsync` copy the mailbox into a folder, and says how long that took; `None` where it is missing.
fn copied_by_mbsync(dovecot: &Dovecot, folder: &TempDir) -> Option<Duration> {
    let (settings, target) = (folder.path().join("mbsyncrc"), folder.path().join("copy"));
    fs::create_dir(&target).unwrap();
    let text = format!(
        "IMAPAccount sales\nHost localhost\nPort {}\nUser sales\nPass {PASSWORD}\nSSLType IMAPS\nCertificateFile {}\nAuthMechs LOGIN\n\n\
         IMAPStore far\nAccount sales\n\nMaildirStore near\nPath {target}/\nInbox {target}/INBOX\n\n\
         Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n",
        dovecot.port(),
        dovecot.ca_file().display(),
        target = target.display()
    );
    fs::write(&settings, text).unwrap();
    settle_disk();
    let begun = Instant::now();
    let output = Command::new("mbsync").arg("-q").arg("-c").arg(&settings).arg("all").output().ok()?;
    let took = begun.elapsed();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "mbsync: {complaints}");
    Some(took)
}

/// How many items have an outcome, by the daemon's metrics.
fn committed(daemon: &Daemon) -> usize {
    let answer = http::request(daemon.private(), "GET", "/metrics", &[&daemon.bearer()], b"").unwrap();
    let lines = answer.body.lines().filter(|line| line.starts_with("lotse_intakes_total"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum()
}

#[test]
fn years_of_mail_come_in_in_bounded_memory() {
    let dovecot = Dovecot::start();
    let (mails, largest, parts) = if is_full() { (20_000, 60 << 20, 5_000) } else { (2_000, 6 << 20, 500) };
    let mails = fill(&dovecot, mails, largest, parts);
    // Kept to the end: removing them would take time from what is measured.
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let copied = is_full().then(|| copied_by_mbsync(&dovecot, &folders[0])).flatten();

    settle_disk();
    let mut daemon = Daemon::with(&[mailbox(&dovecot).as_str(), TEAM].concat());
    let begun = Instant::now();
    daemon.start();
    // Not by `lotse status`: each call is a program of its own, which takes time from what is measured.
    daemon.until("every mail has an outcome", LIMIT, |daemon| committed(daemon) >= mails);
    let took = begun.elapsed();
    let peak = memory(daemon.pid(), "VmHWM");
    println!("archive: {mails} mails came in in {took:.1?}, at most {peak} MiB of memory");

    if let (Some(before), Some(after)) = (copied, copied.and_then(|_| copied_by_mbsync(&dovecot, &folders[1]))) {
        let rival = before.min(after);
        println!(
            "archive: mbsync copied them in {before:.1?} before and {after:.1?} after: we took {:.2} of that",
            took.as_secs_f64() / rival.as_secs_f64()
        );
    }
    let rows = daemon.json(&["intake", "list", "--limit", "100000"]);
    assert_eq!(rows.len(), mails, "each has one outcome");
    let redelivered = rows.iter().filter(|row| row["outcome"] == "redelivered").count();
    println!("archive: {redelivered} redelivered");
    assert!(peak < MEMORY, "{peak} MiB");
    assert!(daemon.stop().0.success());
}
