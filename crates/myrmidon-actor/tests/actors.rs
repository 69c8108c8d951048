//! The API, rule by rule, on real threads: every wait is for an answer or an end, never for time.

use myrmidon_actor::{
    Actor, ActorRef, AskError, Context, ExitReason, Lend, Mailbox, MonitorRef, Overflow, Pid, Placement, ReplyTo,
    Runtime, SendError, Signal, Spawn, SpawnError, behavior,
};
use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

type Log<T> = mpsc::Sender<T>;

fn runtime(shards: usize) -> Runtime {
    Runtime::builder().shards(shards).max_actors(200_000).start().expect("a runtime starts")
}

/// A message that does whatever the test wants.
type Run = Box<dyn FnOnce(&mut Subject, &mut Context<Message>) + Send>;

enum Message {
    Do(Run),
    Note(u32),
    Dump(ReplyTo<Vec<String>>),
}

/// An actor that notes what it hears.
#[derive(Default)]
struct Subject {
    heard: Vec<String>,
    watching: Vec<MonitorRef>,
}

impl Actor for Subject {
    type Message = Message;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Do(run) => run(self, context),
            Message::Note(number) => self.heard.push(number.to_string()),
            Message::Dump(reply) => reply.send(self.heard.clone()),
        }
    }
    fn signal(&mut self, signal: Signal, _: &mut Context<Message>) {
        self.heard.push(match signal {
            Signal::Down { reason, .. } => format!("down {reason}"),
            Signal::Exit { reason, .. } => format!("exit {reason}"),
            _ => "another signal".to_owned(),
        });
    }
}

fn run(actor: ActorRef<Message>, run: impl FnOnce(&mut Subject, &mut Context<Message>) + Send + 'static) {
    actor.tell(Message::Do(Box::new(run))).expect("there is room");
}

/// Runs something in an actor, and waits for what it says.
fn within<T: Send + 'static>(
    actor: ActorRef<Message>,
    ask: impl FnOnce(&mut Subject, &mut Context<Message>) -> T + Send + 'static,
) -> T {
    let answer = actor.ask(|reply: ReplyTo<T>| {
        Message::Do(Box::new(move |subject, context| {
            let answer = ask(subject, context);
            reply.send(answer);
        }))
    });
    answer.wait().expect("an answer")
}

fn heard(actor: ActorRef<Message>) -> Vec<String> {
    actor.ask(Message::Dump).wait().expect("a dump")
}

/// Returns once all that `from` has asked of `to` so far has arrived: a link and a watch take the way of its messages,
/// which is not the way of a message from here.
fn arrived(from: ActorRef<Message>, to: ActorRef<Message>) {
    let (done, told) = mpsc::channel();
    run(from, move |_, _| run(to, move |_, _| done.send(()).expect("the test listens")));
    told.recv().expect("it has arrived");
}

/// Two actors: on one shard, and on two.
fn pairs() -> Vec<(Runtime, ActorRef<Message>, ActorRef<Message>)> {
    [1, 2]
        .map(|shards| {
            let runtime = runtime(shards);
            // By key: which shard is the least loaded is not for a test to know.
            let first = runtime.spawn_with(&Spawn::new().on(Placement::Key(0)), Subject::default()).expect("a first");
            let second = runtime.spawn_with(&Spawn::new().on(Placement::Key(1)), Subject::default()).expect("a second");
            assert_eq!(first.pid().shard() == second.pid().shard(), shards == 1);
            (runtime, first, second)
        })
        .into()
}

