//! A version on probation, as those see it who asked it something: whose end it is, and what they are told.

mod isolate;

use isolate::Isolate;
use myrmidon_actor::{
    Actor, ActorRef, AskError, AsyncActor, Canary, Context, CrashError, ExitReason, ForeignRef, Language, Lend,
    NoError, Payload, Question, ReplyTo, Runtime, Spawn, SwapError, SwapOptions, Upgrade, Verdict, Wire,
};
use myrmidon_core::{
    payload::Payload as Carried,
    record::{completion, reply, word},
};
use serde::Serialize;
use serde_json::json;
use std::{sync::mpsc, time::Duration};

/// What its handlers do.
enum Message {
    Version(ReplyTo<u32>),
    /// Panics.
    Boom(ReplyTo<u32>),
    /// Answers, and says that it has crashed.
    Leave(ExitReason, ReplyTo<u32>),
    /// Says so, and does not answer.
    LeaveUnanswered(ExitReason, ReplyTo<u32>),
    /// Says so, and then panics.
    LeaveAndBoom(ExitReason),
    /// Says so, and waits for the test.
    LeaveAndWait(ExitReason, mpsc::Sender<()>, mpsc::Receiver<()>),
}

const ON_SHARD: u8 = 0;
const LENT: u8 = 1;

#[derive(Clone)]
struct Version<const V: u32, const HOW: u8>;

fn read(mut wire: Wire) -> Option<Message> {
    match wire.tag() {
        "Boom" => Some(Message::Boom(wire.answers()?)),
        "LeaveUnanswered" => Some(Message::LeaveUnanswered(crashed("enough"), wire.answers()?)),
        _ => None,
    }
}

fn handle(version: u32, message: Message, context: &mut Context<Message>) {
    match message {
        Message::Version(reply) => reply.send(version),
        Message::Boom(_reply) => panic!("boom"),
        Message::Leave(reason, reply) => {
            context.stop_with(reason);
            reply.send(7);
        }
        Message::LeaveUnanswered(reason, _reply) => context.stop_with(reason),
        Message::LeaveAndBoom(reason) => {
            context.stop_with(reason);
            panic!("boom");
        }
        Message::LeaveAndWait(reason, runs, goes_on) => {
            context.stop_with(reason);
            runs.send(()).expect("the test listens");
            let _: Result<(), _> = goes_on.recv();
        }
    }
}

impl<const V: u32> Actor for Version<V, ON_SHARD> {
    type Message = Message;
    fn from_wire(wire: Wire) -> Option<Message> {
        read(wire)
    }
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        handle(V, message, context);
    }
}
impl<const V: u32> Actor for Version<V, LENT> {
    type Message = Message;
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        handle(V, message, context);
    }
}
/// Runs as a future.
#[derive(Clone)]
struct Future<const V: u32>;
impl<const V: u32> AsyncActor for Future<V> {
    type Message = Message;
    async fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        tokio::task::yield_now().await;
        handle(V, message, context);
    }
}

fn crashed(message: &str) -> ExitReason {
    let error = CrashError { name: "E".into(), message: message.into(), stack: None, language: Language::Rust };
    ExitReason::Crashed(Box::new(error))
}

type Swap = Verdict<(), SwapError<()>>;

