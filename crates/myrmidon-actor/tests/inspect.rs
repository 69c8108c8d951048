//! Rows G14 and G16 of OTP's suites (`gen_server_SUITE:get_state`, `replace_state`; `sys_SUITE:trace`, `stats`, `install`),
//! and the bounds of what looks on.

use myrmidon_actor::{
    Actor, ActorRef, Canary, Context, ExitReason, InspectError, Lend, ReplyTo, Runtime, Signal, Spawn, Statistics,
    SwapOptions, TraceEvent, TraceOptions, Upgrade,
};
use std::sync::mpsc;

enum Message {
    Add(u64),
    Total(ReplyTo<u64>),
    Tell(ActorRef<Message>, u64),
    Ask(ActorRef<Message>),
    Watch(ActorRef<Message>),
    Block(mpsc::Sender<()>, mpsc::Receiver<()>),
    Boom,
}

#[derive(Clone, Debug, PartialEq)]
struct Counter(u64);
#[derive(Clone)]
struct Next(u64);

fn said(total: &mut u64, message: Message, context: &mut Context<Message>) {
    match message {
        Message::Add(by) => *total += by,
        Message::Total(reply) => reply.send(*total),
        Message::Tell(whom, by) => whom.tell(Message::Add(by)).expect("room"),
        Message::Ask(whom) => context.ask(whom, Message::Total, |total| Message::Add(total.expect("an answer"))),
        Message::Watch(whom) => {
            context.monitor(whom);
        }
        Message::Block(runs, goes_on) => {
            runs.send(()).expect("the test listens");
            let _: Result<(), _> = goes_on.recv();
        }
        Message::Boom => panic!("boom"),
    }
}

fn describe(message: &Message) -> String {
    match message {
        Message::Add(by) => format!("add {by}"),
        Message::Total(_) => "total".into(),
        Message::Tell(_, by) => format!("tell {by}"),
        Message::Ask(_) => "ask".into(),
        Message::Watch(_) => "watch".into(),
        Message::Block(..) => "block".into(),
        Message::Boom => "boom".into(),
    }
}

impl Actor for Counter {
    type Message = Message;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        said(&mut self.0, message, context);
    }
}
impl Actor for Next {
    type Message = Message;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        said(&mut self.0, message, context);
    }
}

/// Runs on pool threads.
#[derive(Clone)]
struct Lent(u64);
impl Actor for Lent {
    type Message = Message;
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        said(&mut self.0, message, context);
    }
}

fn runtime() -> Runtime {
    Runtime::builder().shards(1).start().expect("a runtime")
}

fn total(actor: ActorRef<Message>) -> u64 {
    actor.ask(Message::Total).wait().expect("an answer")
}

fn received(message: &str, from: Option<ActorRef<Message>>) -> TraceEvent<String> {
    TraceEvent::Received { from: from.map(ActorRef::pid), message: message.to_owned() }
}

fn sent(to: ActorRef<Message>) -> TraceEvent<String> {
    TraceEvent::Sent { to: to.pid(), message: std::any::type_name::<Message>() }
}

#[test]
fn g183_get_state_reads_between_two_messages_and_names_the_type_that_it_expects() {
    let runtime = runtime();
    let actor = runtime.spawn(Counter(1)).expect("room");
    actor.tell(Message::Add(2)).expect("room");
    let inspector = runtime.inspector();
    assert_eq!(total(actor), 3);
    assert_eq!(inspector.get_state(actor, Counter::clone).wait(), Ok(Counter(3)));
    let other = inspector.get_state(actor, |next: &Next| next.0).wait();
    assert!(matches!(other, Err(InspectError::ProtocolMismatch { running }) if running.ends_with("Counter")));
    let end = actor.ended();
    actor.kill();
    end.wait().expect("it ends");
    let gone = inspector.get_state(actor, |counter: &Counter| counter.0).wait();
    assert!(matches!(gone, Err(InspectError::ActorExited(_))));
}

#[test]
fn g183_a_look_that_panics_takes_no_actor_along() {
    let runtime = runtime();
    let actor = runtime.spawn(Counter(1)).expect("room");
    let inspector = runtime.inspector();
    let panicked = inspector.get_state(actor, |_: &Counter| -> u64 { panic!("oh") }).wait();
    assert_eq!(panicked, Err(InspectError::ReadFailed("oh".into())));
    assert_eq!(inspector.get_state(actor, Counter::clone).wait(), Ok(Counter(1)));
    assert_eq!(total(actor), 1);
}

