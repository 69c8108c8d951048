//! Hot swap of a group, whose actors may live on several shards: one `Group` of the core beside them all.
//!
//! Owner: nobody; a lock, held for one call of the machine and for handing out its orders, so that each shard gets them in the order
//! in which they were given. No user code runs below it, and no shard waits for another one: orders for elsewhere are errands.
//! Time is kept by the shard of the first actor, or by another one when that has ended.
//!
//! A shard that ends in the middle of it, in order or not, holds up nobody: an order is answered by whoever drops it
//! (`Handed`), and a request by the end of the shard's `Swaps`.

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

#[cfg(test)]
mod tests;

/// Orders that are on their way: a test waits for them.
#[cfg(test)]
pub(super) static IN_HAND: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

/// An order, on its way or in the line of a shard. Whoever drops it undone says that its actor has ended.
pub(crate) struct Handed {
    run: Arc<Run>,
    order: Option<Order>,
}

impl Handed {
    fn new(run: &Arc<Run>, order: Order) -> Self {
        Self { run: Arc::clone(run), order: Some(order) }
    }

    pub(super) fn open(mut self) -> Option<(Arc<Run>, Order)> {
        self.order.take().map(|order| (Arc::clone(&self.run), order))
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Some(order) = self.order.take() {
            self.run.undone(&order);
        }
    }
}

/// Orders on their way to a shard.
pub(crate) struct Orders {
    orders: Vec<Handed>,
    #[cfg(test)]
    _in_hand: InHand,
}

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
    /// The shard that keeps the time.
    keeper: Option<u8>,
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
    /// Where they live, each once, that of the first one first.
    shards: Vec<u8>,
    state: Mutex<State>,
}

/// What is said of whoever ends with its shard.
fn gone() -> Result<(), SwapError<Noted>> {
    Err(SwapError::Exited(ExitReason::NoProc { ever_existed: true }))
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
        let mut shards: Vec<u8> = Vec::new();
        for pid in &actors {
            if !shards.contains(&pid.shard()) {
                shards.push(pid.shard());
            }
        }
        let keeper = shards.first().copied();
        let state = Mutex::new(State { group: Some(group), open: Vec::new(), told: Some(told), keeper });
        Arc::new(Self { plan, options, timeout: options_of_group.timeout, actors, is_together, base, shards, state })
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
        let (mut orders, now) = (Vec::new(), clock::now());
        if let Some(group) = &mut state.group {
            tell(group, now, &mut orders);
        }
        let mut is_done = false;
        while !orders.is_empty() {
            is_done |= orders.last() == Some(&Order::Done);
            let refused = self.hand_out_all(here.as_deref_mut(), &mut state, orders);
            orders = Vec::new();
            // A shard that is gone has no actors.
            for at in refused.iter().filter_map(Order::at) {
                if let Some(group) = &mut state.group {
                    group.answered(at, gone(), now, &mut orders);
                }
            }
        }
        let end = if is_done { state.group.take().zip(state.told.take()) } else { None };
        let Some((group, told)) = end else { return };
        let open = core::mem::take(&mut state.open);
        drop(state);
        self.finish();
        told(group.report(), open);
    }

    /// In their order; those that nobody took.
    fn hand_out_all(
        self: &Arc<Self>,
        mut here: Option<&mut Worker>,
        state: &mut State,
        orders: Vec<Order>,
    ) -> Vec<Order> {
        let mut refused = Vec::new();
        let mut orders = orders.into_iter().filter(|order| *order != Order::Done).peekable();
        while let Some(order) = orders.next() {
            let Some(at) = order.at() else {
                self.hand_out_time(here.as_deref_mut(), state, order);
                continue;
            };
            let shard = self.actors[at].shard();
            let mut some = vec![order];
            let is_there = |next: &Order| next.at().is_some_and(|at| self.actors[at].shard() == shard);
            while let Some(next) = orders.next_if(is_there) {
                some.push(next);
            }
            refused.extend(self.hand_out(here.as_deref_mut(), shard, some));
        }
        refused
    }

    /// To the shard that keeps the time; when that is gone, to the next one that takes it.
    fn hand_out_time(self: &Arc<Self>, mut here: Option<&mut Worker>, state: &mut State, mut order: Order) {
        let keeper = state.keeper;
        for shard in keeper.into_iter().chain(self.shards.iter().copied().filter(|shard| Some(*shard) != keeper)) {
            match self.hand_out(here.as_deref_mut(), shard, vec![order]).pop() {
                None => return state.keeper = Some(shard),
                Some(back) => order = back,
            }
        }
    }

    /// Done in bulk, so that messages go on meanwhile. Directly where nothing that was ordered elsewhere can be overtaken:
    /// one by one an actor has one order at a time. Those that the shard did not take: it is gone.
    fn hand_out(self: &Arc<Self>, here: Option<&mut Worker>, shard: u8, orders: Vec<Order>) -> Vec<Order> {
        let handed = orders.into_iter().map(|order| Handed::new(self, order));
        if let Some(here) = here.filter(|here| !self.is_together && here.number() == shard) {
            here.swaps.later.extend(handed.map(Work::Order));
            return Vec::new();
        }
        let orders = Orders {
            orders: handed.collect(),
            #[cfg(test)]
            _in_hand: InHand::new(),
        };
        match door::find(shard) {
            Some(door) => door.order(orders).err(),
            None => Some(orders),
        }
        .into_iter()
        .flat_map(|refused| refused.orders)
        .filter_map(|handed| handed.open().map(|(_, order)| order))
        .collect()
    }

    /// A shard has ended with this in its line.
    fn undone(self: &Arc<Self>, order: &Order) {
        match order.at() {
            Some(at) => self.ended(at),
            None => self.keep_time_elsewhere(),
        }
    }

    /// An actor has ended with its shard.
    pub(super) fn ended(self: &Arc<Self>, at: usize) {
        self.tell(None, |group, now, out| group.answered(at, gone(), now, out));
    }

    /// The shard that kept the time has ended.
    pub(super) fn keep_time_elsewhere(self: &Arc<Self>) {
        self.tell(None, |group, _, out| out.extend(group.deadline().map(Order::Arm)));
    }

    fn answered(self: &Arc<Self>, here: &mut Worker, at: usize, result: Result<(), SwapError<Noted>>) {
        self.tell(Some(here), |group, now, out| group.answered(at, result, now, out));
    }

    /// Nobody asks by its numbers any more.
    fn finish(&self) {
        let (base, count) = (self.base, self.actors.len() as u32);
        for door in self.shards.iter().copied().filter_map(door::find) {
            door.urge(Errand::Run(Box::new(move |worker| {
                for request in 0..count {
                    worker.swaps.requests.remove(&base.wrapping_add(request));
                }
            })));
        }
    }
}

impl Orders {
    pub(super) fn into_line(self, worker: &mut Worker) {
        worker.swaps.later.extend(self.orders.into_iter().map(Work::Order));
    }
}

impl Worker {
    /// Does what a group orders.
    pub(super) fn obey(&mut self, run: &Arc<Run>, order: Order) {
        let now = clock::now();
        let pid = |at: usize| run.actors[at];
        match order {
            Order::Arm(at) => {
                // Never two of one: what was armed before is void.
                self.swaps.runs.retain(|(_, armed)| !Arc::ptr_eq(armed, run));
                self.swaps.runs.push((at, Arc::clone(run)));
            }
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
