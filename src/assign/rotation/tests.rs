//! Fairness can be checked by anyone: here it is, against exact shares.

use std::collections::BTreeMap;

use proptest::prelude::{Just, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

use super::*;

fn names(count: usize) -> Vec<Name> {
    (0..count).map(|number| Name::parse(&format!("o{number}")).unwrap()).collect()
}

/// One turn among these weights (0: not free); who got it.
fn take(rotation: &mut Rotation, names: &[Name], weights: &[u32]) -> Option<usize> {
    let members: Vec<Member<'_>> =
        names.iter().zip(weights).map(|(owner, &weight)| Member { owner, weight, open: 0 }).collect();
    turn(rotation, &members, Strategy::RoundRobin).map(|chosen| chosen.place)
}

#[test]
fn equal_weights_are_a_plain_cycle() {
    let (names, mut rotation) = (names(3), Rotation::default());
    let turns: Vec<usize> = (0..7).map(|_| take(&mut rotation, &names, &[1, 1, 1]).unwrap()).collect();
    assert_eq!(turns, [0, 1, 2, 0, 1, 2, 0]);
}

#[test]
fn weights_are_spread_as_smooth_weighted_round_robin_spreads_them() {
    let (names, mut rotation) = (names(3), Rotation::default());
    let turns: Vec<usize> = (0..7).map(|_| take(&mut rotation, &names, &[5, 1, 1]).unwrap()).collect();
    assert_eq!(turns, [0, 0, 1, 0, 2, 0, 0]);
}

#[test]
fn a_rotation_of_an_older_version_goes_on_where_it_stood() {
    let text = r#"{"credit":{"o0":-2,"o1":1,"o2":1},"assigned":{"o0":1}}"#;
    let mut rotation: Rotation = serde_json::from_str(text).unwrap();
    let names = names(3);
    let turns: Vec<usize> = (0..3).map(|_| take(&mut rotation, &names, &[1, 1, 1]).unwrap()).collect();
    assert_eq!((turns, rotation.turns(&names[0])), (vec![1, 2, 0], 2));
    let again: Rotation = serde_json::from_str(&serde_json::to_string(&rotation).unwrap()).unwrap();
    assert_eq!(again, rotation);
}

/// Exact shares of a pool in whole numbers: what each is owed, in turns times the sum of weights.
#[derive(Default)]
struct Exact(BTreeMap<usize, i128>);

#[test]
fn complaint_the_senior_member_gets_all() {
    // One lead a day, and the pool changes every day: the first in the list is no better off.
    let (names, mut rotation, mut got) = (names(4), Rotation::default(), [0_u32; 4]);
    for day in 0..400_usize {
        let mut weights = [1; 4];
        weights[1 + day % 3] = 0;
        got[take(&mut rotation, &names, &weights).unwrap()] += 1;
    }
    // Owner 0 is there each day (1/3 each day), the others on two days of three (2/9 a day).
    assert!((131..=136).contains(&got[0]), "{got:?}");
    assert!(got[1..].iter().all(|count| (86..=91).contains(count)), "{got:?}");
}

#[test]
fn complaint_tie_breaking_by_creation() {
    // With `least_open` and nobody having anything, turns go round instead of to the oldest.
    let (names, mut rotation, mut got) = (names(3), Rotation::default(), [0_u32; 3]);
    for _ in 0..30 {
        let members: Vec<Member<'_>> = names.iter().map(|owner| Member { owner, weight: 1, open: 4 }).collect();
        got[turn(&mut rotation, &members, Strategy::LeastOpen).unwrap().place] += 1;
    }
    assert_eq!(got, [10, 10, 10]);
}

#[test]
fn complaint_the_returner_is_flooded() {
    let (names, mut rotation) = (names(3), Rotation::default());
    for _ in 0..300 {
        take(&mut rotation, &names, &[1, 1, 0]).unwrap();
    }
    let after: Vec<usize> = (0..9).map(|_| take(&mut rotation, &names, &[1, 1, 1]).unwrap()).collect();
    for three in after.windows(3) {
        assert!(three.iter().filter(|place| **place == 2).count() <= 2, "{after:?}");
    }
    assert!((3..=4).contains(&after.iter().filter(|place| **place == 2).count()), "{after:?}");
}

#[test]
fn complaint_adding_a_member_resets_the_counts() {
    let (few, many, mut rotation) = (names(2), names(3), Rotation::default());
    for _ in 0..5 {
        take(&mut rotation, &few, &[1, 1]).unwrap();
    }
    // Owner 0 had one more: with the new one in the pool, owner 1 comes first.
    let next: Vec<usize> = (0..3).map(|_| take(&mut rotation, &many, &[1, 1, 1]).unwrap()).collect();
    assert_eq!(next[0], 1, "{next:?}");
    assert_eq!([0, 1, 2].map(|place| rotation.turns(&many[place])), [3 + u64::from(next[1..].contains(&0)), 3, 1]);
}

#[test]
fn a_joiner_begins_at_the_level_of_the_pool_and_one_who_left_leaves_no_debt() {
    let (all, mut rotation) = (names(3), Rotation::default());
    for _ in 0..100 {
        take(&mut rotation, &all[..2], &[1, 1]).unwrap();
    }
    let after: Vec<usize> = (0..6).map(|_| take(&mut rotation, &all, &[1, 1, 1]).unwrap()).collect();
    assert_eq!(after.iter().filter(|place| **place == 2).count(), 2);
    take(&mut rotation, &all[1..], &[1, 1]).unwrap();
    let gone = rotation.seat(&all[0]).unwrap();
    assert_eq!((gone.credit, gone.turns), (0, 52));
}

#[test]
fn a_skipped_turn_is_made_up_once_the_member_is_back_and_no_more() {
    let (names, mut rotation) = (names(2), Rotation::default());
    take(&mut rotation, &names, &[1, 1]).unwrap();
    // It would be owner 1's turn, who is away for a while.
    for _ in 0..10 {
        assert_eq!(take(&mut rotation, &names, &[1, 0]), Some(0));
    }
    let after: Vec<usize> = (0..4).map(|_| take(&mut rotation, &names, &[1, 1]).unwrap()).collect();
    assert!(after[0] == 1 && after.iter().filter(|place| **place == 1).count() <= 3, "{after:?}");
}

#[test]
fn refunds_are_made_up_for_at_most_every_other_lead() {
    let (names, mut rotation) = (names(4), Rotation::default());
    for _ in 0..8 {
        take(&mut rotation, &names, &[1; 4]).unwrap();
    }
    (0..2).for_each(|_| refund(&mut rotation, &names[2]));
    let after: Vec<usize> = (0..10).map(|_| take(&mut rotation, &names, &[1; 4]).unwrap()).collect();
    assert_eq!(after, [2, 0, 2, 1, 2, 3, 0, 1, 2, 3]);
    assert_eq!(
        names.iter().map(|name| rotation.seat(name).map_or(0, Seat::assigned)).collect::<Vec<_>>(),
        [4, 4, 4, 4]
    );
    unrefund(&mut rotation, &names[2]);
    let after: Vec<usize> = (0..7).map(|_| take(&mut rotation, &names, &[1; 4]).unwrap()).collect();
    assert_eq!(after, [0, 1, 3, 0, 1, 2, 3], "a refund that is taken back costs the next turn");
}

#[test]
fn a_lead_given_by_hand_counts_in_place_of_the_next_turn() {
    let (names, mut rotation) = (names(3), Rotation::default());
    by_hand(&mut rotation, &names[1]);
    let after: Vec<usize> = (0..5).map(|_| take(&mut rotation, &names, &[1; 3]).unwrap()).collect();
    assert_eq!(after, [0, 2, 0, 1, 2]);
}

#[test]
fn the_first_free_member_gets_all_by_priority_and_the_next_ones_what_is_left() {
    let (names, mut rotation) = (names(3), Rotation::default());
    let mut by = |weights: [u32; 3]| {
        let members: Vec<Member<'_>> =
            names.iter().zip(weights).map(|(owner, weight)| Member { owner, weight, open: 0 }).collect();
        turn(&mut rotation, &members, Strategy::Priority).unwrap().place
    };
    assert_eq!([by([1, 1, 1]), by([1, 1, 1]), by([0, 1, 1]), by([0, 0, 1]), by([1, 1, 1])], [0, 0, 1, 2, 0]);
}

/// Who gets so many leads by `least_open`.
fn by_least_open(weights: &[u32], mut open: Vec<u64>, leads: usize) -> (Vec<usize>, Vec<u64>) {
    let (names, mut rotation) = (names(weights.len()), Rotation::default());
    let mut got = Vec::new();
    for _ in 0..leads {
        let members = names.iter().zip(weights).zip(&open);
        let members: Vec<Member<'_>> =
            members.map(|((owner, weight), open)| Member { owner, weight: *weight, open: *open }).collect();
        let place = turn(&mut rotation, &members, Strategy::LeastOpen).unwrap().place;
        open[place] += 1;
        got.push(place);
    }
    (got, open)
}

#[test]
fn whoever_has_least_open_gets_all_until_level_but_no_more_than_three_in_a_row() {
    assert_eq!(by_least_open(&[1, 1], vec![3, 0], 3).0, [1, 1, 1]);
    assert_eq!(by_least_open(&[1, 1], vec![10, 1], 9).0, [1, 1, 1, 0, 1, 1, 1, 0, 1]);
    assert_eq!(by_least_open(&[1, 1, 1], vec![9, 9, 0], 8).0, [2, 2, 2, 0, 2, 2, 2, 1]);
    let (_, level) = by_least_open(&[1, 1, 1], vec![10, 1, 4], 60);
    assert_eq!(level, [25, 25, 25]);
    let (_, level) = by_least_open(&[3, 1], vec![0, 0], 400);
    assert_eq!(level, [300, 100]);
}

/// What may happen to a pool.
#[derive(Clone, Debug)]
enum Happens {
    Leads(u8),
    Switch(usize),
    Weight(usize, u32),
    Refund(usize),
}

fn happens(members: usize) -> impl proptest::strategy::Strategy<Value = Happens> {
    prop_oneof![
        4 => (1..40_u8).prop_map(Happens::Leads),
        2 => (0..members).prop_map(Happens::Switch),
        1 => (0..members, 1..=100_u32).prop_map(|(who, weight)| Happens::Weight(who, weight)),
        1 => (0..members).prop_map(Happens::Refund),
    ]
}

proptest! {
    /// From a fresh start, after every lead, each count is within one turn of its exact share.
    #[test]
    fn no_count_is_ever_more_than_one_turn_from_its_exact_share(
        weights in prop::collection::vec(prop_oneof![1_u32..=5, 1_u32..=100, Just(1), Just(100)], 1..12)
    ) {
        let (names, mut rotation) = (names(weights.len()), Rotation::default());
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let mut got = vec![0_i128; weights.len()];
        for lead in 1..=500_i128 {
            got[take(&mut rotation, &names, &weights).unwrap()] += 1;
            for (place, weight) in weights.iter().enumerate() {
                let off = got[place] * total - lead * i128::from(*weight);
                prop_assert!(off.abs() <= total, "{place} has {} of {lead}, weights {weights:?}", got[place]);
            }
        }
    }

    /// Whatever happens, in every stretch in which the pool stays the same, what each got, less what
    /// was owed at its beginning, is within one turn of the exact share; what is carried over is less
    /// than a turn itself; and turns given back are paid in full, at most every other lead.
    #[test]
    fn whatever_happens_everybody_stays_within_one_turn(
        weights in prop::collection::vec(1_u32..=20, 2..8), events in prop::collection::vec(happens(8), 1..60)
    ) {
        let count = weights.len();
        let (names, mut rotation, mut weights) = (names(count), Rotation::default(), weights);
        let mut free = vec![true; count];
        let mut refunds = vec![0_u64; count];
        for event in events {
            match event {
                Happens::Switch(who) => free[who % count] = !free[who % count],
                Happens::Weight(who, weight) => weights[who % count] = weight,
                Happens::Refund(who) => {
                    let seat = rotation.seat(&names[who % count]).cloned();
                    if seat.is_some_and(|seat| seat.turns > seat.refunded && seat.owed < MOST_DEFERRED) {
                        refund(&mut rotation, &names[who % count]);
                        refunds[who % count] += 1;
                    }
                }
                Happens::Leads(leads) => {
                    let now: Vec<u32> = weights.iter().zip(&free).map(|(w, free)| if *free { *w } else { 0 }).collect();
                    let total: i128 = now.iter().map(|weight| i128::from(*weight)).sum();
                    if total == 0 {
                        prop_assert_eq!(take(&mut rotation, &names, &now), None);
                        continue;
                    }
                    let fine = i128::from(Rotation::FINE);
                    let mut exact = Exact::default();
                    let (mut stretch, mut made_up_before) = (0_i128, rotation.made_up);
                    for _ in 0..leads {
                        let owed: Vec<u32> = names.iter().map(|n| rotation.seat(n).map_or(0, |seat| seat.owed)).collect();
                        let place = take(&mut rotation, &names, &now).unwrap();
                        prop_assert!(now[place] > 0, "only who is free gets leads");
                        if rotation.made_up {
                            prop_assert!(!made_up_before && owed[place] > 0);
                            made_up_before = true;
                            continue;
                        }
                        prop_assert!(made_up_before || owed.iter().zip(&now).all(|(owed, weight)| *owed == 0 || *weight == 0));
                        made_up_before = false;
                        stretch += 1;
                        *exact.0.entry(place).or_default() -= total;
                        for (place, weight) in now.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                            let exact_now = *exact.0.get(&place).unwrap_or(&0) + stretch * i128::from(*weight);
                            let credit = i128::from(rotation.seats[place].credit);
                            let carried = credit - exact_now * fine;
                            prop_assert!(credit.abs() <= total * fine, "{credit} of {}", total * fine);
                            prop_assert!(carried.abs() <= total * fine, "{carried} was carried over");
                        }
                    }
                }
            }
        }
        for (place, name) in names.iter().enumerate() {
            let seat = rotation.seat(name).cloned().unwrap_or_else(|| Seat::new(name.clone()));
            prop_assert_eq!(seat.refunded, refunds[place]);
            prop_assert!(u64::from(seat.owed) <= seat.refunded);
        }
    }
}
