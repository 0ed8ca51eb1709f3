//! Raw mail, as any mail server can hand it on: the mail is the body, a bearer token is the proof.

use super::{Provider, raw_mail};

/// A mail server's pipe.
pub(super) static RFC822: Provider = Provider {
    mail: Some(raw_mail),
    steps: "Let the mail server pipe each mail into this command (Postfix: a transport with pipe(8); Exim: a pipe \
        transport; procmail or sieve: a pipe):\n\
        curl --fail --silent --show-error -H 'Authorization: Bearer SECRET' -H 'Content-Type: message/rfc822' \
        --data-binary @- {url} || exit 75\n\
        75 tells the mail server to try again later: no mail is lost while lotse is away.\n\
        A mail that came before, or lies in a mailbox of lotse, too, is known as the same.",
    sample: RAW_SAMPLE,
    ..Provider::of_mails("rfc822", "Your mail server")
};

/// A mail.
pub(super) const RAW_SAMPLE: (&str, &str) = (
    "message/rfc822",
    "From: Erika Muster <erika@firma.example>\nTo: sales@example.com\nSubject: Offer\nDate: Thu, 01 Jan 2026 10:00:00 +0000\nMessage-ID: <{id}@firma.example>\n\nPlease send me an offer.\n",
);
