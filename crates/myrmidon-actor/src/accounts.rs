//! Who uses what: the actors that have most of something, and the account of each type of actors (G107, G108).

use crate::{Description, Runtime, answer::Receiver, door, runtime::asked, worker::Worker};
use myrmidon_core::{pid::Pid, shard::Measure};
use rustc_hash::FxHashMap;
use std::time::{Duration, Instant};

/// What the actors of one type have used and hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BehaviorInfo {
    /// Its [`crate::Actor::PROTOCOL`].
    pub protocol: &'static str,
    /// The name of the type.
    pub behavior: &'static str,
    /// Those that live.
    pub actors: u32,
    /// Messages handled, by those that have ended too. It never shrinks.
    pub reductions: u64,
    /// Microseconds of their handlers; the same.
    pub micros: u64,
    /// Messages that wait.
    pub mailbox: u64,
    /// Bytes that the shards hold for those that live.
    pub memory: u64,
}

impl BehaviorInfo {
    fn add(&mut self, other: &Self) {
        self.actors += other.actors;
        self.reductions += other.reductions;
        self.micros += other.micros;
        self.mailbox += other.mailbox;
        self.memory += other.memory;
    }
}

impl Runtime {
    /// The `n` living actors that have most of something, the highest first, ties by PID (G107). It waits for the shards,
    /// and so not in a handler: there it is empty.
    ///
    /// ```
    /// use myrmidon_actor::{Context, Measure, ReplyTo, Runtime, behavior};
    /// let runtime = Runtime::builder().shards(2).start()?;
    /// let echo = || behavior((), |_: &mut (), reply: ReplyTo<()>, _: &mut Context<_>| reply.send(()));
    /// let (idle, busy) = (runtime.spawn(echo())?, runtime.spawn(echo())?);
    /// busy.ask(|reply| reply).wait()?;
    /// let top = runtime.top(1, Measure::Reductions);
    /// assert_eq!((top[0].0, top[0].1.info.reductions), (busy.pid(), 1));
    /// # drop(idle);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn top(&self, n: usize, by: Measure) -> Vec<(Pid, Description)> {
        let waiting: Vec<_> =
            self.doors().iter().filter_map(|door| asked(door, move |worker| worker.top(n, by))).collect();
        let mut all: Vec<_> = waiting.into_iter().filter_map(Receiver::wait).flatten().collect();
        all.sort_by_key(|(pid, found)| (core::cmp::Reverse(amount(found, by)), pid.to_u64()));
        all.truncate(n);
        all
    }

    /// The account of each type of actors, by its name (G108). It waits as [`Runtime::top`] does.
    pub fn behaviors(&self) -> Vec<BehaviorInfo> {
        let waiting: Vec<_> = self.doors().iter().filter_map(|door| asked(door, Worker::behaviors)).collect();
        let mut sums: FxHashMap<&'static str, BehaviorInfo> = FxHashMap::default();
        for row in waiting.into_iter().filter_map(Receiver::wait).flatten() {
            if let Some(sum) = sums.get_mut(row.behavior) {
                sum.add(&row);
            } else {
                sums.insert(row.behavior, row);
            }
        }
        let mut rows: Vec<_> = sums.into_values().collect();
        rows.sort_unstable_by_key(|row| row.behavior);
        rows
    }
}

fn amount(Description { info, .. }: &Description, by: Measure) -> u64 {
    match by {
        Measure::Reductions => info.reductions,
        Measure::Time => info.micros,
        Measure::Mailbox => u64::from(info.mailbox),
        Measure::Memory => info.memory as u64,
    }
}

/// [`Runtime::top`] of each of these shards, for other languages; `None` for one that has not answered in time, or is no
/// worker. It waits for them together, and so not in a handler.
pub fn top(shards: &[u8], n: usize, by: Measure, within: Duration) -> Vec<Option<Vec<(Pid, Description)>>> {
    of_each(shards, within, move |worker| worker.top(n, by))
}

/// [`Runtime::behaviors`] of each of these shards; as [`top`].
pub fn behaviors(shards: &[u8], within: Duration) -> Vec<Option<Vec<BehaviorInfo>>> {
    of_each(shards, within, Worker::behaviors)
}

fn of_each<T: Send + 'static>(
    shards: &[u8],
    within: Duration,
    ask: impl Fn(&mut Worker) -> T + Copy + Send + 'static,
) -> Vec<Option<T>> {
    let deadline = Instant::now() + within;
    let waiting: Vec<_> = shards.iter().map(|shard| asked(&*door::find(*shard)?, ask)).collect();
    waiting.into_iter().map(|answer| answer?.wait_until(deadline)).collect()
}
