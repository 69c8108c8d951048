use super::Outbox;
use crate::record::{Record, completion, word};

fn call_end(token: u32) -> Record {
    let mut record = Record::default();
    record[word::HEAD] = completion::CALL_ENDED;
    record[word::A] = token;
    record
}

fn letter(slot: u32) -> Record {
    let mut record = Record::default();
    record[word::HEAD] = completion::DEAD_LETTER;
    record[word::SLOT] = slot;
    record
}

fn outside_down(reference: u32) -> Record {
    let mut record = Record::default();
    record[word::HEAD] = completion::OUTSIDE_DOWN;
    record[word::SLOT] = reference;
    record
}

#[test]
fn what_is_taken_back_is_not_popped_and_the_rest_keeps_its_order() {
    for taken in 0..4 {
        let mut outbox = Outbox::default();
        let all = [call_end(7), letter(7), outside_down(7), call_end(9)];
        outbox.push(letter(1));
        assert_eq!(outbox.pop(), Some(letter(1)), "positions go on behind what was popped");
        for record in all {
            outbox.push(record);
        }
        match taken {
            0 => assert_eq!(outbox.take_call_end(7), Some(all[0])),
            2 => assert_eq!(outbox.take_outside_down(7), Some(all[2])),
            3 => assert_eq!(outbox.take_call_end(9), Some(all[3])),
            _ => assert_eq!((outbox.take_call_end(1), outbox.take_outside_down(9)), (None, None)),
        }
        let rest: Vec<Record> = core::iter::from_fn(|| outbox.pop()).collect();
        let kept: Vec<Record> = (0..4).filter(|at| *at != taken || taken == 1).map(|at| all[at]).collect();
        assert_eq!(rest, kept);
        assert!(outbox.is_empty());
        assert_eq!((outbox.take_call_end(7), outbox.take_outside_down(7)), (None, None), "what was popped is gone");
    }
}

#[test]
fn an_outbox_of_holes_is_empty() {
    let mut outbox = Outbox::default();
    for token in 0..4 {
        outbox.push(call_end(token));
    }
    for token in [1, 3, 0, 2] {
        assert!(!outbox.is_empty());
        assert_eq!(outbox.take_call_end(token), Some(call_end(token)));
    }
    assert!(outbox.is_empty());
    assert_eq!(outbox.pop(), None);
}
