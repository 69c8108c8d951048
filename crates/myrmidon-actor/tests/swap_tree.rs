//! G214: a group that is a supervisor's tree, on whatever shards it lives.

use myrmidon_actor::{
    Actor, ActorRef, Child, Context, Dynamic, DynamicSupervisor, Pid, Placement, Runtime, Spawn, Supervise, Supervisor,
    SwapOptions, Upgrade,
};
use myrmidon_core::supervisor::{OptionsInput, TreatmentInput};

#[derive(Clone)]
struct Old;
struct New;

impl Actor for Old {
    type Message = bool;
    fn handle(&mut self, spawns: bool, context: &mut Context<bool>) {
        if spawns {
            context.spawn_with(&Spawn::new().on(Placement::LeastLoaded), Self).expect("room");
        }
    }
}
impl Actor for New {
    type Message = bool;
    fn handle(&mut self, _: bool, _: &mut Context<bool>) {}
}

type Many = ActorRef<Dynamic<(), bool>>;

/// A supervisor of one below, which has a dynamic one.
fn tree(runtime: &Runtime, id: &'static str) -> (ActorRef<Supervise>, Many) {
    let (usual, options) = (TreatmentInput::default(), OptionsInput::default());
    let spread = || Spawn::new().on(Placement::LeastLoaded);
    let many = DynamicSupervisor::new("many", &options, &usual, spread(), |()| Old).expect("valid");
    let many = Child::dynamic("many", &usual, Spawn::new().named(id), many).expect("valid");
    let one = Child::new("one", &usual, spread(), || Old).expect("valid");
    let below = Child::supervisor("below", &usual, Spawn::new(), &options, vec![one, many]).expect("valid");
    let top = runtime.spawn(Supervisor::new("top", &options, vec![below]).expect("valid")).expect("room");
    while top.ask(Supervise::Count).wait().expect("an answer").active < 1 {}
    (top, runtime.whereis(id).expect("it runs"))
}

#[test]
fn g214_a_tree_is_swapped_on_all_shards_and_nobody_beside_it() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let ((ours, many), (theirs, others)) = (tree(&runtime, "ours"), tree(&runtime, "theirs"));
    let mut children: Vec<ActorRef<bool>> = Vec::new();
    for _ in 0..10 {
        children.push(many.ask(|reply| Dynamic::Start((), reply)).wait().expect("an answer").expect("room"));
        others
            .ask(|reply| Dynamic::Start((), reply))
            .wait()
            .expect("an answer")
            .expect("room")
            .tell(true)
            .expect("room");
    }
    // What no supervisor knows of is of the tree all the same.
    children[0].tell(true).expect("room");
    let size = |top: ActorRef<Supervise>| runtime.below(top).len();
    while size(ours) < 14 || size(theirs) < 23 {}
    assert!(!runtime.below(ours).contains(&Pid::from(ours)), "it is not its own child");
    let on = |shard: u8| runtime.below(ours).iter().filter(|pid| pid.shard() == shard).count();
    assert!(on(children[0].pid().shard()) > 0 && on(children[1].pid().shard()) > 0);

    let upgrade = || Upgrade::new(|_: Old| Ok(New));
    let report = upgrade().swap_tree(&runtime, ours, &SwapOptions::new().together()).wait().expect("a report");
    assert_eq!((report.swapped, report.failed), (12, vec![]));
    // Those of the other tree run what they ran.
    assert_eq!(upgrade().plan(&runtime, None).wait().expect("a dry run").checked, 21);
    // An actor that has no children, and one that has ended, have none to swap.
    children[1].kill();
    for nobody in [children[2], children[1]] {
        assert_eq!(upgrade().swap_tree(&runtime, nobody, &SwapOptions::new()).wait().map(|one| one.swapped), Ok(0));
    }
}
