//! Dynamic supervisors, supervisors below others, and new specs for those that run.

use myrmidon_actor::{
    Actor, ActorRef, Child, Context, Dynamic, DynamicSupervisor, ExitReason, Placement, ReplyTo, Runtime, Signal,
    Spawn, Supervise, Supervisor, behavior,
};
use myrmidon_core::supervisor::{
    ChildStartError, CommandError, Done, Event, Happening, OptionsInput, ShutdownInput, Status, TreatmentInput,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
    mpsc,
};

enum Message {
    Name(ReplyTo<String>),
    Crash,
    Leave,
}

struct City {
    name: String,
    deaf: bool,
}

impl Actor for City {
    type Message = Message;
    fn started(&mut self, context: &mut Context<Message>) {
        assert_ne!(self.name, "Atlantis", "it is gone");
        context.trap_exits(self.deaf);
    }
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Name(reply) => reply.send(self.name.clone()),
            Message::Crash => panic!("on demand"),
            Message::Leave => context.stop(),
        }
    }
}

type Cities = ActorRef<Dynamic<String, Message>>;

fn runtime(shards: usize) -> Runtime {
    Runtime::builder().shards(shards).max_actors(200_000).start().expect("a runtime")
}

fn blueprint(options: &OptionsInput<'_>, child: &TreatmentInput<'_>, deaf: bool) -> DynamicSupervisor<String, City> {
    let spawn = Spawn::new().on(Placement::LeastLoaded);
    DynamicSupervisor::new("cities", options, child, spawn, move |name| City { name, deaf }).expect("valid")
}

fn cities(runtime: &Runtime, intensity: f64, child: &TreatmentInput<'_>) -> (Cities, mpsc::Receiver<Event>) {
    let (told, events) = mpsc::channel();
    let options = OptionsInput { intensity: Some(intensity), ..Default::default() };
    let listener = move |event| told.send(event).unwrap_or_default();
    (runtime.spawn(blueprint(&options, child, false).listen(listener)).expect("room"), events)
}

fn start(cities: Cities, name: &str) -> Result<ActorRef<Message>, CommandError> {
    cities.ask(|reply| Dynamic::Start(name.to_owned(), reply)).wait().expect("an answer")
}

fn restarted(events: &mpsc::Receiver<Event>) -> myrmidon_actor::Pid {
    events
        .iter()
        .find_map(|event| if let Happening::Restarted(pid) = event.what { Some(pid) } else { None })
        .expect("a restart")
}

#[test]
fn g181_each_child_is_started_with_what_it_was_given_and_again_with_it() {
    for shards in [1, 2] {
        let runtime = runtime(shards);
        let (top, events) = cities(&runtime, 3.0, &TreatmentInput::default());
        let (oslo, rome) = (start(top, "Oslo").expect("room"), start(top, "Rome").expect("room"));
        oslo.tell(Message::Crash).expect("room");
        let again = restarted(&events);
        assert_ne!(again, oslo.pid());
        assert_eq!(rome.ask(Message::Name).wait(), Ok("Rome".to_owned()));
        let children = top.ask(Dynamic::Children).wait().expect("an answer");
        assert!(children.iter().any(|child| child.pid == Some(again) && child.restarts == 1), "{children:?}");
        // The one of before is nobody's any more; the one that runs is terminated for good.
        assert_eq!(top.ask(|reply| Dynamic::Terminate(oslo.pid(), reply)).wait(), Ok(Ok(Done::Done)));
        assert_eq!(top.ask(Dynamic::Count).wait().map(|count| count.active), Ok(2));
        assert_eq!(top.ask(|reply| Dynamic::Terminate(again, reply)).wait(), Ok(Ok(Done::Done)));
        assert_eq!(top.ask(Dynamic::Count).wait().map(|count| count.specs), Ok(1));
    }
}

