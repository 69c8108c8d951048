//! Hot swap of a group, whose actors may live on several shards: one `Group` of the core beside them all.
//!
//! Owner: nobody; a lock, held for one call of the machine and for handing out its orders, so that each shard gets them in the order
//! in which they were given. No user code runs below it, and no shard waits for another one: orders for elsewhere are errands.
//! Time is kept by the shard of the first actor.

use super::{
    Worker,
    swaps::{Requester, Work},
};
use crate::{
    clock,
    door::{self, Errand},
    swap::{Noted, Plan, Refused},
};
use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    swap::{Group, GroupOptions, How, Order, Report, SwapError, SwapOptions},
};
use parking_lot::Mutex;
use std::sync::Arc;

/// Orders that are on their way: a test waits for them.
#[cfg(test)]
pub(super) static IN_HAND: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

#[cfg(test)]
struct InHand;

#[cfg(test)]
impl InHand {
    fn new() -> Self {
        IN_HAND.fetch_add(1, core::sync::atomic::Ordering::SeqCst);
        Self
    }
}

#[cfg(test)]
impl Drop for InHand {
    fn drop(&mut self) {
        IN_HAND.fetch_sub(1, core::sync::atomic::Ordering::SeqCst);
    }
}

/// Who is told, and with what of those that went back had begun.
pub(crate) type Told = Box<dyn FnOnce(Report<Noted>, Vec<(usize, Vec<Noted>)>) + Send>;

struct State {
    group: Option<Group<Noted>>,
    /// What canaries that went back had begun.
    open: Vec<(usize, Vec<Noted>)>,
    told: Option<Told>,
}

/// One swap of many actors.
pub(crate) struct Run {
    pub plan: Arc<Plan>,
    pub options: SwapOptions,
    pub timeout: f64,
    pub actors: Vec<Pid>,
    pub is_together: bool,
    /// The first of as many numbers of requests as there are actors.
    pub base: u32,
    state: Mutex<State>,
}

impl Run {
    pub fn new(
        plan: Arc<Plan>,
        options: SwapOptions,
        actors: Vec<Pid>,
        base: u32,
        options_of_group: GroupOptions,
        told: Told,
    ) -> Arc<Self> {
        let (group, is_together) = (Group::new(actors.len(), options_of_group), options_of_group.together);
        let state = Mutex::new(State { group: Some(group), open: Vec::new(), told: Some(told) });
        Arc::new(Self { plan, options, timeout: options_of_group.timeout, actors, is_together, base, state })
    }

    /// From outside of any shard's step.
    pub fn begin(self: &Arc<Self>) {
        self.tell(None, Group::begin);
    }

    /// Tells the machine something, and hands out its orders.
    fn tell(
        self: &Arc<Self>,
        mut here: Option<&mut Worker>,
        tell: impl FnOnce(&mut Group<Noted>, f64, &mut Vec<Order>),
    ) {
        let mut state = self.state.lock();
        let mut orders = Vec::new();
        if let Some(group) = &mut state.group {
            tell(group, clock::now(), &mut orders);
        }
        let is_done = orders.last() == Some(&Order::Done);
        let mut orders = orders.into_iter().filter(|order| *order != Order::Done).peekable();
        while let Some(order) = orders.next() {
            let shard = self.shard_of(&order);
            let mut some = vec![order];
            while let Some(next) = orders.next_if(|next| self.shard_of(next) == shard) {
                some.push(next);
            }
            self.hand_out(here.as_deref_mut(), shard, some);
        }
        let end = if is_done { state.group.take().zip(state.told.take()) } else { None };
        let open = core::mem::take(&mut state.open);
        if end.is_none() {
            state.open = open;
            return;
        }
        drop(state);
        self.finish();
        if let Some((group, told)) = end {
            told(group.report(), open);
        }
    }

    fn shard_of(&self, order: &Order) -> u8 {
        let at = match order {
            Order::Arm(_) | Order::Disarm | Order::Done => 0,
            Order::Swap(at)
            | Order::Hold(at)
            | Order::Prepare(at)
            | Order::Commit(at)
            | Order::GiveUp(at)
            | Order::Pass(at)
            | Order::Recall(at, _)
            | Order::Settle(at) => *at,
        };
        self.actors.get(at).map_or(0, |pid| pid.shard())
    }

    /// Done in bulk, so that messages go on meanwhile. Directly where nothing that was ordered elsewhere can be overtaken:
    /// one by one an actor has one order at a time.
    fn hand_out(self: &Arc<Self>, here: Option<&mut Worker>, shard: u8, orders: Vec<Order>) {
        let run = Arc::clone(self);
        #[cfg(test)]
        let in_hand = InHand::new();
        let put = move |worker: &mut Worker| {
            #[cfg(test)]
            drop(in_hand);
            worker.swaps.later.extend(orders.into_iter().map(|order| Work::Order(Arc::clone(&run), order)));
        };
        if let Some(here) = here.filter(|here| !self.is_together && here.number() == shard) {
            return put(here);
        }
        // A shard that is gone has no actors: their ends are told by `lost`.
        let there = door::find(shard).is_some_and(|door| door.urge(Errand::Run(Box::new(put))));
        if !there {
            self.lost(shard);
        }
    }

