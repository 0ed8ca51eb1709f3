//! What the software behind a form calls the types of its fields. In: such a word. Out: the canonical field
//! that a field of this type means.

use crate::normalize::fields::label::{Certainty, Slot, compact};

/// Types that mean a field whatever its label says, and those that mean it where the label says nothing.
const KINDS: [(Slot, Certainty, &[&str]); 10] = [
    (Slot::Email, Certainty::Named, &["email", "emailaddress", "inputemail", "mail", "controlemail"]),
    (
        Slot::Phone,
        Certainty::Named,
        &["tel", "phone", "phonenumber", "inputphonenumber", "telephone", "inputphone", "mobile", "controlphone"],
    ),
    (
        Slot::Consent,
        Certainty::Named,
        &["legal", "consent", "acceptance", "gdpr", "gdpragreement", "gdprcheckbox", "terms", "termsandcondition"],
    ),
    (Slot::GivenName, Certainty::Named, &["firstname"]),
    (Slot::FamilyName, Certainty::Named, &["lastname"]),
    (Slot::Name, Certainty::Usual, &["name", "fullname", "inputname"]),
    (
        Slot::Message,
        Certainty::Usual,
        &[
            "textarea",
            "longtext",
            "paragraph",
            "paragraphtext",
            "multiline",
            "multilinetext",
            "message",
            "controltextarea",
            "formtextarea",
            "inputtextarea",
            "textareafield",
            "longanswer",
        ],
    ),
    (Slot::Website, Certainty::Usual, &["url", "website", "link", "inputlink"]),
    (Slot::Country, Certainty::Usual, &["country"]),
    (Slot::Company, Certainty::Usual, &["company", "organization"]),
];

/// What a field of this type means.
pub(super) fn slot(kind: &str) -> Option<(Slot, Certainty)> {
    let kind = compact(kind);
    KINDS.iter().find(|(_, _, words)| words.contains(&&*kind)).map(|(slot, certainty, _)| (slot.clone(), *certainty))
}
