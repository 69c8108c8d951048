//! A shell that obeys, and otherwise does what it is told by dice. It knows its children by life alone.

use myrmidon_core::{
    exit_reason::ExitReason,
    pid::Pid,
    supervisor::{
        Action, ChildInfo, Command, DynamicCommand, DynamicSupervisor, Happening, Input, Life, StartFailure,
        Supervisor, Timer, Token,
    },
};
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet, HashSet};

pub type Payload = &'static str;

pub trait Machine {
    type Command;
    fn handle(&mut self, now: f64, input: Input<Self::Command>);
    fn poll(&mut self) -> Option<Action<Payload>>;
    fn is_ended(&self) -> bool;
    fn which(&self) -> Vec<ChildInfo>;
    /// Those that run without a spec.
    fn strays(&self) -> Vec<Life>;
}

impl Machine for Supervisor<Payload> {
    type Command = Command<Payload>;
    fn handle(&mut self, now: f64, input: Input<Self::Command>) {
        self.handle(now, input);
    }
    fn poll(&mut self) -> Option<Action<Payload>> {
        self.poll()
    }
    fn is_ended(&self) -> bool {
        self.is_ended()
    }
    fn which(&self) -> Vec<ChildInfo> {
        self.which_children()
    }
    fn strays(&self) -> Vec<Life> {
        self.strays()
    }
}

impl Machine for DynamicSupervisor<Payload> {
    type Command = DynamicCommand<Payload>;
    fn handle(&mut self, now: f64, input: Input<Self::Command>) {
        self.handle(now, input);
    }
    fn poll(&mut self) -> Option<Action<Payload>> {
        self.poll()
    }
    fn is_ended(&self) -> bool {
        self.is_ended()
    }
    fn which(&self) -> Vec<ChildInfo> {
        self.which_children()
    }
    fn strays(&self) -> Vec<Life> {
        Vec::new()
    }
}

