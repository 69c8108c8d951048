//! `cargo run -p myrmidon-actor --example ping_pong`: two actors, one linked to the other, and how both end.

use myrmidon_actor::{Actor, ActorRef, Context, Runtime, Spawn, behavior};
use std::time::Instant;

struct Ping {
    pong: Option<ActorRef<ActorRef<()>>>,
    left: u32,
}

impl Actor for Ping {
    type Message = ();

    fn started(&mut self, context: &mut Context<()>) {
        let pong = behavior((), |(): &mut (), ping: ActorRef<()>, _: &mut Context<ActorRef<()>>| {
            // Nobody's mailbox is full here: one message is under way.
            drop(ping.tell(()));
        });
        self.pong = context.spawn_with(&Spawn::new().linked(), pong).ok();
        drop(context.me().tell(()));
    }

    fn handle(&mut self, (): (), context: &mut Context<()>) {
        match self.pong {
            Some(pong) if self.left > 0 => {
                self.left -= 1;
                drop(pong.tell(context.me()));
            }
            _ => context.stop(),
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::start()?;
    let began = Instant::now();
    let ping = runtime.spawn(Ping { pong: None, left: 1_000_000 })?;
    println!("ping ended: {}, {:?} a round trip", ping.ended().wait()?, began.elapsed() / 1_000_000);
    Ok(())
}
