//! Hot swap on real threads, rule by rule: what the rows of `conformance/swap` leave out, and what is Rust's alone.

use myrmidon_actor::{
    Actor, ActorRef, AskError, Canary, Context, ExitReason, Lend, Mailbox, Overflow, Placement, ReplyTo, Runtime,
    Spawn, Status, SwapCounts, SwapError, SwapEvent, SwapOptions, Upgrade,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

enum Message {
    Add(u64),
    Total(ReplyTo<u64>),
    Version(ReplyTo<u32>),
    Boom(ReplyTo<()>),
    /// Says that it runs, and goes on when it may.
    Block(mpsc::Sender<()>, mpsc::Receiver<()>),
    Swap(Arc<dyn Fn(ActorRef<Message>) + Send + Sync>),
    /// Blocks, and then tells somebody and stops itself.
    Late(mpsc::Sender<()>, mpsc::Receiver<()>, ActorRef<Message>, mpsc::Sender<()>),
}

/// Counts the states that there are.
struct Alive(Arc<AtomicUsize>);
impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}
impl Clone for Alive {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}
impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Clone)]
struct Counter<const V: u32> {
    total: u64,
    alive: Option<Alive>,
}

fn counter(total: u64) -> Counter<1> {
    Counter { total, alive: None }
}

impl<const V: u32> Counter<V> {
    fn said(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Add(by) => self.total += by * u64::from(V),
            Message::Total(reply) => reply.send(self.total),
            Message::Version(reply) => reply.send(V),
            Message::Boom(_reply) => panic!("boom"),
            Message::Block(runs, goes_on) => {
                runs.send(()).expect("the test listens");
                let _: Result<(), _> = goes_on.recv();
                self.total += u64::from(V);
            }
            Message::Swap(swap) => swap(context.me()),
            Message::Late(runs, goes_on, other, done) => {
                runs.send(()).expect("the test listens");
                let _: Result<(), _> = goes_on.recv();
                other.tell(Message::Add(1)).expect("room");
                context.stop();
                done.send(()).expect("the test listens");
            }
        }
    }
}

impl Actor for Counter<1> {
    type Message = Message;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        self.said(message, context);
    }
}
impl Actor for Counter<2> {
    type Message = Message;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        self.said(message, context);
    }
}
/// Runs on pool threads.
impl Actor for Counter<3> {
    type Message = Message;
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        self.said(message, context);
    }
}
impl Actor for Counter<4> {
    type Message = Message;
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        self.said(message, context);
    }
}

fn upgrade() -> Upgrade<Counter<1>, Counter<2>, Message> {
    Upgrade::new(|Counter { total, alive }| Ok(Counter { total: total + 1000, alive }))
}

fn of_lent() -> Upgrade<Counter<3>, Counter<4>, Message> {
    Upgrade::new(|Counter { total, alive }| Ok(Counter { total: total + 1000, alive }))
}

fn runtime(shards: usize) -> Runtime {
    Runtime::builder().shards(shards).start().expect("a runtime")
}

fn total(actor: ActorRef<Message>) -> u64 {
    actor.ask(Message::Total).wait().expect("an answer")
}

fn version(actor: ActorRef<Message>) -> u32 {
    actor.ask(Message::Version).wait().expect("an answer")
}

fn blocked(actor: ActorRef<Message>) -> mpsc::Sender<()> {
    let ((runs, running), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel());
    actor.tell(Message::Block(runs, goes_on)).expect("room");
    running.recv().expect("it runs");
    go_on
}

#[test]
fn g177_a_million_queued_messages_do_not_hold_a_swap_up() {
    let runtime = runtime(1);
    let options = Spawn::new().mailbox(Mailbox::bounded(2_000_000, Overflow::Reject));
    let actor = runtime.spawn_with(&options, counter(0)).expect("room");
    actor.suspend();
    let other = runtime.spawn_with(&options, counter(0)).expect("room");
    let flood = Arc::new(move |_: ActorRef<Message>| {
        for _ in 0..1_000_000 {
            actor.tell(Message::Add(1)).expect("room");
        }
    });
    other.tell(Message::Swap(flood)).expect("room");
    assert_eq!(version(other), 1);
    assert_eq!(upgrade().swap(actor, &SwapOptions::new()).wait(), Ok(()));
    let info = runtime.info(actor).expect("it lives");
    assert_eq!(info.mailbox, 1_000_000, "nothing was handled, and nothing was lost");
    actor.resume();
    assert_eq!(total(actor), 1000 + 2_000_000);
}

