//! Full mailboxes (G13, G16).

use crate::subject::*;
use myrmidon_actor::*;
use std::{sync::mpsc, time::Duration};

#[test]
fn g13_a_full_mailbox_refuses_and_gives_the_message_back() {
    let runtime = runtime(1);
    let options = |overflow| Spawn::new().mailbox(Mailbox::bounded(2, overflow));
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    let outcome = within(actor, move |_, context| {
        let full = context.spawn_with(&options(Overflow::Reject), Subject::default()).expect("a child");
        let told: Vec<_> = (0..3).map(|n| full.tell(Message::Note(n)).map_err(|error| error.reason)).collect();
        let newest = context.spawn_with(&options(Overflow::DropNewest), Subject::default()).expect("a child");
        let oldest = context.spawn_with(&options(Overflow::DropOldest), Subject::default()).expect("a child");
        for n in 0..4 {
            newest.tell(Message::Note(n)).expect("it drops");
            oldest.tell(Message::Note(n)).expect("it drops");
        }
        (told, newest, oldest)
    });
    let (told, newest, oldest) = outcome;
    assert_eq!(told, [Ok(()), Ok(()), Err(SendError::MailboxFull)]);
    // A question would be dropped like any message.
    while [newest, oldest].iter().any(|actor| runtime.info(*actor).is_none_or(|info| info.mailbox > 0)) {}
    assert_eq!(heard(newest), ["0", "1"]);
    assert_eq!(heard(oldest), ["2", "3"]);
}

struct Producer(ActorRef<u32>, u32);
impl Actor for Producer {
    type Message = ();
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        for _ in 0..3 {
            if self.1 < 1000 && self.0.tell(self.1).is_ok() {
                self.1 += 1;
            }
        }
        if self.1 < 1000 {
            context.me().tell(()).expect("there is room for itself");
        }
    }
}

#[test]
fn g16_a_sender_is_held_while_the_mailbox_is_full() {
    let runtime = runtime(1);
    let (log, told) = mpsc::channel();
    let options = Spawn::new().mailbox(Mailbox::bounded(4, Overflow::Suspend(Duration::from_secs(60))));
    let consume = |log: &mut Log<u32>, n: u32, context: &mut Context<u32>| {
        log.send(n).expect("the test listens");
        if n == 999 {
            context.stop();
        }
    };
    let consumer = runtime.spawn_with(&options, behavior(log, consume)).expect("a consumer");
    let end = consumer.ended();
    runtime.spawn(Producer(consumer, 0)).expect("a producer").tell(()).expect("there is room");
    assert_eq!(end.wait(), Ok(ExitReason::Normal));
    assert_eq!(told.iter().collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
}

#[test]
fn g260_a_sender_is_held_before_its_next_message_also_in_the_middle_of_a_slice() {
    let runtime = runtime(1);
    let (log, told) = mpsc::channel();
    let options = Spawn::new().mailbox(Mailbox::bounded(4, Overflow::Suspend(Duration::from_secs(60))));
    let consume = |log: &mut Log<Result<u32, u32>>, n: u32, _: &mut Context<u32>| {
        log.send(Ok(n)).expect("the test listens");
    };
    let consumer = runtime.spawn_with(&options, behavior(log.clone(), consume)).expect("a consumer");
    let forward = move |log: &mut Log<Result<u32, u32>>, n: u32, _: &mut Context<u32>| {
        if consumer.tell(n).is_err() {
            log.send(Err(n)).expect("the test listens");
        }
    };
    let stage = runtime.spawn(behavior(log, forward)).expect("a stage");
    // All in one go, so that they are many to a slice.
    let source = runtime.spawn(Subject::default()).expect("a source");
    run(source, move |_, _| (0..1000).for_each(|n| stage.tell(n).expect("there is room")));
    assert_eq!(told.iter().take(1000).collect::<Vec<_>>(), (0..1000).map(Ok).collect::<Vec<_>>());
}

/// Tells from a thread of the pool, where no refusal reaches it.
struct Burst(ActorRef<Message>, mpsc::Sender<()>);
impl Actor for Burst {
    type Message = ();
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, (): (), _: &mut Context<()>) {
        for n in 0..100 {
            self.0.tell(Message::Note(n)).expect("the way has room");
        }
        self.1.send(()).expect("the test listens");
    }
}

#[test]
fn g16_what_a_lent_handler_tells_is_taken_up_to_twice_the_bound() {
    let runtime = runtime(1);
    let options = Spawn::new().mailbox(Mailbox::bounded(64, Overflow::Suspend(Duration::from_secs(60))));
    let consumer = runtime.spawn_with(&options, Subject::default()).expect("a consumer");
    consumer.suspend();
    let (log, told) = mpsc::channel();
    runtime.spawn(Burst(consumer, log)).expect("a producer").tell(()).expect("there is room");
    told.recv().expect("it tells");
    consumer.resume();
    // A question would find it full.
    while runtime.info(consumer).is_none_or(|info| info.mailbox > 0) {}
    assert_eq!(heard(consumer), (0..100).map(|n: u32| n.to_string()).collect::<Vec<_>>());
}
