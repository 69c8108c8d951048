//! Two worker shards under load: actors that tell, ask, link, lend themselves, crash and are killed, all at random. Nothing
//! hangs: each message is handled or dropped once, each question ends, each watch is told.

use myrmidon_actor::{
    Actor, ActorRef, AskError, Context, ExitReason, Lend, Mailbox, Overflow, Placement, ReplyTo, Runtime, Signal, Spawn,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// xorshift64.
struct Draws(u64);
impl Draws {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// What all actors count.
#[derive(Default)]
struct Counts {
    made: AtomicU64,
    dropped: AtomicU64,
    asked: AtomicU64,
    answered: AtomicU64,
    watches: AtomicU64,
    downs: AtomicU64,
}

/// In each message: it is made once and dropped once, handled or not.
struct Token(Arc<Counts>);
impl Token {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.made.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counts))
    }
}
impl Drop for Token {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

enum Message {
    Meet(Vec<ActorRef<Message>>),
    Go(Token, u32),
    Ask(Token, ReplyTo<u64>),
    Answered(Result<u64, AskError>),
    Sync(ReplyTo<()>),
}

struct Member<const LENT: bool> {
    draws: Draws,
    others: Vec<ActorRef<Message>>,
    counts: Arc<Counts>,
    kept: Vec<ReplyTo<u64>>,
}

impl<const LENT: bool> Actor for Member<LENT> {
    type Message = Message;
    const LEND: Lend = if LENT { Lend::Always } else { Lend::WhenLong };

    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        match message {
            Message::Meet(others) => self.others = others,
            Message::Go(_token, left) if left > 0 => self.go(left, context),
            Message::Go(..) => {}
            Message::Sync(reply) => reply.send(()),
            Message::Ask(_token, reply) => match self.draws.below(4) {
                0 => self.kept.push(reply),
                1 => drop(reply),
                _ => reply.send(7),
            },
            Message::Answered(end) => {
                assert!(matches!(end, Ok(7 | 8) | Err(_)));
                self.counts.answered.fetch_add(1, Ordering::Relaxed);
                if let Some(reply) = self.kept.pop() {
                    reply.send(8);
                }
            }
        }
    }

    fn signal(&mut self, signal: Signal, _: &mut Context<Message>) {
        if matches!(signal, Signal::Down { .. }) {
            self.counts.downs.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<const LENT: bool> Member<LENT> {
    fn other(&mut self) -> Option<ActorRef<Message>> {
        let at = self.draws.below(self.others.len().max(1) as u64) as usize;
        self.others.get(at).copied()
    }

    fn go(&mut self, left: u32, context: &mut Context<Message>) {
        for _ in 0..2 {
            let Some(other) = self.other() else { return };
            match self.draws.below(64) {
                0 => context.link(other),
                1 => {
                    context.monitor(other);
                    self.counts.watches.fetch_add(1, Ordering::Relaxed);
                }
                2 if left == 1 => context.exit(other, ExitReason::Killed),
                3 if left == 1 => panic!("at random"),
                4..12 => {
                    let token = Token::new(&self.counts);
                    self.counts.asked.fetch_add(1, Ordering::Relaxed);
                    let within = Some(Duration::from_millis(50));
                    context.ask_within(within, other, |reply| Message::Ask(token, reply), Message::Answered);
                }
                _ => {}
            }
            // A full mailbox gives the message back, and it is dropped here.
            drop(other.tell(Message::Go(Token::new(&self.counts), left - 1)));
        }
    }
}

#[test]
fn g170_two_shards_under_load_lose_nothing_and_hang_nowhere() {
    std::panic::set_hook(Box::new(|panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"at random") {
            eprintln!("{panic}");
        }
    }));
    for seed in 1..=6 {
        let counts = Arc::new(Counts::default());
        let runtime = Runtime::builder().shards(2).pool(2).start().expect("a runtime");
        let members: Vec<ActorRef<Message>> = (0..60)
            .map(|at| {
                let overflow =
                    if at % 2 == 0 { Overflow::Suspend(Duration::from_millis(20)) } else { Overflow::Reject };
                let options = Spawn::new().on(Placement::Key(at)).mailbox(Mailbox::bounded(64, overflow));
                let options = if at % 3 == 0 { options } else { options.trapping_exits() };
                let (draws, counts) = (Draws(seed * 1000 + at + 1), Arc::clone(&counts));
                let spawned = if at % 10 == 0 {
                    runtime.spawn_with(&options, Member::<true> { draws, others: Vec::new(), counts, kept: Vec::new() })
                } else {
                    runtime
                        .spawn_with(&options, Member::<false> { draws, others: Vec::new(), counts, kept: Vec::new() })
                };
                spawned.expect("a member")
            })
            .collect();
        for member in &members {
            member.tell(Message::Meet(members.clone())).expect("there is room");
        }
        for _ in 0..10 {
            for member in &members {
                member.tell(Message::Go(Token::new(&counts), 5)).expect("there is room");
            }
            for member in &members {
                let synced = member.ask_within(None, Message::Sync).wait();
                assert!(matches!(synced, Ok(()) | Err(AskError::ActorExited(_) | AskError::MailboxFull)));
            }
        }
        // Without a limit: what an actor keeps is answered, or ends with the actor.
        let answers: Vec<_> = members
            .iter()
            .map(|member| member.ask_within(None, |reply| Message::Ask(Token::new(&counts), reply)))
            .collect();
        let stopped = runtime.shutdown(Duration::from_secs(20));
        assert_eq!(stopped.killed, 0);
        for answer in answers {
            assert!(!matches!(answer.wait(), Err(AskError::AskTimeout | AskError::WouldBlock)));
        }
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        assert_eq!(read(&counts.made), read(&counts.dropped), "seed {seed}: a message was lost, or kept");
        assert!(read(&counts.answered) <= read(&counts.asked), "seed {seed}");
        assert!(read(&counts.downs) <= read(&counts.watches), "seed {seed}");
        assert!(read(&counts.made) > 1000, "seed {seed}: it was idle");
    }
}
