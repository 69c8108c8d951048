//! Streams that Rust actors read (G240). The producer is a Rust actor that is asked as one of another language would be, on the
//! reader's shard and on another one; with an isolate of TypeScript: `examples/native-addon`.

use myrmidon_actor::{
    Actor, ActorRef, AskError, Context, ExitReason, ForeignRef, Lend, Question, Read, ReadError, ReadRef, Runtime,
    Spawn, StreamError, StreamTo, Wire,
};
use serde::{Deserialize, Serialize};
use std::sync::mpsc;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "_tag")]
enum Failed {
    TooMuch { limit: u32 },
}

#[derive(Serialize, Deserialize)]
struct Count {
    to: u32,
}
impl Question for Count {
    const TAG: &'static str = "Count";
    type Answer = u32;
    type Error = Failed;
}

enum Produced {
    Count(u32, u32, StreamTo<u32, Failed>),
    Panic,
}
struct Producer(mpsc::Sender<u32>);
impl Actor for Producer {
    type Message = Produced;
    fn from_wire(mut wire: Wire) -> Option<Produced> {
        let Count { to } = wire.read()?;
        (wire.tag() == "Count").then(|| wire.streams()).flatten().map(|stream| Produced::Count(1, to, stream))
    }
    fn handle(&mut self, message: Produced, context: &mut Context<Produced>) {
        match message {
            Produced::Count(mut next, to, mut stream) => {
                while next <= to {
                    match stream.try_send(&next) {
                        Ok(()) => next += 1,
                        Err(StreamError::Full) => {
                            return context.when_room(stream, move |stream| Produced::Count(next, to, stream));
                        }
                        // How many were sent when the reader had enough.
                        Err(_) => return self.0.send(next - 1).expect("the test listens"),
                    }
                }
                if to > 1000 { stream.fail(&Failed::TooMuch { limit: 1000 }) } else { stream.end() }
            }
            Produced::Panic => panic!("boom"),
        }
    }
}

type End = Result<Result<(), Failed>, AskError>;

enum Message {
    Read { of: ForeignRef, to: u32, buffer: u32, enough: usize, stops: bool },
    Came(Read<Count>),
}
/// Tells what it has read once the stream is over, or it has enough.
struct Reader<const LENT: bool> {
    told: mpsc::Sender<(Vec<u32>, Option<End>)>,
    all: Vec<u32>,
    enough: usize,
    stops: bool,
    reading: Option<ReadRef>,
}
impl<const LENT: bool> Actor for Reader<LENT> {
    type Message = Message;
    const LEND: Lend = if LENT { Lend::Always } else { Lend::Never };
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Read { of, to, buffer, enough, stops } => {
                (self.enough, self.stops) = (enough, stops);
                self.all.clear();
                self.reading = Some(context.read_foreign(of, &Count { to }, buffer, Message::Came));
            }
            Message::Came(Read::Items(items)) => {
                assert!(!items.is_empty() && (self.enough > 0 || !self.stops));
                self.all.extend(items);
                if self.enough > 0 && self.all.len() >= self.enough {
                    self.enough = 0;
                    if self.stops {
                        context.stop_reading(self.reading.expect("it reads"));
                    }
                    self.told.send((core::mem::take(&mut self.all), None)).expect("the test listens");
                }
            }
            Message::Came(Read::End(end)) => {
                self.told.send((core::mem::take(&mut self.all), Some(end))).expect("the test listens");
            }
        }
    }
}

struct World {
    runtime: Runtime,
    producer: ActorRef<Produced>,
    of: ForeignRef,
    gone: mpsc::Receiver<u32>,
    readers: Vec<ActorRef<Message>>,
    told: mpsc::Receiver<(Vec<u32>, Option<End>)>,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::builder().shards(2).start().expect("a runtime");
        let (said, gone) = mpsc::channel();
        let producer = runtime.spawn_with(&Spawn::new().named("producer"), Producer(said)).expect("the name is free");
        let (tell, told) = mpsc::channel();
        let mut readers = Vec::new();
        // The least loaded shard is taken: two of each kind are on both.
        for _ in 0..2 {
            let (told, all) = (tell.clone(), Vec::new());
            let reader = Reader::<false> { told, all, enough: 0, stops: false, reading: None };
            readers.push(runtime.spawn(reader).expect("room"));
            let (told, all) = (tell.clone(), Vec::new());
            let reader = Reader::<true> { told, all, enough: 0, stops: false, reading: None };
            readers.push(runtime.spawn(reader).expect("room"));
        }
        let here = readers.iter().filter(|reader| reader.pid().shard() == producer.pid().shard()).count();
        assert!(here > 0 && here < readers.len());
        let of = runtime.foreign("producer").expect("it has the name");
        Self { runtime, producer, of, gone, readers, told }
    }

    fn read(&self, reader: ActorRef<Message>, to: u32, buffer: u32) {
        reader.tell(Message::Read { of: self.of, to, buffer, enough: 0, stops: false }).expect("room");
    }
}

