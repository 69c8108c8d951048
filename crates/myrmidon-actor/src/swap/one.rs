//! One actor: its swap, its way back, what it runs.

use super::{SwapError, SwapOptions, Upgrade, Verdict, error::Refused};
use crate::{
    ActorRef, Runtime,
    answer::channel,
    door::{self, Errand},
    place, runtime,
    version::{name_of, version_of},
    worker::{Requester, SwapCounts, Worker},
};
use core::sync::atomic::{AtomicU32, Ordering};
use myrmidon_core::{
    pid::Pid,
    swap::{How, Version},
};

/// Numbers of requests, each once in a process until 2^32 of them were made: the first of so many.
pub(crate) fn requests(count: u32) -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(count.max(1), Ordering::Relaxed)
}

/// What an actor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// The name of its type, as the compiler writes it.
    pub version: &'static str,
    /// Versions that can be brought back.
    pub kept: usize,
}

/// Runs something on an actor's own shard, between two handlers.
pub(crate) fn on_shard_of(pid: Pid, run: impl FnOnce(&mut Worker) + Send + 'static) {
    let run = move |worker: &mut Worker| worker.soon(run);
    let Err(run) = place::on_shard(pid.shard(), run) else { return };
    // A shard that is gone drops what it was to run, and whoever waits is told by that.
    if let Some(door) = door::find(pid.shard()) {
        door.urge(Errand::Run(Box::new(run)));
    }
}

/// Asks the machine of an actor for something, and tells what it came to.
fn request<N: Send + 'static>(
    pid: Pid,
    ask: impl FnOnce(&mut Worker, u32) -> Result<(), Refused> + Send + 'static,
) -> Verdict<(), SwapError<N>> {
    let (answer, receiver) = channel();
    let request = requests(1);
    let tell = Box::new(move |result: Result<(), Refused>| answer.send(result.map_err(SwapError::from)));
    on_shard_of(pid, move |worker| {
        worker.swaps.requests.insert(request, Requester::One(tell));
        if let Err(refused) = ask(worker, request) {
            worker.answer_request(request, Err(refused));
        }
    });
    Verdict::coming(receiver)
}

impl<Old: Send + 'static, New: Send + 'static, M: Send + 'static, N: Send + 'static> Upgrade<Old, New, M, N> {
    /// Swaps one actor: the message in hand ends under `Old`, the next one is handled by `New` (G65, G67). With a canary it
    /// has gone well once that has passed. May be called anywhere, also in a handler of the actor itself; the outcome is
    /// waited for elsewhere.
    pub fn swap(&self, actor: ActorRef<M>, options: &SwapOptions) -> Verdict<(), SwapError<N>> {
        let checked = match options.check() {
            Ok(checked) => checked,
            Err(error) => return Verdict::known(Err(error)),
        };
        let (pid, plan) = (actor.pid(), self.plan_of());
        request(pid, move |worker, request| worker.ask_swap(pid, request, plan, checked, How::Alone))
    }
}

impl<M: Send + 'static> ActorRef<M> {
    /// Brings back the version before, of those that are kept, with its state or through the upgrade's way back (G78). It
    /// waits for the message in hand, at most five seconds; a canary ends by it at once, as by a crash.
    pub fn roll_back(self) -> Verdict<()> {
        self.back_to(None)
    }

    /// Brings back actors of type `A`, over those between.
    pub fn roll_back_to<A: 'static>(self) -> Verdict<()> {
        self.back_to(Some(version_of::<A>()))
    }

    fn back_to(self, to: Option<Version>) -> Verdict<()> {
        let (pid, timeout) = (self.pid(), SwapOptions::default().timeout_ms());
        request(pid, move |worker, request| worker.ask_back(pid, request, to, timeout))
    }

    /// No message is handled until [`ActorRef::resume`]: the queue stays, and counts against its bound. Control acts (G63).
    /// Twice is once.
    pub fn suspend(self) {
        let pid = self.pid();
        on_shard_of(pid, move |worker| worker.suspend(pid, true));
    }

    /// The end of [`ActorRef::suspend`]; what a swap holds still stays held (G64).
    pub fn resume(self) {
        let pid = self.pid();
        on_shard_of(pid, move |worker| worker.suspend(pid, false));
    }
}

impl Runtime {
    /// What a living actor runs. It waits for the actor's shard, and so not in a handler: there it is `None`.
    pub fn running(&self, actor: impl Into<Pid>) -> Option<Running> {
        let pid = actor.into();
        let found = runtime::request(&*door::find(pid.shard())?, move |worker| {
            worker.version(pid).map(|version| (version, worker.kept(pid)))
        });
        found.flatten().map(|(version, kept)| Running { version: name_of(version), kept })
    }

    /// How often its actors were swapped, and taken back. As [`Runtime::stats`].
    pub fn swap_counts(&self) -> SwapCounts {
        let all = self.doors().iter().filter_map(|door| runtime::request(door, |worker| worker.swaps.counts));
        all.fold(SwapCounts::default(), |sum, one| SwapCounts {
            swapped: sum.swapped + one.swapped,
            rolled_back: sum.rolled_back + one.rolled_back,
        })
    }
}
