//! Messages keep their order (G6).

use crate::subject::*;
use myrmidon_actor::*;
use std::sync::mpsc;

#[test]
fn g6_messages_of_one_sender_arrive_in_order() {
    for (_runtime, sender, receiver) in pairs() {
        run(sender, move |_, _| {
            for number in 0..2000 {
                receiver.tell(Message::Note(number)).expect("there is room");
            }
        });
        within(sender, |_, _| ());
        run(sender, move |_, _| receiver.tell(Message::Note(9999)).expect("there is room"));
        within(sender, |_, _| ());
        // The answer comes from the receiver, behind what the sender told it.
        within(sender, move |_, context| {
            context.ask(receiver, Message::Dump, |heard| {
                Message::Do(Box::new(move |subject, _| subject.heard = heard.expect("a dump")))
            });
        });
        let got = loop {
            let got = heard(sender);
            if !got.is_empty() {
                break got;
            }
        };
        let expected: Vec<String> = (0..2000).chain([9999]).map(|number: u32| number.to_string()).collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn g6_messages_of_a_thread_arrive_in_order_before_its_shutdown() {
    let runtime = runtime(2);
    let (log, told) = mpsc::channel();
    let actor = runtime.spawn(behavior(log, |log: &mut Log<u32>, n: u32, _: &mut Context<u32>| {
        log.send(n).expect("the test listens");
    }));
    let actor = actor.expect("an actor");
    let end = actor.ended();
    for number in 0..10_000 {
        let mut message = number;
        // The inbox of a shard is bounded, and says so.
        while let Err(refused) = actor.tell(message) {
            assert_eq!(refused.reason, SendError::NodeBusy);
            message = refused.message;
            std::thread::yield_now();
        }
    }
    actor.shutdown();
    assert_eq!(end.wait(), Ok(ExitReason::SHUTDOWN));
    assert_eq!(told.iter().collect::<Vec<_>>(), (0..10_000).collect::<Vec<_>>());
}
