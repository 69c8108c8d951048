//! A Rust actor as an isolate of another language reaches it: by name, with a tag and bytes, over a real path.

mod isolate;

use isolate::Isolate;
use myrmidon_actor::{
    Actor, Canary, Context, DeadLetter, Description, Lend, Notice, Payload, ReplyTo, Runtime, SharedBuffer, Silent,
    Spawn, Status, SwapOptions, System, Upgrade, Why, Wire, behavior,
};
use myrmidon_core::{
    payload::Payload as Carried,
    pid::Pid,
    record::{call_end, completion, reply, word},
};
use myrmidon_runtime::tags::{Tags, WIRE};
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

enum Message {
    Add(f64),
    Word(Vec<u8>),
    Total(ReplyTo<Vec<u8>>),
    Stop,
}

#[derive(Default)]
struct Counter(f64, Vec<u8>);

impl Actor for Counter {
    type Message = Message;

    fn from_wire(mut wire: Wire) -> Option<Message> {
        match (wire.tag(), wire.payload()) {
            ("Add", Payload::Number(by)) => Some(Message::Add(*by)),
            ("Word", Payload::Bytes(bytes)) => Some(Message::Word(bytes.clone())),
            ("Total", Payload::Nothing) => Some(Message::Total(wire.reply(|bytes: Vec<u8>| bytes)?)),
            ("Stop", Payload::Nothing) => Some(Message::Stop),
            ("Broken", _) => panic!("a reader that panics"),
            _ => None,
        }
    }

    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Add(by) => self.0 += by,
            Message::Word(bytes) => self.1 = bytes,
            Message::Total(reply) => reply.send([self.1.clone(), self.0.to_string().into_bytes()].concat()),
            Message::Stop => context.stop(),
        }
    }
}

#[test]
fn g174_a_named_rust_actor_is_told_and_asked_by_another_language() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let mut isolate = Isolate::join(runtime.system());
    runtime.spawn_with(&Spawn::new().named("counter"), Counter::default()).expect("the name is free");
    let counter = runtime.system().whereis("counter").expect("it has the name");
    isolate.send(counter, "Add", Carried::Number(1.5_f64.to_bits()), 0);
    isolate.send(counter, "Add", Carried::Number(2.0_f64.to_bits()), 0);
    // One that is copied, one that is a block; the last one counts.
    isolate.send(counter, "Word", Carried::bytes(vec![7; 100_000]), 0);
    isolate.send(counter, "Word", Carried::bytes(b"total ".to_vec()), 0);
    isolate.send(counter, "Total", Carried::None, 1);
    let (record, bytes) = isolate.end_of_call();
    assert_eq!((record[word::A], record[word::B]), (1, reply::SUCCESS));
    assert_eq!(bytes.as_deref(), Some(&b"total 3.5"[..]));
}

#[test]
fn g174_what_an_actor_cannot_read_is_dropped_and_a_question_among_it_ends() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let mut isolate = Isolate::join(runtime.system());
    runtime.spawn_with(&Spawn::new().named("other"), Counter::default()).expect("the name is free");
    let other = runtime.system().whereis("other").expect("it has the name");
    isolate.send(other, "Add", Carried::bytes(vec![0xc1]), 0);
    isolate.send(other, "Nonsense", Carried::None, 1);
    let (record, _) = isolate.end_of_call();
    assert_eq!((record[word::A], record[word::B]), (1, reply::ASK_ERROR));
    isolate.send(other, "Stop", Carried::None, 0);
    isolate.send(other, "Total", Carried::None, 2);
    let (record, _) = isolate.end_of_call();
    assert_eq!(record[word::HEAD] & 0xff, completion::CALL_ENDED);
    assert_eq!((record[word::A], record[word::B]), (2, call_end::EXITED));
}

/// A runtime that says what its dead letters are.
fn overheard() -> (Runtime, mpsc::Receiver<DeadLetter>) {
    let (told, letters) = mpsc::channel();
    let observer = move |notice| {
        if let Notice::DeadLetter(letter) = notice {
            told.send(letter).unwrap_or_default();
        }
    };
    (Runtime::builder().shards(1).observer(observer).start().expect("a runtime"), letters)
}

#[test]
fn g18_a_question_whose_tag_has_no_name_ends_and_a_tell_is_a_dead_letter() {
    let (runtime, letters) = overheard();
    let mut isolate = Isolate::join(runtime.system());
    runtime.spawn_with(&Spawn::new().named("nameless"), Counter::default()).expect("the name is free");
    let to = runtime.system().whereis("nameless").expect("it has the name");
    let nobodys = WIRE | myrmidon_runtime::tags::MOST;
    isolate.send_op(to, nobodys, Carried::None, 1);
    let (record, _) = isolate.end_of_call();
    assert_eq!((record[word::A], record[word::B]), (1, reply::ASK_ERROR));
    isolate.send_op(to, nobodys, Carried::None, 0);
    let letter = letters.recv().expect("it is told");
    assert_eq!((letter.to, letter.tag, letter.why), (to, None, Why::Dropped));
    assert_eq!(letter.name.as_deref(), Some("nameless"), "G301");
    // The actor lives.
    isolate.send(to, "Total", Carried::None, 2);
    assert_eq!(isolate.end_of_call().0[word::B], reply::SUCCESS);
}

