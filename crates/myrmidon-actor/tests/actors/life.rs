//! Starting, ending and shutting down (G36, G170 to G173).

use crate::{lending::*, subject::*};
use myrmidon_actor::*;
use std::{sync::mpsc, time::Duration};

#[test]
fn g172_a_panic_ends_its_actor_alone() {
    for (_runtime, first, second) in pairs() {
        let end = first.ended();
        let question = first.ask(|reply: ReplyTo<()>| {
            Message::Do(Box::new(move |_, _| {
                let _kept = reply;
                panic!("no {}", 7)
            }))
        });
        let Ok(ExitReason::Crashed(error)) = end.wait() else { panic!("it crashed") };
        assert_eq!((&*error.message, error.language.name()), ("no 7", "rust"));
        // The question ends with the reason, not with a dropped reply.
        assert!(matches!(question.wait(), Err(AskError::ActorExited(ExitReason::Crashed(_)))));
        within(second, |_, _| ());
    }
}

struct Never;
impl Actor for Never {
    type Message = ();
    fn handle(&mut self, (): (), _: &mut Context<()>) {}
    fn started(&mut self, _: &mut Context<()>) {
        panic!("not today");
    }
}

#[test]
fn g36_a_spawn_that_fails_in_started_never_was() {
    let runtime = runtime(1);
    let parent = runtime.spawn(Subject::default()).expect("a parent");
    let failed = within(parent, |_, context| context.spawn_with(&Spawn::new().linked(), Never));
    let Err(SpawnError::InitFailed(error)) = failed else { panic!("it failed") };
    assert_eq!(&*error.message, "not today");
    // Its link makes no signal.
    within(parent, |_, _| ());
    assert_eq!(runtime.stats().iter().map(|shard| shard.actors).sum::<u32>(), 1);
}

/// Spawns one that does not start, and hears what comes of it.
struct Spawner<const LENT: bool> {
    placement: Placement,
    told: mpsc::Sender<Signal>,
}
impl<const LENT: bool> Actor for Spawner<LENT> {
    type Message = ();
    const LEND: Lend = if LENT { Lend::Always } else { Lend::Never };
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        context.trap_exits(true);
        let options = Spawn::new().linked().on(self.placement);
        context.spawn_monitored(&options, Never).expect("nobody waits for its start");
    }
    fn signal(&mut self, signal: Signal, _: &mut Context<()>) {
        self.told.send(signal).expect("the test listens");
    }
}

#[test]
fn g244_whoever_does_not_wait_for_a_start_hears_of_a_panic_in_it_as_of_any_end() {
    let runtime = runtime(2);
    let (told, heard) = mpsc::channel();
    let here = runtime.spawn(Spawner::<true> { placement: Placement::Here, told: told.clone() }).expect("room");
    // Keys 0 and 1 are on different shards, or one of them is here: the child's shard is the spawner's, or another one.
    let away = |key| Spawner::<true> { placement: Placement::Key(key), told: told.clone() };
    for spawner in [here, runtime.spawn(away(0)).expect("room"), runtime.spawn(away(1)).expect("room")] {
        spawner.tell(()).expect("room");
        let signals = [heard.recv().expect("a signal"), heard.recv().expect("a signal")];
        assert!(signals.iter().any(|signal| matches!(signal, Signal::Down { .. })), "{signals:?}");
        assert!(signals.iter().any(|signal| matches!(signal, Signal::Exit { .. })), "{signals:?}");
        for signal in signals {
            let (Signal::Down { reason, .. } | Signal::Exit { reason, .. }) = signal else { panic!("{signal:?}") };
            assert!(matches!(reason, ExitReason::Crashed(error) if &*error.message == "not today"));
        }
    }
    // From outside of any actor.
    let end = runtime.spawn(Never).expect("nobody waits for its start").ended();
    assert!(matches!(end.wait(), Ok(ExitReason::Crashed(_) | ExitReason::NoProc { ever_existed: true })));
}

#[test]
fn g245_a_shard_has_as_many_actors_as_it_may_have_and_not_one_more() {
    for most in [1_u32, 10, 100, 1100] {
        let runtime = Runtime::builder().shards(1).max_actors(most).start().expect("a runtime");
        for _ in 0..most {
            runtime.spawn(Subject::default()).expect("there is room");
        }
        assert_eq!(runtime.spawn(Subject::default()).err(), Some(SpawnError::TooManyActors));
        let runtime = Runtime::builder().shards(1).max_actors(most).start().expect("a runtime");
        let parent = runtime.spawn(Subject::default()).expect("there is room");
        let left = within(parent, move |_, context| {
            (1..most).for_each(|_| {
                context.spawn(Subject::default()).expect("there is room");
            });
            context.spawn(Subject::default()).err()
        });
        assert_eq!(left, Some(SpawnError::TooManyActors));
    }
}

