//! The body of a post as its provider spells it: the first byte says which, the second what is sent.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use lotse::channels::webhook::mail_in;
use lotse::channels::webhook::providers::Provider;
use lotse::config::parse;
use lotse::lead::{Delivery, Inbound, Kind, Name, Original};
use lotse::normalize::{Reader, Trust};

const PROVIDERS: [&str; 39] = [
    "generic",
    "typeform",
    "tally",
    "jotform",
    "gravity_forms",
    "contact_form_7",
    "wpforms",
    "fluent_forms",
    "elementor",
    "ninja_forms",
    "webflow",
    "formspree",
    "netlify",
    "framer",
    "squarespace",
    "intercom",
    "crisp",
    "tawk",
    "livechat",
    "tidio",
    "zendesk",
    "chatwoot",
    "slack",
    "teams",
    "telegram",
    "whatsapp",
    "twilio",
    "sendgrid",
    "mailgun",
    "postmark",
    "ses",
    "cloudflare",
    "rfc822",
    "calendly",
    "cal_com",
    "google_ads",
    "meta_lead_ads",
    "linkedin",
    "hubspot",
];

/// Those whose posts are chat messages.
const CHATS: std::ops::Range<usize> = 15..27;

static READERS: LazyLock<Vec<Reader>> = LazyLock::new(|| {
    let settings =
        |name: &str| format!("[channels.c]\nkind = \"webhook\"\nprovider = \"{name}\"\nsecret = \"00ff5ec7e7\"\nurl = \"https://leads.example.com/hooks/c\"\n");
    let reader = |name: &&str| Reader::new(&parse(&settings(name), None).config.expect("settings"));
    PROVIDERS.iter().map(reader).collect()
});

/// The mail gateways, by the position of their names.
static GATEWAYS: LazyLock<Vec<Option<&'static Provider>>> =
    LazyLock::new(|| PROVIDERS.iter().map(|name| Provider::named(name)).collect());

fn kind_of(provider: usize) -> Kind {
    if CHATS.contains(&provider) { Kind::Chat } else { Kind::Form }
}

libfuzzer_sys::fuzz_target!(|post: &[u8]| {
    let [provider, kind, body @ ..] = post else { return };
    let provider = usize::from(*provider) % READERS.len();
    let content_type = [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "message/rfc822",
    ][usize::from(*kind) % 5];
    let mail = GATEWAYS[provider].and_then(|gateway| mail_in(gateway, content_type, body));
    let kind = if mail.is_some() { Kind::Mail } else { kind_of(provider) };
    let bytes = mail.unwrap_or_else(|| body.to_vec());
    let original = Original { content_type: content_type.into(), headers: BTreeMap::new(), bytes };
    let inbound = Inbound {
        channel: Name::parse("c").expect("a name"),
        kind,
        received_at: jiff::Timestamp::UNIX_EPOCH,
        source: String::new(),
        delivery: Delivery::Unique,
        original,
        place: None,
        quiet: true,
    };
    let reader = &READERS[provider];
    let _ = reader.identity(&inbound);
    lotse_fuzz::sound(&reader.read(&inbound, Trust::Usual));
});
