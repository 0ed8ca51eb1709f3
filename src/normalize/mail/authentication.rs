//! What the server that took a mail found out about its sender: `Authentication-Results` (RFC 8601),
//! `Received-SPF` (RFC 7208 § 9.1), `ARC-Authentication-Results` (RFC 8617).
//!
//! Anybody can write such headers into a mail. Servers put theirs above what came with it, so the
//! topmost counts, and with it those of the same server up to the next `Received`: filters add one
//! each. Where the settings name the servers (`authserv_id`), only theirs count. A server that adds
//! none leaves the stage to a forged one: that one can claim no more than is believed without any.

use super::headers::{Field, Fields};
use super::sender;
use crate::lead::{Authentication, Check, Checked, Content};
use crate::normalize::Reader;
use crate::normalize::company::registrable;
use crate::normalize::text::shorten;

/// Bytes of a header that are looked at.
const VALUE: usize = 8 << 10;
/// Methods in one header that are looked at.
const METHODS: usize = 50;

/// What one header says.
#[derive(Debug, Default, PartialEq)]
struct Said {
    /// The server's name; Microsoft's leave it out.
    by: String,
    /// Method, result and the domain it is about, in order.
    checks: Vec<(String, Checked, Option<String>)>,
}

/// What the receiving server found; `servers` are the names that count, any where there are none.
pub(super) fn read(fields: &Fields<'_>, servers: &[String]) -> Option<Authentication> {
    let from = from_domain(fields);
    let said = trusted(fields, servers);
    let mut found = Authentication { by: said.first().map(|said| said.by.clone()), ..Authentication::default() };
    for (method, result, domain) in said.iter().flat_map(|said| said.checks.clone()) {
        let check = Check { result, domain };
        match method.as_str() {
            "dkim" => better(&mut found.dkim, check, &from),
            "spf" => _ = found.spf.get_or_insert(check),
            "dmarc" => _ = found.dmarc.get_or_insert(check),
            _ => {}
        }
    }
    if found.spf.is_none() && (servers.is_empty() || !said.is_empty()) {
        found.spf = received_spf(fields);
    }
    let chained = said
        .iter()
        .flat_map(|said| &said.checks)
        .any(|(method, result, _)| method == "arc" && *result == Checked::Pass);
    if chained && let Some(dmarc) = sealed(fields, servers) {
        found.dmarc = Some(dmarc);
    }
    found.by = found.by.filter(|by| !by.is_empty());
    (found.dkim.is_some() || found.spf.is_some() || found.dmarc.is_some()).then_some(found)
}

/// The domain in `From`; empty where there is none.
fn from_domain(fields: &Fields<'_>) -> String {
    let from = sender::mailboxes(fields, "from", None).into_iter().next();
    from.map(|(_, email)| email.domain().to_owned()).unwrap_or_default()
}

/// Why a mail that says it is from one of our own people may not be.
pub(super) fn forged(content: &Content, fields: &Fields<'_>, reader: &Reader) -> Option<String> {
    let domain = from_domain(fields);
    let own = reader.own_domain(&domain)?;
    let found = content.authentication.as_ref().filter(|found| found.denies(&domain))?;
    Some(format!("it says that it is from our own domain `{own}`, and may be forged: {found}"))
}

/// What the receiving server's own headers say.
fn trusted(fields: &Fields<'_>, servers: &[String]) -> Vec<Said> {
    if !servers.is_empty() {
        let results = fields.all("authentication-results").map(results);
        return results.filter(|said| is_of(said, servers)).collect();
    }
    let mut said: Vec<Said> = Vec::new();
    for field in fields.iter() {
        if field.name.eq_ignore_ascii_case("authentication-results") {
            let next = results(field);
            if said.first().is_none_or(|first| first.by.eq_ignore_ascii_case(&next.by)) {
                said.push(next);
            }
        } else if field.name.eq_ignore_ascii_case("received") && !said.is_empty() {
            break;
        }
    }
    said
}

fn is_of(said: &Said, servers: &[String]) -> bool {
    servers.iter().any(|server| server.eq_ignore_ascii_case(&said.by))
}

/// Keeps the signature that speaks most for the domain in `From`.
fn better(kept: &mut Option<Check>, new: Check, from: &str) {
    let own = registrable(from);
    let worth = |check: &Check| {
        let aligned = check.domain.as_deref().is_some_and(|domain| registrable(domain) == own);
        (aligned && check.result == Checked::Pass, aligned, check.result == Checked::Pass)
    };
    if kept.as_ref().is_none_or(|kept| worth(&new) > worth(kept)) {
        *kept = Some(new);
    }
}

