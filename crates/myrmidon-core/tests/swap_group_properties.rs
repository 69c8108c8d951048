//! Random crowds that are swapped as a group, each actor with its real machine: G79 and G80 at every step. Every actor is
//! counted at most once, together means all or nobody, a spoilt group leaves nobody on the new version, and it ends.

use myrmidon_core::{
    exit_reason::ExitReason,
    swap::{
        Action, Ask, CanaryOptions, Failure, Group, GroupOptions, How, Order, Report, Swap, SwapError, SwapOptions,
        Upgrade, Version,
    },
};
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};

const OLD: Version = Version(1);
const NEW: Version = Version(2);
const OTHER: Version = Version(3);
/// The group's request; those of the actors themselves are below.
const GROUP: u32 = 1000;

#[derive(Clone, Copy, Debug)]
enum Migration {
    Ok,
    Fails,
    Later,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A message comes whose handler waits.
    Busy,
    Quiet,
    /// A message comes whose handler is done at once.
    Message,
    Crash,
    Kill,
    Migrated {
        fails: bool,
    },
    /// Somebody else swaps it on, or back.
    Swap,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Of(usize, Event),
    Advance(u16),
    /// Where orders take time: the oldest one of this actor arrives.
    Arrive(usize),
}

#[derive(Clone, Debug)]
struct Crowd {
    actors: Vec<(Migration, bool)>,
    options: GroupOptions,
    messages: u32,
}

