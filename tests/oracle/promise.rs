//! The promises by name, and what a broken one looks like.

use std::collections::BTreeMap;
use std::fmt;

/// What Lotse promises; named for what happens when it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// An acknowledged input has no outcome.
    LostInput,
    /// An input has more than one outcome that is not `redelivered`.
    DoubleOutcome,
    /// An input has an outcome of another kind than it has to.
    WrongOutcome,
    /// One person has two leads.
    DoubleLead,
    /// A receipt names the row of another input.
    WrongReceipt,
    /// A `redelivered` row does not lead to what it repeats.
    RepeatAstray,
    /// A lead that has to have an owner has none.
    Unowned,
    /// A lead went to another team than its rule says.
    Misrouted,
    /// The lead and its newest decision name different owners.
    TwoOwners,
    /// A disqualified lead has an owner, a notice or another verdict.
    DisqualifiedWorked,
    /// The owner was not told, or is not known to have been.
    NoticeMissing,
    /// Somebody was told who is not the owner.
    NoticeToAnother,
    /// The owners are not those of a smooth weighted round robin over the leads.
    RotationInexact,
    /// Something a person typed is not what stands in the lead or touch.
    PayloadChanged,
    /// There is something that nobody sent.
    Unissued,
    /// Two counts of the same things differ.
    SumsDisagree,
    /// The store's derived tables do not hold what follows from the others.
    StoreDisagrees,
    /// A fresh input did not come through in time.
    Stuck,
}

/// A broken promise.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) promise: Promise,
    /// What was found, with the number of the input.
    pub(crate) found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.promise, self.found)
    }
}

/// Broken promises as they are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Violations(pub(crate) Vec<Violation>);

impl Violations {
    pub(crate) fn add(&mut self, promise: Promise, found: impl Into<String>) {
        self.0.push(Violation { promise, found: found.into() });
    }

    /// Whether this promise is among them.
    #[cfg(feature = "seeded-mistakes")]
    pub(crate) fn name(&self, promise: Promise) -> bool {
        self.0.iter().any(|violation| violation.promise == promise)
    }

    /// How often each is broken, and some examples.
    pub(crate) fn report(&self) -> String {
        let mut by_promise: BTreeMap<Promise, Vec<&Violation>> = BTreeMap::new();
        for violation in &self.0 {
            by_promise.entry(violation.promise).or_default().push(violation);
        }
        let mut text = String::new();
        for (promise, all) in by_promise {
            text += &format!("{promise:?}, {} times:\n", all.len());
            for violation in all.iter().take(5) {
                text += &format!("  {}\n", violation.found);
            }
        }
        text
    }
}
