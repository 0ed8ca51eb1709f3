//! Templates of mails, `mail/*.toml`, and the tests beside them.
//!
//! In: `[[template]]` and `[[test]]` tables, and mails (`mail/*.eml`). Out: templates as the reading
//! stage takes them, every mistake with its place, and for each test what of its mail is read
//! otherwise than expected.

use serde_json::Value;

use super::files::{File, Files};
use super::problem::{Problem, did_you_mean};
use super::read::{Table, json, parse, tables_beside};
use crate::lead::{Content, Email, Kind, Name, Phone, Reading};
use crate::normalize::fields::CANONICAL;
use crate::normalize::{Pattern, Reader, Template, Templates, email, read_bytes_by};

/// Templates of all files; each is asked about each mail.
const MOST: usize = 500;

/// What a template may have.
const KEYS: [&str; 10] =
    ["name", "from", "subject", "contains", "unless", "fields", "patterns", "required", "set", "tags"];

/// One test: a mail, and what is to be read in it.
#[derive(Debug)]
struct MailTest {
    file: String,
    line: usize,
    mail: String,
    expect: Vec<(String, Value)>,
}

/// All tests beside the templates.
#[derive(Debug, Default)]
pub(super) struct MailTests {
    all: Vec<MailTest>,
    /// What of them cannot be read: no reason not to use the templates.
    broken: Vec<Problem>,
}

impl MailTests {
    /// How many there are, and what in their mails is read otherwise.
    pub(super) fn run(&self, mails: &[(String, Vec<u8>)], reader: &Reader) -> (usize, Vec<Problem>) {
        let failures = self.all.iter().flat_map(|test| test.run(mails, reader));
        (self.all.len(), self.broken.iter().cloned().chain(failures).collect())
    }
}

/// Reads all files; mistakes in templates go to `problems`.
pub(super) fn read(files: &Files, problems: &mut Vec<Problem>) -> (Templates, MailTests) {
    let (mut templates, mut tests): (Vec<Template>, MailTests) = (Vec::new(), MailTests::default());
    for file in &files.templates {
        let Some(parsed) = parse(file, problems) else { continue };
        for table in tables_beside(file, &parsed, "template", "a template", &["test"], problems) {
            let Some(template) = template(&table, problems) else { continue };
            if templates.iter().any(|known| known.name == template.name) {
                problems.push(table.problem(format!("there are two templates `{}`", template.name)));
            } else if templates.len() == MOST {
                problems.push(table.problem(format!("there are more than {MOST} templates")));
            }
            templates.push(template);
        }
        // What is neither was told above.
        let others: Vec<&str> = parsed.iter().map(|(key, _)| &**key.get_ref()).filter(|key| *key != "test").collect();
        for table in tables_beside(file, &parsed, "test", "a test", &others, problems) {
            let before = tests.broken.len();
            let test = MailTest::read(file, &table, &mut tests.broken);
            tests.all.extend(test.filter(|_| tests.broken.len() == before));
        }
    }
    (Templates(templates), tests)
}

fn template(table: &Table<'_>, problems: &mut Vec<Problem>) -> Option<Template> {
    let before = problems.len();
    table.only(&KEYS, problems);
    let name = table.text("name", problems);
    if table.get("name").is_none() {
        problems.push(table.problem("the template has no `name`"));
    }
    let name = name.and_then(|name| {
        let parsed = Name::parse(name.value);
        if parsed.is_err() {
            let message = format!("`{}` is no name", name.value);
            problems.push(
                table.problem_at(name.span.start, message).hint("use a-z, 0-9, `-` and `_`, such as `home-portal`"),
            );
        }
        parsed.ok()
    });
    let list = |key: &str, problems: &mut Vec<Problem>| table.one_or_more(key, problems).unwrap_or_default();
    let from: Vec<String> = list("from", problems).iter().map(|from| from.to_lowercase()).collect();
    senders(table, &from, problems);
    let subject = list("subject", problems);
    if from.is_empty() && subject.is_empty() && table.get("from").is_none() && table.get("subject").is_none() {
        let hint = "say whose mails it is for: from = [\"anfragen@portal.example\"]";
        problems.push(table.problem("the template has neither `from` nor `subject`").hint(hint));
    }
    let (contains, unless) = (list("contains", problems), list("unless", problems));
    let fields = fields(table, problems);
    let patterns = patterns(table, problems);
    let found: Vec<&str> =
        fields.iter().map(|(field, _)| field.as_str()).chain(patterns.iter().flat_map(Pattern::groups)).collect();
    let required = required(table, &found, problems);
    let set = match table.get("set").map(|set| json(set.get_ref())) {
        Some(Value::Object(set)) => set.into_iter().collect(),
        Some(_) => {
            problems.push(table.problem("`set` must be a table: { source = \"portal\" }"));
            Vec::new()
        }
        None => Vec::new(),
    };
    let tags = list("tags", problems);
    let template =
        name.map(|name| Template { name, from, subject, contains, unless, fields, patterns, required, set, tags });
    template.filter(|_| problems.len() == before)
}

