//! Ours: two worker shards, as by default on two cores; what talks to each other is spawned side by side.

use crate::{
    Measured, Watch,
    fair::{burn, measured, schedule},
    random::{ACTORS, BIG, XorShift},
    resident,
};
use myrmidon_actor::{Actor, ActorRef, Context, Mailbox, Overflow, ReplyTo, Runtime, Spawn, behavior};
use std::time::{Duration, Instant};

/// Messages of a producer's turn.
const TURN: u64 = 256;

pub fn run(workload: &str, n: u64) -> Option<Measured> {
    Some(match workload {
        "spawn" | "spawn-million" => spawn(n),
        "pingpong" => pingpong(n),
        "count" => count(n),
        "random" => random(n),
        "big" => big(n),
        "skynet" => skynet(n),
        "fair" => fair(n),
        _ => return None,
    })
}

fn runtime() -> Runtime {
    Runtime::builder().shards(2).max_actors(2_000_000).start().expect("a runtime")
}

type Reply = ReplyTo<u64>;

// -- spawn ----------------------------------------------------------------------------------------------------------------

struct Idle(u64);
impl Actor for Idle {
    type Message = ();
    fn handle(&mut self, (): (), _: &mut Context<()>) {
        self.0 += 1;
    }
}

fn spawn(n: u64) -> Measured {
    let runtime = runtime();
    let spawner = runtime
        .spawn(behavior((), |_: &mut (), (n, reply): (u64, Reply), context: &mut Context<_>| {
            let started = (0..n).filter(|at| context.spawn(Idle(*at)).is_ok()).count();
            reply.send(started as u64);
        }))
        .expect("a spawner");
    let before = resident();
    let watch = Watch::start();
    let started = spawner.ask_within(None, |reply| (n, reply)).wait().expect("an answer");
    // Behind the spawns, in the shard's order.
    let living: u64 = runtime.stats().iter().map(|shard| u64::from(shard.actors)).sum();
    let mut row = watch.measured(started);
    let after = resident();
    assert_eq!(living, started + 1);
    let stop = Instant::now();
    assert_eq!(runtime.shutdown(Duration::from_secs(60)).killed, 0);
    row.extra.insert("bytes_per_actor", (after - before) as f64 / n as f64);
    row.extra.insert("stop_seconds", stop.elapsed().as_secs_f64());
    row
}

// -- pingpong -------------------------------------------------------------------------------------------------------------

enum Play {
    Start(ActorRef<ActorRef<Play>>, u64, Reply),
    Pong,
}
#[derive(Default)]
struct Ping {
    to: Option<ActorRef<ActorRef<Play>>>,
    left: u64,
    done: u64,
    reply: Option<Reply>,
}
impl Actor for Ping {
    type Message = Play;
    fn handle(&mut self, message: Play, context: &mut Context<Play>) {
        match message {
            Play::Start(to, left, reply) => {
                (self.to, self.left, self.reply) = (Some(to), left, Some(reply));
            }
            Play::Pong => self.done += 1,
        }
        if self.left == 0 {
            if let Some(reply) = self.reply.take() {
                reply.send(self.done);
            }
        } else if let Some(to) = self.to {
            self.left -= 1;
            to.tell(context.me()).expect("there is room");
        }
    }
}

fn pingpong(n: u64) -> Measured {
    let runtime = runtime();
    let pair = runtime
        .spawn(behavior((), |_: &mut (), (n, reply): (u64, Reply), context: &mut Context<_>| {
            let pong = behavior((), |_: &mut (), from: ActorRef<Play>, _: &mut Context<_>| {
                from.tell(Play::Pong).expect("there is room");
            });
            let pong = context.spawn(pong).expect("pong");
            let ping = context.spawn(Ping::default()).expect("ping");
            ping.tell(Play::Start(pong, n, reply)).expect("there is room");
        }))
        .expect("a pair");
    let watch = Watch::start();
    let completed = pair.ask_within(None, |reply| (n, reply)).wait().expect("an answer");
    watch.measured(completed)
}

// -- count ----------------------------------------------------------------------------------------------------------------

enum Count {
    Add(u64),
    Total(Reply),
}
struct Counter(u64);
impl Actor for Counter {
    type Message = Count;
    fn handle(&mut self, message: Count, _: &mut Context<Count>) {
        match message {
            Count::Add(by) => self.0 += by,
            Count::Total(reply) => reply.send(self.0),
        }
    }
}

