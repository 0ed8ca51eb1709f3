//! Every owner was told of every touch of their leads, and nobody else was.

use std::collections::{HashMap, HashSet};

use super::Matched;
use crate::house::BY_MAIL;
use crate::promise::{Promise, Violations};
use crate::seen::{Lead, Notice};

pub(super) fn check(matched: &Matched<'_>, violations: &mut Violations) {
    let seen = matched.seen;
    let mailed: HashSet<(&str, &str)> = seen.mails.iter().map(|(lead, to)| (lead.as_str(), to.as_str())).collect();
    let mut told: HashMap<&str, Vec<&Notice>> = HashMap::new();
    for notice in &seen.notices {
        let Some(lead) = seen.leads.get(&notice.lead) else {
            violations
                .add(Promise::Unissued, format!("notice {} is about {}, which is no lead", notice.id, notice.lead));
            continue;
        };
        told.entry(&lead.id).or_default().push(notice);
        receiver(matched, lead, notice, violations);
        let arrived = match notice.notifier.as_str() {
            file if file.starts_with("file-") => {
                seen.letters.get(&notice.id).is_some_and(|letter| letter.lead.id == lead.id)
            }
            _ => mailed.contains(&(lead.id.as_str(), address(notice).as_str())),
        };
        if notice.state != "delivered" || !arrived {
            let came = if arrived { "came" } else { "never came" };
            violations.add(
                Promise::NoticeMissing,
                format!(
                    "notice {} about {} is {} and {came} through {}",
                    notice.id, lead.id, notice.state, notice.notifier
                ),
            );
        }
    }
    for lead in seen.leads.values() {
        complete(lead, told.get(lead.id.as_str()).map_or(&[], Vec::as_slice), !seen.mails.is_empty(), violations);
    }
    strangers(matched, violations);
}

fn address(notice: &Notice) -> String {
    format!("{}@team.example", notice.owner.as_deref().unwrap_or_default())
}

fn receiver(matched: &Matched<'_>, lead: &Lead, notice: &Notice, violations: &mut Violations) {
    if lead.disposition == "disqualified" {
        let found = format!("notice {} is about the disqualified lead {}", notice.id, lead.id);
        return violations.add(Promise::DisqualifiedWorked, found);
    }
    let letter = matched.seen.letters.get(&notice.id).map(|letter| letter.owner.id.as_str());
    let owner = lead.owner.as_deref();
    if notice.owner.as_deref() != owner || letter.is_some_and(|told| Some(told) != owner) {
        violations.add(
            Promise::NoticeToAnother,
            format!("lead {} is {owner:?}'s; notice {} went to {:?} ({letter:?})", lead.id, notice.id, notice.owner),
        );
    }
}

/// One notice for each touch and each way its owner is told.
fn complete(lead: &Lead, told: &[&Notice], by_mail: bool, violations: &mut Violations) {
    let Some(owner) = &lead.owner else { return };
    let file = format!("file-{owner}");
    let ways: &[&str] = if by_mail && owner == BY_MAIL { &[&file, "mail"] } else { &[&file] };
    for touch in &lead.touches {
        for way in ways {
            let fits = |notice: &&&Notice| notice.touch.as_ref() == Some(&touch.intake) && notice.notifier == *way;
            match told.iter().filter(fits).count() {
                1 => {}
                0 => violations.add(
                    Promise::NoticeMissing,
                    format!("nobody was told through {way} of {} on lead {}", touch.intake, lead.id),
                ),
                more => violations.add(
                    Promise::SumsDisagree,
                    format!("{more} notices through {way} for {} on lead {}", touch.intake, lead.id),
                ),
            }
        }
    }
}

/// What was sent without a notice in the outbox.
fn strangers(matched: &Matched<'_>, violations: &mut Violations) {
    let known: HashSet<&str> = matched.seen.notices.iter().map(|notice| notice.id.as_str()).collect();
    for (id, letter) in &matched.seen.letters {
        if !known.contains(id.as_str()) {
            violations.add(
                Promise::Unissued,
                format!("a file tells of lead {}, and there is no notice {id}", letter.lead.id),
            );
        }
    }
}
