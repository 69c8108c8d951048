use super::{MAX_QUOTA, Scheduler, Turn, next_quota, split_mix};
use proptest::prelude::*;
use std::collections::HashMap;

#[test]
fn g47_a_pass_ends_with_at_most_one_in_debt() {
    let mut scheduler = Scheduler::new(None);
    for index in 1..=3 {
        scheduler.add(index, false);
    }
    scheduler.add(8, true);
    scheduler.add(9, true);
    scheduler.begin();
    let turns: Vec<Turn> = (0..4).map(|_| scheduler.turn()).collect();
    assert_eq!(turns, [Turn::Run(1), Turn::Run(2), Turn::Run(3), Turn::Debt(8)]);
    // Whoever became runnable meanwhile is served before the next one in debt.
    scheduler.add(4, false);
    scheduler.begin();
    assert_eq!([(); 3].map(|()| scheduler.turn()), [Turn::Run(4), Turn::Debt(9), Turn::Idle]);
}

#[test]
fn g47_endless_light_work_does_not_starve_those_in_debt() {
    let mut scheduler = Scheduler::new(None);
    scheduler.add(1, false);
    scheduler.add(2, false);
    scheduler.add(9, true);
    let mut turns = Vec::new();
    for _ in 0..3 {
        scheduler.begin();
        let turn = scheduler.turn();
        if let Turn::Run(index) = turn {
            scheduler.add(index, false);
        }
        turns.push(turn);
    }
    assert_eq!(turns, [Turn::Run(1), Turn::Run(2), Turn::Debt(9)]);
}

#[test]
fn g46_a_quota_shrinks_to_what_fits_and_grows_again() {
    assert_eq!(next_quota(8, 8, 0, 1000), 16);
    assert_eq!(next_quota(MAX_QUOTA, 64, 0, 1000), MAX_QUOTA);
    assert_eq!(next_quota(64, 64, 2000, 1000), 32);
    assert_eq!(next_quota(8, 1, 10_000, 1000), 1, "one message at least");
    assert_eq!(next_quota(16, 16, 800, 1000), 16);
}

#[test]
fn g58_the_order_depends_on_the_seed_alone() {
    let order = |seed| {
        let mut scheduler = Scheduler::new(Some(seed));
        for index in 1..=6 {
            scheduler.add(index, index % 2 == 0);
        }
        core::iter::from_fn(move || match scheduler.turn() {
            Turn::Run(index) => Some(index),
            _ => None,
        })
        .collect::<Vec<u32>>()
    };
    assert_eq!(order(7), order(7));
    assert_ne!(order(7), order(8));
    let mut state = 0;
    assert_eq!([(); 2].map(|()| split_mix(&mut state)), [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
}

proptest! {
    /// Taking any one out leaves the order of the others.
    #[test]
    fn the_run_queue_is_a_fifo_with_holes(steps in prop::collection::vec((0..4u8, 0..20usize), 0..300)) {
        let mut scheduler = Scheduler::new(None);
        let mut model: Vec<u32> = Vec::new();
        let mut at = HashMap::new();
        let mut next = 0;
        for (step, pick) in steps {
            match step {
                0 => {
                    next += 1;
                    at.insert(next, scheduler.add(next, false));
                    model.push(next);
                }
                1 => {
                    next += 1;
                    at.insert(next, scheduler.add_first(next, false));
                    model.insert(0, next);
                }
                2 if !model.is_empty() => {
                    let index = model.remove(pick % model.len());
                    scheduler.remove(index, at[&index], false);
                }
                _ => {
                    let expected = if model.is_empty() { Turn::Idle } else { Turn::Run(model.remove(0)) };
                    prop_assert_eq!(scheduler.turn(), expected);
                }
            }
            prop_assert_eq!(scheduler.len() as usize, model.len());
        }
    }
}
