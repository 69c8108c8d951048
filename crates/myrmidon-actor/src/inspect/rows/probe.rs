//! The scripted actor of the rows: it sends what its messages say.

use crate::{ActorRef, AsyncActor, Context, ReplyTo, Signal};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;

pub type Reply = ReplyTo<Result<String, String>>;

pub enum Said {
    Tell(String),
    Ask(String, Reply),
}

impl Said {
    pub fn text(&self) -> String {
        match self {
            Self::Tell(text) => format!("tell {text}"),
            Self::Ask(text, _) => format!("ask {text}"),
        }
    }
}

/// What the actors of a row share with it.
#[derive(Default)]
pub struct World {
    pub actors: HashMap<String, ActorRef<Said>>,
    /// Handlers that wait: how each goes on.
    pub waiting: HashMap<String, VecDeque<oneshot::Sender<()>>>,
}

#[derive(Clone)]
pub struct State {
    pub id: String,
    /// Notes that it has got.
    pub n: i64,
    pub traps: bool,
    pub world: Arc<Mutex<World>>,
}

/// Each version does the same.
#[derive(Clone)]
pub struct Probe<const V: u32>(pub State);

fn note(text: &str) -> Said {
    Said::Tell(format!("note {text}"))
}

impl<const V: u32> Probe<V> {
    fn other(&self, id: &str) -> ActorRef<Said> {
        self.0.world.lock().actors[id]
    }
}

impl<const V: u32> AsyncActor for Probe<V> {
    type Message = Said;

    fn started(&mut self, context: &mut Context<Said>) {
        context.trap_exits(self.0.traps);
    }

    async fn handle(&mut self, message: Said, context: &mut Context<Said>) {
        let (text, reply) = match message {
            Said::Tell(text) => (text, None),
            Said::Ask(text, reply) => (text, Some(reply)),
        };
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            ["note", _] => self.0.n += 1,
            ["send" | "tell", to, x] => self.other(to).tell(note(x)).expect("room"),
            ["self", x] => context.me().tell(note(x)).expect("room"),
            ["flood", to, count] => {
                let to = self.other(to);
                for n in 1..=count.parse().expect("a number") {
                    to.tell(note(&u32::to_string(&n))).expect("room");
                }
            }
            ["after", ms, x] => {
                context.after(Duration::from_millis(ms.parse().expect("ms")), note(x));
            }
            ["ask", of, x] => {
                let answer = self.other(of).ask(|reply| Said::Ask(format!("note {x}"), reply)).await;
                answer.expect("an answer").expect("it is no error");
            }
            ["wait", to, x] => {
                let (go, goes) = oneshot::channel();
                self.0.world.lock().waiting.entry(self.0.id.clone()).or_default().push_back(go);
                let me = context.me().pid();
                crate::actor_ref::steer(me, move |worker| worker.waits(me, true));
                goes.await.expect("the row goes on");
                self.other(to).tell(note(x)).expect("room");
            }
            ["link", to] => context.link(self.other(to)),
            ["monitor", to] => {
                context.monitor(self.other(to));
            }
            _ => panic!("a row sends the unknown message {text}"),
        }
        if let Some(reply) = reply {
            reply.send(Ok(text));
        }
    }

    fn signal(&mut self, signal: Signal, context: &mut Context<Said>) {
        let what = if matches!(signal, Signal::Down { .. }) { "down" } else { "exit" };
        context.me().tell(note(what)).expect("room");
    }
}
