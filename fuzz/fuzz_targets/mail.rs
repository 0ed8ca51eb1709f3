//! A whole mail, from its bytes to what it says: by our own reading, and by templates that take many mails.
#![no_main]

use std::sync::LazyLock;

use lotse::lead::Kind;
use lotse::normalize::{Reader, read_bytes, read_bytes_by};
use lotse::qualify::Rules;

/// Templates for most mails there are.
const TEMPLATES: &str = r#"
[[template]]
name = "portal"
subject = ["a", "e", "1"]
unless = ["unless"]
fields = { name = "Name", email = ["E-Mail", "Email"], phone = "Tel", message = "Message", own = "Own" }
patterns = ['(?s)from:(?<email>.+?)\n', '(?i)id (?<number>\d+)']
set = { source = "fuzz", company = "x" }

[[template]]
name = "domain"
from = ["@mail.example", "max@firma.example"]
contains = ["name"]
fields = { name = "Name" }
"#;

static READER: LazyLock<Reader> = LazyLock::new(|| {
    let rules = Rules::of(&[("mail/fuzz.toml", TEMPLATES)], 30, &[]).expect("the templates are right");
    Reader::default().with_templates(rules.templates())
});

libfuzzer_sys::fuzz_target!(|mail: &[u8]| {
    lotse_fuzz::sound(&read_bytes(Kind::Mail, "message/rfc822", mail));
    let (reading, fit) = read_bytes_by(&READER, Kind::Mail, "message/rfc822", mail);
    lotse_fuzz::sound(&reading);
    assert!(fit.is_none_or(|fit| ["portal", "domain"].contains(&fit.template.as_str())));
});