/// The receiving server's `Received-SPF`: it stands above all servers' marks, or among the results.
fn received_spf(fields: &Fields<'_>) -> Option<Check> {
    let (mut hops, mut results) = (0, None);
    let mut found: Vec<(usize, &Field<'_>)> = Vec::new();
    for field in fields.iter() {
        match field.name.to_ascii_lowercase().as_str() {
            "received" => hops += 1,
            "authentication-results" => _ = results.get_or_insert(hops),
            "received-spf" => found.push((hops, field)),
            _ => {}
        }
    }
    let (_, field) = found.into_iter().find(|(at, _)| *at == 0 || Some(*at) == results)?;
    let text = without_comments(shorten(&field.text(None), VALUE));
    let mut words = text.split_whitespace();
    let result = result(words.next()?)?;
    let domain = words.find_map(|word| {
        let sender = word.strip_prefix("envelope-from=")?.trim_matches(['"', ';', '<', '>']);
        domain_of(sender)
    });
    Some(Check { result, domain })
}

/// What the last server before ours found, where it sealed its findings, ours found the seals whole,
/// and the settings name it: a list or a redirection breaks what can be checked afterwards.
fn sealed(fields: &Fields<'_>, servers: &[String]) -> Option<Check> {
    let said = results(fields.first("arc-authentication-results")?);
    let dmarc = said.checks.iter().find(|(method, ..)| method == "dmarc")?;
    is_of(&said, servers).then(|| Check { result: dmarc.1, domain: dmarc.2.clone() })
}

/// Reads one header: `server; method=result (comment) property=value …; …`.
fn results(field: &Field<'_>) -> Said {
    let text = without_comments(shorten(&field.unfolded(None), VALUE));
    let mut said = Said::default();
    for (number, piece) in pieces(&text).into_iter().take(METHODS).enumerate() {
        let piece = piece.trim();
        // ARC puts its instance in front.
        let instance = piece.strip_prefix("i=").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        if instance {
            continue;
        }
        match method(piece) {
            Some(check) => said.checks.push(check),
            None if number < 2 && said.checks.is_empty() && said.by.is_empty() => {
                let name = piece.split_whitespace().next().unwrap_or_default();
                shorten(name, 200).trim_matches('"').clone_into(&mut said.by);
            }
            None => {}
        }
    }
    said
}

/// `dkim=pass header.d=firma.example`.
fn method(piece: &str) -> Option<(String, Checked, Option<String>)> {
    let spaced = piece.replace(" =", "=").replace("= ", "=");
    let mut words = spaced.split_whitespace();
    let (name, outcome) = words.next()?.split_once('=')?;
    let name = name.split('/').next().unwrap_or_default().to_ascii_lowercase();
    let result = result(outcome)?;
    let properties: Vec<(String, &str)> = words
        .filter_map(|word| word.split_once('='))
        .map(|(key, value)| (key.to_ascii_lowercase(), value.trim_matches(['"', '<', '>'])))
        .collect();
    let keys: &[&str] = match name.as_str() {
        "dkim" => &["header.d", "header.i"],
        "spf" => &["smtp.mailfrom", "smtp.helo"],
        "dmarc" => &["header.from"],
        _ => &[],
    };
    let of = |key: &&str| properties.iter().find(|(found, _)| found == key).and_then(|(_, value)| domain_of(value));
    Some((name, result, keys.iter().find_map(of)))
}

fn result(word: &str) -> Option<Checked> {
    let word = word.trim_matches(['"', ';', ',']).to_ascii_lowercase();
    let word = if word == "hardfail" { "fail" } else { word.as_str() };
    Checked::ALL.into_iter().find(|result| result.as_str() == word)
}

/// The domain of an address, or a domain by itself; `None` for Exchange's `none` and the like.
fn domain_of(value: &str) -> Option<String> {
    let domain = value.rsplit('@').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    (domain.contains('.') && domain.len() <= 253 && !domain.contains(char::is_whitespace)).then_some(domain)
}

/// The text without comments in parentheses, which may nest.
fn without_comments(text: &str) -> String {
    let (mut out, mut depth, mut quoted) = (String::with_capacity(text.len()), 0_usize, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if depth > 0 || quoted => _ = letters.next(),
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(letter);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => depth -= 1,
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

/// The pieces between semicolons that stand in no quotes.
fn pieces(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter| {
        quoted ^= letter == '"';
        letter == ';' && !quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::headers::Place;
    use super::*;

    fn of(headers: &str, servers: &[&str]) -> String {
        let mail = format!("{headers}\nFrom: anna@example.com\n");
        let (fields, _) = Fields::scan(mail.as_bytes(), 0, Place::Mail, |_| false);
        let servers: Vec<String> = servers.iter().map(|&server| server.to_owned()).collect();
        read(&fields, &servers).map(|found| found.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_servers_write_is_read() {
        for (headers, found) in [
            (
                "Authentication-Results: mx.google.com;\n dkim=pass header.i=@firma.example header.s=s1 header.b=\"a;b\";\n spf=pass (google.com: domain of max@firma.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=max@firma.example;\n dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=firma.example",
                "DKIM pass (firma.example), SPF pass (firma.example), DMARC pass (firma.example), as mx.google.com found",
            ),
            // Microsoft's servers do not name themselves.
            (
                "Authentication-Results: spf=fail (sender IP is 192.0.2.1)\n smtp.mailfrom=example.com; dkim=none (message not signed)\n header.d=none;dmarc=fail action=oreject header.from=example.com;compauth=fail reason=000",
                "DKIM none, SPF fail (example.com), DMARC fail (example.com), as the mail server found",
            ),
            (
                "Authentication-Results: mx.example.com 1; dkim=fail reason=\"bad; signature\" header.d=example.com",
                "DKIM fail (example.com), as mx.example.com found",
            ),
            ("Authentication-Results: mx.example.com; none", ""),
            ("Authentication-Results: mx.example.com; iprev=pass; x-new = pass", ""),
            (
                "Received-SPF: Softfail (mx: not permitted (really)) client-ip=192.0.2.1; envelope-from=\"x@firma.example\"; helo=a",
                "SPF softfail (firma.example), as the mail server found",
            ),
            ("Authentication-Results: ((((", ""),
            ("Subject: x", ""),
        ] {
            assert_eq!(of(headers, &[]), found, "{headers}");
        }
    }

    #[test]
    fn of_several_signatures_the_one_of_the_senders_domain_counts() {
        let headers = "Authentication-Results: mx.a; dkim=pass header.d=esp.example; dkim=fail header.d=mail.example.com; dkim=pass header.d=example.com";
        assert_eq!(of(headers, &[]), "DKIM pass (example.com), as mx.a found");
        let headers = "Authentication-Results: mx.a; dkim=pass header.d=esp.example; dkim=fail header.d=example.com";
        assert_eq!(of(headers, &[]), "DKIM fail (example.com), as mx.a found");
    }

    #[test]
    fn what_came_with_the_mail_does_not_count() {
        let forged =
            "Received: from evil\nAuthentication-Results: mx.a; dmarc=pass; spf=pass; dkim=pass\nReceived-SPF: pass\n";
        let filters =
            "Authentication-Results: mx.a; dkim=fail header.d=example.com\nAuthentication-Results: mx.a; dmarc=fail\n";
        let mail = format!("{filters}Received: from x by mx.a\n{forged}");
        assert_eq!(of(&mail, &[]), "DKIM fail (example.com), DMARC fail, as mx.a found");
        let another =
            format!("Authentication-Results: mx.a; dmarc=fail\nAuthentication-Results: mx.b; spf=pass\n{forged}");
        assert_eq!(of(&another, &[]), "DMARC fail, as mx.a found");
        // Named servers may stand behind others, and nobody else counts.
        let inside = format!("Authentication-Results: inner; spf=none\nReceived: by inner\n{another}");
        assert_eq!(of(&inside, &["MX.b"]), "SPF pass, as mx.b found");
        assert_eq!(of(&inside, &["mx.c"]), "");
    }

    #[test]
    fn a_sealers_word_counts_where_it_is_named_and_the_seals_are_whole() {
        let mail = |arc: &str| {
            format!(
                "Authentication-Results: mx.a; dmarc=fail; arc={arc}\nARC-Authentication-Results: i=2; lists.example; dmarc=pass header.from=example.com\nARC-Authentication-Results: i=1; other; dmarc=fail\n"
            )
        };
        assert_eq!(of(&mail("pass"), &["mx.a", "lists.example"]), "DMARC pass (example.com), as mx.a found");
        assert_eq!(of(&mail("fail"), &["mx.a", "lists.example"]), "DMARC fail, as mx.a found");
        assert_eq!(of(&mail("pass"), &["mx.a"]), "DMARC fail, as mx.a found");
        assert_eq!(of(&mail("pass"), &[]), "DMARC fail, as mx.a found");
    }
}