/// Addresses and domains must be such.
fn senders(table: &Table<'_>, from: &[String], problems: &mut Vec<Problem>) {
    for sender in from {
        let fits = match sender.strip_prefix('@') {
            Some(domain) => email::parse(&format!("x@{domain}")).is_some(),
            None => email::parse(sender).is_some(),
        };
        if !fits {
            let offset = table.get("from").map_or(0, |from| from.span().start);
            let problem = table.problem_at(offset, format!("`{sender}` is neither an address nor a domain"));
            problems.push(problem.hint("write `anfragen@portal.example` or `@portal.example`"));
        }
    }
}

/// Fields by their labels.
fn fields(table: &Table<'_>, problems: &mut Vec<Problem>) -> Vec<(String, Vec<String>)> {
    let Some(fields) = table.table("fields", "`fields`", problems) else { return Vec::new() };
    let mut found = Vec::new();
    for (field, offset) in fields.keys() {
        named(field, offset, table, problems);
        if let Some(labels) = fields.one_or_more(field, problems) {
            found.push((field.to_owned(), labels));
        }
    }
    found
}

/// A name that is nearly that of a canonical field is one by mistake.
fn named(field: &str, offset: usize, table: &Table<'_>, problems: &mut Vec<Problem>) {
    let near = |known: &&&str| strsim::damerau_levenshtein(known, field) == 1 && field.len() > 3;
    if let Some(near) = CANONICAL.iter().filter(|known| **known != field).find(near)
        && !CANONICAL.contains(&field)
    {
        let hint = format!("did you mean `{near}`? A field of your own needs a name that differs more");
        problems.push(table.problem_at(offset, format!("there is no field `{field}`")).hint(hint));
    }
}

fn patterns(table: &Table<'_>, problems: &mut Vec<Problem>) -> Vec<Pattern> {
    let texts = table.one_or_more("patterns", problems).unwrap_or_default();
    let offset = table.get("patterns").map_or(0, |patterns| patterns.span().start);
    let mut found = Vec::new();
    for text in texts {
        match Pattern::parse(&text) {
            Ok(pattern) if pattern.groups().next().is_none() => {
                let problem = table.problem_at(offset, format!("the pattern `{text}` has no named group"));
                problems.push(problem.hint("name what is the field: `Objekt (?<product>\\d+)`"));
            }
            Ok(pattern) => {
                for group in pattern.groups() {
                    named(group, offset, table, problems);
                }
                found.push(pattern);
            }
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().rfind(|line| line.contains("error")).unwrap_or(&why).trim().to_owned();
                problems.push(
                    table
                        .problem_at(offset, format!("the pattern `{text}` is wrong: {why}"))
                        .hint(r"each `(` needs its `)`; a bracket of the mail is written `\("),
                );
            }
        }
    }
    found
}

/// What must be found; by default the best of address, number and name that the template reads.
fn required(table: &Table<'_>, found: &[&str], problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(required) = table.texts("required", problems) else {
        let person = ["email", "phone", "name", "family_name"].into_iter().find(|field| found.contains(field));
        if person.is_none() && table.get("required").is_none() {
            let hint = "give `email`, `phone` or `name` in `fields` or as a group of a pattern";
            problems.push(table.problem("the template reads nothing of a person").hint(hint));
        }
        return person.map(str::to_owned).into_iter().collect();
    };
    let offset = table.get("required").map_or(0, |required| required.span().start);
    for field in required.iter().filter(|field| !found.contains(&field.as_str())) {
        let problem = table.problem_at(offset, format!("`{field}` is required, but the template does not read it"));
        let hint = did_you_mean(field, found.iter().copied());
        problems.push(hint.into_iter().fold(problem, Problem::hint));
    }
    required
}

impl MailTest {
    fn read(file: &File, table: &Table<'_>, problems: &mut Vec<Problem>) -> Option<Self> {
        table.only(&["mail", "expect"], problems);
        let mail = table.text("mail", problems);
        if table.get("mail").is_none() {
            problems
                .push(table.problem("the test has no `mail`").hint("name the file beside it: mail = \"portal.eml\""));
        }
        let expect = match table.get("expect").map(|expect| json(expect.get_ref())) {
            Some(Value::Object(expect)) if !expect.is_empty() => expect.into_iter().collect(),
            _ => {
                let hint = "expect = { name = \"Max Mustermann\", email = \"max@firma.example\" }";
                problems.push(table.problem("the test has no `expect`").hint(hint));
                return None;
            }
        };
        Some(Self { file: file.path.clone(), line: table.line(), mail: mail?.value.to_owned(), expect })
    }

