//! The vigil: how long an owner looks for more before it sleeps (G312).
//!
//! To wake a thread takes its waker a system call and the thread several microseconds; two shards that talk to each other
//! would pay both for each message. So an owner that others have woken again and again, each time soon after it fell asleep,
//! looks for a moment first: its doorbell is not armed meanwhile, and nobody rings. A look in vain is time that another
//! thread could have had, so each makes the next one rarer.
//!
//! Owner: the shard's thread. No atomics: what it looks at are the queues, which say of themselves when they are quiet, and
//! after a look in vain the doorbell is armed and they are looked at again (`port`). Time is an argument.

use core::hint::spin_loop;

/// Milliseconds of a look.
const LOOK: f64 = 0.04;
/// A sleep of so many milliseconds was a short one.
const SHORT: f64 = 0.1;
/// Short sleeps in a row before a look, at first.
const LEAST: u32 = 4;
/// And at most.
const MOST: u32 = 256;
/// Looks between two readings of the clock.
const LOOKS: u32 = 32;

/// See the module.
#[derive(Debug)]
pub struct Vigil {
    /// When it fell asleep, until it is known what woke it.
    slept: Option<f64>,
    /// Short sleeps in a row.
    short: u32,
    /// So many are asked for.
    asked: u32,
}

impl Default for Vigil {
    fn default() -> Self {
        Self { slept: None, short: 0, asked: LEAST }
    }
}

impl Vigil {
    /// About to sleep: looks for a moment if that is worth it. `true`: there is something to do.
    pub fn watch(&mut self, clock: impl Fn() -> f64, is_quiet: impl Fn() -> bool) -> bool {
        let mut now = clock();
        if self.short >= self.asked {
            let until = now + LOOK;
            while now < until {
                for _ in 0..LOOKS {
                    if !is_quiet() {
                        self.asked = LEAST.max(self.asked / 2);
                        return true;
                    }
                    spin_loop();
                }
                now = clock();
            }
            self.short = 0;
            self.asked = MOST.min(self.asked * 2);
        }
        self.slept = Some(now);
        false
    }

    /// Awake, with something that others have sent, or (`by_others` is false) for reasons of its own.
    #[inline]
    pub fn woke(&mut self, by_others: bool, clock: impl Fn() -> f64) {
        if let Some(slept) = self.slept.take()
            && by_others
        {
            self.short = if clock() - slept <= SHORT { self.short.saturating_add(1) } else { 0 };
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
