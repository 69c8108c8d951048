//! Swaps of many actors, and dry runs.

use super::{
    SwapError, SwapOptions, Upgrade, Verdict,
    error::{Handled, Noted, Refused, all_handled, handled},
    upgrade::Plan,
};
use crate::{
    ActorRef, Runtime,
    answer::{Sender, channel},
    body::Body,
    door::Door,
    mail::{Kind, kind_of},
    place, runtime,
    worker::{Run, Worker, guarded},
};
use core::sync::atomic::{AtomicUsize, Ordering};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    swap::{self, Failure, GroupOptions},
};
use parking_lot::Mutex;
use std::sync::Arc;

pub use myrmidon_core::swap::Pauses;

/// An actor of a group that went back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentBack<N = ()> {
    /// Which.
    pub actor: Pid,
    /// Why.
    pub reason: ExitReason,
    /// What the new version had handled, oldest first.
    pub handled: Vec<Handled<N>>,
    /// What it had begun only.
    pub open: Vec<Handled<N>>,
}

/// What became of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupReport<N = ()> {
    /// How many run the new version, or ended with it.
    pub swapped: usize,
    /// Who went back, in that order.
    pub rolled_back: Vec<WentBack<N>>,
    /// Who was not changed, and why; also who could not be brought back.
    pub failed: Vec<(Pid, SwapError<N>)>,
    /// How long actors stood still, in microseconds.
    pub pauses: Pauses,
}

/// What a dry run found (G73).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// Actors whose state was copied and migrated.
    pub checked: usize,
    /// Actors that were passed over, because a handler of theirs runs on another thread and has their state.
    pub busy: usize,
    /// Who would fail, and why.
    pub failed: Vec<(Pid, SwapError)>,
}

fn chosen<M: Send + 'static>(runtime: &Runtime, plan: &Plan, choose: impl Fn(ActorRef<M>) -> bool) -> Vec<Pid> {
    let (from, kind): (_, Kind) = (plan.from, kind_of::<M>());
    let mut all = Vec::new();
    for door in runtime.doors() {
        all.extend(runtime::request(door, move |worker| worker.that_run(from)).unwrap_or_default());
    }
    all.retain(|pid| choose(ActorRef::new(*pid, kind)));
    all
}

