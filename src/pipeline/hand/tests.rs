//! Nobody gets a lead while away, and no lead is without an owner or a deadline: told on a store in
//! memory, by a clock of its own.

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::tests::{content, item, name, notices, policy_by, policy_of, store};
use super::*;
use crate::lead::{Email, Fate, Outcome, Reading, Stage};
use crate::store::{LeadFilter, Store};

mod fairness;

const OUT: &str = "[notify.out]\nkind = \"file\"\npath = \"out\"\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn settled(settings: &str) -> Policy {
    policy_of(&format!("{OUT}{settings}"))
}

/// A world with a clock.
struct World {
    store: Store,
    policy: Policy,
    now: Timestamp,
    number: usize,
}

impl World {
    fn new(settings: &str, now: &str) -> Self {
        Self { store: store(), policy: settled(settings), now: at(now), number: 0 }
    }

    /// Somebody writes; the lead that it makes.
    fn comes(&mut self, email: &str) -> Lead {
        self.comes_with(email, |_| {})
    }

    fn comes_with(&mut self, email: &str, change: impl FnOnce(&mut crate::lead::Content)) -> Lead {
        self.number += 1;
        let mut content = content(email);
        change(&mut content);
        let item = item(&self.number.to_string(), Reading::Lead(Box::new(content)));
        let receipt = self.store.unit(self.now, |unit| self.policy.take(&item, unit)).unwrap();
        assert!(matches!(receipt.outcome, Outcome::Created | Outcome::Touched));
        self.lead(receipt.lead.unwrap())
    }

    /// Another person of another company.
    fn stranger(&mut self) -> Lead {
        let number = self.number;
        self.comes(&format!("p@firma{number}.example"))
    }

    fn lead(&self, id: Id) -> Lead {
        self.store.view(|view| view.lead(id)).unwrap().unwrap()
    }

    fn decision(&self, id: Id) -> Decision {
        self.store.view(|view| view.last_decision(id)).unwrap().unwrap()
    }

    /// What the steward does at a moment.
    fn tend(&mut self, now: Timestamp) {
        self.now = now;
        let done =
            self.store.view(|view| Ok((self.policy.would_give(now, view)?, view.leads_due(now, 1000)?))).unwrap();
        let (somebody, due) = done;
        if somebody || !due.is_empty() {
            let tended = self.store.unit(now, |unit| {
                self.policy.give_waiting(Id::MIN, 1000, unit)?;
                for id in unit.leads_due(now, 1000)? {
                    self.policy.look_after(id, unit)?;
                }
                Ok(())
            });
            tended.unwrap();
        }
    }

    fn change(&self, id: Id, change: impl Fn(&mut Lead)) {
        let changed = self.store.unit(self.now, |unit| {
            let mut lead = unit.lead(id)?.unwrap();
            change(&mut lead);
            unit.put_lead(&lead)
        });
        changed.unwrap();
    }

    fn sound(&self) {
        assert_eq!(self.store.audit().unwrap(), []);
        for lead in self.store.leads(&LeadFilter::default(), None, usize::MAX).unwrap().items {
            assert!(lead.owner.is_some() || lead.held_until.is_some(), "{} is in limbo", lead.id);
        }
    }
}

fn owner(lead: &Lead) -> &str {
    lead.owner.as_ref().map_or("nobody", Name::as_str)
}

const OFFICE: &str = "[owners.anna]\nhours = \"Mo-Fr 09:00-17:00\"\n[owners.jonas]\nhours = \"Mo-Fr 09:00-17:00\"\n\
     [owners.lea]\n[teams.sales]\nmembers = [\"anna\", \"jonas\"]\nfallback = \"lea\"\nhold = \"24h\"\n";

#[test]
fn complaint_a_terminated_user_is_still_in_the_rotation() {
    let mut world =
        World::new(&OFFICE.replace("[owners.jonas]", "[owners.jonas]\nactive = false"), "2026-11-24T10:00:00Z");
    assert!((0..4).all(|_| owner(&world.stranger()) == "anna"));
    let mut world = World::new(OFFICE, "2026-11-24T10:00:00Z");
    let left = world.store.unit(world.now, |unit| {
        let mut absences = std::sync::Arc::unwrap_or_clone(unit.absences()?);
        absences.of.entry(name("anna")).or_default().left = true;
        unit.put_absences(absences)
    });
    left.unwrap();
    for _ in 0..4 {
        let lead = world.stranger();
        assert_eq!(owner(&lead), "jonas");
        let candidates = world.decision(lead.id).routing.candidates;
        assert_eq!((candidates[0].fate, candidates[0].reason.starts_with("has left")), (Fate::Skipped, true));
    }
    world.sound();
}

