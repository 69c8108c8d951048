//! Ends of children that are alike: of one, under its own timer, and of all at once, under one (G90, G99).

use super::{Doing, DynamicSupervisor, Phase};
use crate::{
    exit_reason::ExitReason,
    supervisor::{
        protocol::{Action, Done, Life, Timer, Token},
        spec::Shutdown,
    },
};

impl<S: Clone> DynamicSupervisor<S> {
    pub(super) fn terminate(&mut self, token: Token, named: Life) {
        let life = self.by_last.get(&named).copied().unwrap_or(named);
        let Some(entry) = self.entries.get_mut(&life) else { return self.out.answer(token, Ok(Done::Done)) };
        match core::mem::replace(&mut entry.doing, Doing::Ending) {
            Doing::Running(_) => {
                self.active -= 1;
                let timer = self.out.halt(life, self.child.shutdown);
                self.timers.extend(timer.map(|timer| (timer, life)));
                self.set(life, Doing::Stopping { tokens: vec![token], timer });
            }
            doing @ (Doing::Starting(_) | Doing::Restarting { .. }) => {
                let mut tokens = vec![token];
                match doing {
                    Doing::Starting(starter) => tokens.push(starter),
                    Doing::Restarting { last } => {
                        self.by_last.remove(&last);
                    }
                    Doing::Running(_)
                    | Doing::Waiting(_)
                    | Doing::Stopping { .. }
                    | Doing::Ending
                    | Doing::Cancelled => {}
                }
                self.out.push(Action::Cancel(life));
                self.set(life, Doing::Stopping { tokens, timer: None });
            }
            Doing::Waiting(timer) => {
                self.timers.remove(&timer);
                self.out.push(Action::Disarm(timer));
                self.entries.remove(&life);
                self.out.answer(token, Ok(Done::Done));
            }
            Doing::Stopping { mut tokens, timer } => {
                tokens.push(token);
                self.set(life, Doing::Stopping { tokens, timer });
            }
            Doing::Ending | Doing::Cancelled => self.refuse(token),
        }
    }

    pub(super) fn stopped(&mut self, tokens: Vec<Token>, timer: Option<Timer>) {
        if let Some(timer) = timer {
            self.timers.remove(&timer);
            self.out.push(Action::Disarm(timer));
        }
        for token in tokens {
            self.out.answer(token, Ok(Done::Done));
        }
    }

    pub(super) fn fired(&mut self, timer: Timer) {
        if self.end_timer == Some(timer) {
            self.end_timer = None;
            let late = self.entries.iter().filter(|(_, entry)| matches!(entry.doing, Doing::Ending));
            let mut late: Vec<Life> = late.map(|(life, _)| *life).collect();
            late.sort_unstable();
            for life in late {
                self.out.push(Action::Kill(life));
            }
            return;
        }
        let Some(life) = self.timers.remove(&timer) else { return };
        let Some(entry) = self.entries.get_mut(&life) else { return };
        match &mut entry.doing {
            Doing::Stopping { timer, .. } => {
                *timer = None;
                self.out.push(Action::Kill(life));
            }
            Doing::Waiting(_) => {
                if let Some(mut entry) = self.entries.remove(&life) {
                    entry.doing = Doing::Restarting { last: life };
                    self.start(entry);
                }
            }
            Doing::Starting(_) | Doing::Running(_) | Doing::Restarting { .. } | Doing::Ending | Doing::Cancelled => {}
        }
    }

    /// All at once, under one timer. Those that were terminated already keep their own.
    pub(super) fn end(&mut self, reason: ExitReason) {
        if self.phase == Phase::Ending {
            return;
        }
        self.phase = Phase::Ending;
        self.reason = reason;
        self.active = 0;
        self.by_last.clear();
        let mut lives: Vec<Life> = self.entries.keys().copied().collect();
        lives.sort_unstable();
        let how = self.child.shutdown;
        let mut asked = false;
        for life in lives {
            let Some(entry) = self.entries.get_mut(&life) else { continue };
            match core::mem::replace(&mut entry.doing, Doing::Ending) {
                Doing::Running(_) => {
                    asked = true;
                    self.out.push(if how == Shutdown::Brutal { Action::Kill(life) } else { Action::Stop(life) });
                }
                Doing::Starting(token) => {
                    entry.doing = Doing::Cancelled;
                    self.refuse(token);
                    self.out.push(Action::Cancel(life));
                }
                Doing::Restarting { .. } => {
                    entry.doing = Doing::Cancelled;
                    self.out.push(Action::Cancel(life));
                }
                Doing::Waiting(timer) => {
                    self.timers.remove(&timer);
                    self.out.push(Action::Disarm(timer));
                    self.entries.remove(&life);
                }
                stopping @ (Doing::Stopping { .. } | Doing::Ending | Doing::Cancelled) => entry.doing = stopping,
            }
        }
        if asked && let Shutdown::After(ms) = how {
            self.end_timer = Some(self.out.arm(ms));
        }
    }

    pub(super) fn over_if_empty(&mut self) {
        if self.phase != Phase::Ending || !self.entries.is_empty() {
            return;
        }
        if let Some(timer) = self.end_timer.take() {
            self.out.push(Action::Disarm(timer));
        }
        self.phase = Phase::Ended;
        self.out.push(Action::End(self.reason.clone()));
    }
}
