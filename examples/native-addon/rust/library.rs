//! Words and how often they were seen: a typed protocol, a domain error, a crash, a word to a TypeScript actor, and a
//! question to another one.

use myrmidon_node::myrmidon_actor::{Actor, Answered, Context, NoError, Payload, Pid, Question, ReplyTo, Signal, Wire};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Deserialize)]
pub struct Text {
    text: String,
}

#[derive(Deserialize)]
pub struct Word {
    word: String,
}

/// The error of `Count` in TypeScript: `Schema.TaggedError` with the same tag and fields.
#[derive(Serialize)]
#[serde(tag = "_tag")]
pub enum Unknown {
    UnknownWord { word: String },
}

/// The error of `Define`.
#[derive(Serialize)]
#[serde(tag = "_tag")]
pub enum Failed {
    UnknownWord { word: String },
    NoDictionary { why: String },
}

/// What a dictionary is asked, an actor of TypeScript: the payload of `Lookup`, and what comes back.
#[derive(Serialize)]
pub struct Lookup {
    word: String,
}

impl Question for Lookup {
    const TAG: &'static str = "Lookup";
    type Answer = Option<String>;
    type Error = NoError;
}

/// What is told to whoever subscribed, an actor of TypeScript.
#[derive(Serialize)]
struct Learned<'a> {
    word: &'a str,
    times: u32,
}

pub enum Message {
    Read(Text),
    Count(Word, ReplyTo<Result<u32, Unknown>>),
    Subscribe(Pid),
    Define(Word, ReplyTo<Result<String, Failed>>),
    /// What the dictionary said, for whoever waits for it.
    Defined(String, Answered<Lookup>, ReplyTo<Result<String, Failed>>),
    Fail(Text),
}

/// The state.
#[derive(Default)]
pub struct Library {
    words: HashMap<String, u32>,
    subscriber: Option<Pid>,
}

impl Actor for Library {
    type Message = Message;
    const PROTOCOL: &'static str = "Library";
    // Actor.fingerprint(Library): a program with another half of the protocol is told so when it looks for the library.
    const FINGERPRINT: &'static str = "fee77ba4d5641b95";

    fn from_wire(mut wire: Wire) -> Option<Message> {
        match wire.tag() {
            "Read" => Some(Message::Read(wire.read()?)),
            "Count" => Some(Message::Count(wire.read()?, wire.answers_or()?)),
            "Subscribe" => Some(Message::Subscribe(Pid::from_u64(wire.read()?)?)),
            "Define" => Some(Message::Define(wire.read()?, wire.answers_or()?)),
            "Fail" => Some(Message::Fail(wire.read()?)),
            _ => None,
        }
    }

    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Read(Text { text }) => {
                for word in text.split_whitespace() {
                    self.learn(word, context);
                }
            }
            Message::Count(Word { word }, reply) => match self.words.get(&word) {
                Some(times) => reply.send(Ok(*times)),
                None => reply.send(Err(Unknown::UnknownWord { word })),
            },
            Message::Subscribe(pid) => {
                context.monitor(pid);
                self.subscriber = Some(pid);
            }
            Message::Define(Word { word }, reply) => {
                let Some(dictionary) = context.foreign("dictionary") else {
                    return reply.send(Err(Failed::NoDictionary { why: "nobody has the name".to_owned() }));
                };
                let lookup = Lookup { word: word.clone() };
                // The answer is a message; the library goes on meanwhile.
                context.ask_foreign(dictionary, &lookup, move |answered| Message::Defined(word, answered, reply));
            }
            Message::Defined(_, Ok(Ok(Some(meaning))), reply) => reply.send(Ok(meaning)),
            Message::Defined(word, Ok(Ok(None)), reply) => reply.send(Err(Failed::UnknownWord { word })),
            Message::Defined(_, Ok(Err(never)), _) => match never {},
            Message::Defined(_, Err(error), reply) => {
                reply.send(Err(Failed::NoDictionary { why: error.to_string() }));
            }
            Message::Fail(Text { text }) => panic!("{text}"),
        }
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<Message>) {
        if let Signal::Down { pid, .. } = signal
            && self.subscriber == Some(pid)
        {
            self.subscriber = None;
        }
    }
}

impl Library {
    fn learn(&mut self, word: &str, context: &mut Context<Message>) {
        let times = self.words.entry(word.to_owned()).or_default();
        *times += 1;
        let subscriber = self.subscriber.and_then(|pid| context.foreign_at(pid));
        if let (Some(subscriber), Ok(learned)) = (subscriber, Payload::of(&Learned { word, times: *times })) {
            // One that is not taken is lost on purpose: the next one says how often it was.
            drop(subscriber.tell("Learned", learned));
        }
    }
}