#[test]
fn g282_a_reader_that_panics_refuses_its_message_and_nothing_else() {
    let (runtime, letters) = overheard();
    let mut isolate = Isolate::join(runtime.system());
    runtime.spawn_with(&Spawn::new().named("broken"), Counter::default()).expect("the name is free");
    let to = runtime.system().whereis("broken").expect("it has the name");
    isolate.send(to, "Add", Carried::Number(1.5_f64.to_bits()), 0);
    isolate.send(to, "Broken", Carried::None, 0);
    isolate.send(to, "Broken", Carried::None, 1);
    let (record, _) = isolate.end_of_call();
    assert_eq!((record[word::A], record[word::B]), (1, reply::ASK_ERROR));
    let letter = letters.recv().expect("it is told");
    assert_eq!((letter.to, letter.tag.as_deref(), letter.why), (to, Some("Broken"), Why::Dropped));
    assert_eq!(letter.name.as_deref(), Some("broken"), "G301");
    // The actor lives, with its state.
    isolate.send(to, "Total", Carried::None, 2);
    assert_eq!(isolate.end_of_call().1.as_deref(), Some(&b"1.5"[..]));
}

#[test]
fn g199_a_dead_letter_shows_the_bytes_of_its_payload_and_no_more_and_no_less() {
    let (runtime, letters) = overheard();
    let mut isolate = Isolate::join(runtime.system());
    let dead = runtime.spawn(Counter::default()).expect("room");
    dead.kill();
    dead.ended().wait().expect("it ends");
    let tag = "Moves";
    Tags::global().mark_moving(Tags::global().number(tag).expect("there is room"));
    // 1.0: its last bytes look like those that say that there are no buffers.
    let number = [&[0xcb], &1.0_f64.to_be_bytes()[..]].concat();
    let behind = |more: &[u8]| [&number[..], more].concat();
    let gone = [&5e9_f64.to_le_bytes()[..], &1.0_f64.to_le_bytes()[..], &1_u32.to_le_bytes()[..]].concat();
    // As another protocol with such a name has it; without buffers; with one that is gone.
    for bytes in [number.clone(), behind(&[0; 4]), behind(&gone)] {
        isolate.send(dead.pid(), tag, Carried::bytes(bytes), 0);
        let letter = letters.recv().expect("it is told");
        assert_eq!((letter.tag.as_deref(), letter.payload), (Some(tag), Payload::Bytes(number.clone())));
    }
    // What is no msgpack stays as it is.
    isolate.send(dead.pid(), tag, Carried::bytes(vec![0xc1; 9]), 0);
    assert_eq!(letters.recv().expect("it is told").payload, Payload::Bytes(vec![0xc1; 9]));
}

/// A Rust actor that is told by others of Rust as one of another language would be.
struct Heard(std::sync::mpsc::Sender<(Option<Pid>, Payload, usize)>);

impl Actor for Heard {
    type Message = (Payload, Vec<SharedBuffer>);
    const PROTOCOL: &'static str = "Heard";
    fn from_wire(mut wire: Wire) -> Option<Self::Message> {
        (wire.tag() == "Said").then(|| (wire.payload().clone(), wire.buffers()))
    }
    fn handle(&mut self, (payload, buffers): Self::Message, context: &mut Context<Self::Message>) {
        let count = buffers.len();
        drop(buffers);
        self.0.send((context.sender(), payload, count)).expect("the test listens");
    }
}

/// Says three things, on its shard or away from it.
struct Speaker<const LENT: bool>;

impl<const LENT: bool> Actor for Speaker<LENT> {
    type Message = ();
    const LEND: Lend = if LENT { Lend::Always } else { Lend::Never };
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        let heard = context.foreign("heard").expect("it has the name");
        heard.tell("Said", Payload::Nothing).expect("there is room");
        heard.tell("Said", Payload::Number(1.5)).expect("there is room");
        let buffer = context.buffer(100).expect("there is memory");
        heard.tell_with("Said", Payload::Bytes(vec![0]), vec![buffer]).expect("there is room");
    }
}