#[test]
fn complaint_everyone_is_away_and_the_lead_is_in_limbo() {
    let mut world = World::new(&OFFICE.replace("24h", "2h"), "2026-11-24T20:00:00Z");
    let lead = world.stranger();
    assert_eq!((owner(&lead), lead.held_until), ("nobody", Some(at("2026-11-24T22:00:00Z"))));
    let routing = world.decision(lead.id).routing;
    assert!(
        routing.reason.contains("held until 2026-11-24 23:00:00 CET at most, then lea gets it"),
        "{}",
        routing.reason
    );
    assert!(routing.candidates.iter().all(|candidate| candidate.reason == "outside of their hours"));
    assert_eq!(notices(&world.store), []);
    world.tend(at("2026-11-24T21:59:59Z"));
    assert_eq!(owner(&world.lead(lead.id)), "nobody");
    world.tend(at("2026-11-24T22:00:00Z"));
    let lead = world.lead(lead.id);
    assert_eq!((owner(&lead), lead.held_until), ("lea", None));
    let reason = world.decision(lead.id).routing.candidates.pop().unwrap().reason;
    assert!(reason.starts_with("is the fallback"), "{reason}");
    world.sound();
}

#[test]
fn complaint_the_backlog_is_not_picked_up_on_return() {
    let mut world = World::new(OFFICE, "2026-11-24T20:00:00Z");
    let waiting: Vec<Id> = (0..5).map(|_| world.stranger().id).collect();
    world.tend(at("2026-11-25T07:59:00Z"));
    assert!(waiting.iter().all(|id| world.lead(*id).owner.is_none()));
    world.tend(at("2026-11-25T08:00:00Z"));
    let owners: Vec<String> = waiting.iter().map(|id| owner(&world.lead(*id)).to_owned()).collect();
    assert_eq!(owners, ["anna", "jonas", "anna", "jonas", "anna"], "oldest first, in turn");
    world.sound();
}

#[test]
fn without_a_fallback_a_lead_is_held_on_and_never_without_a_deadline() {
    let mut world = World::new(&OFFICE.replace("fallback = \"lea\"\n", ""), "2026-11-27T17:00:00Z");
    let lead = world.stranger().id;
    world.tend(at("2026-11-28T17:00:00Z"));
    assert_eq!(world.lead(lead).held_until, Some(at("2026-11-29T17:00:00Z")));
    world.tend(at("2026-11-30T08:00:00Z"));
    assert_eq!(owner(&world.lead(lead)), "anna");
    world.sound();
}

#[test]
fn one_more_message_does_not_make_a_lead_wait_any_longer() {
    let mut world = World::new(&OFFICE.replace("24h", "4h"), "2026-11-24T17:00:00Z");
    let lead = world.comes("max@firma.example");
    let until = Some(at("2026-11-24T21:00:00Z"));
    assert_eq!((lead.held_until, lead.held_since()), (until, Some(world.now)));
    for hour in ["2026-11-24T20:00:00Z", "2026-11-24T20:59:00Z"] {
        world.now = at(hour);
        let again = world.comes("max@firma.example");
        assert_eq!((again.id, again.held_until), (lead.id, until), "{hour}");
        assert_eq!(world.decision(lead.id).routing.held_until, until);
    }
    world.tend(at("2026-11-24T21:00:00Z"));
    let given = world.lead(lead.id);
    assert_eq!((owner(&given), given.held_since()), ("lea", None));
    world.sound();
}

