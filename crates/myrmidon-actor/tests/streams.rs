//! Streams of Rust actors, as the isolate of a reader sees them (G239): the agent that takes items is an actor of the test's,
//! the question is an isolate's. With an isolate of TypeScript: `examples/native-addon`.

mod isolate;

use isolate::Isolate;
use myrmidon_actor::{
    Actor, AsyncActor, Context, Payload, ReplyTo, Runtime, Spawn, StreamError, StreamTo, Wire, reader_gone,
};
use myrmidon_core::{
    payload::Payload as Carried,
    record::{Record, call_end, completion, reply, word},
};
use serde::{Deserialize, Serialize};
use std::sync::mpsc;

#[derive(Serialize)]
#[serde(tag = "_tag")]
enum Failed {
    TooMuch { limit: u32 },
}

enum Message {
    /// Of `produced` items, as far as there is room.
    Count(u32, u32, StreamTo<u32, Failed>),
    /// Keeps it.
    Keep(StreamTo<u32, Failed>),
    Gone,
    Answer(ReplyTo<u32>),
    Boom,
}

/// Says what it does.
#[derive(Clone, Debug, PartialEq)]
enum Did {
    Sent(u32),
    Full,
    Closed,
    Gone,
}

struct Counter {
    said: mpsc::Sender<Did>,
    kept: Vec<StreamTo<u32, Failed>>,
}

#[derive(Deserialize)]
struct Count {
    to: u32,
}

fn read(mut wire: Wire) -> Option<Message> {
    match wire.tag() {
        "Count" => {
            let Count { to } = wire.read()?;
            Some(Message::Count(1, to, wire.streams()?))
        }
        "Keep" => Some(Message::Keep(wire.streams()?)),
        "Answer" => Some(Message::Answer(wire.answers()?)),
        "Boom" => Some(Message::Boom),
        _ => None,
    }
}

impl Actor for Counter {
    type Message = Message;
    fn from_wire(wire: Wire) -> Option<Message> {
        read(wire)
    }
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Count(mut next, to, mut stream) => {
                while next <= to {
                    match stream.try_send(&next) {
                        Ok(()) => {
                            self.said.send(Did::Sent(next)).expect("the test listens");
                            next += 1;
                        }
                        Err(StreamError::Full) => {
                            self.said.send(Did::Full).expect("the test listens");
                            return context.when_room(stream, move |stream| Message::Count(next, to, stream));
                        }
                        Err(_) => return self.said.send(Did::Closed).expect("the test listens"),
                    }
                }
                if to > 100 { stream.fail(&Failed::TooMuch { limit: 100 }) } else { stream.end() }
            }
            Message::Keep(stream) => {
                context.when_closed(&stream, Message::Gone);
                self.kept.push(stream);
            }
            Message::Gone => {
                assert!(self.kept.iter().all(StreamTo::is_closed));
                self.said.send(Did::Gone).expect("the test listens");
            }
            Message::Answer(reply) => reply.send(1),
            Message::Boom => panic!("boom"),
        }
    }
}

/// Items that have come, the reader's number, and the right to say that they are taken.
type Items = (Vec<u32>, f64, ReplyTo<bool>);

/// Stands for the agent of the reader's isolate.
struct Agent(mpsc::Sender<Items>);
impl Actor for Agent {
    type Message = Items;
    fn from_wire(mut wire: Wire) -> Option<Items> {
        let Payload::Bytes(bytes) = wire.payload() else { return None };
        assert_eq!(wire.tag(), "myrmidon/Items");
        let message = rmpv::decode::read_value(&mut bytes.as_slice()).expect("it is msgpack");
        let field = |name: &str| message.as_map()?.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, of)| of);
        let stream = field("stream")?.as_f64()?;
        let items = field("chunks")?.as_array()?.iter().flat_map(|chunk| {
            let items = rmpv::decode::read_value(&mut chunk.as_slice().expect("bytes")).expect("it is msgpack");
            items
                .as_array()
                .expect("an array")
                .iter()
                .map(|item| item.as_u64().expect("a number") as u32)
                .collect::<Vec<_>>()
        });
        Some((items.collect(), stream, wire.answers()?))
    }
    fn handle(&mut self, items: Items, _: &mut Context<Items>) {
        // Whoever does not listen any more has gone.
        let _ = self.0.send(items);
    }
}

/// The reader's isolate, as the question names it.
const ISOLATE: u32 = 77;

