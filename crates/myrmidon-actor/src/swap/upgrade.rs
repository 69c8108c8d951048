//! An upgrade: from one type of actor to another, as a value.

use super::{error::Noted, layer::Layer};
use crate::{
    Actor,
    body::{Body, Plain},
    letter::Parcel,
    mail::kind_of,
    version::version_of,
    worker::Worker,
};
#[cfg(feature = "tokio")]
use crate::{AsyncActor, asynchronous::Asynchronous};
use core::{any::Any, fmt, marker::PhantomData};
use myrmidon_core::swap::{Failure, Version};
use std::sync::Arc;

type Copy = dyn Fn(&dyn Any) -> Result<Parcel, Failure> + Send + Sync;
type Migrate = dyn Fn(Parcel) -> Result<Box<dyn Body>, Failure> + Send + Sync;
type Back = dyn Fn(Parcel) -> Option<Box<dyn Body>> + Send + Sync;
type Probe = dyn Fn(Box<dyn Body>) -> Box<dyn Body> + Send + Sync;

/// An upgrade without its types: what a swap needs of it.
#[derive(Clone)]
pub(crate) struct Plan {
    pub from: Version,
    pub to: Version,
    pub copy: Arc<Copy>,
    pub migrate: Arc<Migrate>,
    pub back: Option<Arc<Back>>,
    /// Puts a journal around the new version.
    pub probe: Arc<Probe>,
    pub is_lent: bool,
}

/// From actors of type `Old` to those of type `New`, which are told the same messages `M`: how the state of the one becomes
/// the state of the other. `N`: what the journal of a canary notes of each message.
///
/// An actor keeps its PID, name, mailbox, links, watches and timers (G66); [`Actor::started`] does not run again.
///
/// ```
/// use myrmidon_actor::{Actor, Context, ReplyTo, Runtime, SwapOptions, Upgrade};
///
/// enum Message {
///     Add(u64),
///     Total(ReplyTo<u64>),
/// }
/// #[derive(Clone)]
/// struct V1 { total: u64 }
/// struct V2 { total: u64, added: u64 }
///
/// impl Actor for V1 {
///     type Message = Message;
///     fn handle(&mut self, message: Message, _: &mut Context<Message>) {
///         match message {
///             Message::Add(by) => self.total += by,
///             Message::Total(reply) => reply.send(self.total),
///         }
///     }
/// }
/// impl Actor for V2 {
///     type Message = Message;
///     fn handle(&mut self, message: Message, _: &mut Context<Message>) {
///         match message {
///             Message::Add(by) => (self.total, self.added) = (self.total + 10 * by, self.added + 1),
///             Message::Total(reply) => reply.send(self.total),
///         }
///     }
/// }
///
/// let runtime = Runtime::start()?;
/// let counter = runtime.spawn(V1 { total: 0 })?;
/// counter.tell(Message::Add(1))?;
/// // A swap does not queue behind messages (G68): this one is handled before.
/// assert_eq!(counter.ask(Message::Total).wait()?, 1);
///
/// let upgrade = Upgrade::new(|V1 { total }| Ok(V2 { total, added: 0 }));
/// upgrade.swap(counter, &SwapOptions::new()).wait()?;
/// counter.tell(Message::Add(1))?;
/// assert_eq!(counter.ask(Message::Total).wait()?, 11);
///
/// // Back, with the state of before.
/// counter.roll_back().wait()?;
/// assert_eq!(counter.ask(Message::Total).wait()?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Upgrade<Old, New, M, N = ()> {
    plan: Plan,
    #[expect(clippy::type_complexity, reason = "what it is generic over")]
    types: PhantomData<fn(Old, M) -> (New, N)>,
}

impl<Old, New, M, N> Clone for Upgrade<Old, New, M, N> {
    fn clone(&self) -> Self {
        Self { plan: self.plan.clone(), types: PhantomData }
    }
}

impl<Old, New, M, N> fmt::Debug for Upgrade<Old, New, M, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").field("from", &self.plan.from).field("to", &self.plan.to).finish_non_exhaustive()
    }
}

/// How actors of a type are held by a shard.
trait Form<A> {
    fn body(actor: A) -> Box<dyn Body>;
}
struct OnShard;
impl<A: Actor> Form<A> for OnShard {
    fn body(actor: A) -> Box<dyn Body> {
        Box::new(Plain { actor, kind: kind_of::<A::Message>(), long: false })
    }
}
#[cfg(feature = "tokio")]
struct AsTask;
#[cfg(feature = "tokio")]
impl<A: AsyncActor> Form<A> for AsTask {
    fn body(actor: A) -> Box<dyn Body> {
        Box::new(Asynchronous { actor, kind: kind_of::<A::Message>() })
    }
}

fn not_copyable(why: String) -> Failure {
    Failure::NotCopyable(why.into())
}

/// An actor out of a parcel that was made of one of that type.
fn actor<A: 'static>(parcel: Parcel) -> Result<A, Failure> {
    parcel.downcast::<A>().map(|actor| *actor).map_err(|_| Failure::Invalid("of another type".into()))
}

fn plan<F: Form<Old>, G: Form<New>, Old: Send + 'static, New: Send + 'static, M: Send + 'static>(
    copy: impl Fn(&Old) -> Result<Old, String> + Send + Sync + 'static,
    migrate: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static,
) -> Plan {
    Plan {
        from: version_of::<Old>(),
        to: version_of::<New>(),
        copy: Arc::new(move |state| {
            let old = state.downcast_ref::<Old>().ok_or_else(|| not_copyable("of another type".into()))?;
            copy(old).map(|copy| Box::new(copy) as Parcel).map_err(not_copyable)
        }),
        migrate: Arc::new(move |old| {
            migrate(actor::<Old>(old)?).map(G::body).map_err(|why| Failure::Invalid(why.into()))
        }),
        back: None,
        probe: probe::<M, ()>(|_| ()),
        is_lent: false,
    }
}

