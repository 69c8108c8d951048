use super::Timer;
use crate::pid::Pid;

#[test]
fn g45_a_late_tick_does_not_shift_the_ones_after_it() {
    let timer = Timer::new(Pid::NONE, 1, 100.0, 0);
    let beats = [(100.0, 100.0, 200.0), (100.0, 130.0, 200.0), (100.0, 200.0, 300.0), (100.0, 1999.0, 2000.0)];
    for (due, now, next) in beats {
        assert!((timer.next_beat(due, now) - next).abs() < 1e-9);
    }
}
