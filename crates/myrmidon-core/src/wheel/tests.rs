use super::Wheel;
use proptest::prelude::*;

fn rung(wheel: &mut Wheel<u32>, now: f64) -> Vec<u32> {
    let mut due = Vec::new();
    wheel.ring(now, &mut due);
    due.iter().map(|ring| ring.what).collect()
}

#[test]
fn g43_never_before_its_time() {
    let mut wheel = Wheel::new();
    wheel.set(0.0, 100.05, 1);
    assert_eq!(rung(&mut wheel, 100.04), []);
    assert_eq!(rung(&mut wheel, 100.125), [1]);
    assert_eq!(wheel.len(), 0);
}

#[test]
fn equal_deadlines_ring_in_the_order_of_setting_across_levels() {
    let mut wheel = Wheel::new();
    wheel.set(0.0, 1000.0, 1);
    assert_eq!(rung(&mut wheel, 999.0), []);
    wheel.set(999.0, 1000.0, 2);
    wheel.set(999.0, 999.5, 0);
    assert_eq!(rung(&mut wheel, 1000.0), [0, 1, 2]);
}

#[test]
fn what_is_due_already_rings_next_time() {
    let mut wheel = Wheel::new();
    assert_eq!(rung(&mut wheel, 5000.0), []);
    wheel.set(5000.0, 10.0, 1);
    wheel.set(5000.0, f64::INFINITY, 2);
    assert_eq!(wheel.next(), Some(5000.0));
    assert_eq!(rung(&mut wheel, 5000.0), [1]);
    assert_eq!(wheel.len(), 1, "the one at infinity waits");
}

#[test]
fn g258_an_exact_wheel_looks_again_at_the_deadline_itself() {
    let mut wheel = Wheel::exact();
    let far = wheel.set(0.0, 60_000.0, 1);
    wheel.set(0.0, 70_000.0, 2);
    assert_eq!(wheel.next(), Some(60_000.0));
    wheel.cancel(far);
    assert_eq!(wheel.next(), Some(70_000.0));
    assert_eq!(rung(&mut wheel, 70_000.0), [2]);
    assert_eq!(wheel.next(), None);
}

proptest! {
    /// Against a plain list, with time running by small and by wide steps.
    #[test]
    fn a_wheel_is_a_sorted_list(exact in any::<bool>(), steps in prop::collection::vec((0..4u8, 0.0..1.0f64, 0..7i32), 1..120)) {
        let mut wheel = if exact { Wheel::exact() } else { Wheel::new() };
        let mut model: Vec<(f64, u32, u32)> = Vec::new();
        let mut now = 0.0;
        for (name, (step, part, digits)) in (0..).zip(steps) {
            let span = part * 10f64.powi(digits);
            match step {
                0 | 1 => {
                    let id = wheel.set(now, now + span, name);
                    model.push((now + span, name, id));
                }
                2 if !model.is_empty() => {
                    let (deadline, _, id) = model.remove(name as usize % model.len());
                    prop_assert_eq!(wheel.cancel(id).to_bits(), deadline.to_bits());
                }
                _ => {
                    now += span;
                    let found = rung(&mut wheel, now);
                    // A tick is 1/8 ms, so one that became due since the last tick may wait for the next.
                    let mut due: Vec<_> = model.iter().copied().filter(|alarm| alarm.0 <= now).collect();
                    due.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
                    let must = due.iter().filter(|alarm| alarm.0 <= now - 0.125).count();
                    prop_assert!(found.len() >= must && found.len() <= due.len());
                    prop_assert!(found.iter().all(|name| due.iter().any(|alarm| alarm.1 == *name)));
                    let order: Vec<_> = due.iter().map(|alarm| alarm.1).filter(|name| found.contains(name)).collect();
                    prop_assert_eq!(&order, &found);
                    model.retain(|alarm| !found.contains(&alarm.1));
                }
            }
            prop_assert_eq!(wheel.len(), model.len());
            let first = model.iter().map(|alarm| alarm.0).fold(f64::INFINITY, f64::min);
            match wheel.next() {
                Some(next) if exact => prop_assert_eq!(next.to_bits(), first.to_bits()),
                None => prop_assert!(model.is_empty()),
                Some(next) => prop_assert!(next < first + 0.126 || next <= now, "{next} is after {first}"),
            }
        }
    }
}
