//! Stands between the network and the IMAP parser, so that no server can exhaust memory or stack.
//!
//! The parser follows parentheses by recursion, takes whatever length a literal announces, and
//! reads a line again each time more of it arrives. So the bytes of the server pass here first:
//! a response with too long a line, too many parentheses, a literal that is too large or stands
//! where no mail's text can stand, is a [`Violation`], and the connection is over.
//!
//! The guard must see literals exactly where the parser sees them, else one could smuggle a
//! response past it. So it allows them in one place only, the text of a mail in a `FETCH`
//! response, and insists that such a response closes its parentheses on the line it ends with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::patience::Heard;

/// Longest line, and longest response not counting the mail's text, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;
/// Parentheses that one response may open. Nothing we ask for is answered with more than a few; the
/// parser needs some 50 KiB of stack for each in an unoptimised build.
pub const MOST_PARENTHESES: usize = 24;
/// Largest text of one mail, in bytes.
pub const LARGEST_LITERAL: usize = 50 * 1024 * 1024;

/// What a server did that no honest one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A line is too long.
    #[error("the server sent a line of more than {LONGEST_LINE} bytes")]
    Line,
    /// Too many parentheses.
    #[error("the server sent a response with more than {MOST_PARENTHESES} parentheses")]
    Parentheses,
    /// A literal is too large.
    #[error("the server announced a text of {0} bytes, {LARGEST_LITERAL} are allowed")]
    Literal(u64),
    /// A literal or a line's end where none can be.
    #[error("the server sent a response that is not well formed")]
    Malformed,
}

/// A stream whose incoming bytes are checked.
#[derive(Debug)]
pub struct Guarded<S> {
    stream: S,
    watch: Watch,
    heard: Heard,
}

impl<S> Guarded<S> {
    /// Checks what comes in over `stream`, from the beginning of a response on.
    pub fn new(stream: S) -> Self {
        Self { stream, watch: Watch::default(), heard: Heard::default() }
    }

