//! The peers, each as its documentation recommends for speed: unbounded mailboxes, two worker threads (actix: one arbiter).
//!
//! Their programs are written once (`programs`), over what each of them is: it starts an actor of a closure, and it tells.

pub mod actix;
pub mod kameo;
mod programs;
pub mod ractor;
pub mod tokio_mpsc;

/// The versions of Cargo.lock.
pub const TOKIO: &str = "1.52";
pub const ACTIX: &str = "0.13.5";
pub const RACTOR: &str = "0.16.5";
pub const KAMEO: &str = "0.22.2";

/// What an actor of messages `M` does.
pub type Handler<P, M> = Box<dyn FnMut(&<P as Peer>::Addr<M>, M) + Send>;
/// What it does when it starts.
pub type Start = Option<Box<dyn FnOnce() + Send>>;

/// One framework.
pub trait Peer: Sized + 'static {
    type Addr<M: Send + 'static>: Clone + Send + Sync + 'static;

    /// Runs something in the framework's runtime, which goes on beside it.
    fn run(main: impl FnOnce() + Send + 'static);

    /// Starts an actor, from inside of the runtime.
    fn spawn<M: Send + 'static>(start: Start, handler: Handler<Self, M>) -> Self::Addr<M>;

    /// Sends; there is always room.
    fn tell<M: Send + 'static>(to: &Self::Addr<M>, message: M);
}
