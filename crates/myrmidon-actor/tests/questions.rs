//! Questions of Rust actors to actors of other languages (G216). The callee is a Rust actor that is asked as one of another
//! language would be, on the asker's shard and on another one; with an isolate of TypeScript: `examples/native-addon`.

use myrmidon_actor::{
    Actor, Answered, AskError, AsyncActor, Context, ExitReason, ForeignRef, Lend, NoError, Payload, Pid, Question,
    ReplyTo, Runtime, Spawn, Wire,
};
use serde::{Deserialize, Serialize};
use std::{
    sync::mpsc::{Sender, channel},
    time::Duration,
};

#[derive(Serialize, Deserialize)]
struct Lookup {
    word: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "_tag")]
enum Failed {
    NotFound { word: String },
}

impl Question for Lookup {
    const TAG: &'static str = "Lookup";
    type Answer = String;
    type Error = Failed;
}

/// Of another type than the callee answers with.
#[derive(Serialize)]
struct LookupNumber {
    word: &'static str,
}

impl Question for LookupNumber {
    const TAG: &'static str = "Lookup";
    type Answer = u32;
    type Error = NoError;
}

macro_rules! questions {
    ($($name:ident: $answer:ty),*) => {$(
        #[derive(Serialize)]
        struct $name;
        impl Question for $name {
            const TAG: &'static str = stringify!($name);
            type Answer = $answer;
            type Error = NoError;
        }
    )*};
}
questions!(Size: usize, Keep: (), Drop: (), Crash: (), Leave: (), Unknown: ());

enum Message {
    Lookup(Lookup, ReplyTo<Result<String, Failed>>),
    Size(ReplyTo<usize>),
    Keep(ReplyTo<()>),
    Drop(ReplyTo<()>),
    Crash(ReplyTo<()>),
    Leave(ReplyTo<()>),
}

/// Knows one word, and keeps what it is told to.
#[derive(Default)]
struct Dictionary(Vec<ReplyTo<()>>);

impl Actor for Dictionary {
    type Message = Message;
    const PROTOCOL: &'static str = "Dictionary";
    const FINGERPRINT: &'static str = "0123456789abcdef";
    fn from_wire(mut wire: Wire) -> Option<Message> {
        match wire.tag() {
            "Lookup" => Some(Message::Lookup(wire.read()?, wire.answers_or()?)),
            // Of a question without a payload nothing is sent.
            "Size" if *wire.payload() == Payload::Nothing => Some(Message::Size(wire.answers()?)),
            "Keep" => Some(Message::Keep(wire.answers()?)),
            "Drop" => Some(Message::Drop(wire.answers()?)),
            "Crash" => Some(Message::Crash(wire.answers()?)),
            "Leave" => Some(Message::Leave(wire.answers()?)),
            _ => None,
        }
    }
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Lookup(Lookup { word }, reply) if word == "ant" => reply.send(Ok("it carries".to_owned())),
            Message::Lookup(Lookup { word }, reply) => reply.send(Err(Failed::NotFound { word })),
            Message::Size(reply) => reply.send(1),
            Message::Keep(reply) => self.0.push(reply),
            Message::Drop(reply) => drop(reply),
            Message::Crash(unanswered) => panic!("the page is torn, {unanswered:?} in hand"),
            Message::Leave(reply) => {
                self.0.push(reply);
                context.stop_with(ExitReason::Shutdown { detail: Some("closing time".into()) });
            }
        }
    }
}

fn lookup(word: &str) -> Lookup {
    Lookup { word: word.to_owned() }
}

fn dictionary(runtime: &Runtime) -> ForeignRef {
    runtime.spawn_with(&Spawn::new().named("dictionary"), Dictionary::default()).expect("the name is free");
    runtime.foreign("dictionary").expect("it has the name")
}

#[test]
fn g216_a_thread_asks_and_gets_the_answer_the_protocols_error_or_why_there_is_none() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let dictionary = dictionary(&runtime);
    assert_eq!(dictionary.ask(&lookup("ant")).wait(), Ok(Ok("it carries".to_owned())));
    let missing = Failed::NotFound { word: "bee".to_owned() };
    assert_eq!(dictionary.ask(&lookup("bee")).wait(), Ok(Err(missing)));
    assert_eq!(dictionary.ask(&Size).wait(), Ok(Ok(1)));
    // What does not fit, on either side.
    let bad = |answered: Result<(), AskError>, words: &str| match answered {
        Err(AskError::BadMessage(issue)) => assert!(issue.contains(words), "{issue}"),
        other => panic!("{other:?}"),
    };
    bad(dictionary.ask(&Unknown).wait().map(drop), "does not know");
    bad(dictionary.ask(&LookupNumber { word: "ant" }).wait().map(drop), "the answer: ");
    bad(dictionary.ask(&LookupNumber { word: "bee" }).wait().map(drop), "no error of its own");
    bad(dictionary.ask(&Drop).wait().map(drop), "dropped");
    // Time, and its end.
    assert_eq!(dictionary.ask_within(Some(Duration::from_millis(1)), &Keep).wait(), Err(AskError::AskTimeout));
    let kept = dictionary.ask_within(None, &Keep);
    match dictionary.ask(&Crash).wait() {
        Err(AskError::ActorExited(ExitReason::Crashed(error))) => {
            assert_eq!(&*error.message, "the page is torn, ReplyTo in hand");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(kept.wait(), Err(AskError::ActorExited(ExitReason::Crashed(_)))));
    assert!(matches!(
        dictionary.ask(&Size).wait(),
        Err(AskError::ActorExited(ExitReason::NoProc { ever_existed: true }))
    ));
    assert!(runtime.foreign("dictionary").is_none());
}