#[test]
fn g98_terminate_by_the_pid_that_a_child_had_cancels_its_restart_that_waits() {
    let runtime = runtime(1);
    let (told, events) = mpsc::channel();
    // Longer than any test: whoever waits for it has not been cancelled.
    let hour = 3_600_000.0;
    let options = OptionsInput { intensity: Some(5.0), backoff: Some((hour, hour)), ..Default::default() };
    let listener = move |event| told.send(event).unwrap_or_default();
    let top = runtime.spawn(blueprint(&options, &TreatmentInput::default(), false).listen(listener)).expect("room");
    let (oslo, rome) = (start(top, "Oslo").expect("room"), start(top, "Rome").expect("room"));
    for child in [oslo, rome] {
        child.tell(Message::Crash).expect("room");
    }
    assert_eq!(events.iter().filter(|event| matches!(event.what, Happening::Crashed(_))).take(2).count(), 2);
    // Its end is known: what it is asked now is behind that.
    let specs = || top.ask(Dynamic::Count).wait().map(|count| (count.specs, count.active));
    assert_eq!(specs(), Ok((2, 0)));
    assert_eq!(top.ask(|reply| Dynamic::Terminate(oslo.pid(), reply)).wait(), Ok(Ok(Done::Done)));
    assert_eq!(specs(), Ok((1, 0)));
    // Twice is once.
    assert_eq!(top.ask(|reply| Dynamic::Terminate(oslo.pid(), reply)).wait(), Ok(Ok(Done::Done)));
    assert_eq!(specs(), Ok((1, 0)));
}

#[test]
fn g99_one_that_does_not_start_leaves_nothing_and_one_that_ends_for_good_is_forgotten() {
    let runtime = runtime(1);
    let transient = TreatmentInput { restart: Some("transient"), ..Default::default() };
    let (top, _events) = cities(&runtime, 1.0, &transient);
    let Err(CommandError::ChildStart(ChildStartError { cause: ExitReason::Crashed(cause), .. })) =
        start(top, "Atlantis")
    else {
        panic!("it does not start")
    };
    assert!(cause.message.contains("it is gone"), "{cause:?}");
    let oslo = start(top, "Oslo").expect("room");
    let end = oslo.ended();
    oslo.tell(Message::Leave).expect("room");
    assert_eq!(end.wait(), Ok(ExitReason::Normal));
    while top.ask(Dynamic::Count).wait().expect("an answer").specs > 0 {}
    assert_eq!(runtime.stats()[0].actors, 1, "the supervisor alone");
}

/// What a child is started with, whose copies do not come out well.
struct Fragile {
    copies: Arc<AtomicU32>,
    fails_at: u32,
}
impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert_ne!(self.copies.fetch_add(1, Ordering::SeqCst), self.fails_at, "no copy");
        Self { copies: Arc::clone(&self.copies), fails_at: self.fails_at }
    }
}

#[test]
fn g211_a_copy_that_panics_is_a_start_that_failed_and_no_end_of_the_supervisor() {
    let runtime = runtime(1);
    let (told, events) = mpsc::channel();
    let options = OptionsInput { intensity: Some(5.0), ..Default::default() };
    let make = |_: Fragile| City { name: "Oslo".into(), deaf: false };
    let top = DynamicSupervisor::new("cities", &options, &TreatmentInput::default(), Spawn::new(), make);
    let top = top.expect("valid").listen(move |event| told.send(event).unwrap_or_default());
    let top = runtime.spawn(top).expect("room");
    let start = |fails_at| {
        let with = Fragile { copies: Arc::default(), fails_at };
        top.ask(|reply| Dynamic::Start(with, reply)).wait().expect("the supervisor lives")
    };
    let Err(CommandError::ChildStart(ChildStartError { cause: ExitReason::Crashed(cause), .. })) = start(0) else {
        panic!("it does not start")
    };
    assert!(cause.message.contains("no copy"), "{cause:?}");
    // Its restart fails once, counts, and is tried again (G93).
    let oslo = start(1).expect("the first copy is one");
    oslo.tell(Message::Crash).expect("room");
    let again = restarted(&events);
    assert_ne!(again, oslo.pid());
    assert_eq!(top.ask(Dynamic::Count).wait().map(|count| (count.specs, count.active)), Ok((1, 1)));
}