struct Producer {
    left: u64,
    counter: Option<ActorRef<Count>>,
    reply: Option<Reply>,
}
enum Produce {
    Start(Reply),
    More,
}
impl Actor for Producer {
    type Message = Produce;
    fn handle(&mut self, message: Produce, context: &mut Context<Produce>) {
        if let Produce::Start(reply) = message {
            self.reply = Some(reply);
            let options = Spawn::new().mailbox(Mailbox::bounded(4096, Overflow::Suspend(Duration::from_secs(60))));
            self.counter = Some(context.spawn_with(&options, Counter(0)).expect("a counter"));
        }
        let Some(counter) = self.counter else { return };
        for _ in 0..TURN.min(self.left) {
            // A full mailbox takes one message more and holds the producer: its next turn comes when there is room.
            if counter.tell(Count::Add(1)).is_err() {
                break;
            }
            self.left -= 1;
        }
        if self.left > 0 {
            context.me().tell(Produce::More).expect("there is room");
        } else if let Some(reply) = self.reply.take() {
            counter.tell(Count::Total(reply)).expect("there is room");
        }
    }
}

fn count(n: u64) -> Measured {
    let runtime = runtime();
    let producer = runtime.spawn(behavior((), |_: &mut (), (left, reply): (u64, Reply), context: &mut Context<_>| {
        // The question is passed on, with its right to answer.
        let producer = context.spawn(Producer { left, counter: None, reply: None }).expect("a producer");
        producer.tell(Produce::Start(reply)).expect("there is room");
    }));
    let producer = producer.expect("a spawner");
    let watch = Watch::start();
    let completed = producer.ask_within(None, |reply| (n, reply)).wait().expect("an answer");
    watch.measured(completed)
}

// -- random ---------------------------------------------------------------------------------------------------------------

enum Add {
    By(u64),
    Report(ActorRef<Random>),
}
struct Adder(u64);
impl Actor for Adder {
    type Message = Add;
    fn handle(&mut self, message: Add, _: &mut Context<Add>) {
        match message {
            Add::By(by) => self.0 += by,
            Add::Report(to) => to.tell(Random::Sum(self.0)).expect("there is room"),
        }
    }
}
enum Random {
    Prepare(Reply),
    Start(Reply),
    More,
    Sum(u64),
}
struct Driver {
    left: u64,
    draws: XorShift,
    adders: Vec<ActorRef<Add>>,
    reports: usize,
    sum: u64,
    reply: Option<Reply>,
}
impl Actor for Driver {
    type Message = Random;
    fn handle(&mut self, message: Random, context: &mut Context<Random>) {
        match message {
            Random::Prepare(reply) => {
                self.adders = (0..ACTORS).map(|_| context.spawn(Adder(0)).expect("an adder")).collect();
                return reply.send(0);
            }
            Random::Sum(sum) => {
                self.reports += 1;
                self.sum += sum;
                if self.reports == ACTORS
                    && let Some(reply) = self.reply.take()
                {
                    reply.send(self.sum);
                }
                return;
            }
            Random::Start(reply) => self.reply = Some(reply),
            Random::More => {}
        }
        for _ in 0..TURN.min(self.left) {
            self.adders[self.draws.below(ACTORS)].tell(Add::By(1)).expect("there is room");
        }
        self.left -= TURN.min(self.left);
        let me = context.me();
        if self.left > 0 {
            me.tell(Random::More).expect("there is room");
        } else {
            for adder in &self.adders {
                adder.tell(Add::Report(me)).expect("there is room");
            }
        }
    }
}

fn random(n: u64) -> Measured {
    let runtime = runtime();
    let (adders, draws) = (Vec::new(), XorShift::new(1));
    let driver = Driver { left: n, draws, adders, reports: 0, sum: 0, reply: None };
    let options = Spawn::new().mailbox(Mailbox::bounded(1 << 20, Overflow::Reject));
    let driver = runtime.spawn_with(options, driver).expect("a driver");
    driver.ask_within(None, Random::Prepare).wait().expect("an answer");
    let watch = Watch::start();
    let completed = driver.ask_within(None, Random::Start).wait().expect("an answer");
    watch.measured(completed)
}

// -- big ------------------------------------------------------------------------------------------------------------------

enum Big {
    Start(Vec<ActorRef<Big>>, ActorRef<u64>),
    Ping(ActorRef<Big>),
    Pong,
}
struct Member {
    others: Vec<ActorRef<Big>>,
    draws: XorShift,
    left: u64,
    done: u64,
    to: Option<ActorRef<u64>>,
}
impl Actor for Member {
    type Message = Big;
    fn handle(&mut self, message: Big, context: &mut Context<Big>) {
        match message {
            Big::Ping(from) => return from.tell(Big::Pong).expect("there is room"),
            Big::Start(others, to) => (self.others, self.to) = (others, Some(to)),
            Big::Pong => self.done += 1,
        }
        if self.left > 0 {
            self.left -= 1;
            let other = self.others[self.draws.below(self.others.len())];
            other.tell(Big::Ping(context.me())).expect("there is room");
        } else if let Some(to) = self.to.take() {
            to.tell(self.done).expect("there is room");
        }
    }
}

