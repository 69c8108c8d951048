//! Questions to actors of other languages: a tag, a payload, and what the answer is.
//!
//! The callee's protocol has the last word: what does not fit is `BadMessage`, on either side.

use crate::{
    Answer, AskError, Context, ForeignRef, Payload, SharedBuffer,
    actor_ref::{ASK, timeout_ms},
    answer::{Sender, channel},
    door::{self, Errand},
    foreign::{Query, Said},
    letter::{Outcome, Parcel},
    place,
    worker::Worker,
};
use core::time::Duration;
use myrmidon_core::{
    exit_reason::{CrashError, ExitReason, Language, Unreachable},
    pid::Pid,
    record::reply,
};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};

/// A question of a protocol in TypeScript: the value is its payload, and a struct without fields is no payload.
///
/// ```
/// use myrmidon_actor::{ForeignRef, NoError, Question};
/// use serde::{Deserialize, Serialize};
///
/// // Rpc.make("Lookup", { payload: { word: Schema.String }, success: Schema.String, error: NotFound })
/// #[derive(Serialize)]
/// struct Lookup<'a> { word: &'a str }
/// #[derive(Deserialize)]
/// #[serde(tag = "_tag")]
/// enum Failed { NotFound { word: String } }
/// impl Question for Lookup<'_> {
///     const TAG: &'static str = "Lookup";
///     type Answer = String;
///     type Error = Failed;
/// }
///
/// // On a thread of one's own: in a handler, `Context::ask_foreign`, whose answer is a message.
/// fn meaning(dictionary: ForeignRef, word: &str) -> Option<String> {
///     dictionary.ask(&Lookup { word }).wait().ok()?.ok()
/// }
/// ```
pub trait Question: Serialize {
    /// Its tag in the protocol.
    const TAG: &'static str;
    /// `success` of the protocol; `()` where it says nothing.
    type Answer: DeserializeOwned + Send + 'static;
    /// `error` of the protocol; [`NoError`] where it says nothing.
    type Error: DeserializeOwned + Send + 'static;
    /// Whether the schema of its payload speaks of buffers, which go along with it ([`ForeignRef::ask_with`]).
    const SENDS_BUFFERS: bool = false;
    /// Whether `success` does.
    const GETS_BUFFERS: bool = false;
}

/// The error of a question that has none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum NoError {}

impl<'de> Deserialize<'de> for NoError {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("the question has no error of its own"))
    }
}

/// How a question ends: the answer, the protocol's own error, or why there is neither.
pub type Answered<Q> = Result<Result<<Q as Question>::Answer, <Q as Question>::Error>, AskError>;

/// An answer with its buffers: in it, each stands as its place among them.
pub type WithBuffers<Q> = (<Q as Question>::Answer, Vec<SharedBuffer>);

/// How a question with buffers ends.
pub type AnsweredWith<Q> = Result<Result<WithBuffers<Q>, <Q as Question>::Error>, AskError>;

impl ForeignRef {
    /// Asks, with five seconds for the answer (G216). The error of the protocol is inside of it.
    pub fn ask<Q: Question>(self, question: &Q) -> Answer<Result<Q::Answer, Q::Error>> {
        self.ask_within(Some(ASK), question)
    }

    /// Asks. `None`: without a limit.
    ///
    /// In a handler, use [`Context::ask_foreign`], whose answer is a message: a shard never waits.
    pub fn ask_within<Q: Question>(
        self,
        timeout: Option<Duration>,
        question: &Q,
    ) -> Answer<Result<Q::Answer, Q::Error>> {
        let (answer, receiver) = channel();
        self.place_query(written(question, Vec::new(), timeout), answer);
        Answer::reading(receiver, read::<Q>)
    }

