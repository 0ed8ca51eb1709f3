//! A replay against taking everything in again, on a store in memory.

use proptest::prelude::*;

use super::super::tests::{content, item, policy_with, store};
use super::*;
use crate::lead::{Aside, Meeting, News, Outcome, Reading, Says};
use crate::store::{LeadFilter, Records, Store};

const BEFORE: &str = "[[rule]]\nname = \"always\"\nwhen = 'true'\nscore = 10\n";
const AFTER: &str = "[[group]]\nname = \"intent\"\nof = \"engagement\"\ncap = 70\nhalf_life = \"1h\"\n\
     [[rule]]\nname = \"students\"\nwhen = 'lead.domain.endsWith(\".edu\")'\n\
     disposition = \"disqualified\"\nreason = \"student\"\n\
     [[rule]]\nname = \"comes back\"\nwhen = 'lead.touch_count > 1'\nscore = 40\ngroup = \"intent\"\n\
     [[rule]]\nname = \"second team\"\nwhen = 'lead.domain == \"b.example\"'\nteam = \"west\"\n\
     [[rule]]\nname = \"asks\"\nwhen = 'touch.text.contains(\"offer\")'\nscore = 45\ngroup = \"intent\"\npriority = \"high\"\n";

/// A store that took all of this in under those rules.
fn taken(rules: &str, said: &[(u8, usize, bool)]) -> Store {
    let (store, policy) = (store(), policy_with(rules));
    for (number, (who, domain, asks)) in said.iter().enumerate() {
        let domain = ["a.example", "b.example", "c.edu"][*domain];
        let mut content = content(&format!("p{who}@{domain}"));
        content.text = asks.then(|| "an offer, please".to_owned());
        let item = item(&number.to_string(), Reading::Lead(Box::new(content)));
        let now = Timestamp::from_second(1_000_000 + 700 * i64::try_from(number).unwrap()).unwrap();
        store.unit(now, |unit| policy.take(&item, unit)).unwrap();
    }
    store
}

fn leads(store: &Store) -> Vec<Lead> {
    store.leads(&LeadFilter::default(), None, usize::MAX).unwrap().items
}

/// Where the leads would stand under those rules, oldest first.
fn replayed(store: &Store, rules: &str) -> Vec<Change> {
    let policy = policy_with(rules);
    let mut replay = Replay::default();
    for lead in leads(store) {
        let mut touches = store.view(|view| view.touches(lead.id)).unwrap();
        touches.sort_by_key(|touch| touch.id);
        let decisions = store.view(|view| view.decisions(lead.id)).unwrap();
        replay.add(&policy, &lead, &touches, &decisions);
    }
    replay.end(&policy, None).unwrap().1
}

#[test]
fn what_the_rules_were_not_asked_about_is_not_judged_and_who_joined_is_no_identity() {
    let store = taken(AFTER, &[(0, 0, false)]);
    let lead = leads(&store).remove(0);
    let mut away = store.view(|view| view.touches(lead.id)).unwrap().remove(0);
    store
        .unit(Timestamp::from_second(2_000_000).unwrap(), |unit| {
            away.id = unit.new_id();
            away.content.text = Some("an offer, please".into());
            unit.add_touch(&away)?;
            unit.put_lead(&Lead { touch_count: 2, ..lead.clone() })
        })
        .unwrap();
    assert_eq!(replayed(&store, AFTER), Vec::new(), "an automatic answer asks for nothing");

    let other = crate::lead::Email("eva@b.example".into());
    let others = vec![crate::lead::Correspondent { email: other.clone(), name: None }];
    away.content.person.emails = vec![other];
    assert!(has_joined(&Lead { others, ..lead.clone() }, &away) && !has_joined(&lead, &away));
}

#[test]
fn a_meeting_that_is_arranged_moved_or_cancelled_stands_as_it_did_at_each_touch() {
    const RULES: &str = "[[rule]]\nname = \"has a meeting\"\nwhen = 'lead.stage == \"meeting\" && \
        lead.fields[\"meeting begins\"].startsWith(\"2030-03-11\")'\nscore = 7\n\
        [[rule]]\nname = \"had one\"\nwhen = 'lead.stage == \"contacted\" && !(\"meeting begins\" in lead.fields)'\nscore = 5\n";
    let taken = |rules: &str| {
        let (store, policy) = (store(), policy_with(rules));
        let news = |news: Option<News>, start: &str| {
            let mut content = content("max@firma.example");
            if let Some(news) = news {
                content.fields.insert(Meeting::BEGINS.into(), start.into());
                let start = Some(start.parse().unwrap());
                content.meeting = Some(Meeting { news, title: None, start, place: None, by: None, why: None });
            }
            content
        };
        let (first, second) = ("2030-03-10T09:00:00Z", "2030-03-11T10:00:00Z");
        let called_off = news(Some(News::Cancelled), second);
        let says = Says::Meeting(called_off.meeting.clone().unwrap());
        let (outcome, reason) = (Outcome::Ignored, "a meeting was cancelled".to_owned());
        let called_off = Reading::Aside(Box::new(Aside { says, content: called_off, outcome, reason }));
        let all = [
            Reading::Lead(Box::new(news(Some(News::Booked), first))),
            Reading::Lead(Box::new(news(Some(News::Moved), second))),
            Reading::Lead(Box::new(news(None, ""))),
            called_off,
            Reading::Lead(Box::new(news(None, ""))),
        ];
        for (number, reading) in all.into_iter().enumerate() {
            let now = Timestamp::from_second(1_000_000 + i64::try_from(number).unwrap()).unwrap();
            let item = item(&number.to_string(), reading);
            store.unit(now, |unit| policy.take(&item, unit)).unwrap();
        }
        store
    };
    let (before, after) = (taken(BEFORE), taken(RULES));
    let again = Standing::of(&leads(&after).remove(0));
    assert_eq!(again.score, 12);
    assert_eq!(replayed(&before, RULES).remove(0).would_be, again);
    assert_eq!(replayed(&after, RULES), Vec::new(), "the same rules change nothing");
}

proptest! {
    #[test]
    fn a_replay_says_what_taking_everything_in_again_would_make(
        said in prop::collection::vec((0_u8..6, 0_usize..3, any::<bool>()), 0..40)
    ) {
        let (before, after) = (taken(BEFORE, &said), taken(AFTER, &said));
        let mut would_be: Vec<Standing> = leads(&before).iter().map(Standing::of).collect();
        would_be.reverse();
        let ids: Vec<Id> = leads(&before).iter().rev().map(|lead| lead.id).collect();
        for change in replayed(&before, AFTER) {
            let place = ids.iter().position(|id| *id == change.id).unwrap();
            prop_assert_eq!(&would_be[place], &change.is);
            would_be[place] = change.would_be;
        }
        let again: Vec<Standing> = leads(&after).iter().rev().map(Standing::of).collect();
        prop_assert_eq!(would_be, again);
        prop_assert_eq!(replayed(&after, AFTER), Vec::new(), "the same rules change nothing");
    }
}
