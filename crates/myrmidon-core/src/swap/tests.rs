use super::*;

fn swapped(messages: u32) -> Swap<u32, u32> {
    let upgrade = Upgrade { id: 0, from: Version(1), to: Version(2), has_way_back: false };
    let canary = CanaryOptions { messages, within: 100.0 };
    let options = SwapOptions::new(50.0, 2, Some(canary)).expect("in range");
    let (mut swap, mut out) = (Swap::new(Version(1)), Vec::new());
    swap.ask(Ask { request: 9, upgrade, options, how: How::Alone }, true, 0.0, &mut out).expect("free");
    swap.migrated(1, Ok(20), 10, 0.0, &mut out);
    assert!(swap.has_canary());
    swap
}

fn begun(swap: &mut Swap<u32, u32>, message: u32) -> Ticket {
    swap.begun(message, true, &mut Vec::new()).expect("a canary")
}

#[test]
fn g74_a_handler_that_waits_beside_others_holds_the_probation_open() {
    let (mut swap, mut out) = (swapped(1), Vec::new());
    let waits = begun(&mut swap, 1);
    let peek = begun(&mut swap, 2);
    swap.handled(peek, &mut out);
    assert!(swap.has_canary(), "enough, but not all");
    swap.handled(waits, &mut out);
    assert!(!swap.has_canary());
    assert_eq!(out.last(), Some(&Action::Answer { request: 9, result: Ok(()) }));
}

#[test]
fn g74_a_journal_that_is_full_is_enough() {
    let mut swap = swapped(MAX_JOURNAL as u32);
    for message in 0..MAX_JOURNAL as u32 {
        let _ = begun(&mut swap, message);
    }
    let mut out = Vec::new();
    assert_eq!(swap.begun(0, false, &mut out), None, "it has passed");
    let [Action::Disarm, Action::ForgetMessages { messages }, Action::Answer { result: Ok(()), .. }] = &out[..] else {
        panic!("{out:?}")
    };
    assert_eq!(messages.len(), MAX_JOURNAL);
}

#[test]
fn g77_a_handler_that_is_done_twice_counts_once() {
    let (mut swap, mut out) = (swapped(2), Vec::new());
    let ticket = begun(&mut swap, 1);
    swap.handled(ticket, &mut out);
    swap.handled(ticket, &mut out);
    assert!(swap.has_canary());
}

#[test]
fn g77_a_ticket_of_another_canary_names_nothing() {
    let (mut swap, mut out) = (swapped(1), Vec::new());
    let former = begun(&mut swap, 1);
    assert!(swap.crashed(&ExitReason::Killed, &mut out));
    let upgrade = Upgrade { id: 0, from: Version(1), to: Version(2), has_way_back: false };
    let canary = CanaryOptions { messages: 1, within: 100.0 };
    let options = SwapOptions::new(50.0, 2, Some(canary)).expect("in range");
    swap.ask(Ask { request: 10, upgrade, options, how: How::Alone }, true, 0.0, &mut out).expect("free");
    let Some(Action::Migrate { attempt, .. }) = out.pop() else { panic!("{out:?}") };
    swap.migrated(attempt, Ok(30), 10, 0.0, &mut out);
    let _ = begun(&mut swap, 2);
    swap.answered(former);
    swap.handled(former, &mut out);
    assert!(swap.has_canary(), "not the message that is open now");
}

#[test]
fn g78_the_way_back_is_that_of_the_upgrade_that_replaced_the_version() {
    let (mut swap, mut out) = (Swap::<u32, ()>::new(Version(1)), Vec::new());
    for (id, to) in [(7, 2), (8, 3)] {
        let upgrade = Upgrade { id, from: Version(to - 1), to: Version(to), has_way_back: id == 7 };
        let ask = Ask { request: id, upgrade, options: SwapOptions::default(), how: How::Alone };
        swap.ask(ask, true, 0.0, &mut out).expect("free");
        swap.migrated(id - 6, Ok(to * 10), (to - 1) * 10, 0.0, &mut out);
    }
    out.clear();
    swap.roll_back(9, Some(Version(1)), 50.0, true, 0.0, &mut out).expect("kept");
    assert_eq!(out[0], Action::Restore { version: Version(2), state: 20, back: None });
    assert_eq!(out[1], Action::Restore { version: Version(1), state: 10, back: Some(7) });
}

