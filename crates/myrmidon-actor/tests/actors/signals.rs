//! Links, monitors and kills (G27 to G38).

use crate::subject::*;
use myrmidon_actor::*;
use std::sync::mpsc;

#[test]
fn g29_a_linked_actor_ends_with_the_other_and_one_that_traps_hears_of_it() {
    for (runtime, first, second) in pairs() {
        let watcher = runtime.spawn(Subject::default()).expect("a watcher");
        within(watcher, move |_, context| {
            context.trap_exits(true);
            context.link(second);
        });
        arrived(watcher, second);
        within(first, move |_, context| context.link(second));
        arrived(first, second);
        let end = first.ended();
        // Behind its watch, which goes to another shard than what follows.
        within(first, |_, _| ());
        run(second, |_, context| context.stop_with(ExitReason::Shutdown { detail: Some("enough".into()) }));
        assert_eq!(end.wait(), Ok(ExitReason::Shutdown { detail: Some("enough".into()) }));
        while heard(watcher) != ["exit shutdown: enough"] {}
    }
}

#[test]
fn unlinked_in_time_it_lives() {
    for (_runtime, first, second) in pairs() {
        within(first, move |_, context| context.link(second));
        arrived(first, second);
        within(first, move |_, context| context.unlink(second));
        let end = second.ended();
        second.kill();
        assert_eq!(end.wait(), Ok(ExitReason::Killed));
        within(first, |_, _| ());
    }
}

#[test]
fn g37_a_watch_ends_in_one_down_behind_what_was_sent_before() {
    for (_runtime, first, second) in pairs() {
        within(first, move |subject, context| subject.watching.push(context.monitor(second)));
        arrived(first, second);
        run(second, move |_, context| {
            first.tell(Message::Note(1)).expect("there is room");
            context.stop();
        });
        let got = loop {
            let got = heard(first);
            if got.len() == 2 {
                break got;
            }
        };
        assert_eq!(got, ["1", "down normal"]);
    }
}

#[test]
fn g38_a_watch_that_was_ended_stays_silent_and_one_of_the_dead_is_told_at_once() {
    for (_runtime, first, second) in pairs() {
        let ended = within(first, move |_, context| {
            let watch = context.monitor(second);
            context.demonitor(watch)
        });
        assert!(ended);
        let end = second.ended();
        second.kill();
        end.wait().expect("its end");
        within(first, move |subject, context| subject.watching.push(context.monitor(second)));
        let got = loop {
            let got = heard(first);
            if !got.is_empty() {
                break got;
            }
        };
        assert_eq!(got, ["down no such actor any more"]);
    }
}

#[test]
fn g27_a_kill_takes_effect_between_two_messages() {
    let runtime = runtime(1);
    let first = runtime.spawn(Subject::default()).expect("a first");
    let end = first.ended();
    // In one slice: the second message kills the actor, and the third is not handled.
    let (log, told) = mpsc::channel();
    within(first, move |_, context| {
        let me = context.me();
        for number in 0..3 {
            let log: Log<u32> = log.clone();
            run(me, move |_, context| {
                log.send(number).expect("the test listens");
                if number == 1 {
                    context.exit(context.me(), ExitReason::Killed);
                }
            });
        }
    });
    assert_eq!(end.wait(), Ok(ExitReason::Killed));
    assert_eq!(told.iter().collect::<Vec<_>>(), [0, 1]);
}
