//! What a supervisor has said and its shell has not done yet, and the numbers that it gives away: one of these in each
//! machine, so that all of them name lives, set timers, answer and stop children alike.

use super::{
    protocol::{Action, Answer, Event, Happening, Life, Timer, Token},
    spec::Shutdown,
};
use std::{collections::VecDeque, sync::Arc};

pub struct Orders<S> {
    queue: VecDeque<Action<S>>,
    lives: u64,
    timers: u64,
}

impl<S> Default for Orders<S> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), lives: 0, timers: 0 }
    }
}

impl<S> Orders<S> {
    pub fn push(&mut self, action: Action<S>) {
        self.queue.push_back(action);
    }

    /// The oldest.
    pub fn poll(&mut self) -> Option<Action<S>> {
        self.queue.pop_front()
    }

    pub fn start(&mut self, id: Arc<str>, start: S) -> Life {
        self.lives += 1;
        let life = Life(self.lives);
        self.push(Action::Start { life, id, start });
        life
    }

    pub fn arm(&mut self, ms: f64) -> Timer {
        self.timers += 1;
        let timer = Timer(self.timers);
        self.push(Action::Arm(timer, ms));
        timer
    }

    pub fn answer(&mut self, token: Token, answer: Answer) {
        self.push(Action::Answer(token, answer));
    }

    pub fn emit(&mut self, child: &Arc<str>, what: Happening) {
        self.push(Action::Emit(Event { child: child.clone(), what }));
    }

    /// Asks a child to end, or kills it. The timer of its time, if it has one (G90).
    pub fn halt(&mut self, life: Life, how: Shutdown) -> Option<Timer> {
        self.push(if how == Shutdown::Brutal { Action::Kill(life) } else { Action::Stop(life) });
        if let Shutdown::After(ms) = how { Some(self.arm(ms)) } else { None }
    }
}
