//! What the mail server that took a mail found out about its sender (RFC 8601).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::normalize::company::registrable;

/// What the receiving server found. A check that it does not name was not made, which is no failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// The server, as it names itself.
    pub by: Option<String>,
    /// A signature of the mail (RFC 6376); of several the one that speaks most for the sender.
    pub dkim: Option<Check>,
    /// Whether the sending host may send for the envelope's sender (RFC 7208).
    pub spf: Option<Check>,
    /// Whether one of both holds for the domain in `From`, as that domain asks (RFC 7489).
    pub dmarc: Option<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How it ended.
    pub result: Checked,
    /// The domain that was checked, where the server tells it.
    pub domain: Option<String>,
}

/// How a check ended, in the words of RFC 8601 § 2.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checked {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// The domain says that it probably does not.
    SoftFail,
    /// Nothing follows.
    Neutral,
    /// There was nothing to check.
    None,
    /// It holds, and the server does not accept it.
    Policy,
    /// It could not be checked then.
    TempError,
    /// It cannot be checked.
    PermError,
}

impl Checked {
    /// All values.
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Fail,
        Self::SoftFail,
        Self::Neutral,
        Self::None,
        Self::Policy,
        Self::TempError,
        Self::PermError,
    ];

    /// The word used in headers and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::Policy => "policy",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl Authentication {
    /// Whether the checks speak against a mail with this domain in `From`: DMARC failed; or, where
    /// it decided nothing, SPF and DKIM did. An unsigned mail from a host that the domain rules out
    /// counts as such; what was checked for another domain says nothing.
    #[must_use]
    pub fn denies(&self, domain: &str) -> bool {
        let own = registrable(domain);
        let of = |check: &Option<Check>| {
            let check = check.as_ref()?;
            let other = check.domain.as_deref().is_some_and(|checked| registrable(checked) != own);
            Some(if other { Checked::None } else { check.result })
        };
        match self.dmarc.as_ref().map(|check| check.result) {
            Some(Checked::Fail) => true,
            Some(Checked::Pass) => false,
            _ => matches!(
                (of(&self.spf), of(&self.dkim)),
                (Some(Checked::Fail | Checked::SoftFail), Some(Checked::Fail))
                    | (Some(Checked::Fail), Some(Checked::None))
            ),
        }
    }
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (name, check) in [("DKIM", &self.dkim), ("SPF", &self.spf), ("DMARC", &self.dmarc)] {
            let Some(check) = check else { continue };
            write!(f, "{before}{name} {}", check.result.as_str())?;
            if let Some(domain) = &check.domain {
                write!(f, " ({domain})")?;
            }
            before = ", ";
        }
        match &self.by {
            Some(by) => write!(f, ", as {by} found"),
            None => f.write_str(", as the mail server found"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_failed_for_the_domain_itself_speaks_against_it() {
        use Checked::{Fail, None as Nothing, Pass, SoftFail};
        let check = |result, domain: &str| {
            let domain = (!domain.is_empty()).then(|| domain.to_owned());
            Some(Check { result, domain })
        };
        let ours = "mail.example.com";
        for (spf, dkim, dmarc, denied) in [
            (check(Pass, ours), check(Pass, ours), check(Fail, ""), true),
            (check(Fail, ours), check(Fail, ours), check(Pass, ""), false),
            (check(Fail, ours), check(Fail, ""), None, true),
            (check(SoftFail, ours), check(Fail, ours), check(Nothing, ""), true),
            (check(Fail, ours), check(Nothing, ""), None, true),
            (check(Fail, ours), check(Pass, "evil.example"), None, true),
            (check(Fail, ours), check(Pass, "example.com"), None, false),
            (check(SoftFail, ours), check(Nothing, ""), None, false),
            (check(Fail, ours), None, None, false),
            (None, check(Fail, ours), None, false),
            (check(Fail, "list.example"), check(Fail, ours), None, false),
            (None, None, None, false),
        ] {
            let found = Authentication { by: None, dkim, spf, dmarc };
            assert_eq!(found.denies("example.com"), denied, "{found}");
        }
    }
}
