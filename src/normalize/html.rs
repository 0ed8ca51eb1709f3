//! HTML as the text that a person would see.
//!
//! In: a page as sent, of any size. Out: plain text, at most [`MAX_TEXT`] bytes. Time is linear in the input and
//! nesting costs no stack, because the page is read as a stream of tokens.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::text::{MAX_TEXT, clean, shorten};
use super::unseen::{Styles, Unseen};

/// Bytes of HTML that are looked at.
const MAX_HTML: usize = 8 << 20;

/// Lists inside lists that are told apart.
const MAX_LISTS: usize = 32;

/// Quotes inside quotes that are marked; deeper ones look like this depth.
const MAX_QUOTES: usize = 8;

/// Stands behind a label in the view of a form ([`to_text_with_labels`]); a private character, so that
/// no cleaning takes it away.
pub const LABEL_MARK: char = '\u{e0f0}';

/// HTML as readable text.
///
/// Blocks are lines, paragraphs are set apart by an empty line, cells of a table row by a tab,
/// quotes begin their lines with `> `. A link's address follows its text in parentheses where the
/// text does not say it. Scripts, styles and comments are gone; entities are characters.
#[must_use]
pub fn to_text(html: &str) -> String {
    shown(html, false)
}

/// The same, with a [`LABEL_MARK`] behind words that begin a line or a cell and stand out: bold ones,
/// heads of tables, terms of lists. Programs print the labels of a form so.
#[must_use]
pub fn to_text_with_labels(html: &str) -> String {
    shown(html, true)
}

/// What a page shows. `labels`: whether they are marked.
fn shown(html: &str, labels: bool) -> String {
    let (text, whole) = page(html, Styles::Heeded, labels);
    // Styles that hide all, or up to the end, are a mistake of the page: then nothing is hidden.
    if whole && !text.is_empty() { text } else { page(html, Styles::Ignored, labels).0 }
}

/// The text of a page, and whether everything that its styles hide ends.
fn page(html: &str, styles: Styles, labels: bool) -> (String, bool) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page { styles, labels: labels.then(Label::default), ..Page::default() };
    for Ok(token) in Tokenizer::new_with_emitter(shorten(html, MAX_HTML), emitter) {
        match token {
            Token::StartTag(tag) => page.open(&tag),
            Token::EndTag(tag) => page.close(&tag.name),
            Token::String(text) => page.text(&String::from_utf8_lossy(&text)),
            _ => {}
        }
        if page.out.len() > MAX_TEXT {
            break;
        }
    }
    page.close_link();
    (clean(&page.out), page.unseen.is_none_or(|unseen| !unseen.styled))
}

/// The text of a page so far, and what stands between it and the next word.
#[derive(Default)]
struct Page {
    out: String,
    /// Line ends due before the next word, at most 2.
    breaks: u8,
    /// A tab is due before the next word.
    cell: bool,
    /// A space is due before the next word.
    space: bool,
    /// The table row has a word already, so that the next cell is not its first.
    row: bool,
    /// Depth of quotes.
    quotes: usize,
    /// Depth of preformatted text.
    preformatted: usize,
    /// The element whose text is not shown.
    unseen: Option<Unseen>,
    /// Whether styles are heeded that hide something.
    styles: Styles,
    /// What the lists that are open count, innermost last; `None` for lists without numbers.
    lists: Vec<Option<u32>>,
    /// What stands before the next word, as the first of a list's item.
    bullet: Option<String>,
    /// An open link: its address, and where its text starts.
    link: Option<(String, usize)>,
    /// Where labels are marked: the element that may be one.
    labels: Option<Label>,
}

/// The element that may be a label: its name and where its text starts; none is open while the name
/// is empty.
#[derive(Default)]
struct Label {
    name: Vec<u8>,
    start: usize,
}