struct Parting(ActorRef<Message>);
impl Drop for Parting {
    fn drop(&mut self) {
        self.0.tell(Message::Note(1)).expect("there is room");
    }
}

#[test]
fn g170_an_actor_that_drops_a_message_or_itself_may_tell_in_the_destructor() {
    let runtime = runtime(1);
    let listener = runtime.spawn(Subject::default()).expect("a listener");
    let holder = runtime
        .spawn(behavior(
            Some(Parting(listener)),
            |_: &mut Option<Parting>, _: Parting, context: &mut Context<Parting>| {
                context.stop();
            },
        ))
        .expect("a holder");
    let end = holder.ended();
    holder.tell(Parting(listener)).expect("there is room");
    holder.tell(Parting(listener)).expect("there is room");
    end.wait().expect("its end");
    // Handled, dead, and the state.
    while heard(listener).len() < 3 {}
}

#[test]
fn g173_shutdown_lets_actors_finish_and_kills_those_that_do_not() {
    let runtime = runtime(2);
    let (log, told) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let worker = runtime.spawn(Subject::default()).expect("a worker");
    for number in 0..100 {
        let log: Log<u32> = log.clone();
        run(worker, move |_, _| log.send(number).expect("the test listens"));
    }
    drop((log, release));
    assert_eq!(runtime.shutdown(Duration::from_secs(60)).killed, 0);
    assert_eq!(told.iter().count(), 100);
    assert!(held.recv().is_err());
    // Afterwards a ref is of nobody.
    worker.tell(Message::Note(1)).expect("a dead actor is no error");
    assert!(matches!(worker.ask(Message::Dump).wait(), Err(AskError::ActorExited(_))));
}

#[test]
fn g173_shutdown_does_not_wait_for_a_thread_that_is_stuck() {
    let runtime = runtime(1);
    let blocking = runtime.spawn(Blocking(Vec::new())).expect("an actor");
    let (open, gate) = mpsc::sync_channel(0);
    blocking.tell(Message2::Wait(gate)).expect("there is room");
    // It is in its handler once that has taken something.
    open.send(()).expect("it waits");
    let stopped = runtime.shutdown(Duration::from_millis(1));
    assert_eq!((stopped.killed, stopped.stuck), (1, 1));
    drop(open);
}

#[test]
fn g212_shutdown_without_a_limit_waits_for_a_handler_as_long_as_it_takes() {
    let runtime = runtime(1);
    let (blocking, other) =
        (runtime.spawn(Blocking(Vec::new())).expect("an actor"), runtime.spawn(Subject::default()).expect("an actor"));
    let (open, gate) = mpsc::sync_channel(0);
    blocking.tell(Message2::Wait(gate)).expect("there is room");
    open.send(()).expect("it waits");
    let (end, last) = (other.ended(), blocking.ended());
    let stopped = std::thread::spawn(move || runtime.shutdown(Duration::MAX));
    // It has begun, and its shard has nothing left to do but to wait.
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    for _ in 0..100 {
        // Each wakes it from its sleep, and it still listens.
        assert!(matches!(other.ask(Message::Dump).wait(), Err(AskError::ActorExited(_))));
        std::thread::yield_now();
    }
    drop(open);
    assert_eq!(last.wait(), Ok(ExitReason::SHUTDOWN));
    let stopped = stopped.join().expect("nothing panics");
    assert_eq!((stopped.killed, stopped.stuck), (0, 0));
}

#[test]
fn a_runtime_may_be_dropped_in_a_handler() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let end = actor.ended();
    run(actor, move |_, _| drop(runtime));
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
}

#[test]
fn actors_are_spread_over_the_shards_however_fast_they_are_spawned() {
    let runtime = runtime(2);
    let spawned: Vec<_> = (0..100).map(|_| runtime.spawn(Subject::default()).expect("an actor")).collect();
    let first = spawned[0].pid().shard();
    let beside = spawned.iter().filter(|actor| actor.pid().shard() == first).count();
    assert!((45..=55).contains(&beside), "{beside} of 100");
}

#[test]
fn options_out_of_range_are_refused() {
    assert!(Runtime::builder().shards(0).start().is_err());
    assert!(Runtime::builder().max_actors(0).start().is_err());
    assert!(Runtime::builder().mailbox(0).start().is_err());
    let runtime = Runtime::builder().shards(1).max_actors(1100).start().expect("a runtime");
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    // In one handler: it is a long one, and the next one would be lent, and spawn from the stock for other threads.
    let (spawned, refused) = within(actor, |_, context| {
        let spawned = (0..2000).take_while(|_| context.spawn(Subject::default()).is_ok()).count();
        (spawned, context.spawn(Subject::default()).err())
    });
    assert!(spawned < 1100);
    assert_eq!(refused, Some(SpawnError::TooManyActors));
}