impl<Old: Send + 'static, New: Send + 'static, M: Send + 'static, N: Send + 'static> Upgrade<Old, New, M, N> {
    /// Swaps all actors of a runtime that run `Old`: one by one, in the order of their spawn (G79), or together (G80).
    /// Not in a handler: there it is `WouldBlock`.
    ///
    /// ```
    /// use myrmidon_actor::{Actor, Canary, Context, Runtime, SwapOptions, Upgrade};
    ///
    /// #[derive(Clone)]
    /// struct Old;
    /// struct New;
    /// impl Actor for Old {
    ///     type Message = u32;
    ///     fn handle(&mut self, _: u32, _: &mut Context<u32>) {}
    /// }
    /// impl Actor for New {
    ///     type Message = u32;
    ///     fn handle(&mut self, number: u32, _: &mut Context<u32>) {
    ///         assert_ne!(number, 13, "a bad version");
    ///     }
    /// }
    /// let runtime = Runtime::start()?;
    /// let actors = (0..10).map(|_| runtime.spawn(Old)).collect::<Result<Vec<_>, _>>()?;
    ///
    /// let upgrade = Upgrade::new(|_: Old| Ok(New)).noting(|number: &u32| *number);
    /// let report = upgrade.swap_all(&runtime, &SwapOptions::new().canary(Canary::default()));
    /// # while runtime.swap_counts().swapped < 10 { std::thread::yield_now(); }
    /// // One crash of a canary brings all of them back, and the report says on what.
    /// actors[4].tell(13)?;
    /// let report = report.wait()?;
    /// assert_eq!((report.swapped, report.rolled_back.len()), (0, 10));
    /// assert_eq!((report.rolled_back[0].actor, report.rolled_back[0].open[0].note), (actors[4].pid(), 13));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn swap_all(&self, runtime: &Runtime, options: &SwapOptions) -> Verdict<GroupReport<N>, SwapError<N>> {
        self.swap_where(runtime, options, |_| true)
    }

    /// Swaps those of them that an actor has spawned, and those below them, on whatever shard they live: a supervisor's tree,
    /// without the supervisor itself. As [`Upgrade::swap_all`].
    ///
    /// ```
    /// use myrmidon_actor::{Actor, Child, Context, Runtime, Spawn, Supervise, Supervisor, SwapOptions, Upgrade};
    /// use myrmidon_actor::supervisor::{OptionsInput, TreatmentInput};
    ///
    /// #[derive(Clone)]
    /// struct Old;
    /// struct New;
    /// impl Actor for Old {
    ///     type Message = ();
    ///     fn handle(&mut self, _: (), _: &mut Context<()>) {}
    /// }
    /// impl Actor for New {
    ///     type Message = ();
    ///     fn handle(&mut self, _: (), _: &mut Context<()>) {}
    /// }
    /// let runtime = Runtime::start()?;
    /// let child = Child::new("child", &TreatmentInput::default(), Spawn::new(), || Old)?;
    /// let top = Supervisor::new("top", &OptionsInput::default(), vec![child])?.start(&runtime)?;
    /// let other = runtime.spawn(Old)?;
    /// assert_eq!(top.ask(Supervise::Count).wait()?.active, 1);
    ///
    /// let report = Upgrade::new(|_: Old| Ok(New)).swap_tree(&runtime, top, &SwapOptions::new()).wait()?;
    /// assert_eq!((report.swapped, runtime.running(other).map(|one| one.kept)), (1, Some(0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn swap_tree(
        &self,
        runtime: &Runtime,
        root: impl Into<Pid>,
        options: &SwapOptions,
    ) -> Verdict<GroupReport<N>, SwapError<N>> {
        let tree = runtime.below(root);
        self.swap_where(runtime, options, |actor| tree.contains(&actor.pid()))
    }

    /// Swaps those of them that are chosen. As [`Upgrade::swap_all`].
    pub fn swap_where(
        &self,
        runtime: &Runtime,
        options: &SwapOptions,
        choose: impl Fn(ActorRef<M>) -> bool,
    ) -> Verdict<GroupReport<N>, SwapError<N>> {
        if place::is_shard() {
            return Verdict::known(Err(SwapError::WouldBlock));
        }
        let checked = match options.check() {
            Ok(checked) => checked,
            Err(error) => return Verdict::known(Err(error)),
        };
        let plan = self.plan_of();
        let actors = chosen(runtime, &plan, choose);
        let of_group = GroupOptions {
            together: options.together,
            concurrency: options.concurrency,
            timeout: options.timeout_ms(),
            within: options.canary.map(|canary| canary.within.as_secs_f64() * 1000.0),
            max_rollbacks: options.canary.map_or(1, |canary| canary.max_rollbacks),
        };
        let (answer, receiver) = channel();
        let pids = actors.clone();
        let told = Box::new(move |report: swap::Report<Noted>, open| {
            answer.send(Ok(report_of(&pids, report, open)));
        });
        let base = super::requests(actors.len() as u32);
        Run::new(plan, checked, actors, base, of_group, told).begin();
        Verdict::coming(receiver)
    }

    /// Migrates copies of all actors that run `Old`, or of a sample of so many, and commits nothing (G73). It holds nobody,
    /// and so passes over those whose state is with another thread. Not in a handler: there it is `WouldBlock`.
    pub fn plan(&self, runtime: &Runtime, sample: Option<usize>) -> Verdict<DryRun> {
        if place::is_shard() {
            return Verdict::known(Err(SwapError::WouldBlock));
        }
        let plan = self.plan_of();
        let all = chosen::<M>(runtime, &plan, |_| true);
        let most = sample.unwrap_or(all.len()).min(all.len());
        let every = all.len().checked_div(most).unwrap_or(1).max(1);
        let actors: Vec<Pid> = all.into_iter().step_by(every).take(most).collect();
        let (answer, receiver) = channel();
        let found = DryRun { checked: 0, busy: 0, failed: Vec::new() };
        let left = Arc::new(Left {
            count: AtomicUsize::new(actors.len() + 1),
            found: Mutex::new(Found { so_far: found, answer: Some(answer) }),
        });
        for door in runtime.doors() {
            let own: Vec<Pid> = actors.iter().copied().filter(|pid| pid.shard() == door.shard).collect();
            look_at(door, own, &plan, &left);
        }
        left.one_less(|_| {});
        Verdict::coming(receiver)
    }
}

