//! Supervisors over real shards: who is started again, who with it, and when it is too much.

use myrmidon_actor::{
    ActorRef, Child, Context, ExitReason, Placement, ReplyTo, Runtime, Spawn, Supervise, Supervisor, behavior,
};
use myrmidon_core::supervisor::{Event, Happening, OptionsInput, TreatmentInput};
use std::sync::mpsc;

enum Message {
    Crash,
    Ping(ReplyTo<()>),
}

fn child(id: &'static str, at: u64) -> Child {
    let make = || {
        behavior((), |(): &mut (), message: Message, _: &mut Context<Message>| match message {
            Message::Crash => panic!("on demand"),
            Message::Ping(reply) => reply.send(()),
        })
    };
    // A name is given on the child's own shard, so that one elsewhere has none.
    let options = if at == 0 { Spawn::new().named(id) } else { Spawn::new().on(Placement::Key(at)) };
    Child::new(id, &TreatmentInput::default(), options, make).expect("a valid spec")
}

fn tree(runtime: &Runtime, strategy: &str, children: Vec<Child>) -> (ActorRef<Supervise>, mpsc::Receiver<Event>) {
    let options = OptionsInput { strategy: Some(strategy), intensity: Some(1.0), ..Default::default() };
    let (told, events) = mpsc::channel();
    let top = Supervisor::new("top", &options, children).expect("valid options");
    let top = top.listen(move |event| told.send(event).unwrap_or_default());
    (runtime.spawn(top).expect("a supervisor"), events)
}

fn runtime() -> Runtime {
    Runtime::builder().shards(2).start().expect("a runtime")
}

fn started(events: &mpsc::Receiver<Event>, id: &str) {
    loop {
        let event = events.recv().expect("it is told");
        if &*event.child == id && matches!(event.what, Happening::Started(_) | Happening::Restarted(_)) {
            return;
        }
    }
}

#[test]
fn g88_a_child_that_crashes_is_started_again_under_its_name() {
    let runtime = runtime();
    let (top, events) = tree(&runtime, "one_for_one", vec![child("a", 0), child("b", 0)]);
    started(&events, "b");
    let first = runtime.whereis::<Message>("a").expect("it runs");
    let other = runtime.whereis::<Message>("b").expect("it runs");
    first.tell(Message::Crash).expect("there is room");
    started(&events, "a");
    let second = runtime.whereis::<Message>("a").expect("it runs again");
    assert_ne!(first, second);
    assert_eq!(second.ask(Message::Ping).wait(), Ok(()));
    assert_eq!(runtime.whereis::<Message>("b"), Some(other), "the other one goes on");
    let children = top.ask(Supervise::Children).wait().expect("an answer");
    assert_eq!(children.iter().map(|child| (&*child.id, child.restarts)).collect::<Vec<_>>(), [("a", 1), ("b", 0)]);
}

#[test]
fn g89_one_for_all_takes_the_others_along() {
    let runtime = runtime();
    let (_top, events) = tree(&runtime, "one_for_all", vec![child("a", 0), child("b", 0)]);
    started(&events, "b");
    let (first, other) = (runtime.whereis::<Message>("a"), runtime.whereis::<Message>("b"));
    let end = other.expect("it runs").ended();
    first.expect("it runs").tell(Message::Crash).expect("there is room");
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    started(&events, "b");
    assert_ne!(runtime.whereis::<Message>("b"), other);
}

#[test]
fn g92_too_many_restarts_end_the_supervisor_and_its_children() {
    let runtime = runtime();
    let (top, events) = tree(&runtime, "one_for_one", vec![child("a", 0), child("b", 0)]);
    started(&events, "b");
    let end = top.ended();
    let other = runtime.whereis::<Message>("b").expect("it runs").ended();
    for _ in 0..2 {
        runtime.whereis::<Message>("a").expect("it runs").tell(Message::Crash).expect("there is room");
        if runtime.whereis::<Message>("b").is_some() {
            loop {
                let event = events.recv().expect("it is told");
                if matches!(event.what, Happening::Restarted(_) | Happening::Escalated(_)) {
                    break;
                }
            }
        }
    }
    let Ok(ExitReason::Shutdown { detail: Some(detail) }) = end.wait() else { panic!("it escalates") };
    assert!(detail.contains("restart intensity"), "{detail}");
    assert_eq!(other.wait(), Ok(ExitReason::SHUTDOWN));
}

#[test]
fn g91_children_on_another_shard_are_terminated_and_started_by_command() {
    let runtime = runtime();
    let (top, events) = tree(&runtime, "one_for_one", vec![child("near", 0), child("k0", 1), child("k1", 2)]);
    started(&events, "k1");
    for id in ["k0", "k1"] {
        assert!(top.ask(|reply| Supervise::Terminate(id.into(), reply)).wait().expect("an answer").is_ok());
        assert!(top.ask(|reply| Supervise::Restart(id.into(), reply)).wait().expect("an answer").is_ok());
    }
    assert!(top.ask(|reply| Supervise::Delete("near".into(), reply)).wait().expect("an answer").is_err());
    let end = top.ended();
    let near = runtime.whereis::<Message>("near").expect("it runs").ended();
    top.tell(Supervise::Stop(ExitReason::SHUTDOWN)).expect("there is room");
    assert_eq!((near.wait(), end.wait()), (Ok(ExitReason::SHUTDOWN), Ok(ExitReason::SHUTDOWN)));
    assert_eq!(runtime.stats().iter().map(|shard| shard.actors).sum::<u32>(), 0);
}
