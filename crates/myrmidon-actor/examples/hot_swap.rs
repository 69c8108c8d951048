//! Ten thousand live actors get another version of themselves while messages come in; none of those is lost.
//!
//! `cargo run --release -p myrmidon-actor --example hot_swap -- 10000 2`: actors, and worker shards.

use myrmidon_actor::{Actor, Context, Placement, ReplyTo, Runtime, Spawn, SwapOptions, Upgrade};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

enum Message {
    Add(u64),
    Total(ReplyTo<u64>),
}

#[derive(Clone)]
struct Counter {
    total: u64,
}
/// It counts the messages, too.
struct Counting {
    total: u64,
    messages: u64,
}

impl Actor for Counter {
    type Message = Message;
    fn handle(&mut self, message: Message, _: &mut Context<Message>) {
        match message {
            Message::Add(by) => self.total += by,
            Message::Total(reply) => reply.send(self.total),
        }
    }
}

impl Actor for Counting {
    type Message = Message;
    fn handle(&mut self, message: Message, _: &mut Context<Message>) {
        self.messages += 1;
        match message {
            Message::Add(by) => self.total += by,
            Message::Total(reply) => reply.send(self.total),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).map_while(|arg| arg.parse::<usize>().ok());
    let (count, shards) = (args.next().unwrap_or(10_000), args.next().unwrap_or(2));
    let runtime = Runtime::builder().shards(shards).start()?;
    let actors = (0..count)
        .map(|at| runtime.spawn_with(&Spawn::new().on(Placement::Key(at as u64)), Counter { total: 0 }))
        .collect::<Result<Vec<_>, _>>()?;
    let actors = Arc::new(actors);
    let (told, over) = (Arc::clone(&actors), Arc::new(AtomicBool::new(false)));
    let is_over = Arc::clone(&over);
    // A hundred messages a millisecond, whoever is late.
    let load = std::thread::spawn(move || {
        let (began, mut sent) = (Instant::now(), 0);
        while !is_over.load(Ordering::Relaxed) {
            while sent < began.elapsed().as_millis() as usize * 100 {
                if told[sent % told.len()].tell(Message::Add(1)).is_ok() {
                    sent += 1;
                }
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        sent as u64
    });
    std::thread::sleep(Duration::from_millis(100));

    let upgrade = Upgrade::new(|Counter { total }| Ok(Counting { total, messages: 0 }));
    let began = Instant::now();
    let report = upgrade.swap_all(&runtime, &SwapOptions::new()).wait()?;
    let took = began.elapsed();
    over.store(true, Ordering::Relaxed);
    let sent = load.join().map_err(|_| "the load failed")?;

    let swapped = u32::try_from(report.swapped)?;
    let mut handled = 0;
    for actor in actors.iter() {
        handled += actor.ask(Message::Total).wait()?;
    }
    println!(
        "{} actors swapped in {:.1} ms ({:.0} a second), pause p50 {:.1} us, p99 {:.1} us; {} messages sent, {} lost",
        swapped,
        took.as_secs_f64() * 1e3,
        f64::from(swapped) / took.as_secs_f64(),
        report.pauses.p50,
        report.pauses.p99,
        sent,
        sent - handled
    );
    Ok(())
}