struct World {
    isolate: Isolate,
    items: mpsc::Receiver<Items>,
    did: mpsc::Receiver<Did>,
    counter: myrmidon_actor::ActorRef<Message>,
    runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::builder().shards(2).start().expect("a runtime");
        let (came, items) = mpsc::channel();
        let name = format!("myrmidon/agent/{ISOLATE}");
        runtime.spawn_with(&Spawn::new().named(&name), Agent(came)).expect("the name is free");
        let (said, did) = mpsc::channel();
        let counter = Counter { said, kept: Vec::new() };
        let counter = runtime.spawn_with(&Spawn::new().named("counter"), counter).expect("the name is free");
        let isolate = Isolate::join(runtime.system());
        Self { isolate, items, did, counter, runtime }
    }

    /// Asks for a stream, as `isolate/streams.ts` does.
    fn ask(&mut self, to: myrmidon_actor::Pid, tag: &str, payload: &Payload, number: u32, buffers: u32) {
        let mut bytes = vec![0xc1];
        bytes.extend_from_slice(&ISOLATE.to_le_bytes());
        bytes.extend_from_slice(&f64::from(number).to_le_bytes());
        bytes.extend_from_slice(&buffers.to_le_bytes());
        if let Payload::Bytes(payload) = payload {
            bytes.extend_from_slice(payload);
        }
        self.isolate.send(to, tag, Carried::bytes(bytes), number);
    }

    fn count(&mut self, to: u32, number: u32, buffers: u32) {
        let payload = Payload::of(&std::collections::BTreeMap::from([("to", to)])).expect("it has a form");
        self.ask(self.counter.pid(), "Count", &payload, number, buffers);
    }

    fn end(&mut self) -> (Record, Option<Vec<u8>>) {
        self.isolate.end_of_call()
    }
}

#[test]
fn g239_items_come_in_order_and_then_the_end_behind_them() {
    let mut world = World::new();
    for (number, to, buffers) in [(1, 0, 16), (2, 1, 16), (3, 17, 16), (4, 100, 1), (5, 100, 0), (6, 100, 4096)] {
        world.count(to, number, buffers);
        let mut all = Vec::new();
        while all.len() < to as usize {
            let (items, of, taken) = world.items.recv().expect("items come");
            assert_eq!(of.to_bits(), f64::from(number).to_bits());
            assert!(items.len() <= buffers.max(1) as usize);
            all.extend(items);
            taken.send(true);
        }
        assert_eq!(all, (1..=to).collect::<Vec<_>>());
        let (record, _) = world.end();
        assert_eq!((record[word::A], record[word::B]), (number, reply::SUCCESS));
    }
}

#[test]
fn g239_whoever_produces_waits_for_the_reader() {
    let mut world = World::new();
    world.count(10, 1, 4);
    let sent = |n| Did::Sent(n);
    let heard = |world: &World, n: usize| (0..n).map(|_| world.did.recv().expect("it goes on")).collect::<Vec<_>>();
    assert_eq!(heard(&world, 5), [sent(1), sent(2), sent(3), sent(4), Did::Full]);
    let (first, _, taken) = world.items.recv().expect("items come");
    // Nothing more comes, and the actor does other things meanwhile.
    assert_eq!(world.counter.ask(Message::Answer).wait(), Ok(1));
    assert!(world.items.try_recv().is_err() && world.did.try_recv().is_err());
    taken.send(true);
    let mut more = heard(&world, first.len() + 1);
    assert_eq!(more.pop(), Some(Did::Full));
    assert_eq!(more, (5..5 + first.len() as u32).map(sent).collect::<Vec<_>>());
}

#[test]
fn g239_a_failure_is_the_protocols_own_behind_the_items() {
    let mut world = World::new();
    world.count(101, 1, 4096);
    let mut seen = 0;
    while seen < 101 {
        let (items, _, taken) = world.items.recv().expect("items come");
        seen += items.len();
        taken.send(true);
    }
    let (record, bytes) = world.end();
    assert_eq!(record[word::B], reply::FAILURE);
    let error = Payload::Bytes(bytes.expect("it says why")).read::<serde_json::Value>().expect("it is msgpack");
    assert_eq!(error, serde_json::json!({ "_tag": "TooMuch", "limit": 100 }));
}