#[test]
fn a_shorter_hold_shortens_what_is_held_and_a_longer_one_does_not_lengthen_it() {
    let mut world = World::new(OFFICE, "2026-11-24T17:00:00Z");
    let leads = [world.stranger().id, world.stranger().id];
    // One was held by a version that did not write down since when.
    world.change(leads[1], |lead| lead.handling = None);
    world.now = at("2026-11-24T18:30:00Z");
    let moved = |world: &mut World, hold: &str| {
        world.policy = settled(&OFFICE.replace("24h", hold));
        let step = world.store.unit(world.now, |unit| world.policy.shorten_holds(Id::MIN, 1000, unit)).unwrap();
        (step.given, leads.map(|id| world.lead(id).held_until.unwrap().to_string()))
    };
    let day = || ["2026-11-25T17:00:00Z"; 2].map(str::to_owned);
    assert_eq!(moved(&mut world, "48h"), (0, day()));
    assert_eq!(moved(&mut world, "2h"), (2, ["2026-11-24T19:00:00Z"; 2].map(str::to_owned)));
    assert_eq!(moved(&mut world, "2h").0, 0);
    world.tend(at("2026-11-24T18:59:59Z"));
    assert!(leads.iter().all(|id| world.lead(*id).owner.is_none()));
    // It would have been given away already: at once, then.
    assert_eq!(moved(&mut world, "1h"), (2, ["2026-11-24T18:00:00Z"; 2].map(str::to_owned)));
    world.tend(at("2026-11-24T18:59:59Z"));
    assert!(leads.iter().all(|id| owner(&world.lead(*id)) == "lea"));
    world.sound();
}

#[test]
fn a_team_that_says_so_gets_leads_outside_of_hours_and_its_clocks_run_in_hours() {
    let settings = OFFICE.replace("hold = \"24h\"", "outside_hours = true\naccept_within = \"1h\"");
    let mut world = World::new(&settings, "2026-11-24T20:00:00Z");
    let lead = world.stranger();
    let handling = lead.handling.clone().unwrap();
    assert_eq!((owner(&lead), handling.accept_by), ("anna", Some(at("2026-11-25T09:00:00Z"))));
    assert_eq!(handling.remind_at, Some(at("2026-11-25T08:45:00Z")));
    world.sound();
}

#[test]
fn caps_a_day_and_of_open_leads_are_kept_and_end_at_midnight_or_with_a_lead() {
    let settings = "[owners.anna]\nmax_per_day = 2\n[owners.jonas]\nmax_open = 1\n[owners.lea]\n\
         [teams.sales]\nmembers = [\"anna\", \"jonas\"]\nfallback = \"lea\"\n";
    let mut world = World::new(settings, "2026-11-24T20:00:00Z");
    let leads: Vec<Lead> = (0..4).map(|_| world.stranger()).collect();
    assert_eq!(leads.iter().map(owner).collect::<Vec<_>>(), ["anna", "jonas", "anna", "nobody"]);
    let reasons = world.decision(leads[3].id).routing.candidates;
    assert_eq!(reasons[0].reason, "got 2 today, the most they may get");
    assert_eq!(reasons[1].reason, "has 1 open, the most they may have");
    world.change(leads[1].id, |lead| lead.stage = Stage::Converted);
    world.tend(at("2026-11-24T20:01:00Z"));
    assert_eq!(owner(&world.lead(leads[3].id)), "jonas", "as soon as there is room");
    let next = world.stranger().id;
    world.tend(at("2026-11-24T22:59:00Z"));
    assert_eq!(owner(&world.lead(next)), "nobody");
    world.tend(at("2026-11-24T23:00:00Z"));
    assert_eq!(owner(&world.lead(next)), "anna", "midnight by the clock of Berlin");
    world.sound();
}

#[test]
fn a_stand_in_gets_the_leads_of_whoever_is_away() {
    let settings = "[owners.anna]\naway = [{ from = \"2026-12-24\", until = \"2027-01-02\" }]\nstand_in = \"mia\"\n\
         [owners.jonas]\n[owners.mia]\n[teams.sales]\nmembers = [\"anna\", \"jonas\"]\n";
    let mut world = World::new(settings, "2026-12-28T12:00:00Z");
    let owners: Vec<String> = (0..4).map(|_| owner(&world.stranger()).to_owned()).collect();
    assert_eq!(owners, ["mia", "jonas", "mia", "jonas"]);
    world.now = at("2027-01-02T23:00:00Z");
    assert_eq!(owner(&world.stranger()), "anna", "her turns go on where they stood");
    world.sound();
}