    /// Asks with buffers: they are handed over without a copy, and each stands in the question as its place among them; those
    /// of the answer come with it in the same way (G241). Buffers of a question that does not leave are freed.
    ///
    /// ```
    /// use myrmidon_actor::{ForeignRef, NoError, Question, SharedBuffer};
    /// use serde::Serialize;
    ///
    /// // Rpc.make("Blur", { payload: { pixels: SharedBuffer.schema }, success: SharedBuffer.schema })
    /// #[derive(Serialize)]
    /// struct Blur { pixels: usize }
    /// impl Question for Blur {
    ///     const TAG: &'static str = "Blur";
    ///     type Answer = usize;
    ///     type Error = NoError;
    ///     const SENDS_BUFFERS: bool = true;
    ///     const GETS_BUFFERS: bool = true;
    /// }
    /// fn blurred(image: ForeignRef, pixels: SharedBuffer) -> Option<SharedBuffer> {
    ///     let (place, mut buffers) = image.ask_with(None, &Blur { pixels: 0 }, vec![pixels]).wait().ok()?.ok()?;
    ///     (place < buffers.len()).then(|| buffers.swap_remove(place))
    /// }
    /// ```
    pub fn ask_with<Q: Question>(
        self,
        timeout: Option<Duration>,
        question: &Q,
        buffers: Vec<SharedBuffer>,
    ) -> Answer<Result<WithBuffers<Q>, Q::Error>> {
        let (answer, receiver) = channel();
        self.place_query(written(question, buffers, timeout), answer);
        Answer::reading(receiver, read_with::<Q>)
    }

    fn place_query(self, query: Result<Query, AskError>, answer: Sender<Outcome>) {
        let query = match query {
            Ok(query) => query,
            Err(error) => return answer.send(Err(error)),
        };
        let to = self.pid();
        if place::is_shard() {
            place::here(|worker| worker.call_wire_outside(worker.running(), to, query, answer));
        } else if let Some(away) = place::away() {
            let me = away.me;
            away.urge(move |worker: &mut Worker| worker.call_wire_outside(me, to, query, answer));
        } else if let Some(door) = door::of_system(self.system).into_iter().next() {
            if door.has_room() {
                let ask = move |worker: &mut Worker| worker.call_wire_outside(Pid::NONE, to, query, answer);
                // Other threads may have taken the room meanwhile: a few more than the bound, and none is lost.
                door.urge(Errand::Run(Box::new(ask)));
            } else {
                answer.send(Err(AskError::NodeBusy));
            }
        }
    }
}

impl<M: Send + 'static> Context<M> {
    /// Asks an actor of another language, with five seconds for the answer, which comes as a message: what `then` makes of
    /// it (G216).
    pub fn ask_foreign<Q: Question>(
        &mut self,
        of: ForeignRef,
        question: &Q,
        then: impl FnOnce(Answered<Q>) -> M + Send + 'static,
    ) {
        self.ask_foreign_within(Some(ASK), of, question, then);
    }

    /// The same with another limit. `None`: without one.
    pub fn ask_foreign_within<Q: Question>(
        &mut self,
        timeout: Option<Duration>,
        of: ForeignRef,
        question: &Q,
        then: impl FnOnce(Answered<Q>) -> M + Send + 'static,
    ) {
        let then = move |outcome| Box::new(then(read::<Q>(outcome))) as Parcel;
        self.place_query(of, written(question, Vec::new(), timeout), Box::new(then));
    }

    /// The same with buffers, as [`ForeignRef::ask_with`] has it (G241).
    pub fn ask_foreign_with<Q: Question>(
        &mut self,
        timeout: Option<Duration>,
        of: ForeignRef,
        question: &Q,
        buffers: Vec<SharedBuffer>,
        then: impl FnOnce(AnsweredWith<Q>) -> M + Send + 'static,
    ) {
        let then = move |outcome| Box::new(then(read_with::<Q>(outcome))) as Parcel;
        self.place_query(of, written(question, buffers, timeout), Box::new(then));
    }

    fn place_query(&mut self, of: ForeignRef, query: Result<Query, AskError>, then: Then) {
        let (me, to) = (self.me().pid(), of.pid());
        self.on_shard(move |worker| match query {
            Ok(query) => {
                worker.call_wire_by(me, to, query, then);
            }
            Err(error) => worker.answer_at_once(me, to, then, error),
        });
    }
}

type Then = Box<dyn FnOnce(Outcome) -> Parcel + Send>;