#[derive(Clone)]
struct Fragile;
impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "it breaks");
    }
}
impl Actor for Fragile {
    type Message = ReplyTo<()>;
    fn handle(&mut self, reply: ReplyTo<()>, _: &mut Context<ReplyTo<()>>) {
        reply.send(());
    }
}

#[test]
fn g183_a_state_that_panics_when_it_is_replaced_is_replaced_all_the_same() {
    let runtime = runtime();
    let actor = runtime.spawn(Fragile).expect("room");
    assert_eq!(runtime.inspector().replace_state(actor, |old: Fragile| Ok(old)).wait(), Ok(()));
    assert_eq!(actor.ask(|reply| reply).wait(), Ok(()));
}

#[test]
fn g183_replace_state_that_fails_leaves_the_old_state() {
    let runtime = runtime();
    let actor = runtime.spawn(Counter(1)).expect("room");
    let inspector = runtime.inspector();
    assert_eq!(inspector.replace_state(actor, |Counter(n)| Ok(Counter(n + 41))).wait(), Ok(()));
    let refused = inspector.replace_state(actor, |_: Counter| Err("never".into())).wait();
    assert_eq!(refused, Err(InspectError::ReplaceFailed("never".into())));
    let panicked = inspector.replace_state(actor, |_: Counter| -> Result<Counter, String> { panic!("oh") }).wait();
    assert_eq!(panicked, Err(InspectError::ReplaceFailed("oh".into())));
    assert_eq!(total(actor), 42);
}

