//! Kameo on tokio, unbounded mailboxes, without its tracing.

use super::{Handler, Peer, Start, programs, tokio_mpsc::two_workers};
use crate::Measured;
use kameo::{
    actor::{ActorRef, Spawn as _},
    error::Infallible,
    mailbox,
    message::{Context, Message},
};

struct Kameo;

struct Cell<M: Send + 'static> {
    start: Start,
    handler: Handler<Kameo, M>,
}
// Its fields are only ever reached through `&mut`.
struct Shared<M: Send + 'static>(std::sync::Mutex<Cell<M>>);

impl<M: Send + 'static> kameo::Actor for Shared<M> {
    type Args = Self;
    type Error = Infallible;
    async fn on_start(mut args: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        if let Ok(cell) = args.0.get_mut()
            && let Some(start) = cell.start.take()
        {
            start();
        }
        Ok(args)
    }
}

impl<M: Send + 'static> Message<M> for Shared<M> {
    type Reply = ();
    async fn handle(&mut self, message: M, context: &mut Context<Self, ()>) {
        if let Ok(cell) = self.0.get_mut() {
            (cell.handler)(&Sender(context.actor_ref().clone()), message);
        }
    }
}

struct Sender<M: Send + 'static>(ActorRef<Shared<M>>);
impl<M: Send + 'static> Clone for Sender<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Peer for Kameo {
    type Addr<M: Send + 'static> = Sender<M>;

    fn run(main: impl FnOnce() + Send + 'static) {
        let runtime = two_workers();
        runtime.spawn(async move { main() });
        std::mem::forget(runtime);
    }

    fn spawn<M: Send + 'static>(start: Start, handler: Handler<Self, M>) -> Sender<M> {
        Sender(Shared::spawn_with_mailbox(Shared(Cell { start, handler }.into()), mailbox::unbounded()))
    }

    fn tell<M: Send + 'static>(to: &Sender<M>, message: M) {
        let _: Result<(), _> = to.0.tell(message).try_send();
    }
}

pub fn run(workload: &str, n: u64) -> Option<Measured> {
    programs::run::<Kameo>(workload, n)
}
