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

/// Lines that no lead will ever be equal to, as a table program saves them or a person copies them.
pub(super) fn warnings(file: &File) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut more = 0;
    for (line, word) in words(&file.text) {
        let Some((message, hint)) = odd(word) else { continue };
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
        let file = File { name: "a.txt".into(), path: "a.txt".into(), text: text.into() };
        warnings(&file).iter().map(ToString::to_string).collect()
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