#[test]
fn g177_a_handler_on_a_pool_thread_ends_under_the_old_version_and_messages_wait() {
    let runtime = runtime(2);
    let actor = runtime.spawn(Counter::<3> { total: 0, alive: None }).expect("room");
    let go_on = blocked(actor);
    let swap = of_lent().swap(actor, &SwapOptions::new());
    actor.tell(Message::Add(1)).expect("room");
    drop(go_on);
    assert_eq!(swap.wait(), Ok(()));
    // 3 by the handler that was under way, then the migration, then 4 by the message that waited.
    assert_eq!(total(actor), 3 + 1000 + 4);
}

#[test]
fn g178_what_a_pool_thread_still_does_for_a_version_that_is_gone_is_nothing() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Counter::<3> { total: 5, alive: None }).expect("room");
    let canary = SwapOptions::new().canary(Canary::messages(10));
    let swap = of_lent().noting(|_: &Message| "blocked").swap(actor, &canary);
    let go_on = blocked(actor);
    assert_eq!(actor.roll_back().wait(), Ok(()));
    let Err(SwapError::RolledBack { handled, open, .. }) = swap.wait() else { panic!("it went back") };
    assert_eq!((handled.len(), open[0].note), (0, "blocked"));
    // The old version is served while that thread is still in its handler.
    assert_eq!(total(actor), 5);
    drop(go_on);
    assert_eq!((total(actor), runtime.shutdown(Duration::from_secs(5)).killed), (5, 0));
}

#[test]
fn g178_nor_does_it_tell_or_stop_in_the_name_of_the_version_that_is_back() {
    let runtime = runtime(1);
    let other = runtime.spawn(counter(0)).expect("room");
    let actor = runtime.spawn(Counter::<3> { total: 5, alive: None }).expect("room");
    let swap = of_lent().swap(actor, &SwapOptions::new().canary(Canary::messages(10)));
    let ((runs, running), (go_on, goes_on), (done, is_done)) = (mpsc::channel(), mpsc::channel(), mpsc::channel());
    actor.tell(Message::Late(runs, goes_on, other, done)).expect("room");
    running.recv().expect("it runs");
    assert_eq!(actor.roll_back().wait(), Ok(()));
    assert!(matches!(swap.wait(), Err(SwapError::RolledBack { .. })));
    drop(go_on);
    is_done.recv().expect("it has done both");
    assert_eq!((total(other), total(actor)), (0, 5));
}

#[test]
fn g178_an_actor_whose_migration_is_away_gets_nothing_of_the_batch_that_is_under_way() {
    let runtime = runtime(1);
    let stalls = runtime.spawn(counter(0)).expect("room");
    let (first, other) = (runtime.spawn(counter(0)).expect("room"), runtime.spawn(counter(0)).expect("room"));
    // The shard itself stands still until both have their messages: they come in one batch.
    let go_on = blocked(stalls);
    let (hold, waits) = mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    let upgrade = Upgrade::new(move |Counter::<1> { total, alive }| {
        let _: Result<(), _> = waits.lock().expect("one migration").recv();
        Ok(Counter::<2> { total: total + 1000, alive })
    });
    let upgrade = upgrade.lent();
    let swap = Arc::new(move |_: ActorRef<Message>| drop(upgrade.swap(other, &SwapOptions::new())));
    first.tell(Message::Swap(swap)).expect("room");
    for _ in 0..10 {
        other.tell(Message::Add(1)).expect("room");
    }
    drop(go_on);
    assert_eq!(version(first), 1);
    drop(hold);
    assert_eq!(total(other), 1000 + 20, "none of them was handled between the copy and its return");
}

#[test]
fn g177_an_actor_may_swap_itself_and_its_next_message_meets_the_new_version() {
    let runtime = runtime(1);
    let actor = runtime.spawn(counter(0)).expect("room");
    let swap = Arc::new(|me: ActorRef<Message>| {
        drop(upgrade().swap(me, &SwapOptions::new()));
        me.tell(Message::Add(1)).expect("room");
    });
    actor.tell(Message::Swap(swap)).expect("room");
    // Behind the handler that swaps, and so before what is asked next.
    assert_eq!(version(actor), 2);
    assert_eq!(total(actor), 1002);
}