#[test]
fn g183_the_state_of_an_actor_that_is_lent_is_seen_when_its_handler_is_done() {
    let runtime = runtime();
    let actor = runtime.spawn(Lent(5)).expect("room");
    let ((runs, running), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    actor.tell(Message::Block(runs, goes_on)).expect("room");
    running.recv().expect("it runs");
    let state = runtime.inspector().get_state(actor, |lent: &Lent| lent.0);
    let replaced = runtime.inspector().replace_state(actor, |Lent(n)| Ok(Lent(n + 1)));
    drop(go_on);
    assert_eq!((state.wait(), replaced.wait()), (Ok(5), Ok(())));
    assert_eq!(total(actor), 6);
}

#[test]
fn g184_a_trace_sees_what_goes_in_and_what_goes_out_and_is_gone_with_its_reader() {
    let runtime = runtime();
    let actor = runtime.spawn(Counter(0)).expect("room");
    let other = runtime.spawn(Counter(7)).expect("room");
    let mut trace = runtime.inspector().trace(actor, TraceOptions::default(), describe).wait().expect("it lives");
    actor.tell(Message::Tell(other, 1)).expect("room");
    actor.tell(Message::Ask(other)).expect("room");
    actor.tell(Message::Watch(other)).expect("room");
    let mut seen: Vec<_> = trace.by_ref().take(10).collect();
    let asked = TraceEvent::Asked { to: other.pid(), message: std::any::type_name::<Message>() };
    let expected = [
        received("tell 1", None),
        sent(other),
        TraceEvent::Handled,
        received("ask", None),
        asked,
        TraceEvent::Handled,
        received("watch", None),
        TraceEvent::Handled,
    ];
    // The answer comes in between or behind.
    let answer = seen.iter().position(|event| *event == received("add 8", Some(other))).expect("the answer");
    assert_eq!(seen.drain(answer..answer + 2).next_back(), Some(TraceEvent::Handled));
    assert_eq!(seen, expected);
    other.kill();
    let down = trace.by_ref().find(|event| matches!(event, TraceEvent::Signal(_)));
    assert!(matches!(down, Some(TraceEvent::Signal(Signal::Down { reason: ExitReason::Killed, .. }))), "{down:?}");
    // An answer that the actor gives.
    let sum = total(actor);
    assert_eq!(trace.by_ref().find(|event| *event == TraceEvent::Replied), Some(TraceEvent::Replied));
    drop(trace);
    assert_eq!((sum, total(actor)), (8, 8));
}

#[test]
fn g184_a_trace_changes_no_behaviour_survives_a_swap_and_sees_a_canary_crash() {
    let runtime = runtime();
    let actor = runtime.spawn(Counter(0)).expect("room");
    let mut trace = runtime.inspector().trace(actor, TraceOptions::default(), describe).wait().expect("it lives");
    let upgrade = Upgrade::new(|Counter(n)| Ok(Next(n + 100)));
    let swap = upgrade.swap(actor, &SwapOptions::new().canary(Canary::default()));
    actor.tell(Message::Add(1)).expect("room");
    actor.tell(Message::Boom).expect("room");
    swap.wait().expect_err("it goes back");
    actor.tell(Message::Add(2)).expect("room");
    let seen: Vec<_> = trace.by_ref().take(6).collect();
    assert_eq!(seen[..3], [received("add 1", None), TraceEvent::Handled, received("boom", None)]);
    assert!(matches!(&seen[3], TraceEvent::Crashed(ExitReason::Crashed(error)) if &*error.message == "boom"));
    assert_eq!(seen[4..], [received("add 2", None), TraceEvent::Handled]);
    assert_eq!(total(actor), 2);
}

#[test]
fn g184_a_trace_sees_what_an_actor_on_a_pool_thread_sends() {
    let runtime = runtime();
    let (actor, other) = (runtime.spawn(Lent(0)).expect("room"), runtime.spawn(Counter(0)).expect("room"));
    let trace = runtime.inspector().trace(actor, TraceOptions::default(), describe).wait().expect("it lives");
    actor.tell(Message::Tell(other, 3)).expect("room");
    let seen: Vec<_> = trace.take(3).collect();
    assert_eq!(seen, [received("tell 3", None), sent(other), TraceEvent::Handled]);
}

#[test]
fn g184_a_trace_is_bounded_by_its_limit_and_by_its_rate() {
    let runtime = runtime();
    let actor = runtime.spawn(Counter(0)).expect("room");
    let inspector = runtime.inspector();
    let limited = inspector.trace(actor, TraceOptions { limit: 3, ..Default::default() }, describe);
    let rated = inspector.trace(actor, TraceOptions { per_second: 1, ..Default::default() }, describe);
    let (limited, rated) = (limited.wait().expect("it lives"), rated.wait().expect("it lives"));
    for _ in 0..100 {
        actor.tell(Message::Add(1)).expect("room");
    }
    assert_eq!(total(actor), 100);
    assert_eq!(limited.count(), 3, "and then it ends");
    // 201 at the least that had happened by then, of which a slow machine may have let a few through.
    assert!(rated.skipped() > 100, "{}", rated.skipped());
    for (options, name) in [
        (TraceOptions { limit: 0, ..Default::default() }, "limit"),
        (TraceOptions { per_second: 0, ..Default::default() }, "per_second"),
    ] {
        let refused = inspector.trace(actor, options, describe).wait().expect_err("out of range");
        assert_eq!(refused, InspectError::InvalidOption(name));
    }
}

#[test]
fn g184_statistics_count_from_their_first_reading_until_they_are_ended() {
    let runtime = runtime();
    let (actor, other) = (runtime.spawn(Counter(0)).expect("room"), runtime.spawn(Counter(0)).expect("room"));
    let inspector = runtime.inspector();
    actor.tell(Message::Add(1)).expect("room");
    assert_eq!(total(actor), 1);
    assert_eq!(inspector.statistics(actor).wait(), Ok(Statistics::default()));
    for _ in 0..10 {
        actor.tell(Message::Tell(other, 1)).expect("room");
    }
    assert_eq!(total(actor), 1);
    let counts = inspector.statistics(actor).wait().expect("it lives");
    let expected = Statistics { received: 11, handled: 11, sent: 10, replied: 1, ..Statistics::default() };
    assert_eq!(counts, expected);
    inspector.end_statistics(actor);
    assert_eq!(inspector.statistics(actor).wait(), Ok(Statistics::default()));
    let named = runtime.spawn_with(&Spawn::new().named("still there"), Counter(0)).expect("room");
    assert_eq!(runtime.whereis::<Message>("still there"), Some(named));
}