#[test]
fn g92_too_many_restarts_end_a_dynamic_supervisor_and_its_children() {
    let runtime = runtime(2);
    let (top, events) = cities(&runtime, 0.0, &TreatmentInput::default());
    let (oslo, rome) = (start(top, "Oslo").expect("room"), start(top, "Rome").expect("room"));
    let (end, other) = (top.ended(), rome.ended());
    oslo.tell(Message::Crash).expect("room");
    let Ok(ExitReason::Shutdown { detail: Some(detail) }) = end.wait() else { panic!("it escalates") };
    assert!(detail.contains("restart intensity of cities"), "{detail}");
    assert_eq!(other.wait(), Ok(ExitReason::SHUTDOWN));
    assert!(events.iter().any(|event| matches!(event.what, Happening::Escalated(Some(ExitReason::Crashed(_))))));
}

#[test]
fn g181_ten_thousand_children_on_two_shards_stop_at_once_and_the_deaf_are_killed_under_one_timer() {
    let runtime = runtime(2);
    let options = OptionsInput::default();
    let child = TreatmentInput { shutdown: Some(ShutdownInput::Millis(20.0)), ..Default::default() };
    let top = runtime.spawn(blueprint(&options, &child, true)).expect("room");
    let answers: Vec<_> = (0..10_000).map(|at| top.ask(|reply| Dynamic::Start(format!("city {at}"), reply))).collect();
    for answer in answers {
        answer.wait().expect("an answer").expect("room");
    }
    assert_eq!(top.ask(Dynamic::Count).wait().map(|count| count.active), Ok(10_000));
    let end = top.ended();
    top.tell(Dynamic::Stop(ExitReason::SHUTDOWN)).expect("room");
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    assert_eq!(runtime.stats().iter().map(|shard| shard.actors).sum::<u32>(), 0);
}

#[test]
fn g96_what_a_dynamic_supervisor_cannot_be_is_refused_before_anything_starts() {
    let make = |name| City { name, deaf: false };
    let new = |options: &OptionsInput<'_>, child: &TreatmentInput<'_>| {
        DynamicSupervisor::new("cities", options, child, Spawn::new(), make).map(drop).map_err(|e| e.to_string())
    };
    let (usual, child) = (OptionsInput::default(), TreatmentInput::default());
    let all = OptionsInput { strategy: Some("one_for_all"), ..usual };
    let significant = TreatmentInput { significant: true, restart: Some("transient"), ..child };
    assert!(new(&all, &child).is_err_and(|why| why.contains("strategy")));
    assert!(new(&usual, &significant).is_err_and(|why| why.contains("significant")));
    assert!(blueprint(&usual, &child, false).limit(0).is_err());
    let runtime = runtime(1);
    let top = runtime.spawn(blueprint(&usual, &child, false).limit(1).expect("valid")).expect("room");
    start(top, "Oslo").expect("room");
    assert_eq!(start(top, "Rome").map(drop), Err(CommandError::TooManyChildren { limit: 1 }));
}

// -- trees ----------------------------------------------------------------------------------------------------------

fn worker(id: &'static str, restart: &'static str, fails: &Arc<AtomicBool>) -> Child {
    let fails = Arc::clone(fails);
    let treatment = TreatmentInput { restart: Some(restart), ..Default::default() };
    let make = move || {
        assert!(!fails.load(Ordering::SeqCst), "{id} does not start");
        behavior((), |(): &mut (), crash: bool, _: &mut Context<bool>| assert!(!crash, "on demand"))
    };
    Child::new(id, &treatment, Spawn::new().named(id), make).expect("valid")
}

fn below(id: &'static str, children: Vec<Child>) -> Child {
    let spawn = Spawn::new().named(id);
    Child::supervisor(id, &TreatmentInput::default(), spawn, &OptionsInput::default(), children).expect("valid")
}

fn tree(runtime: &Runtime, children: Vec<Child>) -> (ActorRef<Supervise>, Arc<Mutex<Vec<Event>>>) {
    let seen: Arc<Mutex<Vec<Event>>> = Arc::default();
    let told = Arc::clone(&seen);
    let top = Supervisor::new("top", &OptionsInput::default(), children).expect("valid");
    (runtime.spawn(top.listen(move |event| told.lock().expect("no panic").push(event))).expect("room"), seen)
}

fn statuses(top: ActorRef<Supervise>) -> Vec<(String, Status)> {
    let children = top.ask(Supervise::Children).wait().expect("an answer");
    children.into_iter().map(|child| (child.id.to_string(), child.status)).collect()
}

