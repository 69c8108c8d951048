//! A shard that ends in the middle of a group's swap.

use crate::{
    Actor, ActorRef, Canary, Context, ExitReason, Placement, Runtime, Spawn, SwapError, SwapOptions, Upgrade,
    answer::{Sender, channel},
    clock,
    door::Errand,
    runtime::request,
};
use std::time::Duration;

#[derive(Clone)]
struct Old;
struct New;

impl Actor for Old {
    type Message = ();
    fn handle(&mut self, (): (), _: &mut Context<()>) {}
}
impl Actor for New {
    type Message = ();
    fn handle(&mut self, (): (), _: &mut Context<()>) {}
}

/// Two shards, and an actor on each, the one of the first shard first.
fn two() -> (Runtime, [ActorRef<()>; 2]) {
    let runtime = Runtime::builder().shards(2).max_actors(100).start().expect("a runtime");
    let mut actors = [0, 1].map(|key| runtime.spawn_with(&Spawn::new().on(Placement::Key(key)), Old).expect("room"));
    let first = runtime.doors()[0].shard;
    actors.sort_by_key(|actor| actor.pid().shard() != first);
    assert_eq!(actors.map(|actor| actor.pid().shard() == first), [true, false], "one on each");
    (runtime, actors)
}

/// Ends the first shard before it serves what it is asked for after this. What is sent lets it; then that is waited for.
fn ends_first(runtime: &Runtime) -> impl FnOnce() + use<> {
    let (go, goes) = channel::<()>();
    let (done, ended) = channel();
    let (stands, stood) = channel();
    runtime.doors()[0].urge(Errand::Run(Box::new(move |worker| {
        stands.send(());
        goes.wait();
        worker.begin_close(Duration::ZERO, done);
    })));
    assert!(stood.wait().is_some(), "it is at nothing else");
    move || {
        Sender::send(go, ());
        assert!(ended.wait().is_some(), "it has ended");
    }
}

fn lost(actor: ActorRef<()>) -> (crate::Pid, SwapError) {
    (actor.pid(), SwapError::ActorExited(ExitReason::NoProc { ever_existed: true }))
}

fn swap(runtime: &Runtime, options: &SwapOptions) -> (crate::Verdict<crate::GroupReport>, impl FnOnce() + use<>) {
    let mut end = None;
    // Who is to be swapped has been asked for by then, and nothing ordered.
    let ends = std::cell::RefCell::new(&mut end);
    let upgrade = Upgrade::new(|_: Old| Ok(New));
    let verdict = upgrade.swap_where(runtime, options, |_| {
        ends.borrow_mut().get_or_insert_with(|| ends_first(runtime));
        true
    });
    (verdict, end.expect("it has actors"))
}

#[test]
fn g210_an_order_that_its_shard_took_and_did_not_serve_is_answered_by_its_end() {
    let _clock = clock::tests::alone();
    let (runtime, actors) = two();
    let (verdict, end) = swap(&runtime, &SwapOptions::new());
    end();
    let report = verdict.wait().expect("a report");
    assert_eq!((report.swapped, report.failed), (1, vec![lost(actors[0])]));
}

#[test]
fn g210_together_nobody_is_held_for_an_actor_whose_shard_has_ended() {
    let _clock = clock::tests::alone();
    let (runtime, actors) = two();
    let (verdict, end) = swap(&runtime, &SwapOptions::new().together());
    end();
    let report = verdict.wait().expect("a report");
    assert_eq!((report.swapped, report.failed), (1, vec![lost(actors[0])]));
    actors[1].tell(()).expect("room");
    while request(&runtime.doors()[1], move |worker| worker.info(actors[1].pid()).expect("it lives").mailbox) != Some(0)
    {
    }
}

#[test]
fn g210_when_the_shard_that_keeps_the_time_has_ended_another_one_does() {
    let _clock = clock::tests::alone();
    let (runtime, actors) = two();
    let options = SwapOptions::new().canary(Canary::messages(1));
    let verdict = Upgrade::new(|_: Old| Ok(New)).swap_all(&runtime, &options);
    let keeps = |at: usize| request(&runtime.doors()[at], |worker| worker.swaps.runs.len()).expect("a shard");
    while keeps(0) == 0 {}
    ends_first(&runtime)();
    // What it left behind is ahead of the first question, and has been done before the second.
    let _ = keeps(1);
    assert_eq!(keeps(1), 1);
    actors[1].tell(()).expect("room");
    let report: crate::GroupReport = verdict.wait().expect("a report");
    // It ended as a canary: it was swapped.
    assert_eq!((report.swapped, report.failed), (2, vec![]));
}
