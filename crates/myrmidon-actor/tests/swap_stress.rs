//! G177, G178: whatever is swapped, brought back, crashed and killed at once on two shards and a pool, each request has one
//! outcome, each question an answer, and no state or message is left. `MYRMIDON_SEED=7` plays other ones.

use myrmidon_actor::{
    Actor, ActorRef, Canary, Context, Lend, Placement, ReplyTo, Runtime, Spawn, SwapOptions, Upgrade,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicIsize, Ordering},
    },
    time::Duration,
};

/// Counts those that there are, and that each is dropped once.
struct Counted(Arc<AtomicIsize>);
impl Counted {
    fn new(count: &Arc<AtomicIsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}
impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}
impl Drop for Counted {
    fn drop(&mut self) {
        assert!(self.0.fetch_sub(1, Ordering::SeqCst) > 0, "dropped twice");
    }
}

enum Message {
    Note(Counted),
    Ask(Counted, ReplyTo<u32>),
    Boom(Counted),
}

#[derive(Clone)]
struct Subject<const V: u32> {
    state: Counted,
}

fn said(version: u32, message: Message) {
    match message {
        Message::Note(counted) => drop(counted),
        Message::Ask(_counted, reply) => reply.send(version),
        Message::Boom(_counted) => std::panic::panic_any("boom"),
    }
}

macro_rules! subjects {
    ($($version:literal $lend:ident),*) => { $(
        impl Actor for Subject<$version> {
            type Message = Message;
            const LEND: Lend = Lend::$lend;
            fn handle(&mut self, message: Message, _: &mut Context<Message>) {
                said($version, message);
            }
        }
    )* };
}
// Of each pair one runs on its shard and one on a pool thread.
subjects!(1 Never, 2 Always, 3 Never);

fn upgrade<const A: u32, const B: u32>(lent: bool, fails: bool) -> Upgrade<Subject<A>, Subject<B>, Message>
where
    Subject<A>: Actor<Message = Message>,
    Subject<B>: Actor<Message = Message>,
{
    let upgrade =
        Upgrade::new(move |Subject::<A> { state }| if fails { Err("no".into()) } else { Ok(Subject::<B> { state }) });
    let upgrade = upgrade.back(|Subject::<B> { state }| Some(Subject::<A> { state }));
    if lent { upgrade.lent() } else { upgrade }
}

/// xorshift32.
struct Dice(u32);
impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % sides
    }
}

#[test]
fn g177_g178_whatever_happens_at_once_has_one_outcome_and_leaves_nothing() {
    std::panic::set_hook(Box::new(|_| {}));
    let count = Arc::new(AtomicIsize::new(0));
    let runtime = Arc::new(Runtime::builder().shards(2).pool(4).start().expect("a runtime"));
    let actors: Arc<Vec<ActorRef<Message>>> = Arc::new(
        (0..64)
            .map(|at| {
                let subject = Subject::<1> { state: Counted::new(&count) };
                runtime.spawn_with(&Spawn::new().on(Placement::Key(at)), subject).expect("room")
            })
            .collect(),
    );
    let first = std::env::var("MYRMIDON_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1_u32);
    let threads: Vec<_> = (first..first + 4)
        .map(|seed| {
            let (actors, count, runtime) = (Arc::clone(&actors), Arc::clone(&count), Arc::clone(&runtime));
            std::thread::spawn(move || play(seed.wrapping_mul(7919).max(1), &actors, &count, &runtime))
        })
        .collect();
    let outcomes: usize = threads.into_iter().map(|thread| thread.join().expect("it plays")).sum();
    let _hook = std::panic::take_hook();
    assert!(outcomes > 1000, "{outcomes}");
    let runtime = Arc::into_inner(runtime).expect("nobody else has it");
    assert_eq!(runtime.shutdown(Duration::from_secs(30)).stuck, 0);
    assert_eq!(count.load(Ordering::SeqCst), 0, "something is left");
}

/// How many outcomes there were.
fn play(seed: u32, actors: &[ActorRef<Message>], count: &Arc<AtomicIsize>, runtime: &Runtime) -> usize {
    let (mut dice, mut verdicts, mut answers) = (Dice(seed), Vec::new(), Vec::new());
    for _ in 0..1500 {
        let actor = actors[dice.roll(actors.len() as u32) as usize];
        let counted = Counted::new(count);
        let mut options = SwapOptions::new().keep(dice.roll(3) as usize).timeout(Duration::from_millis(200));
        if dice.roll(2) == 0 {
            options = options.canary(Canary::messages(1 + dice.roll(5)).within(Duration::from_millis(20)));
        }
        let (lent, fails) = (dice.roll(4) == 0, dice.roll(8) == 0);
        match dice.roll(40) {
            0..12 => drop(actor.tell(Message::Note(counted))),
            12..20 => answers.push(actor.ask(|reply| Message::Ask(counted, reply))),
            20..23 => drop(actor.tell(Message::Boom(counted))),
            23..27 => verdicts.push(upgrade::<1, 2>(lent, fails).swap(actor, &options)),
            27..30 => verdicts.push(upgrade::<2, 3>(lent, fails).swap(actor, &options)),
            30..34 => verdicts.push(upgrade::<3, 1>(lent, fails).swap(actor, &options)),
            34..37 => verdicts.push(actor.roll_back()),
            37 => actor.suspend(),
            38 => actor.resume(),
            _ if dice.roll(50) == 0 => actor.kill(),
            _ if dice.roll(10) == 0 => {
                let options = if dice.roll(2) == 0 { options.together() } else { options.concurrency(8) };
                upgrade::<1, 2>(lent, fails).swap_all(runtime, &options).wait().expect("a report");
            }
            _ => {}
        }
    }
    for actor in actors {
        actor.resume();
    }
    let outcomes = verdicts.len() + answers.len();
    // Each has one, whatever it is.
    for verdict in verdicts {
        drop(verdict.wait());
    }
    for answer in answers {
        drop(answer.wait());
    }
    outcomes
}
