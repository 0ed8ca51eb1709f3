//! What holds of every item that could be read, whatever it was.

use lotse::lead::{Content, Email, Person, Phone, Reading};
use lotse::normalize::{email, phone, text};

/// Panics where a reading breaks a promise.
pub fn sound(reading: &Reading) {
    match reading {
        Reading::Lead(content) => content_is_sound(content),
        Reading::Aside(aside) => {
            assert!(!aside.reason.trim().is_empty(), "a reason is missing");
            content_is_sound(&aside.content);
        }
        Reading::Noise(why) | Reading::Unclear(why) => assert!(!why.trim().is_empty(), "a reason is missing"),
    }
}

fn content_is_sound(content: &Content) {
    person_is_sound(&content.person);
    for line in [&content.subject, &content.from, &content.form, &content.page, &content.referrer] {
        is_line(line.as_deref());
    }
    if let Some(said) = &content.text {
        assert!(!said.trim().is_empty() && said.len() <= text::MAX_TEXT, "{said:?}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{said:?}");
    }
    content.forwarded_by.iter().for_each(is_email);
}

/// Panics where what is known of a person breaks a promise.
pub fn person_is_sound(person: &Person) {
    for line in [
        &person.name,
        &person.given_name,
        &person.family_name,
        &person.company,
        &person.domain,
        &person.job_title,
        &person.website,
        &person.country,
        &person.language,
    ] {
        is_line(line.as_deref());
    }
    person.emails.iter().for_each(is_email);
    person.phones.iter().for_each(is_phone);
}

/// One line of text that says something, or none at all.
pub fn is_line(line: Option<&str>) {
    if let Some(line) = line {
        assert!(!line.trim().is_empty(), "absent is null, never empty");
        assert!(!line.chars().any(char::is_control), "{line:?} has control characters");
    }
}

/// An address in normal form reads as itself.
pub fn is_email(address: &Email) {
    assert_eq!(email::parse(address.as_str()).as_ref(), Some(address));
}

/// A number in E.164 form reads as itself, in whatever country.
pub fn is_phone(number: &Phone) {
    let digits = number.as_str().strip_prefix('+').unwrap_or_else(|| panic!("{number} has no `+`"));
    assert!((4..=17).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()), "{number}");
    assert_eq!(phone::parse(number.as_str(), "DE", &mut Vec::new()).as_ref(), Some(number));
}
