//! What an actor does: the trait, and behaviours made of a function and a state.

use crate::{Context, Signal, Wire};
use core::marker::PhantomData;

/// What happens to an actor whose handlers run long. It stays on its shard: its state is lent to another thread for as
/// long as a handler runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lend {
    /// After a handler that took longer than a millisecond, the next ones run on a pool thread, until they are short
    /// again.
    #[default]
    WhenLong,
    /// Every handler runs on a pool thread: for handlers that block, or always compute for long.
    Always,
    /// Every handler runs on the shard, however long it takes.
    Never,
}

/// An actor: a state, and what its messages do to it, one message at a time.
///
/// ```
/// use myrmidon_actor::{Actor, Context, Runtime};
///
/// struct Greeter;
/// impl Actor for Greeter {
///     type Message = String;
///     fn handle(&mut self, name: String, context: &mut Context<String>) {
///         println!("hello {name}, I am {}", context.me().pid());
///     }
/// }
/// let runtime = Runtime::start()?;
/// runtime.spawn(Greeter)?.tell("world".to_owned())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Actor: Send + Sized + 'static {
    /// The messages that it handles.
    type Message: Send + 'static;

    /// What happens when its handlers run long.
    const LEND: Lend = Lend::WhenLong;

    /// The name of its protocol in TypeScript (`Actor.make("Counter", …)`). A TypeScript program that looks up the
    /// actor's name with a protocol of another name gets an error. Empty: TypeScript cannot look the actor up.
    const PROTOCOL: &'static str = "";

    /// The fingerprint of that protocol, which `Actor.fingerprint(Counter)` of the TypeScript package prints. A lookup
    /// with a protocol of another shape gets `ProtocolMismatch` (G215). Empty: only the names of the protocols are
    /// compared.
    ///
    /// No compiler sees both halves: when the protocol changes, change the actor and this with it. What is no
    /// fingerprint does not compile:
    ///
    /// ```compile_fail,E0080
    /// # use myrmidon_actor::{Actor, Context, Runtime};
    /// struct Counter;
    /// impl Actor for Counter {
    ///     type Message = ();
    ///     const PROTOCOL: &'static str = "Counter";
    ///     const FINGERPRINT: &'static str = "no fingerprint";
    ///     fn handle(&mut self, (): (), _: &mut Context<()>) {}
    /// }
    /// fn main() { drop(Runtime::start().unwrap().spawn(Counter)); }
    /// ```
    const FINGERPRINT: &'static str = "";

    /// Handles one message. A panic ends this actor, with `Crashed`, and nothing else.
    fn handle(&mut self, message: Self::Message, context: &mut Context<Self::Message>);

    /// Decodes a message of another language, right before it is handled. `None`, or a panic, for one that this actor
    /// does not know: it is dropped, and the actor goes on (G282).
    fn from_wire(wire: Wire) -> Option<Self::Message> {
        drop(wire);
        None
    }

    /// Runs before the first message, as a part of the spawn. When it panics, the spawn fails with
    /// [`crate::SpawnError::InitFailed`], and there never was an actor. A spawner that does not wait for the start (on
    /// another shard or thread, or lent) has the ref already: for it the actor ends with `Crashed` (G244).
    fn started(&mut self, context: &mut Context<Self::Message>) {
        let _ = context;
    }

    /// Handles a signal: the end of an actor that this one monitors, or of one that it is linked to while it traps
    /// exits.
    fn signal(&mut self, signal: Signal, context: &mut Context<Self::Message>) {
        let _ = (signal, context);
    }
}

/// An actor made by [`behavior`] of a state and a function.
pub struct Behavior<S, M, F> {
    state: S,
    handler: F,
    message: PhantomData<fn(M)>,
}

/// Makes an actor of a state and a function that handles its messages.
///
/// ```
/// use myrmidon_actor::{Context, ReplyTo, Runtime, behavior};
///
/// let runtime = Runtime::start()?;
/// let doubler = runtime.spawn(behavior(0_u64, |handled, (number, reply): (u64, ReplyTo<u64>), _: &mut Context<_>| {
///     *handled += 1;
///     reply.send(number * 2);
/// }))?;
/// assert_eq!(doubler.ask(|reply| (21, reply)).wait()?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn behavior<S, M, F>(state: S, handler: F) -> Behavior<S, M, F>
where
    S: Send + 'static,
    M: Send + 'static,
    F: FnMut(&mut S, M, &mut Context<M>) + Send + 'static,
{
    Behavior { state, handler, message: PhantomData }
}

impl<S, M, F> Actor for Behavior<S, M, F>
where
    S: Send + 'static,
    M: Send + 'static,
    F: FnMut(&mut S, M, &mut Context<M>) + Send + 'static,
{
    type Message = M;
    fn handle(&mut self, message: M, context: &mut Context<M>) {
        (self.handler)(&mut self.state, message, context);
    }
}