/// A question as it travels.
pub(crate) fn written<Q: Question>(
    question: &Q,
    buffers: Vec<SharedBuffer>,
    timeout: Option<Duration>,
) -> Result<Query, AskError> {
    // msgpack of nothing, and what a struct without fields is written as: the protocol has no payload there.
    const NIL: [u8; 1] = [0xc0];
    const EMPTY: [u8; 1] = [0x90];
    let payload = Payload::of(question).map_err(|issue| AskError::BadMessage(issue.into()))?;
    let op = Worker::wire_op(Q::TAG).ok_or(AskError::NodeBusy)?;
    let is_nothing = match &payload {
        Payload::Bytes(bytes) => bytes[..] == NIL || size_of::<Q>() == 0 && bytes[..] == EMPTY,
        _ => false,
    };
    if !Q::SENDS_BUFFERS && !buffers.is_empty() {
        return Err(AskError::BadMessage("the question has no place for buffers".into()));
    }
    Ok(Query {
        op,
        payload: if is_nothing && !Q::SENDS_BUFFERS { Payload::Nothing } else { payload },
        buffers: Q::SENDS_BUFFERS.then_some(buffers),
        gets_buffers: Q::GETS_BUFFERS,
        timeout: timeout_ms(timeout),
    })
}

pub(crate) fn read<Q: Question>(outcome: Outcome) -> Answered<Q> {
    // Nobody gets the buffers of an answer that was asked for without them.
    read_with::<Q>(outcome).map(|answered| answered.map(|(answer, _)| answer))
}

fn read_with<Q: Question>(outcome: Outcome) -> AnsweredWith<Q> {
    let Said { status, payload, buffers } = *outcome?.downcast::<Said>().map_err(|_| AskError::NoReply)?;
    let bad = |what: &'static str| move |issue: String| AskError::BadMessage(format!("{what}: {issue}").into());
    match status {
        reply::SUCCESS => payload.read().map(|answer| Ok((answer, buffers))).map_err(bad("the answer")),
        reply::FAILURE => payload.read().map(Err).map_err(bad("the error")),
        _ => Err(payload.read::<Refusal>().map_or_else(bad("the refusal"), |refusal| refusal.reason.into())),
    }
}

/// `AskError` of the TypeScript package.
#[derive(Deserialize)]
struct Refusal {
    reason: Reason,
}

#[derive(Deserialize)]
#[serde(tag = "_tag")]
enum Reason {
    ActorExited { reason: Ended },
    AskTimeout {},
    MailboxFull {},
    NodeBusy {},
    BadMessage { issue: Box<str> },
}

/// `ExitReason` of the TypeScript package.
#[derive(Deserialize)]
#[serde(tag = "_tag")]
enum Ended {
    Normal {},
    Shutdown {
        detail: Option<Box<str>>,
    },
    Killed {},
    Crashed {
        error: Crash,
    },
    #[serde(rename_all = "camelCase")]
    NoProc {
        ever_existed: bool,
    },
    NodeUnreachable {
        node: Box<str>,
        because: Because,
    },
    NodeRestarted {
        node: Box<str>,
    },
    IsolateDown {
        isolate: u8,
    },
}

#[derive(Deserialize)]
struct Crash {
    name: Box<str>,
    message: Box<str>,
    stack: Option<Box<str>>,
    language: Spoken,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Spoken {
    TypeScript,
    Rust,
    Python,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Because {
    Closed,
    Silent,
}

impl From<Reason> for AskError {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::ActorExited { reason } => Self::ActorExited(reason.into()),
            Reason::AskTimeout {} => Self::AskTimeout,
            Reason::MailboxFull {} => Self::MailboxFull,
            Reason::NodeBusy {} => Self::NodeBusy,
            Reason::BadMessage { issue } => Self::BadMessage(issue),
        }
    }
}

impl From<Ended> for ExitReason {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Normal {} => Self::Normal,
            Ended::Shutdown { detail } => Self::Shutdown { detail },
            Ended::Killed {} => Self::Killed,
            Ended::Crashed { error: Crash { name, message, stack, language } } => {
                let language = match language {
                    Spoken::TypeScript => Language::TypeScript,
                    Spoken::Rust => Language::Rust,
                    Spoken::Python => Language::Python,
                };
                Self::Crashed(Box::new(CrashError { name, message, stack, language }))
            }
            Ended::NoProc { ever_existed } => Self::NoProc { ever_existed },
            Ended::NodeUnreachable { node, because } => {
                let because = match because {
                    Because::Closed => Unreachable::Closed,
                    Because::Silent => Unreachable::Silent,
                };
                Self::NodeUnreachable { node, because }
            }
            Ended::NodeRestarted { node } => Self::NodeRestarted { node },
            Ended::IsolateDown { isolate } => Self::IsolateDown { isolate },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Any;
    impl Question for Any {
        const TAG: &'static str = "T";
        type Answer = ();
        type Error = NoError;
    }

