//! G300: whoever starts a supervisor hears whether its children have started, and why not.

use myrmidon_actor::{
    Actor, Child, Context, ExitReason, Runtime, Spawn, SpawnError, Supervise, Supervisor, SupervisorStartError,
    behavior,
};
use myrmidon_core::supervisor::{OptionsInput, TreatmentInput};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
    mpsc,
};

type Start = Result<(), SupervisorStartError>;

fn runtime() -> Runtime {
    Runtime::builder().shards(1).start().expect("a runtime")
}

fn worker(id: &'static str, before: impl Fn() + Send + Sync + 'static) -> Child {
    let make = move || {
        before();
        behavior((), |(): &mut (), (): (), _: &mut Context<()>| {})
    };
    Child::new(id, &TreatmentInput::default(), Spawn::new().named(id), make).expect("valid")
}

fn below(id: &'static str, children: Vec<Child>) -> Child {
    Child::supervisor(id, &TreatmentInput::default(), Spawn::new(), &OptionsInput::default(), children).expect("valid")
}

fn top(children: Vec<Child>) -> Supervisor {
    Supervisor::new("top", &OptionsInput::default(), children).expect("valid")
}

#[test]
fn g300_a_start_that_fails_says_which_child_and_why_and_leaves_nothing() {
    let runtime = runtime();
    let fails = Arc::new(AtomicBool::new(true));
    let tree = || {
        let fails = Arc::clone(&fails);
        let bad = worker("bad", move || assert!(!fails.load(Ordering::SeqCst), "no port"));
        top(vec![worker("first", || {}), below("mid", vec![bad])])
    };
    let (told, heard) = mpsc::channel::<Start>();
    let options = Spawn::new().named("top");
    let start = tree().on_start(move |start| told.send(start).unwrap_or_default()).start_with(&runtime, &options);
    let Err(SupervisorStartError::Child(error)) = start else { panic!("{start:?}") };
    assert_eq!(&*error.place, "top/mid/bad");
    let ExitReason::Crashed(cause) = &error.cause else { panic!("{error:?}") };
    assert!(cause.message.contains("no port"), "{cause:?}");
    assert_eq!(heard.recv(), Ok(Err(SupervisorStartError::Child(error))), "who listens as well hears the same");
    assert_eq!(runtime.stats()[0].actors, 0, "nothing of the tree is left");
    // Its name is free, and so are those of its children.
    fails.store(false, Ordering::SeqCst);
    let started = tree().start_with(&runtime, &options).expect("it starts");
    assert_eq!(runtime.whereis::<Supervise>("top"), Some(started));
    assert!(runtime.whereis::<()>("bad").is_some(), "its children have started when it has");
}

#[test]
fn g300_one_that_cannot_be_spawned_says_so() {
    let runtime = runtime();
    let options = Spawn::new().named("top");
    let holder = top(vec![]).start_with(&runtime, &options).expect("it starts").pid();
    let start = top(vec![]).start_with(&runtime, &options);
    assert_eq!(start, Err(SupervisorStartError::Spawn(SpawnError::NameTaken { holder })));
}

/// Runs something as an actor of the only shard.
struct Host<F>(Option<F>);
impl<F: FnOnce(&mut Context<()>) + Send + 'static> Actor for Host<F> {
    type Message = ();
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        self.0.take().expect("it is told once")(context);
    }
}

fn in_a_handler(runtime: &Runtime, run: impl FnOnce(&mut Context<()>) + Send + 'static) {
    runtime.spawn(Host(Some(run))).expect("room").tell(()).expect("room");
}

#[test]
fn g300_one_that_is_told_to_end_meanwhile_has_not_started() {
    let runtime = runtime();
    let (told, heard) = mpsc::channel::<Start>();
    in_a_handler(&runtime, move |context| {
        // That of "mid" waits for "low", which has its turn after this handler.
        let tree = top(vec![below("mid", vec![below("low", vec![worker("deep", || {})])])]);
        let tree = context.spawn(tree.on_start(move |start| told.send(start).unwrap_or_default())).expect("room");
        context.exit(tree, ExitReason::SHUTDOWN);
    });
    assert_eq!(heard.recv(), Ok(Err(SupervisorStartError::Ended(ExitReason::SHUTDOWN))));
    assert!(heard.recv().is_err(), "it is told once");
}

#[test]
fn g300_one_that_is_killed_meanwhile_has_not_started() {
    let runtime = Arc::new(runtime());
    let within = Arc::clone(&runtime);
    let killer = worker("killer", move || within.whereis::<Supervise>("top").expect("it is there").kill());
    let tree = top(vec![killer, below("mid", vec![below("low", vec![worker("deep", || {})])])]);
    let start = tree.start_with(&runtime, &Spawn::new().named("top"));
    assert!(matches!(start, Err(SupervisorStartError::Ended(_))), "{start:?}");
}

#[test]
fn g300_the_thread_of_a_shard_does_not_wait_for_a_start() {
    let runtime = Arc::new(runtime());
    let (told, heard) = mpsc::channel();
    let within = Arc::clone(&runtime);
    in_a_handler(&runtime, move |_| {
        let start = top(vec![worker("child", || panic!("nobody asks it"))]).start(&within);
        told.send(start).expect("the test listens");
    });
    assert_eq!(heard.recv(), Ok(Err(SupervisorStartError::WouldBlock)));
    assert_eq!(runtime.stats()[0].actors, 1, "nothing was started");
}

#[test]
fn g300_a_listener_that_panics_is_no_end_of_the_supervisor() {
    let runtime = runtime();
    let started = top(vec![worker("child", || {})]).on_start(|_| panic!("whoever listens ends nobody")).start(&runtime);
    assert_eq!(started.expect("it starts").ask(Supervise::Count).wait().map(|count| count.active), Ok(1));
}