#[test]
fn g70_a_migration_that_panics_or_refuses_changes_nothing() {
    let runtime = runtime(1);
    let actor = runtime.spawn(counter(7)).expect("room");
    let panics = Upgrade::new(|_: Counter<1>| -> Result<Counter<2>, String> { panic!("no") });
    let refuses = Upgrade::new(|_: Counter<1>| -> Result<Counter<2>, String> { Err("not today".into()) });
    let failed = |why: &str| Err(SwapError::MigrationFailed(why.into()));
    assert_eq!(panics.swap(actor, &SwapOptions::new()).wait(), failed("no"));
    assert_eq!(refuses.clone().lent().swap(actor, &SwapOptions::new()).wait(), failed("not today"));
    assert_eq!((total(actor), version(actor)), (7, 1));
    let uncopied = Upgrade::copying(
        |_: &Counter<1>| Err("a socket".into()),
        |old| Ok(Counter::<2> { total: old.total, alive: None }),
    );
    let error = uncopied.swap(actor, &SwapOptions::new()).wait();
    assert_eq!(error, Err(SwapError::StateNotCopyable("a socket".into())));
    let wrong = of_lent().swap(actor, &SwapOptions::new()).wait();
    assert!(matches!(wrong, Err(SwapError::WrongVersion { running }) if running.contains("Counter<1>")), "{wrong:?}");
    let plan = refuses.plan(&runtime, None).wait().expect("a dry run");
    assert_eq!((plan.checked, plan.failed.len()), (1, 1));
    assert_eq!(runtime.running(actor).map(|running| running.kept), Some(0));
}

#[test]
fn g178_a_migration_that_never_ends_is_given_up_when_it_is_lent() {
    let runtime = runtime(1);
    let actor = runtime.spawn(counter(7)).expect("room");
    let (hold, waits) = mpsc::channel::<()>();
    let waits = std::sync::Mutex::new(waits);
    let hangs = Upgrade::new(move |old: Counter<1>| {
        let _: Result<(), _> = waits.lock().expect("one migration").recv();
        Ok(Counter::<2> { total: old.total, alive: None })
    });
    let swap = hangs.lent().swap(actor, &SwapOptions::new().timeout(Duration::from_millis(1)));
    assert_eq!(swap.wait(), Err(SwapError::MigrationTimeout));
    assert_eq!((total(actor), version(actor)), (7, 1));
    drop(hold);
}

#[test]
fn g75_the_way_back_of_a_canary_keeps_what_it_did() {
    let runtime = runtime(1);
    let actor = runtime.spawn(counter(1)).expect("room");
    let upgrade = upgrade().back(|new| Some(Counter { total: new.total - 1000, alive: new.alive }));
    let swap = upgrade.swap(actor, &SwapOptions::new().canary(Canary::default()));
    actor.tell(Message::Add(10)).expect("room");
    let crash = actor.ask(Message::Boom).wait();
    assert!(matches!(crash, Err(AskError::ActorExited(ExitReason::Crashed(_)))), "{crash:?}");
    assert!(matches!(swap.wait(), Err(SwapError::RolledBack { .. })));
    assert_eq!((version(actor), total(actor)), (1, 21));
}

#[test]
fn g76_who_asked_a_canary_that_crashed_from_another_shard_learns_why() {
    let runtime = runtime(2);
    let on = |key| Spawn::new().on(Placement::Key(key));
    let (first, second) = (runtime.spawn_with(&on(0), counter(0)), runtime.spawn_with(&on(1), counter(0)));
    let (first, second) = (first.expect("room"), second.expect("room"));
    assert_ne!(first.pid().shard(), second.pid().shard());
    let swap = upgrade().swap(second, &SwapOptions::new().canary(Canary::default()));
    assert_eq!(version(second), 2);
    let (told, hears) = mpsc::channel();
    let ask = Arc::new(move |_: ActorRef<Message>| {
        let told = told.clone();
        let answer = second.ask(Message::Boom);
        std::thread::spawn(move || told.send(answer.wait()).expect("the test listens"));
    });
    first.tell(Message::Swap(ask)).expect("room");
    let crash = hears.recv().expect("an answer");
    assert!(matches!(crash, Err(AskError::ActorExited(ExitReason::Crashed(_)))), "{crash:?}");
    assert!(matches!(swap.wait(), Err(SwapError::RolledBack { .. })));
    assert_eq!(version(second), 1);
}