fn crowd() -> impl Strategy<Value = Crowd> {
    let migration = prop_oneof![6 => Just(Migration::Ok), 1 => Just(Migration::Fails), 2 => Just(Migration::Later)];
    let actors = prop::collection::vec((migration, prop::bool::weighted(0.3)), 0..6);
    let canary = prop_oneof![1 => Just(None), 3 => Just(Some(300.0))];
    (actors, any::<bool>(), 1_usize..4, canary, 1_usize..3, 1_u32..4).prop_map(
        |(actors, together, concurrency, within, max_rollbacks, messages)| Crowd {
            actors,
            options: GroupOptions { together, concurrency, timeout: 100.0, within, max_rollbacks },
            messages,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let event = prop_oneof![
        3 => Just(Event::Busy),
        4 => Just(Event::Quiet),
        4 => Just(Event::Message),
        2 => Just(Event::Crash),
        1 => Just(Event::Kill),
        3 => any::<bool>().prop_map(|fails| Event::Migrated { fails }),
        1 => Just(Event::Swap),
    ];
    prop_oneof![
        9 => (0_usize..6, event).prop_map(|(at, event)| Step::Of(at, event)),
        1 => (0_u16..90).prop_map(Step::Advance),
        6 => (0_usize..6).prop_map(Step::Arrive),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Ours,
    /// Somebody else has swapped it.
    ItsOwn,
    Ended,
}

struct Actor {
    swap: Swap<u32, u32>,
    migration: Migration,
    is_busy: bool,
    is_held: bool,
    fate: Fate,
    later: Option<u32>,
    /// The group has committed it.
    is_changed: bool,
}

enum Work {
    Action(usize, Action<u32, u32>),
    Order(Order),
}

struct Sim {
    actors: Vec<Actor>,
    group: Group<u32>,
    crowd: Crowd,
    now: f64,
    next: u32,
    is_done: bool,
    /// Orders take time: those on their way, by actor.
    on_their_way: Option<Vec<VecDeque<Order>>>,
}

impl Sim {
    fn new(crowd: Crowd, is_far: bool) -> Self {
        let actors = crowd.actors.iter().map(|(migration, is_busy)| Actor {
            swap: Swap::new(OLD),
            migration: *migration,
            is_busy: *is_busy,
            is_held: false,
            fate: Fate::Ours,
            later: None,
            is_changed: false,
        });
        let actors: Vec<Actor> = actors.collect();
        let group = Group::new(actors.len(), crowd.options);
        let on_their_way = is_far.then(|| vec![VecDeque::new(); actors.len()]);
        Self { actors, group, crowd, now: 0.0, next: 1, is_done: false, on_their_way }
    }

    fn tell(&mut self, tell: impl FnOnce(&mut Group<u32>, &mut Vec<Order>)) {
        let mut orders = Vec::new();
        tell(&mut self.group, &mut orders);
        let work = self.given(orders).collect();
        self.work(work);
    }

    /// Orders that are to be done now.
    fn given(&mut self, orders: Vec<Order>) -> impl Iterator<Item = Work> + use<> {
        let mut now = Vec::new();
        for order in orders {
            assert!(!self.is_done, "nothing after the end: {order:?}");
            match (order.at(), &mut self.on_their_way) {
                (None, _) => self.is_done |= order == Order::Done,
                (Some(at), Some(lines)) => lines[at].push_back(order),
                (Some(_), None) => now.push(order),
            }
        }
        now.into_iter().map(Work::Order)
    }

    fn arrive(&mut self, at: usize) {
        let order = self.on_their_way.as_mut().and_then(|lines| lines.get_mut(at)?.pop_front());
        self.work(order.into_iter().map(Work::Order).collect());
    }

    fn act(&mut self, at: usize, out: Vec<Action<u32, u32>>) {
        self.work(out.into_iter().map(|action| Work::Action(at, action)).collect());
    }

    fn work(&mut self, mut todo: VecDeque<Work>) {
        while let Some(next) = todo.pop_front() {
            let mut orders = Vec::new();
            match next {
                Work::Action(at, action) => {
                    let more = self.action(at, action, &mut orders);
                    more.into_iter().rev().for_each(|action| todo.push_front(Work::Action(at, action)));
                }
                Work::Order(order) => todo.extend(self.order(order, &mut orders)),
            }
            todo.extend(self.given(orders));
        }
    }

    fn action(&mut self, at: usize, action: Action<u32, u32>, orders: &mut Vec<Order>) -> Vec<Action<u32, u32>> {
        let (mut out, now) = (Vec::new(), self.now);
        let actor = &mut self.actors[at];
        match action {
            Action::Hold => actor.is_held = true,
            Action::Release => actor.is_held = false,
            Action::Interrupt { .. } => actor.is_busy = false,
            Action::Abandon { .. } => actor.later = None,
            Action::Migrate { attempt, .. } => {
                assert!(!actor.is_busy && actor.fate != Fate::Ended);
                self.next += 1;
                match actor.migration {
                    Migration::Ok => actor.swap.migrated(attempt, Ok(self.next), 0, now, &mut out),
                    Migration::Fails => {
                        actor.swap.migrated(attempt, Err(Failure::Invalid("no".into())), 0, now, &mut out);
                    }
                    Migration::Later => {
                        actor.later = Some(attempt);
                        actor.swap.takes_time(now, &mut out);
                    }
                }
            }
            Action::Prepared { .. } => self.group.prepared(at, now, orders),
            Action::Committed { request: GROUP } => {
                actor.is_changed = true;
                self.group.committed(at, 1.0, now, orders);
            }
            Action::Answer { request: GROUP, result } => self.group.answered(at, result, now, orders),
            _ => {}
        }
        out
    }

    fn order(&mut self, order: Order, orders: &mut Vec<Order>) -> Vec<Work> {
        let (mut out, now) = (Vec::new(), self.now);
        let Some(at) = order.at() else { return Vec::new() };
        let canary = self.crowd.options.within.map(|within| CanaryOptions { messages: self.crowd.messages, within });
        let options = SwapOptions::new(100.0, 1, canary).expect("in range");
        let upgrade = Upgrade { id: 0, from: OLD, to: NEW, has_way_back: false };
        let Actor { swap, is_busy, .. } = &mut self.actors[at];
        let is_quiet = !*is_busy;
        let ask = |how| Ask { request: GROUP, upgrade, options, how };
        let mut refused = Ok(());
        let is_hold = matches!(order, Order::Hold(_));
        match order {
            Order::Swap(_) => refused = swap.ask(ask(How::InGroup), is_quiet, now, &mut out),
            Order::Hold(_) => refused = swap.ask(ask(How::Together), is_quiet, now, &mut out),
            Order::Recall(_, reason) => refused = swap.recall(GROUP, reason, 100.0, is_quiet, now, &mut out),
            Order::Prepare(_) => swap.prepare(is_quiet, &mut out),
            Order::Commit(_) => swap.commit(0, now, &mut out),
            Order::GiveUp(_) => swap.give_up(&mut out),
            Order::Pass(_) => swap.pass(&mut out),
            _ => swap.settle(&mut out),
        }
        if refused.is_err() {
            self.group.answered(at, refused, now, orders);
        } else if is_hold {
            self.group.held(at, now, orders);
        }
        out.into_iter().map(|action| Work::Action(at, action)).collect()
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Advance(ms) => {
                self.now += f64::from(ms);
                let now = self.now;
                for at in 0..self.actors.len() {
                    let mut out = Vec::new();
                    self.actors[at].swap.advance(now, &mut out);
                    self.act(at, out);
                }
                self.tell(|group, out| group.advance(now, out));
            }
            Step::Of(at, event) if at < self.actors.len() && self.actors[at].fate != Fate::Ended => {
                self.event(at, event);
            }
            Step::Of(..) => {}
            Step::Arrive(at) => self.arrive(at),
        }
        if self.on_their_way.is_none() {
            self.check();
        }
    }

    fn event(&mut self, at: usize, event: Event) {
        let (mut out, now) = (Vec::new(), self.now);
        let actor = &mut self.actors[at];
        let is_delivered = !actor.is_held && !actor.is_busy;
        match event {
            Event::Busy if is_delivered => {
                let _ = actor.swap.begun(0, false, &mut out);
                actor.is_busy = true;
            }
            Event::Quiet if actor.is_busy => {
                actor.is_busy = false;
                actor.swap.became_quiet(&mut out);
            }
            Event::Message if is_delivered => {
                if let Some(ticket) = actor.swap.begun(0, false, &mut out) {
                    actor.swap.handled(ticket, &mut out);
                }
            }
            Event::Crash if is_delivered => {
                let _ = actor.swap.begun(0, false, &mut out);
                if !actor.swap.crashed(&ExitReason::Killed, &mut out) {
                    return self.end(at);
                }
            }
            Event::Kill => return self.end(at),
            Event::Migrated { fails } => {
                if let Some(attempt) = actor.later.take() {
                    let result = if fails { Err(Failure::Invalid("no".into())) } else { Ok(0) };
                    actor.swap.migrated(attempt, result, 0, now, &mut out);
                }
            }
            Event::Swap => {
                let upgrade = Upgrade { id: 1, from: actor.swap.running(), to: OTHER, has_way_back: false };
                let ask = Ask { request: 1, upgrade, options: SwapOptions::default(), how: How::Alone };
                // Only at once: what the group meets is somebody who has gone on, or whom it cannot have.
                if is_delivered && actor.swap.ask(ask, true, now, &mut out).is_ok() {
                    actor.fate = Fate::ItsOwn;
                }
            }
            _ => {}
        }
        self.act(at, out);
    }

    fn end(&mut self, at: usize) {
        let mut out = Vec::new();
        let actor = &mut self.actors[at];
        (actor.fate, actor.is_held, actor.later) = (Fate::Ended, false, None);
        actor.swap.ended(&ExitReason::Killed, &mut out);
        self.act(at, out);
    }

    fn check(&self) {
        let changed = |actor: &&Actor| actor.is_changed;
        if self.crowd.options.together && self.actors.iter().any(|actor| actor.is_changed) {
            // Whoever is not has ended before.
            for actor in self.actors.iter().filter(|actor| !changed(actor)) {
                assert_eq!(actor.fate, Fate::Ended, "all or nobody");
            }
        }
    }

    /// Nobody helps any more; time passes.
    fn close(mut self) {
        for _ in 0..4 * (self.actors.len() + 2) {
            for at in 0..self.actors.len() {
                while self.on_their_way.as_ref().is_some_and(|lines| !lines[at].is_empty()) {
                    self.arrive(at);
                }
            }
            self.perform(Step::Advance(1000));
        }
        self.check();
        assert!(self.is_done && self.group.is_done(), "a group ends");
        assert_eq!(self.group.deadline(), None);
        assert!(self.actors.iter().all(|actor| !actor.is_held), "nobody is held for ever");
        let max_rollbacks = self.crowd.options.max_rollbacks;
        let Report { swapped, rolled_back, failed, .. } = self.group.report();
        let told: Vec<usize> = rolled_back.iter().map(|back| back.0).chain(failed.iter().map(|one| one.0)).collect();
        assert_eq!(told.len(), told.iter().collect::<BTreeSet<_>>().len(), "counted twice: {told:?}");
        let is_told = |at: usize| told.contains(&at);
        let changed = (0..self.actors.len()).filter(|at| self.actors[*at].is_changed && !is_told(*at)).count();
        assert_eq!(swapped, changed, "who was changed and is not told of is counted");
        for (at, actor) in self.actors.iter().enumerate().filter(|(_, actor)| actor.fate == Fate::Ours) {
            let is_back = rolled_back.iter().any(|back| back.0 == at);
            let is_stuck = failed.iter().any(|(who, error)| *who == at && *error == SwapError::TimedOut);
            if rolled_back.len() >= max_rollbacks && !is_stuck || is_back {
                assert_eq!(actor.swap.running(), OLD, "a spoilt group leaves nobody behind");
            } else if actor.is_changed {
                assert_eq!(actor.swap.running(), NEW);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn g79_and_g80_hold_in_any_order_of_events(
        crowd in crowd(),
        before in prop::collection::vec(step(), 0..4),
        steps in prop::collection::vec(step(), 0..60),
        is_far in any::<bool>(),
    ) {
        let mut sim = Sim::new(crowd, is_far);
        for step in before {
            sim.perform(step);
        }
        let now = sim.now;
        sim.tell(|group, out| group.begin(now, out));
        for step in steps {
            sim.perform(step);
        }
        sim.close();
    }
}