#[test]
fn the_same_company_goes_to_who_works_its_newest_open_lead_unless_that_is_off() {
    let settings = "[owners.anna]\n[owners.jonas]\n[teams.sales]\nmembers = [\"anna\", \"jonas\"]\n";
    let mut world = World::new(settings, "2026-11-24T10:00:00Z");
    let first = world.comes("a@firma.example");
    let owners: Vec<String> =
        ["b@firma.example", "c@firma.example", "x@other.example"].map(|who| owner(&world.comes(who)).to_owned()).into();
    assert_eq!((owner(&first), &owners[..]), ("anna", &["anna".to_owned(), "anna".into(), "jonas".into()][..]));
    let lead = world.comes("d@firma.example");
    let routing = world.decision(lead.id).routing;
    assert!(routing.reason.contains("anna works the newest open lead of the same company"), "{}", routing.reason);
    assert_eq!((routing.candidates.len(), routing.turn()), (1, None));
    // A mail provider is no company, and neither is one with closed leads only.
    let free: Vec<String> = (0..2)
        .map(|n| {
            let lead = world.comes_with(&format!("p{n}@gmail.com"), |content| content.person.domain = None);
            owner(&lead).to_owned()
        })
        .collect();
    assert_eq!(free, ["anna", "jonas"]);
    for lead in world.store.leads(&LeadFilter::default(), None, 99).unwrap().items {
        world.change(lead.id, |lead| lead.stage = Stage::Converted);
    }
    let next = [world.comes("e@firma.example"), world.comes("e@new.example")];
    assert_eq!(next.iter().map(owner).collect::<Vec<_>>(), ["anna", "jonas"]);
    world.sound();
    let mut world = World::new(&format!("{settings}same_company = false\n"), "2026-11-24T10:00:00Z");
    let owners = ["a", "b", "c"].map(|who| owner(&world.comes(&format!("{who}@firma.example"))).to_owned());
    assert_eq!(owners, ["anna", "jonas", "anna"]);
}

#[test]
fn what_an_owner_forwards_is_theirs_and_who_comes_back_keeps_their_owner() {
    let settings = "[owners.anna]\nemail = \"anna@example.com\"\n[owners.jonas]\nemail = \"jonas@example.com\"\n\
         [teams.sales]\nmembers = [\"anna\", \"jonas\"]\n";
    let forwarded = |content: &mut crate::lead::Content| {
        content.forwarded_by = Some(Email("jonas@example.com".into()));
    };
    let mut world = World::new(settings, "2026-11-24T10:00:00Z");
    let lead = world.comes_with("a@firma.example", forwarded);
    assert_eq!((owner(&lead), owner(&world.stranger())), ("jonas", "anna"));
    // Lost, and back: the same owner, though it would be somebody else's turn.
    world.change(lead.id, |lead| lead.stage = Stage::Lost);
    let back = world.comes("a@firma.example");
    assert_eq!((back.id, owner(&back), back.stage), (lead.id, "jonas", Stage::New));
    let off = format!("{settings}forwarder = false\nsame_person = false\n");
    let mut world = World::new(&off, "2026-11-24T10:00:00Z");
    let lead = world.comes_with("a@firma.example", forwarded);
    assert_eq!(owner(&lead), "anna");
    world.change(lead.id, |lead| lead.stage = Stage::Lost);
    assert_eq!(owner(&world.comes("a@firma.example")), "jonas");
    world.sound();
}

const PROMPT: &str = "[owners.anna]\nhours = \"Mo-Fr 09:00-17:00\"\nnotify = [\"out\"]\n[owners.jonas]\nnotify = [\"out\"]\n\
     [owners.mia]\nnotify = [\"out\"]\n[owners.lea]\nnotify = [\"out\"]\n\
     [teams.sales]\nmembers = [\"anna\", \"jonas\", \"mia\"]\nleader = \"lea\"\naccept_within = \"1h\"\n\
     respond_within = \"3h\"\nmax_hops = 5\n";

