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
mod tests {
    use super::{LEAST, LOOK, MOST, SHORT, Vigil};
    use core::cell::Cell;

    /// A clock of microseconds that moves when it is read, and counts the readings.
    struct Clock(Cell<f64>);

    impl Clock {
        fn read(&self) -> f64 {
            self.0.set(self.0.get() + 0.001);
            self.0.get()
        }
        fn passes(&self, millis: f64) {
            self.0.set(self.0.get() + millis);
        }
    }

    fn sleeps(vigil: &mut Vigil, clock: &Clock, millis: f64) -> f64 {
        let before = clock.0.get();
        assert!(!vigil.watch(|| clock.read(), || true), "there is nothing");
        let looked = clock.0.get() - before;
        clock.passes(millis);
        vigil.woke(true, || clock.read());
        looked
    }

    #[test]
    fn g312_it_looks_only_after_short_sleeps_in_a_row_that_others_have_ended() {
        let (mut vigil, clock) = (Vigil::default(), Clock(Cell::new(0.0)));
        for _ in 0..LEAST - 1 {
            assert!(sleeps(&mut vigil, &clock, 0.01) < LOOK);
        }
        assert!(sleeps(&mut vigil, &clock, 2.0 * SHORT) < LOOK, "a long one begins anew");
        for _ in 0..LEAST {
            assert!(sleeps(&mut vigil, &clock, 0.01) < LOOK);
        }
        assert!(sleeps(&mut vigil, &clock, 0.01) >= LOOK);
        let mut vigil = Vigil::default();
        for _ in 0..4 * LEAST {
            let before = clock.0.get();
            assert!(!vigil.watch(|| clock.read(), || true));
            assert!(clock.0.get() - before < LOOK, "it woke by itself");
            vigil.woke(false, || clock.read());
        }
    }

    #[test]
    fn g312_a_look_is_bounded_and_in_vain_makes_the_next_one_rarer() {
        let (mut vigil, clock) = (Vigil::default(), Clock(Cell::new(0.0)));
        let mut gaps = Vec::new();
        let mut since = 0;
        for _ in 0..4 * MOST {
            let looked = sleeps(&mut vigil, &clock, 0.01);
            assert!(looked < LOOK + 0.01);
            since += 1;
            if looked >= LOOK {
                gaps.push(since - 1);
                since = 0;
            }
        }
        // The sleep after a look counts, too.
        assert_eq!(gaps[..7], [4, 7, 15, 31, 63, 127, 255]);
        assert!(gaps[7..].iter().all(|gap| *gap == 255));
    }

    #[test]
    fn g312_what_comes_meanwhile_keeps_it_looking() {
        let (mut vigil, clock) = (Vigil::default(), Clock(Cell::new(0.0)));
        for _ in 0..LEAST {
            sleeps(&mut vigil, &clock, 0.01);
        }
        for _ in 0..100 {
            let looks = Cell::new(0);
            let is_quiet = || {
                looks.set(looks.get() + 1);
                looks.get() < 3
            };
            assert!(vigil.watch(|| clock.read(), is_quiet), "something came");
            vigil.woke(true, || clock.read());
        }
    }
}
