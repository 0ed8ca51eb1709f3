//! The generator: from a number to an input, its payload and what has to become of it.
//!
//! Everything is a pure function of the number and the way in, so that the checks make the same
//! payload again and compare. A text that no channel changes, seven letters, carries the number
//! through the whole house.

/// How an input comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// Into the mailbox.
    Mail,
    /// As a post of its own.
    Post,
    /// As an element of a JSON array.
    Array,
    /// As a row of a file.
    Row,
}

/// What sort of input it is, and so what has to become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `created`, or `touched` for a person who is known; with an owner and a notice.
    Lead,
    /// `created` and listed, without owner, notice or turn.
    Disqualified,
    /// `ignored`.
    Noise,
    /// `quarantined`.
    Unreadable,
}

/// One input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input {
    pub(crate) number: u64,
    pub(crate) way: Way,
    pub(crate) kind: Kind,
    /// The number of the person's first input; the own number for somebody new.
    pub(crate) person: u64,
}

/// What stands before the letters of a number.
const MARK: &str = "orakel";
/// Letters that numbers are written in.
const LETTERS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";
/// Letters of a number.
const WIDTH: usize = 7;

const GIVEN: [&str; 8] = ["Anna", "Jürgen", "Zoë", "Małgorzata", "Søren", "Élodie", "Björn", "Ines"];
const WORDS: [&str; 24] = [
    "wir",
    "brauchen",
    "für",
    "unser",
    "Büro",
    "neue",
    "Möbel",
    "große",
    "Tische",
    "and",
    "some",
    "chairs",
    "naïve",
    "Übergröße",
    "株式会社",
    "спасибо",
    "☎️",
    "Straße",
    "\"so genannt\"",
    "50%",
    "<b>",
    "&amp;",
    "a;b",
    "c,d",
];

impl Input {
    /// The input with this number, coming in this way.
    pub(crate) fn new(number: u64, way: Way) -> Self {
        let kind = match (special(number), way) {
            (Some(Kind::Noise), Way::Row) | (Some(Kind::Unreadable), Way::Mail | Way::Array) | (None, _) => Kind::Lead,
            (Some(kind), _) => kind,
        };
        Self { number, way, kind, person: person(number) }
    }

    /// What carries the number through the house.
    pub(crate) fn mark(&self) -> String {
        format!("{MARK}{}", letters(self.number))
    }

    /// The person's name.
    pub(crate) fn name(&self) -> String {
        let family = letters(self.person);
        let given = GIVEN[usize::try_from(self.person).unwrap() % GIVEN.len()];
        format!("{given} {}{}", family[..1].to_uppercase(), &family[1..])
    }

    /// The person's address.
    pub(crate) fn email(&self) -> String {
        let code = letters(self.person);
        format!("p{code}@{code}.example")
    }

    /// The person's number as typed, where this input says it.
    pub(crate) fn phone(&self) -> Option<String> {
        let says = self.way != Way::Mail && !chance(self.number, 1).is_multiple_of(3);
        says.then(|| format!("0171 {}", self.subscriber()))
    }

    /// The same number as it has to stand in the lead.
    pub(crate) fn phone_e164(&self) -> String {
        format!("+49171{}", self.subscriber())
    }

    fn subscriber(&self) -> u64 {
        1_000_000 + self.person % 9_000_000
    }

    /// The person's company, where this input says it.
    pub(crate) fn company(&self) -> Option<String> {
        let says = self.way != Way::Mail && chance(self.person, 2).is_multiple_of(2);
        says.then(|| format!("Werk {} GmbH", letters(self.person)))
    }

    /// The subject, where the way has one.
    pub(crate) fn subject(&self) -> Option<String> {
        (self.way == Way::Mail).then(|| format!("Nachricht {}", letters(self.number)))
    }

    /// What the person writes; one to some hundred lines, with letters of many kinds.
    pub(crate) fn message(&self) -> String {
        let mut text = format!("Guten Tag, hier ist {}.", self.mark());
        if self.kind == Kind::Disqualified {
            text += "\nHiermit bewerbe ich mich bei Ihnen.";
        }
        let most = if chance(self.number, 3).is_multiple_of(40) { 120 } else { 5 };
        for line in 0..chance(self.number, 4) % most {
            text += if line % 4 == 3 { "\n\n" } else { "\n" };
            let words = (0..3 + chance(self.number, 100 + line) % 9)
                .map(|word| WORDS[pick(self.number, 1000 * (line + 1) + word, WORDS.len())]);
            text += &format!("Also {} bitte.", words.collect::<Vec<_>>().join(" "));
        }
        text
    }

    /// A field of the form or table that Lotse has no place of its own for.
    pub(crate) fn extra(&self) -> Option<(&'static str, String)> {
        let colour = || format!("{} {}", WORDS[pick(self.number, 5, WORDS.len())], letters(self.number));
        (self.way != Way::Mail).then(|| ("Lieblingsfarbe", colour()))
    }
}

/// The number whose mark stands in this text.
pub(crate) fn marked(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once(MARK)?;
    let letters = rest.as_bytes().get(..WIDTH)?;
    letters.iter().try_fold(0, |number, letter| {
        let digit = LETTERS.iter().position(|known| known == letter)?;
        Some(number * LETTERS.len() as u64 + digit as u64)
    })
}

fn letters(mut number: u64) -> String {
    let mut letters = [LETTERS[0]; WIDTH];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[usize::try_from(number % LETTERS.len() as u64).unwrap()];
        number /= LETTERS.len() as u64;
    }
    String::from_utf8(letters.to_vec()).unwrap()
}

/// Which numbers are not usual leads; nobody of these comes a second time.
fn special(number: u64) -> Option<Kind> {
    match chance(number, 6) % 100 {
        0..5 => Some(Kind::Disqualified),
        5..9 => Some(Kind::Noise),
        9..12 => Some(Kind::Unreadable),
        _ => None,
    }
}

/// Who a number is about: mostly somebody new, at times somebody of a while ago or of long ago.
fn person(number: u64) -> u64 {
    let who = chance(number, 7);
    if number < 20 || who % 100 >= 15 || special(number).is_some() {
        return number;
    }
    let reach = if who.is_multiple_of(2) { number - 1 } else { 60.min(number - 1) };
    let earlier = number - 1 - chance(number, 8) % reach;
    if special(earlier).is_some() { number } else { person(earlier) }
}

fn pick(number: u64, salt: u64, among: usize) -> usize {
    usize::try_from(chance(number, salt) % among as u64).unwrap()
}

/// A number that looks random and is the same for the same arguments (SplitMix64).
pub(crate) fn chance(number: u64, salt: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(salt.wrapping_mul(0xd1b5_4a32_d192_ed03));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