#[test]
fn who_does_not_accept_is_reminded_then_loses_it_never_gets_it_back_and_then_the_leader_is_told() {
    // 16:30 in Berlin: Anna's hour ends on the next morning.
    let mut world = World::new(PROMPT, "2026-11-24T15:30:00Z");
    let lead = world.stranger();
    assert_eq!((owner(&lead), lead.handling.clone().unwrap().accept_by), ("anna", Some(at("2026-11-25T08:30:00Z"))));
    world.tend(at("2026-11-25T08:14:59Z"));
    assert_eq!(notices(&world.store), [(name("anna"), Event::Created)]);
    world.tend(at("2026-11-25T08:15:00Z"));
    assert_eq!(notices(&world.store)[1..], [(name("anna"), Event::Reminder)]);
    world.tend(at("2026-11-25T08:30:00Z"));
    assert_eq!(owner(&world.lead(lead.id)), "jonas");
    let decision = world.decision(lead.id);
    assert!(decision.routing.reason.starts_with("anna did not accept it in time"), "{}", decision.routing.reason);
    assert_eq!(decision.routing.candidates[0].reason, "had this lead before");
    world.tend(at("2026-11-25T09:30:00Z"));
    assert_eq!(owner(&world.lead(lead.id)), "mia");
    world.tend(at("2026-11-25T10:30:00Z"));
    let last = world.lead(lead.id);
    assert_eq!((owner(&last), last.deadline()), ("mia", None), "nobody else is left");
    let told = notices(&world.store);
    assert_eq!(told.last().unwrap(), &(name("lea"), Event::Overdue));
    world.tend(at("2026-11-26T10:30:00Z"));
    assert_eq!(notices(&world.store), told, "once");
    world.sound();
}

#[test]
fn hops_are_bounded_and_who_accepts_in_time_has_until_the_response_is_due() {
    let mut world = World::new(&PROMPT.replace("max_hops = 5", "max_hops = 0"), "2026-11-24T09:00:00Z");
    let lead = world.stranger().id;
    world.tend(at("2026-11-24T10:00:00Z"));
    assert_eq!(owner(&world.lead(lead)), "anna");
    assert_eq!(notices(&world.store).last().unwrap(), &(name("lea"), Event::Overdue));
    let mut world = World::new(PROMPT, "2026-11-24T09:00:00Z");
    let lead = world.stranger().id;
    world.change(lead, |lead| lead.stage = Stage::Accepted);
    world.tend(at("2026-11-24T11:59:00Z"));
    assert_eq!(owner(&world.lead(lead)), "anna");
    world.tend(at("2026-11-24T12:00:00Z"));
    assert_eq!(owner(&world.lead(lead)), "jonas");
    assert!(world.decision(lead).routing.reason.starts_with("anna did not respond in time"));
    world.change(lead, |lead| lead.stage = Stage::Contacted);
    world.tend(at("2026-11-25T12:00:00Z"));
    assert_eq!(owner(&world.lead(lead)), "jonas");
    world.sound();
}

#[test]
fn who_declines_does_not_get_it_again_and_it_is_held_where_nobody_else_is_free() {
    let mut world = World::new(OFFICE, "2026-11-24T09:00:00Z");
    let lead = world.stranger().id;
    let decline = |world: &World| {
        let declined = world.store.unit(world.now, |unit| {
            let mut lead = unit.lead(lead)?.unwrap();
            let went = world.policy.hand_on(&mut lead, &Leaves::Declined("no time".into()), "anna", unit)?;
            unit.put_lead(&lead)?;
            Ok(went)
        });
        declined.unwrap()
    };
    assert_eq!((decline(&world), owner(&world.lead(lead))), (Went::On, "jonas"));
    assert_eq!((decline(&world), owner(&world.lead(lead))), (Went::Held, "nobody"));
    world.tend(at("2026-11-24T12:00:00Z"));
    assert_eq!(owner(&world.lead(lead)), "nobody");
    world.tend(at("2026-11-25T09:00:00Z"));
    assert_eq!(owner(&world.lead(lead)), "lea");
    world.sound();
}

