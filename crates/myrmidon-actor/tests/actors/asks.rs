//! Questions, and every way they end (G19, G20, G172).

use crate::subject::*;
use myrmidon_actor::*;
use std::{sync::mpsc, time::Duration};

#[test]
fn g19_a_question_ends_with_its_callee() {
    for (_runtime, first, second) in pairs() {
        run(first, move |_, context| {
            context.ask(
                second,
                |reply: ReplyTo<()>| {
                    Message::Do(Box::new(move |_, context| {
                        context.stop_with(ExitReason::SHUTDOWN);
                        drop(reply);
                    }))
                },
                |end| Message::Do(Box::new(move |subject, _| subject.heard.push(format!("{end:?}")))),
            );
        });
        let got = loop {
            let got = heard(first);
            if !got.is_empty() {
                break got;
            }
        };
        assert_eq!(got, ["Err(ActorExited(Shutdown { detail: None }))"]);
    }
}

#[test]
fn g172_a_reply_that_is_dropped_is_told() {
    for (_runtime, first, _) in pairs() {
        let answer = first.ask(|reply: ReplyTo<()>| Message::Do(Box::new(move |_, _| drop(reply))));
        assert_eq!(answer.wait(), Err(AskError::NoReply));
    }
}

#[test]
fn g20_a_question_without_an_answer_times_out_and_a_late_one_vanishes() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let (kept, keep) = mpsc::channel();
    let answer = actor.ask_within(Some(Duration::from_millis(20)), |reply: ReplyTo<u32>| {
        Message::Do(Box::new(move |_, _| drop(kept.send(reply))))
    });
    assert_eq!(answer.wait(), Err(AskError::AskTimeout));
    keep.recv().expect("the reply").send(1);
    within(actor, |_, _| ());
}

#[test]
fn asking_oneself_fails_at_once() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    run(actor, |_, context| {
        let me = context.me();
        context.ask(me, Message::Dump, |end| {
            Message::Do(Box::new(move |subject, _| subject.heard.push(format!("{end:?}"))))
        });
    });
    while heard(actor) != ["Err(SelfAsk)"] {}
}

#[test]
fn g113_a_shard_never_waits_for_an_answer() {
    for (_runtime, first, second) in pairs() {
        let refused = within(first, move |_, _| second.ask(Message::Dump).wait().map(|_| ()));
        assert_eq!(refused, Err(AskError::WouldBlock));
    }
}
