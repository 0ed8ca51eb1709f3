//! Telephone numbers, addresses, names and companies in any text.
#![no_main]

use lotse::normalize::{company, email, language, person, phone};
use lotse_fuzz::{is_email, is_line, is_phone};

libfuzzer_sys::fuzz_target!(|text: &str| {
    email::parse(text).iter().for_each(is_email);
    email::parse_all(text).iter().for_each(is_email);
    if let Some((name, address)) = email::parse_mailbox(text) {
        is_line(name.as_deref());
        is_email(&address);
    }
    for region in ["DE", "US", "IT", "XX", ""] {
        let numbers = phone::read(text, region);
        numbers.phones.iter().for_each(is_phone);
        phone::find(text, region).iter().for_each(is_phone);
        assert!(numbers.phones.iter().all(|number| phone::country(number).is_none_or(|country| country.len() == 2)));
    }
    let (first, last) = text.split_once('\n').unwrap_or((text, ""));
    for name in [person::split(text), person::assemble(None, Some(first), Some(last))] {
        for part in [&name.full, &name.given, &name.family, &name.salutation] {
            is_line(part.as_deref());
        }
    }
    is_line(company::name(text).as_deref());
    let website = company::website(text);
    is_line(website.as_deref());
    is_line(company::domain(website.as_deref(), &email::parse_all(text)).as_deref());
    language::detect(text);
});
