//! Ractor on tokio, without the spans that it propagates by default.

use super::{Handler, Peer, Start, programs, tokio_mpsc::two_workers};
use crate::Measured;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::marker::PhantomData;

struct Ractor;

struct Cell<M>(PhantomData<fn(M)>);

struct State<M: Send + 'static> {
    handler: Handler<Ractor, M>,
}

impl<M: Send + 'static> Actor for Cell<M> {
    type Msg = M;
    type State = State<M>;
    type Arguments = (Start, Handler<Ractor, M>);

    async fn pre_start(
        &self,
        _: ActorRef<M>,
        (start, handler): Self::Arguments,
    ) -> Result<State<M>, ActorProcessingErr> {
        if let Some(start) = start {
            start();
        }
        Ok(State { handler })
    }

    async fn handle(&self, me: ActorRef<M>, message: M, state: &mut State<M>) -> Result<(), ActorProcessingErr> {
        (state.handler)(&me, message);
        Ok(())
    }
}

impl Peer for Ractor {
    type Addr<M: Send + 'static> = ActorRef<M>;

    fn run(main: impl FnOnce() + Send + 'static) {
        let runtime = two_workers();
        runtime.spawn(async move { main() });
        std::mem::forget(runtime);
    }

    fn spawn<M: Send + 'static>(start: Start, handler: Handler<Self, M>) -> ActorRef<M> {
        ractor::ActorRuntime::spawn_instant(None, Cell(PhantomData), (start, handler)).expect("an actor").0
    }

    fn tell<M: Send + 'static>(to: &ActorRef<M>, message: M) {
        let _: Result<(), _> = to.cast(message);
    }
}

pub fn run(workload: &str, n: u64) -> Option<Measured> {
    programs::run::<Ractor>(workload, n)
}
