//! Handlers that are lent to a pool (G171).

use crate::subject::*;
use myrmidon_actor::*;
use std::sync::mpsc;

/// Handlers of it run on the pool.
pub struct Blocking(pub Vec<Pid>);
impl Actor for Blocking {
    type Message = Message2;
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, message: Message2, context: &mut Context<Message2>) {
        match message {
            Message2::Thread(reply) => reply.send(std::thread::current().name().unwrap_or_default().to_owned()),
            Message2::Wait(gate) => while gate.recv().is_ok() {},
            Message2::Signal(signal) => drop(signal),
            Message2::Flood(to) => {
                for number in 0..500 {
                    to.tell(Message::Note(number)).expect("there is room");
                }
                let child = context.spawn(Subject::default()).expect("a child");
                child.tell(Message::Note(1)).expect("there is room");
                self.0.push(child.pid());
            }
            Message2::Panic => panic!("on the pool"),
            Message2::Count(reply) => reply.send(self.0.len()),
        }
    }
}
pub enum Message2 {
    Thread(ReplyTo<String>),
    Wait(mpsc::Receiver<()>),
    Signal(mpsc::Sender<()>),
    Flood(ActorRef<Message>),
    Count(ReplyTo<usize>),
    Panic,
}

#[test]
fn g171_a_lent_handler_runs_elsewhere_as_its_actor_and_in_order() {
    let runtime = runtime(1);
    let (listener, blocking) =
        (runtime.spawn(Subject::default()).expect("one"), runtime.spawn(Blocking(Vec::new())).expect("two"));
    let thread = blocking.ask(Message2::Thread).wait().expect("an answer");
    assert_eq!(thread, "myrmidon-lent");
    blocking.tell(Message2::Flood(listener)).expect("there is room");
    assert_eq!(blocking.ask(Message2::Count).wait(), Ok(1));
    assert_eq!(heard(listener), (0..500).map(|number: u32| number.to_string()).collect::<Vec<_>>());
    let end = blocking.ended();
    blocking.tell(Message2::Panic).expect("there is room");
    assert!(matches!(end.wait(), Ok(ExitReason::Crashed(error)) if &*error.message == "on the pool"));
}

#[test]
fn g171_a_blocked_handler_holds_up_its_actor_alone_and_a_kill_does_not_wait_for_it() {
    let runtime = runtime(1);
    let other = runtime.spawn(Subject::default()).expect("one");
    let blocking = runtime.spawn(Blocking(Vec::new())).expect("two");
    let (open, gate) = mpsc::channel();
    blocking.tell(Message2::Wait(gate)).expect("there is room");
    let behind = blocking.ask(Message2::Count);
    within(other, |_, _| ());
    let end = blocking.ended();
    blocking.kill();
    assert_eq!(end.wait(), Ok(ExitReason::Killed));
    assert_eq!(behind.wait(), Err(AskError::ActorExited(ExitReason::Killed)));
    drop(open);
}
