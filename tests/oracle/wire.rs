//! What inputs look like on their way in: a mail, the body of a post, the text of a file.

use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::input::{Input, Kind, Way, chance};

/// Columns of every file.
const HEADER: &str = "Name;E-Mail;Telefon;Firma;Nachricht;Lieblingsfarbe\r\n";

/// A post as it is sent, and sent again.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) inputs: Vec<Input>,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// A mail as it lies in the mailbox.
pub(crate) fn mail(input: &Input) -> String {
    let (name, email, code) = (input.name(), input.email(), input.mark());
    let (given, family) = name.split_once(' ').unwrap();
    let given: Vec<String> = given.bytes().map(|byte| format!("={byte:02X}")).collect();
    let given = given.concat();
    let automatic = if input.kind == Kind::Noise { "Auto-Submitted: auto-replied\r\n" } else { "" };
    format!(
        "From: =?utf-8?Q?{given}?= {family} <{email}>\r\nTo: sales@our.example\r\nSubject: {}\r\n\
         Message-ID: <{code}@mail.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n{automatic}MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{}\r\n",
        input.subject().unwrap_or_default(),
        input.message().replace('\n', "\r\n")
    )
}

/// A post of one input, in one of three content types.
pub(crate) fn post(input: Input) -> Post {
    let pairs = pairs(&input);
    let (content_type, body) = match chance(input.number, 20) % 3 {
        _ if input.kind == Kind::Unreadable => {
            ("application/json".to_owned(), format!(r#"{{"email":"{}","message":"{}"#, input.email(), input.mark()))
        }
        0 => ("application/json".to_owned(), object(&input).to_string()),
        1 => {
            let mut body = Serializer::new(String::new());
            for (label, value) in &pairs {
                body.append_pair(label, &value.replace('\n', "\r\n"));
            }
            ("application/x-www-form-urlencoded".to_owned(), body.finish())
        }
        _ => {
            let boundary = format!("----grenze{}", input.mark());
            let mut body = String::new();
            for (label, value) in &pairs {
                let value = value.replace('\n', "\r\n");
                body += &format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{label}\"\r\n\r\n{value}\r\n");
            }
            body += &format!("--{boundary}--\r\n");
            (format!("multipart/form-data; boundary={boundary}"), body)
        }
    };
    Post { inputs: vec![input], key: key(input), content_type, body }
}

/// A post of several inputs as a JSON array.
pub(crate) fn array(inputs: Vec<Input>) -> Post {
    let body = Value::Array(inputs.iter().map(object).collect()).to_string();
    Post { key: key(inputs[0]), inputs, content_type: "application/json".into(), body }
}

/// Every other post has a key.
fn key(input: Input) -> Option<String> {
    chance(input.number, 21).is_multiple_of(2).then(|| format!("key-{}", input.mark()))
}

/// A file of these inputs.
pub(crate) fn file(inputs: &[Input]) -> String {
    debug_assert!(inputs.iter().all(|input| input.way == Way::Row));
    HEADER.to_owned() + &inputs.iter().map(row).collect::<String>()
}

fn row(input: &Input) -> String {
    if input.kind == Kind::Unreadable {
        // More columns than any table has.
        return input.mark() + &";x".repeat(250) + "\r\n";
    }
    let cells = [
        input.name(),
        input.email(),
        input.phone().unwrap_or_default(),
        input.company().unwrap_or_default(),
        input.message(),
        input.extra().unwrap().1,
    ];
    cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(";") + "\r\n"
}

fn pairs(input: &Input) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("name", input.name()), ("email", input.email()), ("message", input.message())];
    pairs.extend(input.phone().map(|phone| ("phone", phone)));
    pairs.extend(input.company().map(|company| ("company", company)));
    pairs.extend(input.extra());
    if input.kind == Kind::Noise {
        // The trap of the form's settings.
        pairs.push(("fax", "12345".into()));
    }
    pairs
}

fn object(input: &Input) -> Value {
    let pairs = pairs(input).into_iter().map(|(label, value)| (label.to_owned(), json!(value)));
    Value::Object(pairs.collect::<Map<_, _>>())
}