impl Page {
    fn open(&mut self, tag: &StartTag<()>) {
        if let Some(unseen) = &mut self.unseen {
            if !unseen.open(&tag.name) {
                return;
            }
            self.unseen = None;
        }
        self.unseen = Unseen::begin(tag, self.styles);
        if self.unseen.as_ref().is_some_and(|unseen| unseen.styled) {
            return;
        }
        self.open_block(tag);
        self.begin_label(tag);
    }

    fn open_block(&mut self, tag: &StartTag<()>) {
        match &**tag.name {
            b"br" => self.break_line(),
            b"p" if is_tight(tag) => self.block(1),
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"hr" => self.block(2),
            b"tr" => {
                self.cell = false;
                self.row = false;
                self.block(1);
            }
            b"td" | b"th" if self.row => {
                self.cell = true;
                self.breaks = 0;
            }
            b"blockquote" => {
                self.block(1);
                self.quotes += 1;
            }
            b"ul" | b"ol" => {
                self.block(1);
                if self.lists.len() < MAX_LISTS {
                    self.lists.push((**tag.name == *b"ol").then_some(0));
                }
            }
            b"li" => {
                self.block(1);
                self.bullet = Some(self.lists.last_mut().map_or_else(String::new, bullet));
            }
            b"pre" | b"textarea" => {
                self.block(1);
                self.preformatted += 1;
            }
            b"a" => {
                self.close_link();
                let href =
                    tag.attributes.get(b"href".as_slice()).map(|href| String::from_utf8_lossy(href).into_owned());
                self.link = href.map(|href| (href, self.out.len()));
            }
            name if is_block(name) => self.block(1),
            _ => {}
        }
    }

    fn close(&mut self, name: &[u8]) {
        if let Some(unseen) = &mut self.unseen {
            if unseen.close(name) {
                self.unseen = None;
            }
            return;
        }
        self.end_label(name);
        match name {
            b"p" => self.block(1),
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => self.block(2),
            b"tr" => {
                self.row = false;
                self.block(1);
            }
            b"blockquote" => {
                self.quotes = self.quotes.saturating_sub(1);
                self.block(1);
            }
            b"pre" | b"textarea" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                self.block(1);
            }
            b"a" => self.close_link(),
            b"ul" | b"ol" => {
                self.lists.pop();
                self.bullet = None;
                self.block(1);
            }
            b"li" => {
                self.bullet = None;
                self.block(1);
            }
            name if is_block(name) => self.block(1),
            _ => {}
        }
    }

    /// Notes that an element stands out and begins a line or a cell.
    fn begin_label(&mut self, tag: &StartTag<()>) {
        let begins = self.out.is_empty() || self.breaks > 0 || self.cell;
        let Some(label) = &mut self.labels else { return };
        if label.name.is_empty() && begins && stands_out(tag) {
            *label = Label { name: tag.name.to_vec(), start: self.out.len() };
        }
    }

    /// Marks the words of the element that ends here, if they are on one line.
    fn end_label(&mut self, name: &[u8]) {
        let Some(label) = self.labels.as_mut().filter(|label| label.name == name) else { return };
        let start = label.start;
        label.name.clear();
        let words = self.out.get(start..).unwrap_or_default().trim();
        if words.chars().any(char::is_alphabetic) && !words.contains('\n') {
            self.out.push(LABEL_MARK);
        }
    }

    /// At least this many line ends, unless a new cell has just begun: it starts on its row's line.
    fn block(&mut self, breaks: u8) {
        if !self.cell {
            self.breaks = self.breaks.max(breaks);
        }
    }

    fn break_line(&mut self) {
        self.breaks = (self.breaks + 1).min(2);
    }

    fn text(&mut self, text: &str) {
        if self.unseen.is_some() {
            return;
        }
        for c in text.chars() {
            match c {
                '\n' if self.preformatted > 0 => self.break_line(),
                // A no-break space is a word: `<p>&nbsp;</p>` is an empty line.
                c if c.is_ascii_whitespace() && self.preformatted == 0 => self.space = true,
                c => {
                    self.separate();
                    self.out.push(c);
                }
            }
        }
    }

    /// Writes what is due before the next word.
    fn separate(&mut self) {
        let quotes = self.quotes.min(MAX_QUOTES);
        if self.out.is_empty() {
            self.out.extend(std::iter::repeat_n("> ", quotes));
        } else if self.breaks > 0 {
            self.out.push_str(if self.breaks > 1 { "\n\n" } else { "\n" });
            self.out.extend(std::iter::repeat_n("> ", quotes));
        } else if self.cell {
            self.out.push('\t');
        } else if self.space {
            self.out.push(' ');
        }
        self.breaks = 0;
        self.cell = false;
        self.space = false;
        self.row = true;
        if let Some(bullet) = self.bullet.take() {
            self.out.push_str(&bullet);
        }
    }

    /// Says the address of the link that ends here, unless its text says it or there is no text
    /// (a picture, a counting pixel).
    fn close_link(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let href = href.trim();
        let shown = self.out.get(start..).unwrap_or_default().trim().to_lowercase();
        let Some((scheme, rest)) = href.split_once(':') else { return };
        let scheme = scheme.to_ascii_lowercase();
        let address = match &*scheme {
            "http" | "https" => href,
            "mailto" | "tel" => rest,
            _ => return,
        };
        let said = |text: &str| {
            let bare = text.to_lowercase();
            let bare = bare.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
            shown.contains(bare.trim_end_matches('/'))
        };
        let plain = address.split('?').next().unwrap_or_default();
        let known =
            said(address) || (scheme == "mailto" && said(plain)) || (scheme == "tel" && has_digits(&shown, plain));
        if shown.is_empty() || address.is_empty() || known {
            return;
        }
        self.out.push_str(" (");
        self.out.push_str(shorten(if scheme == "mailto" { plain } else { address }, 2000));
        self.out.push(')');
    }
}