#[test]
fn g6_messages_of_one_sender_arrive_in_order() {
    for (_runtime, sender, receiver) in pairs() {
        run(sender, move |_, _| {
            for number in 0..2000 {
                receiver.tell(Message::Note(number)).expect("there is room");
            }
        });
        within(sender, |_, _| ());
        run(sender, move |_, _| receiver.tell(Message::Note(9999)).expect("there is room"));
        within(sender, |_, _| ());
        // The answer comes from the receiver, behind what the sender told it.
        within(sender, move |_, context| {
            context.ask(receiver, Message::Dump, |heard| {
                Message::Do(Box::new(move |subject, _| subject.heard = heard.expect("a dump")))
            });
        });
        let got = loop {
            let got = heard(sender);
            if !got.is_empty() {
                break got;
            }
        };
        let expected: Vec<String> = (0..2000).chain([9999]).map(|number: u32| number.to_string()).collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn g6_messages_of_a_thread_arrive_in_order_before_its_shutdown() {
    let runtime = runtime(2);
    let (log, told) = mpsc::channel();
    let actor = runtime.spawn(behavior(log, |log: &mut Log<u32>, n: u32, _: &mut Context<u32>| {
        log.send(n).expect("the test listens");
    }));
    let actor = actor.expect("an actor");
    let end = actor.ended();
    for number in 0..10_000 {
        let mut message = number;
        // The inbox of a shard is bounded, and says so.
        while let Err(refused) = actor.tell(message) {
            assert_eq!(refused.reason, SendError::NodeBusy);
            message = refused.message;
            std::thread::yield_now();
        }
    }
    actor.shutdown();
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    assert_eq!(told.iter().collect::<Vec<_>>(), (0..10_000).collect::<Vec<_>>());
}

#[test]
fn g29_a_linked_actor_ends_with_the_other_and_one_that_traps_hears_of_it() {
    for (runtime, first, second) in pairs() {
        let watcher = runtime.spawn(Subject::default()).expect("a watcher");
        within(watcher, move |_, context| {
            context.trap_exits(true);
            context.link(second);
        });
        arrived(watcher, second);
        within(first, move |_, context| context.link(second));
        arrived(first, second);
        let end = first.ended();
        // Behind its watch, which goes to another shard than what follows.
        within(first, |_, _| ());
        run(second, |_, context| context.stop_with(ExitReason::Shutdown { detail: Some("enough".into()) }));
        assert_eq!(end.wait(), Ok(ExitReason::Shutdown { detail: Some("enough".into()) }));
        while heard(watcher) != ["exit shutdown: enough"] {}
    }
}

#[test]
fn unlinked_in_time_it_lives() {
    for (_runtime, first, second) in pairs() {
        within(first, move |_, context| context.link(second));
        arrived(first, second);
        within(first, move |_, context| context.unlink(second));
        let end = second.ended();
        second.kill();
        assert_eq!(end.wait(), Ok(ExitReason::Killed));
        within(first, |_, _| ());
    }
}

#[test]
fn g37_a_watch_ends_in_one_down_behind_what_was_sent_before() {
    for (_runtime, first, second) in pairs() {
        within(first, move |subject, context| subject.watching.push(context.monitor(second)));
        arrived(first, second);
        run(second, move |_, context| {
            first.tell(Message::Note(1)).expect("there is room");
            context.stop();
        });
        let got = loop {
            let got = heard(first);
            if got.len() == 2 {
                break got;
            }
        };
        assert_eq!(got, ["1", "down normal"]);
    }
}

#[test]
fn g38_a_watch_that_was_ended_stays_silent_and_one_of_the_dead_is_told_at_once() {
    for (_runtime, first, second) in pairs() {
        let ended = within(first, move |_, context| {
            let watch = context.monitor(second);
            context.demonitor(watch)
        });
        assert!(ended);
        let end = second.ended();
        second.kill();
        end.wait().expect("its end");
        within(first, move |subject, context| subject.watching.push(context.monitor(second)));
        let got = loop {
            let got = heard(first);
            if !got.is_empty() {
                break got;
            }
        };
        assert_eq!(got, ["down no such actor any more"]);
    }
}

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

#[test]
fn g19_a_question_ends_with_its_callee() {
    for (_runtime, first, second) in pairs() {
        run(first, move |_, context| {
            context.ask(
                second,
                |reply: ReplyTo<()>| {
                    Message::Do(Box::new(move |_, context| {
                        context.stop_with(ExitReason::SHUTDOWN);
                        drop(reply);
                    }))
                },
                |end| Message::Do(Box::new(move |subject, _| subject.heard.push(format!("{end:?}")))),
            );
        });
        let got = loop {
            let got = heard(first);
            if !got.is_empty() {
                break got;
            }
        };
        assert_eq!(got, ["Err(ActorExited(Shutdown { detail: None }))"]);
    }
}

#[test]
fn g172_a_reply_that_is_dropped_is_told() {
    for (_runtime, first, _) in pairs() {
        let answer = first.ask(|reply: ReplyTo<()>| Message::Do(Box::new(move |_, _| drop(reply))));
        assert_eq!(answer.wait(), Err(AskError::NoReply));
    }
}

#[test]
fn g20_a_question_without_an_answer_times_out_and_a_late_one_vanishes() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let (kept, keep) = mpsc::channel();
    let answer = actor.ask_within(Some(Duration::from_millis(20)), |reply: ReplyTo<u32>| {
        Message::Do(Box::new(move |_, _| drop(kept.send(reply))))
    });
    assert_eq!(answer.wait(), Err(AskError::AskTimeout));
    keep.recv().expect("the reply").send(1);
    within(actor, |_, _| ());
}

#[test]
fn asking_oneself_fails_at_once() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    run(actor, |_, context| {
        let me = context.me();
        context.ask(me, Message::Dump, |end| {
            Message::Do(Box::new(move |subject, _| subject.heard.push(format!("{end:?}"))))
        });
    });
    while heard(actor) != ["Err(SelfAsk)"] {}
}

