//! Messages that are delivered where they wait (G315): what ends a run, and what comes of what is left.

use crate::{
    lending::{Blocking, Message2},
    subject::*,
};
use myrmidon_actor::*;
use std::{
    hint::black_box,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

/// What all of an actor's children heard, in one order.
type Heard = Arc<Mutex<Vec<u32>>>;

/// Children of one actor that note in one list, each after its first message: their handlers are known to be short.
fn children(count: usize) -> (Runtime, ActorRef<Message>, Vec<ActorRef<Message>>, Heard) {
    let runtime = runtime(1);
    let parent = runtime.spawn(Subject::default()).expect("an actor");
    let children = within(parent, move |_, context| {
        (0..count).map(|_| context.spawn(Subject::default()).expect("a child")).collect::<Vec<_>>()
    });
    for child in &children {
        within(*child, |_, _| ());
    }
    (runtime, parent, children, Heard::default())
}

fn note(to: ActorRef<Message>, heard: &Heard, number: u32) {
    let heard = Arc::clone(heard);
    run(to, move |_, _| heard.lock().expect("nobody panics").push(number));
}

fn heard_by(heard: &Heard) -> Vec<u32> {
    heard.lock().expect("nobody panics").clone()
}

#[test]
fn g315_each_hears_what_it_was_told_in_order() {
    let (_runtime, parent, children, heard) = children(3);
    let (told, all) = (Arc::clone(&heard), children.clone());
    within(parent, move |_, _| {
        for number in 0..300 {
            note(all[number as usize % 3], &told, number);
        }
    });
    for child in children {
        within(child, |_, _| ());
    }
    let all = heard_by(&heard);
    for child in 0..3 {
        let its: Vec<_> = all.iter().copied().filter(|number| number % 3 == child).collect();
        assert_eq!(its, (0..100).map(|at| at * 3 + child).collect::<Vec<_>>());
    }
}

#[test]
fn g315_who_stops_hears_nothing_that_waits_behind() {
    let letters = mpsc::channel();
    let runtime = Runtime::builder()
        .shards(1)
        .observer(move |notice| drop(letters.0.send(notice)))
        .start()
        .expect("a runtime starts");
    let parent = runtime.spawn(Subject::default()).expect("an actor");
    let heard = Heard::default();
    let (told, mine) = (Arc::clone(&heard), Arc::clone(&heard));
    let (first, second) = within(parent, |_, context| {
        (context.spawn(Subject::default()).expect("a child"), context.spawn(Subject::default()).expect("a child"))
    });
    within(first, |_, _| ());
    within(second, |_, _| ());
    let end = first.ended();
    within(parent, move |_, _| {
        note(first, &told, 1);
        run(first, |_, context| context.stop());
        note(first, &told, 2);
        note(second, &told, 3);
    });
    assert_eq!(end.wait().expect("an end"), ExitReason::Normal);
    within(second, |_, _| ());
    let mut all = heard_by(&mine);
    // On a busy machine the first one may be lent meanwhile.
    all.sort_unstable();
    assert_eq!(all, [1, 3]);
    let letter = letters.1.recv().expect("a letter");
    assert!(matches!(&letter, Notice::DeadLetter(letter) if letter.to == first.pid()), "{letter:?}");
}

#[test]
fn g315_a_kill_takes_effect_before_what_waits_behind_it() {
    let (_runtime, parent, children, heard) = children(2);
    let (killer, victim) = (children[0], children[1]);
    let told = Arc::clone(&heard);
    let end = victim.ended();
    within(parent, move |_, _| {
        note(victim, &told, 1);
        run(killer, move |_, context| {
            context.exit(victim, ExitReason::Killed);
            note(victim, &told, 2);
            note(killer, &told, 3);
        });
    });
    assert_eq!(end.wait().expect("an end"), ExitReason::Killed);
    within(killer, |_, _| ());
    within(killer, |_, _| ());
    assert_eq!(heard_by(&heard), [1, 3]);
}

#[test]
fn g315_a_panic_ends_its_actor_and_the_others_go_on() {
    let (_runtime, parent, children, heard) = children(2);
    let (first, second) = (children[0], children[1]);
    let told = Arc::clone(&heard);
    let end = first.ended();
    within(parent, move |_, _| {
        run(first, |_, _| panic!("oops"));
        note(first, &told, 1);
        note(second, &told, 2);
    });
    assert!(matches!(end.wait().expect("an end"), ExitReason::Crashed(_)));
    within(second, |_, _| ());
    assert_eq!(heard_by(&heard), [2]);
}

#[test]
fn g315_what_two_tell_each_other_lets_timers_and_others_in() {
    fn again(me: ActorRef<Message>, other: ActorRef<Message>) {
        run(me, move |subject, _| {
            if subject.heard.is_empty() {
                again(other, me);
            }
        });
    }
    let (_runtime, _, children, _) = children(2);
    let (first, second) = (children[0], children[1]);
    again(first, second);
    let (bell, heard) = mpsc::channel();
    // An errand starts the timer, and the timer's message ends what would go on for ever.
    run(first, move |_, context| {
        let message: Run = Box::new(move |subject, _| {
            subject.heard.push("rung".to_owned());
            bell.send(()).expect("the test listens");
        });
        context.after(Duration::from_millis(1), Message::Do(message));
    });
    heard.recv().expect("the timer rings");
}

#[test]
fn g315_a_run_counts_in_the_accounts() {
    let (runtime, parent, children, heard) = children(1);
    let child = children[0];
    let before = runtime.info(child).expect("it lives").reductions;
    within(parent, move |_, _| (0..100).for_each(|number| note(child, &heard, number)));
    within(child, |_, _| ());
    assert_eq!(runtime.info(child).expect("it lives").reductions - before, 101);
}

#[test]
fn g315_a_row_to_one_actor_ends_with_what_its_handlers_do() {
    let (_runtime, parent, children, heard) = children(2);
    let (first, second) = (children[0], children[1]);
    let told = Arc::clone(&heard);
    let end = first.ended();
    within(parent, move |_, _| {
        for number in 0..10 {
            note(first, &told, number);
        }
        run(first, move |_, context| context.exit(first, ExitReason::Killed));
        note(first, &told, 10);
        note(second, &told, 11);
    });
    assert_eq!(end.wait().expect("an end"), ExitReason::Killed);
    within(second, |_, _| ());
    let mut all = heard_by(&heard);
    all.sort_unstable();
    assert_eq!(all, (0..10).chain([11]).collect::<Vec<_>>());
}

#[test]
fn g264_one_that_sends_faster_than_another_one_handles_is_heard_in_order() {
    fn produce(me: ActorRef<Message>, to: ActorRef<Message>, from: u32, heard: Heard, done: mpsc::Sender<()>) {
        run(me, move |_, _| {
            for number in from..from + 200 {
                note(to, &heard, number);
            }
            if from < 20_000 {
                produce(me, to, from + 200, heard, done);
            } else {
                run(to, move |_, _| done.send(()).expect("the test listens"));
            }
        });
    }
    let (_runtime, parent, children, heard) = children(2);
    let (producer, receiver) = (children[0], children[1]);
    let (done, told) = (mpsc::channel(), Arc::clone(&heard));
    within(parent, move |_, _| {
        // What is queued there when the producer begins.
        (0..2000).for_each(|number| note(receiver, &told, number));
        produce(producer, receiver, 2000, told, done.0);
    });
    done.1.recv().expect("all is handled");
    assert_eq!(heard_by(&heard), (0..20_200).collect::<Vec<_>>());
}

#[test]
fn g265_a_handler_that_was_long_is_measured_the_next_time_whenever_that_is() {
    /// It takes twice as long as a handler that is lent from then on.
    fn long(actor: ActorRef<Message>, done: mpsc::Sender<()>) {
        run(actor, move |_, _| {
            let began = std::time::Instant::now();
            while began.elapsed() < Duration::from_millis(2) {}
            done.send(()).expect("the test listens");
        });
    }
    let (_runtime, parent, children, _) = children(2);
    let (heavy, light) = (children[0], children[1]);
    let (done, told) = mpsc::channel();
    let first = done.clone();
    within(parent, move |_, _| long(heavy, first));
    told.recv().expect("it was long");
    // More turns than those for which everybody is measured.
    for _ in 0..500 {
        within(light, |_, _| ());
    }
    within(parent, move |_, _| long(heavy, done));
    told.recv().expect("it was long again");
    let thread = within(heavy, |_, _| std::thread::current().name().unwrap_or_default().to_owned());
    assert_eq!(thread, "myrmidon-lent");
}

/// Keeps a shard in a handler, so that what is sent meanwhile is taken in one turn, until what it gives is dropped.
fn hold(actor: ActorRef<Message>) -> mpsc::Sender<()> {
    let (open, gate) = mpsc::channel();
    let (entered, inside) = mpsc::channel();
    run(actor, move |_, _| {
        entered.send(()).expect("the test listens");
        let _ended = gate.recv();
    });
    inside.recv().expect("it runs");
    open
}

#[test]
fn g315_an_end_waits_behind_no_message() {
    let (_runtime, parent, children, heard) = children(3);
    let [teller, stops, listener] = children[..] else { panic!("three") };
    let end = stops.ended();
    let open = hold(parent);
    let told = Arc::clone(&heard);
    run(teller, move |_, _| note(listener, &told, 1));
    run(stops, |_, context| context.stop());
    note(stops, &heard, 2);
    drop(open);
    assert_eq!(end.wait().expect("an end"), ExitReason::Normal);
    within(listener, |_, _| ());
    assert_eq!(heard_by(&heard), [1]);
}

#[test]
fn g315_whoever_is_lent_has_no_turn_before_it_is_back() {
    let (runtime, parent, children, heard) = children(3);
    let [teller, listener, waits] = children[..] else { panic!("three") };
    for _ in 0..50 {
        let [long, short] = [(), ()].map(|()| runtime.spawn(Blocking(Vec::new())).expect("an actor"));
        let open = hold(parent);
        let told = Arc::clone(&heard);
        run(teller, move |_, _| note(listener, &told, 1));
        let (go_on, gate) = mpsc::channel::<()>();
        long.tell(Message2::Wait(gate)).expect("there is room");
        let (signal, signalled) = mpsc::channel();
        short.tell(Message2::Signal(signal)).expect("there is room");
        let behind = [long.ask(Message2::Count), short.ask(Message2::Count)];
        // Until the short one is back, or about to be.
        run(waits, move |_, _| {
            let _ended = signalled.recv();
        });
        drop(open);
        within(waits, |_, _| ());
        drop(go_on);
        for answer in behind {
            assert_eq!(answer.wait(), Ok(0));
        }
        long.kill();
        short.kill();
    }
}

#[test]
fn g315_timers_that_are_always_due_let_messages_in() {
    const FIRST: u32 = 2000;
    const LAST: u32 = 6000;
    let (_runtime, _, children, _) = children(65);
    let (witness, tickers) = (children[0], &children[1..]);
    let (bell, told) = mpsc::channel();
    let ticks = Arc::new(AtomicU32::new(0));
    for ticker in tickers {
        let (bell, ticks) = (bell.clone(), Arc::clone(&ticks));
        within(*ticker, move |_, context| {
            context.every(Duration::from_micros(1), move || {
                let (bell, ticks) = (bell.clone(), Arc::clone(&ticks));
                Message::Do(Box::new(move |_, _| {
                    // All of them together take longer than a beat.
                    (0..50_000_u32).for_each(|number| assert!(black_box(number) < 50_000));
                    match ticks.fetch_add(1, Relaxed) {
                        FIRST => run(witness, move |_, _| bell.send(true).unwrap_or_default()),
                        LAST => bell.send(false).unwrap_or_default(),
                        _ => {}
                    }
                }))
            });
        });
    }
    assert!(told.recv().expect("one of both"), "{LAST} ticks, and what was sent at {FIRST} has not arrived");
}
