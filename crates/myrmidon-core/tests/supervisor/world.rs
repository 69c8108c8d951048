//! A shell in miniature: a table of actors with links, watches, exit signals and virtual time, and the machines in it.
//!
//! It keeps what `Action` and `Input` demand of a shell, one delivery at a time in the order of sending. Actors are the
//! scripted workers of the rows, or supervisors. What they do is written down as the TypeScript fixtures write it.

use super::tree::{Body, Tree, specs};
use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language},
    pid::Pid,
    supervisor::{
        Answer, ChildInfo, Command, DynamicCommand, DynamicSupervisor, Input, Life, StartFailure, Status, Supervisor,
        Timer, Token,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

#[path = "act.rs"]
mod act;

pub type Index = u32;

#[expect(clippy::large_enum_variant, reason = "boxed by whoever holds it")]
pub enum Machine {
    Static(Supervisor<Arc<Tree>>),
    Dynamic(DynamicSupervisor<Arc<Tree>>),
}

enum Being {
    /// `effect`: it writes down that it ends, and not why; and so it does when it is killed.
    Worker {
        trap: bool,
        hangs: bool,
        effect: bool,
    },
    Supervisor(Box<Machine>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has not started yet.
    Starting,
    Alive,
    /// Its cleanup is under way, and hangs.
    Terminating,
}

pub struct Actor {
    pub id: String,
    being: Being,
    state: State,
    /// Who started it, and as which life.
    parent: Option<(Index, Life)>,
    linked: BTreeSet<Index>,
    lives: HashMap<Life, Index>,
    /// What it was sent while it was suspended; `None`: it is not.
    held: Option<VecDeque<Delivery>>,
}

enum Delivery {
    Boot,
    Fact(Input<std::convert::Infallible>),
    Exit { reason: ExitReason, from: Option<Index> },
    Crash(String),
    Leave(ExitReason),
    Unlink,
}

#[derive(Default)]
pub struct World {
    pub now: f64,
    pub actors: BTreeMap<Index, Actor>,
    next: Index,
    line: VecDeque<(Index, Delivery)>,
    timers: BTreeMap<(u64, u64), (Index, Timer)>,
    armed: u64,
    pub journal: Vec<String>,
    pub script: HashMap<String, VecDeque<String>>,
    pub events: Vec<String>,
    pub results: Vec<String>,
    labels: HashMap<Token, String>,
    pub answers: HashMap<Token, Answer>,
    next_token: Token,
    pub root: Option<Index>,
    pub end: Option<ExitReason>,
    /// Broken promises of a machine.
    pub faults: Vec<String>,
}

pub fn pid_of(index: Index) -> Pid {
    Pid::new(0, index, 0).expect("few actors")
}

fn crashed(text: &str) -> ExitReason {
    ExitReason::Crashed(Box::new(CrashError {
        name: "Error".into(),
        message: text.into(),
        stack: None,
        language: Language::Rust,
    }))
}

impl World {
    pub fn start(&mut self, root: &Arc<Tree>) {
        self.root = Some(self.spawn(root, None, &root.id));
    }

    /// Runs until nothing is runnable.
    pub fn settle(&mut self) {
        while let Some((to, delivery)) = self.line.pop_front() {
            self.deliver(to, delivery);
        }
    }

    pub fn advance(&mut self, ms: f64) {
        let until = self.now + ms;
        // All that are over at one moment come before anything that comes of them.
        while let Some(at) = self.timers.keys().next().map(|(at, _)| *at).filter(|at| f64::from_bits(*at) <= until) {
            self.now = f64::from_bits(at);
            while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 == at) {
                let (to, timer) = entry.remove();
                self.line.push_back((to, Delivery::Fact(Input::Timer(timer))));
            }
            self.settle();
        }
        self.now = until;
    }

    /// How long until the next timer.
    pub fn next_timer(&self) -> Option<f64> {
        self.timers.first_key_value().map(|((at, _), _)| f64::from_bits(*at) - self.now)
    }

    /// Whether a supervisor below another is starting.
    pub fn is_nested_start(&self) -> bool {
        self.actors.values().any(|actor| {
            actor.state == State::Starting && actor.parent.is_some() && matches!(actor.being, Being::Supervisor(_))
        })
    }

    /// Whether several actors wait for the same moment, the next that there is.
    pub fn has_rivals(&self) -> bool {
        let next = self.timers.first_key_value().map(|((at, _), (owner, _))| (*at, *owner));
        self.timers.iter().any(|((at, _), (owner, _))| next.is_some_and(|next| next.0 == *at && next.1 != *owner))
    }

    fn is_alive(&self, index: Index) -> bool {
        self.actors.get(&index).is_some_and(|actor| actor.state == State::Alive)
    }

    /// Nobody is starting or ending, and no time is waited for.
    pub fn is_calm(&self) -> bool {
        self.timers.is_empty() && self.actors.values().all(|actor| actor.state == State::Alive)
    }

    // -- what the world outside does ----------------------------------------------------------------------------------

    pub fn crash(&mut self, index: Index, text: &str) {
        self.line.push_back((index, Delivery::Crash(text.into())));
    }

    pub fn leave(&mut self, index: Index, how: &str) {
        let reason = if how == "normal" { ExitReason::Normal } else { ExitReason::SHUTDOWN };
        self.line.push_back((index, Delivery::Leave(reason)));
    }

    pub fn unlink(&mut self, index: Index) {
        self.line.push_back((index, Delivery::Unlink));
    }

    pub fn kill(&mut self, index: Index) {
        self.die(index, &ExitReason::Killed);
    }

    /// Messages wait until `resume`; signals act.
    pub fn suspend(&mut self, index: Index) {
        if let Some(actor) = self.actors.get_mut(&index) {
            actor.held.get_or_insert_default();
        }
    }

    pub fn resume(&mut self, index: Index) {
        let held = self.actors.get_mut(&index).and_then(|actor| actor.held.take());
        self.line.extend(held.into_iter().flatten().map(|delivery| (index, delivery)));
    }

    pub fn is_suspended(&self, index: Index) -> bool {
        self.actors.get(&index).is_some_and(|actor| actor.held.is_some())
    }

    /// From nobody.
    pub fn exit(&mut self, index: Index, reason: ExitReason) {
        self.line.push_back((index, Delivery::Exit { reason, from: None }));
    }

    pub fn command(&mut self, to: Index, label: Option<String>, command: Command<Arc<Tree>>) -> Token {
        self.next_token += 1;
        let token = self.next_token;
        self.labels.extend(label.map(|label| (token, label)));
        let now = self.now;
        if let Some(Machine::Static(machine)) = self.machine_mut(to) {
            machine.handle(now, Input::Command(token, command));
            self.perform(to);
        }
        token
    }

    pub fn dynamic_command(&mut self, to: Index, label: Option<String>, command: DynamicCommand<Arc<Tree>>) -> Token {
        self.next_token += 1;
        let token = self.next_token;
        self.labels.extend(label.map(|label| (token, label)));
        let now = self.now;
        if let Some(Machine::Dynamic(machine)) = self.machine_mut(to) {
            machine.handle(now, Input::Command(token, command));
            self.perform(to);
        }
        token
    }

    // -- what is seen of it -------------------------------------------------------------------------------------------

    pub fn machine(&self, index: Index) -> Option<&Machine> {
        match &self.actors.get(&index)?.being {
            Being::Supervisor(machine) => Some(machine),
            Being::Worker { .. } => None,
        }
    }

    fn machine_mut(&mut self, index: Index) -> Option<&mut Machine> {
        match &mut self.actors.get_mut(&index)?.being {
            Being::Supervisor(machine) => Some(machine),
            Being::Worker { .. } => None,
        }
    }

    pub fn is_ending(&self, index: Index) -> bool {
        match self.machine(index) {
            Some(Machine::Static(machine)) => machine.is_ending(),
            Some(Machine::Dynamic(machine)) => machine.is_ending(),
            None => false,
        }
    }

    pub fn which(&self, index: Index) -> Vec<ChildInfo> {
        match self.machine(index) {
            Some(Machine::Static(machine)) => machine.which_children(),
            Some(Machine::Dynamic(machine)) => machine.which_children(),
            None => Vec::new(),
        }
    }

    /// As which life its supervisor has it.
    pub fn life(&self, index: Index) -> Option<Life> {
        self.actors.get(&index)?.parent.map(|(_, life)| life)
    }

    /// A child that runs.
    pub fn child(&self, above: Index, id: &str) -> Option<Index> {
        let info = self.which(above).into_iter().find(|info| &*info.id == id)?;
        info.pid.filter(|_| info.status == Status::Running).map(Pid::index)
    }

    // -- actors -------------------------------------------------------------------------------------------------------

    fn spawn(&mut self, tree: &Arc<Tree>, parent: Option<(Index, Life)>, path: &str) -> Index {
        self.next += 1;
        let index = self.next;
        let being = match &tree.body {
            Body::Worker { trap, hangs, effect } => Being::Worker { trap: *trap, hangs: *hangs, effect: *effect },
            Body::Static { options, children } => Being::Supervisor(Box::new(Machine::Static(
                Supervisor::new(path, *options, specs(children)).expect("the tree was checked"),
            ))),
            Body::Dynamic { options, child, .. } => Being::Supervisor(Box::new(Machine::Dynamic(
                DynamicSupervisor::new(path, *options, *child, None).expect("the tree was checked"),
            ))),
        };
        let is_worker = matches!(being, Being::Worker { .. });
        let actor = Actor {
            id: tree.id.clone(),
            being,
            state: State::Starting,
            parent,
            linked: parent.iter().map(|(above, _)| *above).collect(),
            lives: HashMap::new(),
            held: None,
        };
        self.actors.insert(index, actor);
        if let Some((above, life)) = parent
            && let Some(above) = self.actors.get_mut(&above)
        {
            above.linked.insert(index);
            if above.lives.insert(life, index).is_some() {
                self.faults.push(format!("{} was started twice as one life", tree.id));
            }
        }
        if is_worker {
            self.init(index, &tree.id);
        } else {
            self.line.push_back((index, Delivery::Boot));
        }
        index
    }

    fn init(&mut self, index: Index, id: &str) {
        let word = self.script.get_mut(id).and_then(VecDeque::pop_front);
        self.journal.push(format!("{} {id}", word.as_deref().unwrap_or("start")));
        match word.as_deref() {
            None => {
                if let Some(actor) = self.actors.get_mut(&index) {
                    actor.state = State::Alive;
                }
                self.tell_parent(index, |life| Input::Started(life, pid_of(index)));
            }
            Some("hang") => {}
            Some("ignore") => {
                self.tell_parent(index, Input::Ignored);
                self.actors.remove(&index);
            }
            Some(_) => {
                self.tell_parent(index, |life| Input::Failed(life, StartFailure::Itself(crashed("refused"))));
                self.actors.remove(&index);
            }
        }
    }

    fn tell_parent(&mut self, index: Index, fact: impl FnOnce(Life) -> Input<std::convert::Infallible>) {
        if let Some(Actor { parent: Some((above, life)), .. }) = self.actors.get(&index) {
            self.line.push_back((*above, Delivery::Fact(fact(*life))));
        }
    }

    fn die(&mut self, index: Index, reason: &ExitReason) {
        if !self.actors.contains_key(&index) {
            return;
        }
        self.tell_parent(index, |life| Input::Ended(life, reason.clone()));
        let Some(actor) = self.actors.remove(&index) else { return };
        if *reason == ExitReason::Killed
            && actor.state == State::Alive
            && matches!(actor.being, Being::Worker { effect: true, .. })
        {
            self.journal.push(format!("end {}", actor.id));
        }
        if self.root == Some(index) {
            self.end = Some(reason.clone());
        }
        self.timers.retain(|_, (owner, _)| *owner != index);
        for other in actor.linked {
            if let Some(linked) = self.actors.get_mut(&other) {
                linked.linked.remove(&index);
                self.line.push_back((other, Delivery::Exit { reason: reason.clone(), from: Some(index) }));
            }
        }
    }

    fn terminate(&mut self, index: Index, reason: &ExitReason) {
        let Some(actor) = self.actors.get_mut(&index) else { return };
        let Being::Worker { hangs, effect, .. } = actor.being else { return };
        match actor.state {
            State::Alive => {
                self.journal.push(if effect {
                    format!("end {}", actor.id)
                } else {
                    format!("end {} {reason}", actor.id)
                });
                actor.state = State::Terminating;
                if !hangs {
                    self.die(index, reason);
                }
            }
            State::Starting => {
                self.journal.push(format!("cancel {}", actor.id));
                self.die(index, reason);
            }
            State::Terminating if *reason == ExitReason::Killed => self.die(index, reason),
            State::Terminating => {}
        }
    }

    fn deliver(&mut self, to: Index, delivery: Delivery) {
        let now = self.now;
        let Some(actor) = self.actors.get_mut(&to) else { return };
        if let Some(held) = &mut actor.held
            && matches!(delivery, Delivery::Crash(_) | Delivery::Leave(_) | Delivery::Unlink)
        {
            held.push_back(delivery);
            return;
        }
        match (&mut actor.being, delivery) {
            (Being::Supervisor(machine), delivery) => {
                let fact = match delivery {
                    Delivery::Boot => Input::Boot,
                    Delivery::Fact(fact) => fact,
                    Delivery::Exit { reason, from }
                        if from.is_none() || from == actor.parent.map(|(above, _)| above) =>
                    {
                        Input::Stop(reason)
                    }
                    // Whoever else is linked or sends has no say.
                    Delivery::Exit { .. } | Delivery::Crash(_) | Delivery::Leave(_) | Delivery::Unlink => return,
                };
                match &mut **machine {
                    Machine::Static(machine) => machine.handle(now, as_input(fact)),
                    Machine::Dynamic(machine) => machine.handle(now, as_input(fact)),
                }
                self.perform(to);
            }
            (Being::Worker { trap, .. }, Delivery::Exit { reason, .. }) => {
                let ignores = (*trap && actor.state == State::Alive) || reason == ExitReason::Normal;
                if !ignores {
                    self.terminate(to, &reason);
                }
            }
            (Being::Worker { .. }, Delivery::Crash(text)) => self.terminate(to, &crashed(&text)),
            (Being::Worker { .. }, Delivery::Leave(reason)) => self.terminate(to, &reason),
            (Being::Worker { .. }, Delivery::Unlink) => {
                for other in std::mem::take(&mut actor.linked) {
                    if let Some(other) = self.actors.get_mut(&other) {
                        other.linked.remove(&to);
                    }
                }
            }
            (Being::Worker { .. }, Delivery::Boot | Delivery::Fact(_)) => {}
        }
    }
}

/// A fact, for a machine of any commands.
fn as_input<C>(fact: Input<std::convert::Infallible>) -> Input<C> {
    match fact {
        Input::Boot => Input::Boot,
        Input::Command(_, never) => match never {},
        Input::Started(life, pid) => Input::Started(life, pid),
        Input::Ignored(life) => Input::Ignored(life),
        Input::Failed(life, failure) => Input::Failed(life, failure),
        Input::Ended(life, reason) => Input::Ended(life, reason),
        Input::Timer(timer) => Input::Timer(timer),
        Input::Stop(reason) => Input::Stop(reason),
    }
}