/// One of each kind, under its second version, which is on probation for so many messages.
fn canaries(runtime: &Runtime, messages: u32) -> [(&'static str, ActorRef<Message>, Swap); 3] {
    let options = SwapOptions::new().canary(Canary::messages(messages).within(Duration::from_secs(600)));
    let on_shard = runtime.spawn(Version::<1, ON_SHARD>).expect("room");
    let lent = runtime.spawn(Version::<1, LENT>).expect("room");
    let future = runtime.spawn_async(&Spawn::new(), Future::<1>).expect("room");
    let swaps = [
        Upgrade::new(|_: Version<1, ON_SHARD>| Ok(Version::<2, ON_SHARD>)).swap(on_shard, &options),
        Upgrade::new(|_: Version<1, LENT>| Ok(Version::<2, LENT>)).swap(lent, &options),
        Upgrade::of_async(|_: Future<1>| Ok(Future::<2>)).swap(future, &options),
    ];
    let [first, second, third] = swaps;
    [("on its shard", on_shard, first), ("lent", lent, second), ("a future", future, third)]
}

fn runtime(shards: usize) -> Runtime {
    Runtime::builder().shards(shards).start().expect("a runtime")
}

/// How many messages were finished, how many of them answered, how many begun only, and why it went back.
fn went_back(swap: Swap) -> (usize, usize, usize, ExitReason) {
    match swap.wait() {
        Err(SwapError::RolledBack { reason, handled, open }) => {
            (handled.len(), handled.iter().filter(|one| one.answered).count(), open.len(), reason)
        }
        other => panic!("it did not go back: {other:?}"),
    }
}

fn version(actor: ActorRef<Message>) -> Result<u32, AskError> {
    actor.ask(Message::Version).wait()
}

#[derive(Serialize)]
struct Boom;
impl Question for Boom {
    const TAG: &'static str = "Boom";
    type Answer = u32;
    type Error = NoError;
}
#[derive(Serialize)]
struct LeaveUnanswered;
impl Question for LeaveUnanswered {
    const TAG: &'static str = "LeaveUnanswered";
    type Answer = u32;
    type Error = NoError;
}

fn named(runtime: &Runtime) -> (ForeignRef, Swap) {
    let actor = runtime.spawn_with(&Spawn::new().named("canary"), Version::<1, ON_SHARD>).expect("the name is free");
    let options = SwapOptions::new().canary(Canary::messages(100).within(Duration::from_secs(600)));
    let swap = Upgrade::new(|_: Version<1, ON_SHARD>| Ok(Version::<2, ON_SHARD>)).swap(actor, &options);
    while version(actor) != Ok(2) {}
    (runtime.foreign("canary").expect("it has the name"), swap)
}

#[test]
fn g238_another_language_whose_question_crashed_a_canary_hears_its_end() {
    let runtime = runtime(1);
    let mut isolate = Isolate::join(runtime.system());
    let (canary, swap) = named(&runtime);
    isolate.send(canary.pid(), "Boom", Carried::None, 1);
    let (record, bytes) = isolate.end_of_call();
    assert_eq!((record[word::HEAD] & 0xff, record[word::B]), (completion::REPLIED, reply::ASK_ERROR));
    let error = Payload::Bytes(bytes.expect("it says why")).read::<serde_json::Value>().expect("it is msgpack");
    let reason = json!({
        "_tag": "Crashed",
        "error": { "name": "panic", "message": "boom", "language": "rust" }
    });
    let exited = json!({ "_tag": "ActorExited", "pid": canary.pid().to_u64(), "reason": reason });
    assert_eq!(error, json!({ "_tag": "AskError", "tag": "Boom", "reason": exited }));
    assert_eq!(went_back(swap).2, 1);
}

#[test]
fn g238_so_does_rust_that_asks_as_another_language_would_from_afar_and_from_the_same_shard() {
    let runtime = runtime(2);
    let (canary, swap) = named(&runtime);
    // One beside it, one on the other shard: the least loaded one is taken.
    let askers: Vec<_> = (0..2)
        .map(|_| {
            let (told, heard) = mpsc::channel();
            let asker = Asker(canary, told);
            (runtime.spawn(asker).expect("room"), heard)
        })
        .collect();
    assert_ne!(askers[0].0.pid().shard(), askers[1].0.pid().shard());
    let boom = ExitReason::Crashed(Box::new(CrashError {
        name: "panic".into(),
        message: "boom".into(),
        stack: None,
        language: Language::Rust,
    }));
    askers[0].0.tell(Asked::Ask).expect("room");
    assert_eq!(askers[0].1.recv(), Ok(Err(AskError::ActorExited(boom.clone()))));
    assert_eq!(went_back(swap).3, boom);
    let actor = runtime.whereis::<Message>("canary").expect("it has the name");
    let options = SwapOptions::new().canary(Canary::messages(100).within(Duration::from_secs(600)));
    let swap = Upgrade::new(|_: Version<1, ON_SHARD>| Ok(Version::<2, ON_SHARD>)).swap(actor, &options);
    while version(actor) != Ok(2) {}
    askers[1].0.tell(Asked::Ask).expect("room");
    assert_eq!(askers[1].1.recv(), Ok(Err(AskError::ActorExited(boom.clone()))));
    assert_eq!(went_back(swap).3, boom);
}

enum Asked {
    Ask,
    Got(Result<u32, AskError>),
}
struct Asker(ForeignRef, mpsc::Sender<Result<u32, AskError>>);
impl Actor for Asker {
    type Message = Asked;
    fn handle(&mut self, message: Asked, context: &mut Context<Asked>) {
        match message {
            Asked::Ask => context.ask_foreign(self.0, &Boom, |answered| {
                Asked::Got(answered.map(|answer| answer.unwrap_or_else(|never| match never {})))
            }),
            Asked::Got(answer) => self.1.send(answer).expect("the test listens"),
        }
    }
}

#[test]
fn g238_a_stop_with_crashed_is_the_canarys_crash_and_the_message_whose_handler_said_so_is_finished() {
    let runtime = runtime(1);
    // The message is the only one that it has to handle: it has not passed by it.
    for (how, actor, swap) in canaries(&runtime, 1) {
        let answer = actor.ask(|reply| Message::Leave(crashed("enough"), reply)).wait();
        assert_eq!(answer, Ok(7), "{how}");
        assert_eq!(went_back(swap), (1, 1, 0, crashed("enough")), "{how}");
        assert_eq!(version(actor), Ok(1), "{how}");
    }
}

#[test]
fn g238_whoever_it_has_not_answered_hears_of_that_end() {
    let runtime = runtime(2);
    for (how, actor, swap) in canaries(&runtime, 100) {
        let answer = actor.ask(|reply| Message::LeaveUnanswered(crashed("enough"), reply)).wait();
        assert_eq!(answer, Err(AskError::ActorExited(crashed("enough"))), "{how}");
        assert_eq!(went_back(swap), (1, 0, 0, crashed("enough")), "{how}");
    }
    let mut isolate = Isolate::join(runtime.system());
    let (canary, swap) = named(&runtime);
    isolate.send(canary.pid(), "LeaveUnanswered", Carried::None, 1);
    let (record, bytes) = isolate.end_of_call();
    assert_eq!(record[word::B], reply::ASK_ERROR);
    let error = Payload::Bytes(bytes.expect("it says why")).read::<serde_json::Value>().expect("it is msgpack");
    assert_eq!(error["reason"]["_tag"], "ActorExited");
    assert_eq!(error["reason"]["reason"]["error"]["message"], "enough");
    went_back(swap);
    let outside = canary.ask(&LeaveUnanswered).wait();
    assert_eq!(outside, Err(AskError::ActorExited(crashed("enough"))));
}

#[test]
fn g238_any_other_reason_ends_it() {
    let runtime = runtime(1);
    for reason in [ExitReason::Normal, ExitReason::SHUTDOWN] {
        for (how, actor, swap) in canaries(&runtime, 100) {
            let end = actor.ended();
            drop(actor.ask(|reply| Message::Leave(reason.clone(), reply)));
            assert_eq!(end.wait(), Ok(reason.clone()), "{how}");
            assert_eq!(swap.wait(), Err(SwapError::ActorExited(reason.clone())), "{how}");
        }
    }
}

#[test]
fn g238_a_stop_that_has_not_acted_when_the_version_goes_back_goes_with_it() {
    let runtime = runtime(1);
    for (how, actor, swap) in canaries(&runtime, 100) {
        actor.tell(Message::LeaveAndBoom(crashed("enough"))).expect("room");
        assert!(matches!(went_back(swap), (0, 0, 1, ExitReason::Crashed(error)) if &*error.message == "boom"), "{how}");
        assert_eq!(version(actor), Ok(1), "{how}");
    }
    // A handler that is lent says so, and is interrupted before it is done.
    for (how, actor, swap) in canaries(&runtime, 100).into_iter().skip(1) {
        let ((runs, running), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
        actor.tell(Message::LeaveAndWait(crashed("enough"), runs, goes_on)).expect("room");
        running.recv().expect("it runs");
        assert_eq!(actor.roll_back().wait(), Ok(()), "{how}");
        assert_eq!(went_back(swap).2, 1, "{how}");
        assert_eq!(version(actor), Ok(1), "{how}");
        drop(go_on);
        assert_eq!(version(actor), Ok(1), "{how}");
    }
}

/// What an actor said about its own end is nobody else's.
#[test]
fn g52_an_actor_that_stops_itself_and_panics_ends_nobody_else() {
    let runtime = runtime(1);
    let first = runtime.spawn(Version::<1, ON_SHARD>).expect("room");
    let others: Vec<_> = (0..3).map(|_| runtime.spawn(Version::<1, ON_SHARD>).expect("room")).collect();
    let end = first.ended();
    first.tell(Message::LeaveAndBoom(ExitReason::Normal)).expect("room");
    assert!(matches!(end.wait(), Ok(ExitReason::Crashed(error)) if &*error.message == "boom"));
    for _ in 0..2 {
        for other in &others {
            assert_eq!(version(*other), Ok(1));
        }
    }
}