#[test]
fn g197_a_foreign_ref_tells_from_a_shard_a_lent_handler_and_from_outside_in_order() {
    let runtime = Runtime::builder().shards(2).buffers(100).start().expect("a runtime");
    let (sender, heard) = std::sync::mpsc::channel();
    runtime.spawn_with(&Spawn::new().named("heard"), Heard(sender)).expect("the name is free");
    let expected = [Payload::Nothing, Payload::Number(1.5), Payload::Bytes(vec![0])];
    // One beside it, one on the other shard: the least loaded one is taken.
    for _ in 0..2 {
        let here = runtime.spawn(Speaker::<false>).expect("a speaker");
        let lent = runtime.spawn(Speaker::<true>).expect("a speaker");
        for (speaker, pid) in [(here, here.pid()), (lent, lent.pid())] {
            speaker.tell(()).expect("there is room");
            for (at, payload) in expected.iter().enumerate() {
                // The buffer of the one before was freed: a limit of one of them is enough.
                let (from, said, buffers) = heard.recv().expect("it is told");
                assert_eq!((from, &said, buffers), (Some(pid), payload, usize::from(at == 2)));
            }
        }
    }
    let outside = runtime.foreign("heard").expect("it has the name");
    outside.tell("Said", Payload::Number(2.0)).expect("there is room");
    assert_eq!(heard.recv().expect("it is told"), (None, Payload::Number(2.0), 0));
    assert_eq!(runtime.foreign("nobody"), None);
}

struct Loud(mpsc::Sender<Vec<bool>>);

impl Actor for Loud {
    type Message = ();
    fn handle(&mut self, (): (), context: &mut Context<()>) {
        let heard = context.foreign("heard").expect("it has the name");
        let told = (0..4).map(|_| heard.tell("Said", Payload::Bytes(vec![7; 40 << 20])).is_ok()).collect();
        self.0.send(told).expect("somebody waits");
    }
}

#[test]
fn g205_what_is_too_large_for_the_way_is_refused_and_what_was_accepted_is_heard() {
    let (letter, letters) = mpsc::channel();
    let runtime = Runtime::builder().shards(2).observer(move |notice| drop(letter.send(notice))).start();
    let runtime = runtime.expect("a runtime");
    let (sender, heard) = mpsc::channel();
    let listener = runtime.spawn_with(&Spawn::new().named("heard"), Heard(sender)).expect("the name is free");
    let (say, said) = mpsc::channel();
    // One beside it, one on the other shard.
    let speakers = [0, 1].map(|_| runtime.spawn(Loud(say.clone())).expect("a speaker"));
    let far = speakers.iter().find(|speaker| speaker.pid().shard() != listener.pid().shard()).expect("the other shard");
    far.tell(()).expect("there is room");
    // Nothing leaves in the middle of a handler: two of them fill the way, and for the third one the speaker is held.
    assert_eq!(said.recv().expect("it has told"), [true, true, true, false]);
    for _ in 0..3 {
        let (_, payload, _) = heard.recv().expect("it is told");
        assert_eq!(payload, Payload::Bytes(vec![7; 40 << 20]));
    }
    drop(runtime);
    assert!(heard.try_recv().is_err() && letters.try_recv().is_err());
}

#[test]
fn g138_the_shards_of_a_runtime_are_on_their_systems_account() {
    let system = System::open();
    let account = system.account(100);
    let runtime = Runtime::builder().shards(2).system(Arc::clone(&system)).buffers(1 << 20).start().expect("a runtime");
    let hoards: Vec<_> = (0..2)
        .map(|_| {
            let hoard = behavior(Vec::new(), |held: &mut Vec<SharedBuffer>, (bytes, reply), context| {
                let buffer = context.buffer(bytes);
                let done = buffer.is_ok();
                held.extend(buffer);
                ReplyTo::send(reply, done);
            });
            runtime.spawn(hoard).expect("a hoard")
        })
        .collect();
    let hoard = |at: usize, bytes: usize| hoards[at].ask(|reply| (bytes, reply)).wait().expect("it answers");
    assert!(hoard(0, 60) && !hoard(1, 41) && hoard(1, 30));
    assert_eq!(account.bytes(), 90);
    assert!(SharedBuffer::allocate(&account, 11).is_err());
    drop(runtime);
    assert_eq!(account.bytes(), 0);
}

const LONG: Duration = Duration::from_secs(60);

fn described(pid: Pid) -> Option<Description> {
    myrmidon_actor::describe(pid, LONG).expect("its shard answers")
}

#[test]
fn g199_a_shard_in_a_handler_is_silent_and_keeps_nobody_waiting() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let (entered, in_handler) = mpsc::channel();
    let (open, gate) = mpsc::channel::<()>();
    let blocking = behavior((), move |(), (), _| {
        entered.send(()).expect("the test waits");
        let _ = gate.recv();
    });
    let actor = runtime.spawn(blocking).expect("an actor");
    let pid = actor.pid();
    actor.tell(()).expect("there is room");
    in_handler.recv().expect("it is handled");
    let moment = Duration::from_millis(1);
    assert_eq!(myrmidon_actor::describe(pid, moment).err(), Some(Silent));
    assert_eq!(myrmidon_actor::suspend(pid, true, moment), Err(Silent));
    drop(open);
    assert_eq!(described(pid).expect("it lives").info.status, Status::Suspended);
}