/// Once all have started: what is asked then is behind that.
fn running(top: ActorRef<Supervise>, count: usize) {
    while top.ask(Supervise::Count).wait().expect("an answer").active < count {}
}

#[test]
fn g85_a_supervisor_below_has_started_when_its_children_have() {
    let runtime = runtime(1);
    let never = Arc::new(AtomicBool::new(false));
    let (top, seen) = tree(
        &runtime,
        vec![
            below("mid", vec![below("low", vec![worker("deep", "permanent", &never)])]),
            worker("last", "permanent", &never),
        ],
    );
    running(top, 2);
    let order: Vec<String> = seen.lock().expect("no panic").iter().map(|event| event.child.to_string()).collect();
    assert_eq!(order, ["mid", "last"]);
    assert!(runtime.whereis::<bool>("deep").is_some());
    let end = top.ended();
    top.tell(Supervise::Stop(ExitReason::SHUTDOWN)).expect("room");
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    assert_eq!(runtime.stats()[0].actors, 0);
}

/// Starts a tree, and watches it from its first moment: it may be gone before anybody outside can look.
struct Starter {
    tree: Option<Supervisor>,
    end: mpsc::Sender<ExitReason>,
}
impl Actor for Starter {
    type Message = ();
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        let tree = self.tree.take().expect("it is told once");
        context.spawn_monitored(&Spawn::new(), tree).expect("room");
    }
    fn signal(&mut self, signal: Signal, context: &mut Context<()>) {
        let Signal::Down { reason, .. } = signal else { panic!("it traps no exits") };
        self.end.send(reason).expect("the test listens");
        context.stop();
    }
}

#[test]
fn g86_a_failure_deep_in_the_tree_fails_the_start_with_the_path_of_the_child() {
    let runtime = runtime(1);
    let (never, fails) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(true)));
    let children = vec![
        worker("first", "permanent", &never),
        below(
            "mid",
            vec![worker("elder", "permanent", &never), below("low", vec![worker("bad", "permanent", &fails)])],
        ),
    ];
    let top = Supervisor::new("top", &OptionsInput::default(), children).expect("valid");
    let (end, ended) = mpsc::channel();
    let starter = runtime.spawn(Starter { tree: Some(top), end }).expect("room");
    let gone = starter.ended();
    starter.tell(()).expect("room");
    let reason = ended.recv().expect("it ends");
    let ExitReason::Shutdown { detail: Some(detail) } = reason else { panic!("{reason:?}") };
    assert_eq!(gone.wait(), Ok(ExitReason::Normal));
    assert!(detail.contains("top/mid/low/bad") && detail.contains("bad does not start"), "{detail}");
    assert_eq!(runtime.stats()[0].actors, 0, "nothing of the tree is left");
}

#[test]
fn g92_an_inner_escalation_is_the_outer_supervisors_restart_of_that_subtree_alone() {
    let runtime = runtime(1);
    let never = Arc::new(AtomicBool::new(false));
    let (top, _seen) = tree(
        &runtime,
        vec![worker("kept", "permanent", &never), below("mid", vec![worker("deep", "permanent", &never)])],
    );
    running(top, 2);
    let (kept, mid) = (runtime.whereis::<bool>("kept"), runtime.whereis::<Supervise>("mid").expect("it runs"));
    let end = mid.ended();
    for _ in 0..2 {
        let deep = loop {
            if let Some(deep) = runtime.whereis::<bool>("deep") {
                break deep;
            }
        };
        let end = deep.ended();
        deep.tell(true).expect("room");
        end.wait().expect("it ends");
    }
    assert!(matches!(end.wait(), Ok(ExitReason::Shutdown { detail: Some(_) })));
    while top.ask(Supervise::Children).wait().expect("an answer")[1].restarts == 0 {}
    assert_eq!(runtime.whereis::<bool>("kept"), kept);
    assert!(runtime.whereis::<Supervise>("mid").is_some_and(|again| again != mid));
}