/// Whether the text shows the last digits of the number.
fn has_digits(shown: &str, number: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (shown, number) = (digits(shown), digits(number));
    !number.is_empty() && shown.ends_with(&number[number.len().saturating_sub(7)..])
}

/// What stands before the next item of a list.
fn bullet(list: &mut Option<u32>) -> String {
    match list {
        Some(count) => {
            *count = count.saturating_add(1);
            format!("{count}. ")
        }
        None => "- ".to_owned(),
    }
}

/// Whether an element's words are printed bold, or are the name of something.
fn stands_out(tag: &StartTag<()>) -> bool {
    if matches!(&**tag.name, b"b" | b"strong" | b"th" | b"dt" | b"label") {
        return true;
    }
    tag.attributes.get(b"style".as_slice()).is_some_and(|style| {
        let style = String::from_utf8_lossy(style).to_ascii_lowercase().replace(' ', "");
        ["font-weight:bold", "font-weight:6", "font-weight:7", "font-weight:8"].iter().any(|bold| style.contains(bold))
    })
}

fn is_block(name: &[u8]) -> bool {
    let blocks: [&[u8]; 29] = [
        b"address",
        b"article",
        b"aside",
        b"body",
        b"caption",
        b"center",
        b"dd",
        b"div",
        b"dl",
        b"dt",
        b"fieldset",
        b"figcaption",
        b"figure",
        b"footer",
        b"form",
        b"header",
        b"html",
        b"legend",
        b"li",
        b"main",
        b"nav",
        b"ol",
        b"optgroup",
        b"option",
        b"section",
        b"summary",
        b"table",
        b"tbody",
        b"ul",
    ];
    blocks.contains(&name)
}

