//! Companies. In: what somebody typed as company and website, and their addresses. Out: the name
//! as written, the website as an address, the registrable domain.

use std::collections::HashSet;
use std::sync::LazyLock;

use url::Url;

use super::email::ascii_domain;
use super::text::line;
use crate::lead::Email;

/// Domains of mail providers: they say nothing about a company.
static FREEMAIL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let rows = include_str!("../../rules/lists/freemail.txt").lines().map(str::trim);
    rows.filter(|row| !row.is_empty() && !row.starts_with('#')).collect()
});

/// Sites on which people have a page that is not their company's website.
const SOCIAL: &[&str] = &[
    "linkedin.com",
    "xing.com",
    "facebook.com",
    "fb.com",
    "instagram.com",
    "twitter.com",
    "x.com",
    "youtube.com",
    "tiktok.com",
    "pinterest.com",
    "github.com",
    "medium.com",
    "linktr.ee",
    "t.me",
    "wa.me",
    "google.com",
    "calendly.com",
];

/// Words that stand in a company field where there is no company.
const NONE: &[&str] = &[
    "-",
    "--",
    "---",
    ".",
    "/",
    "x",
    "n/a",
    "n.a.",
    "na",
    "none",
    "no",
    "nein",
    "keine",
    "keiner",
    "keins",
    "kein",
    "privat",
    "private",
    "privatperson",
    "privatkunde",
    "entfällt",
    "not applicable",
];

/// The company's name as written, without blank space and quotes around it; `None` for words that
/// say there is no company.
#[must_use]
pub fn name(text: &str) -> Option<String> {
    let text = line(text);
    let mut bare = text.trim_end_matches([',', ';']).trim();
    for quote in ['"', '\''] {
        bare = bare.strip_prefix(quote).and_then(|inner| inner.strip_suffix(quote)).unwrap_or(bare).trim();
    }
    let none = !bare.chars().any(char::is_alphanumeric) || NONE.contains(&&*bare.to_lowercase());
    (!none).then(|| bare.to_owned())
}

/// A website as an address: with scheme, host in lower case, the rest as typed. `None` for what is no website,
/// such as a page in a social network.
#[must_use]
pub fn website(text: &str) -> Option<String> {
    let text = line(text);
    let text = text.trim_matches(['<', '>', '"', '\'', ',', ';', ' ']);
    if text.is_empty() || text.len() > 2000 || text.contains(char::is_whitespace) || text.contains('@') {
        return None;
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("https".to_owned(), text),
    };
    if scheme != "http" && scheme != "https" {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    if SOCIAL.contains(&&*registrable(&ascii_domain(url.host_str()?)?)) {
        return None;
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    Some(format!("{scheme}://{}{}", host.to_lowercase(), if path == "/" { "" } else { path }))
}

/// The registrable domain of the company: of its website, else of the first address that is not at
/// a mail provider.
#[must_use]
pub fn domain(website: Option<&str>, emails: &[Email]) -> Option<String> {
    let of_website =
        website.and_then(|website| Url::parse(website).ok()).and_then(|url| url.host_str().map(registrable));
    of_website.or_else(|| emails.iter().map(Email::domain).find(|domain| !is_freemail(domain)).map(registrable))
}

/// Whether a mail domain belongs to a mail provider.
#[must_use]
pub fn is_freemail(domain: &str) -> bool {
    FREEMAIL.contains(domain) || FREEMAIL.contains(&*registrable(domain))
}

/// The part of a domain that somebody registered (public suffix list); the domain itself where the
/// list does not tell.
#[must_use]
pub fn registrable(domain: &str) -> String {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    psl::domain_str(&domain).map_or_else(|| domain.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_website_is_an_address_however_it_is_typed() {
        let cases = [
            ("www.Firma.example", Some("https://www.firma.example")),
            ("firma.example/kontakt?a=b", Some("https://firma.example/kontakt?a=b")),
            ("http://firma.example/", Some("http://firma.example")),
            ("HTTPS://münchen.example", Some("https://münchen.example")),
            ("firma.example:8080", Some("https://firma.example:8080")),
            ("https://www.linkedin.com/in/max", None),
            ("max@firma.example", None),
            ("keine", None),
            ("javascript://alert(1)", None),
            ("ftp://firma.example", None),
            ("localhost", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(website(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_domain_is_the_companys_own() {
        let emails = |list: &[&str]| list.iter().map(|email| Email((*email).to_owned())).collect::<Vec<_>>();
        let cases = [
            (Some("https://www.sales.firma.co.uk/x"), emails(&["max@other.example"]), Some("firma.co.uk")),
            (None, emails(&["max@gmx.de", "max@mail.firma.example"]), Some("firma.example")),
            (None, emails(&["max@gmail.com"]), None),
            (None, emails(&[]), None),
            (None, emails(&["max@firma.test"]), Some("firma.test")),
        ];
        for (website, emails, expected) in cases {
            assert_eq!(domain(website, &emails).as_deref(), expected, "{website:?} {emails:?}");
        }
    }

    #[test]
    fn a_company_keeps_its_name() {
        for (text, expected) in [
            ("  Firma\tGmbH & Co. KG, ", Some("Firma GmbH & Co. KG")),
            ("\"Müller AG\"", Some("Müller AG")),
            ("-", None),
            ("privat", None),
            ("N/A", None),
            ("3M", Some("3M")),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_list_of_mail_providers_is_clean() {
        assert!(FREEMAIL.len() > 120);
        for domain in FREEMAIL.iter() {
            assert_eq!(ascii_domain(domain).as_deref(), Some(*domain));
        }
        assert!(
            is_freemail("gmx.de") && is_freemail("web.de") && is_freemail("gmail.com") && !is_freemail("firma.example")
        );
    }
}