    /// What of its mail is read otherwise.
    fn run(&self, mails: &[(String, Vec<u8>)], reader: &Reader) -> Vec<Problem> {
        let differs = |message: String| Problem {
            file: self.file.clone(),
            line: self.line,
            column: 0,
            message: format!("{}: {message}", self.mail),
            hint: None,
        };
        let Some((_, bytes)) = mails.iter().find(|(name, _)| *name == self.mail) else {
            let near = did_you_mean(&self.mail, mails.iter().map(|(name, _)| name.as_str()));
            let hint = near.unwrap_or_else(|| "save the mail there with all its headers".into());
            return vec![differs("there is no such mail beside the template".into()).hint(hint)];
        };
        let (reading, fit) = read_bytes_by(reader, Kind::Mail, "message/rfc822", bytes);
        let mut found = match &fit {
            None => vec![differs("no template is for this mail: neither sender nor subject fit".into())],
            Some(fit) if !fit.missing.is_empty() => {
                vec![differs(format!(
                    "the template `{}` does not fit, missing: {}",
                    fit.template,
                    fit.missing.join(", ")
                ))]
            }
            Some(_) => Vec::new(),
        };
        let content = match reading {
            Reading::Lead(content) => content,
            Reading::Noise(why) | Reading::Unclear(why) => {
                found.push(differs(format!("it is no lead: {why}")));
                return found;
            }
            Reading::Aside(aside) => {
                found.push(differs(format!("it is no lead: {}", aside.reason)));
                return found;
            }
        };
        for (field, expected) in &self.expect {
            let is = value(&content, field);
            if is != *expected {
                found.push(differs(format!("`{field}`: expected {expected}, found {is}")));
            }
        }
        found
    }
}