#[test]
fn what_somebody_accepted_is_new_to_whoever_gets_it_next() {
    let mut world = World::new(PROMPT, "2026-11-24T09:00:00Z");
    let lead = world.stranger().id;
    world.change(lead, |lead| lead.stage = Stage::Accepted);
    let gone = |why: Leaves| {
        world.store.unit(world.now, |unit| {
            let mut lead = unit.lead(lead)?.unwrap();
            world.policy.hand_on(&mut lead, &why, "anna", unit)?;
            unit.put_lead(&lead)
        })
    };
    gone(Leaves::Declined("ill".into())).unwrap();
    let handed = world.lead(lead);
    assert_eq!((owner(&handed), handed.stage), ("jonas", Stage::New));
    assert!(handed.deadline().is_some(), "the new owner's time runs");
    world.change(lead, |lead| lead.stage = Stage::Accepted);
    let given = world.store.unit(world.now, |unit| {
        let mut lead = unit.lead(lead)?.unwrap();
        world.policy.give_by_hand(&mut lead, &name("mia"), unit)?;
        Ok(lead)
    });
    assert_eq!(given.unwrap().stage, Stage::New);
}

#[test]
fn of_what_everybody_has_had_the_leader_is_told_at_each_deadline() {
    const TWO: &str = "[owners.anna]\nnotify = [\"out\"]\n[owners.jonas]\nnotify = [\"out\"]\n\
        [owners.lea]\nnotify = [\"out\"]\nhours = \"Mo 00:00-00:01\"\n\
        [teams.sales]\nmembers = [\"anna\", \"jonas\"]\nhold = \"1h\"\nleader = \"jonas\"\n";
    let mut world = World::new(TWO, "2026-11-24T09:00:00Z");
    let lead = world.stranger().id;
    for _ in 0..2 {
        let declined = world.store.unit(world.now, |unit| {
            let mut lead = unit.lead(lead)?.unwrap();
            world.policy.hand_on(&mut lead, &Leaves::Declined("no time".into()), "anna", unit)?;
            unit.put_lead(&lead)
        });
        declined.unwrap();
    }
    let reason = world.decision(lead).routing.reason;
    assert!(reason.contains("everybody of the team has had it already"), "{reason}");
    world.tend(at("2026-11-24T10:00:00Z"));
    assert_eq!(notices(&world.store).last().unwrap(), &(name("jonas"), Event::Overdue));
    assert!(world.lead(lead).held_until.is_some());
    world.sound();
}

#[test]
fn leads_given_by_hand_count_where_the_team_says_so() {
    for (says, expected) in [("false", ["anna", "jonas", "anna"]), ("true", ["jonas", "jonas", "anna"])] {
        let settings = format!(
            "[owners.anna]\n[owners.jonas]\n[teams.sales]\nmembers = [\"anna\", \"jonas\"]\nmanual_counts = {says}\n"
        );
        let mut world = World::new(&settings, "2026-11-24T09:00:00Z");
        let first = [world.stranger(), world.stranger()];
        let given = world.store.unit(world.now, |unit| {
            let mut lead = unit.lead(first[1].id)?.unwrap();
            world.policy.give_by_hand(&mut lead, &name("anna"), unit)?;
            unit.put_lead(&lead)
        });
        given.unwrap();
        let next = [world.stranger(), world.stranger(), world.stranger()];
        assert_eq!(next.iter().map(owner).collect::<Vec<_>>(), expected, "{says}");
    }
}

/// Public holidays of [`YEAR`] that fall on working days: of Bavaria and of England, and those of both.
const BAVARIA: [Date; 4] = [date(2027, 1, 6), date(2027, 5, 6), date(2027, 5, 17), date(2027, 5, 27)];
const ENGLAND: [Date; 4] = [date(2026, 8, 31), date(2026, 12, 28), date(2027, 5, 3), date(2027, 5, 31)];
const BOTH: [Date; 4] = [date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 26), date(2027, 3, 29)];

/// Whether somebody of [`YEAR`] works, told without the calendars of lotse.
fn works(who: &str, now: Timestamp) -> bool {
    let of = |zone: &str| TimeZone::get(zone).unwrap().to_datetime(now);
    let minute = |at: jiff::civil::DateTime| i32::from(at.hour()) * 60 + i32::from(at.minute());
    let open = |day: Date, own: &[Date]| {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        !weekend && !own.contains(&day) && !BOTH.contains(&day)
    };
    match who {
        "anna" => {
            let at = of("Europe/Berlin");
            let leave = (date(2026, 9, 7)..=date(2026, 9, 20)).contains(&at.date());
            open(at.date(), &BAVARIA) && !leave && (540..1020).contains(&minute(at))
        }
        "jonas" => {
            let at = of("Europe/London");
            let part = at.date() == date(2026, 10, 6) && (600..900).contains(&minute(at));
            let hours = (540..720).contains(&minute(at)) || (780..1050).contains(&minute(at));
            open(at.date(), &ENGLAND) && !part && hours
        }
        "mia" => {
            // A night shift from Saturday to Sunday, also over the change of the clocks.
            let at = of("America/New_York");
            let day = at.date().weekday();
            day == Weekday::Saturday && minute(at) >= 1320 || day == Weekday::Sunday && minute(at) < 360
        }
        _ => true,
    }
}