#[test]
fn g216_an_end_in_order_is_the_answer_with_its_words() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let ended = dictionary(&runtime).ask(&Leave).wait();
    let reason = ExitReason::Shutdown { detail: Some("closing time".into()) };
    assert_eq!(ended, Err(AskError::ActorExited(reason)));
}

enum Ask {
    Word(&'static str),
    Itself,
    Heard(Answered<Lookup>),
}

/// Asks from its handler; the answer is a message. With itself it only proves that it cannot.
struct Reader<const LENT: bool>(ForeignRef, Sender<(Pid, Answered<Lookup>)>);

impl<const LENT: bool> Actor for Reader<LENT> {
    type Message = Ask;
    const LEND: Lend = if LENT { Lend::Always } else { Lend::Never };
    fn handle(&mut self, message: Ask, context: &mut Context<Ask>) {
        match message {
            Ask::Word(word) => context.ask_foreign(self.0, &lookup(word), Ask::Heard),
            Ask::Itself => {
                let itself = context.foreign_at(context.me().pid()).expect("it is of a system");
                context.ask_foreign(itself, &lookup("ant"), Ask::Heard);
            }
            Ask::Heard(answered) => self.1.send((context.me().pid(), answered)).expect("the test listens"),
        }
    }
}

#[test]
fn g216_an_actor_asks_and_the_answer_is_a_message_wherever_both_run() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let dictionary = dictionary(&runtime);
    let (sender, heard) = channel();
    let mut shards = Vec::new();
    // One beside it, one on the other shard: the least loaded one is taken.
    for _ in 0..2 {
        let here = runtime.spawn(Reader::<false>(dictionary, sender.clone())).expect("room");
        let lent = runtime.spawn(Reader::<true>(dictionary, sender.clone())).expect("room");
        for reader in [here, lent] {
            shards.push(reader.pid().shard());
            for (word, expected) in [
                ("ant", Ok(Ok("it carries".to_owned()))),
                ("bee", Ok(Err(Failed::NotFound { word: "bee".to_owned() }))),
            ] {
                reader.tell(Ask::Word(word)).expect("room");
                assert_eq!(heard.recv().expect("it answers"), (reader.pid(), expected));
            }
            reader.tell(Ask::Itself).expect("room");
            assert_eq!(heard.recv().expect("it answers"), (reader.pid(), Err(AskError::SelfAsk)));
        }
    }
    assert!(shards.iter().any(|shard| *shard == dictionary.pid().shard()));
    assert!(shards.iter().any(|shard| *shard != dictionary.pid().shard()));
}

/// Waits for the answer in its handler.
struct Waiting(ForeignRef);

impl AsyncActor for Waiting {
    type Message = ReplyTo<usize>;
    async fn handle(&mut self, reply: ReplyTo<usize>, _: &mut Context<ReplyTo<usize>>) {
        if let Ok(Ok(size)) = self.0.ask(&Size).await {
            reply.send(size);
        }
    }
}

#[test]
fn g216_an_asynchronous_handler_waits_for_the_answer() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let dictionary = dictionary(&runtime);
    for _ in 0..2 {
        let waiting = runtime.spawn_async(&Spawn::new(), Waiting(dictionary)).expect("room");
        assert_eq!(waiting.ask(|reply| reply).wait(), Ok(1));
    }
}

#[test]
fn g216_many_questions_at_once_get_their_own_answers() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let dictionary = dictionary(&runtime);
    let words: Vec<String> = (0..2000).map(|at| format!("word {at}")).collect();
    let answers: Vec<_> = words.iter().map(|word| dictionary.ask(&lookup(word))).collect();
    for (word, answer) in words.into_iter().zip(answers) {
        assert_eq!(answer.wait(), Ok(Err(Failed::NotFound { word })));
    }
}

#[test]
fn g215_an_actor_says_which_shape_it_was_written_for() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let dictionary = dictionary(&runtime);
    let found = myrmidon_actor::describe(dictionary.pid(), Duration::from_secs(60)).expect("it answers");
    let found = found.expect("it lives");
    assert_eq!((found.protocol, found.fingerprint), ("Dictionary", "0123456789abcdef"));
}
