//! Budgets of spawns (G105, G109, G227): the rows F1, F2 and F5 of `conformance/budgets.json`, as a Rust program has them.

use crate::subject::*;
use myrmidon_actor::*;
use std::sync::mpsc;

/// Tells what it is told, under its name.
fn teller(log: Log<String>) -> impl Actor<Message = String> {
    behavior(log, |log: &mut Log<String>, note: String, _: &mut Context<_>| log.send(note).expect("the test listens"))
}

/// Turns are cut short by time, too (G46), and a thread that is taken off its processor is charged for that. So an order that
/// is promised is one that comes out in one of many tries; a wrong one never would.
fn assert_order(expected: &[&str], mut order: impl FnMut() -> Vec<String>) {
    let mut last = Vec::new();
    for _ in 0..50 {
        last = order();
        if last == expected {
            return;
        }
    }
    assert_eq!(last, expected);
}

/// The order in which two flooded actors of one shard handle: they are told all of it within one handler.
fn order(options: &[Spawn; 2], notes: [&'static [&'static str]; 2]) -> Vec<String> {
    let runtime = runtime(1);
    let (log, told) = mpsc::channel();
    let actors = options.each_ref().map(|options| runtime.spawn_with(options, teller(log.clone())).expect("an actor"));
    within(runtime.spawn(Subject::default()).expect("an actor"), move |_, _| {
        for (actor, notes) in actors.into_iter().zip(notes) {
            for note in notes {
                actor.tell((*note).to_owned()).expect("there is room");
            }
        }
    });
    told.iter().take(notes.concat().len()).collect()
}

#[test]
fn g227_f1_of_two_that_are_flooded_each_gets_its_budget_a_turn() {
    let options = [Spawn::new().budget(1), Spawn::new().budget(2)];
    let notes: [&[_]; 2] = [&["a1", "a2", "a3"], &["b1", "b2", "b3", "b4", "b5"]];
    assert_order(&["a1", "b1", "b2", "a2", "b3", "b4", "a3", "b5"], || order(&options, notes));
}

#[test]
fn g227_f2_a_flooded_one_with_a_budget_of_one_lets_a_light_one_go_first() {
    let options = [Spawn::new().budget(1), Spawn::new()];
    let notes: [&[_]; 2] = [&["h1", "h2", "h3"], &["l1", "l2", "l3"]];
    assert_order(&["h1", "l1", "l2", "l3", "h2", "h3"], || order(&options, notes));
}

#[test]
fn g227_f5_children_and_named_actors_have_the_budget_that_they_say() {
    assert_order(&["a0", "b0", "b1", "a1", "b2", "b3", "a2", "a3"], order_of_children);
}

fn order_of_children() -> Vec<String> {
    let runtime = runtime(1);
    let (log, told) = mpsc::channel();
    within(runtime.spawn(Subject::default()).expect("an actor"), move |_, context| {
        let a = context.spawn_with(&Spawn::new().budget(1), teller(log.clone())).expect("a child");
        let b = context.spawn_with(&Spawn::new().budget(2).named("b"), teller(log)).expect("a child");
        for n in 0..4 {
            a.tell(format!("a{n}")).expect("there is room");
            b.tell(format!("b{n}")).expect("there is room");
        }
    });
    told.iter().take(8).collect()
}

#[test]
fn g227_another_number_is_refused_and_nothing_is_started() {
    let runtime = runtime(1);
    let outside = runtime.spawn(Subject::default()).expect("an actor");
    for messages in [0, 65, u32::MAX] {
        let options = Spawn::new().named("bad").budget(messages);
        let error = runtime.spawn_with(&options, Subject::default()).expect_err("a refusal");
        assert_eq!(error, SpawnError::Option { name: "budget", allowed: "1 to 64 messages" });
        assert_eq!(error.to_string(), "budget is out of range: 1 to 64 messages");
        let inside = within(outside, move |_, context| context.spawn_with(&options, Subject::default()).map(|_| ()));
        assert_eq!(inside, Err(error));
        assert_eq!(runtime.whereis::<Message>("bad"), None);
    }
    assert_eq!(runtime.stats()[0].actors, 1);
    for messages in [1, 64] {
        runtime.spawn_with(&Spawn::new().budget(messages), Subject::default()).expect("it is in range");
    }
}
