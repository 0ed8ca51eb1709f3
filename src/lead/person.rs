//! Who a lead is: a person, with addresses that were checked once and stay valid.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is known about the person (or company) behind a lead. Absent is `None`, never empty text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Full name as one would address an envelope.
    pub name: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// Addresses, best first.
    pub emails: Vec<Email>,
    /// Numbers, best first.
    pub phones: Vec<Phone>,
    /// Company as written.
    pub company: Option<String>,
    /// Registrable domain of the company (of its website, else of a non-freemail address).
    pub domain: Option<String>,
    /// Position in the company.
    pub job_title: Option<String>,
    /// Address of the company's website.
    pub website: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// ISO 639-1 of the message, lower case, where it is certain.
    pub language: Option<String>,
}

/// An e-mail address in normal form: lower case, domain in ASCII. Made by `normalize::email`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(pub(crate) String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the last `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A telephone number in E.164 form (`+493012345678`). Made by `normalize::phone`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phone(pub(crate) String);

impl Phone {
    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