const YEAR: &str = "[owners.anna]\nhours = \"Mo-Fr 09:00-17:00\"\ntime_zone = \"Europe/Berlin\"\nholidays = \"DE-BY\"\n\
     away = [{ from = \"2026-09-07\", until = \"2026-09-20\" }]\nweight = 2\n\
     [owners.jonas]\nhours = \"Mo-Fr 09:00-12:00, 13:00-17:30\"\ntime_zone = \"Europe/London\"\nholidays = \"GB-ENG\"\n\
     away = [{ from = \"2026-10-06T10:00\", until = \"2026-10-06T15:00\" }]\n\
     [owners.mia]\nhours = \"Sa 22:00-06:00\"\ntime_zone = \"America/New_York\"\n\
     [owners.lea]\n[teams.sales]\nmembers = [\"anna\", \"jonas\", \"mia\"]\nfallback = \"lea\"\nhold = \"10h\"\n";

#[test]
fn over_a_year_nobody_gets_a_lead_while_away_and_every_hold_ends_by_its_deadline() {
    let mut world = World::new(YEAR, "2026-07-01T00:00:00Z");
    let (end, mut random) = (at("2027-07-01T00:00:00Z"), 7_u64);
    let mut known: std::collections::BTreeMap<Id, (Timestamp, Option<Timestamp>)> = std::collections::BTreeMap::new();
    let (mut by_turn, mut by_fallback, mut waited) = (0, 0, 0);
    while world.now < end {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if random >> 62 == 0 {
            let lead = world.stranger();
            known.insert(lead.id, (world.now, lead.held_until));
        }
        let next = world.now + SignedDuration::from_mins(30);
        world.tend(next);
        let mut settled = Vec::new();
        for (id, (came, held)) in &known {
            let lead = world.lead(*id);
            let Some(owner) = lead.owner.clone() else {
                assert!(held.is_some_and(|until| world.now < until), "{id} is held beyond its deadline");
                assert_eq!(lead.held_until, *held);
                continue;
            };
            let when = lead.assigned_at.unwrap();
            if owner.as_str() == "lea" {
                assert_eq!(when.duration_since(*came), SignedDuration::from_hours(10), "only at the deadline");
                by_fallback += 1;
            } else {
                assert!(works(owner.as_str(), when), "{owner} got {id} at {when}");
                by_turn += 1;
                waited += u32::from(when > *came);
            }
            settled.push(*id);
        }
        known.retain(|id, _| !settled.contains(id));
    }
    assert!(by_turn > 1000 && by_fallback > 500 && waited > 300, "{by_turn} {by_fallback} {waited}");
    let mias = LeadFilter { owner: Some(crate::store::Holder::Owner(name("mia"))), ..LeadFilter::default() };
    assert!(world.store.leads(&mias, None, 9999).unwrap().items.len() > 50);
    world.sound();
}

#[test]
fn a_rule_that_chose_the_team_wins_over_who_works_the_company_in_another_one() {
    let settings = format!(
        "{OUT}[owners.anna]\n[owners.jonas]\n[teams.sales]\nmembers = [\"anna\"]\ndefault = true\n[teams.west]\nmembers = [\"jonas\"]\n"
    );
    let rules = "[[rule]]\nname = \"west\"\nwhen = 'lead.email.startsWith(\"w\")'\nteam = \"west\"\n";
    let mut world = World { policy: policy_by(&settings, rules), ..World::new("", "2026-11-24T10:00:00Z") };
    let owners =
        ["a@firma.example", "w@firma.example", "b@firma.example"].map(|who| owner(&world.comes(who)).to_owned());
    assert_eq!(owners, ["anna", "jonas", "jonas"], "the newest open lead of the company is the one in the west");
}
