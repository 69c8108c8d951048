//! Actix: one arbiter, which is one thread; addresses of `do_send`, which has no bound.

use super::{Handler, Peer, Start, programs};
use crate::Measured;
use actix::{Actor, Addr, AsyncContext as _, Context, Message, System};

struct Actix;

struct Cell<M: Send + 'static> {
    start: Start,
    handler: Handler<Actix, M>,
}

struct Wrap<M>(M);
impl<M> Message for Wrap<M> {
    type Result = ();
}

impl<M: Send + 'static> Actor for Cell<M> {
    type Context = Context<Self>;
    fn started(&mut self, _: &mut Context<Self>) {
        if let Some(start) = self.start.take() {
            start();
        }
    }
}

impl<M: Send + 'static> actix::Handler<Wrap<M>> for Cell<M> {
    type Result = ();
    fn handle(&mut self, Wrap(message): Wrap<M>, context: &mut Context<Self>) {
        (self.handler)(&Sender(context.address()), message);
    }
}

struct Sender<M: Send + 'static>(Addr<Cell<M>>);
impl<M: Send + 'static> Clone for Sender<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Peer for Actix {
    type Addr<M: Send + 'static> = Sender<M>;

    fn run(main: impl FnOnce() + Send + 'static) {
        std::thread::spawn(move || {
            System::new().block_on(async move {
                main();
                std::future::pending::<()>().await;
            });
        });
    }

    fn spawn<M: Send + 'static>(start: Start, handler: Handler<Self, M>) -> Sender<M> {
        Sender(Cell { start, handler }.start())
    }

    fn tell<M: Send + 'static>(to: &Sender<M>, message: M) {
        to.0.do_send(Wrap(message));
    }
}

pub fn run(workload: &str, n: u64) -> Option<Measured> {
    // A heavy handler holds the one arbiter for ever.
    if workload == "fair" {
        return None;
    }
    programs::run::<Actix>(workload, n)
}