#[test]
fn g179_a_group_on_several_shards_changes_together_or_not_at_all() {
    let runtime = runtime(2);
    let actors: Vec<_> = (0..40)
        .map(|at| runtime.spawn_with(&Spawn::new().on(Placement::Key(at)), counter(at)).expect("room"))
        .collect();
    let refuses = Upgrade::new(|old: Counter<1>| match old.total {
        33 => Err("33".into()),
        total => Ok(Counter::<2> { total, alive: None }),
    });
    let options = SwapOptions::new().together();
    let report = refuses.swap_all(&runtime, &options).wait().expect("a report");
    assert_eq!((report.swapped, report.failed.len()), (0, 1));
    assert!(actors.iter().all(|actor| version(*actor) == 1), "nobody has changed");
    let report = upgrade().swap_all(&runtime, &options).wait().expect("a report");
    assert_eq!((report.swapped, report.failed.len()), (40, 0));
    assert!(actors.iter().all(|actor| version(*actor) == 2));
    assert_eq!(runtime.swap_counts().swapped, 40);
}

#[test]
fn g79_a_group_that_is_spoilt_goes_back_on_all_shards() {
    let runtime = runtime(2);
    let actors: Vec<_> = (0..20)
        .map(|at| runtime.spawn_with(&Spawn::new().on(Placement::Key(at)), counter(at)).expect("room"))
        .collect();
    let canary = SwapOptions::new().canary(Canary::messages(1).within(Duration::from_secs(60)));
    let swap = upgrade().swap_all(&runtime, &canary);
    // Until the last one runs the new version; those of a group that have passed may still be called back.
    while runtime.swap_counts().swapped < 20 {
        std::thread::yield_now();
    }
    let crash = actors[11].ask(Message::Boom).wait();
    assert!(matches!(crash, Err(AskError::ActorExited(_))), "{crash:?}");
    let report = swap.wait().expect("a report");
    assert_eq!((report.swapped, report.rolled_back.len(), report.failed.len()), (0, 20, 0));
    assert_eq!(report.rolled_back[0].actor, actors[11].pid());
    assert!(actors.iter().enumerate().all(|(at, actor)| total(*actor) == at as u64));
}

