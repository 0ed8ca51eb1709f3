//! What is counted twice is counted alike.

use super::Matched;
use crate::promise::{Promise, Violations};

pub(super) fn check(matched: &Matched<'_>, violations: &mut Violations) {
    let seen = matched.seen;
    let outcome = |outcome: &str| seen.rows.iter().filter(|row| row.outcome == outcome).count();
    let (created, touched) = (outcome("created"), outcome("touched"));
    let mut same = |what: &str, one: usize, other: usize| {
        if one != other {
            violations.add(Promise::SumsDisagree, format!("{what}: {one} and {other}"));
        }
    };
    same("leads and created rows", seen.leads.len(), created);
    let in_leads = seen.leads.values().map(|lead| lead.touches.len()).sum();
    same("touches, and created and touched rows", in_leads, created + touched);
    same("touches and touch counts", in_leads, seen.leads.values().map(|lead| lead.touch_count).sum());
    let all = ["created", "touched", "redelivered", "ignored", "quarantined"].map(outcome).iter().sum();
    same("rows and rows by outcome", seen.rows.len(), all);
    let issued = matched.entries.len();
    same("inputs and rows that are not redelivered", issued, all - outcome("redelivered"));
    for owner in &seen.owners {
        let open = |lead: &&crate::seen::Lead| {
            lead.owner.as_ref() == Some(&owner.id) && !matches!(lead.stage.as_str(), "converted" | "lost")
        };
        same(&format!("open leads of {}", owner.id), owner.open, seen.leads.values().filter(open).count());
    }
    for state in ["pending", "dead"] {
        let listed = seen.notices.iter().filter(|notice| notice.state == state).count();
        let counted = usize::try_from(seen.status["outbox"][state].as_u64().unwrap_or(0)).unwrap();
        same(&format!("{state} notices"), listed, counted);
    }
    for difference in &seen.differences {
        violations.add(Promise::StoreDisagrees, difference.to_string());
    }
}
