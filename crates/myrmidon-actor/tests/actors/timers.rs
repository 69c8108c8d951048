//! Timers.

use crate::subject::*;
use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

#[test]
fn timers_ring_once_or_every_so_often_until_cancelled() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let (beat, beats) = mpsc::channel();
    within(actor, move |_, context| {
        context.after(Duration::from_millis(1), Message::Note(1));
        let late = context.after(Duration::from_secs(3600), Message::Note(2));
        assert!(context.cancel(late).is_some_and(|left| left > Duration::from_secs(3500)));
        assert_eq!(context.cancel(late), None);
        context.at(Instant::now(), Message::Note(3));
        context.every(Duration::from_millis(1), move || {
            let beat = beat.clone();
            // The test hears three, and goes.
            Message::Do(Box::new(move |_, _| beat.send(()).unwrap_or_default()))
        });
    });
    for _ in 0..3 {
        beats.recv().expect("a beat");
    }
    let mut heard = heard(actor);
    heard.sort();
    assert_eq!(heard, ["1", "3"]);
}

#[test]
fn g279_a_timer_beyond_all_time_never_rings_and_can_be_cancelled() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    within(actor, move |_, context| {
        let never = context.after(Duration::MAX, Message::Note(1));
        assert!(context.cancel(never).is_some_and(|left| left > Duration::from_secs(1 << 40)));
        assert_eq!(context.cancel(never), None);
        context.after(Duration::MAX, Message::Note(2));
    });
    assert_eq!(heard(actor), [""; 0]);
}