#[test]
fn g240_items_come_in_order_and_then_the_end() {
    let world = World::new();
    for reader in &world.readers {
        for (to, buffer) in [(0, 16), (1, 1), (17, 16), (1000, 3), (1000, 4096)] {
            world.read(*reader, to, buffer);
            assert_eq!(world.told.recv(), Ok(((1..=to).collect(), Some(Ok(Ok(()))))));
        }
        world.read(*reader, 1001, 16);
        let failed = Some(Ok(Err(Failed::TooMuch { limit: 1000 })));
        assert_eq!(world.told.recv(), Ok(((1..=1001).collect(), failed)));
    }
    drop(world.runtime);
}

#[test]
fn g240_a_reader_that_has_enough_or_ends_ends_the_producer() {
    let world = World::new();
    for reader in &world.readers {
        for stops in [true, false] {
            // It would not be done for long.
            let message = Message::Read { of: world.of, to: u32::MAX, buffer: 2, enough: 5, stops };
            reader.tell(message).expect("room");
            let (all, end) = world.told.recv().expect("it has enough");
            assert_eq!((all[..5].to_vec(), end), (vec![1, 2, 3, 4, 5], None));
            if !stops {
                reader.kill();
            }
            let sent = world.gone.recv().expect("the producer ends");
            assert!(!stops || sent < 20, "{sent} were sent");
        }
    }
}

#[test]
fn g240_the_end_of_the_producer_is_the_end_of_the_stream() {
    let world = World::new();
    // A stream that has no room goes on by messages, and those come behind this one.
    world.producer.suspend();
    world.read(world.readers[0], 1000, 1);
    world.producer.tell(Produced::Panic).expect("room");
    world.producer.resume();
    let (_, end) = world.told.recv().expect("it ends");
    assert!(
        matches!(end, Some(Err(AskError::ActorExited(ExitReason::Crashed(_) | ExitReason::NoProc { .. })))),
        "{end:?}"
    );
    world.read(world.readers[1], 1, 1);
    let gone = AskError::ActorExited(ExitReason::NoProc { ever_existed: true });
    assert_eq!(world.told.recv(), Ok((Vec::new(), Some(Err(gone)))));
}

#[test]
fn g290_a_thread_reads_items_in_order_and_then_the_end() {
    let world = World::new();
    for (to, buffer) in [(0, 16), (1, 1), (17, 16), (1000, 3), (1000, 4096), (1000, 0), (1000, u32::MAX)] {
        let mut stream = world.of.read(Count { to }, buffer);
        let items: Vec<u32> = stream.by_ref().map(|item| item.expect("an item")).collect();
        assert_eq!(items, (1..=to).collect::<Vec<_>>());
        assert_eq!(stream.next(), None, "and nothing behind it");
    }
    let mut stream = world.of.read(Count { to: 1001 }, 16);
    let items: Vec<u32> = stream.by_ref().map_while(Result::ok).collect();
    assert_eq!(items.len(), 1001);
    assert_eq!(stream.next(), None, "the error came once: `map_while` has it");
    let last = world.of.read(Count { to: 1001 }, 16).last();
    assert_eq!(last, Some(Err(ReadError::Failed(Failed::TooMuch { limit: 1000 }))));
}

#[test]
fn g290_so_does_a_future() {
    let world = World::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let items = runtime.block_on(async {
        let mut stream = world.of.read(Count { to: 1000 }, 3);
        let mut items = Vec::new();
        while let Some(item) = stream.next_item().await {
            items.push(item.expect("an item"));
        }
        items
    });
    assert_eq!(items, (1..=1000).collect::<Vec<_>>());
}

#[test]
fn g290_the_producer_waits_for_the_reader_and_ends_with_it() {
    let world = World::new();
    // It would not be done for long.
    let mut stream = world.of.read(Count { to: u32::MAX }, 4);
    assert_eq!(stream.next(), Some(Ok(1)));
    drop(stream);
    let sent = world.gone.recv().expect("the producer ends");
    assert!(sent < 100, "{sent} were sent");
    // Also one that has taken nothing.
    drop(world.of.read(Count { to: u32::MAX }, 4));
    // Of one that was dropped before it was asked nothing is heard.
    while world.runtime.stats().iter().map(|stats| stats.actors).sum::<u32>() > 1 + 4 {
        std::thread::yield_now();
    }
}

#[test]
fn g290_the_end_of_the_producer_and_of_the_runtime_is_an_error_once() {
    let world = World::new();
    let mut stream = world.of.read(Count { to: u32::MAX }, 4);
    assert_eq!(stream.next(), Some(Ok(1)));
    world.producer.tell(Produced::Panic).expect("room");
    let end = stream.by_ref().find_map(Result::err);
    assert!(matches!(end, Some(ReadError::Ended(AskError::ActorExited(ExitReason::Crashed(_))))), "{end:?}");
    assert_eq!(stream.next(), None);
    let nobody = world.of.read(Count { to: 3 }, 4).next();
    assert!(matches!(nobody, Some(Err(ReadError::Ended(AskError::ActorExited(_))))), "{nobody:?}");

    let world = World::new();
    let mut stream = world.of.read(Count { to: u32::MAX }, 4);
    assert_eq!(stream.next(), Some(Ok(1)));
    let of = world.of;
    drop(world);
    let end = stream.find_map(Result::err);
    assert!(matches!(end, Some(ReadError::Ended(AskError::ActorExited(_)))), "{end:?}");
    let closed = of.read(Count { to: 3 }, 4).next();
    assert!(matches!(closed, Some(Err(ReadError::Ended(AskError::ActorExited(_))))), "{closed:?}");
}
