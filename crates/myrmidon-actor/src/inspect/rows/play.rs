//! Plays one row.

use super::probe::{Probe, Said, State, World};
use crate::{
    ActorRef, Direction, ExitReason, InspectError, Mailbox, Overflow, Pid, Runtime, Signal, Spawn, SwapOptions, Trace,
    TraceEvent, TraceOptions, Upgrade, rest, runtime::request,
};
use core::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, mpsc::TryRecvError},
};

/// A trace that is read, and what was read of it.
struct Reader {
    trace: Option<Trace<String>>,
    entries: Vec<String>,
    is_over: bool,
}

struct Play {
    runtime: Runtime,
    world: Arc<Mutex<World>>,
    readers: HashMap<String, Reader>,
    texts: HashMap<String, Pin<Box<dyn Future<Output = String>>>>,
    results: HashMap<String, String>,
}

/// `Err`: the first step that does not hold.
pub fn run(row: &Value) -> Result<(), String> {
    crate::clock::tests::set(0.0);
    let mut play = Play {
        runtime: Runtime::builder().shards(1).start().expect("a runtime"),
        world: Arc::default(),
        readers: HashMap::new(),
        texts: HashMap::new(),
        results: HashMap::new(),
    };
    let steps = row["steps"].as_array().expect("steps");
    let result = steps.iter().try_for_each(|step| {
        let done = play.perform(step).map_err(|why| format!("{step}: {why}"));
        play.settle();
        done
    });
    play.world.lock().waiting.clear();
    result
}

/// An entry as far as a trace in Rust says it.
fn reduced(entry: &Value) -> String {
    let text = entry.as_str().expect("a text");
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["out", kind @ ("tell" | "ask"), .., "to", whom] => format!("out {kind} to {whom}"),
        ["out", "reply", ..] => "out reply".into(),
        _ => text.into(),
    }
}

fn error_text(error: &InspectError) -> String {
    let text = format!("{error:?}");
    text.split([' ', '(']).next().unwrap_or_default().into()
}

fn reason_text(reason: &ExitReason) -> String {
    format!("{reason:?}")
}

