//! Child specs: what a supervisor starts, each time anew, and what it hands on to a supervisor below it.

use super::{
    Dynamic, DynamicSupervisor, Supervise, Supervisor,
    shell::{Spawned, made},
};
use crate::{Actor, Context, Spawn};
use core::fmt;
use myrmidon_core::{
    pid::Pid,
    supervisor::{
        ChildSpec, InvalidSpec, Kind, Life, Options, OptionsInput, Treatment, TreatmentInput, check_children,
    },
};
use std::sync::Arc;

/// Whose child it will be, and as which life.
pub(super) struct Above {
    pub life: Life,
    /// The path of the supervisor above.
    pub place: Arc<str>,
}

pub(super) type StartFn = dyn Fn(&mut Context<Supervise>, Above) -> Spawned + Send + Sync;
type HandOn = dyn Fn(&mut Context<Supervise>, Pid, u64) + Send + Sync;

/// How a child is started.
#[derive(Clone)]
pub(super) struct Start {
    pub spawn: Arc<StartFn>,
    /// Its start is over when its own children have started.
    pub says_when: bool,
    /// Gives a supervisor that runs its new specs; it says with that number when it has them (G97).
    pub hand_on: Option<Arc<HandOn>>,
}

/// A child of a supervisor: its id, how it is treated, and what makes its actor, each time anew.
pub struct Child(pub(super) ChildSpec<Start>);

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Child").field(&self.0.id).finish()
    }
}

fn of_supervisor(id: &str, treatment: &TreatmentInput<'_>) -> Result<Treatment, InvalidSpec> {
    TreatmentInput { kind: Kind::Supervisor, ..*treatment }.check(id)
}

impl Child {
    /// A child. `options`: where it lives, its mailbox, its name; it is linked in any case. A name is given on the actor's
    /// own shard: one with a name lives where its supervisor does (`Placement::Here`), and does not start elsewhere.
    ///
    /// # Errors
    /// [`InvalidSpec`] says what of `treatment` is not valid (G96).
    pub fn new<A: Actor>(
        id: &str,
        treatment: &TreatmentInput<'_>,
        options: Spawn,
        make: impl Fn() -> A + Send + Sync + 'static,
    ) -> Result<Self, InvalidSpec> {
        let treatment = treatment.check(id)?;
        let options = options.linked();
        let spawn = Arc::new(move |context: &mut Context<Supervise>, _: Above| {
            context.spawn_monitored(&options, made(&make)?).map(|(actor, watch)| (actor.pid(), watch))
        });
        let start = Start { spawn, says_when: false, hand_on: None };
        Ok(Self(ChildSpec { id: id.into(), start, treatment }))
    }

    /// A supervisor below. Its start is over when its children have started, and fails when one of them does (G86);
    /// `Supervise::Change` of the supervisor above hands its new specs on (G97).
    ///
    /// ```
    /// use myrmidon_actor::{Child, Context, Runtime, Spawn, Supervise, Supervisor, behavior};
    /// use myrmidon_actor::supervisor::{OptionsInput, TreatmentInput};
    ///
    /// let (usual, options) = (TreatmentInput::default(), OptionsInput::default());
    /// let make = || behavior((), |_: &mut (), _: (), _: &mut Context<()>| {});
    /// let worker = Child::new("worker", &usual, Spawn::new().named("deep"), make)?;
    /// let below = Child::supervisor("below", &usual, Spawn::new(), &options, vec![worker])?;
    /// let runtime = Runtime::start()?;
    /// let top = Supervisor::new("top", &options, vec![below])?.start(&runtime)?;
    /// assert_eq!(top.ask(Supervise::Count).wait()?.supervisors, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidSpec`] names the child that is at fault, here or below.
    pub fn supervisor(
        id: &str,
        treatment: &TreatmentInput<'_>,
        spawn: Spawn,
        options: &OptionsInput<'_>,
        children: Vec<Self>,
    ) -> Result<Self, InvalidSpec> {
        let treatment = of_supervisor(id, treatment)?;
        let options: Options = options.check(id)?;
        let specs: Arc<[ChildSpec<Start>]> = children.into_iter().map(|child| child.0).collect();
        check_children(id, &options, &specs)?;
        let (id, spawn): (Arc<str>, _) = (id.into(), spawn.linked());
        let (named, again) = (Arc::clone(&id), Arc::clone(&specs));
        let start = Start {
            spawn: Arc::new(move |context, above| {
                let place = format!("{}/{named}", above.place);
                let parent = Some((context.me(), above.life));
                // Checked above: the same specs make no fault now.
                let below = Supervisor::below(&place, options, specs.to_vec(), parent);
                let below = below.map_err(|_| crate::SpawnError::Closed)?;
                context.spawn_monitored(&spawn, below).map(|(actor, watch)| (actor.pid(), watch))
            }),
            says_when: true,
            hand_on: Some(Arc::new(move |context, pid, number| {
                let (options, children) = (options, again.to_vec());
                Supervisor::hand_on(context, pid, number, options, children);
            })),
        };
        Ok(Self(ChildSpec { id, start, treatment }))
    }

    /// A dynamic supervisor below, reached by its name (`spawn`). New specs change how it treats its children.
    ///
    /// # Errors
    /// [`InvalidSpec`] names it, and what is not valid.
    pub fn dynamic<D: Clone + Send + Sync + 'static, A: Actor>(
        id: &str,
        treatment: &TreatmentInput<'_>,
        spawn: Spawn,
        below: DynamicSupervisor<D, A>,
    ) -> Result<Self, InvalidSpec> {
        let treatment = of_supervisor(id, treatment)?;
        let (below, spawn) = (below.into_blueprint(), spawn.linked());
        let again = Arc::clone(&below);
        let start = Start {
            spawn: Arc::new(move |context, _| {
                let below = DynamicSupervisor::of(&below, false).map_err(|_| crate::SpawnError::Closed)?;
                context.spawn_monitored(&spawn, below).map(|(actor, watch)| (actor.pid(), watch))
            }),
            says_when: false,
            hand_on: Some(Arc::new(move |context, pid, number| {
                let of = crate::ActorRef::<Dynamic<D, A::Message>>::new(
                    pid,
                    crate::mail::kind_of::<Dynamic<D, A::Message>>(),
                );
                let (options, child) = again.rules();
                context.ask(of, |reply| Dynamic::change(options, child, reply), move |_| Supervise::HandedOn(number));
            })),
        };
        Ok(Self(ChildSpec { id: id.into(), start, treatment }))
    }
}
