//! G309: the end of a whole tree by its restart intensity is told to whoever opened the runtime.

use myrmidon_actor::{
    ActorRef, Child, Context, Dynamic, DynamicSupervisor, ExitReason, Notice, Runtime, Spawn, Supervise, Supervisor,
    behavior,
};
use myrmidon_core::supervisor::{OptionsInput, TreatmentInput};
use std::sync::mpsc::{Receiver, channel};

/// And what it tells, but for crashes and dead letters.
fn runtime() -> (Runtime, Receiver<Notice>) {
    let (told, ends) = channel();
    let observer = move |notice| {
        if matches!(notice, Notice::TreeEnded { .. }) {
            told.send(notice).unwrap_or_default();
        }
    };
    (Runtime::builder().shards(1).observer(observer).start().expect("a runtime"), ends)
}

fn once(intensity: f64) -> OptionsInput<'static> {
    OptionsInput { intensity: Some(intensity), ..Default::default() }
}

fn worker(id: &'static str) -> Child {
    let make = || behavior((), |(): &mut (), what: &str, _: &mut Context<&str>| panic!("{what}"));
    Child::new(id, &TreatmentInput::default(), Spawn::new().named(id), make).expect("valid")
}

fn crash(runtime: &Runtime, id: &str, what: &'static str) {
    runtime.whereis::<&str>(id).expect("it runs").tell(what).expect("room");
}

#[test]
fn g309_who_spends_the_intensity_of_a_root_is_told_with_the_reason() {
    let (runtime, ends) = runtime();
    let inner = Child::supervisor("in", &TreatmentInput::default(), Spawn::new(), &once(0.0), vec![worker("a")])
        .expect("valid");
    let other = worker("b");
    let top = Supervisor::new("top", &once(1.0), vec![inner, other]).expect("valid");
    let top = top.start_with(&runtime, &Spawn::new().named("root")).expect("it starts");
    let end = top.ended();
    // The supervisor above hears of this one, and starts it again.
    crash(&runtime, "a", "first");
    while top.ask(Supervise::Children).wait().expect("it lives")[0].restarts == 0 {}
    crash(&runtime, "b", "second");
    assert!(matches!(end.wait(), Ok(ExitReason::Shutdown { .. })));
    let Ok(Notice::TreeEnded { pid, name, supervisor, child, reason: Some(ExitReason::Crashed(error)) }) = ends.recv()
    else {
        panic!("it is told")
    };
    assert_eq!((pid, name.as_deref(), &*supervisor, &*child), (top.pid(), Some("root"), "top", "b"));
    assert!(error.message.contains("second"), "{error:?}");
    runtime.shutdown(std::time::Duration::MAX);
    assert_eq!(ends.try_recv().ok(), None, "and nothing else is");
}

#[test]
fn g309_also_of_a_dynamic_one_and_not_of_one_that_is_told_to_stop() {
    let (runtime, ends) = runtime();
    let make = |what: &'static str| behavior(what, |what: &mut &str, (): (), _: &mut Context<()>| panic!("{what}"));
    let cities = || {
        let treatment = TreatmentInput::default();
        DynamicSupervisor::new("cities", &once(0.0), &treatment, Spawn::new(), make).expect("valid")
    };
    let stopped = runtime.spawn(cities()).expect("room");
    let end = stopped.ended();
    stopped.tell(Dynamic::Stop(ExitReason::SHUTDOWN)).expect("room");
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    let top = runtime.spawn(cities()).expect("room");
    let oslo: ActorRef<()> = top.ask(|reply| Dynamic::Start("Oslo", reply)).wait().expect("it lives").expect("room");
    oslo.tell(()).expect("room");
    let Ok(Notice::TreeEnded { pid, supervisor, reason: Some(ExitReason::Crashed(error)), .. }) = ends.recv() else {
        panic!("it is told")
    };
    assert_eq!((pid, &*supervisor), (top.pid(), "cities"));
    assert!(error.message.contains("Oslo"), "{error:?}");
}