#[test]
fn g199_an_actor_is_described_with_its_protocol_and_held() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let (sender, heard) = std::sync::mpsc::channel();
    let actor = runtime.spawn_with(&Spawn::new().named("described"), Heard(sender)).expect("the name is free");
    let unnamed = runtime.spawn(Counter::default()).expect("a counter");
    let found = described(actor.pid()).expect("it lives");
    assert_eq!((found.protocol, found.info.name.as_deref()), ("Heard", Some("described")));
    assert_eq!(described(unnamed.pid()).expect("it lives").protocol, "");
    assert!(myrmidon_actor::is_worker(actor.pid().shard()));
    assert_eq!(myrmidon_actor::suspend(actor.pid(), true, LONG), Ok(true));
    actor.tell((Payload::Nothing, Vec::new())).expect("there is room");
    assert_eq!(described(actor.pid()).expect("it lives").info.mailbox, 1);
    assert!(heard.try_recv().is_err());
    assert_eq!(myrmidon_actor::suspend(actor.pid(), false, LONG), Ok(true));
    heard.recv().expect("it goes on");
    actor.kill();
    actor.ended().wait().expect("it ends");
    assert!(described(actor.pid()).is_none());
    assert_eq!(myrmidon_actor::suspend(actor.pid(), true, LONG), Ok(false));
}

/// G64, for whoever holds an actor by its PID.
#[test]
fn g199_one_that_is_held_is_swapped_and_stays_so() {
    struct Next;
    impl Actor for Next {
        type Message = ReplyTo<u32>;
        fn handle(&mut self, reply: ReplyTo<u32>, _: &mut Context<ReplyTo<u32>>) {
            reply.send(2);
        }
    }
    #[derive(Clone)]
    struct Old;
    impl Actor for Old {
        type Message = ReplyTo<u32>;
        fn handle(&mut self, reply: ReplyTo<u32>, _: &mut Context<ReplyTo<u32>>) {
            reply.send(1);
        }
    }
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let actor = runtime.spawn(Old).expect("room");
    assert_eq!(myrmidon_actor::suspend(actor.pid(), true, LONG), Ok(true));
    // The swap holds it, too, while its state is migrated elsewhere.
    assert_eq!(Upgrade::new(|_: Old| Ok(Next)).lent().swap(actor, &SwapOptions::new()).wait(), Ok(()));
    let info = runtime.info(actor).expect("it lives");
    assert_eq!(info.status, Status::Suspended);
    assert_eq!(myrmidon_actor::suspend(actor.pid(), false, LONG), Ok(true));
    assert_eq!(actor.ask(|reply| reply).wait(), Ok(2));
}

/// For whoever looks its name up: there it is known by what was noted of it.
#[test]
fn g213_the_protocol_of_an_actor_is_that_of_the_version_that_runs() {
    struct Version<const V: u32>;
    impl Clone for Version<1> {
        fn clone(&self) -> Self {
            Self
        }
    }
    impl Actor for Version<1> {
        type Message = ();
        const PROTOCOL: &'static str = "First";
        fn handle(&mut self, (): (), _: &mut Context<()>) {}
    }
    impl Actor for Version<2> {
        type Message = ();
        const PROTOCOL: &'static str = "Second";
        fn handle(&mut self, (): (), _: &mut Context<()>) {
            panic!("it is a bad version");
        }
    }
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let named = runtime.spawn_with(&Spawn::new().named("versioned"), Version::<1>).expect("the name is free");
    let nameless = runtime.spawn(Version::<1>).expect("room");
    let upgrade = || Upgrade::new(|_: Version<1>| Ok(Version::<2>)).back(|_: Version<2>| Some(Version::<1>));
    for actor in [named, nameless] {
        let protocol = || described(actor.pid()).expect("it lives").protocol;
        assert_eq!(protocol(), "First");
        assert_eq!(upgrade().swap(actor, &SwapOptions::new()).wait(), Ok(()));
        assert_eq!(protocol(), "Second");
        assert_eq!(actor.roll_back().wait(), Ok(()));
        assert_eq!(protocol(), "First");
        // And of a canary that goes back by itself.
        let canary = upgrade().swap(actor, &SwapOptions::new().canary(Canary::default()));
        while protocol() != "Second" {}
        actor.tell(()).expect("room");
        canary.wait().expect_err("it goes back");
        assert_eq!(protocol(), "First");
    }
}