#[test]
fn a_record_that_nothing_depends_on_is_spent() {
    let mut swap = Swap::<u32, ()>::new(Version(1));
    assert!(swap.is_spent());
    let upgrade = Upgrade { id: 0, from: Version(1), to: Version(2), has_way_back: false };
    let options = SwapOptions::new(50.0, 0, None).expect("in range");
    let mut out = Vec::new();
    swap.ask(Ask { request: 1, upgrade, options, how: How::Alone }, true, 0.0, &mut out).expect("free");
    assert!(!swap.is_spent());
    swap.migrated(1, Ok(20), 10, 0.0, &mut out);
    assert!(out.contains(&Action::Forget { state: 10 }), "nothing is kept");
    assert!(swap.is_spent());
}

#[test]
fn the_pauses_of_nobody_are_none_and_quantiles_are_of_what_was() {
    assert_eq!(pauses::pauses(Vec::new()), Pauses::default());
    let found = pauses::pauses((1..=200).rev().map(f64::from).collect());
    assert_eq!(found, Pauses { p50: 101.0, p99: 199.0, max: 200.0 });
}

#[test]
fn options_out_of_range_are_named() {
    let canary = |messages, within| Some(CanaryOptions { messages, within });
    assert_eq!(SwapOptions::new(f64::NAN, 0, None), Err(InvalidOption("timeout")));
    assert_eq!(SwapOptions::new(f64::INFINITY, 17, None), Err(InvalidOption("keep")));
    assert_eq!(SwapOptions::new(0.0, 16, canary(0, 1.0)), Err(InvalidOption("canary.messages")));
    assert_eq!(SwapOptions::new(0.0, 16, canary(65_537, 1.0)), Err(InvalidOption("canary.messages")));
    assert_eq!(SwapOptions::new(0.0, 16, canary(1, f64::NAN)), Err(InvalidOption("canary.within")));
    assert!(SwapOptions::new(0.0, 16, canary(65_536, f64::INFINITY)).is_ok());
}

fn group(actors: usize, together: bool, within: Option<f64>) -> Group<()> {
    Group::new(actors, GroupOptions { together, concurrency: 1, timeout: 50.0, within, max_rollbacks: 1 })
}

/// Where orders take time (other threads), facts and orders cross.
#[test]
fn g80_one_that_is_being_held_when_the_time_is_over_is_let_go_too() {
    let (mut group, mut out) = (group(2, true, None), Vec::new());
    group.begin(0.0, &mut out);
    group.held(0, 1.0, &mut out);
    assert_eq!(out, [Order::Arm(50.0), Order::Hold(0), Order::Hold(1)]);
    out.clear();
    group.advance(50.0, &mut out);
    assert_eq!(out, [Order::GiveUp(1), Order::GiveUp(0), Order::Done]);
    out.clear();
    group.held(1, 51.0, &mut out);
    assert_eq!(out, [], "too late");
}

#[test]
fn g79_a_canary_that_crashes_before_it_hears_that_it_has_passed_is_no_success() {
    let (mut group, mut out) = (group(2, false, Some(50.0)), Vec::new());
    group.begin(0.0, &mut out);
    group.committed(0, 1.0, 0.0, &mut out);
    group.committed(1, 1.0, 0.0, &mut out);
    out.clear();
    group.advance(50.0, &mut out);
    assert_eq!(out, [Order::Pass(0), Order::Pass(1)]);
    out.clear();
    group.answered(0, Ok(()), 51.0, &mut out);
    let back = SwapError::RolledBack { reason: ExitReason::Killed, handled: Vec::new() };
    group.answered(1, Err(back), 51.0, &mut out);
    assert_eq!(out, [Order::Recall(0, ExitReason::Killed)]);
    out.clear();
    let back = SwapError::RolledBack { reason: ExitReason::Killed, handled: Vec::new() };
    group.answered(0, Err(back), 52.0, &mut out);
    assert_eq!(out, [Order::Done]);
    assert_eq!(group.report().swapped, 0);
}