    /// When a byte last came in.
    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// The stream without its guard.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.heard.note();
        }
        let verdict = self.watch.see(&buf.filled()[before..]);
        Poll::Ready(verdict.map_err(|violation| io::Error::new(io::ErrorKind::InvalidData, violation)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// What was seen of the response that is coming in.
#[derive(Debug, Default)]
struct Watch {
    /// Bytes of a literal still to come; they are not looked at.
    literal: usize,
    /// Bytes of the response since its start or its literal.
    line: Vec<u8>,
    /// Bytes of the response before its literal.
    earlier: usize,
    /// Parentheses opened, quoted ones too.
    opened: usize,
    /// What a `FETCH` response has open; `None` in every other response.
    fetch: Option<Fetch>,
}

/// Where in a `FETCH` response we are.
#[derive(Debug, Default)]
struct Fetch {
    depth: usize,
    quote: Quote,
    /// The last parenthesis was closed: only the end of the line may follow.
    closed: bool,
    /// Its one literal was seen.
    literal: bool,
}

/// Whether we are inside a quoted string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Quote {
    #[default]
    Outside,
    Inside,
    /// Inside, behind a backslash.
    Escaped,
}

impl Watch {
    fn see(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        while let Some(&byte) = bytes.first() {
            if self.literal > 0 {
                let skipped = self.literal.min(bytes.len());
                self.literal -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.byte(byte)?;
            bytes = &bytes[1..];
        }
        Ok(())
    }

    fn byte(&mut self, byte: u8) -> Result<(), Violation> {
        if byte == b'\n' {
            return self.end_of_line();
        }
        if byte == b'(' {
            self.opened += 1;
            if self.opened > MOST_PARENTHESES {
                return Err(Violation::Parentheses);
            }
            if self.opened == 1 && begins_fetch(&self.line) {
                self.fetch = Some(Fetch::default());
            }
        }
        if let Some(fetch) = &mut self.fetch {
            fetch.byte(byte)?;
        }
        self.line.push(byte);
        if trips_the_parser(&self.line, self.fetch.is_some()) {
            return Err(Violation::Malformed);
        }
        if self.earlier + self.line.len() > LONGEST_LINE { Err(Violation::Line) } else { Ok(()) }
    }

    fn end_of_line(&mut self) -> Result<(), Violation> {
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        match (announced(line), &mut self.fetch) {
            (None, Some(fetch)) if !fetch.closed => Err(Violation::Malformed),
            (None, _) => {
                *self = Self::default();
                Ok(())
            }
            (Some((before, size)), Some(fetch)) if fetch.takes_literal(before) => {
                let size =
                    usize::try_from(size).ok().filter(|s| *s <= LARGEST_LITERAL).ok_or(Violation::Literal(size))?;
                fetch.literal = true;
                self.literal = size;
                self.earlier += self.line.len();
                self.line.clear();
                Ok(())
            }
            (Some(_), _) => Err(Violation::Malformed),
        }
    }
}

impl Fetch {
    fn byte(&mut self, byte: u8) -> Result<(), Violation> {
        if self.closed && !matches!(byte, b' ' | b'\r') {
            return Err(Violation::Malformed);
        }
        self.quote = match (self.quote, byte) {
            (Quote::Inside, b'\\') => Quote::Escaped,
            (Quote::Inside, b'"') => Quote::Outside,
            (Quote::Escaped, _) | (Quote::Outside, b'"') => Quote::Inside,
            (quote, _) => quote,
        };
        match byte {
            b'(' if self.quote == Quote::Outside => self.depth += 1,
            b')' if self.quote == Quote::Outside => {
                self.depth = self.depth.saturating_sub(1);
                self.closed = self.depth == 0;
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a literal may follow `before`: it must be the first, the value of `BODY[…]` and
    /// stand directly in the response's list.
    fn takes_literal(&self, before: &[u8]) -> bool {
        let Some(before) = before.strip_suffix(b" ") else { return false };
        let attribute = before.rsplit(|byte| matches!(byte, b' ' | b'(')).next().unwrap_or_default();
        let names_text =
            attribute.len() >= 6 && attribute[..5].eq_ignore_ascii_case(b"BODY[") && !attribute[5..].contains(&b'[');
        !self.literal && self.quote == Quote::Outside && self.depth == 1 && names_text
    }
}

/// Whether a response starts as `* 17 FETCH `.
fn begins_fetch(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"* ") else { return false };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && rest[digits..].eq_ignore_ascii_case(b" FETCH ")
}

/// Whether the parser would panic over what has come of a response, whose newest byte is the last of
/// `line`: a status whose code is directly followed by a letter beyond ASCII, a mail without a date,
/// an annotation whose name is not ASCII. It does not wait for the end of the line.
fn trips_the_parser(line: &[u8], fetch: bool) -> bool {
    if fetch {
        const NO_DATE: &[u8] = b"INTERNALDATE NIL";
        return line.len().checked_sub(NO_DATE.len()).is_some_and(|at| line[at..].eq_ignore_ascii_case(NO_DATE));
    }
    let Some((false, before)) = line.split_last().map(|(newest, before)| (newest.is_ascii(), before)) else {
        return false;
    };
    let is_annotation = before.get(..11).is_some_and(|start| start.eq_ignore_ascii_case(b"* METADATA "));
    is_annotation || before.ends_with(b"]") && has_code(before)
}

/// Whether a line is a status with a code: `* OK [`, `A1 NO [`, `+ [`, `+[`.
fn has_code(line: &[u8]) -> bool {
    let text = match line.strip_prefix(b"+") {
        // Some servers leave the space out.
        Some(text) => Some(text.strip_prefix(b" ").unwrap_or(text)),
        None => line.splitn(3, |byte| *byte == b' ').nth(2),
    };
    text.is_some_and(|text| text.starts_with(b"["))
}

/// The size of the literal that a line announces at its end, and what stands before.
fn announced(line: &[u8]) -> Option<(&[u8], u64)> {
    let inside = line.strip_suffix(b"}")?;
    let open = inside.iter().rposition(|byte| *byte == b'{')?;
    let digits = &inside[open + 1..];
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // More digits than a number holds are more than any limit.
    let size = str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
    Some((&inside[..open], size))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn verdict(bytes: &[u8]) -> Result<(), Violation> {
        let whole = Watch::default().see(bytes);
        let mut watch = Watch::default();
        let dribbled = bytes.iter().try_for_each(|byte| watch.see(&[*byte]));
        assert_eq!(whole, dribbled, "the same however the bytes are cut");
        whole
    }

    #[test]
    fn what_honest_servers_send_passes() {
        for honest in [
            "* OK [CAPABILITY IMAP4rev1 IDLE] Dovecot (Debian) \"ready\". :-)\r\n",
            "* OK [PERMANENTFLAGS (\\Answered \\* (odd)] Flags\r\n* 23 EXISTS\r\n* OK [UIDNEXT 5] x\r\nA1 OK done\r\n",
            "* SEARCH\r\n* SEARCH 1 2 3 \r\n+ idling\r\n+\r\n",
            "* 3 FETCH (UID 17 RFC822.SIZE 5 INTERNALDATE \"23-Nov-2026 10:00:00 +0000\")\r\n",
            "* 3 FETCH (FLAGS (\\Seen $Forwarded) UID 17 BODY[] {9}\r\n((((\r\n{9})\r\nA1 OK\r\n",
            "* 3 fetch (UID 17 Body[HEADER]<0> {3}\r\na\r\n)  \r\nA1 OK\r\n",
            "* 3 FETCH (BODY[] {0}\r\n UID 17)\r\n* 4 FETCH (BODY[] \"\" UID 18)\r\n",
            "* 1 FETCH (X-GM-LABELS (\"\\\\Inbox\" \"a \\\" ) b\") UID 3)\r\n",
            "A1 NO in {braces} here\r\n* 1 FETCH (BODY[] NIL UID 3)\r\n",
        ] {
            assert_eq!(verdict(honest.as_bytes()), Ok(()), "{honest}");
        }
        let many: Vec<String> = (0..5000).map(|uid| (4_294_960_000_u64 + uid).to_string()).collect();
        assert_eq!(verdict(format!("* SEARCH {}\r\n", many.join(" ")).as_bytes()), Ok(()));
    }

    #[test]
    fn what_would_exhaust_memory_or_stack_is_stopped() {
        let long = |bytes| format!("* OK {}", "x".repeat(bytes));
        let nested = |count| format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(count));
        for (bad, violation) in [
            (long(LONGEST_LINE), Violation::Line),
            (nested(MOST_PARENTHESES), Violation::Parentheses),
            (format!("* OK {}", "(".repeat(25)), Violation::Parentheses),
            (format!("* 1 FETCH (X \"{}", "(".repeat(25)), Violation::Parentheses),
            ("* 1 FETCH (BODY[] {500000000}\r\n".into(), Violation::Literal(500_000_000)),
            ("* 1 FETCH (BODY[] {99999999999999999999999}\r\n".into(), Violation::Literal(u64::MAX)),
            (format!("* 1 FETCH (BODY[] {{3}}\r\nabc {}", "x".repeat(LONGEST_LINE)), Violation::Line),
        ] {
            assert_eq!(verdict(bad.as_bytes()), Err(violation), "{}", &bad[..40.min(bad.len())]);
        }
    }

    #[test]
    fn nothing_is_smuggled_past_as_a_literal() {
        for bad in [
            "* OK {50}\r\n",
            "A1 NO [X {50}\r\n",
            "* LIST () \"/\" {3}\r\nfoo\r\n",
            "* 1 FETCH (X-FOO (BODY[] {50}\r\n",
            "* 1 FETCH (X-FOO (\r\n* 2 FETCH (BODY[] {50}\r\n",
            "* 1 FETCH (X-FOO a\r\n",
            "* 1 FETCH (X \"BODY[] {50}\r\n",
            "* 1 FETCH (UID 1) BODY[] {50}\r\n",
            "* 1 FETCH (UID 1) (\r\n",
            "* 1 FETCH (BODY[] {1}\r\na BODY[] {1}\r\na)\r\n",
            "* 1 FETCH (BODY[] ~{5}\r\n",
            "* 1 FETCH (RFC822 {5}\r\n",
        ] {
            assert_eq!(verdict(bad.as_bytes()), Err(Violation::Malformed), "{bad}");
        }
    }

    #[test]
    fn what_the_parser_would_panic_over_is_stopped() {
        for bad in [
            "* OK [CAPABILITY IMAP4rev1 IDLE]é ready\r\n",
            "A1 NO [ALERT]ü\r\n",
            "+ [ALERT]ü\r\n",
            "+[UIDVALIDITY 5]ü\r\n",
            "* 1 FETCH (UID 3 InternalDate nil)\r\n",
            "* 1 FETCH (INTERNALDATE NIL BODY[] {3}\r\n",
            "* METADATA \"\" (\"/shared/ü\" \"x\")\r\n",
        ] {
            assert_eq!(verdict(bad.as_bytes()), Err(Violation::Malformed), "{bad}");
        }
        for fine in ["* OK [ALERT] Postfach zu groß [für alle]\r\n", "* OK Grüße [x]ü\r\n", "+ idling\r\n"] {
            assert_eq!(verdict(fine.as_bytes()), Ok(()), "{fine}");
        }
    }

    #[test]
    fn what_passes_is_parsed_at_once_on_a_small_stack() {
        let deepest = MOST_PARENTHESES - 1;
        let bombs = [
            format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(deepest)),
            format!("* 1 FETCH (BODYSTRUCTURE {}{})\r\n", "(".repeat(deepest), ")".repeat(deepest)),
            format!("* 1 FETCH (ENVELOPE {}{})\r\n", "(".repeat(deepest), ")".repeat(deepest)),
            format!("* 1 FETCH (X {}{})\r\n", "(".repeat(deepest), ")".repeat(deepest)),
            format!("* METADATA {}\r\n", "(".repeat(deepest)),
        ];
        for bomb in bombs {
            assert_eq!(verdict(bomb.as_bytes()), Ok(()));
            let start = Instant::now();
            let small = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
            let name = bomb[..30].to_owned();
            let _ = small.spawn(move || imap_proto::Response::parse(bomb.as_bytes()).is_ok()).unwrap().join().unwrap();
            assert!(start.elapsed() < Duration::from_secs(1), "{name} took {:?}", start.elapsed());
        }
    }
}