/// A paragraph that is only a line: word processors write every line as one and set no margin.
fn is_tight(tag: &StartTag<()>) -> bool {
    let has = |name: &[u8], words: &[&str]| {
        tag.attributes.get(name).is_some_and(|value| {
            let value = String::from_utf8_lossy(value).to_ascii_lowercase().replace(' ', "");
            words.iter().any(|word| value.contains(word))
        })
    };
    has(b"class", &["mso"]) || has(b"style", &["margin:0", "margin-bottom:0", "margin-top:0"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_reads_like_the_page_looks() {
        let cases = [
            (
                "<p>Hallo,</p><p>ich m&ouml;chte ein Angebot&nbsp;&#8211; bald.</p>",
                "Hallo,\n\nich möchte ein Angebot – bald.",
            ),
            ("one<br>two<br/><br>three", "one\ntwo\n\nthree"),
            ("<div>a<br></div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"),
            (
                "<table><tr><td>Name</td><td>Max</td></tr><tr><th>Phone<td><p>030 1</p><td>x</tr></table>after",
                "Name\tMax\nPhone\t030 1\tx\nafter",
            ),
            ("<table><tr><td><table><tr><td>in</td></tr></table></td><td>out</td></tr></table>", "in\nout"),
            ("<style>p{}</style><script>if (a<b) {}</script><title>t</title>text<!-- no -->", "text"),
            ("a  b\n c <b>d</b>e", "a b c de"),
            ("<a href=\"https://x.example/a?b=1&amp;c=2\">our page</a>.", "our page (https://x.example/a?b=1&c=2)."),
            (
                "<a href=\"https://www.x.example/\">x.example</a> <a href='mailto:a@x.example?subject=Hi'>A@x.example</a>",
                "x.example A@x.example",
            ),
            (
                "<a href=mailto:a@x.example>write</a> <a href=tel:+4930123456>030 123456</a> <a href='#top'>up</a>",
                "write (a@x.example) 030 123456 up",
            ),
            ("<a href=mailto>a</a> <a href=tel>b</a>", "a b"),
            ("<a href=https://count.example/p.gif><img src=x></a>b", "b"),
            ("x<blockquote><p>q1</p><blockquote>q2</blockquote>q3</blockquote>y", "x\n\n> q1\n> > q2\n> q3\ny"),
            (
                "<p class=MsoNormal>Max</p><p class=MsoNormal>Firma</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>Tel</p>",
                "Max\nFirma\n\nTel",
            ),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            ("<ul><li>one<li>two</ul>", "- one\n- two"),
            ("<ol><li>one<ul><li><p>in</p></li></ul></li><li>two</ol>x", "1. one\n\n- in\n2. two\nx"),
            ("<div style=\"Display: none; mso-hide:all\">Preview<div>x</div></div><p>Hello</p>", "Hello"),
            ("<span class=preheader>Preview</span>Hello<img style=\"display:none\"> you", "Hello you"),
            ("<div style=\"max-height:0px;overflow:hidden\">Preview</div>Hello", "Hello"),
            ("<td style=\"font-size:0px\"><div style=\"font-size:13px\">Hello</div></td>", "Hello"),
            ("<table><tr><td style=\"display:none\">a<table><tr><td>b</td></tr></table><td>c</table>d", "c\nd"),
            ("Hello<div style=\"display:none\">never ends", "Hello\nnever ends"),
            ("<div style=\"display:none\">all of it</div>", "all of it"),
            ("<!--[if mso]><p>for Outlook</p><![endif]--><![if !mso]><p>Hello</p><![endif]>", "Hello"),
            ("<!--[if !mso]><!-->Hello<!--<![endif]-->", "Hello"),
            ("2 &lt; 3 &amp; <unknown>4</unknown> > 1", "2 < 3 & 4 > 1"),
            ("", ""),
        ];
        for (html, text) in cases {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn hostile_html_costs_linear_time_and_no_stack() {
        let start = std::time::Instant::now();
        for html in
            ["<div>", "<ul><li>", "<blockquote>x", "<a href=https://x.example>y", "<table><tr><td>", "&amp", "<b a=1 "]
        {
            assert!(to_text(&html.repeat(100_000)).len() <= MAX_TEXT, "{html}");
        }
        assert!(start.elapsed().as_secs() < 60, "took {:?}", start.elapsed());
    }
}