    fn bytes_of(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).expect("text"), 16).expect("two digits"))
            .collect()
    }

    fn crashed(stack: Option<&str>, language: Language) -> ExitReason {
        let stack = stack.map(Into::into);
        ExitReason::Crashed(Box::new(CrashError { name: "E".into(), message: "m".into(), stack, language }))
    }

    /// As `Codec.layerMsgpack` of the TypeScript package writes each `AskError` of a question `T`.
    #[test]
    fn g216_why_a_question_was_not_answered_is_read_as_typescript_writes_it() {
        const HEAD: &str = "83a45f746167a841736b4572726f72a3746167a154a6726561736f6e";
        const EXITED: &str = "83a45f746167ab4163746f72457869746564a370696401a6726561736f6e";
        let rows = [
            (EXITED, "81a45f746167a64e6f726d616c", AskError::ActorExited(ExitReason::Normal)),
            (EXITED, "81a45f746167a853687574646f776e", AskError::ActorExited(ExitReason::SHUTDOWN)),
            (
                EXITED,
                "82a45f746167a853687574646f776ea664657461696ca178",
                AskError::ActorExited(ExitReason::Shutdown { detail: Some("x".into()) }),
            ),
            (EXITED, "81a45f746167a64b696c6c6564", AskError::ActorExited(ExitReason::Killed)),
            (
                EXITED,
                "82a45f746167a743726173686564a56572726f7283a46e616d65a145a76d657373616765a16da86c616e6775616765aa74797065736372697074",
                AskError::ActorExited(crashed(None, Language::TypeScript)),
            ),
            (
                EXITED,
                "82a45f746167a743726173686564a56572726f7284a46e616d65a145a76d657373616765a16da5737461636ba173a86c616e6775616765a6707974686f6e",
                AskError::ActorExited(crashed(Some("s"), Language::Python)),
            ),
            (
                EXITED,
                "82a45f746167a64e6f50726f63ab6576657245786973746564c3",
                AskError::ActorExited(ExitReason::NoProc { ever_existed: true }),
            ),
            (
                EXITED,
                "83a45f746167af4e6f6465556e726561636861626c65a46e6f6465a16ea762656361757365a673696c656e74",
                AskError::ActorExited(ExitReason::NodeUnreachable { node: "n".into(), because: Unreachable::Silent }),
            ),
            (
                EXITED,
                "82a45f746167ad4e6f6465526573746172746564a46e6f6465a16e",
                AskError::ActorExited(ExitReason::NodeRestarted { node: "n".into() }),
            ),
            (
                EXITED,
                "82a45f746167ab49736f6c617465446f776ea769736f6c61746503",
                AskError::ActorExited(ExitReason::IsolateDown { isolate: 3 }),
            ),
            (
                "",
                "82a45f746167aa41736b54696d656f7574a5616674657282a45f746167a64d696c6c6973a576616c7565cd03e8",
                AskError::AskTimeout,
            ),
            ("", "83a45f746167ab4d61696c626f7846756c6ca370696401a8636170616369747901", AskError::MailboxFull),
            ("", "82a45f746167a84e6f646542757379a46e6f6465a16e", AskError::NodeBusy),
            ("", "83a45f746167aa4261644d657373616765a3746167a154a56973737565a169", AskError::BadMessage("i".into())),
        ];
        for (exited, rest, expected) in rows {
            let payload = Payload::Bytes(bytes_of(&[HEAD, exited, rest].concat()));
            let said = Said { status: reply::ASK_ERROR, payload, buffers: Vec::new() };
            assert_eq!(read::<Any>(Ok(Box::new(said))), Err(expected));
        }
    }

    #[test]
    fn g216_what_is_no_refusal_either_is_a_bad_message() {
        for payload in [Payload::Nothing, Payload::Number(1.0), Payload::Bytes(vec![0xc1])] {
            let said = Said { status: reply::ASK_ERROR, payload, buffers: Vec::new() };
            let error = read::<Any>(Ok(Box::new(said))).expect_err("no answer");
            assert!(matches!(&error, AskError::BadMessage(issue) if issue.starts_with("the refusal: ")), "{error}");
        }
    }
}
