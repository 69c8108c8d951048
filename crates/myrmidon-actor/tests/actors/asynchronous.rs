//! Asynchronous handlers (G7, G171).

use crate::subject::*;
use myrmidon_actor::*;
use tokio::sync::oneshot;

struct Waiter(u32);
enum Ask {
    After(oneshot::Receiver<u32>, ReplyTo<u32>),
    Count(ReplyTo<u32>),
    Panic,
    Relay(ActorRef<Message>, ReplyTo<usize>),
}
impl AsyncActor for Waiter {
    type Message = Ask;
    async fn handle(&mut self, message: Ask, context: &mut Context<Ask>) {
        match message {
            Ask::After(gate, reply) => {
                self.0 += gate.await.unwrap_or(0);
                reply.send(self.0);
            }
            Ask::Count(reply) => reply.send(self.0),
            Ask::Panic => {
                tokio::task::yield_now().await;
                panic!("in a future of {}", context.me().pid())
            }
            Ask::Relay(to, reply) => {
                to.tell(Message::Note(1)).expect("there is room");
                let heard = to.ask(Message::Dump).await.expect("a dump");
                reply.send(heard.len());
            }
        }
    }
}

#[test]
fn g7_a_future_suspends_its_actor_alone() {
    let runtime = runtime(1);
    let waiter = runtime.spawn_async(&Spawn::new(), Waiter(1)).expect("a waiter");
    let other = runtime.spawn(Subject::default()).expect("another");
    let (open, gate) = oneshot::channel();
    let first = waiter.ask(|reply| Ask::After(gate, reply));
    let second = waiter.ask(Ask::Count);
    within(other, |_, _| ());
    open.send(41).expect("it waits");
    assert_eq!((first.wait(), second.wait()), (Ok(42), Ok(42)));
}

#[test]
fn a_future_asks_and_its_panic_is_its_actors_end() {
    let runtime = runtime(2);
    let other = runtime.spawn(Subject::default()).expect("another");
    let waiter = runtime.spawn_async(&Spawn::new(), Waiter(0)).expect("a waiter");
    assert_eq!(waiter.ask(|reply| Ask::Relay(other, reply)).wait(), Ok(1));
    let end = waiter.ended();
    waiter.tell(Ask::Panic).expect("there is room");
    assert!(matches!(end.wait(), Ok(ExitReason::Crashed(error)) if error.message.contains("in a future")));
}

#[test]
fn g171_a_kill_drops_the_future() {
    let runtime = runtime(1);
    let waiter = runtime.spawn_async(&Spawn::new(), Waiter(0)).expect("a waiter");
    let (mut open, gate) = oneshot::channel();
    let answer = waiter.ask(|reply| Ask::After(gate, reply));
    // It is handled once its message is out of the mailbox.
    while runtime.info(waiter).is_some_and(|info| info.mailbox > 0) {}
    waiter.kill();
    assert_eq!(answer.wait(), Err(AskError::ActorExited(ExitReason::Killed)));
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(open.closed());
}

#[tokio::test]
async fn an_answer_is_awaited_from_any_future() {
    let runtime = runtime(1);
    let actor = runtime.spawn(Subject::default()).expect("an actor");
    actor.tell(Message::Note(1)).expect("there is room");
    assert_eq!(actor.ask(Message::Dump).await, Ok(vec!["1".to_owned()]));
    tokio::task::spawn_blocking(move || drop(runtime)).await.expect("it ends");
}

enum Mirror {
    Look(ReplyTo<Result<(), AskError>>),
    Answer(ReplyTo<()>),
}
struct Narcissus;
impl AsyncActor for Narcissus {
    type Message = Mirror;
    async fn handle(&mut self, message: Mirror, context: &mut Context<Mirror>) {
        match message {
            Mirror::Look(reply) => reply.send(context.me().ask(Mirror::Answer).await),
            Mirror::Answer(reply) => reply.send(()),
        }
    }
}

#[test]
fn g22_an_asynchronous_actor_that_asks_itself_is_refused_at_once() {
    let runtime = runtime(1);
    let narcissus = runtime.spawn_async(&Spawn::new(), Narcissus).expect("room");
    assert_eq!(narcissus.ask(Mirror::Look).wait(), Ok(Err(AskError::SelfAsk)));
}
