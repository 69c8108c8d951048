//! G5: what is put into a slot leaves it once, and is dropped once, whoever drops it.

use super::{Hand, LARGE, TypedSlots};
use std::sync::Arc;

fn take<M: Send + 'static>(values: &mut TypedSlots, number: u16, slot: u32) -> Option<M> {
    let mut hand = Hand::empty();
    values.take(number, slot, &mut hand);
    hand.give(|value| value)
}

#[test]
fn a_value_leaves_its_slot_once_as_it_was() {
    let mut values = TypedSlots::default();
    let text = |at: u32| format!("number {at}");
    let slots: Vec<u32> = (0..100).map(|at| values.put(3, (at, text(at)))).collect();
    for (at, slot) in slots.iter().enumerate().rev() {
        assert_eq!(take::<(u32, String)>(&mut values, 3, *slot), Some((at as u32, text(at as u32))));
        assert_eq!(take::<(u32, String)>(&mut values, 3, *slot), None);
    }
    let again = values.put(3, (7_u32, text(7)));
    assert_eq!(again, slots[0], "the last one that was emptied");
    assert_eq!(take(&mut values, 3, again), Some((7_u32, text(7))));
}

#[test]
fn each_value_is_dropped_once() {
    let held = Arc::new(());
    let mut values = TypedSlots::default();
    let slots: Vec<u32> = (0..5).map(|_| values.put(1, Arc::clone(&held))).collect();
    assert_eq!(Arc::strong_count(&held), 6);
    drop(take::<Arc<()>>(&mut values, 1, slots[0]));
    assert_eq!(Arc::strong_count(&held), 5);
    drop(values.take_boxed(1, slots[1]));
    assert_eq!(Arc::strong_count(&held), 4);
    // One that stays in a hand ends with it; an empty hand drops nothing.
    let mut hand = Hand::empty();
    values.take::<Arc<()>>(1, slots[2], &mut hand);
    assert_eq!(Arc::strong_count(&held), 4);
    drop(hand);
    drop(Hand::<Arc<()>>::default());
    assert_eq!(Arc::strong_count(&held), 3);
    // A slot that is used again is not dropped by that.
    values.put(1, Arc::clone(&held));
    assert_eq!(Arc::strong_count(&held), 4);
    drop(values);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_function_that_panics_has_had_its_value() {
    let held = Arc::new(());
    let mut values = TypedSlots::default();
    let slot = values.put(1, Arc::clone(&held));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut hand = Hand::empty();
        values.take::<Arc<()>>(1, slot, &mut hand);
        hand.give(|value: Arc<()>| -> u32 { panic!("with {value:?}") })
    }));
    assert!(panicked.is_err());
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_slot_that_has_none_or_another_type_gives_none() {
    let mut values = TypedSlots::default();
    let slot = values.put(2, 5_u64);
    assert_eq!(take::<i64>(&mut values, 2, slot), None, "of another type");
    assert_eq!(take::<u64>(&mut values, 2, 0), None, "no slot");
    assert_eq!(take::<u64>(&mut values, 2, slot + 1), None, "not yet");
    assert_eq!(take::<u64>(&mut values, 1, slot), None, "no table");
    assert!(values.take_boxed(9, slot).is_none(), "no table");
    assert_eq!(values.take_boxed(2, slot).and_then(|value| value.downcast().ok()), Some(Box::new(5_u64)));
}

#[test]
#[should_panic(expected = "a number stands for one type")]
fn a_number_stands_for_one_type() {
    let mut values = TypedSlots::default();
    values.put(2, 5_u64);
    values.put(2, 5_i64);
}

#[test]
fn what_a_burst_left_is_given_back_once_it_is_empty() {
    let mut values = TypedSlots::default();
    let slots: Vec<u32> = (0..=LARGE as u64).map(|at| values.put(1, at)).collect();
    values.ebb();
    for (at, slot) in slots.iter().enumerate() {
        assert_eq!(take(&mut values, 1, *slot), Some(at as u64), "nothing is lost while there is something");
    }
    values.ebb();
    assert_eq!(values.put(1, 1_u64), 1, "it begins anew");
}

#[test]
fn values_without_a_size_and_large_ones() {
    let mut values = TypedSlots::default();
    let nothing = values.put(1, ());
    let large = values.put(2, [7_u64; 512]);
    assert_eq!(take(&mut values, 1, nothing), Some(()));
    assert_eq!(take(&mut values, 2, large), Some([7_u64; 512]));
}