#[test]
fn g78_states_that_are_kept_are_dropped_with_their_actor_and_no_other_is_left() {
    let runtime = runtime(1);
    let count = Arc::new(AtomicUsize::new(0));
    let actor = runtime.spawn(Counter::<1> { total: 0, alive: Some(Alive::new(&count)) }).expect("room");
    upgrade().swap(actor, &SwapOptions::new().keep(2)).wait().expect("it goes well");
    assert_eq!(count.load(Ordering::SeqCst), 2, "its state, and one that is kept");
    actor.roll_back().wait().expect("it is kept");
    assert_eq!((version(actor), count.load(Ordering::SeqCst)), (1, 1));
    upgrade().swap(actor, &SwapOptions::new().keep(0)).wait().expect("it goes well");
    assert_eq!((version(actor), count.load(Ordering::SeqCst)), (2, 1));
    assert!(matches!(actor.roll_back().wait(), Err(SwapError::WrongVersion { .. })));
    let end = actor.ended();
    actor.kill();
    assert_eq!(end.wait(), Ok(ExitReason::Killed));
    drop(runtime);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn g65_nothing_is_lost_when_a_thousand_actors_are_swapped_under_load() {
    let runtime = Arc::new(runtime(2));
    let actors: Arc<Vec<_>> = Arc::new(
        (0..1000)
            .map(|at| runtime.spawn_with(&Spawn::new().on(Placement::Key(at)), counter(0)).expect("room"))
            .collect(),
    );
    let told = Arc::clone(&actors);
    let load = std::thread::spawn(move || {
        for round in 0..100 {
            for actor in told.iter() {
                let mut message = Message::Add(round);
                while let Err(refused) = actor.tell(message) {
                    message = refused.message;
                    std::thread::yield_now();
                }
            }
        }
    });
    let upgrade = Upgrade::new(|old: Counter<1>| Ok(Counter::<2> { total: old.total * 2, alive: None }));
    let report = upgrade.swap_all(&runtime, &SwapOptions::new().concurrency(16)).wait().expect("a report");
    assert_eq!((report.swapped, report.failed.len()), (1000, 0));
    load.join().expect("it tells");
    // Twice what was told, whenever each was swapped: what came before is doubled, what comes after counts twice.
    assert!(actors.iter().all(|actor| total(*actor) == 2 * (0..100).sum::<u64>()));
}

#[test]
fn g80_a_group_that_is_done_leaves_no_timer_behind() {
    let runtime = runtime(1);
    let actor = runtime.spawn(counter(0)).expect("room");
    let options = SwapOptions::new().together().timeout(Duration::from_secs(3600));
    let report = upgrade().swap_all(&runtime, &options).wait().expect("a report");
    assert_eq!(report.swapped, 1);
    while myrmidon_actor::is_busy(actor.pid().shard()) {
        std::thread::yield_now();
    }
}

#[test]
fn g180_a_suspended_actor_is_swapped_and_stays_so_and_what_happens_is_told() {
    let (told, heard) = mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let listen = move |event| told.lock().expect("no panic").send(event).expect("the test listens");
    let runtime = Runtime::builder().shards(1).on_swap(listen).start().expect("a runtime");
    let actor = runtime.spawn(counter(0)).expect("room");
    actor.suspend();
    actor.suspend();
    actor.tell(Message::Add(1)).expect("room");
    assert_eq!(upgrade().swap(actor, &SwapOptions::new()).wait(), Ok(()));
    let info = runtime.info(actor).expect("it lives");
    assert_eq!((info.status, info.mailbox), (Status::Suspended, 1));
    let running = runtime.running(actor).expect("it lives");
    assert!(running.version.contains("Counter<2>") && running.kept == 1, "{running:?}");
    actor.resume();
    assert_eq!(total(actor), 1002);
    actor.roll_back_to::<Counter<1>>().wait().expect("it is kept");
    let (first, second) = (heard.recv().expect("a swap"), heard.recv().expect("a way back"));
    assert!(
        matches!(first, SwapEvent::Swapped { actor: of, to, .. } if of == actor.pid() && to.contains("Counter<2>"))
    );
    assert!(matches!(second, SwapEvent::RolledBack { version, .. } if version.contains("Counter<2>")), "{second:?}");
    assert_eq!(runtime.swap_counts(), SwapCounts { swapped: 1, rolled_back: 1 });
}

#[cfg(feature = "tokio")]
struct Sleeper<const V: u32>;
#[cfg(feature = "tokio")]
impl<const V: u32> myrmidon_actor::AsyncActor for Sleeper<V> {
    type Message = (mpsc::Sender<u32>, tokio::sync::oneshot::Receiver<()>);
    async fn handle(&mut self, (says, goes_on): Self::Message, _: &mut Context<Self::Message>) {
        says.send(V).expect("the test listens");
        let _: Result<(), _> = goes_on.await;
        says.send(V * 10).expect("the test listens");
    }
}

#[cfg(feature = "tokio")]
#[test]
fn g67_a_future_ends_under_the_old_version() {
    let runtime = runtime(1);
    let actor = runtime.spawn_async(&Spawn::new(), Sleeper::<1>).expect("room");
    let (says, heard) = mpsc::channel();
    let ((go_on, goes_on), (_next, next)) = (tokio::sync::oneshot::channel(), tokio::sync::oneshot::channel());
    actor.tell((says.clone(), goes_on)).expect("room");
    assert_eq!(heard.recv(), Ok(1));
    let swap =
        Upgrade::copying_async(|_: &Sleeper<1>| Ok(Sleeper), |_| Ok(Sleeper::<2>)).swap(actor, &SwapOptions::new());
    actor.tell((says, next)).expect("room");
    go_on.send(()).expect("it waits");
    assert_eq!(swap.wait(), Ok(()));
    assert_eq!((heard.recv(), heard.recv()), (Ok(10), Ok(2)));
}