#[test]
fn g113_a_shard_never_waits_for_an_answer() {
    for (_runtime, first, second) in pairs() {
        let refused = within(first, move |_, _| second.ask(Message::Dump).wait().map(|_| ()));
        assert_eq!(refused, Err(AskError::WouldBlock));
    }
}

#[test]
fn g35_a_name_is_taken_once_and_free_after_the_end() {
    let runtime = runtime(2);
    let named = || Spawn::new().named("one");
    let first = runtime.spawn_with(&named(), Subject::default()).expect("the name is free");
    assert_eq!(runtime.whereis::<Message>("one"), Some(first));
    assert_eq!(runtime.whereis::<u32>("one"), None, "of another type");
    let taken = runtime.spawn_with(&named(), Subject::default());
    assert_eq!(taken, Err(SpawnError::NameTaken { holder: first.pid() }));
    let end = first.ended();
    first.kill();
    end.wait().expect("its end");
    let second = runtime.spawn_with(&named(), Subject::default()).expect("the name is free again");
    // From the other shard.
    let other = (0..2).map(|key| {
        let options = Spawn::new().on(Placement::Key(key));
        runtime.spawn_with(&options, Subject::default()).expect("an actor")
    });
    for actor in other {
        assert_eq!(within(actor, |_, context| context.whereis::<Message>("one")), Some(second));
    }
}

#[test]
fn timers_ring_once_or_every_so_often_until_cancelled() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let (beat, beats) = mpsc::channel();
    within(actor, move |_, context| {
        context.after(Duration::from_millis(1), Message::Note(1));
        let late = context.after(Duration::from_secs(3600), Message::Note(2));
        assert!(context.cancel(late).is_some_and(|left| left > Duration::from_secs(3500)));
        assert_eq!(context.cancel(late), None);
        context.at(Instant::now(), Message::Note(3));
        context.every(Duration::from_millis(1), move || {
            let beat = beat.clone();
            // The test hears three, and goes.
            Message::Do(Box::new(move |_, _| beat.send(()).unwrap_or_default()))
        });
    });
    for _ in 0..3 {
        beats.recv().expect("a beat");
    }
    let mut heard = heard(actor);
    heard.sort();
    assert_eq!(heard, ["1", "3"]);
}

#[test]
fn g13_a_full_mailbox_refuses_and_gives_the_message_back() {
    let runtime = runtime(1);
    let options = |overflow| Spawn::new().mailbox(Mailbox::bounded(2, overflow));
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let outcome = within(actor, move |_, context| {
        let full = context.spawn_with(&options(Overflow::Reject), Subject::default()).expect("a child");
        let told: Vec<_> = (0..3).map(|n| full.tell(Message::Note(n)).map_err(|error| error.reason)).collect();
        let newest = context.spawn_with(&options(Overflow::DropNewest), Subject::default()).expect("a child");
        let oldest = context.spawn_with(&options(Overflow::DropOldest), Subject::default()).expect("a child");
        for n in 0..4 {
            newest.tell(Message::Note(n)).expect("it drops");
            oldest.tell(Message::Note(n)).expect("it drops");
        }
        (told, newest, oldest)
    });
    let (told, newest, oldest) = outcome;
    assert_eq!(told, [Ok(()), Ok(()), Err(SendError::MailboxFull)]);
    // A question would be dropped like any message.
    while [newest, oldest].iter().any(|actor| runtime.info(*actor).is_none_or(|info| info.mailbox > 0)) {}
    assert_eq!(heard(newest), ["0", "1"]);
    assert_eq!(heard(oldest), ["2", "3"]);
}

