//! What an actor does: the trait, and behaviours made of a function and a state.

use crate::{Context, Signal, Wire};
use core::marker::PhantomData;

/// What happens to an actor whose handlers run long (DESIGN: such an actor is not moved, its state is lent).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lend {
    /// Once a handler of it took longer than a millisecond, the next ones run on a pool thread, until they are short again.
    #[default]
    WhenLong,
    /// Every handler runs on a pool thread: they block, or always compute for long.
    Always,
    /// Every handler runs on the shard, whatever it takes.
    Never,
}

/// A state, and what its messages do to it. One message at a time.
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
    /// What it is told.
    type Message: Send + 'static;

    /// What happens when its handlers run long.
    const LEND: Lend = Lend::WhenLong;

    /// The name of its protocol in TypeScript (`Actor.make("Counter", …)`): who looks its name up there is told when it has
    /// another one. Empty: nobody can look it up.
    const PROTOCOL: &'static str = "";

    /// The fingerprint of that protocol: `Actor.fingerprint(Counter)` of the TypeScript package prints it. Who looks the
    /// name up with a protocol of another shape is told `ProtocolMismatch` (G215). Empty: only names are compared.
    ///
    /// No compiler sees both halves: it is to be declared anew when the protocol changes, and the actor with it. What is no
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

    /// Handles one message. A panic ends the actor with `Crashed`, and nothing else.
    fn handle(&mut self, message: Self::Message, context: &mut Context<Self::Message>);

    /// Reads a message of another language, as a part of its handler; `None` for one that it does not know, which is dropped.
    /// A panic here is as good as that, and ends nothing (G282).
    fn from_wire(wire: Wire) -> Option<Self::Message> {
        drop(wire);
        None
    }

    /// Runs before the first message, in the same step as the spawn. A panic here: the actor never was, and its spawner gets
    /// [`crate::SpawnError::InitFailed`]; one that does not wait for the start (from another shard or thread, or lent) has
    /// its ref already, and hears of an end with `Crashed` (G244).
    fn started(&mut self, context: &mut Context<Self::Message>) {
        let _ = context;
    }

    /// The end of somebody it watches, or of somebody it is linked to while it traps exits.
    fn signal(&mut self, signal: Signal, context: &mut Context<Self::Message>) {
        let _ = (signal, context);
    }
}

/// An actor that is a state and a function; made by [`behavior`].
pub struct Behavior<S, M, F> {
    state: S,
    handler: F,
    message: PhantomData<fn(M)>,
}

/// An actor of a state and a function.
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
