//! A task and an unbounded channel for each actor.

use super::{Handler, Peer, Start, programs};
use crate::Measured;
use tokio::sync::mpsc;

struct Tokio;

impl Peer for Tokio {
    type Addr<M: Send + 'static> = mpsc::UnboundedSender<M>;

    fn run(main: impl FnOnce() + Send + 'static) {
        let runtime = two_workers();
        runtime.spawn(async move { main() });
        std::mem::forget(runtime);
    }

    fn spawn<M: Send + 'static>(start: Start, mut handler: Handler<Self, M>) -> Self::Addr<M> {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let me = sender.clone();
        tokio::spawn(async move {
            if let Some(start) = start {
                start();
            }
            while let Some(message) = receiver.recv().await {
                handler(&me, message);
            }
        });
        sender
    }

    fn tell<M: Send + 'static>(to: &Self::Addr<M>, message: M) {
        let _: Result<(), _> = to.send(message);
    }
}

/// The runtime of all peers on tokio.
pub fn two_workers() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a tokio runtime")
}

pub fn run(workload: &str, n: u64) -> Option<Measured> {
    programs::run::<Tokio>(workload, n)
}