/// A dry run under way on several shards.
struct Left {
    count: AtomicUsize,
    found: Mutex<Found>,
}

struct Found {
    so_far: DryRun,
    answer: Option<Sender<Result<DryRun, SwapError>>>,
}

impl Left {
    fn one_less(&self, find: impl FnOnce(&mut DryRun)) {
        let mut found = self.found.lock();
        find(&mut found.so_far);
        if self.count.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(answer) = found.answer.take()
        {
            found.so_far.failed.sort_by_key(|(pid, _)| *pid);
            answer.send(Ok(found.so_far.clone()));
        }
    }
}

/// Whatever becomes of a look, it is counted: one that is dropped was of an actor that has ended.
struct Counted(Arc<Left>, bool);
impl Drop for Counted {
    fn drop(&mut self) {
        if !self.1 {
            self.0.one_less(|_| {});
        }
    }
}

fn look_at(door: &Arc<Door>, actors: Vec<Pid>, plan: &Arc<Plan>, left: &Arc<Left>) {
    let looks: Vec<_> =
        actors.into_iter().map(|pid| (pid, Arc::clone(plan), Counted(Arc::clone(left), false))).collect();
    door.urge(crate::door::Errand::Run(Box::new(move |worker: &mut Worker| {
        for (pid, plan, mut counted) in looks {
            worker.look_in_bulk(
                pid,
                Box::new(move |body: Option<Box<dyn Body>>| {
                    let result = body.as_ref().map(|body| dry(&plan, &**body));
                    counted.1 = true;
                    counted.0.one_less(|found| match result {
                        None => found.busy += 1,
                        Some(Ok(())) => found.checked += 1,
                        Some(Err(failure)) => {
                            found.checked += 1;
                            let refused = Refused::from(swap::SwapError::Migration(failure));
                            found.failed.push((pid, refused.into()));
                        }
                    });
                    body
                }),
            );
        }
    })));
}

fn dry(plan: &Plan, body: &dyn Body) -> Result<(), Failure> {
    let copy = guarded(|| (plan.copy)(body.actor()))?;
    let made = guarded(|| (plan.migrate)(copy))?;
    guarded(|| {
        drop(made);
        Ok(())
    })
}

fn report_of<N: 'static>(
    actors: &[Pid],
    report: swap::Report<Noted>,
    mut open: Vec<(usize, Vec<Noted>)>,
) -> GroupReport<N> {
    let mut open_of = |at: usize| {
        let found = open.iter().position(|(of, _)| *of == at).map(|found| open.swap_remove(found).1);
        found.into_iter().flatten().filter_map(|one| handled(one, false)).collect()
    };
    GroupReport {
        swapped: report.swapped,
        rolled_back: report
            .rolled_back
            .into_iter()
            .map(|(at, reason, done)| WentBack {
                actor: actors[at],
                reason,
                handled: all_handled(done),
                open: open_of(at),
            })
            .collect(),
        failed: report.failed.into_iter().map(|(at, error)| (actors[at], Refused::from(error).into())).collect(),
        pauses: report.pauses,
    }
}