#[test]
fn g239_a_reader_that_is_gone_ends_the_producer() {
    let mut world = World::new();
    world.count(100, 1, 1);
    let (_, _, taken) = world.items.recv().expect("items come");
    taken.send(false);
    assert_eq!(
        [world.did.recv(), world.did.recv(), world.did.recv()],
        [Ok(Did::Sent(1)), Ok(Did::Full), Ok(Did::Closed)]
    );
    // One that has nothing to say hears of it, too; also when it was not asked yet.
    let pid = world.counter.pid();
    world.ask(pid, "Keep", &Payload::Nothing, 2, 1);
    assert_eq!(world.counter.ask(Message::Answer).wait(), Ok(1));
    reader_gone(pid.shard(), ISOLATE, 2.0);
    assert_eq!(world.did.recv(), Ok(Did::Gone));
    reader_gone(pid.shard(), ISOLATE, 3.0);
    assert_eq!(world.counter.ask(Message::Answer).wait(), Ok(1));
    world.ask(pid, "Keep", &Payload::Nothing, 3, 1);
    assert_eq!(world.did.recv(), Ok(Did::Gone));
    // A reader whose isolate has no agent is gone.
    let mut bytes = vec![0xc1];
    bytes.extend_from_slice(&78_u32.to_le_bytes());
    bytes.extend_from_slice(&[0; 12]);
    bytes.extend_from_slice(&[0x81, 0xa2, b't', b'o', 9]);
    world.isolate.send(pid, "Count", Carried::bytes(bytes), 9);
    assert_eq!(
        [world.did.recv(), world.did.recv(), world.did.recv()],
        [Ok(Did::Sent(1)), Ok(Did::Full), Ok(Did::Closed)]
    );
}

#[test]
fn g239_the_end_of_the_actor_is_the_end_of_the_stream() {
    let mut world = World::new();
    let pid = world.counter.pid();
    world.ask(pid, "Keep", &Payload::Nothing, 1, 1);
    world.isolate.send(pid, "Boom", Carried::None, 0);
    let (record, _) = world.end();
    assert_eq!(record[word::HEAD] & 0xff, completion::CALL_ENDED);
    assert_eq!((record[word::A], record[word::B]), (1, call_end::EXITED));
}

#[test]
fn g239_what_asks_for_another_kind_of_answer_and_a_stream_that_is_dropped_are_bad_messages() {
    let mut world = World::new();
    let pid = world.counter.pid();
    let issue = |world: &mut World| {
        let (record, bytes) = world.end();
        assert_eq!(record[word::B], reply::ASK_ERROR);
        let error = Payload::Bytes(bytes.expect("it says why")).read::<serde_json::Value>().expect("it is msgpack");
        error["reason"]["issue"].as_str().expect("a text").to_owned()
    };
    world.ask(pid, "Answer", &Payload::Nothing, 1, 1);
    assert_eq!(issue(&mut world), "its reply is no stream: use `ask`");
    world.isolate.send(pid, "Keep", Carried::None, 2);
    assert_eq!(issue(&mut world), "its reply is a stream: use `stream`");
    world.ask(pid, "Count", &Payload::Nothing, 3, 1);
    assert!(issue(&mut world).contains("Count"));
    let dropping = myrmidon_actor::Spawn::new().named("dropping");
    let dropping = world.runtime.spawn_with(&dropping, Dropping).expect("the name is free");
    world.ask(dropping.pid(), "Keep", &Payload::Nothing, 4, 1);
    let (items, _, taken) = world.items.recv().expect("items come");
    assert_eq!(items, [7]);
    taken.send(true);
    assert_eq!(issue(&mut world), "the actor dropped the question");
}

struct Dropping;
impl Actor for Dropping {
    type Message = StreamTo<u32>;
    fn from_wire(mut wire: Wire) -> Option<Self::Message> {
        wire.streams()
    }
    fn handle(&mut self, mut stream: Self::Message, _: &mut Context<Self::Message>) {
        stream.try_send(&7).expect("there is room");
        assert_eq!(stream.try_send(&8), Err(StreamError::Full));
        assert_eq!(stream.send_blocking(&8), Err(StreamError::WouldBlock));
    }
}

/// Waits in a future, or on a thread.
struct Patient;
impl AsyncActor for Patient {
    type Message = (bool, StreamTo<u32>);
    fn from_wire(mut wire: Wire) -> Option<Self::Message> {
        Some((wire.tag() == "Future", wire.streams()?))
    }
    async fn handle(&mut self, (waits, mut stream): Self::Message, _: &mut Context<Self::Message>) {
        for item in 1..=50 {
            let sent = if waits { stream.send(item).await } else { stream.send_blocking(&item) };
            sent.expect("somebody reads");
        }
        stream.end();
    }
}

#[test]
fn g239_a_future_and_a_thread_wait_for_room() {
    let mut world = World::new();
    let patient = world.runtime.spawn_async(&Spawn::new().named("patient"), Patient).expect("the name is free");
    for (number, tag) in [(1, "Future"), (2, "Thread")] {
        world.ask(patient.pid(), tag, &Payload::Nothing, number, 2);
        let mut all = Vec::new();
        while all.len() < 50 {
            let (items, _, taken) = world.items.recv().expect("items come");
            all.extend(items);
            taken.send(true);
        }
        assert_eq!(all, (1..=50).collect::<Vec<_>>());
        assert_eq!(world.end().0[word::B], reply::SUCCESS);
    }
}