/// A field of what was read, as JSON; absent is `null`.
fn value(content: &Content, field: &str) -> Value {
    let person = &content.person;
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
    match field {
        "name" => text(&person.name),
        "given_name" => text(&person.given_name),
        "family_name" => text(&person.family_name),
        "email" => person.emails.first().map_or(Value::Null, |email| email.as_str().into()),
        "emails" => person.emails.iter().map(Email::as_str).collect(),
        "phone" => person.phones.first().map_or(Value::Null, |phone| phone.as_str().into()),
        "phones" => person.phones.iter().map(Phone::as_str).collect(),
        "company" => text(&person.company),
        "job_title" => text(&person.job_title),
        "website" => text(&person.website),
        "country" => text(&person.country),
        "language" => text(&person.language),
        "subject" => text(&content.subject),
        "message" => text(&content.text),
        "form" => text(&content.form),
        "page" => text(&content.page),
        "referrer" => text(&content.referrer),
        "tags" => content.tags.iter().map(String::as_str).collect(),
        own => content.fields.get(own).cloned().unwrap_or(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    fn rules(text: &str) -> Result<Rules, Vec<Problem>> {
        Rules::of(&[("mail/a.toml", text)], 30, &[])
    }

    fn read(text: &str, mail: &str) -> (Reading, Option<crate::lead::Fit>) {
        let rules = rules(text).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let reader = Reader::default().with_templates(rules.templates());
        read_bytes_by(&reader, Kind::Mail, "message/rfc822", mail.as_bytes())
    }

    const PORTAL: &str = "[[template]]\nname = \"portal\"\nfrom = \"info@portal.example\"\nunless = \"Rechnung\"\n\
         fields = { email = \"Adresse\", name = \"Wer\", message = \"Was\", colour = \"Farbe\" }\n\
         patterns = 'Nr\\. (?<number>\\d+)'\nset = { source = \"portal\", company = \"unknown\" }\n";

    #[test]
    fn the_shipped_template_reads_its_mail() {
        let rules = Rules::load(None, 30, &[]).unwrap();
        let (tests, failures) = rules.run_mail_tests(Reader::default());
        assert_eq!((tests, failures), (1, Vec::new()));
    }

    #[test]
    fn mistakes_in_tests_are_told_and_keep_nobody_from_using_the_templates() {
        let tests = "[[test]]\nmail = \"x.eml\"\n[[test]]\nmail = \"one.em\"\nexpect = { name = \"Max\" }\n";
        let files = [("mail/a.toml", &*format!("{PORTAL}{tests}")), ("mail/one.eml", "From: a@b.example\n\nx")];
        let (count, told) = Rules::of(&files, 30, &[]).unwrap().run_mail_tests(Reader::default());
        let told: Vec<String> = told.iter().map(ToString::to_string).collect();
        assert_eq!((count, told.len()), (1, 2), "{told:#?}");
        assert!(told[0].contains("a.toml:8:1: the test has no `expect`"), "{told:#?}");
        assert!(
            told[1].contains("a.toml:10: one.em: there is no such mail beside the template; did you mean `one.eml`?"),
            "{told:#?}"
        );
    }

    #[test]
    fn a_template_wins_over_our_own_reading_and_drops_nothing() {
        let mail = "From: Portal <info@portal.example>\nList-Unsubscribe: <https://portal.example/u>\nPrecedence: bulk\nSubject: x\n\n\
             Inserat Nr. 4711\n\nWer\nMax Muster\nAdresse\nmax@firma.example\nFarbe: rot\nStadt: Bonn\nTelefon des Portals: 030 1234567\nWas: Ein Haus\n\nmit Garten";
        let (Reading::Lead(content), Some(fit)) = read(PORTAL, mail) else { panic!("{:?}", read(PORTAL, mail)) };
        assert!(fit.missing.is_empty());
        let found = |field: &str| value(&content, field);
        assert_eq!(found("name"), "Max Muster");
        assert_eq!(found("email"), "max@firma.example");
        assert_eq!(found("message"), "Ein Haus\n\nmit Garten");
        assert_eq!((found("colour"), found("number")), ("rot".into(), "4711".into()));
        assert_eq!(
            (found("source"), found("company"), found("Stadt")),
            ("portal".into(), "unknown".into(), "Bonn".into())
        );
        assert_eq!(
            (found("phone"), found("Telefon des Portals")),
            (Value::Null, "030 1234567".into()),
            "not the person's"
        );
        let said = content.authorship.unwrap().to_string();
        assert!(said.contains("the template `portal` (certain)"), "{said}");
    }

    #[test]
    fn a_mail_that_its_template_does_not_fit_is_read_like_any_other_and_never_lost() {
        let head = "From: Portal <info@portal.example>\nSubject: x\n";
        let form = format!(
            "{head}Reply-To: max@firma.example\n\nName: Max Muster\nE-Mail: max@firma.example\nNachricht: Hallo"
        );
        let (reading, fit) = read(PORTAL, &form);
        assert_eq!(fit.unwrap().missing, ["`email`"]);
        assert!(
            matches!(&reading, Reading::Lead(content) if content.person.emails[0].as_str() == "max@firma.example"),
            "{reading:?}"
        );
        for mail in [
            format!("{head}\nJemand hat Interesse."),
            format!("{head}Precedence: bulk\nList-Unsubscribe: <https://x.example>\n\nNeu!"),
        ] {
            let (reading, fit) = read(PORTAL, &mail);
            assert!(matches!(&reading, Reading::Unclear(why) if why.contains("template `portal`")), "{reading:?}");
            assert!(fit.is_some());
        }
        let other = format!("{head}\nIhre Rechnung");
        assert_eq!(read(PORTAL, &other).1, None, "a mail that the template is not for");
        assert_eq!(read(PORTAL, "From: max@firma.example\nSubject: x\n\nAdresse: Weg 1").1, None);
    }

    #[test]
    fn mistakes_in_templates_are_all_told_with_their_place() {
        let text = "[[template]]\nname = \"A b\"\nfrom = [\"portal\"]\nfields = { emial = \"Mail\" }\npatterns = ['(a', 'b']\nrequired = [\"phone\"]\ncontain = \"x\"\n\
             [[template]]\nname = \"b\"\nfields = { colour = \"Farbe\" }\n[[tset]]\nmail = \"x.eml\"\n";
        let told: Vec<String> = rules(text).unwrap_err().iter().map(ToString::to_string).collect();
        for part in [
            "rules/mail/a.toml:2:8: `A b` is no name",
            "rules/mail/a.toml:3:8: `portal` is neither an address nor a domain",
            "rules/mail/a.toml:4:12: there is no field `emial`; did you mean `email`?",
            "the pattern `(a` is wrong",
            "the pattern `b` has no named group",
            "rules/mail/a.toml:6:12: `phone` is required, but the template does not read it",
            "rules/mail/a.toml:7:1: a template has no `contain`; did you mean `contains`?",
            "the template has neither `from` nor `subject`",
            "the template reads nothing of a person",
            "unknown key `tset`; did you mean `test`?",
        ] {
            assert!(told.iter().any(|problem| problem.contains(part)), "{part}: {told:#?}");
        }
    }
}