fn big(n: u64) -> Measured {
    let runtime = runtime();
    struct Collect(u64, u64, Option<Reply>);
    let start = behavior((), |_: &mut (), (n, reply): (u64, Reply), context: &mut Context<_>| {
        let collect = behavior(Collect(0, 0, Some(reply)), |all: &mut Collect, done: u64, _: &mut Context<u64>| {
            all.0 += 1;
            all.1 += done;
            if all.0 == BIG
                && let Some(reply) = all.2.take()
            {
                reply.send(all.1);
            }
        });
        let collect = context.spawn(collect).expect("a collector");
        let member = |at| Member {
            others: Vec::new(),
            draws: XorShift::new(at as u32 + 1),
            left: n / BIG,
            done: 0,
            to: None,
        };
        let all: Vec<_> = (0..BIG).map(|at| context.spawn(member(at)).expect("a member")).collect();
        for (at, actor) in all.iter().enumerate() {
            let others = all.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| *other).collect();
            actor.tell(Big::Start(others, collect)).expect("there is room");
        }
    });
    let start = runtime.spawn(start).expect("a starter");
    let watch = Watch::start();
    let completed = start.ask_within(None, |reply| (n, reply)).wait().expect("an answer");
    watch.measured(completed)
}

// -- skynet ---------------------------------------------------------------------------------------------------------------

struct Node {
    first: u64,
    leaves: u64,
    left: u32,
    sum: u64,
    to: Result<ActorRef<u64>, Option<Reply>>,
}
impl Actor for Node {
    type Message = u64;
    fn started(&mut self, context: &mut Context<u64>) {
        if self.leaves == 1 {
            self.answer(self.first, context);
            return;
        }
        let me = context.me();
        for child in 0..10 {
            let leaves = self.leaves / 10;
            let child = Self { first: self.first + child * leaves, leaves, left: 10, sum: 0, to: Ok(me) };
            // A thousand nested spawns would be a stack of them: the child spawns its own once it is told to.
            context.spawn(Seed(Some(child))).expect("a child").tell(0).expect("there is room");
        }
    }
    fn handle(&mut self, sum: u64, context: &mut Context<u64>) {
        self.left -= 1;
        self.sum += sum;
        if self.left == 0 {
            self.answer(self.sum, context);
        }
    }
}
impl Node {
    fn answer(&mut self, sum: u64, context: &mut Context<u64>) {
        match &mut self.to {
            Ok(parent) => parent.tell(sum).expect("there is room"),
            Err(reply) => {
                if let Some(reply) = reply.take() {
                    reply.send(sum);
                }
            }
        }
        context.stop();
    }
}
/// A node that has not begun.
struct Seed(Option<Node>);
impl Actor for Seed {
    type Message = u64;
    fn handle(&mut self, sum: u64, context: &mut Context<u64>) {
        match &mut self.0 {
            Some(node) if node.left == 10 && node.sum == 0 && node.leaves > 0 => {
                node.started(context);
                node.leaves = 0;
            }
            Some(node) => node.handle(sum, context),
            None => {}
        }
    }
}

fn skynet(n: u64) -> Measured {
    let runtime = runtime();
    let root = runtime.spawn(behavior((), |_: &mut (), (n, reply): (u64, Reply), context: &mut Context<_>| {
        let root = Node { first: 0, leaves: n, left: 10, sum: 0, to: Err(Some(reply)) };
        context.spawn(Seed(Some(root))).expect("a root").tell(0).expect("there is room");
    }));
    let watch = Watch::start();
    let sum = root.expect("a root").ask_within(None, |reply| (n, reply)).wait().expect("an answer");
    watch.measured(if sum == n * (n - 1) / 2 { n } else { 0 })
}

// -- fair -----------------------------------------------------------------------------------------------------------------

fn fair(n: u64) -> Measured {
    // One shard and one thread for what runs long: two threads.
    let runtime = Runtime::builder().shards(1).pool(1).start().expect("a runtime");
    for _ in 0..2 {
        let heavy = behavior((), |_: &mut (), (): (), context: &mut Context<()>| {
            burn();
            context.me().tell(()).expect("there is room");
        });
        runtime.spawn(heavy).expect("a heavy actor").tell(()).expect("there is room");
    }
    enum Light {
        Due(Instant),
        Report(ReplyTo<Vec<Duration>>),
    }
    let light = |_| {
        let light = behavior(Vec::new(), |all: &mut Vec<Duration>, message: Light, _: &mut Context<Light>| match message {
            Light::Due(due) => all.push(due.elapsed()),
            Light::Report(reply) => reply.send(core::mem::take(all)),
        });
        runtime.spawn(light).expect("a light actor")
    };
    let lights: Vec<_> = (0..crate::fair::LIGHT).map(light).collect();
    let watch = Watch::start();
    schedule(n, |at, due| lights[at].tell(Light::Due(due)).expect("there is room"));
    let mut all = Vec::new();
    for light in lights {
        all.extend(light.ask(Light::Report).wait().expect("an answer"));
    }
    let row = measured(all, &watch);
    // Heavy actors never end by themselves.
    std::thread::spawn(move || runtime.shutdown(Duration::from_millis(1)));
    row
}
