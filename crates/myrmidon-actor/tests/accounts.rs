//! Who uses what (G107, G108), over all shards of a runtime: by actor, and by type of actors.

use myrmidon_actor::{
    Actor, BehaviorInfo, Context, Lend, Measure, ReplyTo, Runtime, Spawn, Stopped, SwapOptions, Upgrade,
};
use std::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

enum Message {
    Add,
    Total(ReplyTo<u32>),
    Stop,
    Boom,
    SwapItself,
}

#[derive(Clone, Default)]
struct Counter(u32);
#[derive(Clone)]
struct Next(u32);

fn handle(total: &mut u32, message: Message, context: &mut Context<Message>) {
    match message {
        Message::Add => *total += 1,
        Message::Total(reply) => reply.send(*total),
        Message::Stop => context.stop(),
        Message::Boom => panic!("boom"),
        // Nobody waits for the outcome: the next message meets it.
        Message::SwapItself => drop(upgrade().swap(context.me(), &SwapOptions::new())),
    }
}

fn upgrade() -> Upgrade<Counter, Next, Message> {
    Upgrade::new(|Counter(total)| Ok(Next(total)))
}

impl Actor for Counter {
    type Message = Message;
    const PROTOCOL: &'static str = "Counter";
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        handle(&mut self.0, message, context);
    }
}

impl Actor for Next {
    type Message = Message;
    const PROTOCOL: &'static str = "Counter";
    fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        handle(&mut self.0, message, context);
    }
}

fn row_of(runtime: &Runtime, behavior: &str) -> Option<BehaviorInfo> {
    runtime.behaviors().into_iter().find(|row| row.behavior.ends_with(behavior))
}

#[test]
fn g107_top_is_of_all_shards_and_says_what_each_actor_is() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let counters: Vec<_> = (0..6).map(|_| runtime.spawn(Counter::default()).expect("room")).collect();
    for (at, counter) in counters.iter().enumerate() {
        for _ in 0..10 * (6 - at) {
            counter.tell(Message::Add).expect("room");
        }
        counter.ask(Message::Total).wait().expect("an answer");
    }
    let top = runtime.top(3, Measure::Reductions);
    let expected: Vec<_> = counters[..3].iter().map(|counter| counter.pid()).collect();
    assert_eq!(top.iter().map(|(pid, _)| *pid).collect::<Vec<_>>(), expected);
    assert_eq!(top[0].1.info.reductions, 61);
    assert_eq!(top[0].1.protocol, "Counter");
    assert!(top[0].1.behavior.ends_with("accounts::Counter"));
    // Ties go by PID, over both shards.
    let idle = runtime.top(10, Measure::Mailbox);
    assert_eq!(idle.len(), 6);
    assert!(idle.windows(2).all(|pair| pair[0].0.to_u64() < pair[1].0.to_u64()));
    counters[5].suspend();
    for _ in 0..4 {
        counters[5].tell(Message::Add).expect("room");
    }
    assert_eq!(runtime.top(1, Measure::Mailbox)[0].0, counters[5].pid());
    counters[5].resume();
}

#[test]
fn g108_a_type_keeps_what_its_actors_used_that_have_ended() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    assert!(runtime.behaviors().is_empty());
    let counters: Vec<_> = (0..4).map(|_| runtime.spawn(Counter::default()).expect("room")).collect();
    for counter in &counters {
        counter.ask(Message::Total).wait().expect("an answer");
    }
    let row = row_of(&runtime, "Counter").expect("a row");
    assert_eq!((row.actors, row.reductions, row.mailbox, row.protocol), (4, 4, 0, "Counter"));
    assert!(row.memory > 0);
    let ends: Vec<_> = counters.iter().map(|counter| counter.ended()).collect();
    counters[0].tell(Message::Stop).expect("room");
    counters[1].tell(Message::Boom).expect("room");
    counters[2].kill();
    counters[3].shutdown();
    for end in ends {
        end.wait().expect("it ends");
    }
    let row = row_of(&runtime, "Counter").expect("a row");
    assert_eq!((row.actors, row.reductions, row.mailbox, row.memory), (0, 6, 0, 0));
}

