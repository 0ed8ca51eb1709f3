//! What a page of HTML holds without showing it: scripts and styles, preview lines for the list of mails
//! (preheaders), and whatever its styles hide.
//!
//! In: tags in order. Out: whether what stands between them is seen. Costs no stack and constant time a tag.

use html5gum::StartTag;

/// Elements whose text is never shown.
const NEVER: [&[u8]; 5] = [b"script", b"style", b"title", b"template", b"iframe"];

/// Elements without an end.
const VOID: [&[u8]; 10] = [b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta"];

/// Whether styles are heeded that hide something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Styles {
    /// As mail programs do.
    #[default]
    Heeded,
    /// For pages whose styles would hide everything.
    Ignored,
}

/// The element that hides what is in it.
pub(super) struct Unseen {
    name: Vec<u8>,
    /// Elements of this name that are open in it, itself included.
    depth: usize,
    /// Tables that are open in it: what closes their rows and cells does not close it.
    tables: usize,
    /// Hidden by its style, which a page may get wrong, and not by its nature.
    pub(super) styled: bool,
}

impl Unseen {
    /// What the start of an element hides.
    pub(super) fn begin(tag: &StartTag<()>, styles: Styles) -> Option<Self> {
        let name: &[u8] = &tag.name;
        let never = NEVER.contains(&name);
        let by_style = !never && styles == Styles::Heeded && !VOID.contains(&name) && hides(tag);
        (never || by_style).then(|| Self { name: name.to_vec(), depth: 1, tables: 0, styled: by_style })
    }

    /// A tag inside. Whether the element ends before it, so that the tag counts again.
    pub(super) fn open(&mut self, name: &[u8]) -> bool {
        if name == self.name && self.tables == 0 && matches!(name, b"p" | b"li" | b"td" | b"th" | b"tr") {
            return true;
        }
        self.tables += usize::from(name == b"table" && self.name != b"table");
        self.depth += usize::from(self.styled && name == self.name);
        false
    }

    /// The end of an element inside, or of this one. Whether this one is over.
    pub(super) fn close(&mut self, name: &[u8]) -> bool {
        let inside = self.tables > 0;
        if name == b"table" && inside {
            self.tables -= 1;
            return false;
        }
        if name == self.name && !(inside && matches!(name, b"td" | b"th" | b"tr")) {
            self.depth -= 1;
            return self.depth == 0;
        }
        // The end of what it stands in ends it too.
        !inside
            && match &*self.name {
                b"td" | b"th" => matches!(name, b"tr" | b"table"),
                b"tr" => name == b"table",
                b"li" => matches!(name, b"ul" | b"ol"),
                _ => false,
            }
    }
}

/// Whether attributes of an element hide it.
fn hides(tag: &StartTag<()>) -> bool {
    let value = |name: &[u8]| {
        tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).to_ascii_lowercase()).unwrap_or_default()
    };
    let preview = value(b"class").split_whitespace().any(|class| class.contains("preheader"));
    if preview || tag.attributes.contains_key(b"hidden".as_slice()) {
        return true;
    }
    let style = value(b"style").replace([' ', '\n', '\t', '\r'], "");
    let says = |rule: &str| style.split(';').any(|said| said.trim_end_matches("!important") == rule);
    let flat = says("max-height:0") || says("max-height:0px") || says("height:0") || says("height:0px");
    says("display:none") || says("visibility:hidden") || says("opacity:0") || flat && says("overflow:hidden")
}
