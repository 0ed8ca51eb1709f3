//! How each canonical field takes its values. In: the candidates by their labels. Out: the
//! person, the subject, the message and attribution; what does not fit stays.

use serde_json::Value;
use url::Url;

use super::country;
use super::label::{self, Certainty, Part, Slot};
use super::{Pair, Sheet};
use crate::lead::Email;
use crate::normalize::text::{line, shorten};
use crate::normalize::{company, email, mail, person, phone};

/// Addresses whose countries numbers are read for.
const ADDRESSES: usize = 5;

/// Bytes of a value that stands on one line in canonical fields.
const MAX_LINE: usize = 2000;

impl Sheet<'_> {
    pub(super) fn take_country(&mut self) {
        let code = self.take_one(&Slot::Country, |text, _| country::country(text));
        self.content.person.country = code.map(str::to_owned);
    }

    pub(super) fn take_emails(&mut self) {
        for at in self.candidates(&Slot::Email) {
            if !self.is_usual(at) || self.content.person.emails.is_empty() {
                self.take_email(at);
            }
        }
    }

    fn take_email(&mut self, at: usize) {
        let text = self.text(at);
        let found = email::parse_all(&text);
        if found.is_empty() {
            if !self.is_usual(at) && text.chars().any(char::is_alphanumeric) {
                self.problem(format!("`{}` is no e-mail address", shorten(&line(&text), 60)));
            }
            return;
        }
        let name = email::parse_mailbox(&text).and_then(|(name, _)| name);
        self.taken[at] = name.is_none() && says_only(&text, &found);
        let unnamed =
            [Slot::Name, Slot::GivenName, Slot::FamilyName].iter().all(|slot| self.candidates(slot).is_empty());
        if let Some(name) = name.filter(|_| unnamed && self.from.0.is_none()) {
            self.taken[at] = true;
            self.from.0 = Some(name);
        }
        self.from.1.get_or_insert(line(&text));
        for email in found {
            if !self.content.person.emails.contains(&email) {
                self.content.person.emails.push(email);
            }
        }
    }

    /// An address under a label that says nothing, where there is no other.
    pub(super) fn take_stray_email(&mut self) {
        if !self.content.person.emails.is_empty() {
            return;
        }
        let spoken = |slot: &Slot| matches!(slot, Slot::Name | Slot::GivenName | Slot::FamilyName);
        let free = |at: &usize| !self.taken[*at] && self.meanings[*at].as_ref().is_none_or(|(slot, _)| spoken(slot));
        let found =
            (0..self.pairs.len()).filter(free).find_map(|at| email::parse(&self.text(at)).map(|email| (at, email)));
        if let Some((at, email)) = found {
            self.taken[at] = true;
            self.from.1 = Some(line(&self.text(at)));
            self.content.person.emails.push(email);
        }
    }

    pub(super) fn take_names(&mut self) {
        let typed = |sheet: &Self, slot: &Slot| {
            let fits = |at: &usize| {
                let text = sheet.text(*at);
                sheet.pairs[*at].value.is_string()
                    && text.chars().any(char::is_alphabetic)
                    && email::parse(&text).is_none()
            };
            sheet.candidates(slot).into_iter().find(fits)
        };
        let places = [typed(self, &Slot::Name), typed(self, &Slot::GivenName), typed(self, &Slot::FamilyName)];
        let [full, mut given, mut family] = places.map(|at| at.map(|at| line(&self.text(at))));
        let mut further = Vec::new();
        // `Nombre` beside a last name is the first name.
        if full.is_none() || (given.is_none() && family.is_some()) {
            for (part, at) in self.further_names(&places) {
                let (own, before) = match part {
                    Part::Middle => (&mut given, false),
                    Part::Particle => (&mut family, true),
                    Part::SecondFamily => (&mut family, false),
                };
                let Some(own) = own else { continue };
                let text = line(&self.text(at));
                *own = if before { format!("{text} {own}") } else { format!("{own} {text}") };
                further.push(at);
            }
        }
        // The name in front of an address is a name where no field holds one.
        let full = full.or_else(|| self.from.0.take().filter(|_| given.is_none() && family.is_none()));
        let name = person::assemble(full.as_deref(), given.as_deref(), family.as_deref());
        let said =
            [name.full.as_deref(), name.salutation.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        for at in places.into_iter().flatten().chain(further) {
            self.taken[at] = person::contains_words(&said, &self.text(at));
        }
        if let Some(salutation) = name.salutation {
            self.extra.insert("salutation".into(), salutation.into());
        }
        self.from.0 = full.or_else(|| {
            Some([given, family].into_iter().flatten().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty())
        });
        let person = &mut self.content.person;
        (person.name, person.given_name, person.family_name) = (name.full, name.given, name.family);
    }

    /// Parts of a name beside its first and last: each at most once, where it was typed.
    fn further_names(&self, places: &[Option<usize>; 3]) -> Vec<(Part, usize)> {
        let place = |part: Part| {
            let fits = |at: &usize| {
                let is_free = !self.taken[*at] && !places.contains(&Some(*at));
                let text = self.text(*at);
                is_free
                    && label::name_part(&self.pairs[*at].label) == Some(part)
                    && text.chars().any(char::is_alphabetic)
                    && text.len() <= 60
            };
            Some((part, (0..self.pairs.len()).find(fits)?))
        };
        [Part::Middle, Part::Particle, Part::SecondFamily].into_iter().filter_map(place).collect()
    }

    pub(super) fn take_phones(&mut self) {
        let places = self.candidates(&Slot::Phone);
        let regions = self.regions(&places);
        for at in places {
            let numbers = self.numbers(at, &regions);
            self.taken[at] = numbers.whole;
            numbers.problems.into_iter().for_each(|problem| self.problem(problem));
            self.add_phones(at, numbers.phones);
        }
        if !self.content.person.phones.is_empty() {
            return;
        }
        for at in 0..self.pairs.len() {
            if self.taken[at] || self.meanings[at].is_some() || !label::speaks_of_phone(&self.pairs[at].label) {
                continue;
            }
            let numbers = self.numbers(at, &self.regions(&[at]));
            if numbers.whole && !numbers.phones.is_empty() {
                self.taken[at] = true;
                self.add_phones(at, numbers.phones);
                return;
            }
        }
    }

    /// The regions that numbers in national form may be of, the likeliest first: the country that the values name,
    /// that of an international number beside them, that of the address, ours.
    fn regions(&self, places: &[usize]) -> Vec<String> {
        let person = &self.content.person;
        let texts = places.iter().map(|at| self.text(*at));
        let abroad = texts.filter(|text| text.contains('+') || text.starts_with("00")).find_map(|text| {
            let numbers = phone::read(&text, "");
            numbers.phones.first().and_then(phone::country)
        });
        let domains = || person.emails.iter().map(Email::domain).take(ADDRESSES);
        let told = person.country.clone().into_iter().chain(abroad);
        let by_address = domains().filter_map(mail::country_of);
        let all = told.chain(by_address).chain([self.context.region.to_owned()]);
        let mut regions: Vec<String> = Vec::new();
        // Behind ours: letters of countries that anybody takes for a name.
        for region in all.chain(domains().filter_map(region)) {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        regions
    }

    /// The numbers of a value, read for the first of the regions in which they are numbers. One that could only be of
    /// a region, and that nobody has there, is no number: it would reach a stranger in the next one.
    fn numbers(&self, at: usize, regions: &[String]) -> phone::Numbers {
        let text = self.text(at);
        if let Some(numbers) = self.with_dial_code(&text, regions) {
            return numbers;
        }
        for region in regions {
            let numbers = phone::read(&text, region);
            if !numbers.phones.is_empty() || region != self.context.region && phone::fits(&text, region) {
                return numbers;
            }
        }
        phone::read(&text, self.context.region)
    }

    /// The numbers of a value whose country or area code stands in a value of its own.
    fn with_dial_code(&self, text: &str, regions: &[String]) -> Option<phone::Numbers> {
        let is_whole = |text: &str| text.starts_with('+') || text.starts_with("00");
        if is_whole(text) {
            return None;
        }
        let codes = self.pairs.iter().filter(|pair| label::is_dial_code(&pair.label)).map(Pair::text);
        let is_code = |code: &String| {
            let digits = code.strip_prefix('+').unwrap_or(code);
            (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        codes.filter(is_code).find_map(|code| {
            let joined = if is_whole(&code) {
                // Italy's numbers keep their zero abroad.
                let rest = if code.trim_start_matches(['+', '0']) == "39" {
                    text
                } else {
                    text.strip_prefix('0').unwrap_or(text)
                };
                format!("{code} {rest}")
            } else if code.starts_with('0') {
                format!("{code} {text}")
            } else {
                return None;
            };
            let mut all = regions.iter().map(|region| phone::read(&joined, region));
            all.find(|numbers| numbers.whole && !numbers.phones.is_empty())
        })
    }

    fn add_phones(&mut self, at: usize, phones: Vec<crate::lead::Phone>) {
        if self.from.1.is_none() && !phones.is_empty() {
            self.from.1 = Some(line(&self.text(at)));
        }
        for phone in phones {
            if !self.content.person.phones.contains(&phone) {
                self.content.person.phones.push(phone);
            }
        }
    }

    pub(super) fn take_company(&mut self) {
        self.content.person.company =
            self.take_one(&Slot::Company, |text, value| company::name(text).filter(|_| !value.is_boolean()));
        let sites = self.candidates(&Slot::Website);
        self.content.person.website = self.take_one(&Slot::Website, |text, _| company::website(text));
        for at in sites.into_iter().filter(|at| !self.taken[*at] && !self.is_usual(*at)).collect::<Vec<_>>() {
            let text = self.text(at);
            if company::name(&text).is_some() && !text.contains("://") && company::website(&text).is_none() {
                self.problem(format!("`{}` is no address of a website", shorten(&line(&text), 60)));
            }
        }
    }

    /// Fields that hold words.
    pub(super) fn take_words(&mut self) {
        let one_line =
            |text: &str, value: &Value| Some(line(text)).filter(|text| text.len() <= MAX_LINE && !value.is_boolean());
        let position = |text: &str, value: &Value| one_line(text, value).filter(|text| !person::is_address(text));
        self.content.person.job_title = self.take_one(&Slot::JobTitle, position);
        self.content.person.language =
            self.take_one(&Slot::Language, |text, _| country::language(text)).map(str::to_owned);
        self.content.subject = self.take_one(&Slot::Subject, one_line);
        self.content.text = self.take_one(&Slot::Message, |text, value| (!value.is_boolean()).then(|| text.to_owned()));
        self.content.form = self.take_one(&Slot::Form, one_line);
    }

    /// Where the lead came from: pages and campaigns.
    pub(super) fn take_origin(&mut self) {
        let address = |text: &str| Some(line(text)).filter(|text| !text.contains(' ') && text.len() <= 4000);
        let pages = self.pages();
        let pages: Vec<(usize, String)> =
            pages.into_iter().filter_map(|at| Some((at, address(&self.text(at))?))).collect();
        self.content.page = pages.first().map(|(_, page)| page.clone());
        for (at, page) in &pages {
            self.taken[*at] = self.content.page.as_ref() == Some(page);
        }
        self.content.referrer = self.take_one(&Slot::Referrer, |text, _| address(text));
        for at in 0..self.pairs.len() {
            let Some((Slot::Utm(name), _)) = &self.meanings[at] else { continue };
            let (name, text) = (name.clone(), line(&self.text(at)));
            let value = self.content.utm.entry(name).or_insert_with(|| text.clone());
            self.taken[at] = *value == text;
        }
        let urls = pages.iter().filter_map(|(_, page)| Url::parse(page).ok()).take(10);
        for (name, value) in urls.flat_map(|page| page.query_pairs().into_owned().take(100).collect::<Vec<_>>()) {
            let value = line(&value);
            if let (Some((Slot::Utm(name), _)), false) = (label::slot(&name), value.is_empty()) {
                self.content.utm.entry(name).or_insert(value);
            }
        }
    }

    /// Values that are pages: that of the form first, then those on which a visit began.
    fn pages(&self) -> Vec<usize> {
        let mut pages = self.candidates(&Slot::Page);
        let is_configured = |at: usize| matches!(self.meanings[at], Some((_, Certainty::Configured)));
        pages.sort_by_key(|at| !is_configured(*at) && label::compact(&self.pairs[*at].label).contains("landing"));
        pages
    }
}

/// The country whose letters a mail domain ends in, whoever else uses them.
fn region(domain: &str) -> Option<String> {
    let last = domain.rsplit('.').next().filter(|last| last.len() == 2)?;
    Some(if last == "uk" { "GB".into() } else { last.to_ascii_uppercase() })
}

/// Whether the text says nothing but these addresses.
fn says_only(text: &str, emails: &[Email]) -> bool {
    if email::parse(text).is_some() {
        return true;
    }
    let words =
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '/' | '|' | '<' | '>' | '(' | ')' | '"'));
    words.filter(|word| word.chars().any(char::is_alphanumeric)).all(|word| {
        let known = email::parse(word).is_some_and(|email| emails.contains(&email));
        known || matches!(&*word.to_lowercase(), "und" | "oder" | "and" | "or")
    })
}