#[test]
fn g182_new_specs_reach_the_supervisors_below_before_the_change_is_answered() {
    let runtime = runtime(1);
    let never = Arc::new(AtomicBool::new(false));
    let named = |id| runtime.whereis::<bool>(id);
    let (top, _seen) = tree(
        &runtime,
        vec![
            worker("gone", "permanent", &never),
            below("mid", vec![worker("a", "permanent", &never), worker("b", "permanent", &never)]),
        ],
    );
    running(top, 2);
    let mid = runtime.whereis::<Supervise>("mid").expect("it runs");
    running(mid, 2);
    let (gone, a, b) = (named("gone"), named("a"), named("b"));
    let change = Supervise::change(
        "top",
        &OptionsInput::default(),
        vec![
            below("mid", vec![worker("b", "temporary", &never), worker("new", "permanent", &never)]),
            worker("fresh", "permanent", &never),
        ],
    );
    assert_eq!(top.ask(change.expect("valid")).wait(), Ok(Ok(Done::Done)));
    // Kept children keep their PIDs, new ones are there and not started, those that are gone live on.
    let stopped = |id: &str| (id.to_owned(), Status::Stopped);
    let runs = |id: &str| (id.to_owned(), Status::Running);
    assert_eq!(statuses(top), [runs("mid"), stopped("fresh")]);
    assert_eq!(statuses(mid), [runs("b"), stopped("new")]);
    assert_eq!((named("gone"), named("a"), named("b"), named("new")), (gone, a, b, None));
    // The restart type is the new one at once.
    let end = b.expect("it runs").ended();
    b.expect("it runs").tell(true).expect("room");
    end.wait().expect("it ends");
    while statuses(mid).len() > 1 {}
    assert_eq!(statuses(mid), [stopped("new")]);
    // Specs that are not valid change nothing.
    let twice = vec![worker("x", "permanent", &never), worker("x", "permanent", &never)];
    let change = Supervise::change("top", &OptionsInput::default(), twice).expect("the options are");
    assert!(matches!(top.ask(change).wait(), Ok(Err(CommandError::InvalidSpec(_)))));
    assert_eq!(statuses(top), [runs("mid"), stopped("fresh")]);
    let end = top.ended();
    top.tell(Supervise::Stop(ExitReason::SHUTDOWN)).expect("room");
    end.wait().expect("it ends");
    assert_eq!(runtime.stats()[0].actors, 0, "also those without a spec");
}

#[test]
fn g182_a_dynamic_supervisor_below_takes_other_rules_and_keeps_its_children() {
    let runtime = runtime(1);
    let options = OptionsInput::default();
    let dynamic = |restart| {
        let child = TreatmentInput { restart: Some(restart), ..Default::default() };
        let spawn = Spawn::new().named("cities");
        Child::dynamic("cities", &TreatmentInput::default(), spawn, blueprint(&options, &child, false)).expect("valid")
    };
    let (top, _seen) = tree(&runtime, vec![dynamic("permanent")]);
    running(top, 1);
    let cities = runtime.whereis::<Dynamic<String, Message>>("cities").expect("it runs");
    let oslo = start(cities, "Oslo").expect("room");
    let change = Supervise::change("top", &options, vec![dynamic("temporary")]).expect("valid");
    assert_eq!(top.ask(change).wait(), Ok(Ok(Done::Done)));
    assert_eq!(oslo.ask(Message::Name).wait(), Ok("Oslo".to_owned()));
    let end = oslo.ended();
    oslo.tell(Message::Crash).expect("room");
    end.wait().expect("it ends");
    while cities.ask(Dynamic::Count).wait().expect("an answer").specs > 0 {}
}

#[test]
fn a_listener_that_panics_is_no_end_of_the_supervisor() {
    let runtime = runtime(1);
    let cities = blueprint(&OptionsInput::default(), &TreatmentInput::default(), false).listen(|_| panic!("oops"));
    let cities = runtime.spawn(cities).expect("room");
    let oslo = cities.ask(|reply| Dynamic::Start("Oslo".to_owned(), reply)).wait().expect("it lives").expect("room");
    assert_eq!(oslo.ask(Message::Name).wait().as_deref(), Ok("Oslo"));
    assert_eq!(cities.ask(Dynamic::Count).wait().map(|count| count.active), Ok(1));
}
