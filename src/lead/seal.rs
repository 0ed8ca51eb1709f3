//! The seal on what Lotse sends to itself: a test of a channel, a canary.
//!
//! Such an item must never become a lead, and nobody else may be able to hide one that way. So it
//! carries a word that only the holder of the store's own key can make, and the key never leaves the
//! store. The word is good for ever: a test mail that a crash left in a mailbox is known again after
//! years, even on another server.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Id, Name, Outcome, Routing, Verdict};

/// The name under which a seal travels: a mail's header, a form's field, a column.
pub const FIELD: &str = "x-lotse-seal";

/// How every seal begins.
const START: &str = "lotse-seal-";
/// How the name of a lead's conversation begins.
const TOKEN: &str = "lotse-lead-";
/// Letters of an id.
const ID: usize = 26;
/// Digits of its number.
const NUMBER: usize = 32;
/// Digits of its proof.
const PROOF: usize = 32;
/// An item is looked through up to here: the seal stands near its beginning.
const SEARCHED: usize = 64 << 10;

/// What Lotse sends to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Own {
    /// A lead that tries a channel out, by `lotse test`.
    Test,
    /// A mail that measures how long mail takes to arrive.
    Canary,
}

impl Own {
    /// The word used in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Canary => "canary",
        }
    }

    /// Why such an item becomes no lead.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Test => "a test by `lotse test`; nothing of it is kept",
            Self::Canary => "a canary: a mail by which Lotse measures how long mail takes to arrive",
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Test => 't',
            Self::Canary => 'c',
        }
    }
}

/// The key that makes seals; it stays in the store.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealKey([u8; 32]);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// A new key.
    #[must_use]
    pub fn fresh() -> Self {
        Self(rand::random())
    }

    /// A seal that was never there before.
    #[must_use]
    pub fn seal(&self, own: Own) -> Seal {
        Seal { own, number: format!("{:032x}", rand::random::<u128>()) }
    }

    /// The seal as it is sent.
    #[must_use]
    pub fn word(&self, seal: &Seal) -> String {
        format!("{START}{}{}{}", seal.own.letter(), seal.number, self.proof(seal))
    }

    /// The seal that an item carries, if it is one of ours.
    #[must_use]
    pub fn find(&self, item: &[u8]) -> Option<Seal> {
        words(item).find_map(|word| self.check(word))
    }

    fn check(&self, word: &str) -> Option<Seal> {
        let own = [Own::Test, Own::Canary].into_iter().find(|own| word.starts_with(own.letter()))?;
        let (number, proof) = word.get(1..)?.split_at_checked(NUMBER)?;
        let seal = Seal { own, number: number.to_owned() };
        // In constant time: nobody finds a proof digit by digit.
        bool::from(self.proof(&seal).as_bytes().ct_eq(proof.as_bytes())).then_some(seal)
    }

    /// A name for a lead's conversation that nobody else can make; it stands in our mails.
    #[must_use]
    pub fn token(&self, lead: Id) -> String {
        format!("{TOKEN}{lead}-{}", self.mac("lead", &lead.to_string()))
    }

    /// The lead whose conversation a Message-ID names, if we made it.
    #[must_use]
    pub fn lead_of(&self, message_id: &str) -> Option<Id> {
        let (_, token) = message_id.split_once(TOKEN)?;
        let (lead, rest) = token.split_at_checked(ID)?;
        let proof = rest.strip_prefix('-')?.get(..PROOF)?;
        let lead: Id = lead.parse().ok()?;
        bool::from(self.mac("lead", &lead.to_string()).as_bytes().ct_eq(proof.as_bytes())).then_some(lead)
    }

    /// A word that stands for what was erased, so that it is known when it comes again: it cannot be turned back
    /// without the key. Whoever has the key can try out what is guessed.
    #[must_use]
    pub fn stand_in(&self, erased: &str) -> String {
        self.mac("erased", erased)
    }

    fn proof(&self, seal: &Seal) -> String {
        self.mac(seal.own.as_str(), &seal.number)
    }

    /// HMAC-SHA256 of what is said for a purpose, cut to 128 bits (RFC 2104 §5).
    fn mac(&self, purpose: &str, said: &str) -> String {
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block.iter_mut().zip(&self.0).for_each(|(to, from)| *to = *from);
        let mac = Hmac::<Sha256>::new(&block).chain_update(purpose).chain_update(said);
        let digest = mac.finalize().into_bytes();
        let half = digest.first_chunk::<16>().copied().unwrap_or_default();
        format!("{:032x}", u128::from_be_bytes(half))
    }
}

/// What follows the beginning of a seal, wherever an item holds one.
fn words(item: &[u8]) -> impl Iterator<Item = &str> {
    let searched = item.get(..SEARCHED).unwrap_or(item);
    memmem::find_iter(searched, START).filter_map(|at| {
        let from = at + START.len();
        std::str::from_utf8(searched.get(from..from + 1 + NUMBER + PROOF)?).ok()
    })
}