impl Play {
    fn settle(&mut self) {
        rest::settle(&self.runtime.doors()[0], || 0);
        let results = &mut self.results;
        self.texts.retain(|name, future| match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(text) => {
                results.insert(name.clone(), text);
                false
            }
            Poll::Pending => true,
        });
        let names: HashMap<Pid, String> =
            self.world.lock().actors.iter().map(|(name, actor)| (actor.pid(), name.clone())).collect();
        for reader in self.readers.values_mut() {
            reader.read(&names);
        }
    }

    fn actor(&self, id: &str) -> ActorRef<Said> {
        self.world.lock().actors[id]
    }

    fn spawn(&self, id: &str, row: &Value) {
        let state = State { id: id.into(), n: 0, traps: row["trap"] == true, world: Arc::clone(&self.world) };
        let mut spawn = Spawn::new();
        if let Some(capacity) = row["capacity"].as_u64() {
            spawn = spawn.mailbox(Mailbox::bounded(capacity as u32, Overflow::Reject));
        }
        let actor = self.runtime.spawn_async(&spawn, Probe::<1>(state)).expect("room");
        self.world.lock().actors.insert(id.into(), actor);
    }

    fn trace(&mut self, name: &str, id: &str, row: &Value) {
        let mut options = TraceOptions::default();
        if let Some(limit) = row["limit"].as_u64() {
            options.limit = limit as usize;
        }
        match row["direction"].as_str() {
            Some("in") => options.direction = Direction::In,
            Some("out") => options.direction = Direction::Out,
            _ => {}
        }
        let trace = self.runtime.inspector().trace(self.actor(id), options, Said::text).wait().expect("it lives");
        self.readers.insert(name.into(), Reader { trace: Some(trace), entries: Vec::new(), is_over: false });
    }

    fn state(&mut self, name: &str, id: &str) {
        let state = self.runtime.inspector().get_state(self.actor(id), |probe: &Probe<1>| probe.0.n);
        let text = async move { state.await.map_or_else(|error| error_text(&error), |n| format!("ok {n}")) };
        self.texts.insert(name.into(), Box::pin(text));
    }

    fn replace(&mut self, name: &str, id: &str, how: &str) {
        let (put, how) = (Arc::new(Mutex::new(0)), how.to_owned());
        let seen = Arc::clone(&put);
        let replaced = self.runtime.inspector().replace_state(self.actor(id), move |mut probe: Probe<1>| {
            match how.as_str() {
                "hundred" => probe.0.n += 100,
                "invalid" => return Err("it is no state".into()),
                _ => std::panic::panic_any("no"),
            }
            *put.lock() = probe.0.n;
            Ok(probe)
        });
        let text =
            async move { replaced.await.map_or_else(|error| error_text(&error), |()| format!("ok {}", seen.lock())) };
        self.texts.insert(name.into(), Box::pin(text));
    }

    fn ask(&mut self, name: &str, of: &str, text: &str) {
        let answer = self.actor(of).ask(|reply| Said::Ask(text.into(), reply));
        let text = async move {
            match answer.await {
                Ok(Ok(text)) => format!("ok {text}"),
                Ok(Err(error)) => format!("error {error}"),
                Err(error) => format!("{error:?}"),
            }
        };
        self.texts.insert(name.into(), Box::pin(text));
    }

    fn perform(&mut self, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        match text(0) {
            "spawn" => self.spawn(text(1), &step[2]),
            "trace" => self.trace(text(1), text(2), &step[3]),
            "untrace" => drop(self.readers.get_mut(text(1)).expect("a trace").trace.take()),
            "state" => self.state(text(1), text(2)),
            "replace" => self.replace(text(1), text(2), text(3)),
            "tell" => self.actor(text(1)).tell(Said::Tell(text(2).into())).map_err(|error| error.to_string())?,
            "ask" => self.ask(text(1), text(2), text(3)),
            "release" => {
                let pid = self.actor(text(1)).pid();
                request(&self.runtime.doors()[0], move |worker| worker.waits(pid, false));
                let mut world = self.world.lock();
                let waiting = world.waiting.get_mut(text(1)).and_then(std::collections::VecDeque::pop_front);
                waiting.expect("a handler that waits").send(()).expect("it waits");
            }
            "swap" => {
                let upgrade = Upgrade::of_async(|Probe::<1>(state)| Ok(Probe::<2>(state)));
                upgrade.swap(self.actor(text(1)), &SwapOptions::new()).wait().map_err(|error| error.to_string())?;
            }
            "kill" => self.actor(text(1)).kill(),
            "advance" => {
                let door = Arc::clone(&self.runtime.doors()[0]);
                rest::advance(&door, step[1].as_f64().expect("ms"), || self.settle());
            }
            _ => return self.look(step),
        }
        Ok(())
    }

    fn look(&mut self, step: &Value) -> Result<(), String> {
        let text = |at: usize| step[at].as_str().unwrap_or_default();
        let (found, wanted) = match text(0) {
            "traced" => {
                let reader = self.readers.get_mut(text(1)).expect("a trace");
                let wanted: Vec<String> = step[2].as_array().expect("entries").iter().map(reduced).collect();
                (json!(core::mem::take(&mut reader.entries)), json!(wanted))
            }
            "over" => (json!(self.readers[text(1)].is_over), step[2].clone()),
            "result" => (json!(self.results.get(text(1))), step[2].clone()),
            other => panic!("unknown step {other}"),
        };
        if found == wanted { Ok(()) } else { Err(format!("found {found}")) }
    }
}

impl Reader {
    fn read(&mut self, names: &HashMap<Pid, String>) {
        let Some(trace) = &self.trace else { return };
        loop {
            match trace.events.try_recv() {
                Ok(event) => self.entries.extend(entry(&event, names)),
                Err(error) => {
                    self.is_over = error == TryRecvError::Disconnected;
                    return;
                }
            }
        }
    }
}

/// `None`: the end of a handler, of which the rows do not speak.
fn entry(event: &TraceEvent<String>, names: &HashMap<Pid, String>) -> Option<String> {
    Some(match event {
        TraceEvent::Received { from: None, message } => format!("in {message}"),
        TraceEvent::Received { from: Some(from), message } => format!("in {message} from {}", names[from]),
        TraceEvent::Handled => return None,
        TraceEvent::Crashed(reason) => format!("crashed {}", reason_text(reason)),
        TraceEvent::Signal(Signal::Exit { from, reason }) => {
            format!("in exit {} from {}", reason_text(reason), names[from])
        }
        TraceEvent::Signal(Signal::Down { pid, reason, .. }) => {
            format!("in down {} from {}", reason_text(reason), names[pid])
        }
        TraceEvent::Sent { to, .. } => format!("out tell to {}", names[to]),
        TraceEvent::Asked { to, .. } => format!("out ask to {}", names[to]),
        TraceEvent::Replied => "out reply".into(),
    })
}