fn probe<M: Send + 'static, N: Send + 'static>(note: impl Fn(&M) -> N + Send + Sync + 'static) -> Arc<Probe> {
    let note = Arc::new(note);
    Arc::new(move |inner| {
        let note = Arc::clone(&note);
        Box::new(Layer::<M> {
            inner,
            before: Arc::new(move |me, sender, message, asked| {
                let noted = Noted { sender, note: Box::new(note(message)) };
                crate::actor_ref::steer(me, move |worker| worker.canary_begun(me, noted, asked));
            }),
            after: Arc::new(Worker::canary_handled),
            signal: None,
        })
    })
}

impl<M: Send + 'static, Old: Actor<Message = M>, New: Actor<Message = M>> Upgrade<Old, New, M> {
    /// The migration gets a copy of the state, made by `Clone`, and may refuse it with a text. One that refuses or panics
    /// has changed nothing (G70, G71).
    pub fn new(migrate: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static) -> Self
    where
        Old: Clone,
    {
        Self::copying(|old| Ok(old.clone()), migrate)
    }

    /// The same for a state that is no `Clone`: `copy` makes what the migration gets, or says why it cannot.
    pub fn copying(
        copy: impl Fn(&Old) -> Result<Old, String> + Send + Sync + 'static,
        migrate: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static,
    ) -> Self {
        Self { plan: plan::<OnShard, OnShard, Old, New, M>(copy, migrate), types: PhantomData }
    }
}

#[cfg(feature = "tokio")]
impl<M: Send + 'static, Old: AsyncActor<Message = M>, New: AsyncActor<Message = M>> Upgrade<Old, New, M> {
    /// [`Upgrade::new`] for [`AsyncActor`]s. The migration itself does not wait.
    pub fn of_async(migrate: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static) -> Self
    where
        Old: Clone,
    {
        Self::copying_async(|old| Ok(old.clone()), migrate)
    }

    /// [`Upgrade::copying`] for [`AsyncActor`]s.
    pub fn copying_async(
        copy: impl Fn(&Old) -> Result<Old, String> + Send + Sync + 'static,
        migrate: impl Fn(Old) -> Result<New, String> + Send + Sync + 'static,
    ) -> Self {
        Self { plan: plan::<AsTask, AsTask, Old, New, M>(copy, migrate), types: PhantomData }
    }
}

impl<Old: Send + 'static, New: Send + 'static, M: Send + 'static, N: Send + 'static> Upgrade<Old, New, M, N> {
    /// The way back: what a rollback makes of the present state, instead of the state of before the swap. Where it has
    /// none, or panics, that one comes back (G75).
    #[must_use]
    pub fn back(mut self, back: impl Fn(New) -> Option<Old> + Send + Sync + 'static) -> Self
    where
        Old: Actor<Message = M>,
    {
        self.plan.back = Some(Arc::new(move |new| back(actor::<New>(new).ok()?).map(OnShard::body)));
        self
    }

    /// [`Upgrade::back`] for [`AsyncActor`]s.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn back_async(mut self, back: impl Fn(New) -> Option<Old> + Send + Sync + 'static) -> Self
    where
        Old: AsyncActor<Message = M>,
    {
        self.plan.back = Some(Arc::new(move |new| back(actor::<New>(new).ok()?).map(AsTask::body)));
        self
    }

    /// What the journal of a canary keeps of each message, so that [`crate::SwapError::RolledBack`] can say what was
    /// handled: messages themselves are moved into their handlers, and need not be `Clone`.
    #[must_use]
    pub fn noting<L: Send + 'static>(self, note: impl Fn(&M) -> L + Send + Sync + 'static) -> Upgrade<Old, New, M, L> {
        Upgrade { plan: Plan { probe: probe(note), ..self.plan }, types: PhantomData }
    }

    /// Migrates on a pool thread, while the actor is held: for migrations that block or compute for long. Only one of
    /// those can be given up by its timeout; what a migration on the shard takes, the shard's other actors wait.
    #[must_use]
    pub fn lent(mut self) -> Self {
        self.plan.is_lent = true;
        self
    }

    /// This upgrade and then another as one: no message meets what is between (G72). Notes are those of the second.
    #[must_use]
    pub fn and_then<Newer: Send + 'static, L: Send + 'static>(
        self,
        next: Upgrade<New, Newer, M, L>,
    ) -> Upgrade<Old, Newer, M, L> {
        let (first, second) = (self.plan, next.plan);
        let (migrate, and_migrate) = (first.migrate, second.migrate);
        let back = first
            .back
            .zip(second.back)
            .map(|(last, back)| Arc::new(move |new: Parcel| last(back(new)?.into_actor())) as Arc<Back>);
        let plan = Plan {
            from: first.from,
            to: second.to,
            copy: first.copy,
            migrate: Arc::new(move |old| and_migrate(migrate(old)?.into_actor())),
            back,
            probe: second.probe,
            is_lent: first.is_lent || second.is_lent,
        };
        Upgrade { plan, types: PhantomData }
    }

    pub(crate) fn plan_of(&self) -> Arc<Plan> {
        Arc::new(self.plan.clone())
    }
}