#[derive(Clone, Debug)]
pub enum Step<C> {
    /// A start is answered.
    Answer(Index, u8, ExitReason),
    /// Somebody ends by itself.
    End(Index, ExitReason),
    /// Somebody who was asked to ends.
    Obey(Index),
    Fire(Index),
    Pass(f64),
    Command(C),
    /// Facts of lives and timers that nobody has.
    Stale,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Doing {
    Starting,
    /// Its start was cancelled.
    Cancelled,
    Running,
    /// It was asked to stop, or killed.
    Asked {
        killed: bool,
    },
}

pub struct Shell<M> {
    machine: M,
    /// Whether ids are names: then nobody has two lives at once.
    named: bool,
    lives: BTreeMap<Life, (String, Doing)>,
    seen: HashSet<Life>,
    pub timers: BTreeSet<Timer>,
    open: HashSet<Token>,
    pub tokens: Token,
    pub now: f64,
    pub starts: Vec<String>,
    pub stops: Vec<String>,
    pub events: Vec<Happening>,
    pub actions: usize,
    over: bool,
}

fn pid_of(life: Life) -> Pid {
    Pid::new(0, u32::try_from(life.0).expect("few lives"), 0).expect("few lives")
}

impl<M: Machine> Shell<M> {
    pub fn new(machine: M, named: bool) -> Self {
        let mut shell = Self {
            machine,
            named,
            lives: BTreeMap::new(),
            seen: HashSet::new(),
            timers: BTreeSet::new(),
            open: HashSet::new(),
            tokens: 0,
            now: 0.0,
            starts: Vec::new(),
            stops: Vec::new(),
            events: Vec::new(),
            actions: 0,
            over: false,
        };
        shell.handle(Input::Boot);
        shell
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How often children have been started again, as the machine counts.
    pub fn restarts(&self) -> u64 {
        self.machine.which().iter().map(|child| child.restarts).sum()
    }

    pub fn alive(&self) -> usize {
        self.lives.len()
    }

    pub fn handle(&mut self, input: Input<M::Command>) {
        if let Input::Command(token, _) = &input {
            self.tokens = token + 1;
            if !self.over {
                self.open.insert(*token);
            }
        }
        self.machine.handle(self.now, input);
        while let Some(action) = self.machine.poll() {
            assert!(!self.over, "{action:?} came after the end");
            self.actions += 1;
            self.act(action);
        }
        assert_eq!(self.machine.is_ended(), self.over);
        let strays = self.machine.strays();
        let running: BTreeSet<Pid> = self.machine.which().into_iter().filter_map(|child| child.pid).collect();
        for (life, (id, doing)) in &self.lives {
            let wanted = *doing == Doing::Running && !strays.contains(life) && !self.over;
            if *doing != Doing::Cancelled {
                assert_eq!(running.contains(&pid_of(*life)), wanted, "{id} {life:?} is {doing:?}");
            }
        }
    }

    fn act(&mut self, action: Action<Payload>) {
        match action {
            Action::Start { life, id, .. } => {
                assert!(self.seen.insert(life), "{life:?} was started twice");
                if self.named {
                    let strays = self.machine.strays();
                    let double = self.lives.iter().find(|(other, (name, _))| **name == *id && !strays.contains(other));
                    assert!(double.is_none(), "{id} has two lives: {double:?}");
                }
                self.starts.push(id.to_string());
                self.lives.insert(life, (id.to_string(), Doing::Starting));
            }
            Action::Cancel(life) => {
                let (_, doing) = self.lives.get_mut(&life).expect("whoever is cancelled is starting");
                assert_eq!(*doing, Doing::Starting);
                *doing = Doing::Cancelled;
            }
            Action::Stop(life) => {
                let (id, doing) = self.lives.get_mut(&life).expect("whoever is stopped is there");
                assert_eq!(*doing, Doing::Running, "{id} is stopped once");
                *doing = Doing::Asked { killed: false };
                self.stops.push(id.clone());
            }
            Action::Kill(life) => {
                let (id, doing) = self.lives.get_mut(&life).expect("whoever is killed is there");
                assert!(matches!(doing, Doing::Running | Doing::Asked { killed: false }), "{id} is killed once");
                if *doing == Doing::Running {
                    self.stops.push(id.clone());
                }
                *doing = Doing::Asked { killed: true };
            }
            Action::Respec { life, .. } => assert!(self.lives.contains_key(&life)),
            Action::Arm(timer, ms) => {
                assert!(ms >= 0.0);
                assert!(self.timers.insert(timer), "{timer:?} is armed once");
            }
            Action::Disarm(timer) => {
                self.timers.remove(&timer);
            }
            Action::Answer(token, _) => assert!(self.open.remove(&token), "command {token} is answered once"),
            Action::Emit(event) => self.events.push(event.what),
            Action::Ready => {}
            Action::Fail(_) | Action::End(_) => {
                assert_eq!(self.alive(), 0, "nobody outlives the supervisor");
                assert!(self.timers.is_empty(), "no timer outlives the supervisor");
                assert!(self.open.is_empty(), "every command is answered by the end");
                self.over = true;
            }
        }
    }

    fn pick(&self, at: Index, wanted: impl Fn(Doing) -> bool) -> Option<Life> {
        let lives: Vec<Life> =
            self.lives.iter().filter(|(_, (_, doing))| wanted(*doing)).map(|(life, _)| *life).collect();
        (!lives.is_empty()).then(|| *at.get(&lives))
    }

    fn gone(&mut self, life: Life, reason: ExitReason) {
        self.lives.remove(&life);
        self.handle(Input::Ended(life, reason));
    }

    /// The child of this id that runs ends by itself.
    pub fn end_of(&mut self, id: &str, reason: ExitReason) {
        let life = self.lives.iter().find(|(_, (name, _))| name == id).map(|(life, _)| *life);
        self.gone(life.expect("it runs"), reason);
    }

    pub fn run(&mut self, steps: Vec<Step<M::Command>>) {
        for step in steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: Step<M::Command>) {
        match step {
            Step::Answer(at, how, reason) => {
                let Some(life) = self.pick(at, |doing| matches!(doing, Doing::Starting | Doing::Cancelled)) else {
                    return;
                };
                let cancelled = self.lives[&life].1 == Doing::Cancelled;
                match how {
                    // A start that was on its way when it was cancelled; its end comes later.
                    0..8 if cancelled => self.handle(Input::Started(life, pid_of(life))),
                    0..8 => {
                        self.lives.insert(life, (self.lives[&life].0.clone(), Doing::Running));
                        self.handle(Input::Started(life, pid_of(life)));
                    }
                    8 => {
                        self.lives.remove(&life);
                        self.handle(Input::Ignored(life));
                    }
                    9 | 10 => {
                        self.lives.remove(&life);
                        self.handle(Input::Failed(life, StartFailure::Itself(reason)));
                    }
                    _ => self.gone(life, reason),
                }
            }
            Step::End(at, reason) => {
                if let Some(life) = self.pick(at, |doing| doing == Doing::Running) {
                    self.gone(life, reason);
                }
            }
            Step::Obey(at) => {
                if let Some(life) = self.pick(at, |doing| matches!(doing, Doing::Asked { .. })) {
                    let killed = self.lives[&life].1 == Doing::Asked { killed: true };
                    self.gone(life, if killed { ExitReason::Killed } else { ExitReason::SHUTDOWN });
                }
            }
            Step::Fire(at) => {
                let timers: Vec<Timer> = self.timers.iter().copied().collect();
                if !timers.is_empty() {
                    let timer = *at.get(&timers);
                    self.timers.remove(&timer);
                    self.handle(Input::Timer(timer));
                }
            }
            Step::Pass(ms) => self.now += ms,
            Step::Command(command) => self.handle(Input::Command(self.tokens, command)),
            Step::Stale => {
                for life in [Life(0), Life(9999)] {
                    self.handle(Input::Started(life, pid_of(Life(9999))));
                    self.handle(Input::Ignored(life));
                    self.handle(Input::Failed(life, StartFailure::Itself(ExitReason::Killed)));
                    self.handle(Input::Ended(life, ExitReason::Killed));
                }
                self.handle(Input::Timer(Timer(9999)));
            }
        }
    }

    /// Children do as they are asked, until nothing is left to do. No timer fires.
    pub fn calm(&mut self) {
        loop {
            let next = self.lives.iter().find(|(_, (_, doing))| *doing != Doing::Running);
            let Some((life, doing)) = next.map(|(life, (_, doing))| (*life, *doing)) else { return };
            match doing {
                Doing::Starting => {
                    if let Some((_, doing)) = self.lives.get_mut(&life) {
                        *doing = Doing::Running;
                    }
                    self.handle(Input::Started(life, pid_of(life)));
                }
                Doing::Asked { killed: false } => self.gone(life, ExitReason::SHUTDOWN),
                Doing::Cancelled | Doing::Asked { killed: true } => self.gone(life, ExitReason::Killed),
                Doing::Running => {}
            }
        }
    }

    /// An order to end comes to its end, without any timer: everybody obeys.
    pub fn finish(&mut self) {
        self.handle(Input::Stop(ExitReason::SHUTDOWN));
        self.calm();
        assert!(self.over, "the end comes");
        // Whoever speaks to the dead is not answered.
        self.handle(Input::Boot);
        self.handle(Input::Stop(ExitReason::Killed));
    }
}
