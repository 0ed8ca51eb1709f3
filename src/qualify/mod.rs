//! Stage 4, qualify: what the rules say about a lead.

use jiff::Timestamp;

use crate::lead::{Disposition, Lead, Touch, Verdict};

/// The rules in force.
#[derive(Clone, Debug, Default)]
pub struct Rules;

impl Rules {
    /// Short hash.
    #[must_use]
    pub fn version(&self) -> &str {
        ""
    }
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// Asks all rules.
    #[must_use]
    pub fn judge(&self, _: &Lead, _: &Touch, _: Timestamp) -> Verdict {
        Verdict {
            hits: vec![],
            score: 0,
            tags: vec![],
            disposition: Disposition::Unqualified,
            reason: None,
            team: None,
            qualify_at: 30,
            rules_version: String::new(),
            problems: vec![],
        }
    }
}
