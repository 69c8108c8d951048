//! The scripted actor of the rows: a counter in versions, whose handlers may wait.

use crate::{ActorRef, AsyncActor, Context, ReplyTo, Spawn};
use parking_lot::Mutex;
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;

pub type Reply = ReplyTo<Result<i64, String>>;

pub enum Message {
    Tell(String),
    Ask(String, Reply),
}

/// What the meters of a row share with it.
#[derive(Default)]
pub struct World {
    pub versions: Value,
    pub logs: HashMap<String, Vec<String>>,
    pub pids: HashMap<String, ActorRef<Message>>,
    /// Handlers that wait: how each goes on.
    pub waiting: HashMap<String, VecDeque<oneshot::Sender<()>>>,
    pub open: HashMap<String, VecDeque<(Option<Reply>, i64)>>,
    counts: HashMap<(String, u32), u64>,
}

#[derive(Clone)]
pub struct State {
    pub id: String,
    pub n: i64,
    pub odd: bool,
    pub world: Arc<Mutex<World>>,
}

pub struct Meter<const V: u32>(pub State);

impl<const V: u32> Meter<V> {
    fn log(&self, entry: String) {
        self.0.world.lock().logs.entry(self.0.id.clone()).or_default().push(entry);
    }

    fn crashes(&self) -> bool {
        let mut world = self.0.world.lock();
        let count = world.counts.entry((self.0.id.clone(), V)).or_default();
        *count += 1;
        let count = *count;
        world.versions[V.to_string()]["crashes"].as_u64() == Some(count)
    }
}

impl<const V: u32> AsyncActor for Meter<V> {
    type Message = Message;

    async fn handle(&mut self, message: Message, context: &mut Context<Message>) {
        let (text, mut reply) = match message {
            Message::Tell(text) => (text, None),
            Message::Ask(text, reply) => (text, Some(reply)),
        };
        let by = 10_i64.pow(V - 1);
        let (verb, rest) = text.split_once(' ').unwrap_or((&text, ""));
        if verb == "count" {
            self.0.n += by;
        } else {
            if self.crashes() {
                self.log(format!("{V} {text} crashes"));
                panic!("crash");
            }
            if verb == "add" {
                self.0.n += rest.parse::<i64>().expect("a number") * by;
                let n = self.0.n;
                self.log(format!("{V} {text} = {n}"));
            } else {
                self.log(format!("{V} {text}"));
            }
        }
        match verb {
            "wait" => {
                let (go, goes) = oneshot::channel();
                self.0.world.lock().waiting.entry(self.0.id.clone()).or_default().push_back(go);
                let me = context.me().pid();
                crate::actor_ref::steer(me, move |worker| worker.waits(me, true));
                let _: Result<(), _> = goes.await;
                if rest == "boom" {
                    std::panic::panic_any("boom");
                }
                self.log(format!("{V} waited"));
            }
            "later" => {
                let open = (reply.take(), self.0.n);
                return self.0.world.lock().open.entry(self.0.id.clone()).or_default().push_back(open);
            }
            "refuse" => {
                if let Some(reply) = reply.take() {
                    reply.send(Err("no".into()));
                }
            }
            "boom" => std::panic::panic_any("boom"),
            "link" => {
                let other = self.0.world.lock().pids[rest];
                context.link(other);
            }
            "beat" => {
                let every = Duration::from_millis(rest.parse().expect("ms"));
                context.every(every, || Message::Tell("add 1".into()));
            }
            "spawn" => {
                let state = State { id: rest.into(), n: 0, odd: false, world: Arc::clone(&self.0.world) };
                let child = context.spawn_async(&Spawn::new().linked(), Meter::<1>(state)).expect("room");
                self.0.world.lock().pids.insert(rest.into(), child);
            }
            _ => {}
        }
        if let Some(reply) = reply {
            reply.send(Ok(self.0.n));
        }
    }
}
