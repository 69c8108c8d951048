//! `cargo run -p myrmidon-actor --example counter`: one actor, told from many threads and asked for its total.

use myrmidon_actor::{Actor, Context, ReplyTo, Runtime};

struct Counter(u64);

enum Message {
    Add(u64),
    Total(ReplyTo<u64>),
}

impl Actor for Counter {
    type Message = Message;
    fn handle(&mut self, message: Message, _: &mut Context<Message>) {
        match message {
            Message::Add(by) => self.0 += by,
            Message::Total(reply) => reply.send(self.0),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::start()?;
    let counter = runtime.spawn(Counter(0))?;
    let told = std::thread::scope(|scope| {
        let thread = |_| scope.spawn(move || (0..1000).filter(|_| counter.tell(Message::Add(1)).is_ok()).count());
        let threads: Vec<_> = (0..4).map(thread).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum::<usize>()
    });
    println!("told {told}, counted {}", counter.ask(Message::Total).wait()?);
    Ok(())
}
