//! Children of a dynamic supervisor whose restart waits (G98): who is to be rid of one names it by the PID that it had.
//!
//! One entry for each that waits, gone when its time is over or it is terminated; all of it O(1).

use myrmidon_core::{
    pid::Pid,
    supervisor::{Life, Timer},
};
use rustc_hash::FxHashMap;

#[derive(Default)]
pub(super) struct Waits {
    by_pid: FxHashMap<Pid, (Life, Timer)>,
    by_timer: FxHashMap<Timer, Pid>,
}

impl Waits {
    pub fn add(&mut self, pid: Pid, life: Life, timer: Timer) {
        self.by_pid.insert(pid, (life, timer));
        self.by_timer.insert(timer, pid);
    }

    /// The life that an actor lived last.
    pub fn life(&self, pid: Pid) -> Option<Life> {
        self.by_pid.get(&pid).map(|(life, _)| *life)
    }

    /// Its time is over: whose it was.
    pub fn fired(&mut self, timer: Timer) -> Option<(Pid, Life)> {
        let pid = self.by_timer.remove(&timer)?;
        self.by_pid.remove(&pid).map(|(life, _)| (pid, life))
    }

    pub fn forget(&mut self, pid: Pid) {
        if let Some((_, timer)) = self.by_pid.remove(&pid) {
            self.by_timer.remove(&timer);
        }
    }
}
