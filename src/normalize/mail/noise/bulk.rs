//! Newsletters and mailing lists (RFC 2369, 2919, 8058).
//!
//! Portals that bring leads send like newsletters too, so that a mail that speaks for somebody else, in
//! `Reply-To` or in a form, is none. `List-Unsubscribe` alone says nothing: many programs from which people
//! write to customers set it.

use crate::lead::Email;
use crate::normalize::{Reader, company, email, robot, text};

use super::super::parts::{Part, Parts};
use super::super::{body, forms, sender};

/// Headers that only services for newsletters set.
const SERVICES: [&str; 8] = [
    "x-mc-user",
    "x-mailchimp-id",
    "x-campaign",
    "x-campaign-id",
    "x-campaignid",
    "x-csa-complaints",
    "x-mailer-listid",
    "x-newsletter",
];

/// Local parts from which nothing but newsletters comes, compared without digits and punctuation.
const SENDERS: [&str; 10] = [
    "newsletter",
    "newsletters",
    "news",
    "nyhetsbrev",
    "nieuwsbrief",
    "marketing",
    "mailing",
    "mailings",
    "promo",
    "promotions",
];

/// Why a mail is a newsletter. A list of our own is a shared mailbox.
pub(super) fn newsletter(parts: &Parts<'_>, reader: &Reader) -> Option<String> {
    let mail = parts.root();
    if !mail.fields.has("list-unsubscribe") || !(is_list(mail) || is_campaign(mail)) {
        return None;
    }
    let id = mail.fields.word("list-id");
    let id = id.rsplit('<').next().unwrap_or_default().trim_end_matches('>');
    let post = mail.fields.text("list-post", None).unwrap_or_default();
    let posted = email::parse_all(&post);
    let ours = reader.own_domain(id).is_some() || posted.iter().any(|post| reader.own_domain(post.domain()).is_some());
    if ours || speaks_for_somebody(parts, id, &posted, reader) {
        return None;
    }
    let name = if id.is_empty() { String::new() } else { format!(" of `{}`", text::shorten(id, 100)) };
    Some(format!("a newsletter or mailing list{name} (it carries `List-Unsubscribe`)"))
}

fn is_list(mail: &Part<'_>) -> bool {
    mail.fields.has("list-id") || matches!(mail.fields.word("precedence").as_str(), "bulk" | "list" | "junk")
}

/// Whether a service for newsletters sent it, or it comes from an address of nothing else. What goes on with a
/// conversation is none.
fn is_campaign(mail: &Part<'_>) -> bool {
    let from = sender::mailboxes(&mail.fields, "from", None);
    let local = from.first().and_then(|(_, email)| email.as_str().split('@').next()).unwrap_or_default();
    let local: String = local.chars().filter(|c| c.is_alphabetic()).collect();
    let service = SERVICES.iter().any(|name| mail.fields.has(name));
    !mail.fields.has("in-reply-to") && (service || SENDERS.contains(&&*local))
}

/// Whether it names somebody of another house: whom to answer, or who filled in a form.
fn speaks_for_somebody(parts: &Parts<'_>, id: &str, posted: &[Email], reader: &Reader) -> bool {
    let fields = &parts.root().fields;
    let house = |domain: &str| company::registrable(domain);
    let from = sender::mailboxes(fields, "from", None).into_iter().next().map(|(_, email)| email);
    let Some(from) = from else { return false };
    let other = |email: &Email| {
        let domain = house(email.domain());
        sender::is_outsider(email, reader)
            && !robot::is_desk(email)
            && domain != house(from.domain())
            && domain != house(id)
            && !posted.contains(email)
    };
    // Whoever answers on a list is answered themselves: only a program speaks for others.
    if !robot::is_robot(&from) && !robot::is_desk(&from) {
        return false;
    }
    let answered = sender::mailboxes(fields, "reply-to", None).iter().any(|(_, email)| other(email));
    let form = || {
        let body = body::read(parts);
        let text = body.text.unwrap_or_default();
        let form = forms::better(forms::in_parts(parts, &body.views, other), forms::find(&text, other));
        form.is_some_and(|form| form.email.is_some() && form.is_full())
    };
    answered || form()
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::reader;
    use super::*;

    fn of(headers: &str, text: &str) -> bool {
        let mail = format!("{headers}\nList-Unsubscribe: <mailto:x@b.example>\n\n{text}\n");
        newsletter(&Parts::of(mail.as_bytes()).unwrap(), &reader()).is_some()
    }

    #[test]
    fn newsletters_are_told_from_portals_and_people() {
        let form = "Name: Max Adler\nE-Mail: max@firma.example\nTelefon: 030 1234567\nNachricht: Bitte ein Angebot";
        for (headers, text, is) in [
            ("From: news@shop.example\nList-Id: <news.shop.example>", "Sale", true),
            ("From: Shop <newsletter@shop.example>", "Sale", true),
            ("From: Shop <hello@shop.example>\nX-MC-User: 1", "Sale", true),
            ("From: eva@list.example\nReply-To: max@firma.example\nList-Id: <talk.list.example>", "Hi", true),
            ("From: noreply@list.example\nReply-To: talk@list.example\nList-Id: <talk.list.example>", "Hi", true),
            ("From: noreply@portal.example\nList-Id: <x.portal.example>\nReply-To: max@firma.example", "Hi", false),
            ("From: noreply@portal.example\nPrecedence: bulk", form, false),
            ("From: Max <max@firma.example>", "Hi", false),
            ("From: Max <hello@firma.example>\nX-MC-User: 1\nIn-Reply-To: <1@example.com>", "Yes", false),
        ] {
            assert_eq!(of(headers, text), is, "{headers}");
        }
    }
}