#[test]
fn g108_a_swap_and_a_way_back_leave_with_each_version_what_was_used_under_it() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let counter = runtime.spawn(Counter::default()).expect("room");
    let used = |times: u32| {
        for _ in 1..times {
            counter.tell(Message::Add).expect("room");
        }
        counter.ask(Message::Total).wait().expect("an answer");
    };
    let both =
        || ["Counter", "Next"].map(|name| row_of(&runtime, name).map_or((0, 0), |row| (row.actors, row.reductions)));
    used(10);
    assert_eq!(both(), [(1, 10), (0, 0)]);
    upgrade().swap(counter, &SwapOptions::new()).wait().expect("it is swapped");
    used(5);
    assert_eq!(both(), [(0, 10), (1, 5)]);
    counter.roll_back().wait().expect("it is kept");
    used(3);
    assert_eq!(both(), [(1, 13), (0, 5)]);
    let end = counter.ended();
    counter.kill();
    end.wait().expect("it ends");
    assert_eq!(both(), [(0, 13), (0, 5)]);
}

#[test]
fn g108_what_was_handled_before_a_swap_in_the_same_batch_is_the_version_befores() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let counter = runtime.spawn(Counter::default()).expect("room");
    counter.suspend();
    for at in 0..11 {
        counter.tell(if at == 5 { Message::SwapItself } else { Message::Add }).expect("room");
    }
    let total = counter.ask(Message::Total);
    counter.resume();
    assert_eq!(total.wait(), Ok(10));
    let used = |name| row_of(&runtime, name).map_or(0, |row| row.reductions);
    assert_eq!((used("Counter"), used("Next")), (6, 6));
}

/// Is always with a thread of the pool, until its gate opens.
struct Lent(Sender<()>, Receiver<()>);

impl Actor for Lent {
    type Message = ();
    const PROTOCOL: &'static str = "Lent";
    const LEND: Lend = Lend::Always;
    fn handle(&mut self, (): (), _: &mut Context<()>) {
        self.0.send(()).expect("the test listens");
        let _ = self.1.recv();
    }
}

#[test]
fn g107_one_that_is_lent_is_what_it_is_and_its_account_is_not_lost_with_it() {
    let runtime = Runtime::builder().shards(1).start().expect("a runtime");
    let ((runs, running), (open, gate)) = (channel(), channel());
    let lent = runtime.spawn(Lent(runs, gate)).expect("room");
    lent.tell(()).expect("room");
    running.recv().expect("it runs");
    let (_, found) = runtime.top(1, Measure::Time).remove(0);
    assert_eq!(found.protocol, "Lent");
    assert_eq!(row_of(&runtime, "Lent").expect("a row").actors, 1);
    let end = lent.ended();
    lent.kill();
    end.wait().expect("it ends");
    let row = row_of(&runtime, "Lent").expect("a row");
    assert_eq!((row.actors, row.reductions), (0, 1));
    drop(open);
}

/// Keeps its shard.
struct Stuck(Sender<()>, Receiver<()>);

impl Actor for Stuck {
    type Message = ();
    const LEND: Lend = Lend::Never;
    fn handle(&mut self, (): (), _: &mut Context<()>) {
        self.0.send(()).expect("the test listens");
        let _ = self.1.recv();
    }
}

#[test]
fn g193_a_shard_that_is_kept_by_a_handler_is_left_out_and_the_others_answer() {
    let runtime = Runtime::builder().shards(2).start().expect("a runtime");
    let ((runs, running), (open, gate)) = (channel(), channel());
    let stuck = runtime.spawn_with(&Spawn::new(), Stuck(runs, gate)).expect("room");
    let counter = (0..4)
        .map(|_| runtime.spawn(Counter::default()).expect("room"))
        .find(|counter| counter.pid().shard() != stuck.pid().shard())
        .expect("there are two shards");
    stuck.tell(()).expect("room");
    running.recv().expect("it runs");
    // No worker has the last one.
    let shards = [stuck.pid().shard(), counter.pid().shard(), 255];
    let rows = myrmidon_actor::behaviors(&shards, Duration::from_millis(20));
    assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    let top = myrmidon_actor::top(&shards, 10, Measure::Memory, Duration::from_millis(20));
    assert_eq!(top.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false]);
    assert!(top[1].as_ref().expect("it answered").iter().any(|(pid, _)| *pid == counter.pid()));
    drop(open);
    assert_eq!(runtime.shutdown(Duration::from_secs(5)), Stopped::default());
}