    /// A shard has ended, and its actors with it.
    fn lost(self: &Arc<Self>, shard: u8) {
        let run = Arc::clone(self);
        let tell = move |worker: &mut Worker| {
            for (at, _) in run.actors.iter().enumerate().filter(|(_, pid)| pid.shard() == shard) {
                run.answered(worker, at, Err(SwapError::Exited(ExitReason::NoProc { ever_existed: true })));
            }
        };
        // Not from here: the lock is held.
        let elsewhere = self.actors.iter().find_map(|pid| door::find(pid.shard()));
        if let Some(door) = elsewhere {
            door.urge(Errand::Run(Box::new(tell)));
        }
    }

    fn answered(self: &Arc<Self>, here: &mut Worker, at: usize, result: Result<(), SwapError<Noted>>) {
        self.tell(Some(here), |group, now, out| group.answered(at, result, now, out));
    }

    /// Nobody asks by its numbers any more.
    fn finish(&self) {
        let mut shards: Vec<u8> = self.actors.iter().map(|pid| pid.shard()).collect();
        shards.sort_unstable();
        shards.dedup();
        let (base, count) = (self.base, self.actors.len() as u32);
        for door in shards.into_iter().filter_map(door::find) {
            door.urge(Errand::Run(Box::new(move |worker| {
                for request in 0..count {
                    worker.swaps.requests.remove(&base.wrapping_add(request));
                }
            })));
        }
    }
}

impl Worker {
    /// Does what a group orders.
    pub(super) fn obey(&mut self, run: &Arc<Run>, order: Order) {
        let now = clock::now();
        let pid = |at: usize| run.actors[at];
        match order {
            Order::Arm(at) => self.swaps.runs.push((at, Arc::clone(run))),
            // One that was overtaken fires; the machine does not mind.
            Order::Disarm => self.swaps.runs.retain(|(_, armed)| !Arc::ptr_eq(armed, run)),
            Order::Done => {}
            Order::Swap(at) | Order::Hold(at) => {
                let request = run.base.wrapping_add(at as u32);
                self.swaps.requests.insert(request, Requester::Group(Arc::clone(run), at));
                let is_hold = matches!(order, Order::Hold(_));
                let how = if is_hold { How::Together } else { How::InGroup };
                match self.ask_swap(pid(at), request, Arc::clone(&run.plan), run.options, how) {
                    Err(refused) => run.answered(self, at, Err(refused.error)),
                    Ok(()) if is_hold => run.tell(Some(self), |group, now, out| group.held(at, now, out)),
                    Ok(()) => {}
                }
            }
            Order::Recall(at, reason) => {
                let request = run.base.wrapping_add(at as u32);
                let refused = self.with_swap(pid(at), |swap, _, quiet, out| {
                    swap.recall(request, reason, run.timeout, quiet, now, out)
                });
                if refused.is_err() {
                    run.answered(self, at, refused);
                }
            }
            Order::Prepare(at) => self.order_one(pid(at), |swap, _, quiet, out| swap.prepare(quiet, out)),
            Order::Commit(at) => self.order_one(pid(at), |swap, current, _, out| swap.commit(current, now, out)),
            Order::GiveUp(at) => self.order_one(pid(at), |swap, _, _, out| swap.give_up(out)),
            Order::Pass(at) => {
                self.order_one(pid(at), |swap, _, _, out| swap.pass(out));
                self.dress_again(pid(at));
            }
            Order::Settle(at) => self.order_one(pid(at), |swap, _, _, out| swap.settle(out)),
        }
    }

    /// An actor that is gone has answered by its end.
    fn order_one(
        &mut self,
        pid: Pid,
        tell: impl FnOnce(
            &mut myrmidon_core::swap::Swap<u32, Noted>,
            u32,
            bool,
            &mut Vec<myrmidon_core::swap::Action<u32, Noted>>,
        ),
    ) {
        let _: Result<(), SwapError<Noted>> = self.with_swap(pid, |swap, current, quiet, out| {
            tell(swap, current, quiet, out);
            Ok(())
        });
    }

    pub(super) fn tell_group(
        &mut self,
        request: u32,
        tell: impl FnOnce(&mut Group<Noted>, usize, f64, &mut Vec<Order>),
    ) {
        let Some(Requester::Group(run, at)) = self.swaps.requests.get(&request) else { return };
        let (run, at) = (Arc::clone(run), *at);
        run.tell(Some(self), |group, now, out| tell(group, at, now, out));
    }

    pub(super) fn group_answered(&mut self, run: &Arc<Run>, at: usize, result: Result<(), Refused>) {
        let result = result.map_err(|Refused { error, open }| {
            if !open.is_empty() {
                run.state.lock().open.push((at, open));
            }
            error
        });
        run.answered(self, at, result);
    }

    pub(super) fn runs_advance(&mut self, now: f64) {
        let due: Vec<Arc<Run>> = self.swaps.runs.extract_if(.., |(at, _)| *at <= now).map(|(_, run)| run).collect();
        for run in due {
            run.tell(Some(self), Group::advance);
        }
    }
}
