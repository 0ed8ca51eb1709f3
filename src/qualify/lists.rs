//! Lists of words, `lists/NAME.txt`: a word a line, and what on a line is probably not meant.

use super::files::File;
use super::problem::Problem;

/// Lines of one list that are warned of.
const TOLD: usize = 3;

/// The words of a list with their lines, from 1: empty lines, and what follows a `#` at the start of a line
/// or after a blank, are left out.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let bare = |line| match str::find(line, " #").or_else(|| line.find("\t#")) {
        Some(comment) => &line[..comment],
        None => line,
    };
    let lines = text.lines().map(bare).map(str::trim).zip(1..).map(|(word, line)| (line, word));
    lines.filter(|(_, word)| !word.is_empty() && !word.starts_with('#'))
}

/// Lines that no lead will ever be equal to, as a table program saves them or a person copies them; where
/// the domain, or the address, of a lead is looked up in the list, lines that are none.
pub(super) fn warnings(file: &File, of_domains: bool, of_addresses: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut more = 0;
    if words(&file.text).next().is_none() {
        let problem = Problem::whole(file.path.clone(), "the list holds no word, and nothing is in it");
        found.push(problem.hint("write one a line; what follows a # is left out"));
    }
    for (line, word) in words(&file.text) {
        let Some((message, hint)) = odd(word).or_else(|| match (of_domains, of_addresses) {
            (true, addresses) => no_domain(word, addresses),
            (false, true) => no_address(word),
            _ => None,
        }) else {
            continue;
        };
        if found.len() == TOLD {
            more += 1;
            continue;
        }
        let problem = Problem { file: file.path.clone(), line, column: 1, message, hint: None };
        found.push(problem.hint(hint));
    }
    if more > 0 {
        let message = format!("{more} more lines of this list are like that");
        found.push(Problem::whole(file.path.clone(), message));
    }
    found
}

/// What is odd about a word, and what to do.
fn odd(word: &str) -> Option<(String, String)> {
    let is = |said: String, hint: &str| Some((said, hint.to_owned()));
    if word.starts_with(['"', '\'', '“', '„', '»']) && word.chars().count() > 1 {
        return is(format!("the quotes of {word} are part of the word"), "write words without quotes");
    }
    if let Some(sign) = [';', '\t'].into_iter().find(|sign| word.contains(*sign)) {
        let sign = if sign == ';' { "`;`" } else { "the tab" };
        return is(
            format!("the line with {sign} in it is one word"),
            "a list has one word a line: save only one column of the table",
        );
    }
    if word.ends_with(',') || looks_like_a_name(word.split(", ").next().unwrap_or_default()) && word.contains(", ") {
        return is(
            "the line with `,` in it is one word".to_owned(),
            "write each word on a line of its own, without a comma",
        );
    }
    if word.starts_with("http://")
        || word.starts_with("https://")
        || word.starts_with("www.") && looks_like_a_name(word)
    {
        let bare = word.split_once("://").map_or(word, |(_, rest)| rest).trim_start_matches("www.");
        let bare = bare.split('/').next().unwrap_or_default();
        return is(format!("`{word}` is a page and no domain"), &format!("for `lead.domain` write `{bare}`"));
    }
    if let Some(domain) = word.strip_prefix('@').filter(|domain| looks_like_a_name(domain)) {
        return is(
            format!("no domain begins with @, as `{word}` does"),
            &format!("for `lead.domain` write `{domain}`"),
        );
    }
    if word.contains('*') && looks_like_a_name(&word.replace('*', "x")) {
        let hint = "a list has whole words; for a part ask `lists.NAME.exists(word, lead.domain.endsWith(word))`";
        return is(format!("`*` in `{word}` stands for itself"), hint);
    }
    if looks_like_a_name(word) && word.chars().any(char::is_uppercase) {
        return is(
            format!("domains and addresses of leads are in small letters, and `{word}` is not"),
            &format!("write `{}`", word.to_lowercase()),
        );
    }
    None
}

/// What is odd about a word that `lead.domain` is compared with; `or_address` where `lead.email` is, too.
fn no_domain(word: &str, or_address: bool) -> Option<(String, String)> {
    if word.starts_with("//") || word.starts_with("--") || word.starts_with(';') {
        return Some((format!("`{word}` is a word of the list and no remark"), "a remark begins with #".to_owned()));
    }
    if let Some(rest) = word.strip_prefix('-').or_else(|| word.strip_prefix("• ")).or_else(|| word.strip_prefix('·'))
    {
        return Some((format!("no domain begins as `{word}` does"), format!("write `{}`", rest.trim())));
    }
    if let Some((_, domain)) = word.rsplit_once('@') {
        let hint = format!("`lead.domain` is `{domain}`; ask `lead.email in lists.…` for addresses");
        return (!or_address).then(|| (format!("`{word}` is an address and no domain"), hint));
    }
    if word.contains(char::is_whitespace) {
        let hint = "write the domain alone, such as `firma.de`; a remark behind it begins with #";
        return Some((format!("`{word}` is no domain: it has a blank"), hint.to_owned()));
    }
    if !word.contains('.') {
        let hint = format!("write the whole domain, such as `{word}.de`");
        return Some((format!("`{word}` is no domain: it has no dot"), hint));
    }
    in_another_form(word)
}