struct Producer(ActorRef<u32>, u32);
impl Actor for Producer {
    type Message = ();
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        for _ in 0..3 {
            if self.1 < 1000 && self.0.tell(self.1).is_ok() {
                self.1 += 1;
            }
        }
        if self.1 < 1000 {
            context.me().tell(()).expect("there is room for itself");
        }
    }
}

#[test]
fn g16_a_sender_is_held_while_the_mailbox_is_full() {
    let runtime = runtime(1);
    let (log, told) = mpsc::channel();
    let options = Spawn::new().mailbox(Mailbox::bounded(4, Overflow::Suspend(Duration::from_secs(60))));
    let consume = |log: &mut Log<u32>, n: u32, context: &mut Context<u32>| {
        log.send(n).expect("the test listens");
        if n == 999 {
            context.stop();
        }
    };
    let consumer = runtime.spawn_with(&options, behavior(log, consume)).expect("a consumer");
    let end = consumer.ended();
    runtime.spawn(Producer(consumer, 0)).expect("a producer").tell(()).expect("there is room");
    assert_eq!(end.wait(), Ok(ExitReason::Normal));
    assert_eq!(told.iter().collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
}

#[test]
fn g27_a_kill_takes_effect_between_two_messages() {
    let runtime = runtime(1);
    let first = runtime.spawn(Subject::default()).expect("a first");
    let end = first.ended();
    // In one slice: the second message kills the actor, and the third is not handled.
    let (log, told) = mpsc::channel();
    within(first, move |_, context| {
        let me = context.me();
        for number in 0..3 {
            let log: Log<u32> = log.clone();
            run(me, move |_, context| {
                log.send(number).expect("the test listens");
                if number == 1 {
                    context.exit(context.me(), ExitReason::Killed);
                }
            });
        }
    });
    assert_eq!(end.wait(), Ok(ExitReason::Killed));
    assert_eq!(told.iter().collect::<Vec<_>>(), [0, 1]);
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

/// Handlers of it run on the pool.
struct Blocking(Vec<Pid>);
impl Actor for Blocking {
    type Message = Message2;
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, message: Message2, context: &mut Context<Message2>) {
        match message {
            Message2::Thread(reply) => reply.send(std::thread::current().name().unwrap_or_default().to_owned()),
            Message2::Wait(gate) => while gate.recv().is_ok() {},
            Message2::Flood(to) => {
                for number in 0..500 {
                    to.tell(Message::Note(number)).expect("there is room");
                }
                let child = context.spawn(Subject::default()).expect("a child");
                child.tell(Message::Note(1)).expect("there is room");
                self.0.push(child.pid());
            }
            Message2::Panic => panic!("on the pool"),
            Message2::Count(reply) => reply.send(self.0.len()),
        }
    }
}
enum Message2 {
    Thread(ReplyTo<String>),
    Wait(mpsc::Receiver<()>),
    Flood(ActorRef<Message>),
    Count(ReplyTo<usize>),
    Panic,
}

#[test]
fn g171_a_lent_handler_runs_elsewhere_as_its_actor_and_in_order() {
    let runtime = runtime(1);
    let (listener, blocking) =
        (runtime.spawn(Subject::default()).expect("one"), runtime.spawn(Blocking(Vec::new())).expect("two"));
    let thread = blocking.ask(Message2::Thread).wait().expect("an answer");
    assert_eq!(thread, "myrmidon-lent");
    blocking.tell(Message2::Flood(listener)).expect("there is room");
    assert_eq!(blocking.ask(Message2::Count).wait(), Ok(1));
    assert_eq!(heard(listener), (0..500).map(|number: u32| number.to_string()).collect::<Vec<_>>());
    let end = blocking.ended();
    blocking.tell(Message2::Panic).expect("there is room");
    assert!(matches!(end.wait(), Ok(ExitReason::Crashed(error)) if &*error.message == "on the pool"));
}

#[test]
fn g171_a_blocked_handler_holds_up_its_actor_alone_and_a_kill_does_not_wait_for_it() {
    let runtime = runtime(1);
    let other = runtime.spawn(Subject::default()).expect("one");
    let blocking = runtime.spawn(Blocking(Vec::new())).expect("two");
    let (open, gate) = mpsc::channel();
    blocking.tell(Message2::Wait(gate)).expect("there is room");
    let behind = blocking.ask(Message2::Count);
    within(other, |_, _| ());
    let end = blocking.ended();
    blocking.kill();
    assert_eq!(end.wait(), Ok(ExitReason::Killed));
    assert_eq!(behind.wait(), Err(AskError::ActorExited(ExitReason::Killed)));
    drop(open);
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::*;
    use myrmidon_actor::AsyncActor;
    use tokio::sync::oneshot;

    struct Waiter(u32);
    enum Ask {
        After(oneshot::Receiver<u32>, ReplyTo<u32>),
        Count(ReplyTo<u32>),
        Panic,
        Relay(ActorRef<Message>, ReplyTo<usize>),
    }
    impl AsyncActor for Waiter {
        type Message = Ask;
        async fn handle(&mut self, message: Ask, context: &mut Context<Ask>) {
            match message {
                Ask::After(gate, reply) => {
                    self.0 += gate.await.unwrap_or(0);
                    reply.send(self.0);
                }
                Ask::Count(reply) => reply.send(self.0),
                Ask::Panic => {
                    tokio::task::yield_now().await;
                    panic!("in a future of {}", context.me().pid())
                }
                Ask::Relay(to, reply) => {
                    to.tell(Message::Note(1)).expect("there is room");
                    let heard = to.ask(Message::Dump).await.expect("a dump");
                    reply.send(heard.len());
                }
            }
        }
    }

    #[test]
    fn g7_a_future_suspends_its_actor_alone() {
        let runtime = runtime(1);
        let waiter = runtime.spawn_async(&Spawn::new(), Waiter(1)).expect("a waiter");
        let other = runtime.spawn(Subject::default()).expect("another");
        let (open, gate) = oneshot::channel();
        let first = waiter.ask(|reply| Ask::After(gate, reply));
        let second = waiter.ask(Ask::Count);
        within(other, |_, _| ());
        open.send(41).expect("it waits");
        assert_eq!((first.wait(), second.wait()), (Ok(42), Ok(42)));
    }

    #[test]
    fn a_future_asks_and_its_panic_is_its_actors_end() {
        let runtime = runtime(2);
        let other = runtime.spawn(Subject::default()).expect("another");
        let waiter = runtime.spawn_async(&Spawn::new(), Waiter(0)).expect("a waiter");
        assert_eq!(waiter.ask(|reply| Ask::Relay(other, reply)).wait(), Ok(1));
        let end = waiter.ended();
        waiter.tell(Ask::Panic).expect("there is room");
        assert!(matches!(end.wait(), Ok(ExitReason::Crashed(error)) if error.message.contains("in a future")));
    }

    #[test]
    fn g171_a_kill_drops_the_future() {
        let runtime = runtime(1);
        let waiter = runtime.spawn_async(&Spawn::new(), Waiter(0)).expect("a waiter");
        let (mut open, gate) = oneshot::channel();
        let answer = waiter.ask(|reply| Ask::After(gate, reply));
        // It is handled once its message is out of the mailbox.
        while runtime.info(waiter).is_some_and(|info| info.mailbox > 0) {}
        waiter.kill();
        assert_eq!(answer.wait(), Err(AskError::ActorExited(ExitReason::Killed)));
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(open.closed());
    }

    #[tokio::test]
    async fn an_answer_is_awaited_from_any_future() {
        let runtime = runtime(1);
        let actor = runtime.spawn(Subject::default()).expect("an actor");
        actor.tell(Message::Note(1)).expect("there is room");
        assert_eq!(actor.ask(Message::Dump).await, Ok(vec!["1".to_owned()]));
        tokio::task::spawn_blocking(move || drop(runtime)).await.expect("it ends");
    }
}
