//! An actor that does whatever the test wants, and what a test asks of it.

use myrmidon_actor::*;
use std::sync::mpsc;

pub type Log<T> = mpsc::Sender<T>;

pub fn runtime(shards: usize) -> Runtime {
    Runtime::builder().shards(shards).max_actors(200_000).start().expect("a runtime starts")
}

/// A message that does whatever the test wants.
pub type Run = Box<dyn FnOnce(&mut Subject, &mut Context<Message>) + Send>;

pub enum Message {
    Do(Run),
    Note(u32),
    Dump(ReplyTo<Vec<String>>),
}

/// An actor that notes what it hears.
#[derive(Default)]
pub struct Subject {
    pub heard: Vec<String>,
    pub watching: Vec<MonitorRef>,
}

impl Actor for Subject {
    type Message = Message;
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Do(run) => run(self, context),
            Message::Note(number) => self.heard.push(number.to_string()),
            Message::Dump(reply) => reply.send(self.heard.clone()),
        }
    }
    fn signal(&mut self, signal: Signal, _: &mut Context<Message>) {
        self.heard.push(match signal {
            Signal::Down { reason, .. } => format!("down {reason}"),
            Signal::Exit { reason, .. } => format!("exit {reason}"),
            _ => "another signal".to_owned(),
        });
    }
}

pub fn run(actor: ActorRef<Message>, run: impl FnOnce(&mut Subject, &mut Context<Message>) + Send + 'static) {
    actor.tell(Message::Do(Box::new(run))).expect("there is room");
}

/// Runs something in an actor, and waits for what it says.
pub fn within<T: Send + 'static>(
    actor: ActorRef<Message>,
    ask: impl FnOnce(&mut Subject, &mut Context<Message>) -> T + Send + 'static,
) -> T {
    let answer = actor.ask(|reply: ReplyTo<T>| {
        Message::Do(Box::new(move |subject, context| {
            let answer = ask(subject, context);
            reply.send(answer);
        }))
    });
    answer.wait().expect("an answer")
}

pub fn heard(actor: ActorRef<Message>) -> Vec<String> {
    actor.ask(Message::Dump).wait().expect("a dump")
}

/// Returns once all that `from` has asked of `to` so far has arrived: a link and a watch take the way of its messages,
/// which is not the way of a message from here.
pub fn arrived(from: ActorRef<Message>, to: ActorRef<Message>) {
    let (done, told) = mpsc::channel();
    run(from, move |_, _| run(to, move |_, _| done.send(()).expect("the test listens")));
    told.recv().expect("it has arrived");
}

/// Two actors: on one shard, and on two.
pub fn pairs() -> Vec<(Runtime, ActorRef<Message>, ActorRef<Message>)> {
    [1, 2]
        .map(|shards| {
            let runtime = runtime(shards);
            // By key: which shard is the least loaded is not for a test to know.
            let first = runtime.spawn_with(&Spawn::new().on(Placement::Key(0)), Subject::default()).expect("a first");
            let second = runtime.spawn_with(&Spawn::new().on(Placement::Key(1)), Subject::default()).expect("a second");
            assert_eq!(first.pid().shard() == second.pid().shard(), shards == 1);
            (runtime, first, second)
        })
        .into()
}
