//! G87 and G214: children of Rust that do not start now, beside their supervisor and on another shard.

use myrmidon_actor::{
    Actor, ActorRef, Child, Context, Dynamic, DynamicSupervisor, ExitReason, Lend, Placement, ReplyTo, Runtime, Spawn,
    SpawnError, Supervise, Supervisor, behavior,
};
use myrmidon_core::supervisor::{CommandError, Done, OptionsInput, Status, TreatmentInput};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

/// Starts when it is wanted.
#[derive(Clone, Default)]
struct Wanted {
    is_wanted: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
}

impl Actor for Wanted {
    type Message = ReplyTo<()>;
    fn started(&mut self, context: &mut Context<Self::Message>) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if !self.is_wanted.load(Ordering::SeqCst) {
            context.ignore();
        }
    }
    fn handle(&mut self, reply: ReplyTo<()>, context: &mut Context<Self::Message>) {
        // Too late: it has started.
        context.ignore();
        reply.send(());
    }
}

fn treated(restart: &'static str) -> TreatmentInput<'static> {
    TreatmentInput { restart: Some(restart), ..Default::default() }
}

fn children(top: ActorRef<Supervise>) -> Vec<(String, Status)> {
    let children = top.ask(Supervise::Children).wait().expect("an answer");
    children.into_iter().map(|child| (child.id.to_string(), child.status)).collect()
}

#[test]
fn g87_a_child_that_ignores_its_start_stays_without_running_and_is_asked_again() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let wanted = Wanted::default();
    let make = |wanted: &Wanted| {
        let wanted = wanted.clone();
        move || wanted.clone()
    };
    let child = |id, restart| Child::new(id, &treated(restart), Spawn::new().named(id), make(&wanted)).expect("valid");
    let after = Child::new("after", &treated("permanent"), Spawn::new(), || behavior((), |(), (), _| {}));
    let specs = vec![child("kept", "permanent"), child("gone", "temporary"), after.expect("valid")];
    let top = Supervisor::new("top", &OptionsInput::default(), specs).expect("valid");
    let top = runtime.spawn(top).expect("room");
    let stopped = ("kept".to_owned(), Status::Stopped);
    assert_eq!(children(top), [stopped.clone(), ("after".to_owned(), Status::Running)]);
    assert!(runtime.whereis::<ReplyTo<()>>("kept").is_none(), "its name is free");
    let restart = || top.ask(|reply| Supervise::Restart("kept".into(), reply)).wait().expect("an answer");
    assert_eq!((restart(), children(top)[0].clone()), (Ok(Done::Ignored), stopped));
    assert_eq!(wanted.asked.load(Ordering::SeqCst), 3);
    wanted.is_wanted.store(true, Ordering::SeqCst);
    assert!(matches!(restart(), Ok(Done::Started { .. })));
    let kept = runtime.whereis::<ReplyTo<()>>("kept").expect("it runs");
    assert_eq!(kept.ask(|reply| reply).wait(), Ok(()));
    assert_eq!(children(top)[0], ("kept".to_owned(), Status::Running));
}

/// Spawns one that does not start, linked.
struct Spawner<const LENT: bool>;
impl<const LENT: bool> Actor for Spawner<LENT> {
    type Message = ReplyTo<Option<SpawnError>>;
    const LEND: Lend = if LENT { Lend::Always } else { Lend::Never };
    fn handle(&mut self, reply: Self::Message, context: &mut Context<Self::Message>) {
        reply.send(context.spawn_with(&Spawn::new().linked(), Wanted::default()).err());
    }
}

#[test]
fn g214_a_spawn_that_is_ignored_is_a_typed_error_and_leaves_nothing() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let spawner = runtime.spawn(Spawner::<false>).expect("room");
    assert_eq!(spawner.ask(|reply| reply).wait(), Ok(Some(SpawnError::Ignored)));
    // No link of it has made a signal.
    assert_eq!(spawner.ask(|reply| reply).wait(), Ok(Some(SpawnError::Ignored)));
    assert_eq!(runtime.stats()[0].actors, 1);
    // From outside nobody waits for the start; it ends in order.
    let actor = runtime.spawn(Wanted::default()).expect("room");
    while runtime.info(actor).is_some() {}
    // Nor does a lent handler wait, and its actor's link does not end it.
    let lent = runtime.spawn(Spawner::<true>).expect("room");
    assert_eq!(lent.ask(|reply| reply).wait(), Ok(None));
    while runtime.stats()[0].actors > 2 {}
    assert_eq!(lent.ask(|reply| reply).wait(), Ok(None));
}

#[test]
fn g214_a_child_on_another_shard_that_ignores_its_start_is_not_started_again() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let wanted = Wanted::default();
    for key in 0..2 {
        let (own, asked) = (wanted.clone(), wanted.asked.load(Ordering::SeqCst));
        let spawn = Spawn::new().on(Placement::Key(key));
        let child = Child::new("far", &treated("permanent"), spawn.clone(), move || own.clone()).expect("valid");
        let top = Supervisor::new("top", &OptionsInput::default(), vec![child]).expect("valid");
        let top = runtime.spawn_with(&Spawn::new().on(Placement::Key(0)), top).expect("room");
        while children(top) != [("far".to_owned(), Status::Stopped)] {}
        assert_eq!(wanted.asked.load(Ordering::SeqCst), asked + 1);
        let end = top.ended();
        top.tell(Supervise::Stop(ExitReason::SHUTDOWN)).expect("room");
        assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));

        let own = wanted.clone();
        let many = DynamicSupervisor::new("many", &OptionsInput::default(), &treated("permanent"), spawn, move |()| {
            own.clone()
        });
        let many = runtime.spawn_with(&Spawn::new().on(Placement::Key(0)), many.expect("valid")).expect("room");
        match many.ask(|reply| Dynamic::Start((), reply)).wait().expect("an answer") {
            Ok(_) => assert_eq!(key, 1, "it had not said so yet"),
            Err(CommandError::ChildNotRunning { status: None, .. }) => assert_eq!(key, 0),
            Err(other) => panic!("{other}"),
        }
        let count = || many.ask(Dynamic::Count).wait().map(|count| (count.specs, count.active));
        while count() != Ok((0, 0)) {}
        assert_eq!(wanted.asked.load(Ordering::SeqCst), asked + 2);
        many.kill();
    }
}