/// A seal: what was sent, and which one of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// What was sent.
    pub own: Own,
    /// Its number, hexadecimal; never the same twice.
    pub number: String,
}

/// What Lotse sent to itself through a channel last, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    /// Its seal's number.
    pub number: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it came in; `None` while it is under way.
    pub arrived_at: Option<Timestamp>,
    /// Its ledger row.
    pub intake: Option<Id>,
    /// What would have become of it, for a test.
    pub foreseen: Option<Foreseen>,
    /// Why it is not on its way, for a canary: what the mail server said.
    #[serde(default)]
    pub error: Option<String>,
    /// Since when none has arrived, if others that did not were sent before this one.
    #[serde(default)]
    pub waiting_since: Option<Timestamp>,
    /// The last that arrived before this one.
    #[serde(default)]
    pub before: Option<Round>,
}

/// One that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it came in.
    pub arrived_at: Timestamp,
}

impl Round {
    /// How long it took.
    #[must_use]
    pub fn took(&self) -> SignedDuration {
        // A clock that was set meanwhile tells nothing.
        self.arrived_at.duration_since(self.sent_at).max(SignedDuration::ZERO)
    }
}

impl Trip {
    /// One that sets out now.
    #[must_use]
    pub fn begin(seal: &Seal, now: Timestamp) -> Self {
        Self {
            number: seal.number.clone(),
            sent_at: now,
            arrived_at: None,
            intake: None,
            foreseen: None,
            error: None,
            waiting_since: None,
            before: None,
        }
    }

    /// The last that arrived, this one or one before it.
    #[must_use]
    pub fn last(&self) -> Option<Round> {
        self.arrived_at.map(|arrived_at| Round { sent_at: self.sent_at, arrived_at }).or(self.before)
    }

    /// Since when one is waited for; `None` when the last one arrived.
    #[must_use]
    pub fn waits_since(&self) -> Option<Timestamp> {
        if self.arrived_at.is_some() { None } else { Some(self.waiting_since.unwrap_or(self.sent_at)) }
    }
}

/// What would become of an item; nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreseen {
    /// Its outcome.
    pub outcome: Outcome,
    /// Why, in words.
    pub reason: String,
    /// What the rules say of it, where it would be a lead's.
    pub verdict: Option<Verdict>,
    /// Who would get it.
    pub routing: Option<Routing>,
    /// The notifiers that would tell the owner.
    pub notifiers: Vec<Name>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_found_wherever_it_stands_and_none_but_ours_counts() {
        let (key, other) = (SealKey::fresh(), SealKey::fresh());
        for own in [Own::Test, Own::Canary] {
            let seal = key.seal(own);
            let word = key.word(&seal);
            let mail = format!("Subject: lotse-seal-\r\nX-Lotse-Seal: {word}\r\n\r\nHello");
            assert_eq!(key.find(mail.as_bytes()), Some(seal));
            assert_eq!(other.find(mail.as_bytes()), None, "another house's");
        }
        let word = key.word(&key.seal(Own::Test));
        for (what, forged) in [
            ("cut short", word[..word.len() - 1].to_owned()),
            ("another purpose", word.replacen("-t", "-c", 1)),
            ("another proof", format!("{}{}", &word[..word.len() - 1], if word.ends_with('0') { '1' } else { '0' })),
            ("no proof", format!("{START}t{}", "0".repeat(NUMBER + PROOF))),
            ("no text", format!("{START}t{}", "ü".repeat(NUMBER + PROOF))),
            ("too far behind", format!("{}{word}", " ".repeat(SEARCHED))),
        ] {
            assert_eq!(key.find(forged.as_bytes()), None, "{what}");
        }
        assert_ne!(key.word(&key.seal(Own::Test)), word, "no seal is made twice");
    }

    #[test]
    fn nobody_else_can_name_a_leads_conversation() {
        let (key, other) = (SealKey::fresh(), SealKey::fresh());
        let lead: Id = "01KAQ3V5Y8Z6N4T2R0P9M7K5H3".parse().unwrap();
        let token = key.token(lead);
        assert_eq!(key.lead_of(&format!("{token}@example.com")), Some(lead));
        assert_eq!(key.lead_of(&token), Some(lead));
        assert_eq!(other.lead_of(&token), None);
        let another = token.replace("H3-", "H4-");
        for forged in [another.as_str(), &token[..token.len() - 1], "lotse-lead-", "lotse-lead-ü", "x"] {
            assert_eq!(key.lead_of(forged), None, "{forged}");
        }
    }

    #[test]
    fn a_key_never_stands_in_a_log() {
        assert_eq!(format!("{:?}", SealKey::fresh()), "SealKey(…)");
    }
}
