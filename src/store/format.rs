//! The version of what the bytes mean, and the way from each version to the next.
//!
//! An older store is brought up when it is opened, step by step. Each step is one unit of work
//! that also writes the version it leads to: whoever is stopped between two steps goes on with the
//! next one at the next start. A newer store is refused.

use jiff::Timestamp;

use super::backend::{Order, Table};
use super::records::Records;
use super::unit::{Unit, match_keys};
use super::{Error, GO_ON, Store, codec, keys};
use crate::lead::{Id, Kind, Lead, Thread, Touch};

/// Leads from one version to the next.
pub(super) type Step = fn(&mut Unit<'_>) -> Result<(), Error>;

/// All steps; the first one leads from version 1 to 2.
pub(super) const STEPS: [Step; 5] = [
    notices_name_their_decision,
    leads_without_owner_are_listed,
    mails_are_found_by_their_names,
    leads_are_found_by_their_company,
    nobody_was_erased,
];

/// The version of what the bytes mean; a store with a newer one is refused.
#[expect(clippy::cast_possible_truncation, reason = "there are never so many steps")]
pub const FORMAT: u32 = 1 + STEPS.len() as u32;

/// Brings a store to the version that these steps lead to; a new store has it at once.
pub(super) fn bring_up(store: &Store, steps: &[Step]) -> Result<(), Error> {
    let newest = u32::try_from(steps.len() + 1).unwrap_or(u32::MAX);
    let Some(mut format) = store.view(|view| view.format())? else {
        return store.unit(Timestamp::now(), |unit| unit.set_format(newest));
    };
    while format < newest {
        let step = usize::try_from(format).ok().and_then(|format| steps.get(format.checked_sub(1)?));
        let step = step.ok_or_else(|| Error::Record { table: Table::Meta.name(), why: format!("format {format}") })?;
        store.unit(Timestamp::now(), |unit| {
            step(unit)?;
            unit.set_format(format + 1)
        })?;
        tracing::info!(from = format, to = format + 1, "the store was brought to a newer format");
        format += 1;
    }
    if format > newest { Err(Error::Newer { found: format }) } else { Ok(()) }
}

/// Until version 1 a notice was written from the newest decision at the time of sending.
fn notices_name_their_decision(unit: &mut Unit<'_>) -> Result<(), Error> {
    let mut ids: Vec<Id> = Vec::new();
    let mut end = Vec::new();
    unit.tables().scan(Table::Notices, keys::starting_with(&[], &mut end), Order::Forward, &mut |key, _| {
        ids.extend(keys::last_id(key));
        GO_ON
    })?;
    for id in ids {
        let Some(mut notice) = unit.notice(id)? else { continue };
        notice.decision = notice.lead.map(|lead| unit.decision_before(lead, id)).transpose()?.flatten();
        unit.put_notice(&notice)?;
    }
    Ok(())
}

/// Until version 2 nothing listed the leads that wait without an owner.
fn leads_without_owner_are_listed(unit: &mut Unit<'_>) -> Result<(), Error> {
    let (mut unowned, mut end): (Vec<Lead>, _) = (Vec::new(), Vec::new());
    unit.tables().scan(Table::Leads, keys::starting_with(&[], &mut end), Order::Forward, &mut |_, value| {
        unowned.extend(Some(codec::decode::<Lead>(Table::Leads, value)?).filter(Lead::is_unowned));
        GO_ON
    })?;
    unowned.iter().try_for_each(|lead| unit.list_if_unowned(lead))
}

/// Until version 3 nothing said which mails belong to a lead; of older ones the header says it.
fn mails_are_found_by_their_names(unit: &mut Unit<'_>) -> Result<(), Error> {
    let (mut mails, mut end): (Vec<(Id, Thread)>, _) = (Vec::new(), Vec::new());
    unit.tables().scan(Table::Touches, keys::starting_with(&[], &mut end), Order::Forward, &mut |_, value| {
        let touch: Touch = codec::decode(Table::Touches, value)?;
        let name = touch.content.headers.get("message-id").map(|id| id.trim().trim_matches(['<', '>']).to_owned());
        let ids: Vec<String> =
            name.into_iter().filter(|name| !name.is_empty() && name.len() <= Thread::LONGEST).collect();
        if touch.kind == Kind::Mail && !ids.is_empty() {
            mails.push((touch.id, Thread { ids, ..Thread::default() }));
        }
        GO_ON
    })?;
    mails.iter().try_for_each(|(id, thread)| unit.add_to_thread(*id, thread))
}

/// Until version 4 nothing said which open leads are of one company.
fn leads_are_found_by_their_company(unit: &mut Unit<'_>) -> Result<(), Error> {
    let (mut found, mut end): (Vec<(Id, Vec<String>)>, _) = (Vec::new(), Vec::new());
    unit.tables().scan(Table::Leads, keys::starting_with(&[], &mut end), Order::Forward, &mut |_, value| {
        let lead: Lead = codec::decode(Table::Leads, value)?;
        let keys: Vec<String> = match_keys(&lead).into_iter().filter(|key| key.starts_with("company:")).collect();
        if !keys.is_empty() {
            found.push((lead.id, keys));
        }
        GO_ON
    })?;
    found.iter().try_for_each(|(lead, keys)| unit.add_keys(*lead, keys))
}

/// Until version 5 nobody could be erased, so there is nothing to bring up. The number alone counts: an older
/// version does not know the stand-ins of erased items, and would take them for new.
#[expect(clippy::unnecessary_wraps, reason = "a step like the others")]
fn nobody_was_erased(_: &mut Unit<'_>) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lead::{NoticeState, Outcome};
    use crate::store::disk::{Disk, Folder, Trouble};
    use crate::store::{IntakeFilter, LeadFilter, NoticeFilter};

    /// A store as lotse 0.1 wrote it before there was a version 2: seven rows of two files, one of
    /// them released, with leads given to others and notices delivered and waiting.
    const FIRST: &[u8] = include_bytes!("../../tests/fixtures/store/format-1.redb.zst");

    fn first() -> Disk {
        Disk::holding(zstd::decode_all(FIRST).unwrap())
    }

    fn format(store: &Store) -> u32 {
        store.view(|view| view.format()).unwrap().unwrap()
    }

    #[test]
    fn a_store_of_format_1_opens_is_brought_up_and_nothing_is_lost() {
        let store = Store::on(first()).unwrap();
        assert_eq!(format(&store), FORMAT);
        assert_eq!(store.audit().unwrap(), []);
        let leads = store.leads(&LeadFilter::default(), None, 100).unwrap().items;
        assert_eq!(leads.len(), 6);
        let of = |outcome| {
            let filter = IntakeFilter { outcome: Some(outcome), channel: None };
            store.intakes(&filter, None, 100).unwrap().items.len()
        };
        assert_eq!(Outcome::ALL.map(of), [6, 4, 1, 0, 0]);
        let notices = store.notices(&NoticeFilter::default(), None, 100).unwrap().items;
        let delivered = notices.iter().filter(|notice| notice.state == NoticeState::Delivered).count();
        assert_eq!((notices.len(), delivered), (10, 3));
        for notice in notices {
            let decision =
                store.view(|view| view.decision(notice.lead.unwrap(), notice.decision.unwrap())).unwrap().unwrap();
            assert_eq!(decision.routing.owner, notice.owner, "{}", notice.id);
        }
    }

    #[test]
    fn a_store_that_is_brought_up_while_the_power_goes_is_brought_up_by_the_next_start() {
        let bytes = first().written();
        let whole = Folder::holding(bytes.clone());
        whole.disk().trouble(Trouble::None);
        drop(Store::within(&whole).unwrap());
        for operation in 1..=whole.disk().operations() {
            let folder = Folder::holding(bytes.clone());
            folder.disk().trouble(Trouble::From(operation));
            drop(Store::within(&folder));
            let store = Store::within(&Folder::holding(folder.disk().written())).unwrap();
            assert_eq!((format(&store), store.audit().unwrap().len()), (FORMAT, 0), "operation {operation}");
            let notices = store.notices(&NoticeFilter::default(), None, 100).unwrap().items;
            assert!(notices.iter().all(|notice| notice.decision.is_some()), "operation {operation}");
        }
    }

    #[test]
    fn a_store_of_format_2_lists_its_leads_without_owner_after_it_is_opened() {
        let disk = first();
        let store = Store::on(disk.clone()).unwrap();
        let mut leads = store.leads(&LeadFilter::default(), None, 100).unwrap().items;
        let taken = store.unit(Timestamp::now(), |unit| {
            for lead in &mut leads[..2] {
                lead.owner = None;
                unit.put_lead(lead)?;
            }
            unit.set_format(2)
        });
        taken.unwrap();
        let waiting = store.view(|view| view.unowned(Id::MIN, 9)).unwrap();
        let forget = |id: &Id| store.backend.write(&mut |tables| tables.remove(Table::Unowned, &id.to_bytes()));
        waiting.iter().try_for_each(forget).unwrap();
        drop(store);
        let store = Store::on(Disk::holding(disk.written())).unwrap();
        assert_eq!((format(&store), waiting.len()), (FORMAT, 2));
        assert_eq!(store.view(|view| view.unowned(Id::MIN, 9)).unwrap(), waiting);
        assert_eq!(store.audit().unwrap(), []);
    }

    #[test]
    fn a_store_of_format_3_knows_its_mails_after_it_is_opened() {
        let disk = first();
        let store = Store::on(disk.clone()).unwrap();
        let lead = store.leads(&LeadFilter::default(), None, 1).unwrap().items.remove(0);
        let mut touch = store.view(|view| view.touches(lead.id)).unwrap().remove(0);
        touch.kind = Kind::Mail;
        touch.content.headers.insert("message-id".into(), "<1@firma.example>".into());
        let older = store.unit(Timestamp::now(), |unit| {
            unit.add_touch(&touch)?;
            unit.set_format(3)
        });
        older.unwrap();
        assert!(store.view(|view| view.mails_with("message:1@firma.example", 9)).unwrap().is_empty());
        drop(store);
        let store = Store::on(Disk::holding(disk.written())).unwrap();
        assert_eq!(format(&store), FORMAT);
        assert_eq!(store.view(|view| view.mails_with("message:1@firma.example", 9)).unwrap(), [touch.id]);
        assert_eq!(store.view(|view| view.lead_of(touch.id)).unwrap(), Some(lead));
        assert_eq!(store.audit().unwrap(), []);
    }

    fn note(unit: &mut Unit<'_>, text: &str) -> Result<(), Error> {
        unit.add_event(Id::MIN, "a step", "note", text.into())
    }

    #[test]
    fn each_step_is_done_once_and_a_start_that_was_stopped_between_two_goes_on_with_the_next() {
        let one: Step = |unit| note(unit, "one");
        let two: Step = |unit| note(unit, "two");
        let stopped: Step = |unit| {
            note(unit, "stopped")?;
            Err(Error::Broken("on purpose".into()))
        };
        let store = Store::on(Disk::default()).unwrap();
        store.unit(Timestamp::now(), |unit| unit.set_format(1)).unwrap();
        assert!(bring_up(&store, &[one, stopped]).is_err());
        assert_eq!(format(&store), 2);
        bring_up(&store, &[one, two]).unwrap();
        bring_up(&store, &[one, two]).unwrap();
        let done: Vec<String> =
            store.view(|view| view.timeline(Id::MIN)).unwrap().into_iter().map(|entry| entry.text).collect();
        assert_eq!((format(&store), done), (3, vec!["one".to_owned(), "two".to_owned()]));
        assert!(matches!(bring_up(&store, &[one]), Err(Error::Newer { found: 3 })));
    }
}
