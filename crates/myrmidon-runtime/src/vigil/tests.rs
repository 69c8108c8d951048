//! G312: who looks before it sleeps, for how long, and how often.

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