/// What is odd about a word that `lead.email` is compared with.
fn no_address(word: &str) -> Option<(String, String)> {
    if !word.contains('@') {
        let hint = "write whole addresses; ask `lead.domain in lists.…` for domains";
        return Some((format!("`{word}` is no address: it has no @"), hint.to_owned()));
    }
    if word.contains(char::is_whitespace) {
        let hint = "write the address alone; a remark behind it begins with #";
        return Some((format!("`{word}` is no address: it has a blank"), hint.to_owned()));
    }
    in_another_form(word)
}

fn in_another_form(word: &str) -> Option<(String, String)> {
    let ascii = in_ascii(word).filter(|ascii| ascii != word)?;
    Some((format!("domains of leads are kept in their ASCII form, and `{word}` is not"), format!("write `{ascii}`")))
}

/// A domain, or an address with its domain, in ASCII letters, as leads have it.
pub(super) fn in_ascii(text: &str) -> Option<String> {
    match text.rsplit_once('@') {
        Some((name, domain)) => Some(format!("{name}@{}", idna::domain_to_ascii(domain).ok()?)),
        None => idna::domain_to_ascii(text).ok(),
    }
}

/// Whether it is a domain or an address.
fn looks_like_a_name(word: &str) -> bool {
    let (name, ending) = word.rsplit_once('.').unwrap_or_default();
    let fits = |part: &str| part.chars().all(|sign| sign.is_alphanumeric() || ".-_@+".contains(sign));
    !name.is_empty() && fits(name) && (2..=24).contains(&ending.len()) && ending.chars().all(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        told_of(text, false, false)
    }

    fn told_of(text: &str, of_domains: bool, of_addresses: bool) -> Vec<String> {
        let file = File { name: "a.txt".into(), path: "a.txt".into(), text: text.into() };
        warnings(&file, of_domains, of_addresses).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lines_that_are_no_domain_or_no_address_are_warned_of_where_one_is_looked_up() {
        let both = [
            ("Müller GmbH", "it has a blank", ""),
            ("firma.de Firma GmbH", "it has a blank", "a remark behind it begins with #"),
        ];
        let domains = [
            ("eva@firma.de", "is an address and no domain", "`firma.de`"),
            ("firma", "has no dot", "`firma.de`"),
            ("- firma.de", "no domain begins", "write `firma.de`"),
            ("// unsere Partner", "no remark", "begins with #"),
            ("müller.de", "ASCII form", "`xn--mller-kva.de`"),
        ];
        for (line, says, hint) in domains.into_iter().chain(both) {
            let told = told_of(&format!("fine.example\n{line}\n"), true, false);
            assert_eq!(told.len(), 1, "{line}: {told:?}");
            assert!(told[0].starts_with("a.txt:2:1: ") && told[0].contains(says) && told[0].contains(hint), "{told:?}");
            assert_eq!(self::told(line), Vec::<String>::new(), "as a word of any list it is fine");
        }
        for (line, says) in [("firma.de", "no @"), ("eva@müller.de", "`eva@xn--mller-kva.de`")] {
            let told = told_of(&format!("eva@fine.example\n{line}\n"), false, true);
            assert!(told.len() == 1 && told[0].contains(says), "{told:?}");
        }
        assert_eq!(told_of("fine.example\nxn--mller-kva.de\n", true, false), Vec::<String>::new());
        assert_eq!(told_of("fine.example\neva@fine.example\n", true, true), Vec::<String>::new());
        assert!(told("# nothing yet\n")[0].contains("holds no word"));
    }

    #[test]
    fn lines_that_no_lead_equals_are_warned_of_with_what_to_write() {
        for (line, says, hint) in [
            ("\"firma.example\"", "the quotes", "without quotes"),
            ("firma.example;Firma GmbH", "`;`", "one column"),
            ("firma.example\tFirma GmbH", "the tab", "one column"),
            ("firma.example,", "`,`", "a line of its own"),
            ("firma.example, zwei.example", "`,`", "a line of its own"),
            ("https://www.firma.example/start", "is a page", "`firma.example`"),
            ("www.firma.example", "is a page", "`firma.example`"),
            ("@firma.example", "begins with @", "`firma.example`"),
            ("*.example", "stands for itself", "endsWith"),
            ("Firma.Example", "small letters", "`firma.example`"),
            ("Eva@firma.example", "small letters", "`eva@firma.example`"),
        ] {
            let told = told(&format!("# list\nfine.example\n{line}\n"));
            assert_eq!(told.len(), 1, "{line}: {told:?}");
            assert!(told[0].starts_with("a.txt:3:1: ") && told[0].contains(says) && told[0].contains(hint), "{told:?}");
        }
    }

    #[test]
    fn usual_words_are_not_warned_of_and_many_odd_ones_are_summed_up() {
        for line in
            ["firma.example", "Firma GmbH", "Müller, Söhne & Co.", "C#", "a", "50 %", "o'neill", "Dr. Best", "10.5"]
        {
            assert_eq!(told(line), Vec::<String>::new(), "{line}");
        }
        let told = told(&"A.example\n".repeat(10));
        assert_eq!(told.len(), TOLD + 1);
        assert!(told[TOLD].contains("7 more lines"), "{told:?}");
    }
}
